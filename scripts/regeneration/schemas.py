"""JSON schemas of a document → the graph of shapes. Works off a list, so nesting costs no Python stack."""

from __future__ import annotations

from typing import Any, Final

from regeneration.document import JsonObject, Pointers
from regeneration.errors import Notes, RegenerationError
from regeneration.shapes import Node, Slot
from regeneration.text import is_wire_name, is_writable, prose, shown

MOST_NODES: Final = 60_000
#: Properties, over all objects: a document can have few values and put them together in very many ways.
MOST_PLACES: Final = 100_000
#: Properties of one object; the time of generating its class grows with their square.
MOST_PROPERTIES: Final = 2_000
#: Alternatives of one value; with thousands, the formatter runs out of stack.
MOST_ALTERNATIVES: Final = 300
MOST_ENUM_VALUES: Final = 2_000
LONGEST_ENUM_VALUE: Final = 300

STRING_FORMATS: Final = frozenset({"uuid", "date-time", "date", "binary"})
_BY_FORMAT: Final = {
    "int32": "integer", "int64": "integer", "int16": "integer", "uint32": "integer", "uint64": "integer",
    "float": "number", "double": "number", "decimal": "number",
    "uuid": "string", "guid": "string", "date-time": "string", "date": "string", "binary": "string", "uri": "string",
    "byte": "string",
}  # fmt: skip
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})


class SchemaReader:
    """Reads the schemas of one document; equal references give the same node."""

    def __init__(self, pointers: Pointers, notes: Notes, names: dict[int, str] | None = None) -> None:
        self._pointers = pointers
        self._notes = notes
        self._names = names or {}
        self._flattener = Flattener(pointers)
        self._nodes: dict[int, Node] = {}
        self._alive: list[JsonObject] = []
        self._to_read: list[tuple[Node, JsonObject]] = []
        self._places = 0

    def slot(self, schema: object) -> Slot:
        """The place that a schema describes, with everything below it read."""
        slot = self._slot(schema)
        while self._to_read:
            self._read(*self._to_read.pop())
        return slot

    def _slot(self, schema: object) -> Slot:
        """Take references and wrappers off, noting on the way what they say about the place."""
        slot = Slot(Node())
        seen: set[int] = set()
        while isinstance(schema, dict):
            if id(schema) in seen:
                self._notes.add("A schema refers to nothing but itself; it was read as untyped.")
                return slot
            seen.add(id(schema))
            slot.description = slot.description or prose(schema.get("description"))
            slot.nullable = slot.nullable or _is_nullable(schema)
            slot.read_only = slot.read_only or schema.get("readOnly") is True
            slot.write_only = slot.write_only or schema.get("writeOnly") is True
            slot.steering = slot.steering or schema.get("x-steering") is True
            slot.under_any_name = slot.under_any_name or schema.get("x-under-any-name") is True
            slot.also_called = slot.also_called or strings_of(schema.get("x-also-called"))
            slot.may_be_left_out = slot.may_be_left_out or schema.get("x-may-be-left-out") is True
            reference = schema.get("$ref")
            inner = self._pointers.target(reference) if isinstance(reference, str) else wrapped(schema)
            if inner is None:
                if not isinstance(reference, str) and not is_null(schema):
                    slot.node = self._node(schema)
                return slot
            schema = inner
        return slot

    def _node(self, schema: JsonObject) -> Node:
        node = self._nodes.get(id(schema))
        if node is None:
            if len(self._nodes) >= MOST_NODES:
                raise RegenerationError(f"The document describes more than {MOST_NODES:,} values; that is not read.")
            node = Node(name=self._names.get(id(schema), ""), description=prose(schema.get("description")))
            self._nodes[id(schema)] = node
            self._alive.append(schema)
            self._to_read.append((node, schema))
        return node

    def _read(self, node: Node, schema: JsonObject) -> None:
        schema = self._flattener.flat(schema)
        if None in schema.values():  # keywords that were not set
            schema = self._kept({key: value for key, value in schema.items() if value is not None or key == "const"})
        kinds = _types(schema)
        found, _ = alternatives(schema)
        if len(found) > MOST_ALTERNATIVES:
            raise RegenerationError(
                f"A value of the document has {len(found):,} alternatives; more than {MOST_ALTERNATIVES} are not read."
            )
        if found and not schema.get("properties"):
            node.kind = "union"
            node.variants = tuple(self._slot(entry) for entry in found)
        elif len(kinds) > 1:
            node.kind = "union"
            node.variants = tuple(self._slot(self._kept({**schema, "type": kind})) for kind in kinds)
        elif "enum" in schema or "const" in schema:
            self._read_enum(node, schema, kinds)
        elif kinds:
            self._read_kind(node, schema, kinds[0])

    def _read_kind(self, node: Node, schema: JsonObject, kind: str) -> None:
        if kind in _SCALARS:
            node.kind, node.type = "scalar", kind
            stated = str(schema.get("format"))
            wanted = "uuid" if stated == "guid" else stated  # what NSwag calls it
            if kind == "string" and wanted in STRING_FORMATS:
                node.format = wanted
        elif kind == "array":
            node.kind = "array"
            node.items = self._slot(schema.get("items", {}))
        elif kind == "object":
            node.kind = "object"
            self._read_properties(node, schema)
            extra = schema.get("additionalProperties")
            if isinstance(extra, dict) and extra:
                slot = self._slot(extra)
                node.extra = slot

    def _read_properties(self, node: Node, schema: JsonObject) -> None:
        required = schema.get("required")
        names = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
        properties = schema.get("properties")
        if isinstance(properties, dict) and len(properties) > MOST_PROPERTIES:
            raise RegenerationError(
                f"An object of the document has {len(properties):,} properties; "
                f"more than {MOST_PROPERTIES:,} are not read."
            )
        for name, property_schema in properties.items() if isinstance(properties, dict) else ():
            if not is_wire_name(str(name)):
                self._notes.add(f"A property has a name that no source file can hold ({shown(name)}): left out.")
                continue
            self._places += 1
            if self._places > MOST_PLACES:
                raise RegenerationError(
                    f"The document's objects have more than {MOST_PLACES:,} properties; that is not read."
                )
            slot = self._slot(property_schema)
            slot.required = name in names
            node.properties[str(name)] = slot

    def _read_enum(self, node: Node, schema: JsonObject, kinds: list[str]) -> None:
        listed = schema.get("enum", [schema.get("const")])
        values: list[Any] = [value for value in listed if value is not None] if isinstance(listed, list) else []
        if values and all(isinstance(value, str) for value in values):
            fit = [value for value in values if is_writable_value(value)]
            if len(fit) < len(values):
                self._notes.add("A list of values has some that no source file can hold; they are read as they come.")
            _fill_enum(node, "string", fit)
            node.waited_for = strings_of(schema.get("x-waits-for"))
        elif values and all(type(value) is int and abs(value) < 2**63 for value in values):
            _fill_enum(node, "integer", values)
        elif kinds:
            self._read_kind(node, schema, kinds[0])

    def _kept(self, schema: JsonObject) -> JsonObject:
        self._alive.append(schema)
        return schema


def strings_of(value: object) -> tuple[str, ...]:
    """The strings of a list; none when it is no list."""
    return tuple(map(str, value)) if isinstance(value, list) else ()


def is_writable_value(value: str) -> bool:
    """Whether a value of an enum can be written into a source file as it is."""
    return len(value) <= LONGEST_ENUM_VALUE and is_writable(value)


def _fill_enum(node: Node, type_: str, values: list[Any]) -> None:
    distinct = sorted(set(values))
    if distinct and len(distinct) <= MOST_ENUM_VALUES:
        node.kind, node.type, node.values = "enum", type_, tuple(distinct)
    else:
        node.kind, node.type = "scalar", type_


def _is_nullable(schema: JsonObject) -> bool:
    types, listed = schema.get("type"), schema.get("enum")
    return (
        schema.get("nullable") is True
        or (isinstance(types, list) and "null" in types)
        or (isinstance(listed, list) and None in listed)
        or alternatives(schema)[1]
        or is_null(schema)
    )


def _types(schema: JsonObject) -> list[str]:
    """The types of a schema without null; the number that .NET 10 also lets be a string is a number."""
    stated = schema.get("type")
    listed = stated if isinstance(stated, list) else [stated]
    known = _SCALARS | {"array", "object"}
    types = [kind for kind in dict.fromkeys(str(kind) for kind in listed) if kind in known]
    for number in ("integer", "number"):
        if number in types and "string" in types:
            types.remove("string")
    if "integer" in types and "number" in types:
        types.remove("integer")
    return sorted(types) or _guessed_types(schema)


def _guessed_types(schema: JsonObject) -> list[str]:
    """The type that a schema forgot to state but cannot be without."""
    if isinstance(schema.get("properties"), dict) or isinstance(schema.get("additionalProperties"), dict):
        return ["object"]
    if "items" in schema:
        return ["array"]
    by_format = _BY_FORMAT.get(str(schema.get("format")))
    return [by_format] if by_format else []


#: Parts and properties that are put together, over all schemas.
MOST_MERGED: Final = 250_000
STRUCTURAL: Final = frozenset(
    {"type", "properties", "items", "enum", "const", "format", "additionalProperties", "prefixItems", "not"}
)

_KINDS: Final = frozenset({"$ref", "type", "properties", "items", "enum", "const", "allOf", "oneOf", "anyOf"})
#: What says nothing beside a reference: emitters write keywords that were not set.
_NOTHING: Final[dict[str, tuple[object, ...]]] = {
    "properties": (None, {}),
    "items": (None, {}),
    "enum": (None, []),
    "const": (),
    "additionalProperties": (None, True, False, {}),
    "prefixItems": (None, []),
}


def alternatives(schema: JsonObject) -> tuple[list[object], bool]:
    """The alternatives of ``oneOf`` and ``anyOf`` without the null ones, and whether there was a null one."""
    found: list[object] = []
    nullable = False
    for keyword in ("oneOf", "anyOf"):
        entries = schema.get(keyword)
        for entry in entries if isinstance(entries, list) else []:
            if is_null(entry):
                nullable = True
            else:
                found.append(entry)
    return found, nullable


def is_null(schema: object) -> bool:
    """Whether a schema means null and nothing else."""
    if not isinstance(schema, dict):
        return False
    return (
        schema.get("type") in ("null", ["null"])
        or schema.get("enum") == [None]
        or ("const" in schema and schema["const"] is None and schema.get("type") is None)
    )


def wrapped(schema: JsonObject) -> object | None:
    """The only schema inside a wrapper that says nothing structural by itself, or None."""
    said = {key for key in STRUCTURAL & schema.keys() if schema[key] not in _NOTHING.get(key, (None,))}
    if said - {"type"}:
        return None
    found, nullable = alternatives(schema)
    parts = [part for part in _list(schema.get("allOf")) if not is_annotation(part)]
    if len(found) + len(parts) != 1 or (parts and nullable):
        return None
    only = found[0] if found else parts[0]
    # "object" is said of whatever a reference leads to; what is inside counts, if it says what it is.
    return only if not said or (isinstance(only, dict) and _KINDS & only.keys()) else None


def is_annotation(schema: object) -> bool:
    """Whether a schema only describes: ``{"description": …}`` beside a reference, as emitters write it."""
    return isinstance(schema, dict) and not (
        (STRUCTURAL | {"$ref", "allOf", "oneOf", "anyOf"}) & schema.keys() or schema.get("nullable") is True
    )


class Flattener:
    """Merges the parts of ``allOf`` into one schema without it, each set of parts once."""

    def __init__(self, pointers: Pointers) -> None:
        self._pointers = pointers
        self._merged: dict[int, JsonObject] = {}
        self._alive: list[JsonObject] = []
        self._work = 0

    def flat(self, schema: JsonObject) -> JsonObject:
        """``schema`` itself when it has no ``allOf``, else everything its parts say together."""
        if not _list(schema.get("allOf")):
            return schema
        if id(schema) not in self._merged:
            self._merged[id(schema)] = self._merge(schema)
            self._alive.append(schema)
        return self._merged[id(schema)]

    def _merge(self, schema: JsonObject) -> JsonObject:
        merged: JsonObject = {}
        properties: JsonObject = {}
        required: dict[str, None] = {}
        for part in self._parts(schema):
            inherited = part.get("properties")
            self._count(len(inherited) if isinstance(inherited, dict) else 0)
            for key, value in part.items():
                if key == "properties" and isinstance(value, dict):
                    for name, property_schema in value.items():
                        earlier = properties.get(name)
                        if earlier is None or is_annotation(earlier) or earlier == property_schema:
                            properties[name] = property_schema
                        elif not is_annotation(property_schema):
                            properties[name] = {"allOf": [earlier, property_schema]}
                elif key == "required" and isinstance(value, list):
                    required.update(dict.fromkeys(name for name in value if isinstance(name, str)))
                elif key in ("oneOf", "anyOf") and key in merged:
                    continue
                elif key not in ("allOf", "$ref") and value is not None:
                    merged[key] = value
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(required)
        self._alive.append(merged)
        return merged

    def _count(self, work: int) -> None:
        self._work += work
        if self._work > MOST_MERGED:
            raise RegenerationError(
                f"The document's schemas are put together of more than {MOST_MERGED:,} parts; that is not read."
            )

    def _parts(self, schema: JsonObject) -> list[JsonObject]:
        """The schema's parts, bases first, each once however often it is reached."""
        ordered: list[JsonObject] = []
        seen: set[int] = set()
        stack: list[tuple[JsonObject, bool]] = [(schema, False)]
        while stack:
            part, is_done = stack.pop()
            if is_done:
                ordered.append(part)
                continue
            if id(part) in seen:
                continue
            seen.add(id(part))
            self._count(1)
            stack.append((part, True))
            for inner in reversed(_list(part.get("allOf"))):
                target = self._pointers.resolved(inner)
                while (only := wrapped(target)) is not None and id(target) not in seen:
                    seen.add(id(target))
                    target = self._pointers.resolved(only)
                stack.append((target, False))
        return ordered


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
