"""Both documents walked together: one contract, shaped as the pulled document says, named as the documented one.

Where both describe a value, the pulled document wins, but for what it lost: a string that has no format any more, an
enum that became a string, a body without a schema. Where only the documented one describes it, that fills in.
"""

from __future__ import annotations

from collections import deque

from attrs import evolve

from regeneration.pairs import (
    Pair,
    counterpart,
    fitting_variant,
    in_the_spelling_of,
    lists_queries,
    operation_pairs,
    paired_parameters,
    paired_requests,
    paired_responses,
    side_of,
    weight,
    why_left_out,
)
from regeneration.shapes import (
    Body,
    Contract,
    Direction,
    Fingerprints,
    Medium,
    Node,
    Operation,
    Parameter,
    Slot,
    fold,
    path_order,
    reachable,
    roots_of,
)

_Key = tuple[int, int, Direction]


class Merger:
    """Builds the merged shapes of two contracts; equal pairs give the same node."""

    def __init__(self, documented: Contract, pulled: Contract | None) -> None:
        self._documented = documented
        self._pulled = pulled
        self._nodes: dict[_Key, Node] = {}
        self._to_fill: deque[tuple[Node, Node | None, Node | None, Direction]] = deque()
        self._prints: Fingerprints = fold(reachable(roots_of(pulled))) if pulled else {}
        self._owners: dict[tuple[str, Direction | None], Node] = {}
        self._partners: dict[tuple[str, Direction | None], Node] = {}
        if pulled:
            self._find_owners(pulled)

    def slot(self, pulled: Slot | None, documented: Slot | None, direction: Direction) -> Slot:
        """One place as the client shall know it, with everything below it."""
        slot = self._slot(pulled, documented, direction)
        while self._to_fill:
            self._fill(*self._to_fill.popleft())
        return slot

    def _slot(self, pulled: Slot | None, documented: Slot | None, direction: Direction) -> Slot:
        there, here = self._pair(pulled.node if pulled else None, documented.node if documented else None, direction)
        stated = pulled if pulled is not None and (pulled.node.kind != "any" or documented is None) else documented
        said = documented if documented is not None and documented.description else pulled or documented
        required = pulled or documented
        return Slot(
            node=self._node(there, here, direction),
            nullable=stated is not None and stated.nullable and direction != "form",
            required=required is not None and required.required,
            description=(said.description if said else "") or (here.description if here else ""),
            steering=documented is not None and documented.steering,
        )

    def _pair(self, there: Node | None, here: Node | None, direction: Direction) -> Pair:
        """What stands at a place in the pulled document and in the documented one, after repairs."""
        there, here = counterpart(there, here)
        if there is not None and here is None and there.needs_class:
            here = self._partners.get((self._prints[id(there)], _side(there, direction)))
        if there is None and here is not None and here.name:
            there = self._owners.get((here.name, _side(here, direction)))
        return there, here

    def _node(self, there: Node | None, here: Node | None, direction: Direction) -> Node:
        key = (id(there), id(here), direction)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node()
            self._to_fill.append((node, there, here, direction))
        return node

    def _fill(self, node: Node, there: Node | None, here: Node | None, direction: Direction) -> None:
        lead = there or here
        if lead is None:
            return
        node.kind, node.type, node.values = lead.kind, lead.type, lead.values
        node.format = lead.format if lead.format != "binary" or direction == "form" else ""
        if here is not None and here.kind == lead.kind:
            node.name, node.description = here.name, here.description
        node.direction = direction if lead.kind in ("object", "union") else None
        if lead.items is not None:
            node.items = self._slot(there.items if there else None, here.items if here else None, direction)
        if lead.extra is not None:
            node.extra = self._slot(there.extra if there else None, here.extra if here else None, direction)
            node.extra.nullable = node.extra.nullable or direction == "response"
        node.properties = self._properties(there, here, direction)
        node.variants = tuple(
            self._slot(slot, fitting_variant(there, slot, here), direction)
            if there
            else self._slot(None, slot, direction)
            for slot in lead.variants
        )

    def _properties(self, there: Node | None, here: Node | None, direction: Direction) -> dict[str, Slot]:
        """Documented names first, in their order; the others by name. Read-only values are not sent, unless the
        documented contract sends them, and so on."""
        lead = there or here or Node()
        known = here.properties if here is not None and here.kind == "object" else {}
        listed = {**known, **lead.properties} if lead.is_problem and direction == "response" else lead.properties
        names = [name for name in known if name in listed]
        names += sorted(name for name in listed if name not in known)
        left_out = {name for name, slot in listed.items() if slot.read_only and known.get(name, slot).read_only}
        if len(left_out) == len(listed):
            left_out = set()  # a class that can't be changed once it is made, as ASP.NET describes it
        if direction == "response":
            left_out = {name for name, slot in listed.items() if slot.write_only}
        merged: dict[str, Slot] = {}
        for name in names:
            if name in left_out:
                continue
            merged[name] = self._slot(there.properties.get(name) if there else None, known.get(name), direction)
            if direction == "response":
                merged[name].required, merged[name].nullable = False, True
            elif here is not None and why_left_out(merged[name], known.get(name)):
                merged[name].required = False
        return merged

    def _find_owners(self, pulled: Contract) -> None:
        """Which pulled shape bears a documented name: of those that stand where the documented one does, the first that
        has most of what flows go by."""
        seen: set[_Key] = set()
        for operation in sorted(self._documented.operations.values(), key=path_order):
            other = pulled.operations.get(operation.key)
            waiting = deque(operation_pairs(other, operation)) if other else deque()
            while waiting:
                place = waiting.popleft()
                there, here = counterpart(place.there, place.here)
                if there is None or here is None or (id(there), id(here), place.direction) in seen:
                    continue
                seen.add((id(there), id(here), place.direction))
                if here.name and here.kind == there.kind:
                    owner = self._owners.setdefault((here.name, _side(here, place.direction)), there)
                    if weight(there, here) > weight(owner, here):
                        self._owners[(here.name, _side(here, place.direction))] = there
                    self._partners.setdefault((self._prints[id(there)], _side(there, place.direction)), here)
                waiting.extend(place.inner(there, here))


def _side(node: Node, direction: Direction) -> Direction | None:
    """The values of an enum are the same in both directions; what an object must have is not."""
    return None if node.kind == "enum" else direction


def combine(documented: Contract, pulled: Contract | None) -> Contract:
    """Merge two contracts.

    The result has the operations of the pulled document, or the documented ones when nothing was pulled; an operation
    that only the pulled document has comes without operation id and tag.
    """
    if pulled is not None:
        documented = in_the_spelling_of(pulled, documented)
    combiner = _Combiner(Merger(documented, pulled))
    merged = Contract({}, documented.title, documented.version)
    for operation in sorted((pulled or documented).operations.values(), key=path_order):
        known = documented.operations.get(operation.key)
        merged.operations[operation.key] = combiner.operation(operation if pulled else None, known)
    return merged


class _Combiner:
    def __init__(self, merger: Merger) -> None:
        self._merger = merger

    def operation(self, there: Operation | None, here: Operation | None) -> Operation:
        """One operation of both, or of whichever has it."""
        stated = here or there
        assert stated is not None
        return evolve(
            stated,
            path_parameters=self._path_parameters(there, here),
            parameters=self._parameters(there, here),
            requests=self._requests(there, here),
            responses={
                status: self._response(body, known) for status, (body, known) in paired_responses(there, here).items()
            },
            deprecated=stated.deprecated or (there is not None and there.deprecated),
        )

    def _path_parameters(self, there: Operation | None, here: Operation | None) -> list[Parameter]:
        stated = here or there
        assert stated is not None
        theirs = there.path_parameters if there else [None] * len(stated.path_parameters)
        mine = here.path_parameters if here else [None] * len(stated.path_parameters)
        return [self._parameter(pulled, documented) for pulled, documented in zip(theirs, mine, strict=True)]

    def _parameters(self, there: Operation | None, here: Operation | None) -> list[Parameter]:
        """What the pulled document lists; and headers, which services read without listing them.

        A document that lists no query parameter at all has most likely left them out, so the documented ones stay.
        """
        return [
            self._parameter(other, known)
            for other, known in paired_parameters(there, here)
            if other is not None
            or (known is not None and (there is None or known.where != "query" or not lists_queries(there)))
        ]

    def _parameter(self, there: Parameter | None, here: Parameter | None) -> Parameter:
        stated = here or there
        assert stated is not None
        wire = there if there is not None and stated.where == "query" else stated
        required = (there or stated).required
        slot = self._merger.slot(there.slot if there else None, here.slot if here else None, "request")
        return Parameter(wire.name, stated.where, evolve(slot, nullable=False), required)

    def _requests(self, there: Operation | None, here: Operation | None) -> dict[Medium, Body]:
        body, known = paired_requests(there, here)
        stated = body or known
        if stated is None:
            return {}
        medium = stated.medium
        agrees = known is not None and known.medium == medium
        slot = self._slot(body, known if agrees else None, stated)
        required = stated.required or (known is not None and known.required)
        return {medium: Body(medium, slot, required, (known or stated).description, stated.content_type)}

    def _slot(self, body: Body | None, known: Body | None, stated: Body) -> Slot:
        direction = side_of(stated.medium)
        slot = self._merger.slot(body.slot if body else None, known.slot if known else None, direction)
        return evolve(slot, nullable=False)

    def _response(self, body: Body | None, known: Body | None) -> Body:
        stated = body if body is not None and body.is_typed else known or body
        assert stated is not None
        described = (known.description if known else "") or stated.description
        if stated.medium != "json":
            return Body(stated.medium, None, description=described)
        theirs = body.slot if body is not None and body.medium == "json" else None
        mine = known.slot if known is not None and known.medium == "json" else None
        return Body("json", self._merger.slot(theirs, mine, "response"), description=described)
