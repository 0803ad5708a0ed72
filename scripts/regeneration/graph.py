"""What a document says, freed from how it says it: operations, and a graph of the shapes of their bodies.

Both documents, the documented one and a pulled one, are read into these classes; references, inlining, null styles
and the order of things have no place in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from regeneration.routes import Route

Kind = Literal["any", "scalar", "enum", "array", "object", "union"]
Where = Literal["path", "query", "header", "cookie"]
Direction = Literal["response", "request", "form"]
Medium = Literal["none", "json", "text", "binary", "form", "multipart"]

METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")


@dataclass(slots=True, eq=False)
class Slot:
    """A place where a value stands: which shape it has there, and what is said about it at that place."""

    node: Node
    nullable: bool = False
    required: bool = False
    description: str = ""
    steering: bool = False
    may_be_left_out: bool = False
    """Of what is sent: the official samples do without it, whatever a document requires."""
    read_only: bool = False
    write_only: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """The shape of a value. Which fields mean something depends on ``kind``."""

    kind: Kind = "any"
    type: str = ""
    """Of a scalar or an enum: string, integer, number or boolean."""
    format: str = ""
    """Of a string: uuid, date-time, date or binary; any other format changes nothing in the client."""
    values: tuple[str | int, ...] = ()
    waited_for: tuple[str, ...] = ()
    """Of a documented enum: the values that flows go by, when not by all."""
    items: Slot | None = None
    properties: dict[str, Slot] = field(default_factory=dict)
    extra: Slot | None = None
    """Of an object: the shape of values under names that are not known beforehand, when the document gives one."""
    variants: tuple[Slot, ...] = ()
    name: str = ""
    """The documented name. Empty for everything that comes from a pulled document."""
    description: str = ""
    direction: Direction | None = None
    """Of a merged shape: who sends it. What is read and what is sent never share a class."""

    @property
    def is_free_form(self) -> bool:
        """Whether nothing is said about the value but, at most, that it is an object: also of such objects, and so on."""
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
        return self.kind == "object" and self.properties.keys() >= {"type", "title", "status", "detail"}

    @property
    def needs_class(self) -> bool:
        """Whether the generated client has a class for this shape."""
        return self.kind == "enum" or (self.kind == "object" and not self.is_free_form)


@dataclass(slots=True, eq=False)
class Body:
    """A request or response body: how it travels and, unless it is bytes or text, its shape."""

    medium: Medium = "none"
    slot: Slot | None = None
    required: bool = False
    description: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether the document says what is in the body."""
        return self.medium in ("text", "binary") or (self.slot is not None and not self.slot.node.is_free_form)

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem document."""
        return self.slot is not None and self.slot.node.is_problem


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter of an operation; ``name`` is the wire name, but for path parameters, which have none."""

    name: str
    where: Where
    slot: Slot
    required: bool = False


@dataclass(slots=True, eq=False)
class Operation:
    """One operation of a document."""

    method: str
    route: Route
    path_parameters: list[Parameter]
    parameters: list[Parameter]
    requests: dict[Medium, Body]
    """The ways in which a request body may be sent, the preferred one first; empty when there is none."""
    responses: dict[str, Body]
    summary: str = ""
    description: str = ""
    secured: bool | None = None
    """None where the document says nothing about it."""
    deprecated: bool = False
    operation_id: str = ""
    tag: str = ""
    used_by: tuple[str, ...] = ()
    goes_by: tuple[str, ...] = ()
    """Of a documented operation: the fields in its answers that flows go by, when not by all that are marked."""

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


OperationKey = tuple[str, tuple[str, ...]]


@dataclass(slots=True, eq=False)
class Contract:
    """A document as it was read: its operations in path order."""

    operations: dict[OperationKey, Operation]
    title: str = ""
    version: str = ""


def path_order(operation: Operation) -> tuple[tuple[str, ...], int, str]:
    """The order in which roles claim names: by path, then by method."""
    return (operation.route.shape, METHODS.index(operation.method), operation.route.text)
