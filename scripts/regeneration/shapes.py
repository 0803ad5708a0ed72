"""What a document says, freed from how it says it: operations, and a graph of the shapes of their bodies.

Both documents, the documented one and a pulled one, are read into these classes; references, inlining, null styles
and the order of things have no place in them.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

from attrs import define, field

from regeneration.errors import OperationKey, RegenerationError
from regeneration.paths import METHODS, Route

Kind = Literal["any", "scalar", "enum", "array", "object", "union"]
Where = Literal["path", "query", "header", "cookie"]
Direction = Literal["response", "request", "form"]
Medium = Literal["none", "json", "text", "binary", "form", "multipart"]


@define(eq=False)
class Slot:
    """A place where a value stands: which shape it has there, and what is said about it at that place."""

    node: Node
    nullable: bool = False
    required: bool = False
    description: str = ""
    steering: bool = False
    #: Of a list that flows go by: they find it as an array, or as the only one of an object.
    under_any_name: bool = False
    #: Other names under which flows find what they go by.
    also_called: tuple[str, ...] = ()
    #: Of what is sent: the official samples do without it, whatever a document requires.
    may_be_left_out: bool = False
    read_only: bool = False
    write_only: bool = False
    #: Of a field of several objects that were made one: not all of them have it.
    partial: bool = False


@define(eq=False)
class Node:
    """The shape of a value. Which fields mean something depends on ``kind``."""

    kind: Kind = "any"
    #: Of a scalar or an enum: string, integer, number or boolean.
    type: str = ""
    #: Of a string: uuid, date-time, date or binary; any other format changes nothing in the client.
    format: str = ""
    values: tuple[str | int, ...] = ()
    #: Of a documented enum: the values that flows go by, when not by all.
    waited_for: tuple[str, ...] = ()
    items: Slot | None = None
    properties: dict[str, Slot] = field(factory=dict)
    #: Of an object: the shape of values under names that are not known beforehand, when the document gives one.
    extra: Slot | None = None
    variants: tuple[Slot, ...] = ()
    #: Of an object or an array that is read as one of several: these.
    alternatives: tuple[Node, ...] = ()
    #: The documented name. Empty for everything that comes from a pulled document.
    name: str = ""
    description: str = ""
    #: Of a merged shape: who sends it. What is read and what is sent never share a class.
    direction: Direction | None = None

    @property
    def is_free_form(self) -> bool:
        """Whether nothing is said about the value but, at most, that it is an object (of such objects, and so on)."""
        node, seen = self, {id(self)}
        while node.kind == "object" and not node.properties and node.extra is not None:
            node = node.extra.node
            if id(node) in seen:
                return False
            seen.add(id(node))
        return node.kind == "any" or (node.kind == "object" and not node.properties)

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem document (RFC 9457), which may have more members than anybody lists."""
        if self.alternatives:
            return all(node.is_problem for node in self.alternatives)
        return self.kind == "object" and self.properties.keys() >= {"type", "title", "status", "detail"}

    @property
    def needs_class(self) -> bool:
        """Whether the generated client has a class for this shape."""
        return self.kind == "enum" or (self.kind == "object" and not self.is_free_form)


@define(eq=False)
class Body:
    """A request or response body: how it travels and, unless it is bytes or text, its shape."""

    medium: Medium = "none"
    slot: Slot | None = None
    required: bool = False
    description: str = ""
    #: Of JSON that is sent: the content type to send it as.
    content_type: str = "application/json"

    @property
    def is_typed(self) -> bool:
        """Whether the document says what is in the body."""
        return self.medium in ("text", "binary") or (self.slot is not None and not self.slot.node.is_free_form)

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem document."""
        return self.slot is not None and self.slot.node.is_problem


@define(eq=False)
class Parameter:
    """A parameter of an operation; ``name`` is the wire name, but for path parameters, which have none."""

    name: str
    where: Where
    slot: Slot
    required: bool = False


@define(eq=False)
class Operation:
    """One operation of a document."""

    method: str
    route: Route
    path_parameters: list[Parameter]
    parameters: list[Parameter]
    #: The ways in which a request body may be sent, the preferred one first; empty when there is none.
    requests: dict[Medium, Body]
    responses: dict[str, Body]
    summary: str = ""
    description: str = ""
    #: None where the document says nothing about it.
    secured: bool | None = None
    #: How a key has to be sent, when not as ``Authorization: Bearer``.
    key_goes: str = ""
    deprecated: bool = False
    operation_id: str = ""
    tag: str = ""
    used_by: tuple[str, ...] = ()
    #: Of a documented operation: the fields in its answers that flows go by, when not by all that are marked.
    goes_by: tuple[str, ...] = ()

    @property
    def key(self) -> OperationKey:
        """What makes it the same operation in another document."""
        return (self.method, self.route.shape)

    @property
    def title(self) -> str:
        """``METHOD /path``, as reports name it."""
        return f"{self.method.upper()} {self.route.text}"

    @property
    def role(self) -> str:
        """``METHOD /path``, parameters blanked, in lower case: the start of every role in it."""
        return f"{self.method.upper()} /{'/'.join(self.route.shape)}"


@define(eq=False)
class Contract:
    """A document as it was read: its operations in path order."""

    operations: dict[OperationKey, Operation]
    title: str = ""
    version: str = ""


def path_order(operation: Operation) -> tuple[tuple[str, ...], int, str]:
    """The order in which roles claim names: by path, then by method."""
    return (operation.route.shape, METHODS.index(operation.method), operation.route.text)


def flattened(union: Node) -> tuple[list[Slot], bool]:
    """The alternatives of a union, through unions in it, that are none themselves; and whether one may be null."""
    found: list[Slot] = []
    seen: set[int] = {id(union)}
    waiting = deque(union.variants)
    nullable = False
    while waiting:
        slot = waiting.popleft()
        nullable = nullable or slot.nullable
        if slot.node.kind != "union":
            found.append(slot)
        elif id(slot.node) not in seen:
            seen.add(id(slot.node))
            waiting.extend(slot.node.variants)
    return found, nullable


DEEPEST: Final = 300
MOST_WORK: Final = 8_000_000

#: id of a node → a fingerprint that equal shapes share, whatever document they come from.
Fingerprints = dict[int, str]


def reachable(roots: Iterable[Slot]) -> list[Node]:
    """Every node that can be reached from ``roots``, each once."""
    found: dict[int, Node] = {}
    waiting = [slot.node for slot in roots]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting += [slot.node for slot in node.properties.values()]
            waiting += [slot.node for slot in (node.items, node.extra, *node.variants) if slot is not None]
    return list(found.values())


def roots_of(contract: Contract) -> list[Slot]:
    """The places of a contract from which its shapes hang."""
    slots: list[Slot] = []
    for operation in contract.operations.values():
        slots += [parameter.slot for parameter in (*operation.path_parameters, *operation.parameters)]
        for body in (*operation.requests.values(), *operation.responses.values()):
            if body.slot is not None:
                slots.append(body.slot)
    return slots


def answers_of(contract: Contract) -> list[Slot]:
    """The same for what is read alone."""
    bodies = (body for operation in contract.operations.values() for body in operation.responses.values())
    return [body.slot for body in bodies if body.slot is not None]


def children(node: Node) -> list[tuple[str, Slot]]:
    """The places inside a shape, each with a label; the variants of a union share one, since order means nothing."""
    found = [(f".{name}", slot) for name, slot in node.properties.items()]
    if node.items is not None:
        found.append(("[]", node.items))
    if node.extra is not None:
        found.append(("{}", node.extra))
    found += [("|", slot) for slot in node.variants]
    return found


def fold(nodes: list[Node], *, label: Callable[[Node], object] | None = None) -> Fingerprints:
    """Give every node its fingerprint.

    Args:
        nodes: nodes, closed under :func:`children`.
        label: what else must be equal for two shapes to be the same.

    Raises:
        RegenerationError: the shapes nest deeper, or are more entangled, than any real document's.
    """
    local = {id(node): _local(node, label(node) if label else None) for node in nodes}
    edges = {
        id(node): sorted((f"{name}{'?' if slot.nullable else ''}{'!' if slot.required else ''}\0", id(slot.node))
                         for name, slot in children(node))
        for node in nodes
    }  # fmt: skip
    prints: Fingerprints = {key: _hash(text) for key, text in local.items()}
    distinct, work, each = len(set(prints.values())), 0, sum(1 + len(listed) for listed in edges.values())
    lines, unions, holders = {}, set(), defaultdict(list)
    for key, listed in edges.items():
        lines[key] = [f"{name}{prints[target]}\n" for name, target in listed]
        for place, (name, target) in enumerate(listed):
            holders[target].append((key, place, name))
        if len({name for name, _ in listed}) < len(listed):
            unions.add(key)
    # A shape with nothing inside keeps the first one; and so does every one, unless something inside got another.
    moving = {key for key, listed in edges.items() if listed}
    for _ in range(DEEPEST):
        work += each
        if work > MOST_WORK:
            break
        fresh = {
            key: _hash(local[key] + "".join(sorted(set(lines[key])) if key in unions else lines[key])) for key in moving
        }
        moving = set()
        for target, text in fresh.items():
            if text != prints[target]:
                for key, place, name in holders[target]:
                    lines[key][place] = f"{name}{text}\n"
                    moving.add(key)
        prints |= fresh
        now = len(set(prints.values()))
        if now == distinct:
            return prints
        distinct = now
    raise RegenerationError(
        f"The document's schemas nest deeper than {DEEPEST} levels, or are entangled beyond what can be compared; "
        "it is not used."
    )


def _local(node: Node, label: object) -> str:
    return json.dumps([node.kind, node.type, node.format, node.values, label], ensure_ascii=True)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
