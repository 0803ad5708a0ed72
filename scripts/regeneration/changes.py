"""What can differ between two documents, and how bad it is for whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Literal

from regeneration.folding import children
from regeneration.graph import Contract, Node, Operation, OperationKey

Severity = Literal["additive", "client", "flows"]

MEANING: dict[Severity, str] = {
    "flows": "breaking for the flows",
    "client": "breaking for users of the generated client",
    "additive": "additive",
}
"""How each severity is called in a report, the worst first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in one operation."""

    what: str
    """The kind of difference: ``field gone``, ``operation moved`` and so on."""
    operation: str
    """``METHOD /path``."""
    place: str
    """Where in the operation: ``200 .state``, ``body .intake_id``, ``query limit``; empty for the operation itself."""
    severity: Severity
    detail: str
    """What it was and what it is, without the place."""
    touches: tuple[str, ...] = ()
    """The flows or commands that use the operation."""

    @property
    def sentence(self) -> str:
        """The change as one sentence."""
        where = f"{self.operation} {self.place}".strip()
        users = f" Used by: {', '.join(self.touches)}." if self.touches else ""
        return f"{where}: {self.what}{f' ({self.detail})' if self.detail else ''}.{users}"

    def as_data(self) -> dict[str, object]:
        """The change as ``drift.json`` holds it."""
        return {**asdict(self), "touches": list(self.touches)}


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
    if node.kind == "scalar":
        return f"{node.type} ({node.format})" if node.format else node.type
    if node.kind == "enum":
        return f"one of {len(node.values)} {node.type}s"
    if node.kind == "array":
        return f"array of {described(node.items.node)}" if node.items and node.items.node.kind != "array" else "array"
    if node.kind == "union":
        return "one of several"
    return "anything" if node.kind == "any" else "object"
