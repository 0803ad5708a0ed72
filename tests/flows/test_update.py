"""A run that updates a generation: one kickoff of another kind, then a run's way, and what differs at its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

from specstep_flows import errors, events
from specstep_flows.engine.effects import Reply
from specstep_flows.flows.job import Job, KeyCheck
from specstep_flows.flows.run import run_job
from specstep_flows.flows.run_interview import seeded
from specstep_flows.flows.run_kickoff import find_started
from specstep_flows.models import Account, RunOptions
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.disk import CONTENT, OUT, Disk
from tests.kit.stage import Killed, MortalStage
from tests.kit.tiers import one_in

OLD_INTERVIEW, INTERVIEW, OLD_INTAKE, INTAKE = (UUID(int=number) for number in (1, 2, 3, 4))
OLD, NEW, OLD_PACKAGE, NEW_PACKAGE = (UUID(int=number) for number in (11, 12, 111, 112))


class Service:
    """An account with the old generation; an update makes the new one, whose row names the interview ``named``."""

    def __init__(self, named: UUID | None = None, late: float = 0.0) -> None:
        self.named, self.late = named, late
        self.now: Callable[[], float] = lambda: 0.0
        self.updates: list[tuple[float, dict[str, Any]]] = []
        self.lost: list[Any] = []
        self.old_package_status = 0
        #: Whether the old generation itself is made again.
        self.is_in_place = False

    @property
    def is_made(self) -> bool:
        return any(at <= self.now() for at, _ in self.updates)

    def __call__(self, request: Any) -> Any:
        match request.operation:
            case "update_generation":
                assert request.name == str(OLD)
                self.updates.append((self.now() + self.late, request.json))
                started = OLD if self.is_in_place else NEW
                return self.lost.pop() if self.lost else (202, {"id": str(started), "state": "Queued"})
            case "list_generations":
                new = {"id": str(NEW), "state": "Queued"} | ({"interview_id": str(self.named)} if self.named else {})
                old = {"id": str(OLD), "state": "Complete", "interview_id": str(OLD_INTERVIEW)}
                return 200, [*([new] if self.is_made and not self.is_in_place else []), old]
            case "list_deleted_generations":
                return 200, []
            case "get_generation":
                is_new = request.name == str(NEW) or (self.is_in_place and self.is_made)
                package, intake = (NEW_PACKAGE, INTAKE) if is_new else (OLD_PACKAGE, OLD_INTAKE)
                body = {"id": request.name, "state": "Complete", "intake_id": str(intake), "package_id": str(package)}
                return 200, {**body, "running_cost_usd": 1.0}
            case "get_generation_events":
                return 200, {"events": []}
            case "get_generation_package":
                return 200, {"id": str(OLD_PACKAGE), "generation_id": str(OLD)}
            case "get_package_zip":
                if request.name == str(OLD_PACKAGE) and self.old_package_status:
                    return self.old_package_status, {"type": "GONE"}
                return Reply(302, httpx.Headers({"location": f"https://blob.test/{request.name}"}), b"")
        raise AssertionError(request.operation)


def record(**continues: Any) -> RunRecord:
    """A run whose interview about the change is complete."""
    options = RunOptions(profile="Fast", continues={"generation_id": str(OLD), **continues})
    return RunRecord(
        "u", "http://127.0.0.1:1", 0.0, 0.0, interview_id=INTERVIEW, intake_artifact_id=INTAKE, options=options
    )


def played(service: Service, known: RunRecord, disk: Disk, now: float = 1_000.0, die_at: int = 0) -> MortalStage:
    acting = MortalStage(service, known, now, die_at)
    service.now = lambda: acting.now
    return acting


def job(disk: Disk, known: RunRecord) -> Job:
    return Job(disk, KeyCheck(Account("user")), lambda questions: None, options=known.options)


def after(acting: MortalStage) -> RunRecord:
    assert acting.record is not None
    return acting.record


@pytest.mark.parametrize(
    ("late", "named"), one_in(4, [(late, named) for late in (70.0, 0.0) for named in (OLD_INTERVIEW, INTERVIEW, None)])
)
def test_an_update_survives_the_end_of_its_process_at_every_effect(named: UUID | None, late: float) -> None:
    """Whichever interview the service says that the new generation has, it is found and paid for once."""
    whole, disk = played(Service(named), record(), Disk()), Disk()
    whole.play(run_job(job(disk, after(whole))))
    assert whole.passed > 20
    for die_at in range(1, whole.passed + 1):
        service, disk = Service(named, late), Disk()
        first = played(service, record(), disk, die_at=die_at)
        with pytest.raises(Killed):
            first.play(run_job(job(disk, after(first))))
        second = played(service, after(first), disk, first.now)
        result = second.play(run_job(job(disk, after(second))))

        assert [body for _, body in service.updates] == [{"intake_id": str(INTAKE)}], die_at
        assert result.generation_id == NEW, die_at
        assert disk.files == {OUT / f"{NEW}.zip": CONTENT, OUT / f"{OLD}.zip": CONTENT}, die_at
        assert (result.before, bool(result.changes)) == (OUT / f"{OLD}.zip", False), die_at


@pytest.mark.parametrize(
    ("named", "found"), [(OLD_INTERVIEW, NEW), (INTERVIEW, NEW), (None, NEW), (OLD_INTERVIEW, OLD)]
)
def test_an_update_that_was_refused_and_carried_out_later_is_found(named: UUID | None, found: UUID) -> None:
    """By whoever resumes the run, and by whoever wants to cancel it, whichever interview its row names."""
    service = Service(named, 70.0)
    service.lost, service.is_in_place = [(403, {"type": "BLOCKED"})], found == OLD
    first = played(service, record(), Disk())
    with pytest.raises(errors.PermissionDenied):
        first.play(run_job(job(Disk(), after(first))))
    assert after(first).intent is None
    later = played(service, after(first), Disk(), first.now + 100.0)
    assert later.play(find_started(job(Disk(), after(later)))) == found
    second = played(service, after(first), Disk(), first.now + 100.0)
    result = second.play(run_job(job(Disk(), after(second))))

    assert result.generation_id == found
    assert len(service.updates) == 1


def test_an_update_in_place_that_was_refused_and_carried_out_is_not_said_to_have_started_nothing() -> None:
    """Its intake shows it at once; one that had this intake before may be running for another reason."""
    service = Service()
    service.lost, service.is_in_place = [(409, {"type": "IN_FLIGHT"})], True
    acting = played(service, record(), Disk())
    result = acting.play(run_job(job(Disk(), after(acting))))

    assert result.generation_id == OLD
    assert len(service.updates) == 1


@pytest.mark.parametrize("late", [None, 0.0, 70.0])
def test_a_generation_that_is_updated_in_place_is_paid_for_once(
    late: float | None, lost: errors.ConnectionLost
) -> None:
    """The pages do not say that an update makes another one. Its intake shows that it was carried out."""
    service, disk, there = Service(late=late or 0.0), Disk(), Path("/before/tea.zip")
    service.is_in_place, service.lost = True, [] if late is None else [lost]
    disk.files[there] = b"the package before"
    acting = played(service, record(file=str(there), sha256=disk.digest(there)), disk)
    result = acting.play(run_job(job(disk, after(acting))))

    assert (result.generation_id, result.before) == (OLD, there)
    assert len(service.updates) == 1


def test_the_old_package_is_compared_where_it_is() -> None:
    """It is not downloaded again while it is what it was."""
    disk, there = Disk(), Path("/before/tea.zip")
    disk.files[there] = b"the package before"
    digest = disk.digest(there)
    acting = played(Service(), record(file=str(there), sha256=digest), disk)
    result = acting.play(run_job(job(disk, after(acting))))

    assert result.before == there
    assert result.changes is not None
    assert result.changes.changed == ("README.md",)
    assert acting.count("get_package_zip") == 1


@pytest.mark.parametrize("status", [404, 403, 500])
def test_an_old_package_that_is_gone_keeps_nothing_from_arriving(status: int) -> None:
    """What was paid for is delivered; that there is nothing to compare with is said."""
    service, disk = Service(), Disk()
    service.old_package_status = status
    acting = played(service, record(), disk)
    result = acting.play(run_job(job(disk, after(acting))))

    assert disk.files == {OUT / f"{NEW}.zip": CONTENT}
    assert (result.before, result.changes) == (None, None)
    assert any("compare" in event.message for event in acting.told if isinstance(event, events.Notice))


def test_a_lost_answer_of_an_update_is_looked_for_by_whoever_asks(lost: errors.ConnectionLost) -> None:
    """``specstep answer`` and ``cancel`` find the generation without paying."""
    service = Service()
    service.updates.append((0.0, {}))
    known = attrs.evolve(record(), intent=Intent("update_generation", 990.0, {"known": [str(OLD)]}))
    acting = played(service, known, Disk())

    assert acting.play(find_started(job(Disk(), known))) == NEW
    assert acting.count("update_generation") == 0
    assert after(acting).generation_ids == (NEW,)


def test_a_person_s_token_makes_no_update() -> None:
    """The service would start another generation by itself, so nothing is sent."""
    acting = played(Service(), record(), Disk())
    with pytest.raises(errors.UsageError, match="API key"):
        acting.play(run_job(attrs.evolve(job(Disk(), record()), is_user_actor=True)))

    assert acting.sent == []


def test_the_agent_of_an_update_is_told_what_it_is_about() -> None:
    """Once, before what has changed; the user's own words stay as they are."""
    known = attrs.evolve(
        record(project_name="# Tea\nshop", description="Sells\ntea."), messages=("Add French.", "Now.")
    )
    first, second = (seeded(known, number) for number in range(2))

    assert first.startswith("# Tea shop\n")
    assert "\n\nAdd French.\n\n" in first
    assert "Sells tea." in first
    assert str(OLD) in first
    assert second == "Now."
    assert seeded(attrs.evolve(known, options=RunOptions()), 0) == "Add French."
