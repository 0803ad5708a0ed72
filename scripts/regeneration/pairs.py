"""Which place of one document means the same as which place of the other."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from regeneration.errors import OperationKey
from regeneration.shapes import Body, Contract, Direction, Medium, Node, Operation, Parameter, Slot, children, flattened

Pair = tuple[Node | None, Node | None]


@frozen
class Place:
    """The same place in two documents: ``there`` in the pulled one (or the newer), ``here`` in the documented one."""

    there: Node
    here: Node
    direction: Direction
    #: Where it is: ``200 .clarifications[]``, ``body``, ``query order``.
    path: str

    def inner(self, there: Node, here: Node) -> Iterator[Place]:
        """The places inside, where both documents have one; ``there`` and ``here`` are these nodes after repairs."""
        if there.items is not None and here.items is not None:
            yield Place(there.items.node, here.items.node, self.direction, self.path + "[]")
        if there.extra is not None and here.extra is not None:
            yield Place(there.extra.node, here.extra.node, self.direction, self.path + "{}")
        for name, slot in here.properties.items():
            if name in there.properties:
                yield Place(there.properties[name].node, slot.node, self.direction, f"{self.path}.{name}")
        for variant in there.variants:
            known = fitting_variant(there, variant, here)
            if known is not None:
                yield Place(variant.node, known.node, self.direction, self.path)


def operation_pairs(there: Operation, here: Operation) -> Iterator[Place]:
    """The places of an operation from which shapes hang, where both documents have one."""
    for mine, theirs in zip(here.path_parameters, there.path_parameters, strict=True):
        yield Place(theirs.slot.node, mine.slot.node, "request", f"path {mine.name}")
    for other, parameter in paired_parameters(there, here):
        if other is not None and parameter is not None:
            yield Place(other.slot.node, parameter.slot.node, "request", f"{parameter.where} {parameter.name}")
    request, documented = paired_requests(there, here)
    if request is not None and documented is not None and request.slot and documented.slot:
        yield Place(request.slot.node, documented.slot.node, side_of(request.medium), "body")
    for status, (body, known) in paired_responses(there, here).items():
        if body is not None and known is not None and body.slot is not None and known.slot is not None:
            yield Place(body.slot.node, known.slot.node, "response", status)


def paired_parameters(
    there: Operation | None, here: Operation | None
) -> list[tuple[Parameter | None, Parameter | None]]:
    """The parameters outside the path that correspond: those of ``here`` in their order, then what only ``there`` has.

    The letter case of a header's name means nothing, and that of a query's means nothing to ASP.NET; where a document
    has two queries that differ in nothing else, they are told apart by it.
    """
    theirs = list(there.parameters) if there else []
    paired: list[tuple[Parameter | None, Parameter | None]] = []
    exact = {(parameter.where, parameter.name) for parameter in (here.parameters if here else ())}
    for parameter in here.parameters if here else ():
        alike = [other for other in theirs if _spelled(other) == _spelled(parameter)]
        same = [other for other in alike if other.name == parameter.name]
        free = [other for other in alike if (other.where, other.name) not in exact]
        found = same[0] if same else free[0] if len(free) == 1 else None
        if found is not None:
            theirs.remove(found)
        paired.append((found, parameter))
    return [*paired, *((other, None) for other in theirs)]


def lists_queries(operation: Operation) -> bool:
    """Whether a document lists any query parameter of an operation; one that lists none most likely left them out."""
    return any(parameter.where == "query" for parameter in operation.parameters)


def _spelled(parameter: Parameter) -> tuple[str, str]:
    return parameter.where, parameter.name.casefold()


def side_of(medium: Medium) -> Direction:
    """The direction of a request body: forms have rules of their own."""
    return "form" if medium in ("form", "multipart") else "request"


def paired_requests(there: Operation | None, here: Operation | None) -> tuple[Body | None, Body | None]:
    """The request bodies that correspond: in the documented medium, where the other document offers it."""
    known = next(iter(here.requests.values()), None) if here else None
    offered = there.requests if there else {}
    if known is not None and known.medium in offered:
        return offered[known.medium], known
    return next(iter(offered.values()), None), known


def paired_responses(there: Operation | None, here: Operation | None) -> dict[str, tuple[Body | None, Body | None]]:
    """Status → the bodies that correspond. A success under another status than documented still is the success, and a
    problem under any status is the documented problem."""
    theirs = there.responses if there else {}
    mine = here.responses if here else {}
    listed = any(is_success(status) for status in theirs)
    unmatched = next(
        (body for status, body in theirs.items() if _succeeds(status, body, listed) and status not in mine), None
    )
    known = next((body for status, body in mine.items() if is_success(status) and body.is_typed), None)
    problem = next((body for body in mine.values() if body.is_problem), None)
    paired: dict[str, tuple[Body | None, Body | None]] = {}
    for status in sorted({*theirs, *mine}):
        body, documented = theirs.get(status), mine.get(status)
        if is_success(status) and body is None and documented is not None and documented.is_typed:
            body = unmatched
        if documented is None and body is not None:
            documented = problem if body.is_problem else known if _succeeds(status, body, listed) else None
        paired[status] = (body, documented)
    return paired


def _succeeds(status: str, body: Body, is_listed: bool) -> bool:
    """Whether it is the body of a success: ``default`` can be one where none is listed."""
    return body.is_typed and (is_success(status) or (status == "default" and not is_listed and not body.is_problem))


def is_success(status: str) -> bool:
    """Whether a status of a document, maybe a range, stands for success."""
    return status.startswith("2")


def counterpart(there: Node | None, here: Node | None) -> Pair:
    """What of two descriptions of one value counts.

    None in the first place: the pulled document lost it, and the documented description fills in. None in the second
    place: they describe different things, and the documented name does not fit.
    """
    if there is None or here is None:
        return there, here
    is_anything = there.kind == "any" or any(slot.node.kind == "any" for slot in flattened(there)[0])
    if is_anything or (there.is_free_form and here.kind == "object"):
        return None, here
    if there.kind == "scalar" and there.type == "string" and not there.format:
        lost_format = here.kind == "scalar" and here.type == "string" and bool(here.format)
        lost_values = here.kind == "enum" and here.type == "string"
        if lost_format or lost_values:
            return None, here
    if there.kind == "union":
        return there, here
    if here.alternatives and here.kind == there.kind and not there.alternatives:
        only = _likest(there, list(here.alternatives))
        return there, only if only is not None and _shared(there, only) == _shared(there, here) else here
    if here.kind == "union":
        return there, _likest(there, [slot.node for slot in here.variants if slot.node.kind == there.kind])
    return (there, here) if there.kind == here.kind else (there, None)


def weight(there: Node, here: Node) -> int:
    """How much a shape has of what flows go by in a documented one: fields that they read, or values they wait for."""
    if here.kind == "enum":
        known = {str(value).casefold() for value in here.waited_for or here.values}
        return sum(str(value).casefold() in known for value in there.values)
    return sum(slot.steering and name in there.properties for name, slot in here.properties.items())


def distance(there: Node, here: Node) -> int:
    """How many fields and values a shape, and all inside it, has more or fewer than a documented one."""
    found, seen, waiting = 0, set[tuple[int, int]](), [(there, here)]
    while waiting:
        there, here = waiting.pop()
        if (id(there), id(here)) not in seen:
            seen.add((id(there), id(here)))
            found += len(there.properties.keys() ^ here.properties.keys()) + len({*there.values} ^ {*here.values})
            known = dict(children(here))
            waiting += [(slot.node, known[label].node) for label, slot in children(there) if label in known]
    return found


def _likest(there: Node, alternatives: list[Node]) -> Node | None:
    """Which documented alternative a pulled document gives alone: of objects the one with most of its fields."""
    if len(alternatives) < 2:
        return alternatives[0] if alternatives else None
    if there.kind != "object":
        same = [node for node in alternatives if (node.type, node.format) == (there.type, there.format)]
        return same[0] if len(same) == 1 else None
    shared = [_shared(there, node) for node in alternatives]
    return alternatives[shared.index(max(shared))] if max(shared) and shared.count(max(shared)) == 1 else None


def _shared(there: Node, here: Node) -> int:
    return len(there.properties.keys() & here.properties.keys())


def why_left_out(there: Slot, here: Slot | None) -> str:
    """Why a field that is sent may be left out, although the pulled document may call it required; empty if it may not.

    ASP.NET calls each parameter of a record's constructor required, and takes null, or the default, for one that is not
    sent.
    """
    if here is not None and here.may_be_left_out:
        return "the official samples do without it, so it may be left out"
    if there.nullable and not (here is not None and here.required):
        return "it may be null, so it may be left out"
    return ""


def fitting_variant(union: Node, variant: Slot, here: Node | None) -> Slot | None:
    """The documented description of one alternative of a pulled union, when there is no doubt which it is."""
    if here is None or sum(slot.node.kind == variant.node.kind for slot in union.variants) != 1:
        return None
    known = here.variants if here.kind == "union" else (Slot(here),)
    fitting = [slot for slot in known if slot.node.kind == variant.node.kind]
    return fitting[0] if len(fitting) == 1 else None


def in_the_spelling_of(pulled: Contract, documented: Contract) -> Contract:
    """The documented contract with lists wrapped, and fields of forms spelled, as in the pulled document."""
    operations: dict[OperationKey, Operation] = {}
    for key, operation in documented.operations.items():
        other = pulled.operations.get(key)
        responses, requests = dict(operation.responses), dict(operation.requests)
        for status, (body, known) in paired_responses(other, operation).items() if other else ():
            if status in responses and body and known and body.slot is not None and known.slot is not None:
                responses[status] = evolve(known, slot=_enveloped(body.slot, known.slot))
        for medium, known in operation.requests.items():
            body = other.requests.get(medium) if other else None
            if side_of(medium) == "form" and body and body.slot is not None and known.slot is not None:
                requests[medium] = evolve(known, slot=_spelled_form(body.slot, known.slot))
        operations[key] = evolve(operation, responses=responses, requests=requests)
    return evolve(documented, operations=operations)


def _spelled_form(there: Slot, here: Slot) -> Slot:
    """The documented form with the pulled document's letter case in its fields, which means nothing to ASP.NET."""
    spelled = {name.casefold(): name for name in there.node.properties}
    known = {name.casefold() for name in here.node.properties}
    if len(spelled) < len(there.node.properties) or len(known) < len(here.node.properties):
        return here  # one of them tells fields apart by it
    fields = {spelled.get(name.casefold(), name): slot for name, slot in here.node.properties.items()}
    return evolve(here, node=evolve(here.node, properties=fields))


def _enveloped(there: Slot, here: Slot) -> Slot:
    """The documented body of a list, put into the pulled document's envelope.

    How lists are wrapped is documented nowhere: they may come as an array, or as the sole array in an object under
    whatever name. The rows keep their names in either case. Where a flow steers by the array's name, or by anything
    beside it, the object is more than an envelope and must stay. What flows could not read stays as documented, too, so
    that it is found to be gone.
    """
    known, found = here.node, there.node
    rows = sole_array(known) if known.kind == "object" else None
    member = sole_array(found) if found.kind == "object" else None
    if rows is not None and any(slot.steering and not slot.under_any_name for slot in known.properties.values()):
        return here
    if known.kind == "array" and member is not None:
        return evolve(here, node=Node("object", properties={member: here}))
    if rows is not None and found.kind == "array":
        return known.properties[rows]
    if rows is not None and rows not in found.properties and member is not None and member not in known.properties:
        renamed = {member if name == rows else name: slot for name, slot in known.properties.items()}
        return evolve(here, node=evolve(known, properties=renamed))
    return here


def sole_array(node: Node) -> str | None:
    """The name of the only array among the properties of an object, or None."""
    arrays = [name for name, slot in node.properties.items() if slot.node.kind == "array"]
    return arrays[0] if len(arrays) == 1 else None
