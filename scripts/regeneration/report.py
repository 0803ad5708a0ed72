"""The drift report: what changed, for the terminal, as a page and as data."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from regeneration.align import Aligned
from regeneration.changes import MEANING, Change, ChangeKind, Severity, Uses
from regeneration.compare import compare, compare_pulls
from regeneration.document import JsonObject, parse_document
from regeneration.errors import Notes, RegenerationError
from regeneration.reader import read_contract
from regeneration.renames import renamed_classes

#: Lines of one comparison on the terminal.
MOST_LINES: Final = 40
#: Of these, lines about what breaks nothing.
MOST_ADDITIVE: Final = 12
#: Operations that one line on the terminal names before it counts the rest; the page names all of them.
MOST_OPERATIONS: Final = 3

_ERROR: Final = re.compile(r"^[45][0-9X]{2}\b")
_LENIENT: Final = (ChangeKind.FIELD_NOW_REQUIRED, ChangeKind.FIELD_NO_LONGER_REQUIRED)


@define
class Report:
    """Everything that a run found."""

    pulled_sha256: str | None = None
    #: The document that was pulled before this one; None when there was none.
    previous_sha256: str | None = None
    documented_to_pulled: list[Change] = field(factory=list)
    last_to_pulled: list[Change] = field(factory=list)
    #: What the check of the flows says against the new client.
    misfits: list[str] = field(factory=list)
    not_generated: dict[str, str] = field(factory=dict)
    notes: list[str] = field(factory=list)

    @property
    def comparisons(self) -> list[tuple[str, str, list[Change]]]:
        """Title, key and changes of each comparison."""
        return [
            ("From the documented contract to the pulled document", "documented_to_pulled", self.documented_to_pulled),
            ("From the document pulled before to this one", "last_to_pulled", self.last_to_pulled),
        ]

    def data(self) -> str:
        """``drift.json``."""
        parts: dict[str, object] = {
            "schema_version": 2,
            "pulled_sha256": self.pulled_sha256,
            "previous_sha256": self.previous_sha256,
        }
        for _, key, changes in self.comparisons:
            parts[key] = [change.as_data() for change in changes]
        parts |= {"misfits": self.misfits, "not_generated": self.not_generated, "notes": self.notes}
        return json.dumps(parts, indent=1, ensure_ascii=True) + "\n"

    def page(self) -> str:
        """``drift.md``."""
        lines = ["# API drift", ""]
        if self.pulled_sha256 is None:
            return "\n".join([*lines, "No document was pulled yet: the client is the documented contract's.", ""])
        lines += [f"Of the pulled document with SHA-256 `{self.pulled_sha256}`; `drift.json` has all of it.", ""]
        lines += _summary(self.comparisons)
        for title, _, changes in self.comparisons:
            lines += [f"## {title}", ""]
            lines += _sections(changes) or ["Nothing.", ""]
        if self.misfits:
            lines += ["## Breaking for the flows: they do not fit the new client", ""]
            lines += [*(f"- {_safe(sentence)}" for sentence in self.misfits), ""]
        if self.not_generated:
            lines += ["## Operations that are not generated", ""]
            lines += [f"- {_code(name)}: {_safe(reason)}" for name, reason in self.not_generated.items()] + [""]
        if self.notes:
            lines += ["## Read differently than written", "", *(f"- {_safe(note)}" for note in self.notes), ""]
        return "\n".join(lines)

    def terminal(self) -> list[str]:
        """The lines for the terminal: the worst first, and not more than a person reads."""
        lines: list[str] = []
        for title, _, changes in self.comparisons:
            if not changes:
                continue
            lines.append(f"{title}:")
            grouped = _grouped(changes)
            breaking = sum(severity != "additive" for severity, _ in grouped)
            most = min(MOST_LINES, breaking + MOST_ADDITIVE)
            lines += [f"  {MEANING[severity]}: {text}" for severity, text in grouped[:most]]
            if len(grouped) > most:
                lines.append(f"  and {len(grouped) - most} more; drift.md has them")
        lines += [f"not generated: {name}: {reason}" for name, reason in self.not_generated.items()]
        return lines


def _summary(comparisons: Iterable[tuple[str, str, list[Change]]]) -> list[str]:
    lines = ["| | " + " | ".join(MEANING.values()) + " |", "| --- |" + " ---: |" * len(MEANING)]
    for title, _, changes in comparisons:
        counts = [sum(change.severity == severity for change in changes) for severity in MEANING]
        lines.append(f"| {title} | " + " | ".join(map(str, counts)) + " |")
    return [*lines, ""]


def _sections(changes: list[Change]) -> list[str]:
    lines: list[str] = []
    grouped = _grouped(changes, as_markdown=True)
    for severity, meaning in MEANING.items():
        listed = [text for found, text in grouped if found == severity]
        if listed:
            lines += [f"### {meaning[0].upper()}{meaning[1:]}", "", *(f"- {text}" for text in listed), ""]
    return lines


def _grouped(changes: list[Change], *, as_markdown: bool = False) -> list[tuple[Severity, str]]:
    """The same difference in several operations is one line, the worst differences first."""
    groups: dict[tuple[ChangeKind, str, str, Severity], list[Change]] = defaultdict(list)
    for change in changes:
        groups[(change.what, *_general(change), change.severity)].append(change)
    order = list(MEANING)
    lines: list[tuple[Severity, str]] = []
    for (what, place, detail, severity), alike in sorted(groups.items(), key=lambda item: order.index(item[0][3])):
        mark = _code if as_markdown else str
        operations = list(dict.fromkeys(change.operation for change in alike))
        said = f"{what} {mark(place)}" if place else what
        said += f" ({_safe(detail) if as_markdown else detail})" if detail else ""
        users = ", ".join(dict.fromkeys(user for entry in alike for user in entry.touches))
        touched = f"; used by {users}" if users else ""
        named = ", ".join(mark(operation) for operation in operations[:MOST_OPERATIONS])
        if len(operations) <= MOST_OPERATIONS:
            text = f"{named}: {said}{touched}"
        elif as_markdown:
            listed = ", ".join(mark(operation) for operation in operations)
            text = f"{said}{touched}, in {len(operations)} operations: {listed}"
        else:
            text = f"{named} and {len(operations) - MOST_OPERATIONS} more: {said}{touched}"
        lines.append((severity, text))
    return lines


def _general(change: Change) -> tuple[str, str]:
    """Place and detail, without what would make one line of each of many alike."""
    if change.what in _LENIENT and change.severity == "additive" and change.place[:1].isdigit():
        return "", "in answers, which are read leniently in any case"
    return _ERROR.sub("error", change.place), change.detail


def _code(text: str) -> str:
    """Text from a document as code on a page: nothing in it can end the code, or become a link, a mention or HTML."""
    return "`" + text.replace("`", "'").replace("|", "¦") + "`"


def _safe(text: str) -> str:
    """Text from a document inside a sentence of a page: nothing in it is markup, a mention or a reference."""
    return "".join(f"&#{ord(character)};" if character in "&<>\\`*_[]|#@~" else character for character in text)


def report_on(
    aligned: Aligned, pulled: bytes | None, committed: bytes | None, client: JsonObject | None = None
) -> Report:
    """Compare what there is to compare.

    Args:
        aligned: the alignment of the documented and the pulled document.
        pulled: the pulled document, verbatim.
        committed: the document that was pulled before, verbatim; it may be the same.
        client: the aligned document that the committed client was made of.
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
        except RegenerationError as damaged:
            report.notes.append(f"The document that was pulled before could not be compared: {damaged}")
    if client is not None:
        report.last_to_pulled += renamed_classes(client, aligned.document)
    return report


def _judged_alike(changes: list[Change], documented: list[Change]) -> list[Change]:
    """Changes since the last pull; only what the flows miss of the documented contract breaks them."""
    breaking = {(change.operation, change.place) for change in documented if change.severity == "flows"}
    return [
        evolve(change, severity="client")
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
            report.last_to_pulled = [Change.from_data(entry) for entry in before["last_to_pulled"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RegenerationError("openapi/drift.json can't be read; restore it from git, or delete it.") from error


def not_generated_before(committed: Path) -> set[str]:
    """The operations of which the committed report says that they are not generated: somebody has accepted that."""
    try:
        return set(json.loads(committed.read_text(encoding="utf-8"))["not_generated"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def obstacles(report: Report) -> list[str]:
    """What the flows cannot do without: one sentence for each thing that the pulled document took away."""
    return [change.obstacle for change in report.documented_to_pulled if change.severity == "flows"]


def sha256(content: bytes) -> str:
    """The checksum that provenance and reports name a document by."""
    return hashlib.sha256(content).hexdigest()
