"""State folders that released versions left behind: this one opens them, carries their runs on, and reports them.

``scripts/record_store.py`` made each with its version's own code. The service of that time is a sandbox that
was brought to the same point, under the same ids.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from recording.stores import API, HOME, STORIES, TurnedClock, carried_out, replace_texts

from specstep_flows import ProposedDefaults, RunRecord, RunStore, SpecStep, __version__, errors
from specstep_flows.report.collect import collect
from specstep_flows.report.page import page
from specstep_flows.runs.deliveries import DeliveryLog
from specstep_flows.sandbox import ManualClock, Sandbox

STORES = Path(__file__).with_name("stores")
#: What resuming a run raises that did not end well; every other one is finished.
ENDS = {"failed": errors.GenerationFailed, "cancelled": errors.BudgetExceeded}
VERSIONS = sorted(folder.name for folder in STORES.iterdir())


def moved(version: str, target: Path, instead: dict[str, str]) -> Path:
    """A copy of what a version left, at another service and in another home."""
    shutil.copytree(STORES / version, target)
    for database in target.glob("*.db"):
        database.chmod(0o600)
        replace_texts(database, instead)
    return target


def renamed(value: Any, names: dict[str, str]) -> Any:
    """What the sandbox remembers, with ids of another one in place of its own."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        content = [(renamed(key, names), renamed(item, names)) for key, item in value.items()]
        value.clear()
        value.update(content)
    elif isinstance(value, list):
        value[:] = [renamed(item, names) for item in value]
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            before = getattr(value, field.name)
            if (after := renamed(before, names)) is not before:
                setattr(value, field.name, after)
    return value


def ids_of(record: RunRecord) -> Iterator[UUID | None]:
    yield from (record.interview_id, record.intake_artifact_id, record.package_id)
    yield from record.generation_ids


def as_it_was(sandbox: Sandbox, now: RunRecord, then: RunRecord) -> None:
    """Give what the service has of a run the ids that it had at that time."""
    names = {str(new): str(old) for new, old in zip(ids_of(now), ids_of(then), strict=True) if new and old}
    world = sandbox.state
    with world.lock:
        for kind in ("interviews", "jobs", "artifacts", "generations", "packages", "open_generations", "open_jobs"):
            renamed(getattr(world, kind), names)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_run_is_there_as_it_was_left(version: str, tmp_path: Path) -> None:
    """Each is listed where it was, what belongs to it is readable, and its report can be made without the service."""
    told = json.loads((STORES / version / "made_by.json").read_text("utf-8"))
    store = RunStore(moved(version, tmp_path / "state", {}))

    records = {record.run_id: record for record in store.all()}
    pages = {name: page(collect(record)) for name, record in records.items()}

    assert {name: record.stage for name, record in records.items()} == told["stages"]
    assert told["version"] == version
    assert records["finished"].answers
    assert records["unsettled"].kickoff_intent is not None
    assert records["running"].options.remember == {"ticket": "OPS-7"}
    assert len(records["research"].packages) > 1
    assert all(name in text for name, text in pages.items())
    assert [delivery.generation_id for delivery in DeliveryLog(tmp_path / "state").all()] == [
        records["question"].generation_id
    ]
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("run_id", STORIES)
def test_a_run_that_an_older_version_left_is_carried_on(run_id: str, version: str, tmp_path: Path) -> None:
    """It ends as it would have then, with the one generation that was paid for."""
    home = tmp_path / "home"
    with carried_out(run_id, tmp_path / "scratch", home, seed=99) as (scratch, sandbox):
        state = moved(version, tmp_path / "state", {API: sandbox.url, HOME: str(home)})
        assert isinstance(sandbox.clock, ManualClock)
        clock = TurnedClock(sandbox.clock)
        with SpecStep(settings=attrs.evolve(scratch.settings, state=state), clock=clock) as specstep:
            then = specstep.store.get(run_id)
            as_it_was(sandbox, scratch.store.get(run_id), then)

            with pytest.raises(ENDS[run_id]) if run_id in ENDS else contextlib.nullcontext():
                result = specstep.resume(run_id, on_question=ProposedDefaults(), respondent=lambda *_: None)
                assert result.path.is_file()
                assert specstep.store.get(run_id).is_finished
            assert len([one for one in sandbox.state.generations.values() if one.parent_id is None]) == 1
            if then.generation_id is not None:
                assert specstep.store.get(run_id).generation_id == then.generation_id
            if run_id == "finished":
                # Drafted and paid for then: shown now.
                package = specstep.get_package_of(specstep.store.get(run_id).generation_id or "")
                specstep.add_addendum(package.id, "Export", "Shops export everything as CSV.")
                assert len(sandbox.state.records.get("addenda", {})) <= 1


def test_this_version_is_among_them() -> None:
    """A release keeps the store that it makes."""
    assert __version__ in VERSIONS
