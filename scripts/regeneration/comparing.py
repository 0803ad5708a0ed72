"""Two documents compared, operation by operation and field by field."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterator
from typing import Final

from regeneration.changes import Change, Severity, Uses, described
from regeneration.graph import Contract, Direction, Node, Operation, OperationKey, Parameter, Slot, path_order
from regeneration.pairing import (
    Place,
    counterpart,
    is_success,
    operation_pairs,
    paired_requests,
    paired_responses,
    with_envelopes_of,
)
from regeneration.text import shown

MOST_COMPARED: Final = 300
"""New operations, or new fields, among which a gone one is looked for."""
LONGEST_COMPARED: Final = 200

Local = tuple[str, str, Severity, str]
"""A difference inside a shape: what, place after the shape's own, severity, detail."""


def compare(there: Contract, here: Contract, uses: Uses) -> list[Change]:
    """What differs in ``there``, the pulled or newer document, from ``here``, the documented or older one."""
    adjusted = with_envelopes_of(there, here)
    found = [*_operations(there, here, uses)]
    for operation in sorted(adjusted.operations.values(), key=path_order):
        other = there.operations.get(operation.key)
        if other is not None:
            found += _Comparison(other, operation, uses).changes()
            found += _envelopes(operation, here.operations[operation.key], uses)
    return found


def _operations(there: Contract, here: Contract, uses: Uses) -> Iterator[Change]:
    """Operations that came, went or moved."""
    gone = [operation for key, operation in here.operations.items() if key not in there.operations]
    new = {key: operation for key, operation in there.operations.items() if key not in here.operations}
    for operation in sorted(gone, key=path_order):
        users = uses.of(operation)
        severity: Severity = "flows" if users else "client"
        moved = _moved_to(operation, new)
        if moved is not None:
            del new[moved.key]
            yield Change("operation moved", operation.title, "", severity, f"it looks like {moved.title} now", users)
        else:
            yield Change("operation gone", operation.title, "", severity, "", users)
    for operation in sorted(new.values(), key=path_order):
        yield Change("operation new", operation.title, "", "additive", "")


def _moved_to(operation: Operation, candidates: dict[OperationKey, Operation]) -> Operation | None:
    """The new operation that a gone one most likely is, by its path and by what it answers."""
    mine = _field_names(operation)
    best: tuple[float, Operation] | None = None
    alike = [other for other in candidates.values() if len(other.route.blanked) < LONGEST_COMPARED]
    for other in alike[:MOST_COMPARED]:
        if other.method != operation.method or len(other.path_parameters) != len(operation.path_parameters):
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
    return names


def _envelopes(adjusted: Operation, original: Operation, uses: Uses) -> Iterator[Change]:
    for status, body in adjusted.responses.items():
        before, after = original.responses[status].slot, body.slot
        if before is not None and after is not None and before.node is not after.node:
            detail = f"{_wrapping(before.node)} became {_wrapping(after.node)}; its rows keep their names"
            yield Change("list wrapped otherwise", adjusted.title, status, "client", detail, uses.of(adjusted))


def _wrapping(node: Node) -> str:
    arrays = [name for name, slot in node.properties.items() if slot.node.kind == "array"]
    return f"an object with {shown(arrays[0])}" if arrays else "an array"


class _Comparison:
    """One operation that both documents have."""

    def __init__(self, there: Operation, here: Operation, uses: Uses) -> None:
        self._there = there
        self._here = here
        self._uses = uses
        self._users = uses.of(here)
        self._found: list[Change] = []

    def changes(self) -> list[Change]:
        self._parameters()
        self._request()
        self._responses()
        if self._there.deprecated and not self._here.deprecated:
            self._add("operation deprecated", "", "additive", "")
        seen: set[tuple[int, int, Direction]] = set()
        waiting = deque(operation_pairs(self._there, self._here))
        while waiting:
            place = waiting.popleft()
            if (id(place.there), id(place.here), place.direction) not in seen:
                seen.add((id(place.there), id(place.here), place.direction))
                there, here = self._shape(place)
                if there is not None and here is not None:
                    waiting.extend(place.inner(there, here))
        return self._found

    def _add(self, what: str, place: str, severity: Severity, detail: str) -> None:
        if severity == "flows" and not self._users:
            severity = "client"
        self._found.append(Change(what, self._here.title, place, severity, detail, self._users))

    def _parameters(self) -> None:
        theirs = {_key(parameter): parameter for parameter in self._there.parameters}
        mine = {_key(parameter): parameter for parameter in self._here.parameters}
        for key, parameter in mine.items():
            other = theirs.get(key)
            place = f"{parameter.where} {parameter.name}"
            if other is None:
                self._add("parameter gone", place, "additive" if key[0] == "header" else "client", "")
            elif other.required and not parameter.required:
                self._add("parameter now required", place, "flows", "")
            elif parameter.required and not other.required:
                self._add("parameter no longer required", place, "additive", "")
        for key, parameter in theirs.items():
            if key not in mine:
                required = "it is required" if parameter.required else ""
                place = f"{parameter.where} {parameter.name}"
                self._add("parameter new", place, "flows" if parameter.required else "additive", required)

    def _request(self) -> None:
        body, known = paired_requests(self._there, self._here)
        if body is not None and known is None:
            self._add("body new", "body", "flows" if body.required else "additive", "")
        elif body is None and known is not None:
            self._add("body not described", "body", "additive", "the documented one fills in")
        elif body is not None and known is not None:
            if body.medium != known.medium:
                self._add("body sent otherwise", "body", "flows", f"{known.medium} became {body.medium}")
            if body.required and not known.required:
                self._add("body now required", "body", "client", "")

    def _responses(self) -> None:
        for status, (body, known) in paired_responses(self._there, self._here).items():
            listed, documented = status in self._there.responses, status in self._here.responses
            if not documented:
                self._add("answer new", status, "additive", "")
            elif not listed:
                self._add("answer not listed", status, "additive", "")
            elif known is not None and known.is_typed and (body is None or not body.is_typed):
                self._add("answer not described", status, "additive", "the documented one fills in")
            elif body is not None and known is not None and known.is_typed and body.medium != known.medium:
                self._add("answer sent otherwise", status, "client", f"{known.medium} became {body.medium}")

    def _shape(self, place: Place) -> tuple[Node | None, Node | None]:
        """Compare one place; what to go on with below it."""
        there, here = counterpart(place.there, place.here)
        if there is not None and here is not None and here.kind == "object" and there.kind == "object":
            self._properties(place, there, here)
        return there, here

    def _properties(self, place: Place, there: Node, here: Node) -> None:
        is_read = place.direction == "response"
        for name, slot in here.properties.items():
            other = there.properties.get(name)
            path = f"{place.path}.{shown(name)}"
            is_documented = bool(self._here.operation_id)
            steers = slot.steering if is_documented else self._uses.steers_by(self._here, name)
            worst: Severity = "flows" if steers and is_read else "client"
            if other is None:
                self._add("field gone", path, worst, _perhaps(name, slot, there, here))
                continue
            for what, after, severity, detail in _differences(other.node, slot.node, worst):
                self._add(what, path + after, severity, detail)
            if other.required != slot.required:
                what = "field now required" if other.required else "field no longer required"
                severity = "additive" if is_read or not other.required else "client"
                self._add(what, path, severity, "")
        for name, other in there.properties.items():
            if name not in here.properties:
                must = other.required and not is_read and not other.read_only
                detail = described(other.node) + (", and it is required" if must else "")
                self._add("field new", f"{place.path}.{shown(name)}", "flows" if must else "additive", detail)


def _differences(there: Node, here: Node, worst: Severity) -> Iterator[Local]:
    """How the type of a field differs, down to the items of arrays."""
    after = ""
    while there.kind == "array" and here.kind == "array" and there.items is not None and here.items is not None:
        there, here, after = there.items.node, here.items.node, after + "[]"
    kept, _ = counterpart(there, here)
    detail = f"{described(here)} became {described(there)}"
    if there.kind == "enum" and here.kind == "enum" and there.type == here.type:
        gone = _missing(here.values, there.values)
        new = _missing(there.values, here.values)
        if gone:
            yield "values gone", after, worst, _listed(gone)
        if new:
            yield "values new", after, "additive", _listed(new)
    elif kept is None:
        if there.kind != here.kind or there.format != here.format or not here.is_free_form:
            yield "type lost", after, "additive", f"the documented one fills in: {described(here)}"
    elif there.kind == "enum" and here.kind == "scalar" and there.type == here.type and not here.format:
        yield "values listed", after, "additive", _listed(list(there.values))
    elif (there.type, here.type) == ("integer", "number"):
        yield "type narrowed", after, "additive", detail
    elif there.kind == "union" and any(slot.node.kind == here.kind for slot in there.variants):
        yield "type widened", after, worst, detail
    elif (there.kind, there.type, there.format) != (here.kind, here.type, here.format) and here.kind != "any":
        yield "type changed", after, worst, detail


def _missing(values: tuple[str | int, ...], others: tuple[str | int, ...]) -> list[str | int]:
    """Values that are not among others, whatever their letter case: flows compare so."""
    known = {str(value).casefold() for value in others}
    return [value for value in values if str(value).casefold() not in known]


def _listed(values: list[str | int]) -> str:
    shown_values = ", ".join(shown(str(value), 40) for value in values[:12])
    return shown_values + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def _perhaps(name: str, slot: Slot, there: Node, here: Node) -> str:
    """Which new field a gone one most likely is."""
    new = [other for other in there.properties if other not in here.properties][:MOST_COMPARED]
    alike = [other for other in new if described(there.properties[other].node) == described(slot.node)]
    close = difflib.get_close_matches(name, new, n=1, cutoff=0.6) or (alike if len(alike) == 1 else [])
    return f"perhaps it is called {shown(close[0])} now" if close else ""


def _key(parameter: Parameter) -> tuple[str, str]:
    return parameter.where, parameter.name.lower() if parameter.where == "header" else parameter.name
