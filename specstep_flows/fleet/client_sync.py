"""SyncFleet: many hosts that share runs, on PostgreSQL. Web pods submit and answer, workers drive; both are this class.

Made from ``fleet/client.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows.fleet import check as checks
from specstep_flows.fleet import schema as schemas
from specstep_flows.fleet.aside import aside, carried_out
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.desk import PAGE, Desk
from specstep_flows.fleet.files import files_at
from specstep_flows.fleet.keys import DEFAULT, Keys
from specstep_flows.fleet.take_over import take_over
from specstep_flows.fleet.work import CAPACITY, SyncWork
from specstep_flows.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from specstep_flows.callbacks import Attachments, Brief, Messages, SyncPolicy
    from specstep_flows.events import Event
    from specstep_flows.fleet.desk import KeyInfo, WorkerInfo
    from specstep_flows.fleet.drive import Outcome
    from specstep_flows.fleet.payload import Rules
    from specstep_flows.fleet.run import FleetRun
    from specstep_flows.fleet.shared_files import FleetFiles
    from specstep_flows.fleet.statements import Statements
    from specstep_flows.models import Duration, Profile
    from specstep_flows.runs.store import RunStore
    from specstep_flows.webhooks import WebhookResponse
    from specstep_flows.webhooks.receiver import Secrets
    from specstep_flows.webhooks.verify import Headers

__all__ = ["SyncFleet"]


class SyncFleet:
    """A fleet, for code that blocks. Close it, or use it in ``with``.

    ::

        with SyncFleet("postgresql://specstep@db/specstep", keys=Keys.from_env(), files="s3://packages") as fleet:
            run = fleet.submit("A portal for customer feedback.", key="team-a", run_id="order-4711")

    Whatever is submitted anywhere is driven by whoever works (``work``), on any host. It is all in the database: a host
    that dies loses nothing, and another one takes its runs over. Keys are known by name; none is stored.
    """

    def __init__(
        self,
        url: str,
        *,
        keys: Keys | Mapping[str, str] | None = None,
        files: FleetFiles | Path | str | None = None,
        secrets: Secrets | None = None,
        settings: Settings | None = None,
        schema: str = "specstep",
        on_event: Callable[[str, Event], Any] | None = None,
    ) -> None:
        """Describe a fleet; nothing is opened yet.

        Args:
            url: the database, ``postgresql://user:password@host:5432/name``. Its tables are made by ``init``.
            keys: API keys by name, for processes that drive runs; whoever only submits needs none.
            files: where packages and documents go: a folder that all hosts see, or the URL of an object store
                (``s3://bucket/folder``, extra ``fleet-s3``). Without it, packages stay on the disk of the worker, where
                the run's ``output`` says, and no documents can be submitted.
            secrets: the signing secrets of webhooks, for ``receive``.
            settings: the service's address and time limits; default: ``Settings.load()``. Its key is not used.
            schema: the schema of the database with our tables.
            on_event: called with the id of a run and each of its events, for every run that this process drives.

        Raises:
            SettingsError: an address, a name or a key that cannot be one.
        """
        found = (settings or Settings.load()).without_key()
        self.keys = keys if isinstance(keys, Keys) else Keys(keys or {})
        place = files_at(files) if isinstance(files, str | os.PathLike) else files
        self._desk = Desk(Database(url, schema), found, place, secrets)
        self._work = SyncWork(self._desk, self.keys, on_event)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **more: Any) -> Self:
        """The fleet of ``SPECSTEP_FLEET_URL``, with ``SPECSTEP_FLEET_FILES``, ``_SCHEMA``, ``_SECRETS`` and the keys.

        Raises:
            SettingsError: the address is missing, or something cannot be what it should.
        """
        environ = os.environ if environ is None else environ
        url = environ.get("SPECSTEP_FLEET_URL")
        if not url:
            raise errors.SettingsError(
                "There is no fleet: set SPECSTEP_FLEET_URL to its database, such as "
                "postgresql://user:password@host:5432/name."
            )
        secrets = environ.get("SPECSTEP_FLEET_SECRETS", "").split()
        given = {
            "keys": more["keys"] if "keys" in more else Keys.from_env(environ),
            "files": environ.get("SPECSTEP_FLEET_FILES") or None,
            "secrets": secrets or None,
            "settings": Settings.load(environ=environ),
            "schema": environ.get("SPECSTEP_FLEET_SCHEMA") or "specstep",
        }
        return cls(url, **{**given, **more})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @property
    def address(self) -> str:
        """Where its database is, without the password."""
        return self._desk.database.address

    def close(self) -> None:
        """Close the connections. Runs are driven on by whoever works."""
        self._work.close()
        aside(self._desk.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The database.

    def init(self) -> tuple[int, int]:
        """Make our tables, or add what this version needs; the version of the schema. Nothing else changes them.

        Raises:
            StoreError: the database cannot be used, or does not allow it.
            StoreUnreadable: a newer version has made them.
        """
        return aside(schemas.init, self._desk.database)

    def check(self) -> list[checks.Finding]:
        """What of the database and the files is as it must be, and what is not, in the order in which to mend it.

        Nothing is sent to the service. What cannot be reached is a finding; nothing is raised.
        """
        return aside(self._desk.check)

    # Submitting.

    def submit(
        self,
        brief: Messages | Brief,
        *,
        key: str = DEFAULT,
        run_id: str | None = None,
        attachments: Attachments = (),
        answers: Rules | None = None,
        policy: str | None = None,
        profile: Profile | None = None,
        project_type: str | None = None,
        mirror_selection: str | None = None,
        output: str | Path | None = None,
        unpack: bool = False,
        force: bool = False,
        max_cost_usd: float | None = None,
        retry_failed: int = 0,
        wait_paused: Duration = 3600.0,
        remember: Mapping[str, Any] | None = None,
    ) -> FleetRun:
        """Put a run into the queue; a worker drives it. Nothing is sent to the service by this.

        Called again with the same ``run_id`` and the same job, it gives the run that is there, whoever submitted it.

        Args:
            brief: what is to be built, as text, or as the ``Path`` of a text file; several are several turns.
            key: the name of the key that pays; a worker that has it drives the run.
            run_id: the run's id; default: a new one.
            attachments: reference documents: one path or several. They are read now, and travel by the fleet's files.
            answers: what answers the generation's questions: an answers file, or answers by question.
            policy: the name of a policy that answers the rest: ``defaults`` (as the agents propose), or one that the
                workers have (``work(policies=...)``). Without either, the run waits for ``answer``.

        Other arguments are those of ``SpecStep.run``.

        Raises:
            UsageError, AnswersError: the submission cannot be what it should.
            RunConflict: another run has that id.
            StoreError: the database cannot be used. Whether it was submitted, the same call with its id says.
        """
        options = _options(locals())
        statements = aside(self._submission, brief, key, run_id, attachments, answers, policy, options)
        return aside(self._desk.submit, statements)

    def submit_in(
        self,
        connection: Any,
        brief: Messages | Brief,
        *,
        key: str = DEFAULT,
        run_id: str | None = None,
        attachments: Attachments = (),
        answers: Rules | None = None,
        policy: str | None = None,
        profile: Profile | None = None,
        project_type: str | None = None,
        mirror_selection: str | None = None,
        output: str | Path | None = None,
        unpack: bool = False,
        force: bool = False,
        max_cost_usd: float | None = None,
        retry_failed: int = 0,
        wait_paused: Duration = 3600.0,
        remember: Mapping[str, Any] | None = None,
    ) -> FleetRun:
        """``submit`` in a transaction of yours: the run is there if, and only if, that is committed.

        ::

            with psycopg.Connection.connect(url) as connection:
                connection.execute("INSERT INTO orders ...")
                fleet.submit_in(connection, "A portal ...", run_id="order-4711")

        Args:
            connection: a connection of psycopg 3 to the fleet's database; of a library above it, the one beneath.

        Other arguments and errors are those of ``submit``. What PostgreSQL refuses is raised as psycopg raises it.
        """
        options = _options(locals())
        statements = aside(self._submission, brief, key, run_id, attachments, answers, policy, options)
        return carried_out(statements(), connection)

    def _submission(
        self,
        brief: Messages | Brief,
        key: str,
        run_id: str | None,
        attachments: Attachments,
        answers: Rules | None,
        policy: str | None,
        options: Mapping[str, Any],
    ) -> Callable[[], Statements[FleetRun]]:
        return self._desk.submission(
            brief, key=key, run_id=run_id, attachments=attachments, answers=answers, policy=policy, options=options
        )

    # Looking.

    def get(self, run_id: str) -> FleetRun:
        """A run as it is now. Raises ``RunNotFound``."""
        return aside(self._desk.get, run_id)

    def runs(self, *, status: str | None = None, key: str | None = None) -> Iterator[FleetRun]:
        """The runs, the newest first; rows are read as they are wanted.

        ::

            for run in fleet.runs(status="question"):
                print(run.run_id, run.questions[0].question)

        Args:
            status: only those that are ``open``, ``question``, ``paused``, ``done``, ``failed``, ``cancelled`` or
                ``importing``.
            key: only those with the key of that name.

        Raises:
            UsageError: there is no such status.
        """
        last: FleetRun | None = None
        while page := aside(self._desk.page, last, status, key, PAGE):
            for last in page:
                yield last

    def workers(self) -> list[WorkerInfo]:
        """Who works, and how much each has in hand."""
        return aside(self._desk.workers)

    def waiting(self, run_id: str | None = None) -> dict[str, str]:
        """Why each open run that nobody drives is not being driven, in a sentence, by its id; or why this one is not.

        Those that are about to be are not in it.
        """
        return aside(self._desk.waiting, run_id)

    def limits(self) -> list[KeyInfo]:
        """For each key, by name: its runs, what is left of its limits, and whether the service refuses it."""
        return aside(self._desk.keys)

    def package_url(self, run_id: str, seconds: float = 300.0) -> str:
        """A link to a run's package in the object store, good for so long. It is secret, and is stored nowhere.

        Raises:
            UsageError: there is no package yet, or its place has no links (a folder).
        """
        return aside(self._desk.package_url, run_id, seconds)

    # Acting.

    def answer(self, run_id: str, answers: Rules) -> FleetRun:
        """Answer the questions of a run, from anywhere: by question, or with an answers file. A worker sends them.

        Raises:
            AnswersError: a question would have no answer, or these are no answers; nothing was stored.
            WrongState: the run is over.
        """
        return aside(self._desk.answer, run_id, answers)

    def resume(self, run_id: str) -> FleetRun:
        """Have a run driven again that is ``paused`` or ``failed``; a wish to cancel it is withdrawn.

        Where nobody knows what came of two requests that cost, it looks once more, and pays if nothing has come of
        them: no worker does that by itself.

        Raises:
            WrongState: it is ``done`` or ``cancelled``.
        """
        return aside(self._desk.resume, run_id)

    def cancel(self, run_id: str) -> FleetRun:
        """Have a run cancelled, and be it a failed one whose generation still runs. What it has cost is paid for.

        Raises:
            WrongState: it is over already.
        """
        return aside(self._desk.cancel, run_id)

    def receive(self, body: bytes, headers: Headers) -> WebhookResponse:
        """Take a webhook delivery, on any host: it is verified, taken once, and wakes the run that it is about.

        Answer the service with what this returns, as ``webhooks.Receiver.receive`` says.

        Raises:
            SettingsError: there is no signing secret.
        """
        return aside(self._desk.receive, body, headers)

    def drain(self, worker: str) -> WorkerInfo:
        """Tell a worker (its number or name) to leave its runs to others and end. Raises ``UsageError``."""
        return aside(self._desk.drain, worker)

    def take_over(self, store: RunStore, key: str, run_ids: Iterable[str] | None = None) -> list[FleetRun]:
        """Take runs out of a store of one machine, each under its lock; from then on they are the fleet's.

        Whatever ends this in the middle, called again it carries on; at no moment can both drive a run.

        Args:
            store: the runs of a machine.
            key: the name of the key that pays, of the account that has paid so far.
            run_ids: which; default: all that are not over.

        Raises:
            RunBusy: one of them is in use; those before it were taken.
            RunConflict: the fleet has another run of that id, or it is on its way to another fleet.
            UsageError: one cannot be driven elsewhere, such as an interview that is held at that machine.
        """
        return aside(take_over, self._desk, store, key, run_ids)

    # Driving.

    def work(
        self,
        *,
        capacity: int = CAPACITY,
        policies: Mapping[str, SyncPolicy] | None = None,
        name: str = "",
        health_port: int | None = None,
    ) -> int:
        """SyncWork: drive as many runs at a time as ``capacity``, until SIGTERM or ``drain``.

        Args:
            capacity: the most runs in hand; one that waits takes some 50 KB.
            policies: what answers questions, by the names that submissions use.
            name: what to call this worker where workers are listed; default: host and process.
            health_port: serve probes (``/live``, ``/ready``) and counters (``/metrics``, OpenMetrics) on that port.

        Returns:
            0: it was told to stop, and has left its runs to others. 70: its session with the database was lost, so its
            runs are others' already: end this process and start it again.

        Raises:
            StoreError, StoreUnreadable: the database cannot be used.
            SettingsError: there is no key, or a port that cannot be had.
            UsageError: a capacity that no worker has, a policy that is none, or an event loop that psycopg cannot use,
                as the usual one of Windows.
        """
        return self._work.work(capacity, policies or {}, name, health_port)

    def drive(self, run_id: str, *, policies: Mapping[str, SyncPolicy] | None = None) -> Outcome:
        """Drive one run until it is over or waits for somebody: for another queue than ours, which calls this.

        It may be called anywhere and as often as anybody likes: one call drives the run, others return ``busy``. Cancel
        the task to stop: everything is in the record, and whoever is called next carries on.

        Returns:
            What is to be done: nothing for ``done``, ``failed``, ``cancelled``, ``question``, ``paused`` and
            ``unknown``; for ``open``, ``busy`` and ``stopped``, call it again in a while.

        Raises:
            SettingsError: this process has no key of that name, or no such policy.
            UsageError: one of ``policies`` is none.
            StoreError: the database cannot be used. Nothing was sent since; call it again.
        """
        return self._work.drive(run_id, policies or {})


def _options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What of a submission's arguments are options of its run."""
    names = (
        *("profile", "project_type", "mirror_selection", "output", "unpack", "force", "max_cost_usd", "retry_failed"),
        *("wait_paused", "remember"),
    )
    given = {name: arguments[name] for name in names}
    usual = arguments["self"]._desk.settings.profile
    return {**given, "profile": given["profile"] or usual, "remember": given["remember"] or {}}
