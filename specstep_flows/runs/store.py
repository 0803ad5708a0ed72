"""The run store: one row per run in SQLite, so that nothing paid for is lost when a process or a machine crashes.

It contains no key and no signed URL. Every write is a transaction that is on disk when it returns.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import sys
import tempfile
import threading
import time
import weakref
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows._paths import home_path
from specstep_flows._text import did_you_mean
from specstep_flows.models import RunOptions
from specstep_flows.runs.database import FILE_NAME, open_database, transaction
from specstep_flows.runs.deliveries import DeliveryLog
from specstep_flows.runs.forks import close_over_forks
from specstep_flows.runs.privacy import make_private
from specstep_flows.runs.records import RunRecord, changed_options
from specstep_flows.runs.rows import COLUMNS, TIMES, UNREADABLE, Kept, encode, read
from specstep_flows.runs.steps import decode_step, encode_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from uuid import UUID

    from specstep_flows.runs.records import StepRecord

#: Made when it is first needed: a version that does not know it can use the rest of the store.
_STEPS = "CREATE TABLE IF NOT EXISTS steps (run_id TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL)"
#: Likewise: the runs that are a fleet's, or are being handed over. Its copy has the token; ``is_gone``: ours is deleted
#: (1), and the fleet may drive it (2). That note stays: whoever asks for the run here would begin, and pay, once more.
_HANDOVERS = (
    "CREATE TABLE IF NOT EXISTS handovers (run_id TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL, is_gone INTEGER NOT "
    "NULL)"
)
_HANDED_OVER = 2
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM runs"  # noqa: S608 - our names


def _nothing() -> None:
    """What has no file is let go by nobody."""


def _lock_name(run_id: str) -> str:
    """What a run's files in ``locks`` are called, also on disks that mix up Nul and nul, or take it for a device."""
    return f"{run_id}-{zlib.crc32(run_id.encode()):08x}" if sys.platform in ("win32", "darwin") else run_id


class RunStore:
    """The runs of one user on one machine, or of one process with ``RunStore.in_memory()``.

    Raises:
        StoreUnreadable: the file is damaged, or was made by a newer version; it is not touched.
    """

    #: SQLite lets one write at a time.
    threads = 2

    def __init__(self, folder: Path | str | None) -> None:
        folder = None if folder is None else home_path(folder)
        self.folder = folder
        self._lock = threading.RLock()
        #: The runs that this store holds, each with what the file says of its driver.
        self._held: dict[str, str] = {}
        #: Their records as they were read or written last, and at which ``data_version`` that was found to be so.
        self._kept: dict[str, tuple[Kept, int]] = {}
        self._open()
        #: The webhook deliveries that came for these runs.
        self.deliveries = DeliveryLog(folder)
        if folder is not None:
            close_over_forks(self)

    def _open(self) -> None:
        self._database = open_database(self.folder, COLUMNS, TIMES)
        #: With a log beside the file, no reader waits for a writer.
        self._never_waits = self._database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        # Close the file with the last reference; Python warns otherwise.
        self._close = weakref.finalize(self, self._database.close)
        # Another connection counts the changes of the file anew.
        self._kept.clear()

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
        self.deliveries.close()

    @contextlib.contextmanager
    def closed_over_fork(self) -> Iterator[None]:
        """See ``ForkedFile``."""
        with self._lock:
            was_open = self._close.alive
            self._close()
            yield
            # A folder that somebody has deleted is not made again.
            if was_open and self.folder is not None and (self.folder / FILE_NAME).exists():
                self._open()

    def create(self, record: RunRecord) -> None:
        """Add a run.

        Raises:
            RunConflict: its id exists or is that of a run that a fleet has now, or another run manages its generation.
        """
        encoded = [encode(name, getattr(record, name)) for name in COLUMNS]
        marks = ", ".join("?" * len(COLUMNS))
        try:
            with self._writing():
                self._refuse_handed_over(record.run_id)
                self._refuse_managed(record.run_id, record.api_url, record.generation_id)
                self._database.execute(
                    f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our names
                    encoded,
                )
        except sqlite3.IntegrityError:
            raise errors.RunConflict(f"There is already a run called {record.run_id}.") from None

    def update(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """Store ``changes`` in one transaction, and return the whole record.

        Raises:
            RunTaken: this store holds the run, and another process has taken it over nevertheless.
            RunConflict: another run manages the generation that the run is given.
        """
        options = changes.get("options")
        if options is not None and not isinstance(options, RunOptions):
            changes = {**changes, "options": changed_options(RunOptions(), options)}
        unknown = set(changes) - set(COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        encoded = {name: encode(name, value) for name, value in changes.items()}
        with self._lock:
            with self._writing():
                self._refuse_replaced(run_id)
                kept = self._read(run_id)
                new, updated = changes.get("generation_id"), (kept.record.options.continues or {}).get("generation_id")
                # Whoever paid for an update has what came of it, and be it the same generation.
                if new is not None and str(new) != updated:
                    self._refuse_managed(run_id, kept.record.api_url, new)
                encoded["updated_at"] = time.time()
                self._database.execute(
                    f"UPDATE runs SET {', '.join(f'{name} = ?' for name in encoded)} WHERE run_id = ?",  # noqa: S608
                    [*encoded.values(), run_id],
                )
                kept = kept.written(changes, encoded)
                # Nobody else writes before the end of the transaction, and that changes no version of ours.
                version = self._version()
            self._keep(run_id, kept, version)
            return kept.record

    def check_held(self, run_id: str) -> None:
        """See ``RunKeeper.check_held``; of what this store does not hold there is nothing to say."""
        with self._lock, self._readable():
            self._refuse_replaced(run_id)

    def _refuse_replaced(self, run_id: str) -> None:
        token = self._held.get(run_id)
        row = self._database.execute("SELECT token FROM drivers WHERE run_id = ?", [run_id]).fetchone()
        # Whoever took it may have deleted it since.
        if token is not None and (row is None or row[0] != token):
            raise errors.RunTaken(
                f"Run {run_id} was taken over by another process, which is using it now. This one stops, and has sent "
                "nothing since."
            )

    def _refuse_handed_over(self, run_id: str) -> None:
        handover = self.handover(run_id)
        if handover is not None and handover[1]:
            is_over = handover[1] == _HANDED_OVER
            raise errors.RunConflict(
                f"Run {run_id} was handed over to a fleet, and nothing was sent: `specstep fleet show {run_id}` shows "
                "what it is now. For another run on this machine, choose another id."
                if is_over
                else f"The handover of run {run_id} to a fleet has not ended, and nothing was sent: "
                f"`specstep fleet import {run_id}` ends it."
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
        """The run called ``run_id``. Raises ``RunNotFound``, and ``RunConflict`` if a fleet has it now."""
        with self._lock:
            return self._read(run_id).record

    def glance(self, run_id: str) -> RunRecord | None:
        """``get`` where it neither blocks nor reads more than one row: a run that this store holds; otherwise None."""
        if not self._never_waits or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._read(run_id).record if run_id in self._kept and self._close.alive else None
        finally:
            self._lock.release()

    def _read(self, run_id: str) -> Kept:
        """The run as it is in the file, whoever wrote it; what is known of it already is not read again.

        Raises:
            RunNotFound: it is not there.
            RunConflict: a fleet has it now.
        """
        known, version = self._kept.get(run_id), self._version()
        if known is not None and known[1] == version:
            return known[0]
        rows = self._rows("WHERE run_id = ?", [storable(run_id)])
        if not rows:
            self._refuse_handed_over(run_id)
            near = did_you_mean(run_id, self._newest_ids())
            raise errors.RunNotFound(f"There is no run called {run_id}.{near} `specstep runs` lists them.")
        with self._readable():
            kept = read(rows[0]) if known is None else known[0].reread(rows[0])
        self._keep(run_id, kept, version)
        return kept

    def _keep(self, run_id: str, kept: Kept, version: int) -> None:
        """Remember the record of a run that this store holds, as it was when the file had that version."""
        if run_id in self._held:
            self._kept[run_id] = kept, version

    def _version(self) -> int:
        """Changes whenever another connection has written, in this process or in any."""
        with self._readable():
            version: int = self._database.execute("PRAGMA data_version").fetchone()[0]
            return version

    def _newest_ids(self) -> list[str]:
        """Some ids that may have been meant."""
        with self._lock:
            rows = self._database.execute("SELECT run_id FROM runs ORDER BY created_at DESC LIMIT 200").fetchall()
        return [row[0] for row in rows]

    def find_generation(self, generation_id: UUID, api_url: str | None = None) -> RunRecord | None:
        """The run whose generation ``generation_id`` is or was, if there is one; at one service if that is given."""
        text = encode("generation_id", generation_id)
        rows = self._select(
            "WHERE generation_id = ? OR instr(generation_ids, ?) ORDER BY generation_id = ? DESC, created_at, run_id",
            [text, text, text],
        )
        return next((row for row in rows if api_url in (None, row.api_url)), None)

    def find_starting(self, intake_id: UUID, api_url: str) -> RunRecord | None:
        """The run that has requested a generation of an intake and does not know yet what came of it."""
        rows = self._select(
            "WHERE intake_artifact_id = ? AND intent <> 'null'", [encode("intake_artifact_id", intake_id)]
        )
        return next((row for row in rows if row.api_url == api_url and row.kickoff_intent is not None), None)

    def all(self) -> list[RunRecord]:
        """Every run, the newest first."""
        return self._select("ORDER BY created_at DESC, run_id", [])

    def _select(self, rest: str, values: Iterable[Any]) -> list[RunRecord]:
        with self._readable():
            return [read(row).record for row in self._rows(rest, values)]

    def _rows(self, rest: str, values: Iterable[Any]) -> list[Any]:
        with self._lock, self._readable():
            return self._database.execute(f"{_SELECT} {rest}", list(values)).fetchall()

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Raises ``StoreUnreadable`` for what cannot be read."""
        try:
            yield
        except UNREADABLE as error:
            if not self._close.alive:
                raise errors.StoreError("This run store is closed. Open another one.") from None
            raise errors.StoreUnreadable(
                f"The run store {self._file} cannot be read ({error}). It was not changed, and what runs at "
                "the service keeps running: `specstep adopt` with another SPECSTEP_STATE takes it over."
            ) from None

    def read_step(self, run_id: str) -> StepRecord | None:
        """See ``RunKeeper.read_step``. Raises ``StoreUnreadable``."""
        with self._lock, self._readable():
            if not self._has_steps():
                return None
            row = self._database.execute("SELECT record FROM steps WHERE run_id = ?", [run_id]).fetchone()
            return None if row is None else decode_step(row[0])

    def _has_steps(self) -> bool:
        return self._has_table("steps")

    def _has_table(self, name: str) -> bool:
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self._database.execute(query, [name]).fetchone()[0])

    def add_step(self, record: StepRecord, held: str) -> None:
        """See ``RunKeeper.add_step``."""
        self._write_step("INSERT INTO steps VALUES (?, ?)", [record.run_id, encode_step(record)], held)

    def change_step(self, record: StepRecord, held: str) -> None:
        """See ``RunKeeper.change_step``."""
        self._write_step("UPDATE steps SET record = ? WHERE run_id = ?", [encode_step(record), record.run_id], held)

    def drop_step(self, run_id: str, held: str) -> None:
        """See ``RunKeeper.drop_step``."""
        self._write_step("DELETE FROM steps WHERE run_id = ?", [run_id], held)

    def _write_step(self, statement: str, values: list[str], held: str) -> None:
        with self._writing():
            self._refuse_replaced(held)
            self._database.execute(_STEPS)
            self._database.execute(statement, values)

    def forget(self, run_id: str) -> None:
        """Delete a run from the store; the service is not affected. Raises ``RunNotFound``, ``RunBusy``."""
        self.get(run_id)
        let_go = self.hold(run_id)
        try:
            self.discard(run_id)
        finally:
            let_go()

    def discard(self, run_id: str) -> None:
        """Delete a run that this store holds. Raises ``RunTaken`` if another process has taken it over."""
        with self._writing():
            self._refuse_replaced(run_id)
            self._delete(run_id)

    def _delete(self, run_id: str) -> None:
        self._database.execute("DELETE FROM runs WHERE run_id = ?", [run_id])
        self._database.execute("DELETE FROM drivers WHERE run_id = ?", [run_id])

    def handovers(self) -> dict[str, tuple[str, bool]]:
        """Runs that are being handed over to a fleet: each one's token, and whether it is gone from here."""
        found = self._handovers("is_gone < ?", _HANDED_OVER)
        return {run_id: (token, bool(is_gone)) for run_id, token, is_gone in found}

    def handover(self, run_id: str) -> tuple[str, int] | None:
        """The token of a run that is being, or was, handed over to a fleet, and how far that has come."""
        found = self._handovers("run_id = ?", storable(run_id))
        return found[0][1:] if found else None

    def _handovers(self, condition: str, value: object) -> list[Any]:
        with self._lock, self._readable():
            if not self._has_table("handovers"):
                return []
            query = f"SELECT run_id, token, is_gone FROM handovers WHERE {condition}"  # noqa: S608 - our words
            return self._database.execute(query, [value]).fetchall()

    def plan_handover(self, run_id: str, token: str) -> None:
        """Write down that a run that this store holds is about to be handed over. Raises ``RunTaken``."""
        with self._writing():
            self._refuse_replaced(run_id)
            self._database.execute(_HANDOVERS)
            self._database.execute("INSERT OR REPLACE INTO handovers VALUES (?, ?, 0)", [run_id, token])

    def hand_over(self, run_id: str) -> None:
        """``discard``, and write down in the same transaction that nobody else did. Raises ``RunTaken``."""
        with self._writing():
            self._refuse_replaced(run_id)
            self._database.execute("UPDATE handovers SET is_gone = 1 WHERE run_id = ?", [run_id])
            self._delete(run_id)

    def end_handover(self, run_id: str) -> None:
        """The fleet may drive that run from now on; that is remembered."""
        with self._writing():
            self._database.execute("UPDATE handovers SET is_gone = ? WHERE run_id = ?", [_HANDED_OVER, run_id])

    def drop_handover(self, run_id: str) -> None:
        """There is no handover of that run any more: it is still here, or was forgotten here."""
        with self._writing():
            self._database.execute("DELETE FROM handovers WHERE run_id = ?", [run_id])

    def check_writable(self) -> None:
        """Raises ``StoreError`` where nothing can be recorded or locked, so that no run can start or go on."""
        try:
            with self._lock, transaction(self._database):
                # A transaction alone writes nothing, and so fails nowhere.
                version = self._database.execute("PRAGMA user_version").fetchone()[0]
                self._database.execute(f"PRAGMA user_version = {version}")
        except sqlite3.Error as error:
            raise errors.StoreError(f"The run store cannot be written ({error}).") from None
        if self.folder is None:
            return
        try:
            with tempfile.TemporaryFile(dir=self._locks()):
                pass
        except OSError as error:
            raise errors.StoreError(f"No run can be locked in {self.folder / 'locks'} ({error.strerror}).") from None

    def _locks(self) -> Path:
        assert self.folder is not None
        folder = self.folder / "locks"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

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
                self._kept.pop(run_id, None)
            release()

        return let_go

    def _hold_file(self, run_id: str) -> Callable[[], None]:
        import filelock

        assert self.folder is not None
        folder = self.folder / "locks"
        name = _lock_name(run_id)
        lock = filelock.FileLock(folder / f"{name}.lock", mode=0o600, timeout=0, thread_local=False)
        holder = folder / f"{name}.holder"
        try:
            self._locks()
            make_private(Path(lock.lock_file))
            lock.acquire()
            make_private(holder)
            holder.write_text(str(os.getpid()), "ascii")
        except filelock.Timeout:
            try:
                who = f"process {int(holder.read_text('ascii'))}"
            except (OSError, ValueError):
                who = "another process"
            raise errors.RunBusy(
                f"Run {run_id} is in use by {who}. Wait until that is done, or stop it and resume the run here."
            ) from None
        except (OSError, NotImplementedError) as error:
            lock.release()
            why = getattr(error, "strerror", None) or error
            raise errors.StoreError(
                f"Run {run_id} cannot be locked in {folder} ({why}), so nothing was sent. Repair the folder, or choose "
                "another one with SPECSTEP_STATE."
            ) from None
        return lock.release
