"""``openapi/assumptions.yaml`` and ``.md``: every assumption of the contract, and what is known of it by now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from attrs import frozen

from regeneration.assumptions import TESTS, Assumption
from regeneration.errors import RegenerationError

State = Literal["refuted", "confirmed", "supported", "assumed"]

#: The states, what needs work first, and what each means.
STATES: Final[dict[State, str]] = {
    "refuted": "the service does otherwise",
    "confirmed": "an answer of the service showed it",
    "supported": "the service's API document says so",
    "assumed": "nobody has seen it yet",
}
_HEAD: Final = """\
# Every assumption of openapi/documented.yaml: made by scripts/regenerate.py. What was found out about them (state, on,
# seen) is written by scripts/first_contact.py and stays; all else is made again.
"""


@frozen
class Known:
    """What is known of one assumption."""

    state: State = "assumed"
    #: The day on which it was seen, as ISO has it.
    on: str = ""
    #: What was seen, without any value of the account.
    seen: str = ""


def read_ledger(path: Path) -> dict[str, Known]:
    """What is known so far.

    Raises:
        RegenerationError: the file is damaged; going on with an empty one would forget what was found out.
    """
    if not path.exists():
        return {}
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        known = {name: Known(row.get("state", "assumed"), str(row.get("on", "")), str(row.get("seen", "")))
                 for name, row in rows.items()}  # fmt: skip
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError):
        raise RegenerationError(f"{path.name} is damaged; restore it (git checkout openapi/{path.name}).") from None
    odd = sorted(name for name, one in known.items() if one.state not in STATES)
    if odd:
        raise RegenerationError(f"{path.name}: {odd[0]} has a state that there is not; one of {', '.join(STATES)}.")
    return known


def ledger(assumptions: Iterable[Assumption], known: Mapping[str, Known]) -> str:
    """The text of ``assumptions.yaml``."""
    rows: dict[str, dict[str, Any]] = {}
    for one in assumptions:
        state = known.get(one.id, Known())
        rows[one.id] = {"assumed": one.text, "if_wrong": one.if_wrong, "test": one.test, "state": state.state}
        if state.state != "assumed":
            rows[one.id] |= {"on": state.on, "seen": state.seen}
    return _HEAD + yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=118)


def counts(assumptions: Iterable[Assumption], known: Mapping[str, Known]) -> Counter[str]:
    """How many assumptions there are in each state."""
    return Counter(known.get(one.id, Known()).state for one in assumptions)


def in_words(count: Mapping[str, int]) -> str:
    """``223 assumptions: 0 refuted, 40 confirmed, 12 supported, 171 untested``."""
    parts = ", ".join(f"{count.get(state, 0)} {'untested' if state == 'assumed' else state}" for state in STATES)
    return f"{sum(count.values())} assumptions: {parts}"


#: The line of the README with the counts.
_COUNTS: Final = re.compile(r"^> \d+ assumptions: .*$", re.MULTILINE)


def with_counts(readme: str, assumptions: Iterable[Assumption], known: Mapping[str, Known]) -> str:
    """The README with its counts as they are now."""
    return _COUNTS.sub(f"> {in_words(counts(assumptions, known))}", readme)


def ledger_page(assumptions: list[Assumption], known: Mapping[str, Known]) -> str:
    """The text of ``assumptions.md``."""
    lines = [
        "# What is assumed about the service",
        "",
        f"{in_words(counts(assumptions, known))}. Made by scripts/regenerate.py of `documented.yaml` and "
        "`assumptions.yaml`; `scripts/first_contact.py` finds out which of them hold.",
    ]
    for state, meaning in STATES.items():
        for test, how in TESTS.items():
            rows = [one for one in assumptions if one.test == test and known.get(one.id, Known()).state == state]
            if rows:
                title = state.capitalize() if state != "assumed" else "Untested"
                lines += ["", f"## {title}: {meaning} (tested by {how})", "", *_table(rows, known, state)]
    return "\n".join(lines) + "\n"


def _table(rows: list[Assumption], known: Mapping[str, Known], state: State) -> list[str]:
    head = "| assumption | what is assumed | if it is wrong |" if state == "assumed" else (
        "| assumption | what is assumed | what was seen |")  # fmt: skip
    lines = [head, "| --- | --- | --- |"]
    for one in rows:
        found = known.get(one.id, Known())
        last = one.if_wrong if state == "assumed" else f"{found.on}: {found.seen}"
        lines.append(f"| `{one.id}` | {_cell(one.text)} | {_cell(last)} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
