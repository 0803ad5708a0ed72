"""The drift report: what changed, for the terminal, as a page and as data."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from regeneration.align import Aligned
from regeneration.changes import MEANING, Change, Uses
from regeneration.compare import compare, compare_pulls
from regeneration.document import JsonObject, parse_document
from regeneration.errors import Notes, RegenerationError
from regeneration.groups import TERMINAL, Group, Writing, grouped
from regeneration.reader import read_contract
from regeneration.renames import renamed_classes

#: Lines of one comparison on the terminal.
MOST_LINES: Final = 40
#: Of these, lines about what breaks nothing.
MOST_ADDITIVE: Final = 12
#: Lines of a page that break nothing and are still shown at once.
MOST_UNFOLDED: Final = 5
#: Sentences on the terminal about why a run stops; with more, those that say the same of several operations are one.
MOST_SENTENCES: Final = 10
#: Characters of a line that lists operations.
LONGEST_ROW: Final = 380


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
    def comparisons(self) -> list[tuple[str, list[Change]]]:
        """Title and changes of each comparison, what is news first."""
        before = "client" if self.previous_sha256 is None else "document pulled"
        news = f"From the {before} before to this one", self.last_to_pulled
        known = "From the documented contract to the pulled document", self.documented_to_pulled
        return [known, news] if self.previous_sha256 is None else [news, known]

    def data(self) -> str:
        """``drift.json``."""
        parts: dict[str, object] = {
            "schema_version": 2,
            "pulled_sha256": self.pulled_sha256,
            "previous_sha256": self.previous_sha256,
        }
        for key in ("documented_to_pulled", "last_to_pulled"):
            parts[key] = [change.as_data() for change in getattr(self, key)]
        parts |= {"misfits": self.misfits, "not_generated": self.not_generated, "notes": self.notes}
        return json.dumps(parts, indent=1, ensure_ascii=True) + "\n"

    def page(self) -> str:
        """``drift.md``."""
        lines = ["# API drift", ""]
        if self.pulled_sha256 is None:
            return "\n".join([*lines, "No document was pulled yet: the client is the documented contract's.", ""])
        lines += [f"Of the pulled document with SHA-256 `{self.pulled_sha256}`.", ""]
        lines += _summary(self.comparisons)
        lines += ["`openapi/drift.json` names every operation and field.", ""]
        if self.misfits:
            lines += ["## Breaking for the flows: they do not fit the new client", ""]
            lines += [*(f"- {_safe(sentence)}" for sentence in self.misfits), ""]
        for title, changes in self.comparisons:
            lines += [f"## {title}", ""]
            lines += _sections(changes) or ["Nothing.", ""]
        lines += _named_by_no_line(change for _, changes in self.comparisons for change in changes)
        if self.not_generated:
            lines += ["## Operations that are not generated", ""]
            lines += [f"- {_code(name)}: {_safe(reason)}" for name, reason in self.not_generated.items()] + [""]
        if self.notes:
            lines += ["## Read differently than written", "", *(f"- {_safe(note)}" for note in self.notes), ""]
        return "\n".join(lines)

    def terminal(self) -> list[str]:
        """The lines for the terminal: the worst first, and not more than a person reads."""
        lines: list[str] = []
        for title, changes in self.comparisons:
            groups = grouped(changes)
            breaking = sum(group.severity != "additive" for group in groups)
            most = min(MOST_LINES, breaking + MOST_ADDITIVE)
            lines += [f"{title}:"] if groups else []
            lines += [f"  {MEANING[group.severity]}: {group.line(TERMINAL)}" for group in groups[:most]]
            lines += [f"  and {len(groups) - most} more; openapi/drift.md has them"] if len(groups) > most else []
        lost = [f"not generated: {name}: {reason}" for name, reason in self.not_generated.items()]
        more = [f"and {len(lost) - MOST_LINES} more; openapi/drift.md has them"] if len(lost) > MOST_LINES else []
        return [*lines, *lost[:MOST_LINES], *more]

    def refusal(self) -> list[str]:
        """Why the flows cannot go on, one sentence for each cause; where that is much, for each kind of difference."""
        groups = [group for group in grouped(self.documented_to_pulled) if group.severity == "flows"]
        causes = [group.obstacle() for group in groups if group.cause]
        single = [change.obstacle for group in groups if not group.cause for change in group.changes]
        if len(causes) + len(single) <= MOST_SENTENCES:
            return [*causes, *single]
        return [group.obstacle() for group in groups]

    def counts(self) -> str:
        """How much differs from the documented contract, in one line."""
        found = Counter(change.severity for change in self.documented_to_pulled)
        return ", ".join(f"{found[severity]} {meaning}" for severity, meaning in MEANING.items())


def _summary(comparisons: Iterable[tuple[str, list[Change]]]) -> list[str]:
    lines = ["| | " + " | ".join(MEANING.values()) + " |", "| --- |" + " ---: |" * len(MEANING)]
    for title, changes in comparisons:
        counts = [sum(change.severity == severity for change in changes) for severity in MEANING]
        lines.append(f"| {title} | " + " | ".join(map(str, counts)) + " |")
    return [*lines, ""]


def _sections(changes: list[Change]) -> list[str]:
    """What breaks something, in short lines; what does not is folded away."""
    lines: list[str] = []
    groups = grouped(changes)
    for severity, meaning in MEANING.items():
        listed = [f"- {group.line(PAGE)}" for group in groups if group.severity == severity]
        if listed:
            lines += [f"### {meaning[0].upper()}{meaning[1:]}", ""]
            is_folded = severity == "additive" and len(listed) > MOST_UNFOLDED
            lines += (
                _folded(f"{len(listed)} kinds of change that break nothing", listed) if is_folded else [*listed, ""]
            )
    return lines


def _named_by_no_line(changes: Iterable[Change]) -> list[str]:
    """The operations of lines that name some and count the rest: whoever judges a change looks for one of his own."""
    found = grouped(list(changes))
    # What has one cause is everywhere.
    breaking = [group for group in found if group.severity != "additive" and not group.cause]
    cut = {name: None for names in map(_operations, breaking) if len(names) > PAGE.most for name in names}
    rows = textwrap.wrap(
        ", ".join(_code(name).replace(" ", "\0") for name in cut),
        LONGEST_ROW,
        break_long_words=False,
        break_on_hyphens=False,
    )
    names = [row.replace("\0", " ") for row in rows]
    return _folded(f"All {len(cut)} operations of the lines that name some and break something", names) if cut else []


def _operations(group: Group) -> list[str]:
    return list(dict.fromkeys(change.operation for change in group.changes))


def _folded(summary: str, lines: list[str]) -> list[str]:
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def _code(text: str) -> str:
    """Text from a document as code on a page: nothing in it can end the code, or become a link, a mention or HTML."""
    return "`" + text.replace("`", "'").replace("|", "¦") + "`"


def _safe(text: str) -> str:
    """Text from a document inside a sentence of a page: nothing in it is markup, a mention or a reference."""
    return "".join(f"&#{ord(character)};" if character in "&<>\\`*_[]|#@~" else character for character in text)


PAGE: Final = Writing(_code, _safe, counts_first=True)


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
    """Keep what the committed report says of the pull before, when this document is that one or says the same."""
    if report.last_to_pulled or not committed.exists():
        return
    try:
        before = json.loads(committed.read_text(encoding="utf-8"))
        if before["pulled_sha256"] in (report.pulled_sha256, report.previous_sha256):
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


def sha256(content: bytes) -> str:
    """The checksum that provenance and reports name a document by."""
    return hashlib.sha256(content).hexdigest()
