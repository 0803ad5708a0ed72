"""``specstep cancel``: stopping for good."""

from __future__ import annotations

import json
from typing import Any

from tests.kit.api import op


def test_cancel_is_the_users_own_word(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`cancel` stops it with the reason; whoever goes on with it, or cancels again, gets 1."""
    specstep("adopt", elsewhere, "--run-id", "mine")

    cancelled = specstep("cancel", "mine", "--reason", "Wrong brief.", "--json")
    status = specstep("show", "mine", "--json").document["status"]
    resumed = specstep("resume", "mine")
    downloaded = specstep("download", "mine")
    again = specstep("cancel", "mine")

    assert cancelled.document["generation"]["state"] == "Cancelled"
    assert status == "cancelled"
    assert (resumed.code, downloaded.code) == (1, 1)
    assert again.code == 1
    (request,) = sandbox.requests.matching(op("cancel_generation"))[:1]
    assert json.loads(request.body) == {"reason": "Wrong brief."}
