"""How the world says no: one exception that carries everything of a problem+json answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request that cannot be granted: the status, the machine word, a sentence, headers and more members."""

    def __init__(
        self, status: int, type_: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(f"{status} {type_}: {detail}")
        self.status = status
        self.type = type_
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


def not_found(what: str) -> Refusal:
    """Nothing of that id belongs to the caller; whether it exists for somebody else is not said."""
    return Refusal(404, "NOT_FOUND", f"There is no such {what}.")


def invalid(detail: str) -> Refusal:
    """A request that is malformed in itself."""
    return Refusal(400, "VALIDATION_ERROR", detail)


def conflict(type_: str, detail: str, **members: Any) -> Refusal:
    """A request that the present state of things does not allow."""
    return Refusal(409, type_, detail, **members)
