"""Two documents compared: operations that came, went or moved, and what they share, field by field."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterator
from typing import Final

from attrs import evolve

from regeneration.changes import Change, ChangeKind, Severity, Uses, described
from regeneration.errors import OperationKey
from regeneration.likeness import likely, respelled, spelling, wrapped_in
from regeneration.merge import combine
from regeneration.pairs import (
    Place,
    counterpart,
    in_the_spelling_of,
    is_success,
    lists_queries,
    operation_pairs,
    paired_parameters,
    paired_requests,
    paired_responses,
    why_left_out,
)
from regeneration.shapes import Contract, Direction, Node, Operation, Slot, flattened, path_order
from regeneration.text import shown

#: What a document doesn't say and another one may.
FILLED_IN: Final = frozenset(
    {
        ChangeKind.TYPE_LOST,
        ChangeKind.ANSWER_NOT_LISTED,
        ChangeKind.ANSWER_NOT_DESCRIBED,
        ChangeKind.BODY_NOT_DESCRIBED,
        ChangeKind.FIELD_NOT_LISTED,
        ChangeKind.PARAMETER_NOT_LISTED,
    }
)

#: A difference inside a shape: what, place after the shape's own, severity, detail.
Local = tuple[ChangeKind, str, Severity, str]


def compare(
    there: Contract,
    here: Contract,
    uses: Uses,
    *,
    lost: dict[OperationKey, str] | None = None,
    is_final: bool = False,
) -> list[Change]:
    """What differs in ``there``, the pulled or newer document, from ``here``, the documented or older one.

    Args:
        there: the newer contract.
        here: the older one.
        uses: what the hand-written package uses.
        lost: operations that the newer document has and that cannot be generated, each with the reason.
        is_final: nothing fills in for what ``there`` has lost: both contracts are merged ones.
    """
    moved = moved_operations(there, here, lost or {})
    found = [*compare_operations(there, here, uses, lost or {}, moved)]
    there = evolve(there, operations={**there.operations, **moved})
    adjusted = in_the_spelling_of(there, here)
    for operation in sorted(adjusted.operations.values(), key=path_order):
        other = there.operations.get(operation.key)
        if other is not None:
            found += _Comparison(other, operation, uses, is_final).changes()
            found += _spelled_differently(operation, here.operations[operation.key], uses)
    return found


def compare_pulls(now: Contract, before: Contract, documented: Contract, uses: Uses) -> list[Change]:
    """What differs between two pulled documents.

    What the newer one does not say any more is filled in from the documented contract, where that says it; only where
    nothing does, it is a change of the client. So the contracts that result are compared as well.
    """
    results = compare(combine(documented, now), combine(documented, before), uses, is_final=True)
    effects = {(change.operation, change.place): change for change in results}
    return [
        effects.get((change.operation, change.place), change) if change.what in FILLED_IN else change
        for change in compare(now, before, uses)
    ]


def _spelled_differently(adjusted: Operation, original: Operation, uses: Uses) -> Iterator[Change]:
    """How a list is wrapped differently, and a form spelled differently, than in the original operation."""
    title, users, kind = uses.title(adjusted), uses.of(adjusted), ChangeKind.FIELD_SPELLED_DIFFERENTLY
    for status, body in adjusted.responses.items():
        before, after = original.responses[status].slot, body.slot
        if before is not None and after is not None and before.node is not after.node:
            name, now = _list_in(before.node), _list_in(after.node)
            if name and now and spelling(name) == spelling(now):
                yield Change(kind, title, f"{status}.{shown(name)}", "client", f"it is {shown(now)} now", users)
            else:
                said = [f"an object with {shown(name)}" if name else "an array" for name in (name, now)]
                detail = f"{' became '.join(said)}; its rows keep their names"
                yield Change(ChangeKind.LIST_WRAPPED_DIFFERENTLY, title, status, "client", detail, users)
    for medium, body in adjusted.requests.items():
        before, after = original.requests[medium].slot, body.slot
        names = zip(before.node.properties, after.node.properties, strict=True) if before and after else ()
        for name, other in names:
            if name != other:
                yield Change(kind, title, f"body.{shown(name)}", "additive", f"it is {shown(other)} now", users)


def _list_in(node: Node) -> str:
    return next((name for name, slot in node.properties.items() if slot.node.kind == "array"), "")


class _Comparison:
    """One operation that both documents have."""

    def __init__(self, there: Operation, here: Operation, uses: Uses, is_final: bool) -> None:
        self._there = there
        self._here = here
        self._uses = uses
        self._is_final = is_final
        self._title = uses.title(here)
        self._users = uses.of(here)
        self._found: list[Change] = []

    def changes(self) -> list[Change]:
        if self._there.key_goes and not self._here.key_goes:
            self._add(ChangeKind.KEY_SENT_DIFFERENTLY, "", "flows", self._there.key_goes)
        self._parameters()
        self._request()
        self._responses()
        if self._there.deprecated and not self._here.deprecated:
            self._add(ChangeKind.OPERATION_DEPRECATED, "", "additive", "")
        seen: set[tuple[int, int, Direction]] = set()
        waiting = deque(operation_pairs(self._there, self._here))
        for place in waiting:
            self._whole(place)
        while waiting:
            place = waiting.popleft()
            if (id(place.there), id(place.here), place.direction) not in seen:
                seen.add((id(place.there), id(place.here), place.direction))
                there, here = self._shape(place)
                if there is not None and here is not None:
                    waiting.extend(place.inner(there, here))
        return self._found

    def _add(self, what: ChangeKind, place: str, severity: Severity, detail: str) -> None:
        if severity == "flows" and not self._users:
            severity = "client"
        self._found.append(Change(what, self._title, place, severity, detail, self._users))

    def _add_not_stated(self, what: ChangeKind, place: str, stays: str) -> None:
        """Something that the document does not say any more: it stays as documented, unless nothing fills in."""
        self._add(what, place, "client" if self._is_final else "additive", "" if self._is_final else stays)

    def _parameters(self) -> None:
        pairs = paired_parameters(self._there, self._here)
        gone = {one.name: one.slot.node for other, one in pairs if one is not None and other is None}
        new = {one.name: one.slot.node for one, known in pairs if one is not None and known is None}
        guesses = likely(gone, new)
        for other, parameter in pairs:
            named = parameter or other
            assert named is not None
            place = f"{named.where} {named.name}"
            if parameter is None:
                required = "it is required" if named.required else ""
                self._add(ChangeKind.PARAMETER_NEW, place, "flows" if named.required else "additive", required)
            elif other is None and (parameter.where != "query" or not lists_queries(self._there)):
                self._add_not_stated(ChangeKind.PARAMETER_NOT_LISTED, place, "the documented one stays")
            elif other is None:
                needed = self._uses.steers_by_parameter(self._here, parameter.name)
                self._add(
                    ChangeKind.PARAMETER_GONE,
                    place,
                    "flows" if needed else "client",
                    _perhaps(guesses.get(parameter.name)),
                )
            else:
                if other.name != parameter.name and parameter.where == "query":
                    self._add(
                        ChangeKind.PARAMETER_SPELLED_DIFFERENTLY, place, "additive", f"it is {shown(other.name)} now"
                    )
                if other.required and not parameter.required:
                    self._add(ChangeKind.PARAMETER_NOW_REQUIRED, place, "client", "")
                elif parameter.required and not other.required:
                    self._add(ChangeKind.PARAMETER_NO_LONGER_REQUIRED, place, "additive", "")

    def _request(self) -> None:
        body, known = paired_requests(self._there, self._here)
        if body is not None and known is None:
            self._add(ChangeKind.BODY_NEW, "body", "flows" if body.required else "additive", "")
        elif body is None and known is not None:
            self._add_not_stated(ChangeKind.BODY_NOT_DESCRIBED, "body", "the documented one fills in")
        elif body is not None and known is not None:
            if body.medium != known.medium:
                self._add(ChangeKind.BODY_SENT_DIFFERENTLY, "body", "flows", f"{known.medium} became {body.medium}")
            elif body.content_type != known.content_type:
                detail = f"{shown(known.content_type)} became {shown(body.content_type)}"
                self._add(ChangeKind.BODY_SENT_DIFFERENTLY, "body", "flows", detail)
            if body.required and not known.required:
                self._add(ChangeKind.BODY_NOW_REQUIRED, "body", "client", "")

    def _responses(self) -> None:
        for status, (body, known) in paired_responses(self._there, self._here).items():
            listed, documented = status in self._there.responses, status in self._here.responses
            if not documented:
                self._add(ChangeKind.ANSWER_NEW, status, "additive", "")
            elif not listed:
                self._add_not_stated(ChangeKind.ANSWER_NOT_LISTED, status, "")
            elif known is not None and known.is_typed and (body is None or not body.is_typed):
                self._add_not_stated(ChangeKind.ANSWER_NOT_DESCRIBED, status, "the documented one fills in")
            elif body is not None and known is not None and known.is_typed and body.medium != known.medium:
                steers = is_success(status) and self._uses.steers(self._here)
                worst: Severity = "flows" if steers else "client"
                self._add(ChangeKind.ANSWER_SENT_DIFFERENTLY, status, worst, f"{known.medium} became {body.medium}")

    def _whole(self, place: Place) -> None:
        """Compare what a parameter, a body or an answer is as a whole."""
        is_answer = place.direction == "response" and is_success(place.path)
        worst: Severity = "flows" if is_answer and self._uses.steers(self._here) else "client"
        told = {change.place for change in self._found if change.what == ChangeKind.ANSWER_NOT_DESCRIBED}
        for what, after, severity, detail in self._differences(place, place.there, place.here, worst):
            if what != ChangeKind.TYPE_LOST or place.path + after not in told:
                self._add(what, place.path + after, severity, detail)

    def _differences(self, place: Place, there: Node, here: Node, worst: Severity) -> Iterator[Local]:
        for what, after, severity, detail in _differences(there, here, worst):
            if what == ChangeKind.TYPE_LOST and self._is_final:
                yield ChangeKind.TYPE_CHANGED, after, worst, f"{described(here)} became {described(there)}"
            elif what == ChangeKind.ONE_ALTERNATIVE and place.direction != "response":
                yield ChangeKind.TYPE_CHANGED, after, worst, detail
            else:
                yield what, after, severity, detail

    def _shape(self, place: Place) -> tuple[Node | None, Node | None]:
        """Compare one place; what to go on with below it."""
        there, here = counterpart(place.there, place.here)
        if there is not None and here is not None and here.kind == "object" and there.kind == "object":
            there = self._in_the_names_of(place, self._unwrapped(place, there, here), here)
            self._properties(place, there, here)
        elif there is not None and here is not None and here.kind == "object" and place.direction != "response":
            self._alternatives(place, there, here)
        return there, here

    def _alternatives(self, place: Place, there: Node, here: Node) -> None:
        """What has to be sent now that an object is one of several of which each requires more than was sent so far."""
        objects = [slot.node for slot in flattened(there)[0] if slot.node.kind == "object"]
        needed = [{name for name, slot in node.properties.items() if _is_needed(slot) and name not in here.properties}
                  for node in objects]  # fmt: skip
        if needed and all(needed):
            names = sorted(set.intersection(*needed)) or [" or ".join(sorted({min(names) for names in needed}))]
            for name in names:
                path = f"{place.path}.{shown(name)}"
                self._add(ChangeKind.FIELD_NEW, path, "flows", "each of its alternatives requires it")

    def _unwrapped(self, place: Place, there: Node, here: Node) -> Node:
        """An object without what is put around most of its fields, which is one change and not one for each."""
        member = wrapped_in(there, here)
        if member is None:
            return there
        inside = there.properties[member].node.properties
        moved = {name for name in here.properties if spelling(name) in map(spelling, inside)}
        is_missed = any(self._worst(place, name, here.properties[name]) == "flows" for name in moved)
        worst: Severity = "flows" if is_missed or place.direction != "response" else "client"
        known = set(map(spelling, here.properties))
        kept = {name: slot for name, slot in there.properties.items() if spelling(name) in known}
        beside = ", ".join(shown(name, 40) for name in there.properties if name != member and name not in kept)
        detail = f"they are inside {shown(member)} now{f', beside {beside}' if beside else ''}"
        self._add(ChangeKind.FIELDS_WRAPPED, place.path, worst, detail)
        return evolve(there, properties={**kept, **inside})

    def _in_the_names_of(self, place: Place, there: Node, here: Node) -> Node:
        """An object under the documented names of its fields, where they are spelled differently and no more."""
        gone = [name for name in here.properties if name not in there.properties]
        spelled = respelled(gone, [name for name in there.properties if name not in here.properties])
        for name, now in spelled.items():
            slot, other = here.properties[name], there.properties[now]
            worst = self._worst(place, name, slot)
            if place.direction != "response" and other.required and not why_left_out(other, slot):
                worst = "flows"
            path = f"{place.path}.{shown(name)}"
            self._add(ChangeKind.FIELD_SPELLED_DIFFERENTLY, path, worst, f"it is {shown(now)} now")
        names = {now: name for name, now in spelled.items()}
        return evolve(there, properties={names.get(name, name): slot for name, slot in there.properties.items()})

    def _worst(self, place: Place, name: str, slot: Slot) -> Severity:
        """Whom it breaks when a field is not what it was."""
        goes_by = self._here.goes_by or (name,)
        is_documented = bool(self._here.operation_id)
        steers = slot.steering and name in goes_by if is_documented else self._uses.steers_by(self._here, name)
        return "flows" if steers and place.direction == "response" else "client"

    def _properties(self, place: Place, there: Node, here: Node) -> None:
        is_read = place.direction == "response"
        gone = {name: slot.node for name, slot in here.properties.items() if name not in there.properties}
        new = {name: slot.node for name, slot in there.properties.items() if name not in here.properties}
        guesses = likely(gone, new)
        for name, slot in here.properties.items():
            other = there.properties.get(name)
            path = f"{place.path}.{shown(name)}"
            worst = self._worst(place, name, slot)
            if other is None and is_read and there.is_problem:
                self._add_not_stated(ChangeKind.FIELD_NOT_LISTED, path, "the documented one stays")
                continue
            if other is None:
                self._gone(path, worst, slot, there, guesses.get(name))
                continue
            for what, after, severity, detail in self._differences(place, other.node, slot.node, worst):
                self._add(what, path + after, severity, detail)
            if other.nullable != slot.nullable and not is_read and other.node.kind != "any":
                null: Severity = "additive" if other.nullable else "client"
                self._add(ChangeKind.NULL_TAKEN_TOO if other.nullable else ChangeKind.NULL_NOT_TAKEN, path, null, "")
            if is_read and other.partial and slot.required:
                why = "only some of its alternatives have it"
                severity = worst if worst == "flows" else "additive"
                self._add(ChangeKind.FIELD_NO_LONGER_REQUIRED, path, severity, why)
            elif other.required != slot.required:
                what = ChangeKind.FIELD_NOW_REQUIRED if other.required else ChangeKind.FIELD_NO_LONGER_REQUIRED
                why = why_left_out(other, slot) if other.required and not is_read else ""
                severity = "additive" if is_read or not other.required or why else "client"
                self._add(what, path, severity, why)
        if there.extra is not None and here.extra is not None:
            for what, after, severity, detail in self._differences(place, there.extra.node, here.extra.node, "client"):
                self._add(what, place.path + "{}" + after, severity, detail)
        for name, other in there.properties.items():
            if name not in here.properties:
                must = not is_read and _is_needed(other)
                left_out = other.required and not is_read and not other.read_only
                said = "and it is required" if must else f"required; {why_left_out(other, None)}" if left_out else ""
                detail = ", ".join(filter(None, (described(other.node), said)))
                self._add(ChangeKind.FIELD_NEW, f"{place.path}.{shown(name)}", "flows" if must else "additive", detail)

    def _gone(self, path: str, worst: Severity, slot: Slot, there: Node, guess: str | None) -> None:
        """A field that is not there under its name; flows may know another one."""
        known = next((other for other in slot.also_called if _is_a(slot.node, there.properties.get(other))), None)
        if known is None:
            self._add(ChangeKind.FIELD_GONE, path, worst, _perhaps(guess))
        else:
            self._add(ChangeKind.FIELD_GONE, path, "client", f"it is {known} now, which flows know, too")


def _differences(there: Node, here: Node, worst: Severity) -> Iterator[Local]:
    """How the type of a field differs, down to the items of arrays."""
    after = ""
    while there.kind == "array" and here.kind == "array" and there.items is not None and here.items is not None:
        there, here, after = there.items.node, here.items.node, after + "[]"
    kept, known = counterpart(there, here)
    detail = f"{described(here)} became {described(there)}"
    if there.kind == "enum" and here.kind == "enum" and there.type == here.type:
        gone = _missing(here.values, there.values)
        new = _missing(there.values, here.values)
        spelled = respelled(list(map(str, gone)), list(map(str, new)))
        if spelled:
            said = [f"{shown(value, 40)} is {shown(now, 40)} now" for value, now in spelled.items()]
            yield ChangeKind.VALUES_SPELLED_DIFFERENTLY, after, worst, _in_a_row(said)
        gone = [value for value in gone if str(value) not in spelled]
        new = [value for value in new if str(value) not in spelled.values()]
        shown_only = [value for value in gone if here.waited_for and value not in here.waited_for]
        waited_for = [value for value in gone if value not in shown_only]
        if waited_for:
            yield ChangeKind.VALUES_GONE, after, worst, _listed(waited_for, new)
        if shown_only:
            yield ChangeKind.VALUES_GONE, after, "client", _listed(shown_only, new)
        if new:
            yield ChangeKind.VALUES_NEW, after, "additive", _listed(new)
    elif kept is None:
        if there.kind != here.kind or there.format != here.format or not here.is_free_form:
            yield ChangeKind.TYPE_LOST, after, "additive", f"the documented one fills in: {described(here)}"
    elif there.kind == "enum" and here.kind == "scalar" and there.type == here.type and not here.format:
        yield ChangeKind.VALUES_LISTED, after, "additive", _listed(list(there.values))
    elif (there.type, here.type) == ("integer", "number"):
        yield ChangeKind.TYPE_NARROWED, after, "additive", detail
    elif there.kind == "union" and any(slot.node.kind == here.kind for slot in there.variants):
        yield ChangeKind.TYPE_WIDENED, after, worst, detail
    elif known is not here and known is not None and there.kind != "union":
        now = known.name or described(there)
        yield ChangeKind.ONE_ALTERNATIVE, after, "additive", f"{described(here)} became {now}"
    elif here.kind == "any":
        if not there.is_free_form:
            yield ChangeKind.TYPE_STATED, after, "additive", described(there)
    elif (there.kind, there.type, there.format) != (here.kind, here.type, here.format) or (
        there.kind == "union" and _kinds(there) != _kinds(here)
    ):
        yield ChangeKind.TYPE_CHANGED, after, worst, detail


def _is_needed(new: Slot) -> bool:
    """Whether a new field has to be sent, which today's client does not do."""
    return new.required and not new.read_only and not why_left_out(new, None)


def _is_a(node: Node, other: Slot | None) -> bool:
    """Whether a place has a value of the same kind and type."""
    return other is not None and (other.node.kind, other.node.type) == (node.kind, node.type)


def _kinds(union: Node) -> set[str]:
    """The kinds of the alternatives, in which all objects are one: they are compared field by field."""
    return {"object" if slot.node.kind == "object" else described(slot.node) for slot in union.variants}


def _missing(values: tuple[str | int, ...], others: tuple[str | int, ...]) -> list[str | int]:
    """Values that are not among others, whatever their letter case: flows compare so."""
    known = {str(value).casefold() for value in others}
    return [value for value in values if str(value).casefold() not in known]


def _listed(values: list[str | int], new: list[str | int] | None = None) -> str:
    """Some values, each with the new one that it most likely is."""
    now = likely(dict.fromkeys(map(str, values)), dict.fromkeys(map(str, new or ())))
    hints = {value: f" (perhaps {shown(other, 40)} now)" for value, other in now.items()}
    return _in_a_row([shown(value, 40) + hints.get(value, "") for value in map(str, values)])


def _in_a_row(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _perhaps(name: str | None) -> str:
    """Which new name something that is gone most likely has."""
    return f"perhaps it is called {shown(name)} now" if name else ""


#: New operations among which a gone one is looked for.
MOST_COMPARED: Final = 300
LONGEST_COMPARED: Final = 200


def moved_operations(there: Contract, here: Contract, lost: dict[OperationKey, str]) -> dict[OperationKey, Operation]:
    """Each operation of the older contract that the newer one has elsewhere, by its old key, with the new one."""
    new = {key: operation for key, operation in there.operations.items() if key not in here.operations}
    moved: dict[OperationKey, Operation] = {}
    for operation in sorted(here.operations.values(), key=path_order):
        if operation.key not in there.operations and operation.key not in lost:
            found = _moved_to(operation, new)
            if found is not None:
                moved[operation.key] = new.pop(found.key)
    return moved


def compare_operations(
    there: Contract,
    here: Contract,
    uses: Uses,
    lost: dict[OperationKey, str],
    moved: dict[OperationKey, Operation],
) -> Iterator[Change]:
    """Operations that came, went or moved, or that the document has in a form that cannot be generated.

    Args:
        there: the newer contract.
        here: the older one.
        uses: what the hand-written package uses.
        lost: operations of the newer document that cannot be generated, each with the reason.
        moved: what :func:`moved_operations` gives.
    """
    for key, reason in lost.items():
        if key in here.operations:
            users = uses.of(here.operations[key])
            worst: Severity = "flows" if users else "client"
            yield Change(ChangeKind.OPERATION_NOT_GENERATED, uses.title(here.operations[key]), "", worst, reason, users)
    gone = [operation for key, operation in here.operations.items() if key not in there.operations and key not in lost]
    for operation in sorted(gone, key=path_order):
        users = uses.of(operation)
        severity: Severity = "flows" if users else "client"
        other = moved.get(operation.key)
        kind = ChangeKind.OPERATION_GONE if other is None else ChangeKind.OPERATION_MOVED
        detail = f"it looks like {other.title} now" if other is not None else ""
        yield Change(kind, uses.title(operation), "", severity, detail, users)
    came = {operation.key for operation in moved.values()}
    new = [operation for key, operation in there.operations.items() if key not in here.operations and key not in came]
    for operation in sorted(new, key=path_order):
        yield Change(ChangeKind.OPERATION_NEW, operation.title, "", "additive", "")


def _moved_to(operation: Operation, candidates: dict[OperationKey, Operation]) -> Operation | None:
    """The new operation that a gone one most likely is: by the end of its path, by its path, by what it answers."""
    shape = operation.route.shape
    same_method = [other for other in candidates.values() if other.method == operation.method]
    under = [other for other in same_method if other.route.shape[-len(shape) :] == shape]
    if len(under) == 1:
        return under[0]
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
