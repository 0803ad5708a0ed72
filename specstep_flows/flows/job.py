"""The whole job: interview, generation, clarifications, package on disk. It can be begun again at any point.

Every step first looks at the run's record for what is done already, so that "go on" and "start" are the same code.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Fetch, Flow, Now, Remember, Report, Sleep, do
from specstep_flows.flows import budget, fan_out, generations, packages
from specstep_flows.flows.clarifications import Desk, answer_pending, answers_in
from specstep_flows.flows.history import Sample, sampled
from specstep_flows.flows.holding import hold_interview
from specstep_flows.flows.plan import (
    DOCUMENTED_PROJECT_TYPES,
    Job,
    KeyCheck,
    accepted_choices,
    current_record,
)
from specstep_flows.flows.starting import retry, start
from specstep_flows.models import Answer, Generation, RunResult
from specstep_flows.runs import RunRecord
from specstep_flows.states import DOCUMENTED_PROFILES, fold, is_fan_out

__all__ = ["answer_run", "run_job"]

#: No longer than this is waited for another run that verifies the key.
KEY_CHECK_SECONDS: Final = 120.0


def run_job(job: Job) -> Flow[RunResult]:
    """Carry a run from wherever its record says it is to a package on disk.

    Raises:
        SpecStepError: any of the tree; the run can be resumed unless the error says otherwise.
    """
    record = yield from current_record()
    if record.file is None:
        yield from do(Fetch(lambda _: job.files.check()))
    yield from _verify_key(job.key_check)
    if record.generation_id is None:
        yield from _check_choices(record)
        if record.intake_artifact_id is None:
            yield from hold_interview(job)
        record = yield from current_record()
        if record.generation_id is None:
            yield from start(job)
    if is_fan_out(record.options.get("profile")):
        return (yield from fan_out.see_home(job))
    generation = yield from _see_through(job)
    return (yield from _bring_home(job, generation))


def answer_run(job: Job) -> Flow[list[Answer]]:
    """Answer what the run's generation waits for, or those that one kickoff started; what was accepted.

    Raises:
        UsageError: the run has no generation yet.
        AnswersNeeded: a question has no answer; none was sent to the generation that asks it.
    """
    record = yield from current_record()
    if record.generation_id is None:
        raise errors.UsageError(f"Run {record.run_id} has no generation yet, so nothing is asked.")
    assert job.policy is not None
    accepted: list[Answer] = []
    for generation_id in (yield from fan_out.generations_of(record)):
        record = yield from current_record()
        accepted += yield from answer_pending(generation_id, job.policy, job.settle_seconds, record.answering)
    return accepted


def _verify_key(check: KeyCheck) -> Flow[None]:
    """Whose key it is (GET /v1/me). One run of a client asks, the others wait for what it is told."""
    while check.account is None:
        if check.refusal is not None:
            raise copy.copy(check.refusal)
        now = yield from do(Now())
        if check.checking_since is not None and now - check.checking_since < KEY_CHECK_SECONDS:
            yield from do(Sleep(1.0))
            continue
        check.checking_since = now
        try:
            check.account = yield from gateway.get_me()
        except errors.AuthenticationError as error:
            check.refusal = error
            raise
        finally:
            check.checking_since = None
        yield from do(Report(events.KeyVerified(check.account)))


def _check_choices(record: RunRecord) -> Flow[None]:
    """Refuse an unknown profile or project type before a turn is sent, with the accepted ones."""
    profile, project_type = record.options.get("profile"), record.options.get("project_type")
    if profile in DOCUMENTED_PROFILES | {None} and project_type in DOCUMENTED_PROJECT_TYPES | {None}:
        return
    choices = yield from accepted_choices()
    for what, chosen, accepted in (
        ("review profile", profile, choices.review_profiles),
        ("project type", project_type, choices.project_types),
    ):
        if chosen is not None and chosen not in accepted:
            near = [word for word in accepted if fold(word) == fold(str(chosen))]
            hint = f" Did you mean {near[0]}?" if near else ""
            raise errors.UsageError(
                f"The service knows no {what} {chosen!r}; it accepts {', '.join(accepted)}.{hint} Nothing was paid for."
            )


def _see_through(job: Job) -> Flow[Generation]:
    """Watch the run's generation to Complete, through its questions and, where asked for, its retries."""
    while True:
        record = yield from current_record()
        assert record.generation_id is not None
        if record.intent is not None and record.intent.operation == "retry_generation":
            yield from retry(job, record.generation_id)
            continue
        desk = Desk(record.generation_id, job.policy, job.settle_seconds, record.answering)
        purse = budget.Purse(job.max_cost_usd, record.spent_before_usd)
        looker = _Looker(desk, purse, record.history)
        generation = yield from generations.watch(record.generation_id, on_question=looker.ask, on_look=looker.look)
        if generation.is_complete:
            return generation
        record = yield from current_record()
        if generation.is_failed and record.retries < job.retry_failed and generation.retry_makes_sense:
            yield from retry(job, generation.id, generation)
            continue
        generations.raise_for_end(generation)


@attrs.define
class _Looker:
    """What happens at each look: the record follows the state and the cost, and the budget is held."""

    desk: Desk
    purse: budget.Purse
    history: tuple[Sample, ...] = ()
    _seen: dict[str, Any] = attrs.field(factory=dict)

    def ask(self, generation: Generation) -> Flow[None]:
        """The generation waits for answers."""
        yield from self.desk.look(generation.running_cost_usd)

    def look(self, generation: Generation) -> Flow[None]:
        """Any look at the generation."""
        if not generation.needs_answers:
            yield from self.desk.left()
        changes: dict[str, Any] = {"generation_state": generation.state}
        if generation.running_cost_usd is not None:
            changes["cost_usd"] = generation.running_cost_usd
        if generation.project_name:
            changes["project_name"] = generation.project_name
        if generation.package_id is not None:
            changes["package_id"] = generation.package_id
        if changes != self._seen:
            now = yield from do(Now())
            self.history = sampled(self.history, generation, now)
            yield from do(Remember({**changes, "history": self.history}))
            self._seen = changes
        yield from self.purse.check(generation)


def _bring_home(job: Job, generation: Generation) -> Flow[RunResult]:
    """The package on disk, verified, under its final name, and unpacked where that was asked for."""
    files = job.files
    record = yield from current_record()
    package_id = record.package_id
    if package_id is None:
        package_id = yield from packages.find_package(generation)
    if record.file is None:
        chosen = yield from do(Fetch(lambda _: files.choose(record, generation.id)))
        yield from do(Remember({"package_id": package_id, "file": str(chosen), "stage": "package"}))
        record = yield from current_record()
    path = Path(record.file or "")
    digest = yield from do(Fetch(lambda _: files.digest(path)))
    if digest is None or digest != record.sha256:
        digest = yield from packages.fetch_package(package_id, path, files)
    else:
        # An earlier process may have died just after the package got its name.
        yield from do(Fetch(lambda _: files.tidy(packages.part_of(path))))
    size = yield from do(Fetch(lambda _: files.size(path)))
    yield from do(Remember({"sha256": digest, "size_bytes": size}))
    yield from do(Report(events.PackageSaved(path, size, digest)))
    unpacked: Path | None = Path(record.unpacked_to) if record.unpacked_to else None
    if job.unpack and (unpacked is None or not unpacked.is_dir()):
        unpacked, count = yield from do(Fetch(lambda _: files.unpack(path)))
        yield from do(Remember({"unpacked_to": str(unpacked)}))
        yield from do(Report(events.Unpacked(unpacked, count)))
    yield from do(Remember({"stage": "done", "error": None}))
    record = yield from current_record()
    return RunResult(
        run_id=record.run_id,
        interview_id=record.interview_id,
        generation_id=generation.id,
        package_id=package_id,
        path=path,
        sha256=digest,
        size_bytes=size,
        unpacked_to=unpacked,
        cost_usd=generation.running_cost_usd,
        answers=answers_in(record),
        project_name=generation.project_name,
    )
