"""Many runs at once: in one client, in several processes on one store. Limits are shared, and no run is driven
twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, SpecStep, errors
from specstep_flows.engine.threads import THREADS
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions
from specstep_flows.sandbox.options import MEDIAN_SECONDS
from specstep_flows.settings import Settings
from tests.kit.api import op
from tests.kit.bench import BRIEF, SECONDS, options
from tests.kit.clocks import ConcurrentClock
from tests.kit.commits import commits
from tests.kit.secrets import Secrets

ROOT = Path(__file__).parents[2]

RUNS = 40
#: What belongs to turns: each is sent, and what comes of it is read.
TURNS_OWN = (op("submit_turn"), op("get_turn_job"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "asks"),
    [("Fast", False), ("Normal", False), ("Extensive", False), ("Fast", True), ("Normal", True), ("Extensive", True)],
)
def test_forty_runs_at_once_share_what_they_send(
    tmp_path: Path, secrets: Secrets, monkeypatch: pytest.MonkeyPatch, profile: str, asks: bool
) -> None:
    """At most 12 requests each beyond their turns' own, so that 60 a minute suffice for five kickoffs a minute.

    Nor do they need a thread each, or more than so many transactions.
    """
    threads: set[str] = set()
    committed = commits(monkeypatch)
    chosen = {} if asks else {"clarifications": ()}
    told = options(profile_seconds=MEDIAN_SECONDS, **chosen)
    manual = ManualClock()
    with Sandbox(options=told, clock=manual) as sandbox:
        secrets.keys.add(sandbox.api_key)
        clock = ConcurrentClock(manual, RUNS)
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, state=tmp_path / "state")

        async def all_of_them() -> Any:
            async with AsyncSpecStep(settings=settings, clock=clock) as client:
                runs = [
                    clock.until_done(
                        client.run(
                            list(BRIEF),
                            run_id=f"run-{number}",
                            profile=profile,
                            output=tmp_path / "out",
                            on_question=lambda questions: {question.question: "Yes." for question in questions},
                            on_event=lambda _: threads.update(thread.name for thread in threading.enumerate()),
                        )
                    )
                    for number in range(RUNS)
                ]
                return await asyncio.gather(*runs)

        results = asyncio.run(all_of_them())

        assert len({result.generation_id for result in results}) == RUNS
        assert len(sandbox.state.generations) == RUNS
        assert [request.status for request in sandbox.requests if request.status == 429] == []
        sent = Counter(request.operation for request in sandbox.requests if request.server == "api")
        beyond = sum(count for operation, count in sent.items() if operation not in TURNS_OWN)
        assert beyond / RUNS <= 12, sent.most_common()
        # A cost that grows is written once a minute.
        assert committed["runs.db"] / RUNS <= (60 if profile == "Extensive" else 40)
        assert committed["limits.db"] <= 1.2 * sum(sent.values())
        for kind, most in THREADS.items():
            assert sum(name.startswith(f"specstep-{kind}_") for name in threads) <= most
        # What asks the service for each run is asked once for all of them.
        assert sent[op("get_me")] == sent[op("get_capabilities")] == 1


def test_a_refused_key_is_tried_once_by_all_runs_together(tmp_path: Path, secrets: Secrets) -> None:
    """Five refusals in five minutes lock the address out: forty runs with a wrong key make one."""
    manual = ManualClock()
    with Sandbox(options=options(), clock=manual) as sandbox:
        secrets.keys.add("sf_wrong_0123456789abcdef")
        settings = Settings(api_key="sf_wrong_0123456789abcdef", api_url=sandbox.url, state=tmp_path / "state")
        clock = ConcurrentClock(manual, RUNS)

        async def all_of_them() -> Any:
            async with AsyncSpecStep(settings=settings, clock=clock) as client:
                runs = [
                    clock.until_done(client.run(list(BRIEF), run_id=f"run-{number}", output=tmp_path / "out"))
                    for number in range(RUNS)
                ]
                return await asyncio.gather(*runs, return_exceptions=True)

        refusals = asyncio.run(all_of_them())

        assert {type(refusal) for refusal in refusals} == {errors.AuthenticationError}
        assert len(refusals) == RUNS
        # Nothing was started, so there is nothing to resume, and nothing is kept.
        assert {refusal.run_id for refusal in refusals} == {None}
        with SpecStep(settings=settings) as client:
            assert client.runs() == []
        assert [request.status for request in sandbox.requests] == [401]


@pytest.mark.slow
def test_four_processes_share_forty_runs_and_one_store(tmp_path: Path, secrets: Secrets) -> None:
    """Each process tries every run. No run is driven twice, none pays twice, and nobody is told of a 429."""
    speed = 60.0
    told = SandboxOptions(profile_seconds=SECONDS, turn_seconds=3.0, clarifications=())
    with Sandbox(options=told, speed=speed) as sandbox:
        secrets.keys.add(sandbox.api_key)
        order = {
            "key": sandbox.api_key,
            "url": sandbox.url,
            "state": str(tmp_path / "state"),
            "out": str(tmp_path / "out"),
            "speed": speed,
            "runs": RUNS,
            "brief": list(BRIEF),
        }
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.kit.concurrent_runs", json.dumps({**order, "seed": seed})],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for seed in range(4)
        ]
        reports = [process.communicate(timeout=280)[0] for process in processes]

        assert [process.returncode for process in processes] == [0, 0, 0, 0], reports
        drove = [json.loads(report) for report in reports]
        assert sorted(run for report in drove for run in report["done"]) == sorted(f"run-{n}" for n in range(RUNS))
        assert len(sandbox.state.generations) == RUNS
        used = [interview for interview in sandbox.state.interviews.values() if interview.messages]
        assert [interview.messages for interview in used] == [list(BRIEF)] * RUNS
        assert len(list((tmp_path / "out").glob("*.zip"))) == RUNS
        assert secrets.found_in(reports) == []
        assert secrets.found_under(tmp_path) == []
