"""Dispatch by Procrastinate: one job a run, in tables of its own beside ours. A run's row is the truth, not its job's.

A job only says that somebody should look after a run. One too many finds the run in use or at rest, and ends; one too
few is put in by the sweep (``fleet.sweep``). A queue has the name of a key: a worker takes no run whose key it lacks.
"""

from __future__ import annotations

import asyncio
import importlib.resources
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

import procrastinate
import psycopg
from procrastinate import jobs, retry
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker as JobWorker
from psycopg_pool import AsyncConnectionPool

from specstep_flows.engine.drivers import in_thread
from specstep_flows.fleet.database import POOL_SECONDS, is_dead
from specstep_flows.fleet.sweep import TASK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
    from datetime import datetime
    from typing import LiteralString

    from procrastinate.manager import NotificationCallback

    from specstep_flows.fleet.database import Connection, Database

R = TypeVar("R")

#: A job that failed in a way that says nothing of its run is tried again after so long.
RETRY_SECONDS: Final = 5
#: Connections of Procrastinate's own pool: it fetches and finishes with them. It listens on one more.
CONNECTIONS: Final = 4
#: Its rows of workers are not deleted by their age, since it is the session lock that says who lives.
_NEVER_SECONDS: Final = 365 * 86400.0
#: Nobody asks how old the queue's own sign of life is, nor wants a job aborted; but each is a transaction.
_SELDOM_SECONDS: Final = 86400.0
#: Workers are told of jobs. They look by themselves for what they were not told of, and what is to be tried again.
POLL_SECONDS: Final = 15.0
#: What became of a job is written again after these, in seconds.
PAUSES: Final = (0.2, 1.0, 5.0)
_STILL_MINE: Final = "FROM procrastinate_jobs WHERE id = %(id)s AND worker_id = %(worker)s AND status = 'doing'"
#: No more jobs are fetched at once, so that all workers have their share of those of one that is gone.
FETCHED_AT_ONCE: Final = 10
_FETCH: Final = """
SELECT (job).* FROM (
  SELECT procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker)s) AS job FROM generate_series(1, %(most)s) OFFSET 0
) AS fetched WHERE (job).id IS NOT NULL
"""
#: A worker that stops lets requests that are under way be answered for so long; then they are cut.
DRAIN_SECONDS: Final = 20.0


class Stopped(Exception):
    """The worker stops, and leaves the run to another one at once."""


class _ForEver(retry.BaseRetryStrategy):
    """A job is tried again without an end; that of a worker that stops, at once."""

    def get_retry_decision(self, *, exception: BaseException, job: jobs.Job) -> retry.RetryDecision:
        if isinstance(exception, Stopped | asyncio.CancelledError):
            return retry.RetryDecision()
        return retry.RetryDecision(retry_in={"seconds": RETRY_SECONDS})


def install(connection: Connection) -> None:
    """Make Procrastinate's tables, or bring them up to what the installed version needs, and our functions beside them.

    For ``fleet init``: in its transaction, on its ``search_path``.
    """
    folder = importlib.resources.files("procrastinate.sql.migrations")
    steps = {one.name: one for one in folder.iterdir() if one.name.endswith(".sql")}
    connection.execute("CREATE TABLE IF NOT EXISTS dispatch (applied text NOT NULL)")
    row = connection.execute("SELECT applied FROM dispatch").fetchone()
    if row is None:
        connection.execute(SchemaManager.get_schema())
        connection.execute("INSERT INTO dispatch VALUES (%s)", [max(steps)])
    else:
        for name in sorted(steps):
            if name > row[0]:
                connection.execute(steps[name].read_bytes())
        connection.execute("UPDATE dispatch SET applied = greatest(applied, %s)", [max(steps)])
    connection.execute(importlib.resources.files(__package__).joinpath("dispatch.sql").read_bytes())


def defer(connection: Connection, run_id: str, key_name: str) -> bool:
    """Put a run into the queue, in whatever transaction is open there; False if it waits there already."""
    row = connection.execute("SELECT defer_run(%s, %s)", [run_id, key_name]).fetchone()
    return bool(row and row[0])


async def _commit_each(connection: psycopg.AsyncConnection) -> None:
    await connection.set_autocommit(True)


class _Pool(AsyncConnectionPool):
    """Procrastinate's, which is opened for as long as our own waits for a connection."""

    async def open(self, wait: bool = False, timeout: float = 0.0) -> None:
        await super().open(wait, timeout or POOL_SECONDS)


def _unchecked_pool(**options: Any) -> AsyncConnectionPool:
    return _Pool(**{**options, "check": None})


class _Connector(procrastinate.PsycopgConnector):
    """One round trip a statement. A connection that turns out to be dead is replaced once, as in ``Database.run``.

    Procrastinate's own asks before each statement whether the connection lives, and then opens a transaction for it:
    four round trips, which take long where the event loop is busy. Each statement of the queue may be carried out
    again; of a job that was fetched with an answer that was lost, see ``sweep.drop_lost``.
    """

    def __init__(self, conninfo: str) -> None:
        super().__init__(
            conninfo=conninfo, min_size=1, max_size=CONNECTIONS, pool_factory=_unchecked_pool, configure=_commit_each
        )

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await self._alive(super().execute_query_async, query, arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        return await self._alive(super().execute_query_one_async, query, arguments)

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        return await self._alive(super().execute_query_all_async, query, arguments)

    async def _alive(
        self, execute: Callable[..., Awaitable[R]], query: LiteralString, arguments: Mapping[str, Any]
    ) -> R:
        try:
            return await execute(query, **arguments)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.Error) or not is_dead(error.__cause__):
                raise
        # All that were idle died with the server.
        await self.pool.check()
        return await execute(query, **arguments)


class _Jobs(JobManager):
    """Fetches jobs, several with one statement, and writes down what became of them.

    What became of a job is written only while it is still this worker's: one that was taken for dead may come to the
    end of a job that another one has by now. It is written again if the database was away.
    """

    def __init__(self, connector: procrastinate.PsycopgConnector) -> None:
        super().__init__(connector)
        self.registered: Callable[[int], Awaitable[None]] | None = None
        #: The most jobs that it has at a time.
        self.capacity = 1
        #: The ids of those that it has.
        self._in_hand: set[int | None] = set()
        #: Those of them that are not begun yet: they are handed out one by one, at once.
        self._waiting: deque[jobs.Job] = deque()
        #: Whether somebody has told of a job since the last look.
        self._is_told = False

    async def register_worker(self) -> int:
        number = await super().register_worker()
        if self.registered is not None:
            await self.registered(number)
        return number

    async def unregister_worker(self, worker_id: int) -> None:
        # It stops. Once it has no number, nothing says whose they are.
        while self._waiting:
            await self.retry_job(self._waiting.popleft())
        await super().unregister_worker(worker_id)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def told(**more: Any) -> None:
            self._is_told = True
            await on_notification(**more)

        await super().listen_for_jobs(on_notification=told, queues=queues)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        while not self._waiting:
            # Procrastinate forgets what it is told while this looks, and would wait until it looks by itself.
            self._is_told = False
            most = max(1, min(FETCHED_AT_ONCE, self.capacity - len(self._in_hand)))
            rows = await self.connector.execute_query_all_async(
                _FETCH, queues=list(queues or ()), worker=worker_id, most=most
            )
            self._waiting.extend(map(jobs.Job.from_row, rows))
            self._in_hand.update(job.id for job in self._waiting)
            if not rows and not self._is_told:
                return None
        return self._waiting.popleft()

    async def finish_job(self, job: jobs.Job, status: jobs.Status, delete_job: bool) -> None:
        await self._write("SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete)s)", job, status, delete_job)

    async def retry_job(self, job: jobs.Job, retry_at: datetime | None = None, *_: Any, **__: Any) -> None:
        try:
            await self._write("SELECT put_back(id, %(at)s)", job, at=retry_at)
        except UniqueViolation:
            # The run waits in the queue already.
            await self.finish_job(job, jobs.Status.ABORTED, delete_job=True)

    async def _write(
        self,
        call: LiteralString,
        job: jobs.Job,
        status: jobs.Status | None = None,
        delete: bool | None = None,
        at: datetime | None = None,
    ) -> None:
        query: LiteralString = f"{call} {_STILL_MINE}"
        values = {"id": job.id, "worker": job.worker_id, "at": at, "delete": delete}
        try:
            for pause in (*PAUSES, None):
                try:
                    await self.connector.execute_query_async(query, status=status and status.value, **values)
                except UniqueViolation:
                    raise
                except ConnectorException:
                    if pause is None:
                        raise
                    await asyncio.sleep(pause)
                else:
                    return
        finally:
            self._in_hand.discard(job.id)


class Dispatch:
    """The part of Procrastinate that fetches a worker's jobs and calls ``work`` with the id of each one's run.

    ``work`` raises ``Stopped`` to leave the run to others.
    """

    def __init__(self, database: Database, work: Callable[[str], Awaitable[None]]) -> None:
        self._database = database
        connector = _Connector(database.conninfo)
        self._app = procrastinate.App(connector=connector)
        self._jobs = self._app.job_manager = _Jobs(connector)
        self._worker: JobWorker | None = None
        self._is_stopped = False

        async def drive(run_id: str) -> None:
            await work(run_id)

        self._app.task(name=TASK, retry=_ForEver())(drive)

    async def run(
        self, name: str, queues: Collection[str], capacity: int, registered: Callable[[int], Awaitable[None]]
    ) -> None:
        """Fetch and carry out jobs until ``stop``. ``registered`` is given the number that its jobs have.

        Raises:
            StoreError: the database can no longer be used.
        """
        self._jobs.registered, self._jobs.capacity = registered, capacity
        try:
            await self._run(name, queues, capacity)
        except (ConnectorException, psycopg.Error) as error:
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            if not isinstance(cause, psycopg.Error):
                raise
            raise await in_thread(self._database.refusal, cause) from None

    async def _run(self, name: str, queues: Collection[str], capacity: int) -> None:
        async with self._app.open_async():
            self._worker = JobWorker(
                self._app,
                queues=list(queues),
                name=name,
                concurrency=capacity,
                delete_jobs="always",
                install_signal_handlers=False,
                shutdown_graceful_timeout=DRAIN_SECONDS,
                stalled_worker_timeout=_NEVER_SECONDS,
                update_heartbeat_interval=_SELDOM_SECONDS,
                abort_job_polling_interval=_SELDOM_SECONDS,
                fetch_job_polling_interval=POLL_SECONDS,
            )
            if not self._is_stopped:
                await self._worker.run()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Fetch no more, and end once the jobs in hand have ended."""
        self._is_stopped = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]
