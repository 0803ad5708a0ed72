"""Every ``x-assumption`` of the contract as a row: its id, what it rests on, and how it can be tested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from attrs import field, frozen

from regeneration.document import JsonObject
from regeneration.paths import METHODS

Test = Literal["read", "document", "pay", "never"]

#: How an assumption can be tested, and what a person reads for it.
TESTS: Final[dict[Test, str]] = {
    "read": "reading answers of the service",
    "document": "the service's API document",
    "pay": "a run, which costs",
    "never": "only by trying what this project does not try",
}

#: What the code does when an assumption is wrong, by what it is about; ``x-if-wrong`` says it for one alone.
_FIELD: Final = "It is shown as unknown; nothing stops."
_STEERING: Final = "The command that needs it stops with a sentence that names it; nothing is paid for twice."
_ANY_NAME: Final = "Nothing changes: the rows are found under any name, and in a bare array."
_SCHEMA: Final = "Each field is read by itself, and what is missing is shown as unknown."
_SUCCESS: Final = "Nothing changes: any success is taken for this one."
_REFUSAL: Final = "Nothing changes: a refusal is read by its status and its words, whichever come."
_SENT: Final = "The service refuses the request (400), or ignores what it does not know; the refusal is shown."
_HEADER: Final = "It is not acted on."
_SESSION: Final = "Nothing changes: these operations are not called with a key."


@frozen
class Assumption:
    """One assumption of the contract."""

    id: str
    #: Where it stands in ``openapi/documented.yaml``: the keys from the top.
    place: tuple[str, ...]
    text: str
    if_wrong: str
    test: Test
    #: The operations that it is about, at most as many as there are.
    operations: tuple[str, ...] = field(default=())


def assumptions_of(documented: JsonObject) -> list[Assumption]:
    """All assumptions, in the order of the contract."""
    uses = _Uses(documented)
    found: dict[str, Assumption] = {}
    for place, owner in _marked(documented, ()):
        name = _id(place, documented)
        one = _assumption(name if name not in found else "/".join(place), place, owner, uses)
        found[one.id] = one
    return list(found.values())


def _marked(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    if isinstance(value, dict):
        if "x-assumption" in value:
            yield place, value
        for key, inner in value.items():
            yield from _marked(inner, (*place, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _marked(inner, (*place, str(number)))


def at(document: JsonObject, place: tuple[str, ...]) -> Any:
    """What stands at a place of the contract."""
    value: Any = document
    for key in place:
        value = value[int(key)] if isinstance(value, list) else value[key if key in value else int(key)]
    return value


def _id(place: tuple[str, ...], documented: JsonObject) -> str:
    """A short id that stays while names stay: ``Generation.package_id``, ``start_generation.202``."""
    if place[0] == "info":
        return place[1].removeprefix("x-") if place[1:] else "general"
    if place[0] == "paths":
        item = documented["paths"][place[1]]
        owner = item[place[2]].get("operationId", place[1]) if place[2] in METHODS else place[1]
        rest = place[3:] if place[2] in METHODS else place[2:]
        if rest[:1] == ("parameters",):
            rest = (_parameter_name(at(documented, place), documented),)
            owner = owner.rstrip("/").replace("{", "").replace("}", "")
        return ".".join((owner, *(part for part in rest if part != "responses")))
    kind, name, *more = place[1:]
    inner = [part for part in more if part not in ("properties", "schema")]
    return ".".join((name, *inner) if kind == "schemas" else (_SINGULAR[kind], name, *inner))


_SINGULAR: Final = {
    "headers": "header",
    "responses": "response",
    "parameters": "parameter",
    "securitySchemes": "security",
    "requestBodies": "body",
}


def _parameter_name(parameter: JsonObject, documented: JsonObject) -> str:
    reference = parameter.get("$ref")
    if reference is not None:
        parameter = at(documented, tuple(reference.removeprefix("#/").split("/")))
    return str(parameter["name"])


def _assumption(name: str, place: tuple[str, ...], owner: JsonObject, uses: _Uses) -> Assumption:
    if_wrong, test, operations = uses.judged(place, owner)
    return Assumption(
        name,
        place,
        " ".join(owner["x-assumption"].split()),
        " ".join(owner.get("x-if-wrong", if_wrong).split()),
        owner.get("x-tested-by", test),
        operations,
    )


class _Uses:
    """Which operations read and send each component, and how those can be tried."""

    def __init__(self, documented: JsonObject) -> None:
        self._documented = documented
        self._operations: dict[str, JsonObject] = {}
        self._methods: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        #: Component → operations that read it, and operations that send it.
        self._read: dict[str, list[str]] = {}
        self._sent: dict[str, list[str]] = {}
        for path, item in documented["paths"].items():
            for method in METHODS:
                if method in item:
                    self._paths[item[method]["operationId"]] = path
                    self._add(method, item[method], item.get("parameters", []))

    def _add(self, method: str, operation: JsonObject, shared: list[JsonObject]) -> None:
        name = operation["operationId"]
        self._operations[name], self._methods[name] = operation, method
        for component in self._reached(operation.get("responses", {})):
            self._read.setdefault(component, []).append(name)
        for component in self._reached([operation.get("requestBody", {}), operation.get("parameters", []), shared]):
            self._sent.setdefault(component, []).append(name)

    def _reached(self, value: Any) -> list[str]:
        found: dict[str, None] = {}
        waiting = [value]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, list):
                waiting += inner
            elif isinstance(inner, dict):
                reference = inner.get("$ref")
                if isinstance(reference, str) and reference not in found:
                    found[reference] = None
                    waiting.append(at(self._documented, tuple(reference.removeprefix("#/").split("/"))))
                waiting += [part for key, part in inner.items() if key != "$ref"]
        return list(found)

    def judged(self, place: tuple[str, ...], owner: JsonObject) -> tuple[str, Test, tuple[str, ...]]:
        """What the code does when it is wrong, how it can be tested, and by which operations."""
        if place[0] == "info":
            return "What is missing or null is shown as unknown; what flows need stops them with its name.", "read", ()
        if place[0] == "paths":
            return self._of_operation(place)
        component = "#/" + "/".join(place[:3])
        readers, senders = self._read.get(component, []), self._sent.get(component, [])
        test, operations = self._test(readers, senders)
        kind = place[1]
        if kind == "schemas":
            return self._of_schema(place, owner, is_read=bool(readers)), test, operations
        if kind == "headers":
            return _HEADER, test, operations
        if kind == "securitySchemes":
            return _SESSION, "document", ()
        return (_REFUSAL if kind == "responses" else _SENT), self._of_refusal(test, kind), operations

    def _of_operation(self, place: tuple[str, ...]) -> tuple[str, Test, tuple[str, ...]]:
        item = self._documented["paths"][place[1]]
        names = [item[place[2]]["operationId"]] if place[2] in METHODS else [
            item[method]["operationId"] for method in METHODS if method in item
        ]  # fmt: skip
        if "responses" in place:
            status = place[place.index("responses") + 1]
            test, operations = self._test(names, [])
            return (_SUCCESS if status < "4" else _REFUSAL), test, operations
        test, operations = self._test(names, names)
        if "parameters" in place:
            return _SENT, test, operations
        return _REFUSAL, "read" if test == "read" else "never", operations

    def _of_schema(self, place: tuple[str, ...], owner: JsonObject, *, is_read: bool) -> str:
        if not is_read:
            return _SENT
        if "properties" not in place:
            return _SCHEMA
        if owner.get("x-under-any-name"):
            return _ANY_NAME
        if owner.get("x-also-called"):
            return f"It is found as {' or '.join(owner['x-also-called'])}, too."
        return _STEERING if owner.get("x-steering") else _FIELD

    def _of_refusal(self, test: Test, kind: str) -> Test:
        # A refusal is not provoked to look at it.
        return "document" if kind == "responses" and test == "read" else test

    def _test(self, readers: list[str], senders: list[str]) -> tuple[Test, tuple[str, ...]]:
        """Read where a readable operation answers with it, else a run where that sends or receives it."""
        readable = [name for name in readers if self.is_readable(name)]
        if readable:
            return "read", tuple(dict.fromkeys(readable))
        several = [*readers, *senders]
        paid = [name for name in several if "run" in self._operations[name].get("x-used-by", ())]
        return ("pay", tuple(dict.fromkeys(paid))) if paid else ("document", tuple(dict.fromkeys(several)))

    def is_readable(self, name: str) -> bool:
        """Whether an operation only reads, may be called with a key, and is for something that can be listed."""
        operation = self._operations[name]
        if self._methods[name] != "get" or operation.get("x-cookie-only"):
            return False
        before, has_parameter, _ = self._paths[name].partition("/{")
        lists = (self._documented["paths"].get(path, {}) for path in (before, f"{before}/me"))
        return not has_parameter or any("get" in one for one in lists)
