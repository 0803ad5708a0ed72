"""What anybody of a fleet can ask for: submit, look, answer, cancel, receive. It blocks, and sends nothing.

Everything is a row in the database, written in one transaction with the job that makes a worker look at it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows.fleet import dispatch, statuses
from specstep_flows.fleet.check import Finding, check
from specstep_flows.fleet.keys import check_key_name
from specstep_flows.fleet.limits import Room, rooms
from specstep_flows.fleet.payload import pack, rules_of
from specstep_flows.fleet.run import SELECT, FleetRun, nothing_to_cancel, read_run
from specstep_flows.fleet.schema import check_version
from specstep_flows.fleet.shared_files import refuse_elsewhere
from specstep_flows.fleet.statements import Statements, carry_out
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.runs.opening import check_run_id, new_run_id, run_options
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.rows import COLUMNS, UNREADABLE, encode
from specstep_flows.webhooks import Receiver
from specstep_flows.webhooks.receiver import generation_of

if TYPE_CHECKING:
    from specstep_flows.callbacks import Attachments, Brief, Messages
    from specstep_flows.engine.limits import Bucket
    from specstep_flows.fleet.database import Connection, Database
    from specstep_flows.fleet.payload import Payload, Rules
    from specstep_flows.fleet.shared_files import FleetFiles
    from specstep_flows.settings import Settings
    from specstep_flows.webhooks import WebhookDelivery, WebhookResponse
    from specstep_flows.webhooks.receiver import Secrets
    from specstep_flows.webhooks.verify import Headers

T = TypeVar("T")
#: What is read of a process, besides its keys.
_WORKER: Final = (
    *("id", "name", "host", "pid", "version", "capacity", "started_at", "beat_at", "is_draining"),
    "runs",
)
#: So many rows are read at a time.
PAGE: Final = 200
#: The event that says that a question waits.
_ASKED: Final = "generation.paused_awaiting_clarification"
#: Parts of a submission in which another one differs, for sentences.
_ANOTHER: Final = {
    "brief": "another brief",
    "attachments": "other attachments",
    "service": "another service",
    "key": "another key",
    "policy": "another policy",
    "answers": "other answers",
    "options": "other options",
}
_STATUSES: Final = (*statuses.OPEN, *statuses.OVER, "importing")


@attrs.frozen
class WorkerInfo:
    """A process that has a session with the database. Times are in seconds since the epoch."""

    id: int
    name: str
    host: str
    pid: int
    version: str
    #: How many runs it drives at a time; 0 for a process that is no worker and holds something at the moment.
    capacity: int
    #: How many it has in hand.
    runs: int
    keys: tuple[str, ...]
    started_at: float
    #: When it was heard of last. One that is late may hang; whether it lives is what its session says.
    beat_at: float
    is_draining: bool


@attrs.frozen
class KeyInfo:
    """A key by its name: what it has in hand and what is left of its limits."""

    name: str
    #: Runs by their status.
    runs: Mapping[str, int]
    #: What the service said when it refused it.
    refusal: str | None = None
    #: What is left of its limits, for ``standard`` requests and for ``kickoff``; empty before it was used.
    rooms: Mapping[Bucket, Room] = attrs.field(factory=dict)


@attrs.define(eq=False, slots=False)
class Desk:
    """One fleet's database, seen by a process that is no worker."""

    database: Database
    settings: Settings
    files: FleetFiles | None = None
    secrets: Secrets | None = attrs.field(default=None, repr=False)

    @cached_property
    def store(self) -> PostgresStore:
        """The runs. Raises ``StoreUnreadable`` where the tables are not this version's."""
        check_version(self.database)
        return PostgresStore(self.database)

    def close(self) -> None:
        """Close the connections, and remove this process's own files."""
        if self.files is not None:
            self.files.close()
        with contextlib.suppress(errors.StoreError):
            if "_receiver" in self.__dict__:
                self._receiver.close()
        if "store" in self.__dict__:
            self.store.close()
        self.database.close()

    def check(self) -> list[Finding]:
        """What fits and what does not, of the database and of the place for files."""
        found = check(self.database)
        if self.files is not None:
            try:
                self.files.check()
            except errors.SpecStepError as error:
                found.append(Finding("files", False, error.message))
            else:
                found.append(Finding("files", True, f"{self.files.root} can be written; nothing is put over another."))
        return found

    # Submitting

    def submission(
        self,
        brief: Messages | Brief,
        *,
        key: str,
        run_id: str | None,
        attachments: Attachments,
        answers: Rules | None,
        policy: str | None,
        options: Mapping[str, Any],
    ) -> Callable[[], Statements[FleetRun]]:
        """Check what is submitted, keep its documents, and give the statements that put it into the queue.

        They may be carried out again: the run is there once.

        Raises:
            UsageError, SettingsError, AnswersError: it cannot be.
            RunConflict: another run has that id.
        """
        name = check_key_name(key)
        wanted = run_options(**options)
        if self.files is not None:
            refuse_elsewhere(self.files, wanted)
        payload = pack(brief, attachments, answers, self.files, policy=policy)
        identifier = check_run_id(run_id) if run_id is not None else new_run_id()
        record = payload.record(wanted, identifier, self.settings.api_url)
        parts = {
            "brief": record.messages,
            "attachments": record.attachments,
            "service": record.api_url,
            "key": name,
            "policy": payload.policy,
            "answers": payload.rules,
            "options": encode("options", attrs.evolve(record.options, remember={})),
        }
        submitted = {part: hashlib.sha256(json.dumps(value).encode()).hexdigest() for part, value in parts.items()}
        return partial(self._put_in, record, name, payload, submitted)

    def _put_in(self, record: RunRecord, key: str, payload: Payload, submitted: dict[str, str]) -> Statements[FleetRun]:
        values = {column: encode(column, getattr(record, column)) for column in COLUMNS}
        values |= {"key_name": key, "policy": payload.policy, "rules": payload.rules}
        more = {"has_files": self.files is not None, "submitted": submitted}
        values["payload"] = json.dumps({**json.loads(payload.to_json()), **more})
        runs = self.database.table("runs")
        made = yield (
            f"INSERT INTO {runs} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))}) "
            "ON CONFLICT (run_id) DO NOTHING RETURNING true",
            list(values.values()),
        )
        if made:
            yield f"SELECT {self.database.table('defer_run')}(%s, %s)", [record.run_id, key]
            return FleetRun(record, "open", key, payload.policy)
        rows = yield f"SELECT payload FROM {runs} WHERE run_id = %s", [record.run_id]
        before = json.loads(rows[0][0] or "{}").get("submitted") if rows else None
        if before is None:
            raise errors.RunConflict(
                f"There is already a run called {record.run_id}, which was not submitted like this: choose another run "
                "id. Nothing was changed."
            )
        if before != submitted:
            what = next((part for part in submitted if before.get(part) != submitted[part]), "brief")
            raise errors.RunConflict(
                f"Run {record.run_id} was submitted with {_ANOTHER[what]}, and nothing was changed. Look at it with "
                f"`specstep fleet show {record.run_id}`, or choose another run id."
            )
        return self._found((yield self._looked_for(record.run_id)), record.run_id)

    def submit(self, statements: Callable[[], Statements[T]]) -> T:
        """Carry statements out in a transaction of our own."""
        return self.database.transact(lambda connection: carry_out(statements(), connection))

    # Looking

    def _looked_for(self, run_id: str) -> tuple[str, Sequence[Any]]:
        return self._select("WHERE r.run_id = %(run_id)s", run_id=statuses.storable_name(run_id))

    def _select(self, rest: str, **values: Any) -> tuple[str, Any]:
        text = SELECT
        for table in ("runs", "holds", "keys", "live_workers"):
            text = text.replace(f"FROM {table} ", f"FROM {self.database.table(table)} ")
            text = text.replace(f"JOIN {table}", f"JOIN {self.database.table(table)}")
        return f"{text} {rest}", {"class": self.database.lock_class, **values}

    def _found(self, rows: Sequence[Sequence[Any]], run_id: str) -> FleetRun:
        if not rows:
            # With the ids that may have been meant.
            self.store.get(run_id)
        return self._read(rows[0])

    def _read(self, row: Sequence[Any]) -> FleetRun:
        try:
            return read_run(row)
        except UNREADABLE as error:
            raise errors.StoreUnreadable(
                f"The row of run {row[COLUMNS.index('run_id')]} at {self.database.address} cannot be read ({error}). "
                "It was not changed."
            ) from None

    def get(self, run_id: str) -> FleetRun:
        """A run. Raises ``RunNotFound``."""
        return self._found(self._rows(*self._looked_for(run_id)), run_id)

    def page(self, after: FleetRun | None, status: str | None, key: str | None, most: int) -> list[FleetRun]:
        """Up to so many runs, the newest first, after one that was read before.

        Raises:
            UsageError: there is no such status.
        """
        if status is not None and status not in _STATUSES:
            raise errors.UsageError(f"There is no status {status!r}: use {', '.join(_STATUSES)}.")
        wanted = {
            "status": status,
            "key": None if key is None else check_key_name(key),
            "at": None if after is None else after.created_at.timestamp(),
            "id": None if after is None else after.run_id,
            "most": most,
        }
        query = self._select(
            "WHERE (%(status)s::text IS NULL OR r.status = %(status)s) AND (%(key)s::text IS NULL OR r.key_name = "
            "%(key)s) AND (%(at)s::double precision IS NULL OR (r.created_at, r.run_id) < (%(at)s, %(id)s)) "
            "ORDER BY r.created_at DESC, r.run_id DESC LIMIT %(most)s",
            **wanted,
        )
        return [self._read(row) for row in self._rows(*query)]

    def workers(self) -> list[WorkerInfo]:
        """Every process that has a session, workers first, the longest-lived first."""
        rows = self._rows(
            "SELECT keys, id, name, host, pid, version, capacity, started_at, beat_at, draining, "
            "(SELECT count(*) FROM holds JOIN runs ON runs.run_id = holds.name WHERE holds.worker = live.id) "
            "FROM live_workers(%s) live ORDER BY capacity = 0, started_at, id",
            [self.database.lock_class],
        )
        return [WorkerInfo(keys=tuple(keys or ()), **dict(zip(_WORKER, row, strict=True))) for keys, *row in rows]

    def keys(self) -> list[KeyInfo]:
        """Every key that a run has ever named, and what is known of it."""
        rows = self._rows(
            "SELECT key_name, status, count(*), (SELECT refusal FROM keys WHERE keys.name = key_name AND refused_at "
            "IS NOT NULL) FROM runs WHERE key_name IS NOT NULL GROUP BY key_name, status ORDER BY key_name, status",
            [],
        )
        left = self.database.run(partial(rooms, speed=self.settings.clock_speed))
        found: dict[str, KeyInfo] = {}
        for name, status, count, refusal in rows:
            known = found.get(name) or KeyInfo(name, {}, refusal, left.get(name, {}))
            found[name] = attrs.evolve(known, runs={**known.runs, status: count})
        return list(found.values())

    def waiting(self, run_id: str | None = None) -> dict[str, str]:
        """Why each open run that nobody drives is not being driven, or this one."""
        self.store  # noqa: B018 - whether the tables are this version's
        return self.database.run(lambda connection: statuses.waiting_for(connection, self.database.lock_class, run_id))

    def drain(self, worker: str) -> WorkerInfo:
        """Tell a worker, by its number or its name, to take no more runs, leave those in hand to others and end.

        Raises:
            UsageError: there is none, or there are several of that name.
        """
        known = [one for one in self.workers() if one.capacity]
        found = [one for one in known if str(one.id) == worker] or [one for one in known if one.name == worker]
        if len(found) != 1:
            there = ", ".join(f"{one.id} ({one.name})" for one in known) or "none"
            what = "several workers are" if found else "no worker is"
            raise errors.UsageError(f"{what[:1].upper()}{what[1:]} called {worker!r}. There are: {there}.")
        self.database.run(
            lambda connection: connection.execute("UPDATE workers SET draining = true WHERE id = %s", [found[0].id])
        )
        return attrs.evolve(found[0], is_draining=True)

    # Acting

    def answer(self, run_id: str, answers: Rules) -> FleetRun:
        """Answer the questions of a run, and have it driven on; rules may answer later ones as well.

        Raises:
            AnswersError: these are no answers, or a question that waits has none.
            WrongState: it is over.
        """
        given = rules_of(answers)
        run = self.get(run_id)
        if run.status == "paused" and run.record.kickoff_intent is not None:
            raise errors.WrongState(
                f"Whether a generation of run {run_id} was started is not known, so there is nothing to answer: "
                f"`specstep fleet resume {run_id}` looks for it, and starts one if there is none. Nothing was stored."
            )
        left = [one.question for one in run.questions if not given([one])]
        if left:
            raise errors.AnswersError(
                f"{len(left)} of {len(run.questions)} questions of run {run_id} would have no answer, so nothing was "
                f"stored. The first is: {left[0]}"
            )
        before = self._wake(run_id, statuses.OPEN, rules=given.as_data())
        if before not in statuses.OPEN:
            raise errors.WrongState(f"Run {run_id} is {before}, so nothing of it can be answered.")
        return self.get(run_id)

    def resume(self, run_id: str) -> FleetRun:
        """Have a run driven again that is at rest or has failed; one that is to be cancelled is not, if it is in time.

        Raises:
            WrongState: it is done or cancelled.
        """
        among: tuple[statuses.Status, ...] = (*statuses.OPEN, "failed")
        before = self._wake(run_id, among, wanted=None, is_allowed=True)
        if before not in among:
            raise errors.WrongState(f"Run {run_id} is {before}: there is nothing to resume.")
        return self.get(run_id)

    def cancel(self, run_id: str) -> FleetRun:
        """Have a run cancelled: a worker cancels its generation, or it is over at once if nothing was started.

        Raises:
            WrongState: it is over already.
        """
        run = self.get(run_id)
        before = self._wake(run_id, run.cancellable_in, wanted="cancel")
        if before not in run.cancellable_in:
            raise nothing_to_cancel(run_id, before)
        found = self.get(run_id)
        if found.worker is not None or _is_begun(found.record):
            return found
        # What is wished is written down by now: where this cannot be done, a worker does it.
        with contextlib.suppress(errors.RunBusy, errors.StoreError):
            self._cancel_at_once(run_id)
        return self.get(run_id)

    def _cancel_at_once(self, run_id: str) -> None:
        """Cancel what has sent nothing: no worker is needed. Raises ``RunBusy``: it is one's turn then."""
        let_go = self.store.hold(run_id)
        try:
            if not _is_begun(self.store.get(run_id)):
                woken = self._rows("SELECT woken FROM runs WHERE run_id = %s", [run_id])[0][0]
                self.database.run(lambda connection: statuses.settle(connection, run_id, "cancelled", woken))
        finally:
            let_go()

    def _wake(self, run_id: str, among: Collection[statuses.Status], **more: Any) -> statuses.Status:
        """The status that it had. Raises ``RunNotFound``."""
        before = self.database.run(lambda connection: statuses.wake(connection, run_id, among, **more))
        return self.get(run_id).status if before is None else before

    def open_taken(self, run_id: str, payload: str) -> bool:
        """Have a run driven that was ``importing`` with that payload; False if there is none that came with it."""

        def change(connection: Connection) -> bool:
            row = connection.execute(
                "UPDATE runs SET status = CASE status WHEN 'importing' THEN 'open' ELSE status END "
                "WHERE run_id = %s AND payload = %s RETURNING status, key_name",
                [run_id, payload],
            ).fetchone()
            if row is not None and row[0] == "open":
                dispatch.defer(connection, run_id, row[1])
            return row is not None

        return self.database.transact(change)

    def receive(self, body: bytes, headers: Headers) -> WebhookResponse:
        """Take a webhook delivery: verified, taken once, and the run that it is about is woken."""
        return self._receiver.receive(body, headers)

    @cached_property
    def _receiver(self) -> Receiver:
        if not self.secrets:
            raise errors.SettingsError(
                "There is no signing secret to verify deliveries with: set SPECSTEP_FLEET_SECRETS, or give `secrets`."
            )
        return Receiver(self._delivered, self.secrets, store=self.store, name="fleet")

    def _delivered(self, delivery: WebhookDelivery) -> None:
        generation_id, is_question = generation_of(delivery), delivery.event == _ASKED
        if generation_id is not None:
            self.database.transact(
                lambda connection: statuses.wake_by_delivery(connection, generation_id, is_question=is_question)
            )

    def package_url(self, run_id: str, seconds: float) -> str:
        """A link by which a reader gets the package of a run. Raises ``UsageError`` where there is none."""
        run = self.get(run_id)
        if run.file is None:
            raise errors.WrongState(f"Run {run_id} is {run.status}: it has no package yet.")
        if self.files is None:
            raise errors.UsageError(f"This fleet keeps no files of its own: the package is at {run.file}.")
        return self.files.package_url(run.file, seconds)

    def _rows(self, query: str, values: Any) -> list[tuple[Any, ...]]:
        self.store  # noqa: B018 - whether the tables are this version's
        return self.database.run(lambda connection: connection.execute(query, values).fetchall())


def _is_begun(record: RunRecord) -> bool:
    """Whether anything of a run may have been sent."""
    known = (record.interview_id, record.intent, record.generation_id)
    return bool(record.generation_ids) or any(one is not None for one in known)
