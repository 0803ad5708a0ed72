"""Names for everything in the merged contract: documented where there is one, else derived and kept in the lock.

Names never come from a pulled document. An operation that only such a document has is called after its method and
path; a schema after its place: the operation and status it hangs from, or the class and property it stands in.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen
from openapi_python_client.strings import ClassName, PythonIdentifier

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.fit import reserve_template_names
from regeneration.pairs import distance, weight
from regeneration.renames import COMPONENTS, class_of
from regeneration.shapes import Contract, Fingerprints, Node, Operation, Slot, children, path_order, reachable, roots_of
from regeneration.text import LONGEST_NAME, digest, pascal, snake, words

MOST_CLASSES: Final = 2_500


@define
class Names:
    """What the classes of a contract are called."""

    #: Class name → fingerprint of its shape; equal shapes can have several names, once they have been several.
    classes: dict[str, str] = field(factory=dict)
    #: Role → class name.
    roles: dict[str, str] = field(factory=dict)
    #: Fingerprint → the first name that was given to its shape.
    first: dict[str, str] = field(factory=dict)

    def at(self, role: str, fingerprint: str) -> str:
        """What the class at a place is called; a shape that lists and unions lead to in several ways has one role."""
        return self.roles.get(role) or self.first[fingerprint]


@frozen
class _Role:
    """A place where a shape stands: its key in the lock, and what the shape would be called after it."""

    key: str
    context: str
    suggestion: str
    fingerprint: str
    documented: str


def name_operations(contract: Contract, documented: Contract, lock: NamesLock) -> None:
    """Give an operation id, a tag and names of path parameters to every operation that has none, in place."""
    taken = {operation.operation_id for operation in documented.operations.values()}
    taken |= {entry["operation_id"] for entry in lock.operations.values()}
    for operation in sorted(contract.operations.values(), key=path_order):
        if operation.operation_id:
            continue
        entry = lock.operations.get(operation.role)
        if entry is None:
            name = _free(_operation_id(operation), taken)
            entry = lock.operations[operation.role] = {"operation_id": name, "tag": _tag(operation, documented)}
            taken.add(name)
        operation.operation_id, operation.tag = entry["operation_id"], entry["tag"]
        for parameter, name in zip(operation.path_parameters, _parameter_names(operation), strict=True):
            parameter.name = name


def name_classes(
    contract: Contract,
    documented: Contract,
    prints: Fingerprints,
    lock: NamesLock,
    before: JsonObject | None = None,
) -> Names:
    """Name every shape that needs a class, role by role: a role keeps the name that the lock has for it.

    Args:
        contract: the merged contract.
        documented: the documented one, whose names come first.
        prints: the fingerprints of the merged contract's shapes.
        lock: the names given before; what is named now is added to it.
        before: the aligned document that the client was made of last, for telling whose shape is the old one where
            roles that shared a class part.
    """
    return _Namer(contract, documented_shapes(documented), prints, lock, before).names()


def class_name(name: str) -> str:
    """How the generator spells the name of a class."""
    return str(ClassName(name, "X"))


def module_name(class_: str) -> str:
    """The module that the generator puts a class into."""
    return str(PythonIdentifier(class_, "field_"))


class _Namer:
    def __init__(
        self,
        contract: Contract,
        documented: dict[str, Node],
        prints: Fingerprints,
        lock: NamesLock,
        before: JsonObject | None,
    ) -> None:
        self._contract = contract
        self._documented = documented
        self._prints = prints
        self._lock = lock
        self._before: dict[str, JsonObject] = before["components"]["schemas"] if before else {}
        self._nodes: dict[str, Node] = {}
        sent = reachable(slot for _, place, slot in self._roots() if place == "body" or " " in place)
        self._sent = {prints[id(node)] for node in sent}
        self._owners: dict[str, str] = {}
        self._names = Names()
        self._modules: set[str] = set()
        self._kept_free = {module_name(name) for name in (*documented, *lock.schemas.values())}
        #: Names whose inner roles were not looked at yet; roles whose shape is not that of the class that the lock
        #: names for them; and roles without a name.
        self._new: deque[str] = deque()
        self._changed: deque[_Role] = deque()
        self._unnamed: deque[_Role] = deque()

    def names(self) -> Names:
        order = self._discover()
        self._check_number(len(order))
        for fingerprint in sorted(order, key=self._claim):
            if self._nodes[fingerprint].name:
                self._owners.setdefault(self._nodes[fingerprint].name, fingerprint)
        for fingerprint in order:
            name = self._nodes[fingerprint].name
            if name and self._owners[name] == fingerprint:
                self._give(fingerprint, name)
        for role in self._root_roles():
            self._meet(role)
        while self._new or self._changed or self._unnamed:
            if self._new:
                for role in self._inner_roles(self._new.popleft()):
                    self._meet(role)
            elif self._changed:
                role = self._changed.popleft()
                self._keep(role, self._lock.schemas[role.key])
            else:
                self._derive(self._unnamed.popleft())
        self._check_number(len(self._names.classes))
        return self._names

    def _check_number(self, number: int) -> None:
        if number > MOST_CLASSES:
            raise RegenerationError(
                f"The document needs {number:,} classes; more than {MOST_CLASSES:,} are not generated."
            )

    def _claim(self, fingerprint: str) -> tuple[int, bool, int]:
        """Which of several shapes bears a documented name, the least first: the one with most of what flows go by; of
        values those that are sent, since flows make them of the class; and then the one that changed least, so that no
        role loses its name for what became of another one."""
        node = self._nodes[fingerprint]
        here = self._documented.get(node.name)
        if here is None:
            return 0, False, 0
        return -weight(node, here), node.kind == "enum" and fingerprint not in self._sent, distance(node, here)

    def _meet(self, role: _Role) -> None:
        """Take the documented name or the locked one; put off what is not settled by these."""
        locked = self._lock.schemas.get(role.key)
        if role.documented and self._owners[role.documented] == role.fingerprint:
            self._names.roles[role.key] = role.documented
        elif locked is None:
            self._unnamed.append(role)
        elif self._is_as_before(locked, self._nodes[role.fingerprint]):
            self._keep(role, locked)
        else:
            self._changed.append(role)

    def _is_as_before(self, name: str, node: Node) -> bool:
        """Whether a shape and all inside it have the fields, or the values, of the class that had a name before; so
        where nobody knows."""
        seen: set[tuple[str, int]] = set()
        waiting: list[tuple[JsonObject, Node]] = [({"$ref": COMPONENTS + name}, node)]
        while waiting:
            old, node = waiting.pop()
            name = class_of(old)
            if name and not node.needs_class:
                return False
            if (name, id(node)) in seen or (name and name not in self._before):
                continue
            if name:
                seen.add((name, id(node)))
                old = self._before[name]
            fields: JsonObject = old.get("properties", {})
            if node.needs_class and (
                list(node.values) != old.get("enum", []) or node.properties.keys() != fields.keys()
            ):
                return False
            places: dict[str, JsonObject] = {
                ".": fields,
                "[": {"[]": old.get("items")},
                "{": {"{}": old.get("additionalProperties")},
            }
            for label, slot in children(node):
                inner = places.get(label[0], {}).get(label.removeprefix("."))
                if isinstance(inner, dict):
                    waiting.append((inner, slot.node))
        return True

    def _keep(self, role: _Role, locked: str) -> None:
        """Keep a name, unless a shape of another role has it now."""
        if locked not in self._names.classes and module_name(locked) not in self._modules:
            self._give(role.fingerprint, locked)
        if self._names.classes.get(locked) == role.fingerprint:
            self._names.roles[role.key] = locked
        else:
            self._unnamed.append(role)

    def _derive(self, role: _Role) -> None:
        """Share the class of an equal shape, or make a name of the role."""
        name = self._names.first.get(role.fingerprint)
        if name is None:
            suggestion = pascal(role.documented, "In", role.context) if role.documented else role.suggestion
            name, number = class_name(suggestion), 2
            while module_name(name) in self._kept_free or module_name(name) in self._modules:
                name, number = class_name(f"{suggestion}{number}"), number + 1
            self._give(role.fingerprint, name)
        self._names.roles[role.key] = self._lock.schemas[role.key] = name

    def _give(self, fingerprint: str, name: str) -> None:
        self._names.classes[name] = fingerprint
        self._names.first.setdefault(fingerprint, name)
        self._modules.add(module_name(name))
        self._new.append(name)

    def _discover(self) -> list[str]:
        """Every shape that needs a class, in the order of its first role."""
        order: list[str] = []
        seen: set[int] = set()
        waiting = deque(slot.node for _, _, slot in self._roots())
        while waiting:
            node = waiting.popleft()
            if id(node) in seen:
                continue
            seen.add(id(node))
            fingerprint = self._prints[id(node)]
            if node.needs_class and fingerprint not in self._nodes:
                self._nodes[fingerprint] = node
                order.append(fingerprint)
            waiting.extend(slot.node for _, slot in sorted(children(node), key=self._canonical))
        return order

    def _canonical(self, child: tuple[str, Slot]) -> tuple[str, str]:
        return child[0], self._prints[id(child[1].node)]

    def _roots(self) -> Iterator[tuple[Operation, str, Slot]]:
        for operation in sorted(self._contract.operations.values(), key=path_order):
            for parameter in operation.path_parameters:
                yield operation, f"path {parameter.name}", parameter.slot
            for parameter in sorted(operation.parameters, key=lambda entry: (entry.where, entry.name)):
                yield operation, f"{parameter.where} {parameter.name}", parameter.slot
            for body in operation.requests.values():
                if body.slot is not None:
                    yield operation, "body", body.slot
            for status, body in sorted(operation.responses.items()):
                if body.slot is not None:
                    yield operation, status, body.slot

    def _root_roles(self) -> Iterator[_Role]:
        for operation, place, slot in self._roots():
            last = place.split(" ", 1)[-1]
            ending = "Body" if place == "body" else last if " " in place else f"Response {last}"
            base = pascal(operation.operation_id, ending)
            yield from self._roles_at(f"{operation.role} {place}", pascal(operation.operation_id), base, slot)

    def _inner_roles(self, parent: str) -> Iterator[_Role]:
        node = self._nodes[self._names.classes[parent]]
        for label, slot in sorted(children(node), key=self._canonical):
            word = "Value" if label == "{}" else label
            yield from self._roles_at(f"{parent}{label}", parent, pascal(parent, word), slot)

    def _roles_at(self, key: str, context: str, suggestion: str, slot: Slot) -> Iterator[_Role]:
        """The shapes at a place that need a class: through arrays, maps and unions, but not into other classes."""
        seen: set[int] = set()
        waiting = deque([(key, suggestion, slot.node)])
        while waiting:
            key, suggestion, node = waiting.popleft()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.needs_class:
                yield _Role(key, context, suggestion, self._prints[id(node)], node.name)
                continue
            for number, variant in enumerate(node.variants, start=1):
                waiting.append((f"{key}|{number}", pascal(suggestion, f"Option{number}"), variant.node))
            for label, child in children(node):
                if label in ("[]", "{}"):
                    word = "Item" if label == "[]" else "Value"
                    waiting.append((key + label, pascal(suggestion, word), child.node))


def documented_shapes(documented: Contract) -> dict[str, Node]:
    """The shapes of the documented contract by their names."""
    found = reachable(roots_of(documented))
    alternatives = reachable(Slot(part) for node in found for part in node.alternatives)
    return {node.name: node for node in (*alternatives, *found) if node.name}


def _operation_id(operation: Operation) -> str:
    """``POST /v1/widgets/{}/parts`` → ``post_widgets_item_parts``."""
    segments = list(operation.route.segments)
    if segments and segments[0].casefold() == "v1":
        segments = segments[1:]
    return snake(operation.method, *(segment.replace("{}", " item ") for segment in segments))


def _tag(operation: Operation, documented: Contract) -> str:
    """The tag of the documented operations at the same path, else of those with the longest common one, else the first
    word of its own."""
    neighbours = [other.tag for other in documented.operations.values() if other.route.shape == operation.route.shape]
    if neighbours:
        return min(neighbours)
    literals = operation.route.literals
    for length in range(len(literals), 1, -1):
        tags = Counter(
            other.tag for other in documented.operations.values() if other.route.literals[:length] == literals[:length]
        )
        if tags:
            return min(tags, key=lambda tag: (-tags[tag], tag))
    own = [segment for segment in literals if segment != "v1"]
    return _package_name(snake(own[0])) if own else "other"


def _package_name(tag: str) -> str:
    """How the generator spells the package of a tag: no keyword, no builtin."""
    reserve_template_names()
    return str(PythonIdentifier(tag, "tag"))


def _parameter_names(operation: Operation) -> list[str]:
    """``/v1/widgets/{}/parts/{}`` → ``widgets_key``, ``parts_key``: what they are called there is no wire name."""
    names: list[str] = []
    before = ""
    for segment in operation.route.segments:
        for piece in segment.split("{}")[1:]:
            names.append(_free(snake(before, "key") if before else "key", set(names)))
            del piece
        if "{}" not in segment:
            before = segment
    return names


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


@define
class NamesLock:
    """Role → name, for operations and schemas, and value → name for members of an enum that would collide."""

    #: ``METHOD /path`` with parameters blanked → ``operation_id`` and ``tag``.
    operations: dict[str, dict[str, str]] = field(factory=dict)
    #: ``GET /v1/widgets/{} 200`` or ``Widget.parts[]`` → class name.
    schemas: dict[str, str] = field(factory=dict)
    #: Class name → value → member name.
    members: dict[str, dict[str, str]] = field(factory=dict)

    def copy(self) -> NamesLock:
        """A lock that can grow without this one."""
        return NamesLock.parse(self.render())

    def render(self) -> str:
        """The text of the file."""
        parts = {"operations": self.operations, "schemas": self.schemas, "members": self.members}
        return json.dumps(parts, indent=2, sort_keys=True, ensure_ascii=True) + "\n"

    @staticmethod
    def parse(text: str) -> NamesLock:
        """Read the file.

        Raises:
            RegenerationError: it is damaged; going on with an empty one would rename things.
        """
        try:
            parts = json.loads(text)
            operations, schemas, members = parts["operations"], parts["schemas"], parts["members"]
            if not all(isinstance(part, dict) for part in (operations, schemas, members)):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RegenerationError(
                "openapi/names.lock.json can't be read. It keeps the names of generated classes; restore it from git."
            ) from error
        return NamesLock(operations, schemas, members)


def member_names(class_name: str, values: tuple[str | int, ...], lock: NamesLock) -> list[str]:
    """One distinct name for each value: ``PausedAwaitingClarification`` → ``PAUSED_AWAITING_CLARIFICATION``."""
    locked = lock.members.get(class_name, {})
    by_plain_name: dict[str, list[str | int]] = defaultdict(list)
    for value in sorted(values, key=str):
        by_plain_name[_plain(value)].append(value)
    names: dict[str | int, str] = {}
    for plain, sharing in by_plain_name.items():
        for number, value in enumerate(sharing):
            name = locked.get(str(value))
            if name is None:
                is_free = number == 0 and plain not in locked.values()
                name = plain if is_free else f"{plain}_{digest(str(value)).upper()}"
            names[value] = name
            if len(sharing) > 1 or name != plain:
                lock.members.setdefault(class_name, {}).setdefault(str(value), name)
    return [names[value] for value in values]


def _plain(value: str | int) -> str:
    if isinstance(value, int):
        return f"VALUE_NEGATIVE_{-value}" if value < 0 else f"VALUE_{value}"
    name = "_".join(words(value)).upper()
    if not name:
        return "EMPTY" if value == "" else f"VALUE_X{digest(value).upper()}"
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME].rstrip('_')}_X{digest(value).upper()}"
    return name if name[0].isalpha() else f"VALUE_{name}"
