"""The refinement audit: what the service fixed before delivery, and the gaps that it left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from specstep_flows._html import EMPTY, Html, element, escaped, joined
from specstep_flows._text import spaced
from specstep_flows.report.sections import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows.report.collect import Collected

K = TypeVar("K")


def refinement(collected: Collected) -> Html:
    """What the service fixed before delivery and what it left open; of several generations, which of them."""
    known = [
        (generation.review_profile or str(generation.id), audit)
        for generation in (collected.generation, *collected.family)
        if generation is not None and isinstance(audit := generation.raw.get("refinement_audit"), Mapping)
    ]
    several = len(known) > 1
    parts: list[Html] = []
    summaries = _whose((str(audit["summary"]), name) for name, audit in known if audit.get("summary"))
    for words, names in summaries.items():
        parts.append(element("p", f"{', '.join(names)}: {words}" if several else words))
    for key, title in (("escalated", "Left open: known gaps of the package"), ("auto_fixed", "Fixed before delivery")):
        # What several generations have in common is one row.
        entries = _whose((entry, name) for name, audit in known for entry in _entries(audit.get(key)))
        rows = [[*cells, *([", ".join(names)] if several else [])] for cells, names in entries.items()]
        heads = ("What was done", "Where", "Detail", *(["Profiles"] if several else []))
        if rows:
            parts += [element("h3", title), table(heads, rows, title, is_named=True)]
    return joined(parts)


def _whose(pairs: Iterable[tuple[K, str]]) -> dict[K, list[str]]:
    """The names that go with each thing."""
    found: dict[K, list[str]] = {}
    for thing, name in pairs:
        names = found.setdefault(thing, [])
        if name not in names:
            names.append(name)
    return found


def _entries(found: object) -> list[tuple[Html, ...]]:
    """What an audit lists, as cells of a table."""
    return [
        (
            escaped(_step(entry.get("pass"), entry.get("action"))),
            _code(entry.get("target")),
            escaped(entry.get("detail")),
        )
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, Mapping)
    ]


def _code(value: object) -> Html:
    return element("code", escaped(value)) if value else EMPTY


def _step(which: object, action: object) -> str:
    """Which pass did what: ``Stub fill: residual gap``."""
    first, second = (spaced(str(word)) if word else "" for word in (which, action))
    return f"{first}: {second[:1].lower()}{second[1:]}" if first and second else first or second
