"""Drafts that are kept with a run."""

from __future__ import annotations

from specstep_flows import RunStore, SpecStep
from specstep_flows.cli.drafts import MESSAGE, Drafts
from specstep_flows.cli.session import Call
from specstep_flows.runs.records import RunRecord


def test_drafts_are_kept_until_they_are_sent() -> None:
    """Each under what it is about; blank ones are none, and other things that a run remembers stay."""
    store = RunStore.in_memory()
    store.create(RunRecord("mine", "https://specstep.com", 0, 0))
    with SpecStep("sf_key", store=store) as client:
        call = Call()
        assert not Drafts(call, client).keep(MESSAGE, "of no run")
        call.run_id = "mine"
        drafts = Drafts(call, client)
        assert drafts.get(MESSAGE) == ""
        assert drafts.keep(MESSAGE, "A portal.\n")
        assert drafts.keep("Which database?", "Post")
        assert (drafts.get(MESSAGE), drafts.get("Which database?")) == ("A portal.\n", "Post")
        assert not drafts.keep(MESSAGE, " \n")
        assert (drafts.get(MESSAGE), drafts.get("Which database?")) == ("", "Post")
