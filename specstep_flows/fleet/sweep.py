"""The sweep: every second or so one of the workers looks for runs that nobody looks after.

It puts back the jobs of workers that are gone, and puts into the queue every run that is to be driven and has no job.
Who is gone is what PostgreSQL says of the worker's session, never how long ago it was heard of: a worker that is
stopped keeps its runs, and one that was killed loses them at once. A job that is put back wrongly does no harm, because
whoever fetches it finds the run in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows.fleet.session import KEPT_SECONDS, forget_dead

if TYPE_CHECKING:
    from collections.abc import Collection

    from specstep_flows.fleet.database import Connection, Database

#: What the one task is called, in jobs of every version.
TASK: Final = "specstep.drive"
#: A job that was fetched within so many seconds may belong to a worker that nobody knows of yet.
FETCHED_SECONDS: Final = 3.0
#: For so long a refused key is not tried, and then by one run alone.
REFUSED_SECONDS: Final = 900.0
#: The second number of the sweep's advisory lock; no worker has it for its id, and -1 is that of deliveries.
_LOCK: Final = -2
#: The most runs that one sweep puts into the queue.
MOST_AT_ONCE: Final = 1000

#: Jobs whose worker is gone. Of several for one run, one is put back, and none where one waits in the queue already.
_PUT_BACK: Final = """
WITH live AS MATERIALIZED (SELECT * FROM live_workers(%(class)s)), lost AS MATERIALIZED (
  SELECT job.id, job.queueing_lock AS run_id,
    row_number() OVER (PARTITION BY job.queueing_lock ORDER BY job.id DESC) = 1
      AND EXISTS (SELECT FROM runs WHERE runs.run_id = job.queueing_lock AND runs.status = 'open')
      AND NOT EXISTS (
        SELECT FROM procrastinate_jobs other WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo'
      ) AS is_wanted
  FROM procrastinate_jobs job
  WHERE job.status = 'doing' AND job.task_name = %(task)s
    AND NOT EXISTS (SELECT FROM live WHERE live.dispatch_id = job.worker_id)
    AND (EXISTS (SELECT FROM workers WHERE workers.dispatch_id = job.worker_id) OR NOT EXISTS (
      SELECT FROM procrastinate_events event
      WHERE event.job_id = job.id AND event.at > now() - make_interval(secs => %(fetched)s)
    ))
), moved AS MATERIALIZED (
  SELECT run_id, is_wanted,
    CASE WHEN is_wanted THEN put_back(id, NULL)
    ELSE procrastinate_finish_job_v1(id, 'aborted', true) END
  FROM lost
)
SELECT run_id FROM moved WHERE is_wanted
"""
#: Runs that should be driven now, have no job, and are in nobody's hands. (One without a key's name belongs to whoever
#: has made it with a client of their own.)
_DEFER: Final = """
WITH live AS MATERIALIZED (SELECT * FROM live_workers(%(class)s)), left_alone AS MATERIALIZED (
  SELECT run_id, key_name FROM runs
  WHERE status = 'open' AND key_name IS NOT NULL AND (wake_at IS NULL OR wake_at <= now())
    AND NOT EXISTS (
      SELECT FROM procrastinate_jobs job WHERE job.queueing_lock = runs.run_id AND job.status IN ('todo', 'doing')
    )
    AND NOT EXISTS (
      SELECT FROM holds JOIN live ON live.id = holds.worker WHERE holds.name = runs.run_id
    )
    AND NOT EXISTS (
      SELECT FROM keys WHERE keys.name = runs.key_name AND refused_at IS NOT NULL AND trial IS DISTINCT FROM runs.run_id
    )
  ORDER BY created_at LIMIT %(most)s
)
SELECT run_id FROM left_alone WHERE defer_run(run_id, key_name)
"""
#: Once in a while one run tries a key that was refused: it may have been the lock-out of an address.
_TRY_KEYS: Final = """
UPDATE keys SET refused_at = extract(epoch FROM now()),
  trial = (SELECT run_id FROM runs WHERE key_name = keys.name AND status = 'open' ORDER BY created_at LIMIT 1)
WHERE refused_at < extract(epoch FROM now()) - %(refused)s
"""
#: By the clock of a server that may have been set back.
_SWEPT: Final = (
    "UPDATE meta SET swept_at = now() WHERE swept_at NOT BETWEEN now() - make_interval(secs => %s) AND now()"
)
_WORKERS: Final = "SELECT count(*)::integer FROM live_workers(%(class)s) WHERE capacity > 0"
#: What the queue keeps of workers that ended without a word.
_FORGET: Final = """
DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(kept)s)
  AND id NOT IN (SELECT dispatch_id FROM live_workers(%(class)s) WHERE dispatch_id IS NOT NULL)
"""
#: Jobs that a worker has by their rows and not in hand: the answer with the job did not arrive, or what became of it
#: could not be written. While the worker lives, nobody else would put them back.
_OWN: Final = """
SELECT procrastinate_finish_job_v1(id, 'aborted', true) FROM procrastinate_jobs job
WHERE worker_id = %(worker)s AND status = 'doing' AND queueing_lock <> ALL(%(in_hand)s) AND NOT EXISTS (
  SELECT FROM procrastinate_events event
  WHERE event.job_id = job.id AND event.at > now() - make_interval(secs => %(fetched)s)
)
"""


def drop_lost(connection: Connection, worker: int, in_hand: Collection[str]) -> None:
    """Drop the jobs of a worker (its number at the queue) of whose runs it knows nothing; the sweep defers the runs."""
    values = {"worker": worker, "in_hand": list(in_hand), "fetched": FETCHED_SECONDS}
    connection.execute(_OWN, values)


@attrs.frozen
class Swept:
    """The runs that a sweep took from workers that are gone, and those that it put into the queue."""

    put_back: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()
    #: How many workers live; 0 if that is not known.
    workers: int = 0


def sweep(database: Database, apart: float = 0.0) -> Swept | None:
    """Sweep once; None where another one does it, or has done it within ``apart`` seconds. Raises ``StoreError``."""
    wanted = {
        "class": database.lock_class,
        "task": TASK,
        "fetched": FETCHED_SECONDS,
        "refused": REFUSED_SECONDS,
        "most": MOST_AT_ONCE,
        "kept": KEPT_SECONDS,
    }

    def work(connection: Connection) -> Swept | None:
        lock = [database.lock_class, _LOCK]
        if connection.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", lock).fetchone() != (True,):
            return None
        if connection.execute(_SWEPT, [apart]).rowcount == 0:
            return None
        # Ten thousand runs that were put in just now are a handful to the planner, which would compare each with each.
        connection.execute("SET LOCAL enable_nestloop = off")
        put_back = connection.execute(_PUT_BACK, wanted).fetchall()
        connection.execute(_TRY_KEYS, wanted)
        deferred = connection.execute(_DEFER, wanted).fetchall()
        forget_dead(connection, database)
        connection.execute(_FORGET, wanted)
        workers = connection.execute(_WORKERS, wanted).fetchone()
        assert workers is not None
        return Swept(tuple(row[0] for row in put_back), tuple(row[0] for row in deferred), workers[0])

    return database.transact(work)
