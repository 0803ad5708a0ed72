"""The estimate before paying: the user's own past."""

from __future__ import annotations

from typing import Any

from specstep_client.api.generations import start_generation
from specstep_client.models.start_generation_request import StartGenerationRequest

from specstep_flows import RunStore, SpecStep
from tests.kit.api import op

FAST = ("--yes", "--profile", "Fast")


def test_the_estimate_is_one_request_however_many_generations_there_are(specstep: Any, sandbox: Any) -> None:
    """Only the newest page is read for it; the kickoff reads the whole list anew, since it must not be a second one."""
    sandbox.options.requests_per_minute = sandbox.options.kickoffs_per_minute = None
    with SpecStep(store=RunStore.in_memory(), limits={"standard": None, "kickoff": None}) as client:
        interview = client.start_interview()
        client.say(interview.id, "A shop.")
        intake = client.complete_interview(interview.id).intake_artifact_id
        assert intake is not None
        for _ in range(55):
            client.call(start_generation, body=StartGenerationRequest(intake_id=intake))
        before = sandbox.requests.count(op("list_generations"))
        assert len(client.list_generations()) == 55
        assert sandbox.requests.count(op("list_generations")) == before + 2
    result = specstep("run", "A shop.", "--profile", "Fast", "--dry-run")

    assert "No estimate" in result.out
    assert sandbox.requests.count(op("list_generations")) == before + 3


def test_the_estimate_is_the_users_own_past(specstep: Any, sandbox: Any) -> None:
    """Before paying, quota and an estimate from the user's own generations of that profile; none without any."""
    first = specstep("run", "A shop.", *FAST)
    second = specstep("run", "Another.", *FAST, "--dry-run")
    other = specstep("run", "Another.", "--profile", "Extensive", "--dry-run")

    assert "No estimate: none of your newest generations is a completed Fast one" in first.err
    assert "Quota: 500 of 500 left" in first.err
    assert "Estimate from your own last completed Fast generation: cost median $1.10" in second.out
    assert "Quota: 499 of 500 left" in second.out
    assert "No estimate: none of your newest generations is a completed Extensive one" in other.out
