"""Changes to JSON bodies: members added, dropped, nulled or retyped, by name or by path."""

import json
from collections.abc import Callable
from typing import Any

from .rules import Fault

UNKNOWN_FIELD = "zz_never_seen_before"
UNKNOWN_ENUM = "NeverSeenBefore"
RETYPED = {"unexpected": ["shape", 1]}
_GONE = object()


def edited(fault: Fault, body: bytes) -> bytes:
    """The body after the fault's changes; one that is not JSON stays as it is."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if fault.kind == "unknown_fields":
        _everywhere(document, lambda node: node.__setitem__(UNKNOWN_FIELD, {"value": 1, "more": [None, "text"]}))
    value: Any = {"unknown_enum": UNKNOWN_ENUM, "nulls": None, "retype": RETYPED}.get(fault.kind, _GONE)
    for name in fault.fields:
        _put(document, name, value)
    for path, wanted in fault.set.items():
        _put(document, path, wanted)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _everywhere(node: Any, change: Callable[[dict[str, Any]], None]) -> None:
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    for child in children:
        _everywhere(child, change)
    if isinstance(node, dict):
        change(node)


def _put(document: Any, path: str, value: Any) -> None:
    if "." not in path:
        _everywhere(document, lambda node: _replace(node, path, value) if path in node else None)
        return
    _walk(document, path.removeprefix("$.").split("."), value)


def _walk(node: Any, path: list[str], value: Any) -> None:
    head, *rest = path
    if head == "*":
        for child in node if isinstance(node, list) else []:
            _walk(child, rest, value)
    elif isinstance(node, list) and head.isdigit() and int(head) < len(node):
        _walk(node[int(head)], rest, value)
    elif isinstance(node, dict):
        if rest:
            _walk(node.get(head), rest, value)
        else:
            _replace(node, head, value)


def _replace(node: dict[str, Any], name: str, value: Any) -> None:
    if value is _GONE:
        node.pop(name, None)
    else:
        node[name] = value
