"""What is known of each key, by its name: that it works, or that the service refuses it, which is then so on all hosts.

Five refusals lock an address out, so a key that nobody has used yet is tried by one process alone, and one that was
refused by nobody, until another key has its name, or once in a while by one run. A key is recognised by a digest from
which it cannot be recovered, and is never stored. All functions block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.fleet.database import Connection


@attrs.frozen
class KeyState:
    """What is known of the key that has a name at present."""

    is_verified: bool = False
    #: What the service said when it refused it.
    refusal: str | None = None
    #: The run that may try it all the same.
    trial: str | None = None


def read(connection: Connection, name: str, scope: str) -> KeyState:
    """What is known of the key with that digest."""
    found = connection.execute(
        "SELECT verified_at IS NOT NULL, refusal, trial FROM keys WHERE name = %s AND scope = %s", [name, scope]
    ).fetchone()
    return KeyState() if found is None else KeyState(*found)


def verify(connection: Connection, name: str, scope: str) -> None:
    """It works."""
    connection.execute(
        "INSERT INTO keys (name, scope, verified_at) VALUES (%s, %s, extract(epoch FROM now())) "
        "ON CONFLICT (name) DO UPDATE SET scope = excluded.scope, verified_at = excluded.verified_at, "
        "refused_at = NULL, refusal = NULL, trial = NULL",
        [name, scope],
    )


def refuse(connection: Connection, name: str, scope: str, refusal: str) -> None:
    """The service refuses it."""
    connection.execute(
        "INSERT INTO keys (name, scope, refused_at, refusal) VALUES (%s, %s, extract(epoch FROM now()), %s) "
        "ON CONFLICT (name) DO UPDATE SET scope = excluded.scope, verified_at = NULL, "
        "refused_at = excluded.refused_at, refusal = excluded.refusal, trial = NULL "
        # A key that works is not that of a host which still has the one before it.
        "WHERE CASE WHEN keys.scope = excluded.scope THEN keys.refused_at IS NULL OR keys.trial IS NOT NULL "
        "ELSE keys.verified_at IS NULL END",
        [name, scope, refusal],
    )


def refused(connection: Connection) -> dict[tuple[str, str], str]:
    """Every key that is refused, by name and digest, with what the service said."""
    found = connection.execute(
        "SELECT name, scope, refusal FROM keys WHERE refused_at IS NOT NULL AND trial IS NULL"
    ).fetchall()
    return {(name, scope): refusal for name, scope, refusal in found}


def forget_replaced(connection: Connection, scopes: Mapping[str, str]) -> None:
    """Where one of these names has another key than the one that was refused, the refusal says nothing any more."""
    connection.execute(
        "DELETE FROM keys USING unnest(%s::text[], %s::text[]) AS mine (name, scope) "
        "WHERE keys.name = mine.name AND keys.scope <> mine.scope AND refused_at IS NOT NULL",
        [list(scopes), list(scopes.values())],
    )
