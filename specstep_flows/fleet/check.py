"""Whether a database fits a fleet: its version, what it allows, its clock, and what is between it and this machine."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

import attrs
import psycopg

from specstep_flows import errors
from specstep_flows._text import duration
from specstep_flows.fleet.clock import SERVER_TIME
from specstep_flows.fleet.database import KEEPALIVE
from specstep_flows.fleet.schema import ENCODING, check_version, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.fleet.database import Connection, Database

OLDEST_SERVER: Final = 13
#: A difference that people notice, in seconds. Nothing here depends on it, but webhooks do, by minutes.
CLOCK_SECONDS: Final = 5.0
#: So many transactions are open at a time while the pooler is looked for: it serves one of them as it served us before.
_BESIDE: Final = 4
#: What a worker must be able to do with each table and each sequence; it only reads which version they are of.
_REFUSED: Final = """
SELECT coalesce(string_agg(c.relname, ', ' ORDER BY c.relname), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND NOT CASE
  WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE')
  WHEN c.relkind <> 'r' THEN true
  WHEN c.relname = 'meta' THEN has_table_privilege(c.oid, 'SELECT')
  ELSE has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
    AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') END
"""

#: Everybody may call a function, unless a database is set up otherwise.
_UNCALLABLE: Final = """
SELECT count(*), coalesce(min(p.proname), '')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = %s AND NOT has_function_privilege(p.oid, 'EXECUTE')
"""


@attrs.frozen
class Finding:
    """One thing that was looked at: whether a fleet can work with it, and what there is to know or do."""

    name: str
    is_fit: bool
    text: str


def check(database: Database, *, wall: Callable[[], float] = time.time) -> list[Finding]:
    """What was found of a database, in the order in which to mend it. Nothing is changed.

    One that cannot be reached is one finding; nothing is raised.
    """
    try:
        with contextlib.closing(database.connect()) as connection:
            looks: tuple[Callable[[], Finding], ...] = (
                lambda: _version(connection),
                lambda: _encoding(connection),
                lambda: _schema(database),
                lambda: _privileges(connection, database),
                lambda: _durability(connection),
                lambda: _clock(connection, wall),
                lambda: _keepalive(connection),
                lambda: _pooler(connection, database),
            )
            return [look() for look in looks]
    except errors.StoreError as error:
        return [_unreachable(error)]
    except psycopg.Error as error:
        return [_unreachable(database.failure(error))]


def refuse_pooler(database: Database) -> None:
    """Raise ``StoreError`` where a session would not be one of the server's: two workers might drive the same run."""
    with contextlib.closing(database.connect()) as connection:
        try:
            found = _pooler(connection, database)
        except psycopg.Error as error:
            raise database.failure(error) from None
    if not found.is_fit:
        raise errors.StoreError(f"{found.text} Nothing was sent.")


def _unreachable(error: errors.StoreError) -> Finding:
    if "startup parameter" in error.message:
        return Finding("pooler", False, f"{_POOLED} ({error.message})")
    return Finding("connection", False, error.message)


def _one(connection: Connection, query: str, *values: object) -> tuple[object, ...]:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row


def _version(connection: Connection) -> Finding:
    number = connection.info.server_version
    text = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number // 10000 < OLDEST_SERVER:
        return Finding("version", False, f"{text}; {OLDEST_SERVER} or newer is needed.")
    return Finding("version", True, text)


def _encoding(connection: Connection) -> Finding:
    found = encoding_of(connection)
    if found != ENCODING:
        text = f"Texts are kept as {found}, which cannot hold all of them: create one with ENCODING '{ENCODING}'."
        return Finding("encoding", False, text)
    return Finding("encoding", True, f"Texts are kept as {found}.")


def _schema(database: Database) -> Finding:
    try:
        check_version(database)
    except errors.StoreError as error:
        return Finding("schema", False, error.message)
    return Finding("schema", True, f"Schema {database.schema} is of this version.")


def _privileges(connection: Connection, database: Database) -> Finding:
    user, name, may_create, may_use = _one(
        connection,
        "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE'), "
        "(SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s)",
        database.schema,
    )
    if may_use is None:
        todo = "" if may_create else f", as a user who may: {user} needs GRANT CREATE ON DATABASE {name}"
        text = f"There is no schema {database.schema} yet: `specstep fleet init` makes it{todo}."
        return Finding("privileges", False, text)
    if not may_use:
        return Finding("privileges", False, f"User {user} may not use schema {database.schema}: GRANT USAGE on it.")
    refused = _one(connection, _REFUSED, database.schema)[0]
    if refused:
        return Finding(
            "privileges",
            False,
            f"User {user} may not use {refused}: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "
            f"{database.schema} and USAGE ON ALL SEQUENCES IN SCHEMA {database.schema} to it.",
        )
    count, first = _one(connection, _UNCALLABLE, database.schema)
    if count:
        return Finding(
            "privileges",
            False,
            f"User {user} may not call functions such as {first}: GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "
            f"{database.schema} to it.",
        )
    return Finding("privileges", True, f"User {user} may read and write every table.")


def _durability(connection: Connection) -> Finding:
    is_standby, fsync, standbys = _one(
        connection,
        "SELECT pg_is_in_recovery(), current_setting('fsync'), current_setting('synchronous_standby_names')",
    )
    if is_standby:
        return Finding("durability", False, "This is a standby, where nothing can be written: use the primary.")
    if fsync == "off":
        return Finding(
            "durability", False, "fsync is off: a crash of the server may lose what was paid for. For tests alone."
        )
    known = "and a standby confirms it" if standbys else "a standby that takes over may lack the last moment"
    return Finding("durability", True, f"What is written is on the server's disk; {known}.")


def _clock(connection: Connection, wall: Callable[[], float]) -> Finding:
    before = wall()
    server = _one(connection, SERVER_TIME)[0]
    assert isinstance(server, float)
    offset = (before + wall()) / 2 - server
    if abs(offset) < CLOCK_SECONDS:
        return Finding("clock", True, "The server's clock and this machine's agree.")
    word = "ahead of" if offset > 0 else "behind"
    return Finding(
        "clock",
        False,
        f"This machine's clock is {duration(abs(offset))} {word} the server's. Runs go by the server's, but webhook "
        "deliveries are refused from 5 minutes on: set the clock.",
    )


def _keepalive(connection: Connection) -> Finding:
    if (connection.info.host or "/").startswith("/"):
        return Finding("keepalive", True, "The connection is a local socket, whose end is noticed at once.")
    found = {name: _one(connection, f"SHOW tcp_keepalives_{name}")[0] for name in KEEPALIVE}
    vanished = KEEPALIVE["idle"] + KEEPALIVE["interval"] * KEEPALIVE["count"]
    if found != {name: str(value) for name, value in KEEPALIVE.items()}:
        shown = ", ".join(f"{name} {value}" for name, value in found.items())
        return Finding(
            "keepalive",
            False,
            f"The server does not take the keepalive that is asked for ({shown}): the runs of a host that vanishes are "
            "taken over late, or not at all.",
        )
    return Finding("keepalive", True, f"A host that vanishes is noticed after {vanished} s.")


_POOLED: Final = (
    "A pooler in transaction mode is between this machine and the server: it cannot carry the session that holds the "
    "runs. Give the fleet the server's own address, or a pooler's in session mode."
)


def _pooler(connection: Connection, database: Database) -> Finding:
    """Whether one connection of ours is one of the server's: then two of ours never share one, and none changes."""
    pid = "SELECT pg_backend_pid()"
    own = _one(connection, pid)
    with contextlib.ExitStack() as beside:
        seen: set[object] = set()
        for _ in range(_BESIDE):
            try:
                other = beside.enter_context(contextlib.closing(database.connect()))
            except errors.StoreError:
                # The role may have only a few connections.
                if not seen:
                    raise
                break
            beside.enter_context(other.transaction())
            seen.add(_one(other, pid))
        if own in seen or _one(connection, pid) != own:
            return Finding("pooler", False, _POOLED)
    return Finding("pooler", True, "No pooler in transaction mode is between.")
