"""The whole job: interview, generation, clarifications, package on disk. It can be resumed at any point.

Every step first looks up in the run's record what is done already, so starting and resuming are the same code.
"""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from specstep_flows import errors, events, gateway
from specstep_flows._paths import place_of
from specstep_flows.engine.effects import Fetch, Now, Remember, Report, Sleep
from specstep_flows.engine.lockout import PAUSE_SECONDS
from specstep_flows.flows import delivery, watch
from specstep_flows.flows.budget import Budget
from specstep_flows.flows.clarifications import answer_pending, answers_in
from specstep_flows.flows.job import (
    Job,
    KeyCheck,
    accepted_choices,
    announce,
    current_record,
    documented_choices,
    spelled_choices,
)
from specstep_flows.flows.run_interview import hold_interview
from specstep_flows.flows.run_kickoff import find_started, retry, start
from specstep_flows.models import Account, Answer, Generation, PackageChanges, RunOptions, RunResult
from specstep_flows.runs.records import NOT_BEGUN, RunRecord
from specstep_flows.states import is_fan_out

#: The longest wait for another run that is verifying the key.
KEY_CHECK_SECONDS: Final = 120.0
#: About how often all runs that wait for it together look whether it has.
LOOKS_A_SECOND: Final = 10.0


async def run_job(job: Job) -> RunResult:
    """Carry a run from wherever its record says it is to a package on disk.

    Everything that can be checked is checked before a new run is said to be one, and before anything is sent for it.

    Raises:
        SpecStepError: any of the tree; the run can be resumed unless the error says otherwise.
    """
    if not job.is_new:
        await announce(job)
    account = await _check(job)
    if job.is_new:
        await announce(job)
    if account is not None:
        await Report(events.KeyVerified(account))
    record = await current_record()
    if record.generation_id is None:
        if record.intake_artifact_id is None:
            await hold_interview(job)
        record = await current_record()
        if record.generation_id is None:
            await start(job)
    return await _deliver(job, await _watch(job))


async def find_generation(job: Job) -> UUID | None:
    """The run's generation; one whose request may have been sent is looked for first. None if it has none.

    Raises:
        OutcomeUnknown: it was requested, and none has appeared.
    """
    await announce(job)
    found = await find_started(job)
    record = await current_record()
    if found is None and record.kickoff_intent is not None:
        raise errors.OutcomeUnknown(
            f"The generation of run {record.run_id} was requested, and none has appeared; whether one still will is "
            "not known. Nothing was sent that costs."
        )
    return found


async def answer_run(job: Job) -> list[Answer]:
    """Answer the pending questions of the run's generations; what was accepted.

    Raises:
        WrongState: the run has no generation yet.
        AnswersNeeded: a question has no answer; none was sent to the generation that asks it.
    """
    found: UUID | None = await find_generation(job)
    if found is None:
        record = await current_record()
        raise errors.WrongState(f"Run {record.run_id} has no generation yet, so there is nothing to answer.")
    record = await current_record()
    assert job.policy is not None
    accepted: list[Answer] = []
    for generation_id in await watch.generations_of(record):
        record = await current_record()
        accepted += await answer_pending(generation_id, job.policy, job.settle_seconds, record.answering)
    return accepted


async def _check(job: Job) -> Account | None:
    """The output, the key, and what the service is to be asked for; the account, if it was asked for now.

    Raises:
        UsageError, SettingsError, AuthenticationError: what does not fit. Nothing was sent but reads.
    """
    record = await current_record()
    if record.options.continues is not None and job.is_user_actor and record.generation_id is None:
        raise errors.UsageError(
            "With an access token (oat_...) the service starts a generation by itself when an interview is complete, "
            "which would be paid for and be no update. Use an API key (sf_...). Nothing was sent."
        )
    if record.file is None:
        await Fetch(lambda _: job.files.check())
    account = await _verify_key(job.key_check)
    if record.generation_id is None and record.kickoff_intent is None:
        options = await _check_choices(job.key_check, record.options)
        if options != record.options or record.stage == NOT_BEGUN:
            await Remember({"options": options, "stage": "interview"})
    return account


async def _verify_key(check: KeyCheck) -> Account | None:
    """Whose key it is (GET /v1/me), if nobody has asked yet. One run of a client asks, the others wait for its answer.

    Raises:
        AuthenticationError: it was refused, now or earlier.
    """
    while check.account is None:
        now = await Now()
        if check.refusal is not None and now < check.refused_at + PAUSE_SECONDS:
            raise copy.copy(check.refusal)
        if await _is_asked(check, now):
            continue
        check.checking_since = now
        try:
            check.account = await gateway.get_me()
        except errors.AuthenticationError as error:
            check.refusal, check.refused_at = error, await Now()
            raise
        finally:
            check.checking_since = None
        return check.account
    return None


async def _is_asked(check: KeyCheck, now: float) -> bool:
    """Whether another run of this client is asking the service just now; a while is waited then.

    The more wait, the longer does each: together they look a few times a second, and do not all continue at once.
    """
    if check.checking_since is None or now - check.checking_since >= KEY_CHECK_SECONDS:
        return False
    check.waiting += 1
    try:
        await Sleep(1.0 + check.waiting / LOOKS_A_SECOND)
    finally:
        check.waiting -= 1
    return True


async def _check_choices(check: KeyCheck, options: RunOptions) -> RunOptions:
    """The options as the service spells them (GET /v1/capabilities, once). Raises ``UsageError``."""
    if options.continues is not None:
        # They are those of the generation, which the service has accepted.
        return options
    if options.profile is None and options.project_type is None and options.mirror_selection is None:
        return options
    while check.accepted is None:
        now = await Now()
        if await _is_asked(check, now):
            continue
        check.checking_since = now
        try:
            check.accepted = await accepted_choices()
        except errors.RequestError as error:
            # What the pages name needs no confirmation from a service that cannot give one just now.
            # The key was just accepted; if it is locked out by now, the next request waits for it.
            may_pass = error.ambiguous or isinstance(error, errors.AuthenticationError)
            if not may_pass or options.mirror_selection is not None:
                raise
            try:
                return spelled_choices(options, documented_choices())
            except errors.UsageError:
                raise error from None
        finally:
            check.checking_since = None
    return spelled_choices(options, check.accepted)


async def _watch(job: Job) -> list[Generation]:
    """Watch the run's generations to their ends, through questions and retries; those that are Complete, at least one.

    One that fails or is cancelled ends no other.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused: when not one of them is complete, or one is paused.
    """
    while True:
        record = await current_record()
        assert record.generation_id is not None
        if record.kickoff_intent is not None:
            await retry(job, record.generation_id)
            continue
        spending = Budget(job.options.max_cost_usd, record.spent_before_usd)
        generations = await watch.watch(
            partial(watch.generations_of, record),
            spending,
            job.policy,
            job.settle_seconds,
            job.options.wait_paused if job.options.wait else 0.0,
        )
        own = generations[0]
        # A child of a fan-out cannot be retried by itself (walkthrough, step 5.5).
        may_retry = record.retries < job.options.retry_failed and not _is_fan_out(record)
        if not (may_retry and own.is_failed and own.retry_makes_sense):
            break
        await retry(job, own.id, own)
    # A pause comes first: once it is over, the run can continue with all of them.
    for generation in sorted(generations, key=lambda one: not one.is_paused):
        if generation.is_paused or not any(one.is_complete for one in generations):
            watch.raise_for_end(generation)
    for generation in generations:
        if not generation.is_complete:
            why = f" ({generation.failure_category}: {generation.failure_reason})" if generation.is_failed else ""
            await Report(
                events.Notice(
                    f"Generation {generation.id} is {generation.state}{why}; it cannot be retried by itself. The "
                    "packages of the others are downloaded."
                )
            )
    return [generation for generation in generations if generation.is_complete]


def _is_fan_out(record: RunRecord) -> bool:
    return is_fan_out(record.options.profile)


async def _deliver(job: Job, generations: list[Generation]) -> RunResult:
    """Put every package on disk, verified, under its final name, and unpacked if asked for."""
    record = await current_record()
    if record.file is None and record.packages:
        # The run was given another output, so every package gets a new place.
        await Remember({"packages": ()})
    folder = Path(record.unpacked_to) if record.unpacked_to else None
    unpacked = folder if folder is not None and (await Fetch(lambda _: folder.is_dir())) else None
    unpack = job.options.unpack and unpacked is None
    before = await _package_before(job, generations[0])
    packages: list[tuple[UUID, delivery.Delivered]] = []
    for generation in generations:
        package_id = await _package_of(generation)
        if package_id is None:
            continue
        path, sha256 = await _place_of(job, generation, package_id, [there.path for _, there in packages])
        there = await delivery.deliver(package_id, path, job.files, known_sha256=sha256)
        packages.append((package_id, there))
        await _remember_package(generation, package_id, there)
    if not packages:
        raise errors.PackageError("The generations are complete, and not one of them has a package.")
    package_id, first = packages[0]
    if unpack:
        # Only now: a folder that refuses it must not keep a package that was paid for from arriving.
        for _, there in reversed(packages):
            unpacked = await delivery.unpack_beside(there.path, job.files)
    await Remember(
        {
            "package_id": package_id,
            "file": str(first.path),
            "sha256": first.sha256,
            "size_bytes": first.size_bytes,
            "unpacked_to": None if unpacked is None else str(unpacked),
            "stage": "done",
            "error": None,
        }
    )
    record = await current_record()
    assert record.generation_id is not None
    return RunResult(
        run_id=record.run_id,
        interview_id=record.interview_id,
        generation_id=record.generation_id,
        package_id=package_id,
        path=first.path,
        sha256=first.sha256,
        size_bytes=first.size_bytes,
        unpacked_to=unpacked,
        cost_usd=record.total_cost_usd,
        answers=answers_in(record),
        project_name=record.project_name,
        further_paths=tuple(there.path for _, there in packages[1:]),
        before=before,
        changes=None if before is None else (await _compared(job, before, first.path)),
    )


async def _package_before(job: Job, generation: Generation) -> Path | None:
    """The package of the generation that the run updates: where it was put, else downloaded beside the new one."""
    record = await current_record()
    continues = record.options.continues
    if continues is None:
        return None
    if continues.get("file"):
        there = place_of(continues["file"])
        digest: str | None = await Fetch(lambda _: job.files.digest(there))
        if digest == continues["sha256"]:
            return there
    old = UUID(continues["generation_id"])
    if old == generation.id:
        # It was made again in place, so what the service calls its package is the new one.
        return None
    beside = place_of(record.file) if record.file else await Fetch(lambda _: job.files.path_for(f"{generation.id}.zip"))
    path = beside.with_name(f"{old}.zip")
    digest = await Fetch(lambda _: job.files.digest(path))
    if digest is not None:
        return path
    try:
        package = continues.get("package_id") or (await gateway.get_generation_package(old)).id
        await delivery.fetch_package(UUID(str(package)), path, job.files)
    except (errors.RequestError, errors.PackageError) as error:
        # What was paid for must arrive, whatever became of what it is to be compared with.
        await Report(events.Notice(f"The package before the update is not there to compare with: {error.message}"))
        return None
    return path


async def _compared(job: Job, before: Path, after: Path) -> PackageChanges | None:
    try:
        return await Fetch(lambda _: job.files.compare(before, after))
    except errors.SpecStepError as error:
        await Report(events.Notice(f"The two packages could not be compared: {error.message}"))
        return None


async def _package_of(generation: Generation) -> UUID | None:
    """The package of a complete generation; a fan-out's parent need not have one."""
    record = await current_record()
    for known in record.packages:
        if known["generation_id"] == str(generation.id):
            return UUID(known["package_id"])
    if record.package_id is not None and not _is_fan_out(record):
        return record.package_id
    if not is_fan_out(generation.review_profile):
        return await delivery.find_package(generation)
    try:
        return generation.package_id or (await gateway.get_generation_package(generation.id)).id
    except errors.NotFound:
        return None


async def _place_of(job: Job, generation: Generation, package_id: UUID, taken: list[Path]) -> tuple[Path, str | None]:
    """A package's final name, and its digest if an earlier attempt recorded one.

    The first has the name that was asked for; the others stand beside it, named by id or by number.
    """
    record = await current_record()
    for known in record.packages:
        if known["generation_id"] == str(generation.id):
            return place_of(known["file"]), known["sha256"]
    if record.file is not None and (record.package_id == package_id or not _is_fan_out(record)):
        # An earlier process ended while it downloaded this one.
        return place_of(record.file), record.sha256
    if not taken:
        path: Path = await Fetch(lambda _: job.files.choose(record, generation.id))
    elif taken[0].stem == str(record.packages[0]["generation_id"]):
        path = taken[0].with_name(f"{generation.id}{taken[0].suffix}")
    else:
        path = taken[0].with_name(f"{taken[0].stem}-{len(taken) + 1}{taken[0].suffix}")
    await Remember({"package_id": package_id, "file": str(path), "sha256": None, "stage": "package"})
    return path, None


async def _remember_package(generation: Generation, package_id: UUID, there: delivery.Delivered) -> None:
    """Add a package to a fan-out's; any other run's record has fields for its only one."""
    record = await current_record()
    if _is_fan_out(record):
        item = {
            "generation_id": str(generation.id),
            "package_id": str(package_id),
            "file": str(there.path),
            "sha256": there.sha256,
            "size_bytes": there.size_bytes,
        }
        packages = {known["generation_id"]: known for known in record.packages}
        await Remember({"packages": tuple({**packages, item["generation_id"]: item}.values())})
