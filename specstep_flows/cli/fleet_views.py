"""Runs, workers and keys of a fleet as tables, facts and documents; and the fleet that a call is about."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._text import counted, duration, heading, money, plain_line
from specstep_flows.cli.output import name_of, run_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.cli.session import Call
    from specstep_flows.engine.limits import Bucket
    from specstep_flows.fleet import FleetRun, KeyInfo, SyncFleet, WorkerInfo

Database: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The fleet's database, postgresql://user@host/name (default: SPECSTEP_FLEET_URL, which is the place "
        "for a password: other users can see it here).",
    ),
]
#: So many of the newest runs are offered to a shell.
MOST_COMPLETED: Final = 200
#: A worker says every few seconds that it is there.
LATE_SECONDS: Final = 30.0


@contextlib.contextmanager
def open_fleet(call: Call, database: str | None, **more: Any) -> Iterator[SyncFleet]:
    """The fleet that the environment describes, or that of ``--database``. Its keys are for whoever works.

    Raises:
        UsageError: the extra is not installed.
        SettingsError: the fleet cannot be what it should.
    """
    call.is_elsewhere = True
    try:
        from specstep_flows.fleet import SyncFleet
    except ModuleNotFoundError as error:
        raise errors.UsageError(str(error)) from None
    except ImportError as error:
        # psycopg without libpq is installed, and of no use.
        from specstep_flows.fleet import NO_FLEET

        raise errors.UsageError(f"{NO_FLEET} ({error})") from None
    environ = os.environ if database is None else {**os.environ, "SPECSTEP_FLEET_URL": database}
    given = {"settings": call.settings(), "keys": {}, **more}
    with SyncFleet.from_env(environ, **{name: value for name, value in given.items() if value is not None}) as fleet:
        yield fleet


def complete_fleet_run(incomplete: str) -> list[tuple[str, str]]:
    """Ids of the fleet's newest runs for shell completion, each with what it is; none where there is no fleet."""
    try:
        from specstep_flows.fleet import SyncFleet

        with SyncFleet.from_env() as fleet:
            newest = itertools.islice(fleet.runs(), MOST_COMPLETED)
            return [
                (run.run_id, f"{run.status} {plain_line(run.project_name)}".strip())
                for run in newest
                if run.run_id.startswith(incomplete)
            ]
    except (errors.SpecStepError, ImportError):
        return []


def fleet_document(run: FleetRun, waiting_for: str | None, *, with_history: bool = True) -> dict[str, Any]:
    """A run of a fleet: what its row says, and its record as ``show`` has it."""
    names = ("run_id", "status", "key", "policy", "wanted", "worker", "wake_at", "failures", "questions", "key_refusal")
    return {
        **{name: as_json(getattr(run, name)) for name in names},
        "waiting_for": waiting_for,
        "record": run_document(run.record, with_history=with_history),
    }


HEADS: Final = ("RUN", "STATUS", "KEY", "WORKER", "COST", "SUBMITTED", "PROJECT", "NOTE")


def fleet_row(run: FleetRun, waiting_for: str | None) -> tuple[str, ...]:
    """A run in a table."""
    return (
        run.run_id,
        run.status,
        run.key or "",
        run.worker or "",
        "" if run.cost_usd is None else money(run.cost_usd),
        f"{run.created_at.astimezone():%Y-%m-%d %H:%M}",
        name_of(run.record),
        note_of(run, waiting_for) or "",
    )


def note_of(run: FleetRun, waiting_for: str | None) -> str | None:
    """What a person would ask next about a run that is not simply on its way."""
    if run.status == "importing":
        return "its import has not ended: import it again"
    if run.wanted == "cancel" and not run.is_over:
        return "is to be cancelled"
    if run.questions:
        return f"{counted(len(run.questions), 'question')}: {heading(run.questions[0].question)}"
    if run.status == "done":
        return None
    return waiting_for or run.error


def fleet_facts(run: FleetRun, waiting_for: str | None) -> list[tuple[str, Any]]:
    """A run in full."""
    record = run.record
    return [
        ("run", run.run_id),
        ("status", run.status),
        ("project", name_of(record)),
        ("service", record.api_url),
        ("key", run.key),
        ("worker", run.worker),
        ("waits", waiting_for),
        ("wanted", run.wanted if not run.is_over else None),
        ("submitted", f"{run.created_at.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("last change", f"{run.updated_at.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("profile", record.options.profile),
        ("policy", run.policy),
        ("interview", record.interview_id),
        ("generation", run.generation_id),
        ("state", run.generation_state),
        ("cost", None if run.cost_usd is None else money(run.cost_usd)),
        ("cost limit", money(record.options.max_cost_usd) if record.options.max_cost_usd else None),
        *(("question", one.question) for one in run.questions),
        *(
            ("answer", f"{answer.get('question')} -> {answer.get('answer')} ({answer.get('rule')})")
            for answer in record.answers
        ),
        ("file", run.file),
        ("sha256", record.sha256 if run.file else None),
        ("error", run.error if run.status != "done" else None),
        ("to answer", f"specstep fleet answer {run.run_id}" if run.questions else None),
    ]


WORKER_HEADS: Final = ("WORKER", "NAME", "HOST", "PROCESS", "RUNS", "STATE", "HEARD OF", "KEYS", "VERSION")


def worker_row(worker: WorkerInfo) -> tuple[str, ...]:
    """A worker in a table."""
    ago = max(0.0, time.time() - worker.beat_at)
    return (
        str(worker.id),
        worker.name,
        worker.host,
        str(worker.pid),
        f"{worker.runs} of {worker.capacity}" if worker.capacity else str(worker.runs),
        worker_state(worker, ago),
        f"{duration(ago)} ago",
        ", ".join(worker.keys),
        worker.version,
    )


def worker_state(worker: WorkerInfo, ago: float) -> str:
    """What it does, in a word."""
    if not worker.capacity:
        return "no worker"
    if worker.is_draining:
        return "draining"
    return "late" if ago > LATE_SECONDS else "working"


KEY_HEADS: Final = ("KEY", "RUNS", "REQUESTS LEFT", "KICKOFFS LEFT", "REFUSED")


def key_row(key: KeyInfo) -> tuple[str, ...]:
    """A key in a table."""
    return (
        key.name,
        ", ".join(f"{count:,} {status}" for status, count in key.runs.items()),
        _room(key, "standard"),
        _room(key, "kickoff"),
        key.refusal or "",
    )


def _room(key: KeyInfo, bucket: Bucket) -> str:
    room = key.rooms.get(bucket)
    if room is None:
        return ""
    return f"{room.left} of {room.limit}" + (f", next in {duration(room.seconds)}" if room.seconds > 0 else "")
