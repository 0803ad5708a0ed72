"""``specstep webhook …``: the webhooks of a key."""

from __future__ import annotations

import json
from typing import Any


def test_webhooks(specstep: Any, sandbox: Any) -> None:
    """They are made, listed, given a new secret, tested and removed; the secret alone is on stdout."""
    (keys,) = json.loads(specstep("api", "list_api_keys").out).values()
    key = keys[0]["id"]

    made = specstep("webhook", "create", key, "https://example.com/hook", "--event", "generation.completed")
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]
    rotated = specstep("webhook", "rotate", key, hook["id"], "--yes")
    tested = specstep("webhook", "test", key, hook["id"], "--json")
    deleted = specstep("webhook", "delete", key, hook["id"], "--yes")
    plain_http = specstep("webhook", "create", key, "http://example.com/hook")

    assert len(made.out.split()) == len(rotated.out.split()) == 1
    assert made.out != rotated.out
    assert hook["url"] == "https://example.com/hook"
    assert tested.code == (0 if tested.document["delivery"]["success"] else 1)
    assert deleted.code == 0
    assert plain_http.code == 2
