"""A whole document → a :class:`~regeneration.graph.Contract`: every operation, or a note why it is not there."""

from __future__ import annotations

import re
from typing import Any, Final

from regeneration.document import JsonObject, Pointers
from regeneration.errors import Notes, OperationKey, RegenerationError
from regeneration.fit import join_objects, join_values
from regeneration.paths import METHODS, Items, UnusablePath, base_path, parse_route, stated_paths, with_versions
from regeneration.schemas import SchemaReader, alternatives, strings_of
from regeneration.shapes import (
    Body,
    Contract,
    Medium,
    Node,
    Operation,
    Parameter,
    Slot,
    answers_of,
    fold,
    path_order,
    reachable,
    roots_of,
)
from regeneration.text import is_wire_name, prose, shown

MOST_OPERATIONS: Final = 1_000
#: Parameters of one operation.
MOST_PARAMETERS: Final = 200

_STATUS: Final = re.compile(r"[1-5][0-9]{2}|[1-5][xX]{2}|default")
_HEADERS_OF_HTTP: Final = frozenset({"accept", "content-type", "authorization", "cookie", "host", "content-length"})


def read_contract(
    document: JsonObject, notes: Notes, *, documented: bool = False, known: Contract | None = None
) -> Contract:
    """Read an OpenAPI document.

    Args:
        document: the document, checked to be OpenAPI 3.0 or 3.1.
        notes: where everything goes that was left out or read in another way than it was written.
        documented: whether it is the contract by hand, the only document whose names mean anything.
        known: the documented contract, for telling what the addresses of servers put before the paths.
    """
    contract = _ContractReader(document, notes, documented, known.operations if known else {}).read()
    join_objects(answers_of(contract))
    join_values(contract)
    return contract


class _ContractReader:
    def __init__(
        self, document: JsonObject, notes: Notes, documented: bool, known: dict[OperationKey, Operation]
    ) -> None:
        self._document = document
        self._notes = notes
        self._documented = documented
        self._known = known
        self._pointers = Pointers(document, notes)
        names = _component_names(document) if documented else None
        self._schemas = SchemaReader(self._pointers, notes, names)
        # What is read has shapes of its own: several objects of it are made one.
        self._bodies = BodyReader(self._pointers, self._schemas, SchemaReader(self._pointers, notes, names))

    def read(self) -> Contract:
        info = self._document.get("info")
        info = info if isinstance(info, dict) else {}
        contract = Contract({}, prose(info.get("title")), prose(info.get("version")))
        operations: list[Operation] = []
        items = [(path, self._pointers.resolved(item)) for path, item in self._paths()]
        items, version = with_versions(self._document, items, self._known)
        if version:
            self._notes.add(f"The paths leave their version to a parameter; it was read as {version}.")
        usual = self._base(self._document, items, "")
        for path, item in items:
            base = self._base(item, [(path, item)], usual)
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    operation = self._operation(method, base + path, item, item[method])
                    if operation is not None:
                        operations.append(operation)
        if len(operations) > MOST_OPERATIONS:
            raise RegenerationError(
                f"The document has {len(operations):,} operations; more than {MOST_OPERATIONS:,} are not read."
            )
        for operation in sorted(operations, key=self._twin_order):
            other = contract.operations.setdefault(operation.key, operation)
            if other is not operation:
                self._note_twin(operation, other)
        return contract

    def _base(self, owner: JsonObject, items: Items, otherwise: str) -> str:
        """What belongs before paths; a note when the document says something else."""
        base, stated = base_path(owner, items, self._known, otherwise), stated_paths(owner)
        if stated and base not in stated and otherwise not in stated:
            self._notes.add(
                f"The servers of the document are under {shown(stated[0])}, and its paths are the documented ones "
                f"without it; requests go to {shown(base or '/')}, not below that."
            )
        return base

    def _twin_order(self, operation: Operation) -> tuple[Any, ...]:
        """Of operations at the same path the one comes first that is most like the documented one."""
        known = self._known.get(operation.key)
        other_spelling = known is not None and operation.route.segments != known.route.segments
        pairs = zip(operation.path_parameters, known.path_parameters, strict=True) if known else ()
        unlike = sum(mine.slot.node.format != theirs.slot.node.format for mine, theirs in pairs)
        return (*path_order(operation)[:2], unlike, other_spelling, operation.route.text)

    def _note_twin(self, operation: Operation, other: Operation) -> None:
        mine, theirs = (tuple(map(str.casefold, some.route.parameters)) for some in (operation, other))
        if mine != theirs:
            self._notes.not_generated(
                operation.title, f"{other.title} is the same path but for the names of its parameters"
            )
        elif _says_the_same(operation, other):
            self._notes.add(
                f"{operation.title} is there twice, under paths that differ in letter case or in the slash at the end; "
                "one of them was read."
            )
        else:
            self._notes.not_generated(
                operation.title, f"{other.title} is the same path but for its letter case, and says something else"
            )

    def _paths(self) -> list[tuple[str, object]]:
        paths = self._document.get("paths")
        if not isinstance(paths, dict):
            return []
        return [(str(path), item) for path, item in paths.items() if not str(path).startswith("x-")]

    def _operation(self, method: str, path: str, item: JsonObject, raw: JsonObject) -> Operation | None:
        title = f"{method.upper()} {shown(path, 200)}"
        try:
            route = parse_route(path)
        except UnusablePath as reason:
            self._notes.not_generated(title, str(reason))
            return None
        requests, unsendable = self._bodies.requests(raw.get("requestBody"))
        if unsendable:
            offered = ", ".join(shown(name, 40) for name in sorted(unsendable)[:5])
            cause = f"its body can only be sent as {offered}, which the generator doesn't know"
            self._notes.not_generated(title, cause, (method, route.shape))
            return None
        listed = self._parameters(title, item, raw)
        if len(listed) > MOST_PARAMETERS:
            cause = f"it has {len(listed):,} parameters; more than {MOST_PARAMETERS} are not read"
            self._notes.not_generated(title, cause, (method, route.shape))
            return None
        in_path = {parameter.name.casefold(): parameter for parameter in listed if parameter.where == "path"}
        return Operation(
            method=method,
            route=route,
            path_parameters=[
                in_path.get(name.casefold()) or Parameter(name, "path", Slot(Node("scalar", type="string")), True)
                for name in route.parameters
            ],
            parameters=[parameter for parameter in listed if parameter.where != "path"],
            requests=requests,
            responses=self._responses(title, raw),
            summary=prose(raw.get("summary")),
            description=prose(raw.get("description")),
            secured=self._is_secured(raw),
            key_goes=self._key_goes(raw),
            deprecated=raw.get("deprecated") is True,
            operation_id=str(raw.get("operationId", "")) if self._documented else "",
            tag=_first(raw.get("tags")) if self._documented else "",
            used_by=strings_of(raw.get("x-used-by")) if self._documented else (),
            goes_by=strings_of(raw.get("x-goes-by")) if self._documented else (),
        )

    def _parameters(self, title: str, item: JsonObject, raw: JsonObject) -> list[Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for source in (raw.get("parameters"), item.get("parameters")):
            for entry in source if isinstance(source, list) else []:
                described = self._pointers.resolved(entry)
                name, where = described.get("name"), described.get("in")
                if not isinstance(name, str) or where not in ("path", "query", "header", "cookie"):
                    continue
                if where == "header" and name.lower() in _HEADERS_OF_HTTP:
                    continue
                if not is_wire_name(name) or (where == "header" and not re.fullmatch(r"[!-9;-~]+", name)):
                    self._notes.add(f"{title}: a parameter has a name that can't be sent ({shown(name)}): left out.")
                    continue
                spelled = name.lower() if where == "header" else name
                found.setdefault((where, spelled), self._parameter(name, where, described))
        return [found[key] for key in sorted(found)]

    def _parameter(self, name: str, where: Any, described: JsonObject) -> Parameter:
        schema = described.get("schema")
        if not isinstance(schema, dict):
            content = described.get("content")
            entry = next(iter(content.values()), None) if isinstance(content, dict) else None
            schema = _as_text(self._schemas, entry.get("schema")) if isinstance(entry, dict) else {}
        slot = self._schemas.slot(schema)
        if where == "path" and slot.node.kind == "object":
            slot = Slot(Node())  # an id that is a class of its own in the service's code; a path has it as text
        said = prose(described.get("description")) or slot.description
        slot = Slot(slot.node, description=said, steering=described.get("x-steering") is True)
        return Parameter(name, where, slot, required=where == "path" or described.get("required") is True)

    def _responses(self, title: str, raw: JsonObject) -> dict[str, Body]:
        responses = raw.get("responses")
        found: dict[str, Body] = {}
        for status, response in responses.items() if isinstance(responses, dict) else ():
            if str(status).startswith("x-"):
                continue
            if not _STATUS.fullmatch(str(status)):
                self._notes.add(f"{title}: “{shown(str(status), 20)}” is not a status; that response was left out.")
                continue
            plain = str(status)
            found[plain if plain == "default" else plain.upper()] = self._bodies.response(response)
        return {status: found[status] for status in sorted(found)}

    def _is_secured(self, raw: JsonObject) -> bool | None:
        stated = raw.get("security", self._document.get("security"))
        if not isinstance(stated, list):
            return None
        return any(isinstance(entry, dict) and entry for entry in stated) and {} not in stated

    def _key_goes(self, raw: JsonObject) -> str:
        """How the key of an operation is sent, in words; empty where it is a bearer's, or where nothing is said."""
        stated = raw.get("security", self._document.get("security"))
        listed = [entry for entry in stated if isinstance(entry, dict)] if isinstance(stated, list) else []
        ways = [[way for name in entry if (way := self._way_of(name))] for entry in listed]
        return " or ".join(dict.fromkeys(" and ".join(some) for some in ways)) if all(ways) else ""

    def _way_of(self, name: object) -> str:
        components = self._document.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, dict) else None
        scheme = self._pointers.resolved(schemes.get(name) if isinstance(schemes, dict) else None)
        kind, where, key = (str(scheme.get(said, "")).lower() for said in ("type", "in", "name"))
        if kind == "apikey" and (where, key) != ("header", "authorization"):
            return f"in the {shown(where)} {shown(scheme.get('name'))}"
        if kind == "http" and str(scheme.get("scheme", "")).lower() != "bearer":
            return f"by the HTTP scheme {shown(scheme.get('scheme'))}"
        return "by a certificate" if kind == "mutualtls" else ""


def _as_text(schemas: SchemaReader, schema: object) -> JsonObject:
    """The schema of a parameter that is sent as JSON: of a number or a boolean that is its text, else any text."""
    node = schemas.slot(schema).node
    is_plain = node.kind in ("scalar", "enum") and node.type != "string"
    return schema if is_plain and isinstance(schema, dict) else {"type": "string"}


def _says_the_same(operation: Operation, other: Operation) -> bool:
    """Whether two operations take and answer the same."""
    prints = fold(
        reachable(roots_of(Contract({operation.key: operation}))) + reachable(roots_of(Contract({other.key: other})))
    )

    def said(some: Operation) -> list[tuple[object, ...]]:
        bodies = [
            *(("body", *entry) for entry in some.requests.items()),
            *(("", *entry) for entry in some.responses.items()),
        ]
        return [
            *((each.where, each.name, each.required, prints[id(each.slot.node)]) for each in some.parameters),
            *(
                (where, key, body.medium, body.required, body.slot and prints[id(body.slot.node)])
                for where, key, body in bodies
            ),
        ]

    return said(operation) == said(other)


def _component_names(document: JsonObject) -> dict[int, str]:
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    return {id(schema): str(name) for name, schema in schemas.items()} if isinstance(schemas, dict) else {}


def _first(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and value else ""


READABLE: Final[tuple[Medium, ...]] = ("json", "binary", "text")
SENDABLE: Final[tuple[Medium, ...]] = ("json", "multipart", "form", "binary")

#: JSON by name; and anything at all, which a service of JSON says where it says nothing else.
_JSON: Final = re.compile(r"(application|text)/(json|[\w.*-]+\+json)|(application|\*)/\*")

#: What a service that takes JSON calls it; ASP.NET lists them side by side.
_USUAL: Final = ("application/json", "text/json")


def medium_of(content_type: str) -> Medium:
    """How a content type travels, from the client's point of view; ``none`` when it is no content type."""
    plain = content_type.split(";")[0].strip().lower()
    if _JSON.fullmatch(plain):
        return "json"
    if plain == "multipart/form-data":
        return "multipart"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain.startswith("text/"):
        return "text"
    return "binary" if re.fullmatch(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+", plain) else "none"


class BodyReader:
    """Reads request and response bodies of one document."""

    def __init__(self, pointers: Pointers, sent: SchemaReader, read: SchemaReader) -> None:
        self._pointers = pointers
        self._sent = sent
        self._read = read

    def response(self, raw: object) -> Body:
        """A response: JSON where it is offered, in whatever place; else bytes, which hold anything; else text."""
        described = self._pointers.resolved(raw)
        offered = self._offered(described, READABLE)
        body = Body(description=prose(described.get("description")))
        for medium in READABLE:
            if medium in offered:
                body.medium = medium
                break
        if body.medium == "json":
            body.slot = self._read.slot(offered["json"])
            if body.slot.node.format == "binary":
                body.medium, body.slot = "binary", None
        return body

    def requests(self, raw: object) -> tuple[dict[Medium, Body], list[str]]:
        """A request body by medium, and the content types that are offered when none of them can be sent."""
        described = self._pointers.resolved(raw)
        required = described.get("required") is True
        offered = self._offered(described, SENDABLE)
        content = described.get("content")
        names = sorted(map(str, content)) if isinstance(content, dict) else []
        if names and not offered:
            return {}, names
        found: dict[Medium, Body] = {}
        for medium in SENDABLE:
            if medium in offered:
                found[medium] = Body(
                    medium, self._sent.slot(offered[medium]), required, prose(described.get("description"))
                )
        if "json" in found:
            found["json"].content_type = _sent_as([name for name in names if medium_of(name) in ("json", "text")])
        return found, []

    def _offered(self, described: JsonObject, media: tuple[Medium, ...]) -> dict[Medium, object]:
        """Medium → schema; of several content types of one medium, the plainest with a schema."""
        found: dict[Medium, object] = {}
        content = described.get("content")
        entries = content.items() if isinstance(content, dict) else []
        for name, entry in sorted(entries, key=lambda item: (str(item[0]) != "application/json", str(item[0]))):
            medium = medium_of(str(name))
            schema = entry.get("schema") if isinstance(entry, dict) else None
            if medium == "text" and self._is_structured(schema):
                medium = "json"  # an object can't be text, whatever the emitter was told to call it
            if medium not in media or (media is SENDABLE and medium == "binary" and not _is_octets(str(name))):
                continue
            if found.get(medium) is None:
                found[medium] = schema
        return found

    def _is_structured(self, schema: object) -> bool:
        """Whether it is an object or a list, or has one among its alternatives or parts."""
        described = self._pointers.resolved(schema)
        parts = described.get("allOf")
        inner = [*alternatives(described)[0], *(parts if isinstance(parts, list) else [])]
        return any(self._has_structure(self._pointers.resolved(entry)) for entry in (described, *inner))

    def _has_structure(self, described: JsonObject) -> bool:
        types = described.get("type")
        listed = types if isinstance(types, list) else [types]
        return "object" in listed or "array" in listed or isinstance(described.get("properties"), dict)


def _sent_as(content_types: list[str]) -> str:
    """The content type to send JSON as: the usual one where a document takes it, by whatever name, else its first."""
    plain = [_without_charset(name) for name in content_types]
    others = [name for name in plain if name not in _USUAL and "*" not in name]
    return others[0] if others and len(others) == len(plain) else "application/json"


def _without_charset(content_type: str) -> str:
    """A content type with those of its parameters that say more than how text is encoded, such as a version."""
    plain, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return ";".join([plain, *(part for part in parameters if part and not part.startswith("charset"))])


def _is_octets(content_type: str) -> bool:
    """The client sends bytes under one name alone; it receives them under any."""
    return content_type.split(";")[0].strip().lower() == "application/octet-stream"
