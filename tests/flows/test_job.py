"""What every part of a run uses: the accepted choices, the confirmation, the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.engine.effects import Remember
from specstep_flows.flows.job import (
    Job,
    accepted_choices,
    confirm,
    current_record,
    generation_changes,
)
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import DOCUMENTED_PROFILES, DOCUMENTED_PROJECT_TYPES
from tests.kit.disk import Disk
from tests.kit.stage import Stage

RECORD = RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0)


@pytest.mark.parametrize("answer", [(404, {"type": "NOT_FOUND"}), (200, {})])
def test_what_the_service_does_not_say_is_as_documented(stage: type[Stage], answer: Any) -> None:
    """An older service has no such operation, and another leaves the lists out."""
    accepted = stage(lambda request: answer).play(accepted_choices())

    assert set(accepted.review_profiles) == DOCUMENTED_PROFILES
    assert set(accepted.project_types) == DOCUMENTED_PROJECT_TYPES


def test_what_the_service_says_is_taken(stage: type[Stage]) -> None:
    """A profile of tomorrow is accepted without a new version of ours."""
    body = {"review_profiles": ["Thorough"], "project_types": ["Robot"]}
    accepted = stage(lambda request: (200, body)).play(accepted_choices())

    assert (accepted.review_profiles, accepted.project_types) == (("Thorough",), ("Robot",))


def test_a_service_that_is_down_is_no_answer(stage: type[Stage]) -> None:
    """It says nothing about what is accepted."""
    with pytest.raises(errors.APIError):
        stage(lambda request: (503, {})).play(accepted_choices())


@pytest.mark.parametrize("says", [True, False])
def test_the_user_is_asked_with_the_record(stage: type[Stage], says: bool) -> None:
    """Only a yes goes on; without a callback there is nobody to ask."""
    asked: list[Any] = []

    def answer(record: Any) -> bool:
        asked.append(record)
        return says

    acting = stage(lambda request: (404, {}))
    acting.record = RECORD
    if says:
        acting.play(confirm(Job(Disk(), confirm=answer)))
    else:
        with pytest.raises(errors.Detached, match="nothing was paid for"):
            acting.play(confirm(Job(Disk(), confirm=answer)))
        acting.record = attrs.evolve(RECORD, generation_ids=(UUID(int=1),))
        with pytest.raises(errors.Detached, match="nothing more was paid for"):
            acting.play(confirm(Job(Disk(), confirm=answer)))
        asked.pop()
    assert asked == [RECORD]
    acting.play(confirm(Job(Disk())))


def test_a_started_generation_is_the_run_s(stage: type[Stage]) -> None:
    """The record is read as it is at that moment. That an earlier process was refused is over."""
    acting = stage(lambda request: (404, {}))
    acting.record = attrs.evolve(RECORD, error="The quota is used up.")
    changed = generation_changes(UUID(int=1))
    acting.carry(Remember(changed))

    record = acting.play(current_record())
    assert (record.generation_id, record.generation_ids, record.stage) == (UUID(int=1), (UUID(int=1),), "generation")
    assert record.error is None
