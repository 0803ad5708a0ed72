"""Forms, as far as the generator can send them: an object's fields, each of them plain, a file, or written as JSON."""

from __future__ import annotations

from regeneration.folding import reachable, roots_of
from regeneration.graph import Contract, Node, Slot
from regeneration.stops import Notes


def fit_forms(contract: Contract, notes: Notes) -> None:
    """Make every form an object that has a class, in place; an operation whose form can't be one is left out.

    A form of which nothing is said takes any fields of text. Fields under names that nobody knows beforehand may be
    anything when they are lists: the generator writes no code for those.
    """
    for operation in list(contract.operations.values()):
        for medium, body in operation.requests.items():
            if medium not in ("form", "multipart") or body.slot is None:
                continue
            if body.slot.node.is_free_form:
                fields = Slot(Node("scalar", type="string"))
                body.slot.node = Node("object", extra=fields, direction="form")
            elif medium == "form" and not _is_object(body.slot.node):
                notes.not_generated(
                    operation.title, "its form is no object, so its fields have no names", operation.key
                )
                del contract.operations[operation.key]
                break
    for node in reachable(roots_of(contract)):
        if node.direction == "form" and node.extra is not None and _has_list(node.extra.node):
            node.extra = None if node.properties else Slot(Node("scalar", type="string"))


def _is_object(node: Node) -> bool:
    if node.kind == "union":
        return all(_is_object(slot.node) for slot in node.variants)
    return node.kind == "object"


def _has_list(node: Node) -> bool:
    return node.kind == "array" or any(_has_list(slot.node) for slot in node.variants)
