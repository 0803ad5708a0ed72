"""The one door before something costs or destroys."""

from __future__ import annotations

import ast
import inspect
import json
import types
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import SpecStep, cli
from specstep_flows.cli import any_operation
from specstep_flows.gateway._operations import OPERATIONS
from tests.kit.api import op, path_of

DESTROYS = sorted(name for name, stated in OPERATIONS.items() if stated.destroys and not stated.cookie_only)
ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


def arguments_of(name: str) -> list[str]:
    """Something for all that an operation needs."""
    found = any_operation.parameters(any_operation.find(name))
    values = {"UUID": ID, "CancelGenerationRequest": "{}"}
    return [f"{one.name}={values.get(one.kind, 'x')}" for one in found if one.is_required]


@pytest.mark.parametrize("name", DESTROYS)
def test_what_destroys_asks(specstep: Any, untouched: None, name: str) -> None:
    """Each operation that the contract marks: off a terminal it needs --yes, with dashes, too, and as a document."""
    for written in (name, name.replace("_", "-")):
        result = specstep("api", written, *arguments_of(name), "--json")

        assert (result.code, result.document["code"]) == (2, "usage")
        assert OPERATIONS[name].destroys in result.document["message"]
        assert "add --yes. Nothing was changed." in result.document["message"]


@pytest.mark.parametrize("name", [name for name in DESTROYS if name != "cancel_generation"])
def test_what_destroys_asks_a_person(specstep: Any, untouched: None, name: str) -> None:
    """On a terminal it says what is lost, and what is named; anything but a yes sends nothing."""
    for typed in ("\n", "n\n", "", "Y E S\n"):
        result = specstep("api", name, *arguments_of(name), typed=typed)

        assert result.code == 2
        said = " ".join(result.err.split())
        assert f"? {OPERATIONS[name].destroys} [y/N]" in said
        assert (ID in said) == ("id}" in path_of(name).casefold())
        assert "Declined, so nothing was changed." in said


def test_what_is_wrong_with_the_call_is_said_before_anybody_is_asked(specstep: Any, untouched: None) -> None:
    """Nobody agrees to what cannot be sent."""
    result = specstep("api", "purge_generation", "id=tea", typed="y\n")

    assert result.code == 2
    assert "not an id" in result.err
    assert "[y/N]" not in result.err


@pytest.mark.parametrize(("method", "asks"), [("get", False), ("post", True), ("delete", True)])
def test_what_only_a_pulled_document_has_is_asked_for_unless_it_reads(
    specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, method: str, asks: bool
) -> None:
    """Nobody here knows what it does."""
    known = any_operation.find("get_usage")
    strange = types.ModuleType("specstep_client.api.account.wipe_everything")
    strange._get_kwargs = lambda: {**known._get_kwargs(), "method": method}  # type: ignore[attr-defined]
    strange._parse_response = known._parse_response  # type: ignore[attr-defined]
    monkeypatch.setattr(any_operation, "find", lambda name: strange)

    result = specstep("api", "wipe_everything", "--output", "x.json")

    assert (result.code, len(sandbox.requests)) == ((2, 0) if asks else (0, 1))
    assert ("it may cost money or destroy something" in result.err) == asks


def test_the_operations_that_destroy_are_listed_as_such(specstep: Any, untouched: None) -> None:
    """As those that cost are."""
    listed = {row["name"]: row["note"] for row in specstep("api", "--json").document["operations"]}

    assert [name for name, note in sorted(listed.items()) if note == "destroys"] == DESTROYS
    for name in ("delete_webhook", "purge_package"):
        described = specstep("api", name, "--describe")
        assert f"It asks first, or needs --yes: {OPERATIONS[name].destroys}" in described.err
        assert specstep("api", name, "--describe", "--json").document["asks_first"] == OPERATIONS[name].destroys
    assert specstep("api", "get_me", "--describe").err == ""


def test_webhooks_are_named_by_their_address(specstep: Any, sandbox: Any) -> None:
    """The id says nothing to a person; without the address, as when the list cannot be read, the id must do."""
    (keys,) = json.loads(specstep("api", "list_api_keys").out).values()
    key = keys[0]["id"]
    specstep("webhook", "create", key, "https://example.com/hook")
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]

    for verb in ("delete", "rotate"):
        refused = specstep("webhook", verb, key, hook["id"])
        declined = specstep("webhook", verb, key, hook["id"], typed="n\n")

        assert (refused.code, declined.code) == (2, 2)
        assert "add --yes" in refused.err
        assert f"webhook {hook['id']} (https://example.com/hook)? " in " ".join(declined.err.split())
    assert sandbox.requests.count(op("delete_webhook")) + sandbox.requests.count(op("rotate_webhook_secret")) == 0

    agreed = specstep("webhook", "delete", key, hook["id"], typed="y\n")
    assert (agreed.code, sandbox.requests.count(op("delete_webhook"))) == (0, 1)


def test_a_key_is_named_in_full(specstep: Any, untouched: None) -> None:
    """Neither a key nor a webhook is found by the beginning of its id."""
    result = specstep("webhook", "delete", ID[:8], ID, "--yes")

    assert result.code == 2
    assert "not an id" in result.err


#: Who calls what destroys without a question of its own: what was agreed to, or typed in full during an interview.
ASKED_BEFORE = {"_cancel", "_take_back", "remove"}


def test_no_verb_destroys_behind_the_door() -> None:
    """Wherever the command names an operation that destroys, or calls the client's method for it, --yes is taken."""
    members = inspect.getmembers(SpecStep, inspect.isfunction)
    methods = {name for name, each in members for one in DESTROYS if op(one) in (each.__doc__ or "")}
    assert {"cancel_turn", "cancel_generation"} <= methods
    found = {}
    for path in (Path(cli.__file__).parent).rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                named = {getattr(each, "value", None) for call in calls for each in call.args} & set(DESTROYS)
                called = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)} & methods
                if named or called:
                    found[function.name] = {argument.arg for argument in function.args.args}

    assert {"delete", "rotate", "_cancel"} <= found.keys()
    assert {name for name, arguments in found.items() if "yes" not in arguments} <= ASKED_BEFORE
