"""The whole job's own rules: what is checked first, when a retry is paid for, where packages go and what is kept."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

from specstep_flows import errors, events
from specstep_flows._paths import place_of
from specstep_flows.engine.effects import Reply
from specstep_flows.engine.lockout import PAUSE_SECONDS
from specstep_flows.flows.job import Job, KeyCheck
from specstep_flows.flows.run import answer_run, run_job
from specstep_flows.models import Account, RunOptions
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.disk import CONTENT, OUT, Disk
from tests.kit.stage import Stage

INTERVIEW, INTAKE = UUID(int=1), UUID(int=2)
OWN, SECOND, THIRD = UUID(int=11), UUID(int=12), UUID(int=13)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def package_of(generation_id: UUID) -> UUID:
    """The package of a generation."""
    return UUID(int=generation_id.int + 100)


class Service:
    """Generations of one interview, each in a state of its own."""

    def __init__(self, **states: str) -> None:
        ids = {"own": OWN, "second": SECOND, "third": THIRD}
        self.states = {ids[name]: state for name, state in states.items()}
        self.retried = 0

    def __call__(self, request: Any) -> Any:
        match request.operation:
            case "get_package_zip":
                return Reply(302, httpx.Headers({"location": "https://blob.example/zip"}), b"")
            case "list_generations":
                rows = [
                    {"id": str(id_), "state": state, "interview_id": str(INTERVIEW)}
                    for id_, state in reversed(self.states.items())
                ]
                return 200, rows
            case "list_deleted_generations":
                return 200, []
            case "retry_generation":
                self.retried += 1
                self.states[SECOND] = "Complete"
                return 202, {"id": str(SECOND), "state": "Queued"}
            case "get_generation":
                id_ = UUID(request.path.split("/")[3])
                body = {"id": str(id_), "state": self.states[id_], "running_cost_usd": 1.0}
                if self.states[id_] == "Failed":
                    body["failure_category"] = "HostRestart"
                if self.states[id_] == "Complete":
                    body["package_id"] = str(package_of(id_))
                return 200, body
            case "get_generation_events":
                return 200, {"events": []}
            case "get_me":
                return 401, {"type": "UNAUTHORIZED"}
            case "get_capabilities":
                return 200, {"review_profiles": ["Fast", "Normal"], "project_types": ["WebApp"]}
        raise AssertionError(request.operation)


def record(profile: str | None = None, **more: Any) -> RunRecord:
    """A run whose generation was started."""
    return RunRecord(
        "r",
        "http://127.0.0.1:1",
        0.0,
        0.0,
        interview_id=INTERVIEW,
        intake_artifact_id=INTAKE,
        generation_id=OWN,
        generation_ids=(OWN,),
        options=RunOptions(profile=profile),
        **more,
    )


def job(disk: Disk, **options: Any) -> Job:
    """A job whose key was verified."""
    return Job(disk, KeyCheck(Account("user")), lambda questions: None, options=RunOptions(**options))


def staged(stage: type[Stage], service: Any, known: RunRecord) -> Stage:
    """A stage with a run's record."""
    acting = stage(service)
    acting.record = known
    return acting


def after(acting: Stage) -> RunRecord:
    """The record as it is now."""
    assert acting.record is not None
    return acting.record


def test_a_complete_generation_s_package_is_delivered(stage: type[Stage]) -> None:
    """The record and the result say where it is and what it cost."""
    acting, disk = staged(stage, Service(own="Complete"), record()), Disk()
    result = acting.play(run_job(job(disk, unpack=True)))

    assert disk.files == {OUT / f"{OWN}.zip": CONTENT}
    assert (result.path, result.sha256, result.cost_usd) == (OUT / f"{OWN}.zip", SHA256, 1.0)
    assert (result.unpacked_to, result.further_paths) == (OUT / str(OWN), ())
    kept = after(acting)
    assert kept.is_finished
    assert (kept.file, kept.sha256, kept.package_id) == (str(result.path), SHA256, package_of(OWN))
    assert (kept.size_bytes, kept.unpacked_to, kept.packages) == (len(CONTENT), str(OUT / str(OWN)), ())


def test_a_finished_run_is_looked_at_and_downloads_nothing(stage: type[Stage]) -> None:
    """Called again, it gives back the same result."""
    acting, disk = staged(stage, Service(own="Complete"), record()), Disk()
    first = acting.play(run_job(job(disk)))
    disk.log.clear()
    again = acting.play(run_job(job(disk)))

    assert again == first
    assert disk.log == ["tidy"]


def test_a_package_in_an_object_store_keeps_its_url(stage: type[Stage]) -> None:
    """In the record, in the result and in what is reported, for each package of a fan-out, and when it is looked up."""
    states = {"own": "Complete", "second": "Complete"}
    acting, disk = staged(stage, Service(**states), record("Researcher")), Disk()
    disk.output = place_of("s3://bucket/team")
    first = acting.play(run_job(job(disk)))
    urls = [f"s3://bucket/team/{one}.zip" for one in (OWN, SECOND)]

    assert [str(path) for path in disk.files] == urls
    assert [str(first.path), *map(str, first.further_paths)] == urls
    assert [after(acting).file, *(package["file"] for package in after(acting).packages[1:])] == urls
    assert [str(event.path) for event in acting.told if isinstance(event, events.PackageSaved)] == urls
    disk.log.clear()
    assert acting.play(run_job(job(disk))) == first
    assert "fetch" not in disk.log


def test_a_run_that_is_given_another_output_downloads_again(stage: type[Stage]) -> None:
    """Its place is chosen again; the first copy stays."""
    for service, profile in (
        (Service(own="Complete"), None),
        (Service(own="Complete", second="Complete"), "Researcher"),
    ):
        acting, disk = staged(stage, service, record(profile)), Disk()
        acting.play(run_job(job(disk)))
        disk.output = Path("/elsewhere/portal.zip")
        acting.record = attrs.evolve(after(acting), file=None, stage="package")
        result = acting.play(run_job(job(disk)))

        assert {path.parent for path in (result.path, *result.further_paths)} == {Path("/elsewhere")}
        assert len(disk.files) == 2 * len(service.states)


@pytest.mark.parametrize("is_there", [False, True])
def test_what_was_unpacked_is_unpacked_again_only_if_its_folder_is_gone(
    stage: type[Stage], tmp_path: Path, is_there: bool
) -> None:
    """The record says where; the disk says whether."""
    folder = tmp_path if is_there else tmp_path / "gone"
    acting, disk = staged(stage, Service(own="Complete"), record(unpacked_to=str(folder))), Disk()
    result = acting.play(run_job(job(disk, unpack=True)))

    assert ("unpack" in disk.log) != is_there
    assert result.unpacked_to == (folder if is_there else OUT / str(OWN))


def test_every_complete_generation_of_a_fan_out_is_delivered(stage: type[Stage]) -> None:
    """What is not complete is told, and takes no other with it."""
    service = Service(own="Complete", second="Failed", third="Complete")
    acting, disk = staged(stage, service, record("Researcher")), Disk()
    result = acting.play(run_job(job(disk, unpack=True, retry_failed=1)))

    assert [result.path, *result.further_paths] == [OUT / f"{OWN}.zip", OUT / f"{THIRD}.zip"]
    assert disk.log.count("unpack") == 2
    assert result.unpacked_to == OUT / str(OWN)
    assert [item["generation_id"] for item in after(acting).packages] == [str(OWN), str(THIRD)]
    assert service.retried == 0
    (told,) = [event.message for event in acting.told if isinstance(event, events.Notice)]
    assert "cannot be retried by itself" in told


def test_a_name_that_was_asked_for_is_numbered(stage: type[Stage]) -> None:
    """The first has it as it is."""
    acting, disk = staged(stage, Service(own="Complete", second="Complete"), record("Researcher")), Disk()
    disk.output = OUT / "portal.zip"
    acting.play(run_job(job(disk)))

    assert sorted(path.name for path in disk.files) == ["portal-2.zip", "portal.zip"]


def test_a_pause_of_one_is_told_before_the_failure_of_another(stage: type[Stage]) -> None:
    """Whoever ends the pause can go on with the rest."""
    acting = staged(stage, Service(own="Failed", second="Paused"), record("Researcher"))
    with pytest.raises(errors.GenerationPaused):
        acting.play(run_job(job(Disk())))


@pytest.mark.parametrize("retries", [0, 1])
def test_a_failed_generation_is_retried_as_often_as_was_allowed(stage: type[Stage], retries: int) -> None:
    """The number counts for the run; what the failed one cost is kept."""
    service = Service(own="Failed")
    acting, disk = staged(stage, service, record(retries=retries)), Disk()
    if retries:
        with pytest.raises(errors.GenerationFailed):
            acting.play(run_job(job(disk, retry_failed=1)))
        assert service.retried == 0
    else:
        assert acting.play(run_job(job(disk, retry_failed=1))).generation_id == SECOND
        assert (after(acting).spent_before_usd, after(acting).cost_usd) == (1.0, 1.0)


def test_a_retry_that_may_have_been_sent_is_settled_first(stage: type[Stage]) -> None:
    """The list shows what it started: it is adopted, and nothing is sent."""
    service = Service(own="Failed", second="Complete")
    intent = Intent("retry_generation", 990.0, {"known": [str(OWN)]})
    acting = staged(stage, service, record(intent=intent))

    assert acting.play(run_job(job(Disk(), retry_failed=1))).generation_id == SECOND
    assert service.retried == 0


def test_a_key_that_was_refused_is_not_tried_again(stage: type[Stage]) -> None:
    """Five refusals lock the address out: the next run of the client is told what the first one was."""
    check = KeyCheck()
    for _ in range(2):
        acting = staged(stage, Service(own="Complete"), record())
        with pytest.raises(errors.AuthenticationError):
            acting.play(run_job(Job(Disk(), check)))
    assert acting.sent == []


def test_a_refusal_is_forgotten_when_a_lock_out_is_over(stage: type[Stage]) -> None:
    """It may have been the address's: after five minutes the next run asks again."""
    check = KeyCheck()
    sent = []
    for later in (0.0, PAUSE_SECONDS - 1, PAUSE_SECONDS):
        acting = staged(stage, Service(own="Complete"), record())
        acting.now += later
        with pytest.raises(errors.AuthenticationError):
            acting.play(run_job(Job(Disk(), check)))
        sent.append(acting.count("get_me"))

    assert sent == [1, 0, 1]


@pytest.mark.parametrize(
    ("profile", "project_type", "sentence"),
    [
        ("quick", None, "Unknown review profile 'quick'. The service accepts"),
        ("Fsat", None, "Did you mean 'Fast'?"),
        ("Fast", "Web", "Unknown project type 'Web'. Did you mean 'WebApp'?"),
    ],
)
def test_an_unknown_choice_is_refused_before_anything_costs(
    stage: type[Stage], profile: str, project_type: str | None, sentence: str
) -> None:
    """With those that the service accepts."""
    options = RunOptions(profile=profile, project_type=project_type)
    new = attrs.evolve(record(), interview_id=None, intake_artifact_id=None, generation_id=None, options=options)
    acting = staged(stage, Service(), new)
    with pytest.raises(errors.UsageError, match=re.escape(sentence)):
        acting.play(run_job(job(Disk())))

    assert [request.operation for request in acting.sent] == ["get_capabilities"]


class Silent(Service):
    """A service that does not say what it accepts just now."""

    status = 503

    def __call__(self, request: Any) -> Any:
        return (self.status, {}) if request.operation == "get_capabilities" else (400, {})


class LockedOut(Silent):
    """One whose key was accepted, and whose address was locked out a moment later."""

    status = 401


@pytest.mark.parametrize("service", [Silent, LockedOut])
@pytest.mark.parametrize(
    ("chosen", "is_documented"),
    [
        ({"profile": "fast"}, True),
        ({"project_type": "WebApp"}, True),
        ({"profile": "Thorough"}, False),
        ({"mirror_selection": "ClaudeMd"}, False),
    ],
)
def test_what_the_pages_name_needs_no_service_that_says_so(
    stage: type[Stage], service: type[Silent], chosen: dict[str, Any], is_documented: bool
) -> None:
    """Where the list cannot be read, the run begins with documented words, and with no others."""
    options = RunOptions(**chosen)
    new = attrs.evolve(record(), interview_id=None, intake_artifact_id=None, generation_id=None, options=options)
    acting = staged(stage, service(), new)
    with pytest.raises(errors.SpecStepError):
        acting.play(run_job(job(Disk())))

    assert (len(acting.sent) > 1) == is_documented


def test_a_run_without_a_generation_has_nothing_to_answer(stage: type[Stage]) -> None:
    """It says so."""
    acting = staged(stage, Service(), attrs.evolve(record(), generation_id=None))
    with pytest.raises(errors.UsageError, match="nothing to answer"):
        acting.play(answer_run(job(Disk())))


def test_each_generation_of_a_fan_out_is_answered(stage: type[Stage]) -> None:
    """None of these waits, so nothing is sent."""
    acting = staged(stage, Service(own="Drafting", second="Drafting"), record("Researcher"))
    assert acting.play(answer_run(job(Disk()))) == []
    assert acting.count("get_generation") == 2
