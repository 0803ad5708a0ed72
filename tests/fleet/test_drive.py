"""Driving runs of a fleet: what becomes of each, wherever it is driven, however often somebody says to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors, events
from specstep_flows.engine import transport
from specstep_flows.fleet import refusals, statuses
from specstep_flows.fleet.keys import Keys
from specstep_flows.fleet.session import Session
from specstep_flows.sandbox import Failure, Fault, ManualClock, Sandbox
from tests.kit.bench import QUESTIONS, options
from tests.kit.fleet import KEY, Fleet

ANSWERS = {"rules": [{"question": question.question, "answer": "Yes."} for question in QUESTIONS]}


def test_a_run_is_driven_to_its_package_once(fleet: Fleet) -> None:
    """Whoever is told to drive it again finds it done, and sends nothing."""
    fleet.submit("order")
    assert fleet.drive("order") == "done"
    sent = fleet.sent()

    assert fleet.drive("order") == "done"
    assert (fleet.sent(), len(fleet.sandbox.state.generations)) == (sent, 1)
    assert (fleet.output / "order.zip").exists()
    assert fleet.drive("another") == "unknown"


def test_a_question_parks_a_run_until_any_pod_answers(fleet: Fleet) -> None:
    """Parked, it costs nothing: no request, no job. The answers may come from a process without the key."""
    fleet.submit("order", policy=None)
    fleet.change("DELETE FROM procrastinate_jobs")
    assert fleet.drive("order") == "question"
    sent = fleet.sent()

    fleet.sandbox.clock.advance(600.0)  # type: ignore[attr-defined]
    assert fleet.sweep().deferred == ()
    assert fleet.drive("order") == "question"
    assert fleet.sent() == sent

    assert fleet.wake("order", rules=ANSWERS) == "question"
    assert fleet.jobs() == [("order", "todo")]
    assert fleet.drive("order") == "done"
    assert [answer["answer"] for answer in fleet.driver().store.get("order").answers] == ["Yes.", "Yes."]


@pytest.mark.slow
def test_an_answer_that_comes_while_a_run_is_being_parked_is_not_lost(fleet: Fleet) -> None:
    """The driver sees that it was woken, and drives it again."""
    fleet.submit("order", policy="late")

    def late(questions: Any) -> None:
        fleet.wake("order", rules=ANSWERS)

    assert fleet.drive("order", policies={"late": late}) == "done"


@pytest.mark.slow
def test_answers_of_the_run_come_before_a_policy_that_is_a_coroutine(fleet: Fleet) -> None:
    """The policy is asked for what is left."""
    first, second = (question.question for question in QUESTIONS)
    asked: list[str] = []

    async def rest(questions: Any) -> dict[str, str]:
        asked.extend(question.question for question in questions)
        return {question.question: "Rest." for question in questions}

    fleet.submit("order", policy="rest", rules=f'{{"answers": {{"{first}": "Given."}}}}')
    assert fleet.drive("order", policies={"rest": rest}) == "done"
    assert asked == [second]
    assert {one["answer"] for one in fleet.driver().store.get("order").answers} == {"Given.", "Rest."}


def test_a_process_that_is_set_up_for_another_service_leaves_the_run_to_others(fleet: Fleet) -> None:
    """It is no failure of the run's, and nothing of it is sent to the other one."""
    fleet.submit("r")

    driver = fleet.driver()
    driver.settings = attrs.evolve(driver.settings, api_url="http://127.0.0.1:1")
    with pytest.raises(errors.SettingsError, match="SPECSTEP_API_URL"):
        asyncio.run(fleet.drive_async(driver, "r"))

    assert fleet.column("r") == "open"
    assert fleet.sent() == 0


def test_a_policy_that_this_process_lacks_leaves_the_run_to_others(fleet: Fleet) -> None:
    """Nothing is sent, and its status stays."""
    fleet.submit("order", policy="defualts")
    fleet.database.run(lambda connection: refusals.verify(connection, KEY, fleet.scope))
    with pytest.raises(errors.SettingsError, match=r"Did you mean 'defaults'"):
        fleet.drive("order")
    assert (fleet.column("order"), fleet.sent()) == ("open", 0)


def test_a_run_is_left_for_a_moment_to_a_worker_that_has_its_policy(fleet: Fleet) -> None:
    """Where none has it, or those that have are full, trying again at once would only keep the queue busy."""
    fleet.submit("order", policy="house")
    fleet.database.run(lambda connection: refusals.verify(connection, KEY, fleet.scope))
    other = Session(fleet.database, "other", capacity=1)
    change = "UPDATE workers SET keys = %s, policies = %s WHERE id = %s"

    def left_for() -> float:
        with pytest.raises(errors.SettingsError, match="house"):
            fleet.drive("order")
        return float(fleet.column("order", "extract(epoch FROM wake_at - now())"))

    seconds = []
    for keys, policies in (([KEY], ["defaults"]), (["team-b"], ["house"]), ([KEY], ["defaults", "house"])):
        fleet.change(change, [keys, policies, other.id])
        seconds.append(left_for())
    fleet.change("INSERT INTO holds VALUES ('another', %s, 1)", [other.id])
    seconds.append(left_for())
    other.close()

    assert [one > statuses.MOMENT_SECONDS for one in seconds] == [True, True, False, True]
    assert (fleet.column("order"), fleet.sent()) == ("open", 0)


async def _together(fleet: Fleet) -> list[str]:
    drivers = [fleet.driver() for _ in range(3)]
    return await asyncio.gather(*(fleet.drive_async(driver, "order") for driver in drivers))


@pytest.mark.slow
def test_of_several_that_drive_a_run_one_does(fleet: Fleet) -> None:
    """The others are told that it is in use."""
    fleet.submit("order")
    fleet.drive("unknown")
    fleet.change("INSERT INTO keys (name, scope, verified_at) VALUES (%s, %s, 1)", [KEY, fleet.scope])
    assert sorted(asyncio.run(_together(fleet))) == ["busy", "busy", "done"]
    assert len(fleet.sandbox.state.generations) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.AnswersNeeded("?"), "question"),
        (errors.GenerationPaused("Paused."), "paused"),
        (errors.OutcomeUnknown("Nobody knows."), "paused"),
        (errors.GenerationFailed("Failed."), "failed"),
        (errors.UsageError("No."), "failed"),
        (errors.RunConflict("Managed by another."), "failed"),
        (errors.GenerationCancelled("Cancelled."), "cancelled"),
    ],
)
def test_how_a_drive_ends_is_its_status(fleet: Fleet, error: Exception, status: str) -> None:
    """Whatever the error, it is written down, and no job is needed any more."""

    def end(_: Any) -> None:
        raise error

    fleet.submit("order")
    assert fleet.drive("order", on_event=end) == status
    assert fleet.column("order") == status


@pytest.mark.slow
def test_whoever_listens_to_all_runs_is_told_which_one_it_is(fleet: Fleet) -> None:
    """Each event comes with the id of its run."""
    fleet.submit("order")
    seen: list[tuple[str, type]] = []
    assert fleet.drive("order", on_event_of=lambda run_id, event: seen.append((run_id, type(event)))) == "done"
    assert {run_id for run_id, _ in seen} == {"order"}
    assert {events.RunOpened, events.PackageSaved} <= {kind for _, kind in seen}


@pytest.mark.slow
@pytest.mark.parametrize("error", [errors.ServerError("Busy.", operation="x", status=503), RuntimeError("a bug")])
def test_what_may_clear_is_tried_again_after_a_while(fleet: Fleet, error: Exception) -> None:
    """Each time after a longer one; the sweep leaves it alone until then."""

    def fail(_: Any) -> None:
        raise error

    fleet.submit("order")
    fleet.change("DELETE FROM procrastinate_jobs")
    for failures, seconds in ((1, 15), (2, 30)):
        assert fleet.drive("order", on_event=fail) == "open"
        assert fleet.column("order", "failures") == failures
        assert fleet.sweep().deferred == ()
        left = float(fleet.column("order", "extract(epoch FROM wake_at - now())"))
        assert seconds / 2 < left <= seconds
        assert ("Busy." if isinstance(error, errors.ServerError) else "RuntimeError") in fleet.column("order", "error")

    fleet.change("UPDATE runs SET wake_at = now()")
    assert fleet.sweep().deferred == ("order",)
    assert fleet.drive("order") == "done"


@pytest.mark.slow
def test_a_key_that_is_refused_is_refused_on_all_hosts(fleet: Fleet) -> None:
    """After one request; it is tried again by one run, or when another key has its name."""
    for number in range(3):
        fleet.submit(f"order-{number}")
    wrong = {KEY: "sf_wrong0123456789abcdef"}
    assert [fleet.drive(f"order-{number}", keys=wrong) for number in range(3)] == ["open"] * 3
    assert fleet.sent() == 1

    fleet.change("DELETE FROM procrastinate_jobs")
    assert fleet.sweep().deferred == ()
    fleet.change("UPDATE keys SET refused_at = refused_at - 1000")
    assert fleet.sweep().deferred == ("order-0",)
    assert [fleet.drive(f"order-{number}", keys=wrong) for number in range(3)] == ["open"] * 3
    assert fleet.sent() == 2

    fleet.change("DELETE FROM procrastinate_jobs")
    fleet.database.run(lambda connection: refusals.forget_replaced(connection, {KEY: fleet.scope}))
    assert len(fleet.sweep().deferred) == 3
    assert fleet.drive("order-1") == "done"


def test_a_refused_key_is_told_once_to_whoever_reads_the_log(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """A line that the run is left says nothing to the one who has to replace the key."""
    fleet.submit("order-0")
    fleet.submit("order-1")
    wrong = Keys({KEY: "sf_wrong0123456789abcdef"})

    asyncio.run(fleet.drive_async(fleet.driver(keys=wrong), "order-0", "order-1"))
    (said,) = [record.message for record in caplog.records if record.name == "specstep_flows.fleet"]
    assert said.startswith(f"The key {KEY} is refused, and its runs wait: ")
    assert "(401)" in said
    assert "sf_wrong" not in caplog.text


@pytest.mark.parametrize(("operation", "kind"), [("GET /v1/me", "reset"), ("POST /v1/interviews", "reset")])
def test_what_has_failed_for_now_is_said_in_the_run_and_in_the_log(
    fleet: Fleet, caplog: pytest.LogCaptureFixture, operation: str, kind: str
) -> None:
    """Wherever it was met: the first request, which tries the key, is none of the run's own."""
    fleet.submit("order")
    fleet.sandbox.faults.add(Fault(operation, kind, times=None))  # type: ignore[arg-type]

    assert fleet.drive("order") == "open"
    error = json.loads(fleet.column("order", "error"))
    assert "reset" in error or "connection" in error.lower()
    (said,) = [record.message for record in caplog.records if record.message.startswith("Run order is tried again in ")]
    assert error in said

    fleet.sandbox.faults.clear()
    assert fleet.drive("order") == "done"
    assert fleet.column("order", "error") == "null"


def test_why_a_run_has_failed_is_in_the_log(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """And not only in its row."""
    fleet.submit("order")
    fleet.sandbox.faults.add(Fault("POST /v1/interviews", "status", status=400, times=None))

    assert fleet.drive("order") == "failed"
    (said,) = [record.message for record in caplog.records if record.message.startswith("Run order: ")]
    assert json.loads(fleet.column("order", "error")) in said


def test_a_refused_key_names_the_variable_that_has_it(fleet: Fleet) -> None:
    """To whoever looks on another host, too."""
    fleet.submit("order")
    wrong = dict.fromkeys(("SPECSTEP_KEY_TEAM_A", "SPECSTEP_API_KEY"), "sf_wrong0123456789abcdef")
    keys = Keys.from_env(wrong)
    assert fleet.drive("order", keys=keys) == "open"
    ((said,),) = fleet.rows("SELECT refusal FROM keys")
    assert "Check SPECSTEP_KEY_TEAM_A, or" in said


@pytest.mark.slow
def test_a_trial_that_succeeds_lets_all_others_go_on(fleet: Fleet) -> None:
    """It may have been the lock-out of an address."""
    fleet.submit("order-0")
    fleet.submit("order-1")
    fleet.database.run(lambda connection: refusals.refuse(connection, KEY, fleet.scope, "Refused (401)."))
    assert fleet.drive("order-0") == "open"
    assert fleet.sent() == 0

    fleet.change("UPDATE keys SET refused_at = refused_at - 1000")
    fleet.sweep()
    assert fleet.drive("order-0") == "done"
    assert fleet.drive("order-1") == "done"


@pytest.mark.slow
def test_a_key_that_is_refused_under_way_stops_what_uses_it(fleet: Fleet) -> None:
    """One request finds it out; all other runs, here and elsewhere, send nothing more until it works again."""
    for number in range(3):
        fleet.submit(f"order-{number}")
    driver = fleet.driver()
    key = fleet.sandbox.state.key_of(fleet.sandbox.api_key)
    assert key is not None

    def revoke(event: Any) -> None:
        key.revoked_at = fleet.sandbox.clock.now()

    driver.on_event = revoke
    assert asyncio.run(fleet.drive_async(driver, "order-0", "order-1")) == "open"
    assert fleet.drive("order-2") == "open"
    assert [request.status for request in fleet.sandbox.requests].count(401) == 1

    key.revoked_at = driver.on_event = None
    fleet.database.run(lambda connection: refusals.verify(connection, KEY, fleet.scope))
    assert asyncio.run(fleet.drive_async(driver, "order-0", "order-1")) == "done"


@pytest.mark.slow
def test_what_others_found_out_stops_a_run_before_its_next_request(fleet: Fleet) -> None:
    """A worker reads it with each beat."""
    fleet.submit("order")
    driver = fleet.driver()

    def refuse(event: Any) -> None:
        driver.refused[KEY, fleet.scope] = "Refused elsewhere (401)."

    driver.on_event = refuse
    assert asyncio.run(fleet.drive_async(driver, "order")) == "open"
    assert (fleet.sent(), fleet.column("order", "failures")) == (1, 0)


@pytest.mark.slow
def test_a_run_that_is_stopped_takes_the_answer_to_what_it_has_sent(fleet: Fleet, monkeypatch: Any) -> None:
    """A worker that drains cuts no paid request off: its outcome is in the record."""
    fleet.submit("order")
    driver = fleet.driver()
    send = transport.attempt_async

    async def send_stopped(client: Any, request: Any, *arguments: Any, **more: Any) -> Any:
        if request.bucket == "kickoff":
            driver.runs["order"].stop()
        return await send(client, request, *arguments, **more)

    monkeypatch.setattr(transport, "attempt_async", send_stopped)
    assert asyncio.run(fleet.drive_async(driver, "order")) == "stopped"
    record = fleet.driver().store.get("order")
    assert record.generation_id is not None
    assert record.intent is None


@pytest.mark.slow
def test_a_run_is_cancelled_by_whoever_has_its_key(fleet: Fleet) -> None:
    """Asked for by a pod without it, at rest or not."""
    fleet.submit("order", policy=None)
    assert fleet.drive("order") == "question"
    assert fleet.wake("order", wanted="cancel") == "question"

    assert fleet.drive("order") == "cancelled"
    assert [one.state for one in fleet.sandbox.state.generations.values()] == ["Cancelled"]
    assert fleet.wake("order", wanted="cancel") == "cancelled"
    assert fleet.column("order") == "cancelled"


@pytest.mark.slow
def test_a_run_that_has_not_begun_is_cancelled_without_a_request(fleet: Fleet) -> None:
    """But for that which finds out whether the key works."""
    fleet.submit("order")
    fleet.wake("order", wanted="cancel")
    assert fleet.drive("order") == "cancelled"
    assert fleet.sent() == 1


@pytest.mark.slow
def test_a_generation_that_was_complete_before_it_was_cancelled_is_fetched(fleet: Fleet) -> None:
    """It is paid for."""
    fleet.submit("order", policy=None)
    assert fleet.drive("order") == "question"
    fleet.wake("order", rules=ANSWERS)
    driver = fleet.driver()

    def complete(event: Any) -> None:
        if type(event).__name__ == "QuestionsAnswered":
            fleet.sandbox.clock.advance(3600.0)  # type: ignore[attr-defined]
            driver.runs["order"].stop()

    driver.on_event = complete
    assert asyncio.run(fleet.drive_async(driver, "order")) in ("stopped", "done")
    fleet.wake("order", wanted="cancel")
    assert fleet.drive("order") == "done"
    assert (fleet.output / "order.zip").exists()


@pytest.mark.slow
def test_a_stopped_run_is_as_it_was(fleet: Fleet) -> None:
    """Another process takes it from there, and nothing is paid for twice."""
    fleet.submit("order")
    driver = fleet.driver()

    def stop(event: Any) -> None:
        if type(event).__name__ == "GenerationStarted":
            driver.runs["order"].stop()

    driver.on_event = stop
    assert asyncio.run(fleet.drive_async(driver, "order")) == "stopped"
    assert (fleet.column("order"), driver.runs) == ("open", {})
    assert fleet.drive("order") == "done"
    assert len(fleet.sandbox.state.generations) == 1


@pytest.mark.slow
def test_a_delivery_wakes_a_run_at_rest(fleet: Fleet) -> None:
    """But for the one that only says what it waits for."""
    fleet.submit("order", policy=None)
    assert fleet.drive("order") == "question"
    own = fleet.driver().store.get("order").generation_id
    assert own is not None

    def told(is_question: bool) -> Any:
        return fleet.database.run(
            lambda connection: statuses.wake_by_delivery(connection, own, is_question=is_question)
        )

    assert told(True) == []
    assert fleet.column("order") == "question"
    assert told(False) == ["order"]
    assert fleet.column("order") == "open"


@pytest.mark.slow
def test_a_generation_that_the_record_does_not_know_of_is_cancelled_all_the_same(fleet: Fleet) -> None:
    """Its kickoff was refused, was carried out nevertheless, and the worker stopped before it had looked."""
    fleet.sandbox.faults.add(Fault("POST /v1/generations", "status", status=429, commit=True))
    fleet.submit("order")
    driver = fleet.driver()

    def stop(_: Any) -> None:
        if fleet.sandbox.state.generations:
            driver.runs["order"].stop()

    driver.on_event = stop
    assert asyncio.run(fleet.drive_async(driver, "order")) == "stopped"
    assert fleet.column("order", "generation_id") == "null"
    fleet.wake("order", wanted="cancel")
    assert fleet.drive("order") == "cancelled"
    assert [one.state for one in fleet.sandbox.state.generations.values()] == ["Cancelled"]


@pytest.mark.slow
def test_what_the_service_starts_by_itself_is_cancelled_all_the_same(shared: Any, tmp_path: Path) -> None:
    """With a person's token it does so when the interview is over, whether or not anybody still drives the run."""
    with Sandbox(clock=ManualClock(), options=options(keys={"oat_person": "ada"}, agent_completes_after=1)) as sandbox:
        fleet = Fleet(shared, sandbox, tmp_path)
        fleet.empty()
        fleet.submit("order")
        driver = fleet.driver(keys={KEY: "oat_person"})

        def stop(event: Any) -> None:
            if type(event).__name__ == "TurnSubmitted":
                driver.runs["order"].stop()

        driver.on_event = stop
        assert asyncio.run(fleet.drive_async(driver, "order")) == "stopped"
        fleet.wake("order", wanted="cancel")
        assert fleet.drive("order", keys={KEY: "oat_person"}) == "cancelled"
        sandbox.clock.advance(3600.0)  # type: ignore[attr-defined]
        assert [one.state for one in sandbox.state.generations.values()] == ["Cancelled"]


@pytest.mark.slow
def test_what_wakes_a_run_that_fails_just_now_is_heeded_at_once(fleet: Fleet) -> None:
    """It was asked to be cancelled while it met a failure that may clear, after which it would be left for long."""
    fleet.submit("order")
    fleet.change("UPDATE runs SET failures = 9")
    is_told: list[Any] = []

    def fail(event: Any) -> None:
        if type(event).__name__ == "GenerationStarted" and not is_told:
            is_told.append(fleet.wake("order", wanted="cancel"))
            raise errors.ServerError("Busy.", operation="x", status=503)

    assert fleet.drive("order", on_event=fail) == "cancelled"
    assert [one.state for one in fleet.sandbox.state.generations.values()] == ["Cancelled"]


def test_a_delivery_resumes_nothing_of_which_nobody_knows_what_was_paid(fleet: Fleet) -> None:
    """Driven on, it might pay again: that is for a person to say."""
    fleet.submit("order")
    own = "019e830e-25b8-764c-8ae7-0053a5ac06d8"
    intent = '{"operation": "retry_generation", "sent_at": 1.0, "about": {}}'
    fleet.change("UPDATE runs SET status = 'paused', generation_id = %s, intent = %s", [f'"{own}"', intent])

    def told() -> Any:
        return fleet.database.run(
            lambda connection: statuses.wake_by_delivery(connection, UUID(own), is_question=False)
        )

    assert told() == []
    fleet.change("UPDATE runs SET intent = 'null'")
    assert told() == ["order"]


def test_a_process_without_a_place_for_files_leaves_a_run_that_has_some_to_others(fleet: Fleet) -> None:
    """It would fail for want of its documents, or its package would be on that process's own disk."""
    fleet.submit("order", payload='{"documents": [], "has_files": true}')
    with pytest.raises(errors.SettingsError, match="SPECSTEP_FLEET_FILES"):
        fleet.drive("order")
    assert (fleet.column("order"), fleet.sent()) == ("open", 0)


@pytest.mark.slow
def test_two_keys_of_one_name_do_not_have_each_other_tried_again_and_again(fleet: Fleet) -> None:
    """One was revoked, and a process that still has it tries it once: five refusals lock an address out."""
    for number in range(4):
        fleet.submit(f"r{number}")
    old, new = fleet.driver(keys={KEY: "sf_revoked_0123456789"}), fleet.driver()

    async def in_turns() -> list[str]:
        found = [await old.drive("r0")]
        for number in (1, 2):
            found.append(await new.drive(f"r{number}"))
            await old.look()
            with pytest.raises(errors.SettingsError, match="another key of that name"):
                await old.drive("r3")
        await fleet.drive_async(old)
        return [*found, await new.drive("r3"), await fleet.drive_async(new, "r0")]

    assert asyncio.run(in_turns()) == ["open", *["done"] * 4]
    assert sum(request.status == 401 for request in fleet.sandbox.requests) == 1


@pytest.mark.slow
def test_a_worker_that_dies_is_nobodys_word_to_pay_again(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests have shown nothing, and who knows that died before it had laid the run to rest: a person says."""

    def requested() -> int:
        return sum(one.operation == "POST /v1/generations" for one in fleet.sandbox.requests)

    def die(*_: Any) -> bool:
        raise errors.StoreError("dead")

    fleet.sandbox.faults.add(Fault("POST /v1/generations", "reset", times=4))
    fleet.submit("order")
    with monkeypatch.context() as dying:
        dying.setattr(statuses, "settle", die)
        for _ in range(2):
            with pytest.raises(errors.StoreError, match="dead"):
                fleet.drive("order")
            assert requested() == 2
    assert fleet.drive("order") == "paused"
    fleet.wake("order", is_allowed=True)
    assert (fleet.drive("order"), requested()) == ("paused", 4)
    fleet.wake("order")
    assert (fleet.drive("order"), requested()) == ("paused", 4)
    fleet.wake("order", is_allowed=True)
    assert (fleet.drive("order"), requested()) == ("done", 5)
    assert len(fleet.sandbox.state.generations) == 1


@pytest.mark.slow
def test_nor_is_it_to_run_a_failed_generation_again(shared: Any, tmp_path: Path) -> None:
    """The run has a generation then, which is not the one that was requested last."""
    with Sandbox(clock=ManualClock(), options=options(failures=(Failure(on=(1,)),))) as sandbox:
        fleet = Fleet(shared, sandbox, tmp_path)
        fleet.empty()
        fleet.submit("order")
        fleet.change("UPDATE runs SET options = jsonb_set(options::jsonb, '{retry_failed}', '1')::text")
        sandbox.faults.add(Fault("POST /v1/generations/{id}/retry", "reset", times=None))

        def requested() -> int:
            return sum(one.operation == "POST /v1/generations/{id}/retry" for one in sandbox.requests)

        assert (fleet.drive("order"), requested()) == ("paused", 2)
        fleet.wake("order")
        assert (fleet.drive("order"), requested()) == ("paused", 2)
        assert "requested twice" in fleet.column("order", "error")
        fleet.wake("order", is_allowed=True)
        assert (fleet.drive("order"), requested()) == ("paused", 4)


@pytest.mark.parametrize("status", [403, 404])
def test_what_failed_before_the_run_itself_began_is_said_of_it(fleet: Fleet, status: int) -> None:
    """Whoever looks at a failed run finds out why."""
    fleet.sandbox.faults.add(Fault("GET /v1/me", "status", status=status, times=None))
    fleet.submit("order")
    assert fleet.drive("order") == "failed"
    assert f"({status} SANDBOX_FAULT" in fleet.column("order", "error")


@pytest.mark.slow
@pytest.mark.parametrize("deaths", [1, 2])
def test_workers_that_die_one_after_the_other_request_twice_and_no_more(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    """Each of them right behind a request whose answer is lost; nobody else sends a third one."""
    sent: list[str] = []
    attempt = transport.attempt_async

    async def lose(http: Any, request: Any, *more: Any, **named: Any) -> Any:
        if request.operation == "start_generation":
            sent.append(request.operation)
            if len(sent) <= deaths:
                raise errors.StoreError("dead")
        return await attempt(http, request, *more, **named)

    monkeypatch.setattr(transport, "attempt_async", lose)
    fleet.sandbox.faults.add(Fault("POST /v1/generations", "reset", times=None))
    fleet.submit("order")
    for _ in range(deaths):
        with pytest.raises(errors.StoreError, match="dead"):
            fleet.drive("order")
    assert (fleet.drive("order"), len(sent)) == ("paused", 2)
    fleet.wake("order")
    assert (fleet.drive("order"), len(sent)) == ("paused", 2)


def test_a_host_that_reaches_nobody_fails_no_run(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot resolve a name, or trusts no certificate: others can."""

    async def unreachable(*_: Any, **__: Any) -> Any:
        raise errors.NotConnected("No such host.", patience=0.0)

    fleet.submit("order")
    with monkeypatch.context() as host:
        host.setattr(transport, "attempt_async", unreachable)
        assert fleet.drive("order") == "open"
    assert fleet.drive("order") == "done"


def test_what_is_wanted_while_a_run_fails_is_not_forgotten(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody cancels it, and what it has started may go on costing."""
    settle = statuses.settle
    fleet.submit("order", policy=None)
    assert fleet.drive("order") == "question"
    fleet.wake("order")
    fleet.sandbox.faults.add(Fault("GET /v1/generations/{id}", "status", status=403))

    def settle_late(connection: Any, run_id: str, *more: Any) -> bool:
        monkeypatch.undo()
        fleet.wake("order", wanted="cancel")
        return settle(connection, run_id, *more)

    monkeypatch.setattr(statuses, "settle", settle_late)
    assert fleet.drive("order") == "cancelled"
    assert [one.state for one in fleet.sandbox.state.generations.values()] == ["Cancelled"]


def test_a_run_that_has_failed_for_days_is_tried_again_after_the_longest_pause(fleet: Fleet) -> None:
    """However often."""
    fleet.submit("order")
    fleet.change("UPDATE runs SET failures = 5000")
    fleet.sandbox.faults.add(Fault("GET /v1/me", "reset", times=None))
    assert fleet.drive("order") == "open"
    assert fleet.rows("SELECT failures, wake_at < now() + interval '901 seconds' FROM runs") == [(5001, True)]


def test_a_run_with_an_option_of_a_newer_version_is_left_to_its_workers(fleet: Fleet) -> None:
    """As its schema would be: this one cannot know what the option means."""
    fleet.submit("order")
    fleet.change("UPDATE runs SET options = jsonb_set(options::jsonb, '{colour}', '\"red\"')::text")
    with pytest.raises(errors.UnknownOption, match="colour"):
        fleet.drive("order")
    assert fleet.rows("SELECT status, wake_at > now() FROM runs") == [("open", True)]


def test_a_drive_that_is_cancelled_while_it_takes_something_lets_it_go(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process lives on with its session, and nobody else could ever have the key, or the run."""
    fleet.submit("order")
    driver = fleet.driver()
    hold = type(driver.store).hold

    async def cancelled() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(driver.drive("order"))

        def hold_and_cancel(store: Any, name: str) -> Any:
            let_go = hold(store, name)
            loop.call_soon_threadsafe(task.cancel)
            return let_go

        with monkeypatch.context() as slow:
            slow.setattr(type(driver.store), "hold", hold_and_cancel)
            with pytest.raises(asyncio.CancelledError):
                await task
        assert fleet.rows("SELECT name FROM holds") == []
        assert await driver.drive("order") == "done"
        await driver.close()

    asyncio.run(cancelled())
    driver.store.close()


def test_a_host_with_the_key_of_before_does_not_stop_the_others(fleet: Fleet) -> None:
    """The new one works, and a refusal of the old one says nothing of it."""
    for number in range(3):
        fleet.submit(f"r{number}")
    old = fleet.driver(keys={KEY: "sf_revoked_0123456789"})
    assert fleet.drive("r0") == "done"
    assert asyncio.run(fleet.drive_async(old, "r1")) == "open"
    assert {"r1", "r2"} <= {run for run, status in fleet.jobs() if status == "todo"} | set(fleet.sweep().deferred)
    assert (fleet.drive("r1"), fleet.drive("r2")) == ("done", "done")
