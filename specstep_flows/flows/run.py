"""The whole job: interview, generation, clarifications, package on disk. It can be begun again at any point.

Every step first looks at the run's record for what is done already, so that "go on" and "start" are the same code.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Fetch, Now, Remember, Report, Sleep
from specstep_flows.flows import budget, delivery, fan_out, watch
from specstep_flows.flows.clarifications import Desk, answer_pending, answers_in
from specstep_flows.flows.history import Sample, sampled
from specstep_flows.flows.job import DOCUMENTED_PROJECT_TYPES, Job, KeyCheck, accepted_choices, current_record
from specstep_flows.flows.run_interview import hold_interview
from specstep_flows.flows.run_kickoff import retry, start
from specstep_flows.models import Answer, Generation, RunResult
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import DOCUMENTED_PROFILES, fold, is_fan_out

__all__ = ["answer_run", "run_job"]

#: No longer than this is waited for another run that verifies the key.
KEY_CHECK_SECONDS: Final = 120.0


async def run_job(job: Job) -> RunResult:
    """Carry a run from wherever its record says it is to a package on disk.

    Raises:
        SpecStepError: any of the tree; the run can be resumed unless the error says otherwise.
    """
    record = await current_record()
    if record.file is None:
        await Fetch(lambda _: job.files.check())
    await _verify_key(job.key_check)
    if record.generation_id is None:
        await _check_choices(record)
        if record.intake_artifact_id is None:
            await hold_interview(job)
        record = await current_record()
        if record.generation_id is None:
            await start(job)
    if is_fan_out(record.options.profile):
        return await fan_out.see_home(job)
    generation = await _see_through(job)
    return await _bring_home(job, generation)


async def answer_run(job: Job) -> list[Answer]:
    """Answer what the run's generation waits for, or those that one kickoff started; what was accepted.

    Raises:
        UsageError: the run has no generation yet.
        AnswersNeeded: a question has no answer; none was sent to the generation that asks it.
    """
    record = await current_record()
    if record.generation_id is None:
        raise errors.UsageError(f"Run {record.run_id} has no generation yet, so nothing is asked.")
    assert job.policy is not None
    accepted: list[Answer] = []
    for generation_id in await fan_out.generations_of(record):
        record = await current_record()
        accepted += await answer_pending(generation_id, job.policy, job.settle_seconds, record.answering)
    return accepted


async def _verify_key(check: KeyCheck) -> None:
    """Whose key it is (GET /v1/me). One run of a client asks, the others wait for what it is told."""
    while check.account is None:
        if check.refusal is not None:
            raise copy.copy(check.refusal)
        now = await Now()
        if check.checking_since is not None and now - check.checking_since < KEY_CHECK_SECONDS:
            await Sleep(1.0)
            continue
        check.checking_since = now
        try:
            check.account = await gateway.get_me()
        except errors.AuthenticationError as error:
            check.refusal = error
            raise
        finally:
            check.checking_since = None
        await Report(events.KeyVerified(check.account))


async def _check_choices(record: RunRecord) -> None:
    """Refuse an unknown profile or project type before a turn is sent, with the accepted ones."""
    profile, project_type = record.options.profile, record.options.project_type
    if profile in DOCUMENTED_PROFILES | {None} and project_type in DOCUMENTED_PROJECT_TYPES | {None}:
        return
    choices = await accepted_choices()
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


async def _see_through(job: Job) -> Generation:
    """Watch the run's generation to Complete, through its questions and, where asked for, its retries."""
    while True:
        record = await current_record()
        assert record.generation_id is not None
        if record.intent is not None and record.intent.operation == "retry_generation":
            await retry(job, record.generation_id)
            continue
        desk = Desk(record.generation_id, job.policy, job.settle_seconds, record.answering)
        purse = budget.Purse(job.options.max_cost_usd, record.spent_before_usd)
        looker = _Looker(desk, purse, record.history)
        generation = await watch.watch(record.generation_id, on_question=looker.ask, on_look=looker.look)
        if generation.is_complete:
            return generation
        record = await current_record()
        if generation.is_failed and record.retries < job.options.retry_failed and generation.retry_makes_sense:
            await retry(job, generation.id, generation)
            continue
        watch.raise_for_end(generation)


@attrs.define
class _Looker:
    """What happens at each look: the record follows the state and the cost, and the budget is held."""

    desk: Desk
    purse: budget.Purse
    history: tuple[Sample, ...] = ()
    _seen: dict[str, Any] = attrs.field(factory=dict)

    async def ask(self, generation: Generation) -> None:
        """The generation waits for answers."""
        await self.desk.look(generation.running_cost_usd)

    async def look(self, generation: Generation) -> None:
        """Any look at the generation."""
        if not generation.needs_answers:
            await self.desk.left()
        changes: dict[str, Any] = {"generation_state": generation.state}
        if generation.running_cost_usd is not None:
            changes["cost_usd"] = generation.running_cost_usd
        if generation.project_name:
            changes["project_name"] = generation.project_name
        if generation.package_id is not None:
            changes["package_id"] = generation.package_id
        if changes != self._seen:
            now = await Now()
            self.history = sampled(self.history, generation, now)
            await Remember({**changes, "history": self.history})
            self._seen = changes
        await self.purse.check(generation)


async def _bring_home(job: Job, generation: Generation) -> RunResult:
    """The package on disk, verified, under its final name, and unpacked where that was asked for."""
    files = job.files
    record = await current_record()
    package_id = record.package_id
    if package_id is None:
        package_id = await delivery.find_package(generation)
    if record.file is None:
        chosen: Path = await Fetch(lambda _: files.choose(record, generation.id))
        await Remember({"package_id": package_id, "file": str(chosen), "stage": "package"})
        record = await current_record()
    path = Path(record.file or "")
    digest = await Fetch(lambda _: files.digest(path))
    if digest is None or digest != record.sha256:
        digest = await delivery.fetch_package(package_id, path, files)
    else:
        # An earlier process may have died just after the package got its name.
        await Fetch(lambda _: files.tidy(delivery.part_of(path)))
    size = await Fetch(lambda _: files.size(path))
    await Remember({"sha256": digest, "size_bytes": size})
    await Report(events.PackageSaved(path, size, digest))
    unpacked: Path | None = Path(record.unpacked_to) if record.unpacked_to else None
    if job.options.unpack and (unpacked is None or not unpacked.is_dir()):
        folder, count = await Fetch(lambda _: files.unpack(path))
        unpacked = folder
        await Remember({"unpacked_to": str(unpacked)})
        await Report(events.Unpacked(folder, count))
    await Remember({"stage": "done", "error": None})
    record = await current_record()
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
