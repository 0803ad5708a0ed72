"""What is paid for once: refusals that were carried out, runs that die or are doubled, stores that were put back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from specstep_flows import RunStore, SpecStep, errors, events
from specstep_flows.cli import main
from specstep_flows.engine.clock import SystemClock
from specstep_flows.sandbox import Failure, Fault
from tests.kit.api import op, path_of
from tests.kit.bench import BRIEF, Bench
from tests.kit.tiers import one_in

KICKOFF = op("start_generation")
RETRY = op("retry_generation")
UPDATE = op("update_generation")
#: Answers that say no; a front door gives some of them in a service's stead.
REFUSALS = (400, 402, 403, 404, 405, 409, 413, 415, 422, 425, 429, 451, 499, 500, 502, 503)
FAILS_ONCE = {"failures": (Failure("HostRestart", on=(1,)),)}


def refuse(bench: Bench, operation: str, status: int, **more: Any) -> Fault:
    """Have an operation refused, and carried out all the same."""
    more = {"retry_after": 5} | more if status in (409, 429, 503) else more
    return bench.sandbox.faults.add(Fault(operation, "status", status=status, commit=True, **more))


@pytest.mark.parametrize("status", one_in(6, REFUSALS))
def test_a_refused_kickoff_that_was_carried_out_is_paid_once(new_bench: Any, status: int) -> None:
    """By one command, or by the same again where the refusal was its end."""
    bench = new_bench()
    refuse(bench, KICKOFF, status)

    bench.judge(bench.persist(most=3))


@pytest.mark.parametrize("status", [400, 429])
def test_a_service_that_refuses_everything_it_carries_out_is_paid_once(new_bench: Any, status: int) -> None:
    """Each time, for ever."""
    bench = new_bench(require_project_type=status == 400)
    refuse(bench, KICKOFF, status, times=None)

    bench.judge(bench.persist(most=3, project_type=None))


@pytest.mark.parametrize(
    "status",
    [status if status in (400, 409, 429, 503) else pytest.param(status, marks=pytest.mark.slow) for status in REFUSALS],
)
def test_a_refused_retry_that_was_carried_out_is_paid_once(new_bench: Any, status: int) -> None:
    """The run's own retry."""
    bench = new_bench(**FAILS_ONCE)
    refuse(bench, RETRY, status)

    bench.judge(bench.persist(most=3, retry_failed=1), paid=2)


def failed_generation(bench: Bench) -> UUID:
    """A generation that failed, which the run of the bench manages."""
    with pytest.raises(errors.GenerationFailed):
        bench.attempt()
    return UUID(bench.generations[0].id)


@pytest.mark.parametrize("status", one_in(3, [400, 404, 409, 425, 429, 499, 503]))
@pytest.mark.parametrize("operation", [RETRY, UPDATE])
def test_a_step_that_was_refused_and_carried_out_is_not_paid_again(
    new_bench: Any, tmp_path: Path, operation: str, status: int
) -> None:
    """A retry and an update by themselves, and the same call again after an error."""
    bench = new_bench(**(FAILS_ONCE if operation == RETRY else {}))
    if operation == RETRY:
        failed_generation(bench)
    else:
        bench.attempt()
    first = bench.generations[0]
    refuse(bench, operation, status)
    with SpecStep(settings=bench.settings(), clock=bench.clock, store=tmp_path / "other") as client:
        for _ in range(3):
            try:
                if operation == RETRY:
                    client.retry_generation(first.id)
                else:
                    client.update_generation(first.id, first.intake_id)
            except errors.SpecStepError as error:
                bench.errors.append(error)

    assert len(bench.generations) == 2


def test_a_step_that_was_killed_and_is_called_again_asks(new_bench: Any, tmp_path: Path) -> None:
    """No run knows of it: the newer generation is named, and only the caller's word pays for one more."""
    bench = new_bench(**FAILS_ONCE)
    first = failed_generation(bench)
    with SpecStep(settings=bench.settings(), clock=bench.clock, store=tmp_path / "other") as client:
        second = client.retry_generation(first)
        with pytest.raises(errors.OutcomeUnknown, match="again=True") as caught:
            client.retry_generation(first)
        assert caught.value.candidates == (second,)
        third = client.retry_generation(first, again=True)

    assert {run.id for run in bench.generations} == {str(first), str(second), str(third)}


@pytest.mark.parametrize("operation", [RETRY, UPDATE])
def test_two_who_take_the_same_step_at_once_pay_once(new_bench: Any, operation: str) -> None:
    """The second comes while the first has looked, and waits for the service to let it send."""
    bench = new_bench(**(FAILS_ONCE if operation == RETRY else {}))
    if operation == RETRY:
        failed_generation(bench)
    else:
        bench.attempt()
    first = bench.generations[0]
    bench.sandbox.faults.add(Fault(operation, "status", status=429, retry_after=60))
    busy: list[errors.RunBusy] = []

    def step(client: SpecStep) -> None:
        if operation == RETRY:
            client.retry_generation(first.id)
        else:
            client.update_generation(first.id, first.intake_id)

    def come_too(event: Any) -> None:
        if isinstance(event, events.Waiting):
            with SpecStep(settings=bench.settings(), clock=bench.clock) as other:
                with pytest.raises(errors.RunBusy, match="has sent nothing") as caught:
                    step(other)
                busy.append(caught.value)

    with SpecStep(settings=bench.settings(), clock=bench.clock, on_event=come_too) as client:
        step(client)

    assert busy
    assert len(bench.generations) == 2


# Runs that die


@pytest.fixture
def command(new_bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A bench, and the command for its user, on its clock."""

    def make(**options: Any) -> tuple[Bench, Any]:
        bench: Bench = new_bench(**options)
        monkeypatch.setenv("SPECSTEP_API_URL", bench.sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", bench.key)
        monkeypatch.setenv("SPECSTEP_STATE", str(bench.state))
        monkeypatch.setattr(SystemClock, "now", lambda self: bench.clock.now())
        monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: bench.clock.sleep(seconds))

        def call(*arguments: str) -> tuple[int, str, str]:
            capsys.readouterr()
            code = main(list(arguments))
            told = capsys.readouterr()
            return code, told.out, told.err

        return bench, call

    return make


class Killed(BaseException):
    """The end of a process, which no flow catches."""


def die_in(bench: Bench, operation: str, *, is_carried_out: bool = True, **more: Any) -> None:
    """A run whose process ends while a request for a generation is on its way."""

    def die(event: Any) -> None:
        if isinstance(event, events.Notice) and "Checking whether" in event.message:
            raise Killed

    bench.sandbox.faults.add(Fault(operation, "reset", commit=is_carried_out))
    with pytest.raises(Killed):
        bench.attempt(on_event=die, **more)
    assert bench.record().kickoff_intent is not None


@pytest.mark.parametrize("verb", [("cancel", "--yes"), ("watch",), ("generation", "show"), ("generation", "pause")])
def test_what_may_have_been_started_is_looked_for(command: Any, verb: tuple[str, ...]) -> None:
    """Killed between the kickoff and its answer: it runs and costs, and can be seen, watched and stopped by its run."""
    bench, specstep = command(clarifications=())
    die_in(bench, KICKOFF)
    code, _, err = specstep(*verb, "proof")

    assert code == 0, err
    assert "looking for it" in err
    (run,) = bench.generations
    assert bench.record().generation_id == UUID(run.id)
    assert run.state == {"--yes": "Cancelled", "watch": "Complete", "pause": "Paused"}.get(verb[-1], run.state)


def test_what_was_not_started_is_said_to_be_unknown(command: Any) -> None:
    """It is looked for until the settle time is over; nothing is said to be not there, and nothing is sent."""
    bench, specstep = command()
    die_in(bench, KICKOFF, is_carried_out=False)
    began = bench.clock.now()
    code, out, err = specstep("cancel", "proof", "--yes")

    assert (code, out) == (1, "")
    assert "none has appeared" in err
    assert bench.clock.now() - began > 80
    assert bench.generations == []


def test_a_retry_that_may_have_been_sent_is_what_is_cancelled(command: Any) -> None:
    """Not the generation that failed."""
    bench, specstep = command(**FAILS_ONCE)
    die_in(bench, RETRY, retry_failed=1)
    code, _, err = specstep("cancel", "proof", "--yes")

    assert code == 0, err
    assert [run.state for run in bench.generations] == ["Failed", "Cancelled"]
    record = bench.record()
    assert (record.retries, record.kickoff_intent) == (1, None)


@pytest.mark.parametrize(("operation", "states"), [(KICKOFF, ["Cancelled"]), (RETRY, ["Failed", "Cancelled"])])
def test_a_refusal_that_was_carried_out_can_be_cancelled_too(command: Any, operation: str, states: list[str]) -> None:
    """Killed while it waits to look: the run was refused, and knows of nothing."""
    bench, specstep = command(**(FAILS_ONCE if operation == RETRY else {}))
    refuse(bench, operation, 429)

    def die(event: Any) -> None:
        if isinstance(event, events.Waiting) and "429" in event.reason:
            raise Killed

    with pytest.raises(Killed):
        bench.attempt(on_event=die, retry_failed=1)
    assert bench.record().intent is None

    code, _, err = specstep("cancel", "proof", "--yes")
    assert code == 0, err
    assert [run.state for run in bench.generations] == states
    assert bench.record().retries == len(states) - 1


def test_a_senseless_limit_in_the_record_keeps_nobody_from_cancelling(command: Any) -> None:
    """Whoever wrote it: what may have been started is looked for, and stopped."""
    bench, specstep = command()
    die_in(bench, KICKOFF)
    with sqlite3.connect(bench.state / "runs.db") as database:
        database.execute("UPDATE runs SET options = json_set(options, '$.max_cost_usd', -5)")
    database.close()

    code, _, err = specstep("cancel", "proof", "--yes")
    assert code == 0, err
    assert [run.state for run in bench.generations] == ["Cancelled"]


def test_what_was_paid_for_is_never_said_not_to_be(command: Any, tmp_path: Path) -> None:
    """A paid run is resumed with an output that cannot be."""
    bench, specstep = command()
    die_in(bench, KICKOFF)
    (tmp_path / "file").touch()
    code, _, err = specstep("resume", "proof", "--yes", "--output", str(tmp_path / "file" / "portal.zip"))

    assert code == 2, err
    assert "cannot be written" in err
    assert "paid for" not in err


def test_a_run_may_be_called_as_an_id_is(command: Any) -> None:
    """Names are told apart by asking: a run that was given an id for a name is found by it, in every verb."""
    for name in ("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04", "0" * 32):
        bench, specstep = command()
        with pytest.raises(errors.AnswersNeeded):
            bench.attempt(run_id=name, on_question=None)

        assert json.loads(specstep("show", name, "--json")[1])["run_id"] == name
        assert specstep("answer", name, "--defaults")[0] == 0
        assert specstep("cancel", name, "--yes")[0] == 0
        assert [run.state for run in bench.generations] == ["Cancelled"]


# Two drivers, two runs, an older store


def test_a_generation_that_was_adopted_many_times_at_once_is_one_run(new_bench: Any, tmp_path: Path) -> None:
    """And so is retried once."""
    bench = new_bench(**FAILS_ONCE)
    failed = failed_generation(bench)
    barrier = threading.Barrier(6)
    made: list[str] = []

    def adopt() -> None:
        with SpecStep(settings=bench.settings(), clock=bench.clock, store=tmp_path / "shared") as client:
            barrier.wait()
            made.append(client.adopt(failed).run_id)

    RunStore(tmp_path / "shared").close()
    threads = [threading.Thread(target=adopt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 6
    assert len(set(made)) == 1


def test_a_generation_is_adopted_into_the_run_that_requested_it(new_bench: Any) -> None:
    """That run does not know it yet; a second run would pay its own retry."""
    bench = new_bench()
    die_in(bench, KICKOFF)
    with SpecStep(settings=bench.settings(), clock=bench.clock) as client:
        record = client.adopt(bench.generations[0].id, max_cost_usd=9.0)
        assert [run.run_id for run in client.runs()] == ["proof"]

    assert (record.run_id, record.intent, record.options.max_cost_usd) == ("proof", None, 9.0)
    bench.judge(bench.attempt())


def test_what_a_run_is_just_starting_is_adopted_by_nobody_else(new_bench: Any, tmp_path: Path) -> None:
    """Its own run waits for the answer to its kickoff: whoever adopts the generation is told which run that is."""
    bench = new_bench()
    told: list[errors.RunBusy] = []

    def adopt(event: Any) -> None:
        if isinstance(event, events.Notice) and "Checking whether" in event.message:
            with (
                SpecStep(settings=bench.settings(), clock=bench.clock) as client,
                pytest.raises(errors.RunBusy, match="proof") as caught,
            ):
                client.adopt(bench.generations[0].id)
            told.append(caught.value)

    bench.sandbox.faults.add(Fault(KICKOFF, "reset", commit=True))

    bench.judge(bench.attempt(on_event=adopt))
    assert len(told) == 1


def test_what_another_run_manages_is_not_taken_over(new_bench: Any) -> None:
    """An older store had two runs of one interview, say: the refusal names the run that goes on."""
    bench = new_bench()
    die_in(bench, KICKOFF)
    store = RunStore(bench.state)
    store.update("proof", {"intent": None, "intake_artifact_id": None})
    with SpecStep(settings=bench.settings(), clock=bench.clock) as client:
        other = client.adopt(bench.generations[0].id, run_id="other")
        assert other.run_id == "other"

    with pytest.raises(errors.RunConflict, match="specstep resume other"):
        bench.attempt()
    assert len(bench.generations) == 1


def test_without_the_folder_of_locks_two_drivers_pay_once(new_bench: Any) -> None:
    """`rm -rf state/locks` in mid-run, and the same command again: the first stops, the second goes on."""
    bench = new_bench()
    results: list[Any] = []

    def take_over(event: Any) -> None:
        if isinstance(event, events.InterviewCompleted) and not results:
            shutil.rmtree(bench.state / "locks")
            results.append(bench.attempt())

    with pytest.raises(errors.RunBusy, match="taken over"):
        bench.attempt(on_event=take_over)
    bench.judge(results[0])


@pytest.mark.parametrize("again", ["resume", "second retry"])
def test_a_store_from_before_a_retry_pays_no_second_one(new_bench: Any, again: str) -> None:
    """CI put the state folder of yesterday back: what the forgotten retry started is found."""
    bench = new_bench(**FAILS_ONCE)
    failed_generation(bench)
    shutil.copytree(bench.state, bench.folder / "yesterday")
    first = bench.attempt(retry_failed=1)
    shutil.rmtree(bench.state)
    shutil.copytree(bench.folder / "yesterday", bench.state)
    shutil.rmtree(bench.output)

    result = bench.attempt(retry_failed=1 if again == "resume" else 2)

    assert result.generation_id == first.generation_id
    bench.judge(result, paid=2)
    assert bench.record().retries == 1


def test_a_retry_that_somebody_cancelled_is_not_in_the_way_of_another(new_bench: Any) -> None:
    """The same, and the user cancelled the forgotten retry: their word for one more is asked for again."""
    bench = new_bench(**FAILS_ONCE)
    failed = failed_generation(bench)
    with httpx.Client(base_url=bench.sandbox.url, headers={"Authorization": f"Bearer {bench.key}"}) as web:
        second = web.post(path_of("retry_generation", failed)).json()["id"]
        web.post(path_of("cancel_generation", second)).raise_for_status()

    bench.judge(bench.attempt(retry_failed=1), paid=3)


# What cannot be recorded


@pytest.mark.parametrize("cause", ["full", "gone"])
def test_a_kickoff_whose_answer_cannot_be_recorded_is_named(
    new_bench: Any, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """The disk is full right after the answer, or the row is gone: the generation's id is what matters now."""
    bench = new_bench()
    update = RunStore.update

    def failing(store: RunStore, run_id: str, changes: Any) -> Any:
        if changes.get("generation_id") is None:
            return update(store, run_id, changes)
        if cause == "gone":
            other = sqlite3.connect(bench.state / "runs.db")
            other.execute("DELETE FROM runs")
            other.commit()
            other.close()
        else:
            store._database.execute("PRAGMA max_page_count = 1")
            changes = {**changes, "project_name": "x" * 1_000_000}
        return update(store, run_id, changes)

    monkeypatch.setattr(RunStore, "update", failing)
    with pytest.raises(errors.StoreError) as caught:
        bench.attempt()
    (run,) = bench.generations

    assert f"Generation {run.id} was started all the same" in caught.value.message
    assert "specstep adopt" in caught.value.message
    assert BRIEF
