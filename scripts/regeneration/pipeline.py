"""All steps in their order: pull → align → compare → generate → inspect → hold the flows against it → swap."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from regeneration.alignment import Aligned, align
from regeneration.documents import load_documented, parse_document
from regeneration.drift import keep_last_comparison, obstacles, report_on
from regeneration.flowcheck import FlowsDoNotFit, hold_flows_against
from regeneration.generation import check_tools, generate_client
from regeneration.graph import path_order
from regeneration.inspecting import inspect_client
from regeneration.limits import Deadline, bounded_memory
from regeneration.locking import NamesLock
from regeneration.pointers import JsonObject
from regeneration.project import PACKAGE, Project
from regeneration.pulling import Pulled, pull
from regeneration.rendering import to_json
from regeneration.reporting import Report
from regeneration.stops import Stop
from regeneration.swapping import swap, workshop

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run is asked for."""

    pull: bool = False
    source: str | None = None
    check: bool = False
    """Only say whether the committed files are what regeneration gives."""
    strict: bool = False
    """An operation of the document that can't be generated stops the run."""
    flows: bool = True
    """Hold ``specstep_flows`` against the new client."""
    report: Path | None = None
    """A folder that gets the drift report even when the run stops."""


@dataclass(slots=True)
class Outcome:
    """What a run did."""

    changed: list[str] = field(default_factory=list)
    """Files and folders that changed, or would change when only checked."""
    report: Report = field(default_factory=Report)


def regenerate(project: Project, wish: Wish, say: Say, now: datetime | None = None) -> Outcome:
    """Regenerate the client of a checkout.

    Raises:
        Stop: something stands in the way; the working tree is as it was.
    """
    check_tools(project.pyproject)
    with workshop(project) as scratch:
        fresh = _pull(wish, say) if wish.pull else None
        deadline = Deadline()
        with bounded_memory():
            work = _align(project, fresh)
            say(f"aligned {len(work.aligned.contract.operations)} operations")
            report = report_on(work.aligned, work.documented, work.pulled, work.committed)
        keep_last_comparison(report, project.drift_data)
        _tell(report, wish, say)
        _stop_for(report, wish)
        say(f"generating {len(work.aligned.document['components']['schemas'])} classes")
        staged = _stage(project, scratch, work, report, deadline)
        say("generated and inspected the client")
        if fresh is not None and fresh.content != work.committed:
            staged |= _pulled_files(project, scratch, fresh, now or datetime.now(UTC))
        changed = {target: new for target, new in staged.items() if not same(target, new)}
        if project.client in changed and wish.flows and not wish.check:
            say("holding the flows against the new client")
            _hold_flows(project, scratch, work, report, wish)
        if not wish.check:
            swap(project, changed)
        return Outcome([project.relative(target) for target in changed], report)


def _hold_flows(project: Project, scratch: Path, work: _Work, report: Report, wish: Wish) -> None:
    try:
        hold_flows_against(project, scratch / "generated", work.aligned.document, report.stable_layer)
    except FlowsDoNotFit as misfit:
        report.stable_layer = [*misfit.changes, *report.stable_layer]
        _write(report, wish)
        raise


@dataclass(slots=True)
class _Work:
    aligned: Aligned
    documented: JsonObject
    pulled: bytes | None
    committed: bytes | None


def _pull(wish: Wish, say: Say) -> Pulled:
    pulled = pull(wish.source, os.environ.get("SPECSTEP_API_URL"), os.environ.get("SPECSTEP_API_KEY"))
    say(f"pulled {len(pulled.content):,} bytes from {pulled.source}")
    return pulled


def _align(project: Project, fresh: Pulled | None) -> _Work:
    lock = NamesLock.parse(project.lock.read_text(encoding="utf-8")) if project.lock.exists() else NamesLock()
    committed = project.pulled.read_bytes() if project.pulled.exists() else None
    content = fresh.content if fresh is not None else committed
    origin = fresh.source if fresh is not None else project.relative(project.pulled)
    pulled = parse_document(content, origin) if content is not None else None
    documented = load_documented(project.documented)
    aligned = align(documented, pulled, lock)
    _stop_for_another_api(aligned)
    return _Work(aligned, documented, content, committed)


def _stop_for_another_api(aligned: Aligned) -> None:
    """One sentence in place of one for each operation."""
    if aligned.pulled is None or aligned.pulled.operations.keys() & aligned.documented.operations.keys():
        return
    first = min(aligned.pulled.operations.values(), key=path_order, default=None)
    has = f"it has {first.title}" if first is not None else "it has none at all"
    raise Stop(
        f"Not one of the {len(aligned.documented.operations)} documented operations is in the pulled document; {has}. It is "
        "that of another API, or its paths begin elsewhere than those in openapi/documented.yaml."
    )


def _tell(report: Report, wish: Wish, say: Say) -> None:
    for line in report.terminal():
        say(line)
    _write(report, wish)


def _write(report: Report, wish: Wish) -> None:
    if wish.report is not None:
        wish.report.mkdir(parents=True, exist_ok=True)
        (wish.report / "drift.md").write_text(report.page(), encoding="utf-8")
        (wish.report / "drift.json").write_text(report.data(), encoding="utf-8")


def _stop_for(report: Report, wish: Wish) -> None:
    sentences = obstacles(report)
    if wish.strict:
        sentences += [f"{name} can't be generated: {reason}." for name, reason in report.not_generated.items()]
    if sentences:
        raise Stop(sentences)


def _stage(project: Project, scratch: Path, work: _Work, report: Report, deadline: Deadline) -> dict[Path, Path | None]:
    staged: dict[Path, Path | None] = {}
    for target, text in (
        (project.aligned, to_json(work.aligned.document)),
        (project.lock, work.aligned.lock.render()),
        (project.drift_page, report.page()),
        (project.drift_data, report.data()),
    ):
        (scratch / target.name).write_text(text, encoding="utf-8")
        staged[target] = scratch / target.name
    client = scratch / "generated" / PACKAGE
    client.parent.mkdir()
    generate_client(scratch / project.aligned.name, project.settings, project.templates, client, deadline)
    for cache in client.rglob("__pycache__"):
        shutil.rmtree(cache)
    inspect_client(client, work.aligned.document, deadline)
    return {**staged, project.client: client}


def _pulled_files(project: Project, scratch: Path, fresh: Pulled, now: datetime) -> dict[Path, Path | None]:
    (scratch / project.pulled.name).write_bytes(fresh.content)
    (scratch / project.provenance.name).write_text(fresh.provenance(now), encoding="utf-8")
    return {path: scratch / path.name for path in (project.pulled, project.provenance)}


def same(target: Path, new: Path | None) -> bool:
    """Whether a file or folder is what would take its place; what interpreters leave in folders doesn't count."""
    if new is None or not target.exists():
        return new is None and not target.exists()
    if new.is_file():
        return target.is_file() and target.read_bytes() == new.read_bytes()
    ours, theirs = _files(target), _files(new)
    return ours.keys() == theirs.keys() and all(ours[name].read_bytes() == theirs[name].read_bytes() for name in ours)


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
