"""The facts of the API's contract that a service is compared with: ``contract.json``, made by scripts/regenerate.py."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

import attrs

from specstep_flows._json import read_json
from specstep_flows.states import fold


@attrs.frozen
class Assumption:
    """Something that the service's pages leave open, and what is taken for it."""

    id: str
    text: str
    if_wrong: str
    #: ``read``, ``document``, ``pay`` or ``never``: how it can be tested.
    test: str
    #: Where it stands in openapi/documented.yaml.
    place: str


@attrs.frozen(eq=False)
class Node:
    """What the contract says of one place of an answer."""

    contract: Contract
    facts: Mapping[str, Any]
    #: The named schema that this place uses, if any.
    schema: str | None = None
    #: Its assumption and its schema's.
    assumption: str | None = None
    schema_assumption: str | None = None

    @property
    def names(self) -> Mapping[str, Any]:
        """The documented fields."""
        fields: Mapping[str, Any] = self.facts.get("fields", {})
        return fields

    @property
    def is_map(self) -> bool:
        """Whether its fields are called by whoever fills it, and not by the contract."""
        return "map" in self.facts

    @property
    def words(self) -> tuple[str, ...]:
        """The documented strings, where only these may stand."""
        return tuple(map(str, self.facts.get("values", ())))

    @property
    def is_nullable(self) -> bool:
        """Whether it may be null."""
        return bool(self.facts.get("is_nullable"))

    @property
    def types(self) -> frozenset[str]:
        """JSON's names of its types; none where anything may stand."""
        if "any_of" in self.facts:
            return frozenset().union(*(self.contract.node(one).types for one in self.facts["any_of"]))
        return frozenset(self.facts.get("types", ()))

    def field(self, name: str) -> Node:
        """What it says of a field; of one that it does not know, nothing."""
        facts = self.names.get(name, self.facts.get("map"))
        return self.contract.node(facts) if facts is not None else self.contract.nothing

    def called(self, name: str) -> str | None:
        """The documented field that a name means: the same, spelled otherwise, or one that it is also called."""
        if name in self.names:
            return name
        return self._other_names.get(fold(name))

    @functools.cached_property
    def _other_names(self) -> Mapping[str, str]:
        other = {fold(name): one for one, facts in self.names.items() for name in facts.get("also", ())}
        return {**other, **{fold(one): one for one in self.names}}

    def item(self) -> Node:
        """What it says of an array's items."""
        facts = self.facts.get("items")
        return self.contract.node(facts) if facts is not None else self.contract.nothing

    def alternative(self, fields: Iterable[str]) -> Node:
        """Of several objects the one that has most of these fields; otherwise itself."""
        if "any_of" not in self.facts:
            return self
        several = [self.contract.node(one) for one in self.facts["any_of"]]
        return max(several, key=lambda one: sum(one.called(name) is not None for name in fields))


@attrs.frozen(eq=False)
class Operation:
    """An operation."""

    name: str
    method: str
    path: str
    tag: str
    #: Status → its body's node, or None where it has none.
    bodies: Mapping[str, Node | None]
    #: Status → the assumption that it is this one.
    assumptions: Mapping[str, str]
    assumption: str | None
    is_anonymous: bool
    is_limited: bool
    is_catch_all: bool
    is_cookie_only: bool
    used_by: tuple[str, ...]
    #: Queries that it cannot do without.
    needs: tuple[str, ...]

    @property
    def success(self) -> Node | None:
        """What the contract says of the body of a success; None where it has none."""
        return next((node for status, node in self.bodies.items() if status < "3"), None)


@attrs.frozen(eq=False)
class Contract:
    """The facts, read."""

    facts: Mapping[str, Any]
    assumptions: Mapping[str, Assumption] = attrs.field(factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Contract:
        """The facts as ``contract.json`` holds them."""
        return cls(facts, {name: Assumption(name, **one) for name, one in facts["assumptions"].items()})

    @functools.cached_property
    def operations(self) -> Mapping[str, Operation]:
        """The readable operations by name, in the order of the contract."""
        return {name: self._operation(name, facts) for name, facts in self.facts["operations"].items()}

    @functools.cached_property
    def vocabulary(self) -> frozenset[str]:
        """The names of all documented fields, as ``fold`` gives them: whoever uses one gives nothing away."""
        found: set[str] = set()
        waiting: list[Any] = [*self.facts["schemas"].values(), self.facts["operations"]]
        while waiting:
            facts = waiting.pop()
            if isinstance(facts, list):
                waiting += facts
            elif isinstance(facts, dict):
                fields = facts.get("fields", {})
                found |= {fold(name) for name in fields}
                waiting += facts.values()
        return frozenset(found)

    @property
    def nothing(self) -> Node:
        """A place of which the contract says nothing."""
        return Node(self, {})

    def node(self, facts: Mapping[str, Any]) -> Node:
        """A place, with the named schema that it refers to in its place."""
        if "ref" not in facts:
            return Node(self, facts, None, facts.get("assumption"))
        target = self.facts["schemas"][facts["ref"]]
        merged = {**target, **{key: value for key, value in facts.items() if key != "ref"}}
        return Node(self, merged, facts["ref"], facts.get("assumption"), target.get("assumption"))

    def _operation(self, name: str, facts: Mapping[str, Any]) -> Operation:
        statuses: Mapping[str, Mapping[str, Any]] = facts["statuses"]
        return Operation(
            name,
            facts.get("method", "GET"),
            facts["path"],
            facts["tag"],
            {status: self.node(one["body"]) if "body" in one else None for status, one in statuses.items()},
            {status: one["assumption"] for status, one in statuses.items() if "assumption" in one},
            facts.get("assumption"),
            facts.get("is_anonymous", False),
            facts.get("is_limited", False),
            facts.get("is_catch_all", False),
            facts.get("is_cookie_only", False),
            tuple(facts.get("used_by", ())),
            tuple(facts.get("needs", ())),
        )


@functools.cache
def contract() -> Contract:
    """The contract that this version was made for."""
    text = resources.files("specstep_flows.contact").joinpath("contract.json").read_bytes()
    return Contract.of(read_json(text))
