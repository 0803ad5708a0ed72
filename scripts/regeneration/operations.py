"""Operations that one document has and another hasn't: gone, new, or under another path."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from regeneration.changes import Change, Severity, Uses
from regeneration.graph import Contract, Operation, OperationKey, path_order
from regeneration.pairing import is_success

MOST_COMPARED: Final = 300
"""New operations, or new fields, among which a gone one is looked for."""
LONGEST_COMPARED: Final = 200


def compare_operations(there: Contract, here: Contract, uses: Uses, lost: dict[OperationKey, str]) -> Iterator[Change]:
    """Operations that came, went or moved, or that the document has in a form that can't be generated.

    Args:
        there: the newer contract.
        here: the older one.
        uses: what the hand-written package uses.
        lost: operations of the newer document that can't be generated, each with the reason.
    """
    for key, reason in lost.items():
        if key in here.operations:
            users = uses.of(here.operations[key])
            worst: Severity = "flows" if users else "client"
            yield Change("operation not generated", uses.title(here.operations[key]), "", worst, reason, users)
    gone = [operation for key, operation in here.operations.items() if key not in there.operations and key not in lost]
    new = {key: operation for key, operation in there.operations.items() if key not in here.operations}
    for operation in sorted(gone, key=path_order):
        users = uses.of(operation)
        severity: Severity = "flows" if users else "client"
        moved = _moved_to(operation, new)
        if moved is not None:
            del new[moved.key]
            yield Change(
                "operation moved", uses.title(operation), "", severity, f"it looks like {moved.title} now", users
            )
        else:
            yield Change("operation gone", uses.title(operation), "", severity, "", users)
    for operation in sorted(new.values(), key=path_order):
        yield Change("operation new", operation.title, "", "additive", "")


def _moved_to(operation: Operation, candidates: dict[OperationKey, Operation]) -> Operation | None:
    """The new operation that a gone one most likely is, by its path and by what it answers."""
    mine = _field_names(operation)
    best: tuple[float, Operation] | None = None
    alike = [other for other in candidates.values() if len(other.route.blanked) < LONGEST_COMPARED]
    for other in alike[:MOST_COMPARED]:
        if len(other.path_parameters) != len(operation.path_parameters):
            continue
        if other.method != operation.method:
            if other.route.shape == operation.route.shape and best is None:
                best = (0.0, other)
            continue
        path = difflib.SequenceMatcher(None, operation.route.blanked, other.route.blanked).ratio()
        theirs = _field_names(other)
        fields = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
        likeness = max(path if path >= 0.75 else 0.0, fields if fields >= 0.6 and len(mine) > 1 else 0.0)
        if likeness and (best is None or likeness > best[0]):
            best = (likeness, other)
    return best[1] if best else None


def _field_names(operation: Operation) -> set[str]:
    names: set[str] = set()
    bodies = [body for status, body in operation.responses.items() if is_success(status)]
    for body in [*bodies, *operation.requests.values()]:
        if body.slot is not None:
            names |= set(body.slot.node.properties)
            arrays = [slot.node for slot in (body.slot, *body.slot.node.properties.values()) if slot.node.items]
            names |= {f"[].{name}" for node in arrays if node.items for name in node.items.node.properties}
    return names
