"""HTML for the report and the notebook: whatever is not ``Html`` already is escaped when it is put into an element."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final, TypeAlias

from specstep_flows._text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows._facts import Fact

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Html(str):
    """Text that is HTML already, made by this module's functions or written by us."""

    __slots__ = ()


EMPTY: Final = Html("")

#: What may stand in an element; None stands for nothing.
Child: TypeAlias = "str | int | float | Iterable[Child] | None"


def escaped(value: object) -> Html:
    """A value as text: control characters and bidi overrides are gone, ``&<>"'`` are written out."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(plain_text(value), quote=True))


def joined(children: Iterable[Child], between: str = "") -> Html:
    """Children side by side."""
    return Html(escaped(between).join(_child(child) for child in children))


def _child(child: Child) -> Html:
    if child is None:
        return EMPTY
    if isinstance(child, str | int | float):
        return escaped(child)
    return joined(child)


def element(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """An element. ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``; False and None leave one out."""
    given = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        given.append(f" {attribute}" if value is True else f' {attribute}="{escaped(value)}"')
    start = f"<{name}{''.join(given)}>"
    if name in _VOID:
        return Html(start)
    return Html(f"{start}{joined(children)}</{name}>")


def card(title: str, facts: Iterable[Fact]) -> Html:
    """How an object shows itself in a notebook: its facts in a small table under its title."""
    rows = [
        element(
            "tr",
            element("th", fact.title, scope="row", style="text-align:left"),
            element("td", element("code", fact.text) if fact.is_code else fact.whole, style="text-align:left"),
        )
        for fact in facts
    ]
    return element("table", _caption(title), element("tbody", *rows))


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """Several objects in a notebook, one a row."""
    head = element("tr", *(element("th", text, scope="col", style="text-align:left") for text in heads))
    body = [element("tr", *(element("td", text, style="text-align:left") for text in row)) for row in rows]
    return element("table", _caption(title), element("thead", head), element("tbody", *body))


def _caption(title: str) -> Html:
    return element("caption", title, style="text-align:left;font-weight:bold")
