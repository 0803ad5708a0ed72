"""What a pulled document says of each answer and each request body, as if a service had been seen to do it."""

from __future__ import annotations

from typing import Final

from regeneration.contact_facts import SENT
from regeneration.pairs import is_success
from regeneration.shapes import Body, Contract, Node, Operation, Slot, flattened
from specstep_flows.contact.asking import Answer, Contact, list_of
from specstep_flows.contact.contract import Contract as Facts
from specstep_flows.contact.contract import Node as Expected
from specstep_flows.contact.shapes import MOST_FIELDS, Shape

#: How deep a document's schemas are followed.
DEEPEST: Final = 12
_FORMATS: Final = {"uuid": "uuid", "date-time": "date-time", "date": "date"}


def stated(documented: Contract, pulled: Contract, facts: Facts) -> Contact:
    """Everything that the document describes; what it leaves open is not there."""
    contact = Contact()
    for key, here in documented.operations.items():
        there = pulled.operations.get(key)
        if there is None:
            continue
        for body in there.requests.values():
            _describe(contact, here.operation_id + SENT, 200, body, facts)
        for status, body in _successes(there):
            _describe(contact, here.operation_id, status, body, facts)
    return contact


def _successes(operation: Operation) -> list[tuple[int, Body]]:
    found = [
        (int(status), body) for status, body in operation.responses.items() if status.isdigit() and is_success(status)
    ]
    # ASP.NET states a 200 without a body where it states nothing.
    return [(status, body) for status, body in found if status != 200 or body.is_typed]


def _describe(contact: Contact, name: str, status: int, body: Body, facts: Facts) -> None:
    operation = facts.operations.get(name)
    if operation is None or name in contact.answers:
        return
    answer = Answer(name, status, media="application/json" if body.medium == "json" else "")
    expected = operation.bodies.get(str(status)) or next(iter(operation.bodies.values()), None)
    if expected is None or (body.slot is not None and body.is_typed):
        contact.answers[name] = answer
    if body.slot is not None and body.is_typed and expected is not None:
        answer.body = _shape(body.slot, expected)


def _shape(slot: Slot, expected: Expected) -> Shape:
    envelope = list_of(expected)
    shape = _shape_of(slot.node, 0)
    if envelope is None:
        return shape
    name, _ = envelope
    if shape.items is not None and shape.types == {"array"}:
        return Shape(1, {"object"}, fields={name: shape}, objects=1, envelope="array")
    arrays = [one for one, inner in shape.fields.items() if "array" in inner.types]
    if not any(expected.called(one) == name for one in shape.fields) and len(arrays) == 1:
        shape.envelope = arrays[0]
        shape.fields[name] = shape.fields.pop(arrays[0])
    return shape


def _shape_of(node: Node, depth: int) -> Shape:
    """A shape that was seen once; of what the document leaves open, none."""
    shape = Shape()
    variants = flattened(node)[0] if node.kind == "union" else [Slot(node)]
    for variant in variants:
        _add(shape, variant.node, depth)
    return shape


def _add(shape: Shape, node: Node, depth: int) -> None:
    if node.kind in ("any", "union") or depth > DEEPEST:
        return
    shape.times = 1
    if node.kind == "array":
        shape.types.add("array")
        if node.items is not None:
            shape.items = _shape_of(node.items.node, depth + 1)
    elif node.kind == "object":
        shape.types.add("object")
        if not node.is_free_form:
            shape.objects = 1
            for name, slot in list(node.properties.items())[:MOST_FIELDS]:
                shape.fields[name] = _shape_of(slot.node, depth + 1)
    else:
        shape.types.add(node.type)
        if node.type == "string" and node.format in _FORMATS:
            shape.formats.add(node.format)
        shape.words |= {value for value in node.values if isinstance(value, str)}
