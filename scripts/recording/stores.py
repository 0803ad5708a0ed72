"""A state folder with a run in every state that matters, made by this version's own code against the sandbox.

Later versions must open it: ``tests/runs/test_older_stores.py`` copies each that is kept and carries its runs on.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep, __version__, errors
from specstep_flows.answers import Detach
from specstep_flows.sandbox import Failure, Fault, ManualClock, Sandbox, SandboxOptions
from specstep_flows.webhooks import Receiver, sign_webhook

#: Stand for the service and for the user's home in what is kept: a copy puts its own in their place.
API: Final = "http://127.0.0.1:8787"
HOME: Final = "/home/ada"
BRIEF: Final = ("A portal where small shops collect what their customers say \u2014 caf\u00e9s, \U0001f375 tea rooms.",)
#: What says that the machine was not started again meanwhile.
_BOOT: Final = "00000000-0000-4000-8000-000000000000"
_WEBHOOK_SECRET: Final = "whsec_" + "0" * 32
#: Nothing of it outlives the process.
_PASSING: Final = ("limits.db",)


def record(target: Path, scratch: Path) -> Path:
    """Make the state folder of this version in ``target``, which must not exist. It works in ``scratch``."""
    state = scratch / "state"
    for seed, run_id in enumerate(STORIES, 1):
        with carried_out(run_id, state, scratch / "home", seed) as (_, sandbox):
            pass
        for database in state.glob("*.db"):
            replace_texts(database, {sandbox.url: API, str(scratch / "home"): HOME})
    target.mkdir(parents=True)
    for database in sorted(state.glob("*.db")):
        if database.name not in _PASSING:
            with contextlib.closing(sqlite3.connect(database)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA journal_mode=DELETE")
                connection.execute("VACUUM")
            shutil.copy(database, target)
    with contextlib.closing(RunStore(state)) as store:
        stages = {record.run_id: record.stage for record in store.all()}
    (target / "made_by.json").write_text(json.dumps({"version": __version__, "stages": stages}, indent=2) + "\n")
    return target


class TurnedClock:
    """The sandbox's clock, turned by whoever sleeps: a run of minutes takes as long as its computing."""

    speed = 1.0

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._began = clock.now()

    def now(self) -> float:
        return self._clock.now()

    def boot(self) -> tuple[str, float]:
        return _BOOT, self.now() - self._began

    def sleep(self, seconds: float) -> None:
        self._clock.advance(max(0.0, seconds))

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@contextlib.contextmanager
def carried_out(run_id: str, state: Path, home: Path, seed: int) -> Iterator[tuple[SpecStep, Sandbox]]:
    """A client with its runs in ``state``, and its sandbox, once the run is where its story leaves it.

    Ids are made from ``seed``.
    """
    told, story = STORIES[run_id]
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None, seed=seed, **told)
    clock = ManualClock()
    with Sandbox(options=options, clock=clock) as sandbox:
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, state=state)
        with SpecStep(settings=settings, clock=TurnedClock(clock)) as specstep:
            story(specstep, sandbox, home)
            yield specstep, sandbox


def _finished(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    specstep.run(BRIEF, run_id="finished", output=home / "finished.zip", unpack=True, on_question=ProposedDefaults())
    generation_id = specstep.store.get("finished").generation_id
    assert generation_id is not None
    specstep.add_addendum(specstep.get_package_of(generation_id).id, "Export", "Shops export everything as CSV.")


def _asked(specstep: SpecStep, sandbox: Sandbox, home: Path) -> None:
    with contextlib.suppress(errors.AnswersNeeded):
        specstep.run(BRIEF, run_id="question", output=home / "question.zip", on_question=Detach())
    generation = {"id": str(specstep.store.get("question").generation_id), "state": "PausedAwaitingClarification"}
    body = {"event": "generation.paused_awaiting_clarification", "generation": generation}
    signed = sign_webhook(body, _WEBHOOK_SECRET, now=time.time())
    receiver = Receiver(lambda delivery: None, _WEBHOOK_SECRET, store=specstep.store)
    assert receiver.receive(signed.body, signed.headers).status == 204


def _interviewed(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    def leave(reply: str | None, interview: object) -> str:
        raise errors.Detached("Later.")

    with contextlib.suppress(errors.Detached):
        specstep.run(BRIEF, run_id="interview", output=home / "interview.zip", respondent=leave)


def _started(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    with contextlib.suppress(errors.WaitTimeout):
        specstep.run(BRIEF, run_id="running", output=home / "running.zip", timeout=240, remember={"ticket": "OPS-7"})


def _unsettled(specstep: SpecStep, sandbox: Sandbox, home: Path) -> None:
    # Nobody knows what became of the kickoff, and whoever waited gave up before that could be settled.
    sandbox.faults.add(Fault("POST /v1/generations", "late_commit", seconds=45))
    with contextlib.suppress(errors.WaitTimeout):
        specstep.run(BRIEF, run_id="unsettled", output=home / "unsettled.zip", timeout=40)


def _failed(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    with contextlib.suppress(errors.GenerationFailed):
        specstep.run(BRIEF, run_id="failed", output=home / "failed.zip")


def _cancelled(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    with contextlib.suppress(errors.BudgetExceeded):
        specstep.run(BRIEF, run_id="cancelled", output=home / "cancelled.zip", max_cost_usd=0.5)


def _fanned_out(specstep: SpecStep, _: Sandbox, home: Path) -> None:
    specstep.run(BRIEF, profile="Researcher", run_id="research", output=home / "research.zip")


#: What the sandbox is told, and what is done, by the run that it leaves behind.
STORIES: Final[Mapping[str, tuple[dict[str, Any], Callable[[SpecStep, Sandbox, Path], None]]]] = {
    "finished": ({}, _finished),
    "question": ({}, _asked),
    "interview": ({}, _interviewed),
    "running": ({"clarifications": ()}, _started),
    "unsettled": ({"clarifications": ()}, _unsettled),
    "failed": ({"clarifications": (), "failures": (Failure(),)}, _failed),
    "cancelled": ({"clarifications": ()}, _cancelled),
    "research": ({"clarifications": ()}, _fanned_out),
}


def replace_texts(database: Path, instead: dict[str, str]) -> None:
    """Replace texts in every column of every table of a SQLite database, wherever they are."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for column in columns:
                for old, new in instead.items():
                    change = f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE typeof({column}) = 'text'"  # noqa: S608
                    connection.execute(change, [old, new])
        connection.commit()
