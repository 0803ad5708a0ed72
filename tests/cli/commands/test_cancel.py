"""``specstep cancel``: stopping for good."""

from __future__ import annotations

import json
from typing import Any

from specstep_flows.sandbox import Fault
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


def test_cancelling_waits_for_no_hold_and_what_waits_says_so(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """A reading earned the hold. The next reading keeps to it, with a word on stderr."""
    sandbox.faults.add(Fault(op("get_generation"), "status", status=429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT"))
    refused = specstep("generation", "show", elsewhere)
    began = sandbox.clock.now()
    cancelled = specstep("cancel", elsewhere, "--json")
    took = sandbox.clock.now() - began
    shown = specstep("generation", "show", elsewhere)

    assert refused.code == 7
    assert (cancelled.document["generation"]["state"], took) == ("Cancelled", 0.0)
    assert shown.code == 0
    assert "The service's rate limit is used up. Continues in 1h." in shown.err
    assert sandbox.clock.now() - began <= 3600.0


def test_what_is_looked_for_before_it_is_cancelled_waits_for_no_hold_either(specstep: Any, sandbox: Any) -> None:
    """The kickoff's answer was lost, and so was what was read to settle it: the run costs, and has no id here."""
    never = "Fri, 31 Dec 9999 23:59:59 GMT"
    sandbox.faults.add(Fault(op("start_generation"), "reset", commit=True))
    sandbox.faults.add(Fault(op("list_generations"), "status", status=429, nth=3, retry_after=never))
    left = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea")
    began = sandbox.clock.now()
    cancelled = specstep("cancel", "tea")

    assert left.code == 7
    assert cancelled.code == 0
    assert sandbox.clock.now() == began
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Cancelled"
