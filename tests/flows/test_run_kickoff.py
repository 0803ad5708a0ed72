"""The kickoff's part of a run: started once, found again, or refused with what to do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.flows.job import Job
from specstep_flows.flows.run_kickoff import retry, start
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord
from specstep_flows.states import DEFAULT_PROFILE
from tests.kit.disk import Disk
from tests.kit.stage import Stage

INTERVIEW, INTAKE, FOUND, NEW = UUID(int=1), UUID(int=2), UUID(int=11), UUID(int=12)


class Service:
    """Starts generations; refuses a kickoff without a project type if it is told to."""

    def __init__(self, *, needs_type: bool = False, detected: str | None = None, is_started: bool = False) -> None:
        self.needs_type, self.detected = needs_type, detected
        self.rows = [{"id": str(FOUND), "state": "Queued", "interview_id": str(INTERVIEW)}] if is_started else []
        self.kickoffs: list[dict[str, Any]] = []

    def __call__(self, request: Any) -> Any:
        match request.operation:
            case "list_generations":
                return 200, self.rows
            case "list_deleted_generations":
                return 200, []
            case "list_interviews":
                return 200, [{"id": str(INTERVIEW), "status": "Complete", "detected_type": self.detected}]
            case "get_capabilities":
                return 200, {"review_profiles": ["Fast"], "project_types": ["WebApp", "MobileApp"]}
            case "start_generation" | "retry_generation":
                self.kickoffs.append(request.json or {})
                if self.needs_type and not self.kickoffs[-1].get("project_type"):
                    return 400, {"type": "VALIDATION_ERROR", "detail": "project_type"}
                return 202, {"id": str(NEW), "state": "Queued"}
        raise AssertionError(request.operation)


def staged(stage: type[Stage], service: Any, **more: Any) -> Stage:
    """A stage with the record of a run whose interview is complete."""
    acting = stage(service)
    acting.record = RunRecord(
        "r", "http://127.0.0.1:1", 0.0, 0.0, interview_id=INTERVIEW, intake_artifact_id=INTAKE, **more
    )
    return acting


def started(acting: Stage) -> tuple[UUID | None, bool]:
    """The record's generation, and whether it was adopted."""
    (event,) = [event for event in acting.told if isinstance(event, events.GenerationStarted)]
    assert acting.record is not None
    assert acting.record.generation_ids == (event.generation_id,)
    return acting.record.generation_id, event.adopted


def test_one_kickoff_is_sent_with_the_default_profile(stage: type[Stage]) -> None:
    """And the user is asked before."""
    service, asked = Service(), []

    def confirm(record: Any) -> bool:
        asked.append(len(service.kickoffs))
        return True

    acting = staged(stage, service)
    acting.play(start(Job(Disk(), confirm=confirm)))

    assert started(acting) == (NEW, False)
    assert asked == [0]
    assert [kickoff["review_profile"] for kickoff in service.kickoffs] == [DEFAULT_PROFILE]


def test_what_the_interview_has_already_is_adopted(stage: type[Stage]) -> None:
    """The service or a person started it: nothing is paid for."""
    service = Service(is_started=True)
    acting = staged(stage, service)
    acting.play(start(Job(Disk())))

    assert started(acting) == (FOUND, True)
    assert service.kickoffs == []


def test_a_kickoff_that_may_have_been_sent_is_settled_first(stage: type[Stage]) -> None:
    """It was lost before it arrived, long ago: only then it is sent again."""
    service = Service()
    acting = staged(stage, service, intent=Intent("start_generation", 0.0, {"known": []}))
    acting.play(start(Job(Disk())))

    assert started(acting) == (NEW, False)
    assert acting.count("list_deleted_generations") == 1


def test_a_person_s_token_waits_for_what_the_last_turn_starts(stage: type[Stage]) -> None:
    """With such a token the service starts one by itself, which may be listed late."""
    service = Service()
    acting = staged(stage, service, turns=(TurnRecord("A portal.", "key", done=True),))

    def late(request: Any) -> Any:
        if acting.now >= 1_030.0:
            service.rows = Service(is_started=True).rows
        return service(request)

    acting.service = late
    acting.play(start(Job(Disk(), is_user_actor=True)))

    assert started(acting) == (FOUND, True)
    assert service.kickoffs == []


@pytest.mark.parametrize("stops", ["confirm", "limit"])
def test_nothing_is_sent_without_the_user_s_word(stage: type[Stage], stops: str) -> None:
    """Neither without the confirmation nor past the limit."""
    service = Service()
    acting = staged(stage, service, spent_before_usd=2.0)
    if stops == "confirm":
        with pytest.raises(errors.Detached):
            acting.play(start(Job(Disk(), confirm=lambda record: False)))
    else:
        with pytest.raises(errors.BudgetExceeded):
            acting.play(start(Job(Disk(), options=RunOptions(max_cost_usd=2.0))))
    assert service.kickoffs == []


@pytest.mark.parametrize("where", ["record", "list"])
def test_a_project_type_that_the_service_wants_is_the_detected_one(stage: type[Stage], where: str) -> None:
    """None was given: it is sent without first, and then with what was detected."""
    service = Service(needs_type=True, detected="MobileApp" if where == "list" else None)
    acting = staged(stage, service, detected_type="MobileApp" if where == "record" else None)
    acting.play(start(Job(Disk())))

    assert [kickoff.get("project_type") for kickoff in service.kickoffs] == [None, "MobileApp"]


@pytest.mark.parametrize("detected", [None, "Toaster"])
def test_a_project_type_that_nobody_knows_is_asked_for(stage: type[Stage], detected: str | None) -> None:
    """The refusal says how to give it."""
    service = Service(needs_type=True, detected=detected)
    with pytest.raises(errors.BadRequest, match="`project_type`"):
        staged(stage, service).play(start(Job(Disk())))
    assert len(service.kickoffs) == 1


def test_a_retry_is_recorded_with_what_was_spent(stage: type[Stage]) -> None:
    """The new generation is the run's from here on."""
    acting = staged(stage, Service(), generation_id=FOUND, generation_ids=(FOUND,), cost_usd=1.5, answering={"x": {}})
    acting.play(retry(Job(Disk()), FOUND))

    kept = acting.record
    assert kept is not None
    assert (kept.generation_id, kept.generation_ids, kept.retries) == (NEW, (FOUND, NEW), 1)
    assert (kept.spent_before_usd, kept.cost_usd, kept.answering) == (1.5, None, None)


def test_a_retry_that_started_nothing_is_left_to_the_run(stage: type[Stage]) -> None:
    """The intent is settled, and whether it is sent again is the run's to say."""
    service = Service()
    acting = staged(
        stage, service, generation_id=FOUND, generation_ids=(FOUND,), intent=Intent("retry_generation", 0.0, {})
    )
    acting.play(retry(Job(Disk()), FOUND))

    kept = acting.record
    assert kept is not None
    assert (kept.intent, kept.retries, kept.generation_id) == (None, 0, FOUND)
    assert service.kickoffs == []
