"""What can differ between two documents, and how bad it is for whom."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import Any, Final, Literal

from attrs import asdict, frozen

from regeneration.errors import OperationKey
from regeneration.shapes import Contract, Node, Operation, children
from regeneration.text import shown

#: Alternatives of a value that are named.
MOST_ALTERNATIVES: Final = 12

Severity = Literal["additive", "client", "flows"]

#: How each severity is called in a report, the worst first.
MEANING: dict[Severity, str] = {
    "flows": "breaking for the flows",
    "client": "breaking for users of the generated client",
    "additive": "additive",
}


class ChangeKind(StrEnum):
    """What can differ: how a report calls it, and the sentence that stops a run when the flows depend on it."""

    sentence: str

    def __new__(cls, label: str, sentence: str = "") -> ChangeKind:
        """A member from its label and its sentence."""
        kind = str.__new__(cls, label)
        kind._value_ = label
        kind.sentence = sentence or "{where}: " + label + "{hint}; used by {users}."
        return kind

    OPERATION_GONE = "operation gone", "{where} is not in the pulled document, and it is used by {users}."
    OPERATION_MOVED = (
        "operation moved",
        "{where} is not in the pulled document any more{hint}. It is used by {users}.",
    )
    OPERATION_NOT_GENERATED = (
        "operation not generated",
        "{where} is in the pulled document, but can't be generated: {detail}. It is used by {users}.",
    )
    OPERATION_NEW = "operation new"
    OPERATION_DEPRECATED = "operation deprecated"
    PARAMETER_GONE = "parameter gone", "{where} is gone, and {users} need it{hint}."
    PARAMETER_NEW = "parameter new", "{where} is new and required; {users} don't send it."
    PARAMETER_NOT_LISTED = "parameter not listed"
    PARAMETER_SPELLED_DIFFERENTLY = "parameter spelled differently"
    PARAMETER_NOW_REQUIRED = "parameter now required"
    PARAMETER_NO_LONGER_REQUIRED = "parameter no longer required"
    KEY_SENT_DIFFERENTLY = (
        "key sent differently",
        "{where}: the key has to be sent differently{hint}; {users} send it as Authorization: Bearer.",
    )
    BODY_NEW = "body new"
    BODY_NOW_REQUIRED = "body now required"
    BODY_NOT_DESCRIBED = "body not described"
    BODY_SENT_DIFFERENTLY = "body sent differently", "{where} has to be sent differently{hint}; {users} send it."
    ANSWER_NEW = "answer new"
    ANSWER_NOT_LISTED = "answer not listed"
    ANSWER_NOT_DESCRIBED = "answer not described"
    ANSWER_SENT_DIFFERENTLY = (
        "answer sent differently",
        "{where} is sent differently{hint}, and {users} steer by what is in it.",
    )
    LIST_WRAPPED_DIFFERENTLY = "list wrapped differently"
    FIELD_GONE = "field gone", "{where} is gone, and {users} steer by it{hint}."
    FIELD_NEW = "field new", "{where} is new and required{hint}; {users} don't send it."
    FIELD_NOT_LISTED = "field not listed"
    FIELDS_WRAPPED = "fields wrapped", "{where} has its fields in another place{hint}; {users} need them."
    FIELD_SPELLED_DIFFERENTLY = "field spelled differently", "{where} is spelled differently{hint}; {users} need it."
    FIELD_NOW_REQUIRED = "field now required"
    FIELD_NO_LONGER_REQUIRED = "field no longer required"
    TYPE_CHANGED = "type changed", "{where} changed its type{hint}, and {users} steer by it."
    TYPE_WIDENED = "type widened", "{where} changed its type{hint}, and {users} steer by it."
    TYPE_NARROWED = "type narrowed"
    TYPE_STATED = "type stated"
    TYPE_LOST = "type lost"
    ONE_ALTERNATIVE = "one alternative"
    VALUES_GONE = "values gone", "{where} lost values that flows may wait for{hint}; {users} steer by it."
    VALUES_SPELLED_DIFFERENTLY = (
        "values spelled differently",
        "{where} has values that are spelled differently{hint}; {users} steer by it.",
    )
    VALUES_NEW = "values new"
    VALUES_LISTED = "values listed"
    NULL_TAKEN_TOO = "null taken too"
    NULL_NOT_TAKEN = "null not taken"
    CLASS_RENAMED = "class renamed"


@frozen
class Change:
    """One difference in one operation."""

    what: ChangeKind
    #: ``METHOD /path``.
    operation: str
    #: Where in the operation: ``200 .state``, ``body .intake_id``, ``query limit``; empty for the operation itself.
    place: str
    severity: Severity
    #: What it was and what it is, without the place.
    detail: str
    #: The flows or commands that use the operation.
    touches: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The change as one sentence."""
        where = f"{self.operation} {self.place}".strip()
        users = f" Used by: {', '.join(self.touches)}." if self.touches else ""
        return f"{where}: {self.what}{f' ({self.detail})' if self.detail else ''}.{users}"

    @property
    def obstacle(self) -> str:
        """Why the run stops, for a change that breaks the flows."""
        return self.obstacle_of(f"{self.operation}: {self.place}" if self.place else self.operation, self.touches)

    def obstacle_of(self, where: str, users: tuple[str, ...]) -> str:
        """The same of several operations with this change."""
        hint = f"; {self.detail}" if self.detail else ""
        return self.what.sentence.format(where=where, detail=self.detail, hint=hint, users=", ".join(users))

    def as_data(self) -> dict[str, object]:
        """The change as ``drift.json`` holds it."""
        return {**asdict(self), "touches": list(self.touches)}

    @staticmethod
    def from_data(data: dict[str, Any]) -> Change:
        """The change that :meth:`as_data` gave."""
        return Change(**{**data, "what": ChangeKind(data["what"]), "touches": tuple(data["touches"])})


class Uses:
    """What the hand-written package uses of the API, as the documented contract marks it."""

    def __init__(self, documented: Contract) -> None:
        self._used_by = {key: operation.used_by for key, operation in documented.operations.items()}
        self._titles = {key: operation.title for key, operation in documented.operations.items()}
        self._steering: dict[OperationKey, set[str]] = defaultdict(set)
        self._queries = {
            (key, parameter.name)
            for key, operation in documented.operations.items()
            for parameter in operation.parameters
            if parameter.slot.steering
        }
        for key, operation in documented.operations.items():
            for body in operation.responses.values():
                if body.slot is not None and operation.used_by:
                    marked = _steering_names(body.slot.node)
                    self._steering[key] |= marked & set(operation.goes_by) if operation.goes_by else marked

    def of(self, operation: Operation) -> tuple[str, ...]:
        """The flows or commands that use an operation."""
        return self._used_by.get(operation.key, ())

    def title(self, operation: Operation) -> str:
        """``METHOD /path``, with the documented names of the path's parameters where there are any."""
        return self._titles.get(operation.key, operation.title)

    def steers_by(self, operation: Operation, field: str) -> bool:
        """Whether a flow that uses the operation goes by a field of this name in its answers."""
        return field in self._steering[operation.key]

    def steers_by_parameter(self, operation: Operation, name: str) -> bool:
        """Whether a flow needs a parameter of the operation, whatever it sends with it."""
        return (operation.key, name) in self._queries

    def steers(self, operation: Operation) -> bool:
        """Whether a flow that uses the operation goes by anything in its answers."""
        return bool(self._steering[operation.key])


def _steering_names(root: Node) -> set[str]:
    names: set[str] = set()
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        names |= {name for name, slot in node.properties.items() if slot.steering}
        waiting += [slot.node for _, slot in children(node)]
    return names


def described(node: Node) -> str:
    """A shape in a few words."""
    several = node.alternatives or [slot.node for slot in node.variants]
    if several:
        return " or ".join(sorted(set(map(_alternative, several)))[:MOST_ALTERNATIVES])
    if node.kind == "scalar":
        return f"{node.type} ({node.format})" if node.format else node.type
    if node.kind == "enum":
        return f"one of {len(node.values)} {node.type}s"
    if node.kind == "array":
        items = node.items.node if node.items is not None else node
        if items.kind == "array":
            return "array"
        return f"array of {'one of several' if items.variants or items.alternatives else described(items)}"
    return "anything" if node.kind == "any" else "object"


def _alternative(node: Node) -> str:
    """One of several: of objects their names or, where they have none, their first fields."""
    if node.variants or node.alternatives:
        return "one of several"  # they may hold each other
    if node.kind != "object" or not (node.name or node.properties):
        return described(node)
    fields = [shown(name, 30) for name in node.properties]
    more = ", …" if len(fields) > 3 else ""
    return node.name or f"object with {', '.join(fields[:3])}{more}"
