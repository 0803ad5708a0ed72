"""The schema in the database: made or brought to this version by ``specstep fleet init``, and else only compared."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from specstep_flows import errors

if TYPE_CHECKING:
    from specstep_flows.fleet.database import Connection, Database

#: A worker works with its own major version and its own minor version or a newer one.
VERSION: Final = (1, 0)
#: What a brief or a question says in another one could not be written down, however much was paid for it by then.
ENCODING: Final = "UTF8"


def init(database: Database) -> tuple[int, int]:
    """Make the schema and its tables, or add what is missing; the version that it has then.

    Two that do this at the same time do it one after the other.

    Raises:
        StoreError: PostgreSQL cannot be used, does not allow it, or keeps texts in another encoding than UTF-8; or the
            schema is somebody else's. Nothing was changed.
        StoreUnreadable: it was made by a newer version that this one cannot live with. Nothing was changed.
    """
    from specstep_flows.fleet.dispatch import install

    statements = files("specstep_flows.fleet").joinpath("schema.sql").read_text("utf-8")

    def make(connection: Connection) -> tuple[int, int]:
        connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [database.lock_class])
        found = _version(connection, database)
        if found is not None and found[0] > VERSION[0]:
            raise _newer(database, found)
        if (encoding := encoding_of(connection)) != ENCODING:
            raise errors.StoreError(
                f"The database {database.address} is encoded as {encoding}, which cannot hold every text: create one "
                f"with ENCODING '{ENCODING}'. Nothing was changed."
            )
        if found is None and (others := _tables(connection, database)):
            raise errors.StoreError(
                f"Schema {database.schema} of {database.address} has tables of something else ({others}): give the "
                "fleet a schema of its own (SPECSTEP_FLEET_SCHEMA). Nothing was changed."
            )
        if connection.execute("SELECT to_regnamespace(%s)", [f'"{database.schema}"']).fetchone() == (None,):
            # Where an administrator has made it, its owner need not be one who may make others.
            connection.execute(f'CREATE SCHEMA "{database.schema}"')
        connection.execute(statements)
        install(connection)
        version = max(VERSION, found or VERSION)
        connection.execute(
            "INSERT INTO meta (major, minor) VALUES (%s, %s) ON CONFLICT (one) DO UPDATE "
            "SET major = excluded.major, minor = excluded.minor",
            version,
        )
        return version

    return database.transact(make)


def encoding_of(connection: Connection) -> str:
    """How the database keeps texts, in PostgreSQL's word for it."""
    row = connection.execute("SHOW server_encoding").fetchone()
    assert row is not None
    return str(row[0])


def version_of(database: Database) -> tuple[int, int] | None:
    """The version that the schema has; None if there is none. Raises ``StoreError``."""
    return database.run(lambda connection: _version(connection, database))


def check_version(database: Database) -> None:
    """Refuse a schema that this version cannot work with. Raises ``StoreUnreadable``."""
    found = version_of(database)
    if found is None:
        raise errors.StoreUnreadable(
            f"The database {database.address} has no tables of ours in schema {database.schema}: run `specstep fleet "
            "init`."
        )
    if found[0] > VERSION[0]:
        raise _newer(database, found)
    if found < VERSION:
        raise errors.StoreUnreadable(
            f"The tables in {database.address}, schema {database.schema}, are of version {_text(found)}, and this "
            f"worker needs {_text(VERSION)}: run `specstep fleet init` with this version. Workers of the version "
            "before keep working."
        )


def _newer(database: Database, found: tuple[int, int]) -> errors.StoreUnreadable:
    return errors.StoreUnreadable(
        f"The tables in {database.address}, schema {database.schema}, are of version {_text(found)}, made by a newer "
        f"version of specstep-flows; this one knows {_text(VERSION)}. Nothing was changed: upgrade it."
    )


def _version(connection: Connection, database: Database) -> tuple[int, int] | None:
    meta = database.table("meta")
    if connection.execute("SELECT to_regclass(%s)", [meta]).fetchone() == (None,):
        return None
    row = connection.execute(f"SELECT major, minor FROM {meta}").fetchone()
    return None if row is None else (row[0], row[1])


def _tables(connection: Connection, database: Database) -> str:
    """Some of what is in a schema that is not ours: ours has the mark of how old its queue is."""
    query = (
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = "
        "(SELECT oid FROM pg_namespace WHERE nspname = %s) ORDER BY relname LIMIT 4"
    )
    if connection.execute("SELECT to_regclass(%s)", [database.table("dispatch")]).fetchone() != (None,):
        return ""
    names = [str(row[0]) for row in connection.execute(query, [database.schema]).fetchall()]
    return ", ".join(names[:3]) + (", …" if names[3:] else "")


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
