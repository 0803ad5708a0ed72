"""A short notation for schemas, and what ASP.NET Core's OpenAPI 3.1 makes of each type.

A record is a line of `name:type` members. `name?` may be absent, `type?` may be null; `@Name` refers to a component,
`=Name` writes the record in place, `[type]` is a list, `{type}` a map. Enumerations are components of their own.
"""

import copy
from typing import Any

Schema = dict[str, Any]

_INTEGER = r"^-?(?:0|[1-9]\d*)$"
_DOUBLE = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_SCALARS: dict[str, Schema] = {
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date-time"},
    "uri": {"type": "string"},
    "flag": {"type": "boolean"},
    "int": {"pattern": _INTEGER, "type": ["integer", "string"], "format": "int32"},
    "long": {"pattern": _INTEGER, "type": ["integer", "string"], "format": "int64"},
    "num": {"pattern": _DOUBLE, "type": ["number", "string"], "format": "double"},
    "any": {},
    "file": {"type": "string", "format": "binary"},
}


class Notation:
    """Reads the notation, given the records that `=Name` may mean."""

    def __init__(self, records: dict[str, str]) -> None:
        self._records = records

    def record(self, members: str) -> Schema:
        """An object schema; members without `?` after their name are required, as in a C# record."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for member in members.split():
            name, _, kind = member.partition(":")
            if name.endswith("?"):
                name = name[:-1]
            else:
                required.append(name)
            properties[name] = self.type(kind)
        schema: Schema = {"type": "object", "properties": properties}
        return {"required": required, **schema} if required else schema

    def type(self, kind: str) -> Schema:
        """The schema of one type."""
        if kind.endswith("?"):
            return _nullable(self.type(kind[:-1]))
        if kind.startswith("@"):
            return {"$ref": f"#/components/schemas/{kind[1:]}"}
        if kind.startswith("="):
            return self.record(self._records[kind[1:]])
        if kind.startswith("["):
            return {"type": "array", "items": self.type(kind[1:-1])}
        if kind.startswith("{"):
            return {"type": "object", "additionalProperties": self.type(kind[1:-1])}
        return copy.deepcopy(_SCALARS[kind])


def _nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"oneOf": [{"type": "null"}, schema]}
    if not schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": ["null", *kinds]}
