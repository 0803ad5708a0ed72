"""Unions, reduced to what the generated client can tell apart."""

from __future__ import annotations

from collections import deque

from regeneration.folding import Fingerprints, children, fold, reachable, roots_of
from regeneration.graph import Contract, Node, Slot
from regeneration.schemas import MOST_ENUM_VALUES


def simplify_unions(contract: Contract) -> None:
    """Flatten the unions of a merged contract, and take those off that have a single alternative, in place.

    An object of which nothing is said becomes anything at all: it is read and sent as a plain dictionary.

    When several alternatives of something read are objects, reading them leniently makes the first one fit always, so
    such a value is read as it comes. What is sent keeps its alternatives: there the caller chooses.
    """
    roots = roots_of(contract)
    while True:
        nodes = reachable(roots)
        for node in nodes:
            if node.is_free_form:
                _forget(node)
        slots = [*roots, *(slot for node in nodes for _, slot in children(node))]
        for slot in slots:
            slot.nullable = slot.nullable and slot.node.kind != "any"  # anything may be null
        prints = fold(nodes, label=lambda node: (node.name, node.direction))
        unions = [node for node in nodes if node.kind == "union"]
        endless = _endless(nodes, prints)
        reduced = [node for node in unions if _reduce(node, prints)]
        for node in endless:
            _forget(node)
        if not reduced and not endless:
            break
        for slot in slots:
            _unwrap(slot)
        for node in unions:
            node.variants = tuple(Slot(variant.node) for variant in node.variants)
    for node in unions:
        node.variants = tuple(sorted(node.variants, key=lambda slot: _variant_order(slot.node, prints)))


def join_values(contract: Contract) -> None:
    """Make one shape of a union of plain values, in place: of constants, as some emitters list the values of an enum,
    and of an enum beside the plain type, which says that there may be other values. Ours are open in any case.
    """
    roots = roots_of(contract)
    nodes = reachable(roots)
    slots = [*roots, *(slot for node in nodes for _, slot in children(node))]
    while joined := {id(node): node for node in nodes if node.kind == "union" and _is_of_values(node)}:
        for slot in slots:
            if id(slot.node) in joined:
                slot.nullable = slot.nullable or any(variant.nullable for variant in slot.node.variants)
        for node in joined.values():
            found = [slot.node for slot in node.variants]
            values = {value for variant in found for value in variant.values}
            is_open = len(values) > MOST_ENUM_VALUES or any(variant.kind == "scalar" for variant in found)
            node.kind, node.type = "scalar" if is_open else "enum", found[0].type
            node.values = () if is_open else tuple(sorted(values))
            node.variants = ()


def _is_of_values(union: Node) -> bool:
    found = [slot.node for slot in union.variants]
    is_plain = all(node.kind in ("enum", "scalar") and not node.format for node in found)
    return is_plain and len({node.type for node in found}) == 1


def _endless(nodes: list[Node], prints: Fingerprints) -> list[Node]:
    """Lists and unions that contain themselves without a class in between: Python has no type for these."""
    inner: dict[str, set[str]] = {
        prints[id(node)]: {prints[id(slot.node)] for _, slot in children(node)}
        for node in nodes
        if node.kind in ("array", "union")
    }
    while True:
        held = {name for names in inner.values() for name in names}
        kept = {name: names & inner.keys() for name, names in inner.items() if names & inner.keys() and name in held}
        if len(kept) == len(inner):
            return [node for node in nodes if prints[id(node)] in inner]
        inner = kept


def _forget(node: Node) -> None:
    """Take everything off that was said about a shape."""
    node.kind, node.name, node.type, node.format, node.direction = "any", "", "", "", None
    node.items, node.extra, node.variants = None, None, ()


def _reduce(union: Node, prints: Fingerprints) -> bool:
    """Replace the variants by the distinct alternatives that are no unions themselves; whether that changed anything."""
    distinct: dict[str, Slot] = {}
    seen: set[int] = {id(union)}
    waiting = deque(union.variants)
    nullable = False
    while waiting:
        slot = waiting.popleft()
        nullable = nullable or slot.nullable
        if slot.node.kind != "union":
            distinct.setdefault(prints[id(slot.node)], slot)
        elif id(slot.node) not in seen:
            seen.add(id(slot.node))
            waiting.extend(slot.node.variants)
    objects = sum(slot.node.kind == "object" for slot in distinct.values())
    is_free_form = any(slot.node.is_free_form for slot in distinct.values())
    if not distinct or is_free_form or (objects > 1 and union.direction == "response"):
        _forget(union)
        return True
    before = union.variants
    union.variants = tuple(Slot(slot.node, nullable=nullable) for slot in distinct.values())
    return len(before) != len(union.variants) or len(union.variants) == 1 or nullable


def _variant_order(node: Node, prints: Fingerprints) -> tuple[str, str, list[str], str]:
    """The order of alternatives, which documents don't settle: it hardly changes when an alternative gets a field."""
    return node.kind, node.type, sorted(node.properties), prints[id(node)]


def _unwrap(slot: Slot) -> None:
    node = slot.node
    if node.kind == "union":
        slot.nullable = slot.nullable or any(variant.nullable for variant in node.variants)
        if len(node.variants) == 1:
            slot.node = node.variants[0].node
