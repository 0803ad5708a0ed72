"""A fan-out profile (Researcher): one kickoff, several generations, watched together and all brought home.

The pages say that one kickoff spawns three children, and nothing about how they hang together. Assumed here: they, and
the parent if there is one, are the generations of the run's interview; a parent has no package of its own and its cost
is the sum of its children's; a question is asked by a child and answered there; a child cannot be retried by itself
(walkthrough, step 5.5).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Fetch, Now, Observe, Remember, Report, Sleep
from specstep_flows.flows import control, delivery, watch
from specstep_flows.flows.clarifications import Desk, answers_in
from specstep_flows.flows.history import sampled
from specstep_flows.flows.job import Job, current_record
from specstep_flows.flows.pace import Pace, once_known
from specstep_flows.models import RunResult
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

__all__ = ["generations_of", "see_home"]

#: A child may be listed late: the interview's generations are listed anew this often.
FAMILY_SECONDS: Final = 60.0


@attrs.define
class _Member:
    """One generation of the family."""

    desk: Desk
    #: Seconds until the next look. They are counted by our own waits, for a machine's clock may be set meanwhile.
    wait: float = 0.0
    last: Generation | None = None
    pace: Pace = attrs.field(factory=Pace)

    @property
    def id(self) -> UUID:
        return self.desk.generation_id

    @property
    def is_over(self) -> bool:
        return self.last is not None and (self.last.is_terminal or self.last.is_paused)

    @property
    def is_parent(self) -> bool:
        return self.last is not None and is_fan_out(self.last.review_profile)


@attrs.define
class _Family:
    """All generations of one kickoff, the one that its answer named first."""

    job: Job
    interview_id: UUID | None
    members: dict[UUID, _Member] = attrs.field(factory=dict)
    #: Seconds since the interview's generations were listed.
    unlisted: float = 0.0
    unread_told: bool = False

    async def join(self) -> bool:
        """Look for generations that are not known yet; whether there were any."""
        self.unlisted = 0.0
        record = await current_record()
        found = await _listed(record, self.interview_id)
        new = [identifier for identifier in found if identifier not in self.members]
        for identifier in new:
            desk = Desk(identifier, self.job.policy, self.job.settle_seconds, record.answering)
            self.members[identifier] = _Member(desk)
        if new:
            await Remember({"generation_ids": tuple(self.members)})
        return bool(new)

    async def look(self, member: _Member) -> None:
        """One look at one generation: tell it, record it, hold the budget, answer its questions."""
        generation = await once_known(lambda: Observe(member.id, member.last))
        now = await Now()
        member.last, member.wait = generation, member.pace.next_wait(generation, now)
        await Report(events.GenerationProgress(generation, None if member.is_over else member.wait))
        await self._record(generation, now)
        await self._hold_budget()
        if generation.needs_answers:
            await member.desk.look(generation.running_cost_usd)
        else:
            await member.desk.left()

    async def rest(self) -> None:
        """Wait until the next look is due."""
        wait = min((member.wait for member in self.members.values() if not member.is_over), default=0.0)
        await Sleep(max(0.0, wait))
        self.unlisted += wait
        for member in self.members.values():
            member.wait -= wait

    async def _record(self, generation: Generation, now: float) -> None:
        record = await current_record()
        changes: dict[str, Any] = {"cost_usd": self.spent_usd}
        if generation.id == record.generation_id:
            changes["generation_state"] = generation.state
            changes["history"] = sampled(record.history, generation, now)
        if generation.project_name:
            changes["project_name"] = generation.project_name
        if any(getattr(record, name) != value for name, value in changes.items()):
            await Remember(changes)

    @property
    def spent_usd(self) -> float | None:
        """What all have cost together; a parent's cost is that of its children."""
        costs = [(member.is_parent, member.last.running_cost_usd) for member in self.members.values() if member.last]
        children = [cost for is_parent, cost in costs if not is_parent and cost is not None]
        parents = [cost for is_parent, cost in costs if is_parent and cost is not None]
        return max([sum(children), *parents]) if children or parents else None

    async def _hold_budget(self) -> None:
        limit, spent = self.job.options.max_cost_usd, self.spent_usd
        if limit is None:
            return
        if spent is None and not self.unread_told:
            self.unread_told = True
            await Report(events.Notice("The cost cannot be read, so the limit cannot be held."))
        if spent is None or spent <= limit or all(member.is_over for member in self.members.values()):
            return
        for member in self.members.values():
            if not member.is_over:
                reason = f"The limit of ${limit:.2f} set by the user was passed (${spent:.2f} spent)."
                try:
                    await control.cancel_generation(member.id, reason)
                except errors.Conflict:
                    # It ended by itself, or with its parent.
                    continue
        raise errors.BudgetExceeded(
            f"${spent:.2f} was spent by the run's generations together, more than the ${limit:.2f} that you allowed, so "
            "they were cancelled.",
            limit_usd=limit,
            spent_usd=spent,
        )


async def _listed(record: RunRecord, interview_id: UUID | None) -> list[UUID]:
    """The run's generation, and all others of its interview, the oldest first."""
    found = [record.generation_id] if record.generation_id is not None else []
    if interview_id is not None:
        rows = await gateway.list_generations()
        found += [row.id for row in reversed(rows) if row.interview_id == interview_id]
    return list(dict.fromkeys(found))


async def generations_of(record: RunRecord) -> list[UUID]:
    """The generations that are the run's now: its own, or all that its kickoff started."""
    assert record.generation_id is not None
    if not is_fan_out(record.options.profile):
        return [record.generation_id]
    interview_id = record.interview_id or (await control.interview_of(record.generation_id))
    return await _listed(record, interview_id)


async def see_home(job: Job) -> RunResult:
    """Watch every generation of the run's interview to its end, and bring all their packages home.

    One that fails takes no other with it: what is complete is brought home, and the rest is told.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused: when not one of them is complete, or one is paused.
    """
    record = await current_record()
    assert record.generation_id is not None
    interview_id = record.interview_id or (await control.interview_of(record.generation_id))
    family = _Family(job, interview_id)
    await family.join()
    while True:
        for member in list(family.members.values()):
            if not member.is_over and member.wait <= 0.0:
                await family.look(member)
        is_over = all(member.is_over for member in family.members.values())
        if is_over or family.unlisted >= FAMILY_SECONDS:
            is_new = await family.join()
            if is_over and not is_new:
                break
        await family.rest()
    return await _bring_home(job, [member.last for member in family.members.values() if member.last is not None])


async def _bring_home(job: Job, family: list[Generation]) -> RunResult:
    for generation in family:
        if generation.is_paused:
            watch.raise_for_end(generation)
    complete = [generation for generation in family if generation.is_complete]
    for generation in family:
        if not complete:
            watch.raise_for_end(generation)
        if not generation.is_complete:
            why = f" ({generation.failure_category}: {generation.failure_reason})" if generation.is_failed else ""
            await Report(
                events.Notice(
                    f"Generation {generation.id} is {generation.state}{why}; it cannot be retried by itself. The "
                    "others are brought home."
                )
            )
    record = await current_record()
    earlier = {item["generation_id"]: item for item in record.packages}
    brought: list[Mapping[str, Any]] = []
    for generation in complete:
        package_id = await _package_of(generation)
        if package_id is not None:
            brought.append(await _fetch(job, generation, package_id, brought, earlier.get(str(generation.id))))
            kept = {**earlier, **{item["generation_id"]: item for item in brought}}
            await Remember({"packages": tuple(kept.values()), "stage": "package"})
    if not brought:
        raise errors.PackageError("The generations are complete, and not one of them has a package.")
    return await _result(job, brought)


async def _package_of(generation: Generation) -> UUID | None:
    """The package; a parent need not have one."""
    if not is_fan_out(generation.review_profile):
        return await delivery.find_package(generation)
    try:
        return generation.package_id or (await gateway.get_generation_package(generation.id)).id
    except errors.NotFound:
        return None


async def _fetch(
    job: Job,
    generation: Generation,
    package_id: UUID,
    brought: list[Mapping[str, Any]],
    known: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """One package on disk under its own name, or the one that an earlier attempt brought."""
    files = job.files
    record = await current_record()
    expected = record.sha256
    if known is not None:
        path, expected = Path(known["file"]), known["sha256"]
    elif record.file is not None and record.package_id == package_id:
        # An earlier process ended over this one.
        path = Path(record.file)
    else:
        path = await _name(job, generation, brought)
        await Remember({"package_id": package_id, "file": str(path), "sha256": None})
        expected = None
    digest = await Fetch(lambda _: files.digest(path))
    if digest is None or digest != expected:
        digest = await delivery.fetch_package(package_id, path, files)
    else:
        await Fetch(lambda _: files.tidy(delivery.part_of(path)))
    size = await Fetch(lambda _: files.size(path))
    await Report(events.PackageSaved(path, size, digest))
    return {
        "generation_id": str(generation.id),
        "package_id": str(package_id),
        "file": str(path),
        "sha256": digest,
        "size_bytes": size,
    }


async def _name(job: Job, generation: Generation, brought: list[Mapping[str, Any]]) -> Path:
    """The first has the name that a run's package has; the others stand beside it, by id or by number."""
    if not brought:
        record = await current_record()
        chosen: Path = await Fetch(lambda _: job.files.choose(record, generation.id))
        return chosen
    first = Path(brought[0]["file"])
    if first.stem == brought[0]["generation_id"]:
        return first.with_name(f"{generation.id}{first.suffix}")
    return first.with_name(f"{first.stem}-{len(brought) + 1}{first.suffix}")


async def _result(job: Job, brought: list[Mapping[str, Any]]) -> RunResult:
    first = brought[0]
    paths = [Path(item["file"]) for item in brought]
    unpacked: Path | None = None
    record = await current_record()
    if job.options.unpack and record.unpacked_to is None:
        for path in reversed(paths):
            folder, count = await Fetch(lambda _, path=path: job.files.unpack(path))  # type: ignore[misc]
            unpacked = folder
            await Report(events.Unpacked(folder, count))
        await Remember({"unpacked_to": str(unpacked)})
    await Remember(
        {
            "package_id": UUID(first["package_id"]),
            "file": first["file"],
            "sha256": first["sha256"],
            "size_bytes": first["size_bytes"],
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
        package_id=UUID(first["package_id"]),
        path=paths[0],
        sha256=first["sha256"],
        size_bytes=first["size_bytes"],
        unpacked_to=Path(record.unpacked_to) if record.unpacked_to else None,
        cost_usd=record.cost_usd,
        answers=answers_in(record),
        project_name=record.project_name,
        further_paths=tuple(paths[1:]),
    )
