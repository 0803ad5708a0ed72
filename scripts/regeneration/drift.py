"""From an alignment to a drift report, and to the sentences that stop a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from regeneration.alignment import Aligned, align
from regeneration.changes import Change, Uses
from regeneration.comparing import compare, compare_pulls
from regeneration.contract import read_contract
from regeneration.documents import parse_document
from regeneration.locking import NamesLock
from regeneration.pointers import JsonObject
from regeneration.reporting import Report
from regeneration.stops import Notes, Stop
from regeneration.surface import compare_surfaces


def report_on(aligned: Aligned, documented: JsonObject, pulled: bytes | None, committed: bytes | None) -> Report:
    """Compare what there is to compare.

    Args:
        aligned: the alignment of the documented and the pulled document.
        documented: the documented document.
        pulled: the pulled document, verbatim.
        committed: the document that was pulled before, verbatim; it may be the same.
    """
    report = Report(notes=aligned.notes.lines, not_generated=aligned.notes.lost_operations)
    if pulled is None or aligned.pulled is None:
        return report
    uses = Uses(aligned.documented)
    report.pulled_sha256 = sha256(pulled)
    report.documented_to_pulled = compare(aligned.pulled, aligned.documented, uses, lost=aligned.notes.lost_keys)
    if committed is not None and committed != pulled:
        report.previous_sha256 = sha256(committed)
        try:
            before = read_contract(parse_document(committed, "openapi/pulled.json"), Notes(), known=aligned.documented)
            changes = compare_pulls(aligned.pulled, before, aligned.documented, uses)
            report.last_to_pulled = _judged_alike(changes, report.documented_to_pulled)
        except Stop as damaged:
            report.notes.append(f"The document that was pulled before could not be compared: {damaged}")
    own = align(documented, None, NamesLock()).document
    report.stable_layer = compare_surfaces(aligned.document, own, aligned.documented)
    return report


def _judged_alike(changes: list[Change], documented: list[Change]) -> list[Change]:
    """Changes since the last pull; only what the flows miss of the documented contract breaks them."""
    breaking = {(change.operation, change.place) for change in documented if change.severity == "flows"}
    return [
        replace(change, severity="client")
        if change.severity == "flows" and (change.operation, change.place) not in breaking
        else change
        for change in changes
    ]


def keep_last_comparison(report: Report, committed: Path) -> None:
    """Keep what the committed report says of the pull before this document, when this document is the committed one."""
    if report.previous_sha256 is not None or not committed.exists():
        return
    try:
        before = json.loads(committed.read_text(encoding="utf-8"))
        if before["pulled_sha256"] == report.pulled_sha256:
            report.previous_sha256 = before["previous_sha256"]
            report.last_to_pulled = [
                Change(**{**entry, "touches": tuple(entry["touches"])}) for entry in before["last_to_pulled"]
            ]
    except (ValueError, KeyError, TypeError) as error:
        raise Stop("openapi/drift.json can't be read; restore it from git, or delete it.") from error


def obstacles(report: Report) -> list[str]:
    """What the flows can't do without: one sentence for each thing that the pulled document took away."""
    return [_sentence(change) for change in report.documented_to_pulled if change.severity == "flows"]


def _sentence(change: Change) -> str:
    users = ", ".join(change.touches)
    where = f"{change.operation}: {change.place}" if change.place else change.operation
    hint = f"; {change.detail}" if change.detail else ""
    match change.what:
        case "operation gone":
            return f"{where} is not in the pulled document, and it is used by {users}."
        case "operation moved":
            return f"{where} is not in the pulled document any more{hint}. It is used by {users}."
        case "operation not generated":
            return f"{where} is in the pulled document, but can't be generated: {change.detail}. It is used by {users}."
        case "parameter gone":
            return f"{where} is gone, and {users} need it."
        case "field gone":
            return f"{where} is gone, and {users} steer by it{hint}."
        case "type changed" | "type widened":
            return f"{where} changed its type{hint}, and {users} steer by it."
        case "values gone":
            return f"{where} lost values that flows may wait for{hint}; {users} steer by it."
        case "field new":
            return f"{where} is new and required{hint}; {users} don't send it."
        case "parameter new":
            return f"{where} is new and required; {users} don't send it."
        case "answer sent otherwise":
            return f"{where} is sent otherwise{hint}, and {users} steer by what is in it."
        case "body sent otherwise":
            return f"{where} has to be sent otherwise{hint}; {users} send it."
        case _:
            return f"{where}: {change.what}{hint}; used by {users}."


def sha256(content: bytes) -> str:
    """The checksum that provenance and reports name a document by."""
    return hashlib.sha256(content).hexdigest()
