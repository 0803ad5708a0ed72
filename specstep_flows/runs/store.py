"""The run store: one row per run in SQLite, so that nothing paid for is lost when a process or a machine crashes.

It contains no key and no signed URL. Every write is a transaction that is on disk when it returns.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json, storable
from specstep_flows._paths import home_path
from specstep_flows._text import did_you_mean
from specstep_flows.models import RunOptions
from specstep_flows.runs.database import FILE_NAME, open_database, transaction
from specstep_flows.runs.privacy import make_private
from specstep_flows.runs.records import Intent, RunRecord, StepRecord, TurnRecord, changed_options, stored_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


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
#: Times, which are stored as seconds, so that they can be compared.
_TIMES: Final = {"created_at": "REAL", "updated_at": "REAL"}

#: What reading a row of a damaged or foreign store raises.
_UNREADABLE: Final = (sqlite3.Error, ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError)


def _encode(value: Any) -> str:
    # ASCII, so that any text and any name of a file can be written, and is read again as it was.
    return json.dumps(as_json(value))


def _decode(column: str, text: Any) -> Any:
    if column in _TIMES or column in ("run_id", "api_url"):
        return text
    value = json.loads(text)
    reader = _READERS.get(column)
    return value if value is None or reader is None else reader(value)


def _nothing() -> None:
    """What has no file is let go by nobody."""


class RunStore:
    """The runs of one user on one machine, or of one process with ``RunStore.in_memory()``.

    Raises:
        StoreUnreadable: the file is damaged, or was made by a newer version; it is not touched.
    """

    def __init__(self, folder: Path | str | None) -> None:
        folder = None if folder is None else home_path(folder)
        self.folder = folder
        self._lock = threading.RLock()
        #: The runs that this store holds, each with what the file says of its driver.
        self._held: dict[str, str] = {}
        self._database = open_database(folder, _COLUMNS, _TIMES)
        # Close the file with the last reference; Python warns otherwise.
        self._close = weakref.finalize(self, self._database.close)

    @classmethod
    def in_memory(cls) -> RunStore:
        """A store in memory: its runs cannot be resumed after the process ends."""
        return cls(None)

    @property
    def _file(self) -> str:
        return ":memory:" if self.folder is None else str(self.folder / FILE_NAME)

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        with self._lock:
            self._close()

    def create(self, record: RunRecord) -> None:
        """Add a run. Raises ``RunConflict`` if its id exists, or another run manages its generation."""
        values = [getattr(record, name) for name in _COLUMNS]
        encoded = [
            value.timestamp() if name in _TIMES else value if name in ("run_id", "api_url") else _encode(value)
            for name, value in zip(_COLUMNS, values, strict=True)
        ]
        marks = ", ".join("?" * len(_COLUMNS))
        try:
            with self._writing():
                self._refuse_managed(record.run_id, record.api_url, record.generation_id)
                self._database.execute(
                    f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our names
                    encoded,
                )
        except sqlite3.IntegrityError:
            raise errors.RunConflict(f"There is already a run called {record.run_id}.") from None

    def update(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """Store ``changes`` in one transaction, and return the whole record.

        Raises:
            RunBusy: this store holds the run, and another process has taken it over nevertheless.
            RunConflict: another run manages the generation that the run is given.
        """
        options = changes.get("options")
        if options is not None and not isinstance(options, RunOptions):
            changes = {**changes, "options": changed_options(RunOptions(), options)}
        unknown = set(changes) - set(_COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        names = [*changes, "updated_at"]
        encoded: list[Any] = [_encode(value) for value in changes.values()]
        assignments = ", ".join(f"{name} = ?" for name in names)
        with self._writing():
            self._refuse_replaced(run_id)
            if changes.get("generation_id") is not None:
                self._refuse_managed(run_id, self.get(run_id).api_url, changes["generation_id"])
            self._database.execute(
                f"UPDATE runs SET {assignments} WHERE run_id = ?",  # noqa: S608 - our names
                [*encoded, time.time(), run_id],
            )
            return self.get(run_id)

    def _refuse_replaced(self, run_id: str) -> None:
        token = self._held.get(run_id)
        row = self._database.execute("SELECT token FROM drivers WHERE run_id = ?", [run_id]).fetchone()
        if token is not None and row is not None and row[0] != token:
            raise errors.RunBusy(
                f"Run {run_id} was taken over by another process, which is using it now. This one stops, and has sent "
                "nothing since."
            )

    def _refuse_managed(self, run_id: str, api_url: str, generation_id: UUID | None) -> None:
        known = self.find_generation(generation_id, api_url) if generation_id is not None else None
        if known is not None and known.run_id != run_id:
            raise errors.RunConflict(
                f"Generation {generation_id} is managed by run {known.run_id} already, and no second run may pay for "
                f"it: continue with `specstep resume {known.run_id}`."
            )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone with the file. Raises ``StoreError`` for what cannot be written."""
        with self._lock:
            try:
                with transaction(self._database):
                    yield
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
            near = did_you_mean(run_id, self._newest_ids())
            raise errors.RunNotFound(f"There is no run called {run_id}.{near} `specstep runs` lists them.")
        return found[0]

    def _newest_ids(self) -> list[str]:
        """Some ids that may have been meant."""
        with self._lock:
            rows = self._database.execute("SELECT run_id FROM runs ORDER BY created_at DESC LIMIT 200").fetchall()
        return [row[0] for row in rows]

    def find_generation(self, generation_id: UUID, api_url: str | None = None) -> RunRecord | None:
        """The run whose generation ``generation_id`` is or was, if there is one; at one service if that is given."""
        text = _encode(generation_id)
        rows = self._select(
            "WHERE generation_id = ? OR instr(generation_ids, ?) ORDER BY generation_id = ? DESC, created_at, run_id",
            [text, text, text],
        )
        return next((row for row in rows if api_url in (None, row.api_url)), None)

    def find_starting(self, intake_id: UUID, api_url: str) -> RunRecord | None:
        """The run that has requested a generation of an intake and does not know yet what came of it."""
        rows = self._select("WHERE intake_artifact_id = ? AND intent <> 'null'", [_encode(intake_id)])
        return next((row for row in rows if row.api_url == api_url and row.kickoff_intent is not None), None)

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
            except _UNREADABLE as error:
                raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> errors.StoreError:
        if not self._close.alive:
            return errors.StoreError("This run store is closed. Open another one.")
        return errors.StoreUnreadable(
            f"The run store {self._file} cannot be read ({error}). It was not changed, and what runs at the service "
            "keeps running: `specstep adopt` with another SPECSTEP_STATE takes it over."
        )

    def write_steps(self, statement: str, values: Iterable[Any] = (), held: str | None = None) -> None:
        """Change what ``runs.steps`` keeps. Raises ``RunBusy`` if another process has taken over what is held."""
        with self._writing():
            if held is not None:
                self._refuse_replaced(held)
            self._database.execute(statement, list(values))

    def read_steps(
        self, statement: str, values: Iterable[Any], reader: Callable[[str], StepRecord]
    ) -> list[StepRecord]:
        """What ``runs.steps`` asks for. Raises ``StoreUnreadable``."""
        with self._lock:
            try:
                return [reader(row[0]) for row in self._database.execute(statement, list(values)).fetchall()]
            except _UNREADABLE as error:
                raise self._unreadable(error) from None

    def forget(self, run_id: str) -> None:
        """Delete a run from the store; the service is not affected. Raises ``RunNotFound``, ``RunBusy``."""
        self.get(run_id)
        let_go = self.hold(run_id)
        try:
            self.discard(run_id)
        finally:
            let_go()

    def discard(self, run_id: str) -> None:
        """Delete a run that this store holds. Raises ``RunBusy`` if another process has taken it over."""
        with self._writing():
            self._refuse_replaced(run_id)
            self._database.execute("DELETE FROM runs WHERE run_id = ?", [run_id])
            self._database.execute("DELETE FROM drivers WHERE run_id = ?", [run_id])

    def hold(self, run_id: str) -> Callable[[], None]:
        """Lock this run against other processes and threads; returns a function that unlocks it.

        It is a lock of the operating system, which ends with its process. Its file may be deleted, so the store says as
        well who took the run last: nobody else who thinks to hold it can write to it. Raises ``RunBusy``.
        """
        with self._lock:
            if run_id in self._held:
                raise errors.RunBusy(f"Run {run_id} is already in use by this process.")
            release = self._hold_file(run_id) if self.folder is not None else _nothing
            token = secrets.token_hex(8)
            try:
                with self._writing():
                    self._database.execute("INSERT OR REPLACE INTO drivers VALUES (?, ?)", [run_id, token])
            except BaseException:
                release()
                raise
            self._held[run_id] = token

        def let_go() -> None:
            with self._lock:
                self._held.pop(run_id, None)
            release()

        return let_go

    def _hold_file(self, run_id: str) -> Callable[[], None]:
        import filelock

        assert self.folder is not None
        folder = self.folder / "locks"
        lock = filelock.FileLock(folder / f"{run_id}.lock", mode=0o600, timeout=0, thread_local=False)
        holder = folder / f"{run_id}.holder"
        try:
            folder.mkdir(exist_ok=True, mode=0o700)
            make_private(Path(lock.lock_file))
            lock.acquire()
            make_private(holder)
            holder.write_text(str(os.getpid()))
        except filelock.Timeout:
            try:
                who = f"process {int(holder.read_text())}"
            except (OSError, ValueError):
                who = "another process"
            raise errors.RunBusy(
                f"Run {run_id} is in use by {who}. Wait until that is done, or stop it and resume the run here."
            ) from None
        except (OSError, NotImplementedError) as error:
            lock.release()
            raise errors.StoreError(
                f"Run {run_id} cannot be locked in {folder} ({error}), so nothing was sent. Repair the folder, or "
                "choose another one with SPECSTEP_STATE."
            ) from None
        return lock.release
