"""A child process's program: what a generated client does with fit values, with none, and with unfit ones.

Usage: ``python roundtrip.py FOLDER``, where FOLDER holds ``aligned.json`` and ``specstep_client``. Prints one line of
JSON: a list of complaints.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

UNFIT: list[Any] = [
    None, 0, -1.5, True, "", "x", "2025-13-45T99:00", "\ud800", [], [None], [1], ["x"], [[]], [{}], {}, {"a": 1},
    float("nan"), 10**400,
]  # fmt: skip


class Probe:
    """Tries every class and every operation of a client out."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self.aligned = json.loads((folder / "aligned.json").read_text("utf-8"))
        self.schemas: dict[str, Any] = self.aligned["components"]["schemas"]
        self.models = importlib.import_module("specstep_client.models")
        self.complaints: list[str] = []

    def run(self) -> list[str]:
        read, forms = self._reached("responses"), self._forms()
        for name, schema in self.schemas.items():
            if schema["type"] == "object" and name not in forms:
                self._round_trip(name)
                if name in read:
                    self._leniency(name, schema)
        for path, item in self.aligned["paths"].items():
            for method, operation in item.items():
                self._call(path, method, operation)
        return self.complaints

    def _round_trip(self, name: str) -> None:
        value = self._value({"$ref": f"#/{name}"}, 0)
        try:
            given_back = getattr(self.models, name).from_dict(value).to_dict()
        except Exception as error:
            self.complaints.append(f"{name}: fit values fail: {error!r}")
            return
        if given_back != value:
            different = [key for key in value if given_back.get(key, ...) != value[key]]
            self.complaints.append(f"{name}: not the same after a round trip: {different}")

    def _leniency(self, name: str, schema: Any) -> None:
        cls = getattr(self.models, name)
        for field in [*schema.get("properties", {}), "never heard of"]:
            for value in UNFIT:
                try:
                    cls.from_dict({field: value})
                except Exception as error:
                    self.complaints.append(f"{name}.{field} fails on {str(value)[:20]!r}: {error!r}")

    def _call(self, path: str, method: str, operation: Any) -> None:
        title = f"{method} {path}"
        name = f"specstep_client.api.{operation['tags'][0]}.{operation['operationId']}"
        module = importlib.import_module(name)
        code = module._get_kwargs.__code__
        annotations = module._get_kwargs.__annotations__
        in_path = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "path"]
        others = [parameter for parameter in operation.get("parameters", []) if parameter["in"] != "path"]
        positional = [self._python(parameter["schema"]) for parameter in in_path]
        names = list(code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])
        arguments: dict[str, Any] = {}
        if "body" in names and "requestBody" in operation:
            names.remove("body")
            schema = next(iter(operation["requestBody"]["content"].values()))["schema"]
            arguments["body"] = self._python(schema)
            if schema.get("format") == "binary":
                arguments["body"] = importlib.import_module("specstep_client.types").File(payload=b"x")
        if len(names) != len(others):
            self.complaints.append(f"{title}: {len(names)} arguments for {len(others)} parameters")
            return
        wire = {parameter["name"]: parameter for parameter in others}
        for argument, parameter in zip(names, self._in_order(others), strict=True):
            arguments[argument] = self._python(parameter["schema"])
        try:
            kwargs = module._get_kwargs(*positional, **arguments)
        except Exception as error:
            self.complaints.append(f"{title}: building a request fails: {error!r} {sorted(annotations)[:3]}")
            return
        sent = {*kwargs.get("params", {}), *kwargs.get("headers", {}), *kwargs.get("cookies", {})}
        flat = {name for name, parameter in wire.items() if not self._is_object(parameter["schema"])}
        if not flat <= sent:
            self.complaints.append(f"{title}: not sent: {sorted(flat - sent)}")
        for name in flat & set(kwargs.get("params", {})):
            if wire[name]["in"] == "query" and kwargs["params"][name] != self._value(wire[name]["schema"], 0):
                self.complaints.append(f"{title}: {name} is sent as {kwargs['params'][name]!r}")
        if kwargs["method"] != method or kwargs["url"].count("/") != path.count("/"):
            self.complaints.append(f"{title}: sent to {kwargs['method']} {kwargs['url']}")

    def _in_order(self, parameters: list[Any]) -> list[Any]:
        """The generator puts required arguments nowhere special: query, header, cookie, each as listed."""
        return [
            parameter for where in ("query", "header", "cookie") for parameter in parameters if parameter["in"] == where
        ]

    def _is_object(self, schema: Any) -> bool:
        if "$ref" in schema:
            return bool(self.schemas[schema["$ref"].rsplit("/", 1)[1]]["type"] == "object")
        return "allOf" in schema and self._is_object(schema["allOf"][0])

    def _python(self, schema: Any) -> Any:
        """A Python value as the client wants it: built by the client's own classes from a JSON value."""
        if "allOf" in schema:
            return self._python(schema["allOf"][0])
        if "anyOf" in schema:
            return self._python(schema["anyOf"][0])
        value = self._value(schema, 0)
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            cls = getattr(self.models, name)
            return cls.from_dict(value) if self.schemas[name]["type"] == "object" else cls(value)
        if schema.get("type") == "array":
            return [self._python(schema["items"])]
        if schema.get("type") == "string" and schema.get("format"):
            return _PARSERS.get(schema["format"], str)(value)
        return value

    def _value(self, schema: Any, depth: int) -> Any:
        """A fit JSON value; nothing optional below the third level, so that recursion ends."""
        for key in ("allOf", "anyOf"):
            if key in schema:
                return self._value(schema[key][0], depth)
        if "$ref" in schema:
            return self._value(self.schemas[schema["$ref"].rsplit("/", 1)[1]], depth + 1)
        if "enum" in schema:
            return schema["enum"][0]
        kinds = schema.get("type", "any")
        kind = kinds[0] if isinstance(kinds, list) else kinds
        if kind == "array":
            return [self._value(schema["items"], depth)] if depth < 3 else []
        if kind == "object":
            required = schema.get("required", [])
            extra = schema.get("additionalProperties")
            value = {
                name: self._value(inner, depth)
                for name, inner in schema.get("properties", {}).items()
                if name in required or depth < 3
            }
            if isinstance(extra, dict) and depth < 3:
                value["an extra one"] = self._value(extra, depth)
            return value
        if kind == "string":
            return _STRINGS.get(schema.get("format", ""), "text")
        return {"integer": 7, "number": 1.5, "boolean": True, "null": None}.get(kind, "anything")

    def _reached(self, where: str) -> set[str]:
        found: set[str] = set()
        waiting = [operation[where] for item in self.aligned["paths"].values() for operation in item.values()]
        while waiting:
            for name in _references(waiting.pop()):
                if name not in found:
                    found.add(name)
                    waiting.append(self.schemas[name])
        return found

    def _forms(self) -> set[str]:
        bodies = [
            op["requestBody"]["content"]
            for item in self.aligned["paths"].values()
            for op in item.values()
            if "requestBody" in op
        ]
        waiting = [media for content in bodies for kind, media in content.items() if "form" in kind]
        found: set[str] = set()
        while waiting:
            for name in _references(waiting.pop()):
                if name not in found:
                    found.add(name)
                    waiting.append(self.schemas[name])
        return found


_STRINGS: dict[str, Any] = {
    "uuid": "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04",
    "date-time": "2026-05-30T10:00:00+00:00",
    "date": "2026-05-30",
    "binary": b"bytes",
}


def _uuid(value: str) -> Any:
    import uuid

    return uuid.UUID(value)


def _moment(value: str) -> Any:
    import datetime

    return datetime.datetime.fromisoformat(value)


def _day(value: str) -> Any:
    import datetime

    return datetime.date.fromisoformat(value)


_PARSERS = {"uuid": _uuid, "date-time": _moment, "date": _day}


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].rsplit("/", 1)[1]] if isinstance(value.get("$ref"), str) else []
        return own + [name for key, entry in value.items() for name in _references(entry)]
    return [name for entry in value for name in _references(entry)] if isinstance(value, list) else []


if __name__ == "__main__":
    print(json.dumps(Probe(Path(sys.argv[1])).run()))
