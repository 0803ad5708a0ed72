"""The run store's SQLite file: opened, brought to this version's schema, or refused with what can be done about it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Final

from specstep_flows import errors
from specstep_flows.runs.privacy import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path, PurePath

SCHEMA_VERSION: Final = 2
FILE_NAME: Final = "runs.db"
#: What a connection keeps of the file. A row is found in a few pages, and a process may have a client for each key.
CACHE_KILOBYTES: Final = 256


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """A transaction that no other process writes beside."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # A full disk has ended it already.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def open_database(folder: Path | None, columns: Sequence[str], types: Mapping[str, str]) -> sqlite3.Connection:
    """The runs in ``folder``, or in memory without one; a table of ``columns``, TEXT unless ``types`` say otherwise.

    Raises:
        StoreError, StoreUnreadable: it cannot be opened, is damaged, or was made by a newer version.
    """
    if folder is None:
        return _prepare(":memory:", columns, types)
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private(file)
        try:
            return _prepare(str(file), columns, types)
        except sqlite3.OperationalError as error:
            return _open_to_read(file, error)
    except (OSError, sqlite3.OperationalError) as error:
        raise errors.StoreError(
            f"The run store in {folder} cannot be opened ({error}). Nothing was sent. Choose another folder with "
            "SPECSTEP_STATE."
        ) from None
    except sqlite3.DatabaseError as error:
        raise errors.StoreUnreadable(
            f"The run store {file} is damaged ({error}). It was not changed. Keep a copy, choose another folder with "
            "SPECSTEP_STATE, and take over what is running at the service with `specstep adopt`."
        ) from None


def uri_of(file: PurePath) -> str:
    """The URI of an absolute path as SQLite reads it, which knows no hosts: a share of Windows begins with slashes."""
    uri = file.as_uri()
    return uri if uri.startswith("file:///") else f"file:////{uri.removeprefix('file://')}"


def _open_to_read(file: Path, failure: sqlite3.OperationalError) -> sqlite3.Connection:
    """Open a store in which nothing can be written, so that its runs can be seen all the same.

    Raises:
        sqlite3.OperationalError: that was not why it failed, or it holds what only a writer could read.
    """
    log = file.with_name(f"{file.name}-wal")
    is_whole = not log.exists() or log.stat().st_size == 0
    if os.access(file.parent, os.W_OK) and os.access(file, os.W_OK):
        raise failure
    for mode in ("mode=ro", "mode=ro&immutable=1" if is_whole else "mode=ro"):
        name = f"{uri_of(file.absolute())}?{mode}"
        database = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
        try:
            database.execute("SELECT count(*) FROM runs").fetchone()
        except sqlite3.OperationalError as error:
            failure = error
            database.close()
        else:
            return database
    raise failure


def _prepare(name: str, columns: Sequence[str], types: Mapping[str, str]) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=30.0, isolation_level=None, check_same_thread=False)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise errors.StoreUnreadable(
                f"The run store {name} was made by a newer version of specstep-flows. It was not changed. Upgrade, or "
                "choose another folder with SPECSTEP_STATE."
            )
        # Processes that switch a new file to WAL at the same time get "locked" at once, without waiting: one of them
        # succeeds, or the next to open it does.
        with contextlib.suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA foreign_keys=ON")
        database.execute(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
        if version < SCHEMA_VERSION:
            _migrate(database, columns, types)
        database.execute("SELECT count(*) FROM runs").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _migrate(database: sqlite3.Connection, columns: Sequence[str], types: Mapping[str, str]) -> None:
    declared = ", ".join(
        f"{name} {types.get(name, 'TEXT')}{' PRIMARY KEY' if name == 'run_id' else ''} NOT NULL" for name in columns
    )
    with transaction(database):
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version < 1:
            database.execute(f"CREATE TABLE runs ({declared})")
        if version < SCHEMA_VERSION:
            # Who drives a run: the last to take it, whatever became of the lock of whoever had it before.
            database.execute("CREATE TABLE drivers (run_id TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL)")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
