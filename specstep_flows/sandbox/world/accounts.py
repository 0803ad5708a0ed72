"""Who calls: users, their keys, and what a key may do."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from ..clock import timestamp_or_none


@dataclass
class User:
    """A person with an account."""

    id: str
    name: str
    plan: str
    provider_keys: dict[str, float] = field(default_factory=dict)
    notification_preferences: dict[str, Any] = field(default_factory=lambda: {"email": True, "sms": False})
    retention_days: int | None = None
    source_control: dict[str, Any] | None = None
    organization: dict[str, Any] | None = None
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Requests to export or delete the account's data, by kind."""
    extra_usage: bool = False

    @property
    def email(self) -> str:
        """An address that leads nowhere."""
        return f"{self.name}@example.com"


@dataclass
class Key:
    """An API key or an OAuth token. Only its digest is kept, as the service does."""

    id: str
    user: User
    digest: str
    is_person: bool
    """An `oat_…` token or a browser session: the user acts, not a program."""
    created_at: float
    name: str = "sandbox"
    prefix: str = "sf"
    scopes: list[str] | None = None
    project_id: str | None = None
    last_used_at: float | None = None
    last_rotated_at: float | None = None
    revoked_at: float | None = None

    @property
    def is_session(self) -> bool:
        """A browser's cookie, which is no bearer token."""
        return self.prefix == "session"

    @property
    def limiter(self) -> str:
        """What the rate limits count by: the key for programs, the user for people."""
        return f"user:{self.user.id}" if self.is_person else f"key:{self.id}"

    def body(self) -> dict[str, Any]:
        """A row of `GET /v1/api-keys`."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": self.scopes,
            "project_id": self.project_id,
            "organization_id": None if self.user.organization is None else self.user.organization["id"],
            "created_at": timestamp_or_none(self.created_at),
            "last_rotated_at": timestamp_or_none(self.last_rotated_at),
        }


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
