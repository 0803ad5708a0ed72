"""All operations of the API, gathered from the resources, and which of them a request is."""

import re

from . import (
    account,
    addenda,
    connectors,
    control,
    documents,
    explanations,
    generations,
    interviews,
    keys,
    migrations,
    packages,
    privacy,
    profile,
    public,
    reports,
    search,
    turns,
)
from .routing import Operation

_RESOURCES = (
    interviews,
    turns,
    documents,
    generations,
    control,
    packages,
    search,
    addenda,
    explanations,
    migrations,
    account,
    profile,
    keys,
    privacy,
    reports,
    public,
    connectors,
)

OPERATIONS: list[Operation] = sorted(
    (operation for resource in _RESOURCES for operation in resource.routes.operations),
    key=lambda operation: [part.startswith("{") for part in operation.path.split("/")],
)
"""Literal segments before parameters, so that the first that fits is the right one."""


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", path)
    return re.compile(
        "".join(
            re.escape(part) if not part.startswith("{") else ".+" if part.startswith("{*") else "[^/]+"
            for part in parts
        )
    )


_PATTERNS = [(operation, _pattern(operation.path)) for operation in OPERATIONS]


def operation_of(method: str, path: str) -> str | None:
    """The operation that a method and a path mean, such as `GET /v1/generations/{id}`."""
    for operation, pattern in _PATTERNS:
        if operation.method == method and pattern.fullmatch(path):
            return operation.name
    return None


def not_implemented() -> list[str]:
    """The operations that have no handler and are answered with 501."""
    return sorted(operation.name for operation in OPERATIONS if operation.handler is None)
