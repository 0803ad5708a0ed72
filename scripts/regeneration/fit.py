"""A merged contract fitted to what the generator can express: unions, forms, and names that would clash."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from typing import Final

from attrs import evolve
from openapi_python_client import strings

from regeneration.errors import Notes, RegenerationError
from regeneration.schemas import MOST_ENUM_VALUES
from regeneration.shapes import (
    Contract,
    Fingerprints,
    Node,
    Operation,
    Parameter,
    Slot,
    children,
    flattened,
    fold,
    reachable,
    roots_of,
)
from regeneration.text import shown


def simplify_unions(contract: Contract) -> None:
    """Flatten the unions of a merged contract, and take those off that have a single alternative, in place.

    An object of which nothing is said becomes anything at all: it is read and sent as a plain dictionary.

    When several alternatives of something read are objects, reading them leniently makes the first one fit always, so
    they are made one. What is sent keeps its alternatives: there the caller chooses.
    """
    roots = roots_of(contract)
    joiner = _Joiner()
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
        joiner.prints = prints
        reduced = [node for node in unions if _reduce(node, prints, joiner)]
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


def join_objects(roots: list[Slot]) -> None:
    """Make one object of all objects that a value which is read can be, and one list of all lists, in place.

    Everything that is read is optional, so one class with the fields of all reads each of them.
    """
    joiner = _Joiner()
    joined: dict[int, Node] = {}
    while True:
        nodes = reachable(roots)
        joiner.prints = joiner.prints or fold(nodes)
        for slot in (*roots, *(slot for node in nodes for _, slot in children(node))):
            if id(slot.node) in joined:
                _unwrap(slot)
        now = {id(node): node for node in nodes if node.kind == "union" and joiner.join(node)}
        if not now:
            return
        joined |= now


#: Fields of objects that were made of several, over all objects.
MOST_JOINED: Final = 100_000


class _Joiner:
    """Makes one shape of several objects, or of several lists; of the same ones it makes the same."""

    def __init__(self) -> None:
        #: Of the shapes that documents describe; ours have none.
        self.prints: Fingerprints = {}
        self._joined: dict[frozenset[int], Node] = {}
        self._fields = 0

    def join(self, union: Node) -> bool:
        """Replace the objects of a union by one, and its lists by one; whether there were several of either."""
        found, nullable = flattened(union)
        nodes = [slot.node for slot in found]
        objects = [node for node in nodes if node.kind == "object" and not node.is_free_form]
        free = [node for node in nodes if node.kind == "object" and node.is_free_form]
        arrays = [node for node in nodes if node.kind == "array"]
        if any(node.kind == "any" for node in nodes) or (len(objects) + len(free) < 2 and len(arrays) < 2):
            return False
        joined = [self._whole(some) for some in (objects or free[:1], arrays) if some]
        union.variants = tuple(Slot(node, nullable=nullable) for node in (*_plain_parts(union, {}), *joined))
        return True

    def _whole(self, nodes: list[Node]) -> Node:
        parts = {id(part): part for node in nodes for part in node.alternatives or (node,)}
        if len(parts) == 1:
            return nodes[0]
        key = frozenset(parts)
        if key not in self._joined:
            first, *_ = members = tuple(parts.values())
            whole = self._joined[key] = Node(first.kind, direction=first.direction, alternatives=members)
            items = [part.items or Slot(Node()) for part in members if part.kind == "array"]
            whole.items = self._slot(items) if items else None
            extras = [part.extra for part in members if part.extra is not None]
            whole.extra = self._slot(extras) if extras else None
            for name in dict.fromkeys(name for part in members for name in part.properties):
                found = [part.properties[name] for part in members if name in part.properties]
                whole.properties[name] = self._slot(found)
                whole.properties[name].partial = len(found) < len(members)
                whole.properties[name].required &= len(found) == len(members)
        return self._joined[key]

    def _slot(self, slots: list[Slot]) -> Slot:
        self._fields += len(slots)
        if self._fields > MOST_JOINED:
            raise RegenerationError("The alternatives of the document's values are entangled beyond what can be read.")
        distinct = {self.prints.get(id(slot.node), id(slot.node)): slot for slot in slots}
        node = Node("union", variants=tuple(distinct.values()), direction=slots[0].node.direction)
        return evolve(
            slots[0],
            node=slots[0].node if len(distinct) == 1 else node,
            nullable=any(slot.nullable for slot in slots),
            required=all(slot.required for slot in slots),
            steering=any(slot.steering for slot in slots),
            write_only=all(slot.write_only for slot in slots),
        )


def _plain_parts(union: Node, seen: dict[int, Node]) -> Iterator[Node]:
    """The alternatives of a union that are plain values; unions of such stay together, since they may be one enum."""
    seen[id(union)] = union
    for slot in union.variants:
        parts = flattened(slot.node)[0] if slot.node.kind == "union" else [slot]
        if not any(part.node.kind in ("object", "array") for part in parts):
            yield slot.node
        elif slot.node.kind == "union" and id(slot.node) not in seen:
            yield from _plain_parts(slot.node, seen)


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


def _reduce(union: Node, prints: Fingerprints, joiner: _Joiner) -> bool:
    """Replace the variants by the distinct alternatives that are no unions; whether that changed anything."""
    found, nullable = flattened(union)
    distinct: dict[str, Slot] = {}
    for slot in found:
        distinct.setdefault(prints.get(id(slot.node), str(id(slot.node))), slot)
    if not distinct or any(slot.node.is_free_form for slot in distinct.values()):
        _forget(union)
        return True
    before = union.variants
    union.variants = tuple(Slot(slot.node, nullable=nullable) for slot in distinct.values())
    if union.direction == "response" and joiner.join(union):
        return True
    return len(before) != len(union.variants) or len(union.variants) == 1 or nullable


def _variant_order(node: Node, prints: Fingerprints) -> tuple[str, str, list[str], str]:
    """The order of alternatives, which documents do not settle: it hardly changes when an alternative gets a field."""
    return node.kind, node.type, sorted(node.properties), prints[id(node)]


def _unwrap(slot: Slot) -> None:
    node = slot.node
    if node.kind == "union":
        slot.nullable = slot.nullable or any(variant.nullable for variant in node.variants)
        if len(node.variants) == 1:
            slot.node = node.variants[0].node


def fit_forms(contract: Contract, notes: Notes) -> None:
    """Make every form an object that has a class, in place; an operation whose form cannot be one is left out.

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
                    operation.title, "its form is not an object, so its fields have no names", operation.key
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


PREFIX: Final = "field_"

#: Names that the generator's templates use themselves, beside the builtins and keywords that it knows about.
RESERVED: Final = frozenset(
    {
        "additional_keys", "additional_properties", "asyncio_detailed", "cast", "cls", "cookies", "d", "field_dict",
        "from_dict", "headers", "params", "prop", "prop_dict", "prop_name", "quote", "src_dict", "sync_detailed",
        "to_dict", "to_multipart",
    }
)  # fmt: skip


def reserve_template_names() -> None:
    """Make the generator treat :data:`RESERVED` as it treats keywords: a name gets an underscore at its end."""
    strings.RESERVED_WORDS |= RESERVED


@functools.lru_cache(8_192)
def python_name(wire_name: str) -> str:
    """What the generator calls a property or a parameter, as Python compares it."""
    reserve_template_names()
    return unicodedata.normalize("NFKC", strings.PythonIdentifier(wire_name, PREFIX))


def fit_identifiers(contract: Contract, notes: Notes) -> None:
    """Leave out, with a note, what cannot have a Python name of its own: in place.

    Of several properties that would share a name, the first keeps it; the others stay readable and can be sent through
    ``additional_properties``. An operation whose required parameter cannot be an argument is not generated.
    """
    for operation in list(contract.operations.values()):
        parameters = _fit_parameters(operation, notes)
        if parameters is None:
            del contract.operations[operation.key]
        else:
            operation.parameters = parameters
    for node in reachable(roots_of(contract)):
        if node.properties:
            node.properties = _fit_properties(node, notes)


def _fit_properties(node: Node, notes: Notes) -> dict[str, Slot]:
    kept: dict[str, Slot] = {}
    taken: dict[str, str] = {}
    for name, slot in node.properties.items():
        identifier = python_name(name)
        other = taken.setdefault(identifier, name)
        if other != name:
            notes.add(
                f"The properties {shown(other)} and {shown(name)} of one object would both be called {identifier}; "
                "the second is in additional_properties."
            )
            continue
        kept[name] = slot
    for name, slot in kept.items():
        if slot.node.kind == "array" and _temporaries(python_name(name)) & taken.keys():
            kept[name] = evolve(slot, node=Node())
    return kept


def _fit_parameters(operation: Operation, notes: Notes) -> list[Parameter] | None:
    kept: list[Parameter] = []
    taken = {_argument(parameter) for parameter in operation.path_parameters}
    if len(taken) < len(operation.path_parameters):
        notes.not_generated(operation.title, "two parameters of its path would have the same name", operation.key)
        return None
    if operation.requests:
        taken |= _temporaries("body") | {"body"}
    for parameter in operation.parameters:
        identifier = _argument(parameter)
        if identifier in taken:
            reason = f"its {parameter.where} parameter {shown(parameter.name)} would be called like another argument"
            if parameter.required:
                notes.not_generated(operation.title, reason, operation.key)
                return None
            notes.add(f"{operation.title}: {reason}; it was left out.")
            continue
        taken |= _temporaries(identifier) | {identifier, f"json_{identifier}"}
        kept.append(parameter)
    return kept


def _argument(parameter: Parameter) -> str:
    """The name of an argument; the generator calls two of them after their place."""
    identifier = python_name(parameter.name)
    return f"{identifier}_{parameter.where}" if identifier in ("client", "url") else identifier


def _temporaries(identifier: str) -> set[str]:
    """The variables that generated code needs to go through a list."""
    return {f"{identifier}_item", f"{identifier}_item_data"}
