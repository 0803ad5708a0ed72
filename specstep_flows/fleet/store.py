"""The run store of a fleet: one row per run in PostgreSQL, and one driver per run among all hosts.

Every write of a driver carries the token with which it took the run and looks whether its session still lives, in the
same statement. So nobody who was replaced, or who merely thinks to be connected, changes anything. It contains no key
and no signed URL.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._text import did_you_mean
from specstep_flows.fleet.clock import SERVER_TIME, DatabaseClock
from specstep_flows.fleet.deliveries import PostgresDeliveries
from specstep_flows.fleet.limits import PostgresLimiter
from specstep_flows.fleet.pages import PostgresPages
from specstep_flows.fleet.schema import check_version
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.statuses import storable_name as _name
from specstep_flows.models import RunOptions
from specstep_flows.runs.absences import Absences
from specstep_flows.runs.records import Intent, RunRecord, changed_options
from specstep_flows.runs.rows import COLUMNS, UNREADABLE, Kept, decode, encode, read
from specstep_flows.runs.steps import decode_step, encode_step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from uuid import UUID

    from specstep_flows.engine.limits import Limits
    from specstep_flows.fleet.database import Connection, Database
    from specstep_flows.runs.records import StepRecord

#: ``xmin`` is another one after each write of a row, whoever's it was; ``version`` says which is the newer one.
_ROW: Final = ", ".join(("r.xmin::text", "r.version", *(f"r.{name}" for name in COLUMNS)))
#: For so long, in real seconds, a record that this store holds is taken for what it is: only a write beside its driver
#: could have changed it. Then all that are held are asked for together.
FRESH_SECONDS: Final = 2.0
_NOW: Final = "extract(epoch FROM clock_timestamp())"
#: What a fleet knows of a run besides its record.
FLEET_COLUMNS: Final = ("key_name", "status", "policy", "rules", "payload")


@attrs.frozen
class _Held:
    """A name that this store took: by which session, and with which token."""

    worker: int
    token: int


@attrs.frozen
class _Known:
    """A record as it was read or written last: which state of its row that is, and when it was so."""

    kept: Kept
    mark: str
    version: int
    seen_at: float


class PostgresStore:
    """The runs of a fleet. Threads share it; a process that forks must make another one.

    Args:
        database: where they are.
        worker: the session of the worker that drives runs with this store. Without one, the store opens a session when
            it first holds something.

    Raises:
        StoreError: PostgreSQL cannot be used.
        StoreUnreadable: the tables are missing, or of a version that this one cannot work with.
    """

    #: PostgreSQL does many things at a time; what waits for a connection of the pool waits in a thread.
    threads = 24

    def __init__(
        self, database: Database, worker: Session | None = None, *, count: Callable[[], float] = time.monotonic
    ) -> None:
        check_version(database)
        self._count = count
        self.database = database
        self.deliveries = PostgresDeliveries(database, count=count)
        self._worker = worker
        self._owns_worker = worker is None
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        #: What could not be let go because the database was away, by name: nobody else can free it while we live.
        self._left: dict[str, tuple[_Held, ...]] = {}
        #: The records of what is held; a column that has not changed is not decoded again.
        self._known: dict[str, _Known] = {}
        self._looked_at = 0.0
        self._clocks: dict[float, DatabaseClock] = {}
        self._clock: DatabaseClock | None = None
        self._runs, self._holds, self._steps, self._workers = map(database.table, ("runs", "holds", "steps", "workers"))

    # What all clients share

    def make_limiter(self, scope: str, limits: Limits, margin: float) -> PostgresLimiter:
        """See ``stores.Common.make_limiter``."""
        return PostgresLimiter(self.database, scope, limits, clock=lambda: self._clock, margin=margin)

    def make_clock(self, speed: float) -> DatabaseClock:
        """See ``stores.Common.make_clock``; all clients of this store have one clock."""
        with self._lock:
            if speed not in self._clocks:
                self._clocks[speed] = DatabaseClock(self.database, speed)
            self._clock = self._clocks[speed]
            return self._clock

    def make_absences(self) -> Absences:
        """See ``stores.Common.make_absences``: nothing here says without being asked whether anybody has written."""
        return Absences(None)

    def make_pages(self, scope: str) -> PostgresPages:
        """See ``stores.Common.make_pages``."""
        return PostgresPages(self.database, scope)

    # Records

    def close(self) -> None:
        """Close the session, if it is the store's own: what was held is free. The database is its maker's to close."""
        with self._lock:
            worker, self._worker = (self._worker, None) if self._owns_worker else (None, self._worker)
        if worker is not None:
            worker.close()
        self.deliveries.close()

    def create(self, record: RunRecord, **fleet: str | None) -> None:
        """Add a run, with what the fleet knows of it (``FLEET_COLUMNS``).

        Raises:
            RunConflict: its id exists, or another run manages its generation.
        """
        tries: list[Connection] = []

        def make(connection: Connection) -> None:
            tries.append(connection)
            try:
                self.create_in(connection, record, **fleet)
            except errors.RunConflict:
                # The connection may have died behind the first one, when all was done.
                if len(tries) == 1 or self._stored(connection, record.run_id) != record:
                    raise

        self.database.transact(make)

    def _stored(self, connection: Connection, run_id: str) -> RunRecord | None:
        row = connection.execute(f"SELECT {_ROW} FROM {self._runs} r WHERE run_id = %s", [run_id]).fetchone()
        return None if row is None else self._read(row)

    def create_in(self, connection: Connection, record: RunRecord, **fleet: str | None) -> None:
        """The same in a transaction of the caller's: the run is there if that is committed. Raises ``RunConflict``."""
        unknown = set(fleet) - set(FLEET_COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        values = {name: encode(name, getattr(record, name)) for name in COLUMNS}
        if record.intent is not None and record.intent.up is not None:
            # By a clock of one machine, which says nothing to others: the time that it needs to settle begins again.
            values["intent"] = encode("intent", self._restarted(connection, record.intent))
        given = {name: value for name, value in fleet.items() if value is not None}
        columns = [*values, *given]
        self._refuse_managed(connection, record.run_id, record.api_url, record.generation_id)
        made = connection.execute(
            f"INSERT INTO {self._runs} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "
            "ON CONFLICT (run_id) DO NOTHING",
            [*values.values(), *given.values()],
        )
        if made.rowcount == 0:
            raise errors.RunConflict(f"There is already a run called {record.run_id}.")

    def _restarted(self, connection: Connection, intent: Intent) -> Intent:
        row = connection.execute(SERVER_TIME).fetchone()
        assert row is not None
        speed = self._clock.speed if self._clock is not None else 1.0
        return attrs.evolve(intent, sent_at=row[0] * speed, boot=None, up=None)

    def update(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """See ``RunKeeper.update``."""
        options = changes.get("options")
        if options is not None and not isinstance(options, RunOptions):
            changes = {**changes, "options": changed_options(RunOptions(), options)}
        unknown = set(changes) - set(COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        encoded = {name: encode(name, value) for name, value in changes.items() if name != "updated_at"}
        given = changes.get("generation_id")

        def write(connection: Connection) -> tuple[Any, ...] | None:
            if given is not None:
                self._refuse_given(connection, run_id, given)
            sets = [*(f"{name} = %s" for name in encoded), f"updated_at = {_NOW}", "version = version + 1"]
            return self._fenced(
                connection,
                run_id,
                f"UPDATE {self._runs} r SET {', '.join(sets)} WHERE run_id = %s",
                [*encoded.values(), run_id],
                f"RETURNING {_ROW}",
            )

        asked_at = self._count()
        row = self.database.run(write) if given is None else self.database.transact(write)
        if row is None:
            raise self._not_found(run_id)
        return self._keep(run_id, row, asked_at, lambda kept: kept.written(changes, encoded))

    def get(self, run_id: str) -> RunRecord:
        """See ``RunKeeper.get``."""
        asked_at = self._count()
        if run_id in self._known:
            self._look_again(run_id, asked_at)
            known = self._known.get(run_id)
            if known is not None:
                return known.kept.record
        rows = self._rows("WHERE run_id = %s", [_name(run_id)])
        if not rows:
            raise self._not_found(run_id)
        return self._keep(run_id, rows[0], asked_at)

    def glance(self, run_id: str) -> RunRecord | None:
        """See ``RunKeeper.glance``: of what this store holds, as it was a moment ago; see ``FRESH_SECONDS``."""
        known = self._known.get(run_id)
        is_fresh = known is not None and self._count() - known.seen_at < FRESH_SECONDS
        return known.kept.record if known is not None and is_fresh else None

    def _look_again(self, run_id: str, now: float) -> None:
        """Read of what is held the rows that others have written to: of that run, and now and then of all at once."""
        with self._lock:
            is_due = now - self._looked_at >= FRESH_SECONDS
            if is_due:
                self._looked_at = now
            asked = dict(self._known) if is_due else {run_id: self._known[run_id]}
        query = (
            f"SELECT k.name, {_ROW} FROM unnest(%s::text[], %s::text[]) AS k (name, mark) "
            f"LEFT JOIN {self._runs} r ON r.run_id = k.name WHERE r.xmin::text IS DISTINCT FROM k.mark"
        )
        values = [list(asked), [known.mark for known in asked.values()]]
        rows = self.database.run(lambda connection: connection.execute(query, values).fetchall())
        changed = {name: row for name, *row in rows}
        for name, known in asked.items():
            row = changed.get(name)
            if row is None:
                with self._lock:
                    # It may have been written to since it was asked for.
                    if self._known.get(name) is known:
                        self._known[name] = attrs.evolve(known, seen_at=now)
            elif row[0] is None:
                self._known.pop(name, None)
            else:
                with self._readable():
                    kept = known.kept.reread(row[2:])
                self._note(name, _Known(kept, row[0], row[1], now))

    def _note(self, run_id: str, known: _Known) -> None:
        """Remember the record of what is held, unless a newer state of it is known."""
        with self._lock:
            before = self._known.get(run_id)
            if run_id in self._held and (before is None or before.version <= known.version):
                self._known[run_id] = known

    def find_generation(self, generation_id: UUID, api_url: str | None = None) -> RunRecord | None:
        """See ``RunKeeper.find_generation``."""
        return self.database.run(lambda connection: self._find_generation(connection, generation_id, api_url))

    def find_starting(self, intake_id: UUID, api_url: str) -> RunRecord | None:
        """See ``RunKeeper.find_starting``."""
        rows = self._rows(
            "WHERE intake_artifact_id = %s AND intent <> 'null' AND api_url = %s",
            [encode("intake_artifact_id", intake_id), api_url],
        )
        records = [self._read(row) for row in rows]
        return next((record for record in records if record.kickoff_intent is not None), None)

    def all(self) -> list[RunRecord]:
        """See ``RunKeeper.all``."""
        return [self._read(row) for row in self._rows("ORDER BY created_at DESC, run_id", [])]

    def forget(self, run_id: str) -> None:
        """See ``RunKeeper.forget``."""
        self.get(run_id)
        let_go = self.hold(run_id)
        try:
            self.discard(run_id)
        finally:
            let_go()

    def discard(self, run_id: str) -> None:
        """See ``RunKeeper.discard``."""
        self._write(run_id, f"DELETE FROM {self._runs} WHERE run_id = %s", [run_id])
        self._known.pop(run_id, None)

    # What a fleet knows besides

    def fleet_columns(self, run_id: str) -> dict[str, str | None]:
        """What the fleet knows of a run: ``FLEET_COLUMNS`` by name. Raises ``RunNotFound``."""
        query = f"SELECT {', '.join(FLEET_COLUMNS)} FROM {self._runs} WHERE run_id = %s"
        row = self.database.run(lambda connection: connection.execute(query, [_name(run_id)]).fetchone())
        if row is None:
            raise self._not_found(run_id)
        return dict(zip(FLEET_COLUMNS, row, strict=True))

    def set_fleet_columns(self, run_id: str, **fleet: str | None) -> None:
        """Change what the fleet knows of a run. Raises ``RunTaken``, ``RunNotFound``."""
        unknown = set(fleet) - set(FLEET_COLUMNS)
        if unknown:
            raise TypeError(f"a run has no column {sorted(unknown)}")
        sets = ", ".join(f"{name} = %s" for name in fleet)
        if not self._write(run_id, f"UPDATE {self._runs} SET {sets} WHERE run_id = %s", [*fleet.values(), run_id]):
            raise self._not_found(run_id)

    # Steps

    def read_step(self, run_id: str) -> StepRecord | None:
        """See ``RunKeeper.read_step``."""
        query = f"SELECT record FROM {self._steps} WHERE run_id = %s"
        row = self.database.run(lambda connection: connection.execute(query, [_name(run_id)]).fetchone())
        with self._readable():
            return None if row is None else decode_step(row[0])

    def add_step(self, record: StepRecord, held: str) -> None:
        """See ``RunKeeper.add_step``."""
        self._write(
            held,
            f"INSERT INTO {self._steps} SELECT %s, %s WHERE true",
            [record.run_id, encode_step(record)],
            "ON CONFLICT (run_id) DO UPDATE SET record = excluded.record",
        )

    def change_step(self, record: StepRecord, held: str) -> None:
        """See ``RunKeeper.change_step``."""
        self._write(
            held, f"UPDATE {self._steps} SET record = %s WHERE run_id = %s", [encode_step(record), record.run_id]
        )

    def drop_step(self, run_id: str, held: str) -> None:
        """See ``RunKeeper.drop_step``."""
        self._write(held, f"DELETE FROM {self._steps} WHERE run_id = %s", [run_id])

    # Who drives

    @property
    def is_lost(self) -> bool:
        """Whether the session is gone with everything that it held: a worker ends then."""
        worker = self._worker
        return worker is not None and not worker.is_open

    def hold(self, run_id: str) -> Callable[[], None]:
        """See ``RunKeeper.hold``. It is free again when its holder's session ends, however that happens."""
        try:
            self._hold(run_id)
        except errors.RunTaken:
            # The session was gone before. A worker ends then; anybody else opens another one.
            if not self._owns_worker:
                raise
            self._hold(run_id)

        def let_go() -> None:
            with self._lock:
                mine = self._held.pop(run_id, None)
                self._known.pop(run_id, None)
            if mine is not None:
                self._release(run_id, mine)

        return let_go

    def _hold(self, run_id: str) -> None:
        with self._lock:
            if run_id in self._held:
                raise errors.RunBusy(f"Run {run_id} is already in use by this process.")
            held = _Held(self._session().id, secrets.randbits(62))
            # So that no other thread tries at the same time.
            self._held[run_id] = held
        try:
            self._take(run_id, held, self._left.get(run_id, ()))
        except BaseException as error:
            self._held.pop(run_id, None)
            if not isinstance(error, errors.RunBusy | errors.RunTaken):
                # It may have been taken all the same.
                self._leave(run_id, held)
            raise
        self._left.pop(run_id, None)

    def _session(self) -> Session:
        """The session that holds: the worker's, or one of the store's own, which is replaced if it was lost."""
        if self._worker is not None and not self._worker.is_open and self._owns_worker:
            self._worker.close()
            self._worker = None
        if self._worker is None:
            self._worker = Session(self.database)
        return self._worker

    def _take(self, run_id: str, held: _Held, left: Collection[_Held]) -> None:
        mine = [held.token, *(one.token for one in left)]
        query = (
            f"INSERT INTO {self._holds} AS known (name, worker, token) SELECT %(name)s, %(worker)s, %(token)s "
            "WHERE NOT pg_try_advisory_xact_lock_shared(%(lock)s, %(worker)s) "
            "ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, token = excluded.token "
            "WHERE known.token = ANY(%(mine)s) OR pg_try_advisory_xact_lock_shared(%(lock)s, known.worker::int) "
            "RETURNING token"
        )
        values = {
            "name": _name(run_id),
            "worker": held.worker,
            "token": held.token,
            "lock": self.database.lock_class,
            "mine": mine,
        }
        if self.database.run(lambda connection: connection.execute(query, values).fetchone()) is None:
            self._refuse_lost(held)
            raise errors.RunBusy(
                f"Run {run_id} is in use by {self._holder(run_id)}. Wait until that is done, or stop it and resume the "
                "run here."
            )

    def _holder(self, run_id: str) -> str:
        query = (
            f"SELECT w.name, w.host, w.pid FROM {self._holds} h JOIN {self._workers} w ON w.id = h.worker "
            "WHERE h.name = %s"
        )
        row = self.database.run(lambda connection: connection.execute(query, [_name(run_id)]).fetchone())
        return "another process" if row is None else f"{row[0]} (process {row[2]} on {row[1]})"

    def _refuse_lost(self, held: _Held) -> None:
        """Raise ``RunTaken`` if the session with which something was taken is gone."""
        query = "SELECT pg_try_advisory_xact_lock_shared(%s, %s)"
        values = [self.database.lock_class, held.worker]
        if self.database.run(lambda connection: connection.execute(query, values).fetchone()) == (True,):
            worker = self._worker
            if worker is not None and worker.id == held.worker:
                worker.is_lost = True
            raise errors.RunTaken(
                "The connection to PostgreSQL with which this process held its runs was lost, so another one may have "
                "taken them. This one stops, and has sent nothing since."
            )

    def _release(self, run_id: str, held: _Held) -> None:
        query = f"DELETE FROM {self._holds} WHERE name = %s AND token = %s"
        try:
            self.database.run(lambda connection: connection.execute(query, [_name(run_id), held.token]))
        except errors.StoreError:
            self._leave(run_id, held)

    def _leave(self, run_id: str, held: _Held) -> None:
        with self._lock:
            self._left[run_id] = (*self._left.get(run_id, ()), held)

    def let_go_of_rest(self) -> None:
        """Let go of what could not be let go of because the database was away: as long as we live, nobody else can."""
        for name in list(self._left):
            for held in self._left.pop(name, ()):
                self._release(name, held)

    def check_held(self, run_id: str) -> None:
        """See ``RunKeeper.check_held``."""
        held = self._held.get(run_id)
        if held is None:
            return
        query = (
            f"SELECT 1 FROM {self._holds} WHERE name = %s AND token = %s "
            "AND NOT pg_try_advisory_xact_lock_shared(%s, %s)"
        )
        values = [_name(run_id), held.token, self.database.lock_class, held.worker]
        if self.database.run(lambda connection: connection.execute(query, values).fetchone()) is None:
            raise self._taken(run_id, held)

    def _taken(self, run_id: str, held: _Held) -> errors.RunTaken:
        try:
            self._refuse_lost(held)
        except errors.RunTaken as error:
            return error
        return errors.RunTaken(
            f"Run {run_id} was taken over by {self._holder(run_id)}, which is using it now. This one stops, and has "
            "sent nothing since."
        )

    # Statements

    def _write(self, held: str, statement: str, values: Sequence[Any], rest: str = "") -> bool:
        """Carry out a statement with a ``WHERE`` at its end; whether it changed anything. Raises ``RunTaken``."""
        return self.database.run(
            lambda connection: self._fenced(connection, held, statement, values, f"{rest} RETURNING true") is not None
        )

    def _fenced(
        self, connection: Connection, name: str, statement: str, values: Sequence[Any], rest: str
    ) -> tuple[Any, ...] | None:
        """Carry a statement out, if whoever holds that name is still this store; the first row that it returns.

        Raises:
            RunTaken: it is another one, or nobody.
        """
        held = self._held.get(name)
        if held is None:
            return connection.execute(f"{statement} {rest}", values).fetchone()
        # Whoever takes the name changes its row, and so waits for the end of this transaction.
        query = (
            f"WITH held AS MATERIALIZED (SELECT 1 FROM {self._holds} WHERE name = %s AND token = %s "
            "AND NOT pg_try_advisory_xact_lock_shared(%s, %s) FOR SHARE), "
            f"done AS ({statement} AND EXISTS (SELECT FROM held) {rest}) "
            "SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM done), done.* FROM (SELECT) one "
            "LEFT JOIN done ON true LIMIT 1"
        )
        fence = [_name(name), held.token, self.database.lock_class, held.worker]
        row = connection.execute(query, [*fence, *values]).fetchone()
        assert row is not None
        if not row[0]:
            raise self._taken(name, held)
        return row[2:] if row[1] else None

    def _refuse_given(self, connection: Connection, run_id: str, generation_id: UUID) -> None:
        """Raise ``RunConflict`` if another run manages the generation that a run is given."""
        row = connection.execute(
            f"SELECT api_url, options FROM {self._runs} WHERE run_id = %s", [_name(run_id)]
        ).fetchone()
        if row is None:
            return
        with self._readable():
            options: RunOptions = decode("options", row[1])
        # Whoever paid for an update has what came of it, and be it the same generation.
        if str(generation_id) != (options.continues or {}).get("generation_id"):
            self._refuse_managed(connection, run_id, row[0], generation_id)

    def _refuse_managed(self, connection: Connection, run_id: str, api_url: str, generation_id: UUID | None) -> None:
        if generation_id is None:
            return
        # Until the end of the transaction nobody else gives it to a run: looking and writing are one.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_of(self.database.schema, api_url, generation_id)])
        known = self._find_generation(connection, generation_id, api_url)
        if known is not None and known.run_id != run_id:
            raise errors.RunConflict(
                f"Generation {generation_id} is managed by run {known.run_id} already, and no second run may pay for "
                f"it: continue with `specstep resume {known.run_id}`."
            )

    def _find_generation(self, connection: Connection, generation_id: UUID, api_url: str | None) -> RunRecord | None:
        text = encode("generation_id", generation_id)
        rows = connection.execute(
            f"SELECT {_ROW} FROM {self._runs} r WHERE (generation_id = %s OR generation_ids::jsonb @> %s::jsonb) "
            "AND (%s::text IS NULL OR api_url = %s) ORDER BY generation_id = %s DESC, created_at, run_id LIMIT 1",
            [text, f"[{text}]", api_url, api_url, text],
        ).fetchall()
        return self._read(rows[0]) if rows else None

    def _rows(self, rest: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        query = f"SELECT {_ROW} FROM {self._runs} r {rest}"
        return self.database.run(lambda connection: connection.execute(query, values).fetchall())

    def _keep(
        self, run_id: str, row: tuple[Any, ...], asked_at: float, change: Callable[[Kept], Kept] | None = None
    ) -> RunRecord:
        """The record of a row that was read after ``asked_at``, or written with a change."""
        known = self._known.get(run_id)
        with self._readable():
            if known is None:
                kept = read(row[2:])
            else:
                # What was written just now need not be read, and is not in memory twice.
                kept = (known.kept if change is None else change(known.kept)).reread(row[2:])
        self._note(run_id, _Known(kept, row[0], row[1], asked_at))
        return kept.record

    def _read(self, row: tuple[Any, ...]) -> RunRecord:
        with self._readable():
            return read(row[2:]).record

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Raises ``StoreUnreadable`` for what cannot be read."""
        try:
            yield
        except UNREADABLE as error:
            raise errors.StoreUnreadable(
                f"A row of the run store at {self.database.address} cannot be read ({error}). It was not changed, and "
                "what runs at the service keeps running: `specstep adopt` takes it over."
            ) from None

    def _not_found(self, run_id: str) -> errors.RunNotFound:
        query = f"SELECT run_id FROM {self._runs} ORDER BY created_at DESC LIMIT 200"
        rows = self.database.run(lambda connection: connection.execute(query).fetchall())
        near = did_you_mean(run_id, [row[0] for row in rows])
        return errors.RunNotFound(f"There is no run called {run_id}.{near} `specstep fleet runs` lists them.")


def _lock_of(schema: str, api_url: str, generation_id: UUID) -> int:
    """The number of the advisory lock of one generation at one service."""
    digest = hashlib.blake2b(f"{schema}\n{api_url}\n{generation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
