"""Unions, reduced to what the generated client can tell apart."""

from __future__ import annotations

from regeneration.folding import Fingerprints, children, fold, reachable, roots_of
from regeneration.graph import Contract, Node, Slot


def simplify_unions(contract: Contract) -> None:
    """Flatten the unions of a merged contract, and take those off that have a single alternative, in place.

    When several alternatives of something read are objects, reading them leniently makes the first one fit always, so
    such a value is read as it comes. What is sent keeps its alternatives: there the caller chooses.
    """
    roots = roots_of(contract)
    nodes = reachable(roots)
    prints = fold(nodes, label=lambda node: (node.name, node.direction))
    for node in nodes:
        if node.kind == "union":
            _reduce(node, prints)
    for slot in [*roots, *(slot for node in nodes for _, slot in children(node))]:
        _unwrap(slot)


def _reduce(union: Node, prints: Fingerprints) -> None:
    """Replace the variants by the distinct alternatives that are no unions themselves."""
    distinct: dict[str, Slot] = {}
    seen: set[int] = {id(union)}
    waiting = list(union.variants)
    nullable = False
    while waiting:
        slot = waiting.pop(0)
        nullable = nullable or slot.nullable
        if slot.node.kind != "union":
            distinct.setdefault(prints[id(slot.node)], slot)
        elif id(slot.node) not in seen:
            seen.add(id(slot.node))
            waiting.extend(slot.node.variants)
    kinds = {slot.node.kind for slot in distinct.values()}
    objects = sum(slot.node.kind == "object" for slot in distinct.values())
    if not distinct or "any" in kinds or (objects > 1 and union.direction == "response"):
        union.kind, union.variants, union.name = "any", (), ""
        return
    ordered = sorted(distinct.items(), key=lambda item: (item[1].node.kind, item[1].node.type, item[0]))
    union.variants = tuple(Slot(slot.node, nullable=nullable, description=slot.description) for _, slot in ordered)


def _unwrap(slot: Slot) -> None:
    node = slot.node
    if node.kind == "union":
        slot.nullable = slot.nullable or any(variant.nullable for variant in node.variants)
        if len(node.variants) == 1:
            slot.node = node.variants[0].node
