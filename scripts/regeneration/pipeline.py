"""All steps in their order: pull → align → compare → generate → inspect → check the flows → swap."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from attrs import define, field, frozen

from regeneration import kept
from regeneration.align import Aligned, align
from regeneration.assumptions import assumptions_of
from regeneration.changes import Uses
from regeneration.compare import compare_operations, moved_operations
from regeneration.contact_facts import contact_facts
from regeneration.document import JsonObject, load_documented, parse_document
from regeneration.emit import to_json
from regeneration.errors import RegenerationError
from regeneration.flows_check import FlowsDoNotFit, check_flows
from regeneration.generator import check_tools, generate_client, inspect_client
from regeneration.groups import TERMINAL, grouped
from regeneration.ledger import ledger, ledger_page, read_ledger, with_counts
from regeneration.names import NamesLock
from regeneration.operations_table import write_operations_table
from regeneration.project import PACKAGE, Project
from regeneration.pull import Pulled, pull
from regeneration.report import Report, keep_last_comparison, not_generated_before, report_on
from regeneration.shapes import path_order
from regeneration.stages import Stages
from regeneration.swap import staging, swap
from regeneration.type_check import TypeCheck

Say = Callable[[str], None]


@frozen
class Options:
    """What a run is asked for."""

    pull: bool = False
    source: str | None = None
    #: Only say whether the committed files are what regeneration gives.
    check: bool = False
    #: An operation of the document that can't be generated stops the run, unless the committed report names it.
    strict: bool = False
    #: Check ``specstep_flows`` against the new client.
    flows: bool = True
    #: A folder that gets the drift report even when the run stops.
    report: Path | None = None


@define
class Outcome:
    """What a run did."""

    #: Files and folders that changed, or would change when only checked.
    changed: list[str] = field(factory=list)
    report: Report = field(factory=Report)


def regenerate(project: Project, options: Options, say: Say, now: datetime | None = None) -> Outcome:
    """Regenerate the client of a checkout.

    Raises:
        RegenerationError: it cannot go on; the working tree is as it was.
    """
    check_tools(project.pyproject)
    stages = Stages()
    with (
        stages.said(say),
        staging(project) as scratch,
        TypeCheck(project, scratch / "generated", stages) as types,
    ):
        if options.flows and not options.check:
            types.begin()
        with stages.at("pull"):
            fresh = _pull(options, say) if options.pull else None
        with stages.at("align"):
            work = _align(project, fresh)
            say(f"aligned {len(work.aligned.contract.operations)} operations")
            report = report_on(work.aligned, work.pulled, work.committed, work.before)
            keep_last_comparison(report, project.drift_data)
        try:
            _stop_for(report, options, not_generated_before(project.drift_data))
            staged = _texts(project, scratch, work, report)
            if fresh is not None and fresh.content != work.committed:
                staged |= _pulled_files(project, scratch, fresh, now or datetime.now(UTC))
            client = _client(project, scratch, work.aligned.document, say, stages)
            staged[project.client] = client.path
            changed = {target: new for target, new in staged.items() if not same(target, new)}
            if project.client in changed and options.flows and not options.check:
                say("checking the flows against the new client")
                check_flows(project, scratch / "generated", work.aligned.document, client.inspect, types, stages)
            else:
                client.inspect()
        except RegenerationError as error:
            report.misfits = error.sentences if isinstance(error, FlowsDoNotFit) else []
            error.counts = report.counts()
            raise
        finally:
            _write(report, options)
        if not options.check:
            with stages.at("swap"):
                swap(project, changed)
            for line in report.terminal():
                say(line)
        return Outcome([project.relative(target) for target in changed], report)


@define
class _Work:
    aligned: Aligned
    documented: JsonObject
    pulled: bytes | None
    committed: bytes | None
    #: The aligned document that the committed client was made of.
    before: JsonObject | None


def _pull(options: Options, say: Say) -> Pulled:
    pulled = pull(options.source, os.environ.get("SPECSTEP_API_URL"), os.environ.get("SPECSTEP_API_KEY"))
    say(f"pulled {len(pulled.content):,} bytes from {pulled.source}")
    return pulled


def _align(project: Project, fresh: Pulled | None) -> _Work:
    lock = NamesLock.parse(project.lock.read_text(encoding="utf-8")) if project.lock.exists() else NamesLock()
    committed = project.pulled.read_bytes() if project.pulled.exists() else None
    content = fresh.content if fresh is not None else committed
    origin = fresh.source if fresh is not None else project.relative(project.pulled)
    pulled = parse_document(content, origin) if content is not None else None
    documented = load_documented(project.documented)
    before = _committed_client(project)
    aligned = align(documented, pulled, lock, before)
    _stop_for_another_api(aligned)
    return _Work(aligned, documented, content, committed, before)


def _committed_client(project: Project) -> JsonObject | None:
    """The aligned document that the committed client was made of; None where it is gone or damaged."""
    try:
        before = json.loads(project.aligned.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return before if isinstance(before, dict) and {"paths", "components"} <= before.keys() else None


def _stop_for_another_api(aligned: Aligned) -> None:
    """One sentence in place of one for each operation."""
    if aligned.pulled is None or aligned.pulled.operations.keys() & aligned.documented.operations.keys():
        return
    first = min(aligned.pulled.operations.values(), key=path_order, default=None)
    has = f"it has {first.title}" if first is not None else "it has none at all"
    moved = moved_operations(aligned.pulled, aligned.documented, {})
    changes = compare_operations(aligned.pulled, aligned.documented, Uses(aligned.documented), {}, moved)
    causes = [f"It looks like that: {group.line(TERMINAL)}." for group in grouped(list(changes)) if group.cause]
    raise RegenerationError(
        f"None of the {len(aligned.documented.operations)} documented operations is in the pulled document; {has}. "
        "It is that of another API, or its paths begin elsewhere than those in openapi/documented.yaml. "
        + " ".join(causes[:1])
    )


def _write(report: Report, options: Options) -> None:
    if options.report is not None:
        options.report.mkdir(parents=True, exist_ok=True)
        (options.report / "drift.md").write_text(report.page(), encoding="utf-8")
        (options.report / "drift.json").write_text(report.data(), encoding="utf-8")


def _stop_for(report: Report, options: Options, accepted: Collection[str]) -> None:
    """Stop for what the flows miss; strictly also for what cannot be generated and nobody has accepted so far."""
    sentences = report.refusal()
    if options.strict:
        lost: dict[str, list[str]] = defaultdict(list)
        for name, reason in report.not_generated.items():
            if name not in accepted:
                lost[reason].append(name)
        sentences += [f"{TERMINAL.listed(names)} can't be generated: {reason}." for reason, names in lost.items()]
    if sentences:
        raise RegenerationError(sentences)


def _texts(project: Project, scratch: Path, work: _Work, report: Report) -> dict[Path, Path | None]:
    staged: dict[Path, Path | None] = {}
    assumed, known = assumptions_of(work.documented), read_ledger(project.ledger)
    texts = {
        project.aligned: to_json(work.aligned.document),
        project.lock: work.aligned.lock.render(),
        project.drift_page: report.page(),
        project.drift_data: report.data(),
        project.ledger: ledger(assumed, known),
        project.ledger_page: ledger_page(assumed, known),
    }
    if project.readme.is_file():
        texts[project.readme] = with_counts(project.readme.read_text(encoding="utf-8"), assumed, known)
    if project.contact_facts.parent.is_dir():
        texts[project.contact_facts] = contact_facts(work.documented)
    for target, text in texts.items():
        (scratch / target.name).write_text(text, encoding="utf-8")
        staged[target] = scratch / target.name
    if project.operations_table.parent.is_dir():
        staged[project.operations_table] = scratch / project.operations_table.name
        write_operations_table(work.documented, scratch / project.operations_table.name)
    return staged


@frozen
class _Client:
    """A package that is made, and what has to be done before anything of it is imported."""

    path: Path
    inspect: Callable[[], None]


def _client(project: Project, scratch: Path, aligned: JsonObject, say: Say, stages: Stages) -> _Client:
    """Generate the package, or take the one that was made of the same before; that one is inspected already."""
    client = scratch / "generated" / PACKAGE
    client.parent.mkdir()
    inputs = scratch / project.aligned.name, project.settings, project.templates
    with stages.at("generate"):
        digest = kept.client_digest(*inputs)
        if kept.take("client", digest, client):
            say("taken from an earlier pull of the same document")
            return _Client(client, lambda: None)
        say(f"generating {len(aligned['components']['schemas'])} classes")
        generate_client(*inputs, client)
        say("generated the client")

    def inspect() -> None:
        with stages.at("inspect"):
            inspect_client(client, aligned)
            kept.keep("client", digest, client)

    return _Client(client, inspect)


def _pulled_files(project: Project, scratch: Path, fresh: Pulled, now: datetime) -> dict[Path, Path | None]:
    (scratch / project.pulled.name).write_bytes(fresh.content)
    (scratch / project.provenance.name).write_text(fresh.provenance(now), encoding="utf-8")
    return {path: scratch / path.name for path in (project.pulled, project.provenance)}


def same(target: Path, new: Path | None) -> bool:
    """Whether a file or folder is what would take its place; what interpreters leave in folders does not count."""
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
