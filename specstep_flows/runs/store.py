"""The run store: one row per run in SQLite, so that nothing paid for is lost when a process or a machine crashes.

It contains no key and no signed URL. Every write is a transaction that is on disk when it returns.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json, storable
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord, changed_options, stored_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

SCHEMA_VERSION: Final = 1


def _turn(value: Mapping[str, Any]) -> TurnRecord:
    job = value.get("job_id")
    return TurnRecord(**{**value, "job_id": UUID(job) if job else None})


#: How columns that are not strings or numbers are read.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "messages": tuple,
    "attachments": tuple,
    "options": stored_options,
    "interview_id": UUID,
    "turns": lambda value: tuple(_turn(turn) for turn in value),
    "uploads": tuple,
    "interview_complete": bool,
    "intake_artifact_id": UUID,
    "intent": lambda value: Intent(**value),
    "generation_id": UUID,
    "generation_ids": lambda value: tuple(UUID(item) for item in value),
    "answers": tuple,
    "answering": dict,
    "package_id": UUID,
    "history": tuple,
    "packages": tuple,
}
_COLUMNS: Final = tuple(field.name for field in attrs.fields(RunRecord))
_NUMBERS: Final = {"created_at": "REAL", "updated_at": "REAL"}


def _encode(value: Any) -> str:
    # ASCII, so that any text and any name of a file can be written, and is read again as it was.
    return json.dumps(as_json(value))


def _decode(column: str, text: Any) -> Any:
    if column in _NUMBERS or column in ("run_id", "api_url"):
        return text
    value = json.loads(text)
    reader = _READERS.get(column)
    return value if value is None or reader is None else reader(value)


class RunStore:
    """The runs of one user on one machine, or of one process with ``RunStore.in_memory()``.

    Raises:
        StoreUnreadable: the file is damaged, or was made by a newer version; it is not touched.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._held: set[str] = set()
        self._database = self._open()
        # Close the file with the last reference; Python warns otherwise.
        self._close = weakref.finalize(self, self._database.close)

    @classmethod
    def in_memory(cls) -> RunStore:
        """A store in memory: its runs cannot be resumed after the process ends."""
        return cls(None)

    @property
    def _file(self) -> str:
        return ":memory:" if self.folder is None else str(self.folder / "runs.db")

    def _open(self) -> sqlite3.Connection:
        if self.folder is None:
            return self._prepare(self._file)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return self._prepare(self._file)
        except (OSError, sqlite3.OperationalError) as error:
            raise errors.StoreError(
                f"The run store in {self.folder} cannot be opened ({error}). Nothing was sent. Choose another folder "
                "with SPECSTEP_STATE."
            ) from None
        except sqlite3.DatabaseError as error:
            raise errors.StoreUnreadable(
                f"The run store {self._file} is damaged ({error}). It was not changed. Keep a copy, choose another "
                "folder with SPECSTEP_STATE, and take over what is running at the service with `specstep adopt`."
            ) from None

    def _prepare(self, name: str) -> sqlite3.Connection:
        database = sqlite3.connect(name, timeout=30.0, isolation_level=None, check_same_thread=False)
        try:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise errors.StoreUnreadable(
                    f"The run store {name} was made by a newer version of specstep-flows. It was not changed. "
                    "Upgrade, or choose another folder with SPECSTEP_STATE."
                )
            # Processes that switch a new file to WAL at the same time get "locked" at once, without waiting: one of
            # them succeeds, or the next to open it does.
            with contextlib.suppress(sqlite3.OperationalError):
                database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("PRAGMA foreign_keys=ON")
            if version < SCHEMA_VERSION:
                self._migrate(database)
            database.execute("SELECT count(*) FROM runs").fetchone()
        except BaseException:
            database.close()
            raise
        return database

    @staticmethod
    def _migrate(database: sqlite3.Connection) -> None:
        columns = ", ".join(
            f"{name} {_NUMBERS.get(name, 'TEXT')}{' PRIMARY KEY' if name == 'run_id' else ''} NOT NULL"
            for name in _COLUMNS
        )
        database.execute("BEGIN IMMEDIATE")
        try:
            if database.execute("PRAGMA user_version").fetchone()[0] < 1:
                database.execute(f"CREATE TABLE runs ({columns})")
                database.execute("PRAGMA user_version = 1")
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        with self._lock:
            self._close()

    def create(self, record: RunRecord) -> None:
        """Add a run. Raises ``RunConflict`` if its id exists."""
        values = [getattr(record, name) for name in _COLUMNS]
        encoded = [
            value if name in _NUMBERS or name in ("run_id", "api_url") else _encode(value)
            for name, value in zip(_COLUMNS, values, strict=True)
        ]
        marks = ", ".join("?" * len(_COLUMNS))
        try:
            self._write(f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({marks})", encoded)  # noqa: S608 - our names
        except sqlite3.IntegrityError:
            raise errors.RunConflict(f"There already is a run called {record.run_id}.") from None

    def update(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """Store ``changes`` in one transaction, and return the whole record."""
        options = changes.get("options")
        if options is not None and not isinstance(options, RunOptions):
            changes = {**changes, "options": changed_options(RunOptions(), options)}
        unknown = set(changes) - set(_COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        names = [*changes, "updated_at"]
        encoded: list[Any] = [_encode(value) for value in changes.values()]
        with self._lock:
            assignments = ", ".join(f"{name} = ?" for name in names)
            self._write(
                f"UPDATE runs SET {assignments} WHERE run_id = ?",  # noqa: S608 - our names
                [*encoded, time.time(), run_id],
            )
            return self.get(run_id)

    def _write(self, statement: str, values: list[Any]) -> None:
        with self._lock:
            try:
                self._database.execute(statement, values)
            except sqlite3.IntegrityError:
                raise
            except sqlite3.Error as error:
                raise errors.StoreError(
                    f"The run store cannot be written ({error}). The run stops here, so that nothing happens that is "
                    "not recorded. Free some disk space or repair the folder, then resume the run."
                ) from None

    def get(self, run_id: str) -> RunRecord:
        """The run called ``run_id``. Raises ``RunNotFound``."""
        found = self._select("WHERE run_id = ?", [storable(run_id)])
        if not found:
            raise errors.RunNotFound(f"There is no run called {run_id}; `specstep runs` lists them.")
        return found[0]

    def find_generation(self, generation_id: UUID) -> RunRecord | None:
        """The run that drives ``generation_id``, if there is one."""
        rows = self._select("WHERE generation_id = ?", [_encode(generation_id)])
        return rows[0] if rows else None

    def all(self) -> list[RunRecord]:
        """Every run, the newest first."""
        return self._select("ORDER BY created_at DESC, run_id", [])

    def _select(self, rest: str, values: Iterable[Any]) -> list[RunRecord]:
        with self._lock:
            try:
                rows = self._database.execute(f"SELECT {', '.join(_COLUMNS)} FROM runs {rest}", list(values)).fetchall()  # noqa: S608
                return [
                    RunRecord(**{name: _decode(name, text) for name, text in zip(_COLUMNS, row, strict=True)})
                    for row in rows
                ]
            except (sqlite3.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
                raise errors.StoreUnreadable(
                    f"The run store {self._file} cannot be read ({error}). It was not changed, and what is running at "
                    "the service goes on: take it over with `specstep adopt` and another SPECSTEP_STATE."
                ) from None

    def forget(self, run_id: str) -> None:
        """Delete a run from the store; the service is not affected. Raises ``RunNotFound``."""
        self.get(run_id)
        self._write("DELETE FROM runs WHERE run_id = ?", [run_id])

    def hold(self, run_id: str) -> Callable[[], None]:
        """Lock this run against other processes and threads; returns a function that unlocks it.

        It is a lock of the operating system, which ends with its process. Raises ``RunBusy``.
        """
        with self._lock:
            if run_id in self._held:
                raise errors.RunBusy(f"Run {run_id} is already being driven by this process.")
            release = self._hold_file(run_id) if self.folder is not None else None
            self._held.add(run_id)

        def let_go() -> None:
            with self._lock:
                self._held.discard(run_id)
            if release is not None:
                release()

        return let_go

    def _hold_file(self, run_id: str) -> Callable[[], None]:
        import filelock

        assert self.folder is not None
        folder = self.folder / "locks"
        lock = filelock.FileLock(folder / f"{run_id}.lock", timeout=0, thread_local=False)
        holder = folder / f"{run_id}.holder"
        try:
            folder.mkdir(exist_ok=True)
            lock.acquire()
            holder.write_text(str(os.getpid()))
        except filelock.Timeout:
            try:
                who = f"process {int(holder.read_text())}"
            except (OSError, ValueError):
                who = "another process"
            raise errors.RunBusy(
                f"Run {run_id} is being driven by {who}. Wait until that is done, or stop it and resume the run here."
            ) from None
        except (OSError, NotImplementedError) as error:
            lock.release()
            raise errors.StoreError(
                f"Run {run_id} cannot be locked in {folder} ({error}), so nothing was sent. Repair the folder, or "
                "choose another one with SPECSTEP_STATE."
            ) from None
        return lock.release
