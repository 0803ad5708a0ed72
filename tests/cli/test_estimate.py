"""The estimate before paying: the user's own past."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from specstep_client.api.generations import start_generation
from specstep_client.models.start_generation_request import StartGenerationRequest

from specstep_flows import RunStore, SpecStep
from specstep_flows.cli.estimate import estimate, usage_words
from specstep_flows.models import GenerationRow, Usage
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
    second = specstep("run", "Another shop.", *FAST, "--dry-run")
    other = specstep("run", "Another shop.", "--profile", "Extensive", "--dry-run")

    assert "No estimate yet: you have no completed Fast generation." in first.err
    assert "Quota: 500 of 500 generations left, resets" in first.err
    assert "Estimate from your one Fast run: $1.10, " in second.out
    assert "Quota: 499 of 500 generations left" in second.out
    assert "No estimate yet: you have no completed Extensive generation." in other.out


@pytest.mark.usefixtures("one_question")
def test_what_a_generation_waited_for_its_user_is_no_work(specstep: Any, sandbox: Any) -> None:
    """An answer that came after an hour says nothing of how long the next works; one from elsewhere may have waited."""
    specstep("run", "A shop.", *FAST, "--run-id", "tea")
    sandbox.clock.advance(3600.0)
    specstep("answer", "tea", "-a", "REST.")
    specstep("resume", "tea")
    took = specstep("show", "tea", "--json").document["duration"]
    told = specstep("estimate", "--profile", "Fast")
    document = specstep("estimate", "--profile", "Fast", "--json").document["estimate"]
    with SpecStep(store=RunStore.in_memory()) as client:
        client.run("A shop.", profile="Fast", on_question=lambda asked: {one.question: "REST." for one in asked})
    more = specstep("estimate", "--profile", "Fast").out

    assert took["seconds"] > 3600
    assert re.search(r"\d+s without pauses\.", told.out)
    assert "h" not in told.out.split("run: $1.10, ")[1].split("without")[0]
    assert document["seconds"]["median"] == pytest.approx(took["working_seconds"], abs=1.0)
    assert "without pauses (of 1 that ran from here)." in more


def row(cost: float, minutes: float) -> GenerationRow:
    """A completed Normal generation."""
    began = datetime(2026, 6, 1, tzinfo=UTC)
    return GenerationRow(
        id=UUID(int=1),
        state="Complete",
        review_profile="Normal",
        cost_usd=cost,
        started_at=began,
        completed_at=began + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(2.5, 12)], "Estimate from your one Normal run: $2.50, 12m."),
        (
            [row(2.1, 11), row(2.5, 12), row(3.1, 14)],
            "Estimate from your last 3 Normal generations: typically $2.50 ($2.10 to $3.10), "
            "typically 12m (11m to 14m).",
        ),
        (
            [row(2.5, 12), row(2.501, 12)],
            "Estimate from your last 2 Normal generations: typically $2.50, typically 12m.",
        ),
    ],
)
def test_an_estimate_shows_a_range_only_where_there_is_one(rows: list[GenerationRow], words: str) -> None:
    """Nobody is shown the same amount three times."""
    expected = estimate(rows, "Normal")

    assert expected is not None
    assert expected.words() == words


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (
            Usage(used=18, limit=500, remaining=482, resets_at=datetime(2026, 12, 1, tzinfo=UTC)),
            "482 of 500 generations left",
        ),
        (Usage(used=18, limit=500), "18 of 500 generations used"),
        (Usage(remaining=3), "3 generations left."),
        (Usage(), None),
    ],
)
def test_the_quota_is_said_once(usage: Usage, words: str | None) -> None:
    """What is left, of how many, and when it begins again: no number twice."""
    said = usage_words(usage)

    assert (said is None) == (words is None)
    if words is not None:
        assert said is not None
        assert words in said
        assert ("resets Dec 1." in said) == (usage.resets_at is not None)
