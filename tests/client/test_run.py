"""The whole job over real HTTP, sync and async alike: what the samples do, and what the pages add."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import RunStore, SpecStep, errors, events
from specstep_flows.sandbox import ClarificationRound, ExtraState, Failure, Fault, Question, Sandbox
from specstep_flows.settings import Settings
from tests.kit.api import COST, op, path_of
from tests.kit.platforms import POSIX_ONLY
from tests.kit.tiers import one_in

BRIEF = ["A portal for customer feedback.", "For shops of one to five people."]


def defaults(questions: Any) -> Any:
    """The proposed defaults."""
    return {question.question: question.proposed_default or "Use your best judgment for v1." for question in questions}


def paths(sandbox: Any, method: Any = "GET") -> Any:
    """What was requested, in order."""
    return [request.path for request in sandbox.requests if request.method == method]


@pytest.mark.contract
def test_a_brief_becomes_a_package_on_disk(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Interview, generation, clarification, zip: verified, under its name, unpacked, with what it cost."""
    result = client.run(BRIEF, output=tmp_path / "package.zip", unpack=True, on_question=defaults, profile="Fast")

    assert result.path == tmp_path / "package.zip"
    assert zipfile.ZipFile(result.path).testzip() is None
    assert sorted(path.name for path in result.unpacked_to.iterdir())
    assert result.cost_usd == pytest.approx(1.10)
    assert [answer.answer for answer in result.answers] == ["HTML forms rendered on the server"]
    assert list(sandbox.state.generations) == [str(result.generation_id)]
    (interview,) = sandbox.state.interviews.values()
    assert [turn.content for turn in interview.turns if turn.role == "user"] == BRIEF


def test_the_run_is_told_as_events_in_order(client: Any, tmp_path: Path) -> None:
    """The id first, before anything is paid for; then each thing as it happened."""
    told: list[Any] = []
    client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=told.append)

    kinds = [type(event) for event in told]
    expected = [
        events.RunOpened,
        events.KeyVerified,
        events.InterviewStarted,
        events.TurnSubmitted,
        events.ReplyReceived,
        events.InterviewCompleted,
        events.GenerationStarted,
        events.GenerationProgress,
        events.QuestionsAsked,
        events.QuestionsAnswered,
        events.PackageSaved,
    ]
    assert [kind for kind in dict.fromkeys(kinds) if kind in expected] == expected
    progress = [event.generation for event in told if isinstance(event, events.GenerationProgress)]
    assert progress[-1].is_complete
    assert any(generation.phase_detail and generation.billing_state for generation in progress)


def test_progress_reaches_a_coroutine_function_and_an_async_policy(
    sandbox: Sandbox, turned: Any, tmp_path: Path
) -> None:
    """AsyncSpecStep awaits callbacks; SpecStep refuses them before anything is sent."""
    import asyncio

    from specstep_flows import AsyncSpecStep, RunStore, SpecStep

    told = []

    async def watcher(event: Any) -> None:
        await asyncio.sleep(0)
        told.append(event)

    async def policy(questions: Any) -> Any:
        await asyncio.sleep(0)
        return defaults(questions)

    async def go() -> None:
        async with AsyncSpecStep(
            sandbox.api_key, api_url=sandbox.url, clock=turned(sandbox), store=RunStore.in_memory()
        ) as specstep:
            await specstep.run(BRIEF, output=tmp_path, on_question=policy, on_event=watcher)

    asyncio.run(go())
    assert any(isinstance(event, events.PackageSaved) for event in told)

    sent = len(list(sandbox.requests))
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory()) as specstep:
        for wrong in ({"on_question": policy}, {"on_event": watcher}, {"confirm": policy}, {"respondent": policy}):
            with pytest.raises(errors.UsageError, match="AsyncSpecStep"):
                specstep.run(BRIEF, output=tmp_path, **wrong)
    assert len(list(sandbox.requests)) == sent


def test_an_interview_that_the_agent_completes_is_not_completed_again(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The agent ends it after the first turn: no /complete is sent, and the rest of the brief is said to be unused."""
    sandbox.options.agent_completes_after = 1
    told: list[Any] = []
    client.run([*BRIEF, "More."], output=tmp_path, on_question=defaults, on_event=told.append)

    assert not [path for path in paths(sandbox, "POST") if path.endswith("/complete")]
    (completed,) = [event for event in told if isinstance(event, events.InterviewCompleted)]
    assert completed.unused_messages == 2


@pytest.mark.parametrize("style", ["exact", "lower"])
def test_the_interviews_status_counts_whatever_its_case(
    client: Any, sandbox: Sandbox, tmp_path: Path, style: Any
) -> None:
    """``Complete`` and ``complete`` are the same word."""
    sandbox.options.interview_status_style = style
    sandbox.options.agent_completes_after = 1

    assert client.run(BRIEF, output=tmp_path, on_question=defaults).path.exists()


@pytest.mark.parametrize("in_interview", [True, False])
def test_an_intake_artifact_that_comes_late_is_waited_for(
    client: Any, sandbox: Sandbox, tmp_path: Path, in_interview: bool
) -> None:
    """A moment late in the interview; or only ever in the list of artifacts."""
    sandbox.options.intake_artifact_delay = 10
    sandbox.options.intake_artifact_in_interview = in_interview

    assert client.run(BRIEF, output=tmp_path, on_question=defaults).path.exists()
    assert (path_of("list_intake_artifacts") in paths(sandbox)) == (not in_interview)


@pytest.mark.contract
def test_a_complete_generation_without_a_package_id_is_followed_up(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """GET /v1/generations/{id}/package names the package then."""
    sandbox.options.package_id_in_status = False
    result = client.run(BRIEF, output=tmp_path, on_question=defaults)

    assert path_of("get_generation_package", result.generation_id) in paths(sandbox)


@pytest.mark.parametrize("envelope", ["array", "object"])
def test_lists_come_in_either_envelope(client: Any, sandbox: Sandbox, tmp_path: Path, envelope: Any) -> None:
    """The pages name no envelope for most lists."""
    sandbox.options.list_envelope = envelope

    assert client.run(BRIEF, output=tmp_path, on_question=defaults).path.exists()
    assert client.list_generations()


def test_a_state_that_nobody_has_seen_means_keep_waiting(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Translating is not the end, and no error."""
    sandbox.options.extra_states = (ExtraState("Translating", after="Drafting", seconds=60),)
    told: list[Any] = []
    client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=told.append)

    states = [event.generation.state for event in told if isinstance(event, events.GenerationProgress)]
    assert "Translating" in states
    assert states[-1] == "Complete"


def test_no_project_type_is_sent_unless_it_is_given_or_asked_for(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Left out; on a 400 the detected one, which capabilities list; the user's own as it is."""
    client.run(BRIEF, output=tmp_path / "a", on_question=defaults)
    assert [generation.project_type for generation in sandbox.state.generations.values()] == [None] or all(
        generation.project_type for generation in sandbox.state.generations.values()
    )

    sandbox.options.require_project_type = True
    sandbox.options.detected_type = "MobileApp"
    client.run(BRIEF, output=tmp_path / "b", on_question=defaults)
    assert list(sandbox.state.generations.values())[-1].project_type == "MobileApp"
    assert path_of("get_capabilities") in paths(sandbox)

    client.run(BRIEF, output=tmp_path / "c", on_question=defaults, project_type="AiTool")
    assert list(sandbox.state.generations.values())[-1].project_type == "AiTool"


@pytest.mark.parametrize("wrong", [{"profile": "Turbo"}, {"mirror_selection": "Claude"}, {"project_type": "Website"}])
def test_an_unknown_choice_is_refused_before_anything_is_started(
    client: Any, sandbox: Sandbox, tmp_path: Path, wrong: Any
) -> None:
    """The error shows what the service accepts; no interview, no generation, no record and no id to resume."""
    with pytest.raises(errors.UsageError, match=r"Fast|WebApp|ClaudeMd") as caught:
        client.run(BRIEF, output=tmp_path, run_id="mine", **wrong)

    assert not sandbox.state.interviews
    assert client.store.all() == []
    assert caught.value.run_id is None
    assert client.run(BRIEF, output=tmp_path, run_id="mine", on_question=defaults).run_id == "mine"


def test_questions_are_answered_all_verbatim_and_once_each(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Two rounds of two questions: two answers of two, although the state stays paused until the next tick."""
    sandbox.options.dispatcher_tick_seconds = 60
    rounds = [
        ClarificationRound((Question(" First  one? "), Question("Second?", proposed_default=None)), fraction=fraction)
        for fraction in (0.2, 0.7)
    ]
    sandbox.options.clarifications = tuple(rounds)
    result = client.run(BRIEF, output=tmp_path, on_question=defaults)

    answered = [path for path in paths(sandbox, "POST") if path.endswith("/answers")]
    assert len(answered) == 2
    assert [answer.question for answer in result.answers] == [" First  one? ", "Second?"] * 2
    assert result.answers[1].answer == "Use your best judgment for v1."


def test_without_a_policy_a_question_ends_the_call_and_a_resume_answers_it(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """AnswersNeeded carries the questions and the run; the same run goes on with a policy."""
    with pytest.raises(errors.AnswersNeeded) as caught:
        client.run(BRIEF, output=tmp_path, run_id="mine")

    assert caught.value.run_id == "mine"
    assert [question.question for question in caught.value.questions] == [
        "Should the product expose a REST API, or render HTML forms on the server?"
    ]
    assert client.resume("mine", on_question=defaults).path.exists()
    assert len(sandbox.state.generations) == 1


def test_a_policy_that_has_no_answer_to_one_question_sends_none(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """All or nothing."""
    sandbox.options.clarifications = (ClarificationRound((Question("One?"), Question("Two?"))),)
    with pytest.raises(errors.AnswersNeeded, match=r"Two\?"):
        client.run(BRIEF, output=tmp_path, on_question=lambda _: {"One?": "Yes."})

    assert not [path for path in paths(sandbox, "POST") if path.endswith("/answers")]


def test_a_failure_says_why_and_whether_a_retry_makes_sense(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Category, reason, and the service's pages' view of a retry."""
    sandbox.options.failures = (Failure(category="ReviewBudgetExhausted", reason="Still blocked."),)
    with pytest.raises(errors.GenerationFailed) as caught:
        client.run(BRIEF, output=tmp_path, on_question=defaults, retry_failed=3)

    assert (caught.value.category, caught.value.reason) == ("ReviewBudgetExhausted", "Still blocked.")
    assert caught.value.retry_makes_sense is False
    assert len(sandbox.state.generations) == 1


def test_a_failure_that_is_likely_to_clear_is_retried_as_often_as_allowed(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """HostRestart on the first kickoff; one retry allowed; the package is the second generation's."""
    sandbox.options.failures = (Failure(category="HostRestart", on=(1,)),)
    result = client.run(BRIEF, output=tmp_path, on_question=defaults, retry_failed=1)

    assert list(sandbox.state.generations)[1] == str(result.generation_id)
    assert len([path for path in paths(sandbox, "POST") if path.endswith("/retry")]) == 1


@pytest.mark.parametrize("commit", [True, False])
def test_a_failed_generation_that_is_listed_late_is_not_taken_for_its_retry(
    client: Any, sandbox: Sandbox, tmp_path: Path, commit: bool
) -> None:
    """It failed at once, the answer to the retry was lost, and only then the list begins to show it."""
    sandbox.options.failures = (Failure(on=(1,), state="Drafting", fraction=0.01),)
    sandbox.options.visible_after_seconds = 40
    sandbox.faults.add(Fault(op("retry_generation"), "reset", commit=commit))
    result = client.run(BRIEF, output=tmp_path, on_question=defaults, retry_failed=1)

    assert [str(result.generation_id)] == list(sandbox.state.generations)[1:]


def test_a_pause_by_somebody_is_its_own_outcome_and_loses_nothing(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """GenerationPaused; after the service's resume, the same run goes on."""
    paused: list[Any] = []

    def pause_once(event: Any) -> None:
        if isinstance(event, events.GenerationProgress) and not paused and event.generation.state == "Reviewing":
            paused.append(client.pause_generation(event.generation.id))

    began = sandbox.clock.now()
    with pytest.raises(errors.GenerationPaused):
        client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine", on_event=pause_once)
    waited = sandbox.clock.now() - began
    assert waited > 3600
    with pytest.raises(errors.GenerationPaused):
        client.resume("mine", on_question=defaults, wait=False)
    assert sandbox.clock.now() - began == waited
    with pytest.raises(errors.GenerationPaused):
        client.resume("mine", on_question=defaults, wait=True, wait_paused=600)
    assert sandbox.clock.now() - began == pytest.approx(waited + 600)

    client.resume_generation(paused[0].id)
    assert client.resume("mine", on_question=defaults).path.exists()


def test_whoever_paused_it_may_go_on_with_it(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Within the hour: the same call brings the package, and tells of the pause once."""
    seen: list[Any] = []

    def listen(event: Any) -> None:
        seen.append(event)
        if isinstance(event, events.GenerationProgress):
            states = [one.generation.state for one in seen if isinstance(one, events.GenerationProgress)]
            if event.generation.state == "Reviewing" and "Paused" not in states:
                client.pause_generation(event.generation.id)
            elif states.count("Paused") == 12 and event.generation.state == "Paused":
                client.resume_generation(event.generation.id)

    assert client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=listen).path.exists()
    assert len([event for event in seen if isinstance(event, events.Notice) and "paused" in event.message]) == 1


@pytest.mark.parametrize(
    "operation",
    one_in(
        3, ["start_generation", "start_interview", "submit_turn", "get_generation", "get_turn_job", "list_generations"]
    ),
)
def test_an_address_that_was_locked_out_for_a_while_costs_a_while(
    client: Any, sandbox: Sandbox, tmp_path: Path, operation: str
) -> None:
    """Somebody else at this address failed to sign in: a good key gets bare 401s in mid-run, and then works again."""
    sandbox.faults.add(Fault(op(operation), "status", status=401, times=2))
    seen: list[Any] = []
    result = client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=seen.append)

    assert result.path.exists()
    assert len(sandbox.state.generations) == 1
    told = [event for event in seen if isinstance(event, events.Waiting) and "lock it out" in event.reason]
    assert len(told) == 1


def test_a_key_that_was_revoked_in_mid_run_is_tried_so_rarely_that_it_locks_nobody_out(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Four times in a quarter of an hour; the run is not lost."""
    fault = sandbox.faults.add(Fault("GET /v1/generations*", "status", status=401, nth=2, times=None))
    with pytest.raises(errors.AuthenticationError, match="was revoked"):
        client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine")
    assert fault.fired == 4

    sandbox.faults.remove(fault)
    assert client.resume("mine", on_question=defaults).path.exists()
    assert len(sandbox.state.generations) == 1


def test_a_place_is_waited_for_where_the_plan_allows_no_more(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Until the deadline, if there is one; or not at all. Each time it was started once, or not."""
    sandbox.options.concurrency_cap, sandbox.options.clarifications = 1, ()
    with pytest.raises(errors.WaitTimeout):
        client.run(BRIEF, output=tmp_path, run_id="first", timeout=60)
    assert len(sandbox.state.generations) == 1

    with pytest.raises(errors.ConcurrencyCapReached) as capped:
        client.run(BRIEF, output=tmp_path, run_id="second", on_question=defaults, wait=False)
    with pytest.raises(errors.WaitTimeout, match="No place became free"):
        client.resume("second", on_question=defaults, wait=True, timeout=50)
    told: list[Any] = []
    full = Fault(op("start_generation"), "status", status=409, problem_type="CONCURRENCY_CAP_REACHED", times=None)
    sandbox.faults.add(full)
    with pytest.raises(errors.WaitTimeout, match="limit of concurrent generations is reached"):
        client.resume("second", on_question=defaults, wait=True, timeout=1200, on_event=told.append)
    sandbox.faults.remove(full)
    waits = [event.reason for event in told if isinstance(event, events.Waiting)]
    # Each wait of minutes is told once, not at each look.
    assert len(waits) <= 2
    assert client.resume("second", on_question=defaults).path.exists()
    assert capped.value.run_id == "second"
    assert len(sandbox.state.generations) == 2


def test_a_cancellation_is_its_own_outcome(client: Any, tmp_path: Path) -> None:
    """GenerationCancelled, with the generation."""

    def cancel(event: Any) -> None:
        if isinstance(event, events.GenerationProgress) and not event.generation.is_terminal:
            client.cancel_generation(event.generation.id, "a test")

    with pytest.raises(errors.GenerationCancelled) as caught:
        client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=cancel)

    assert caught.value.generation is not None
    assert caught.value.generation.is_cancelled


def test_the_deadline_ends_the_wait_and_not_the_run(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A time-out means: still running. The same id goes on, without a second generation."""
    with pytest.raises(errors.WaitTimeout) as caught:
        client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine", timeout=120)

    assert caught.value.run_id == "mine"
    assert client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine").path.exists()
    assert len(sandbox.state.generations) == 1


@pytest.mark.parametrize(("step", "timeout"), [(1e7, 36_000.0), (-1e7, 60.0)], ids=["forwards", "back"])
def test_setting_the_machine_s_clock_neither_ends_nor_extends_a_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float, timeout: float
) -> None:
    """On a clock that runs 600 times as fast: what has time arrives, and what has none ends."""
    with Sandbox(speed=600.0) as running:
        settings = Settings(api_key=running.api_key, api_url=running.url, state=tmp_path / "s", clock_speed=600.0)
        right = time.time

        def set_clock(event: object) -> None:
            if isinstance(event, events.GenerationProgress):
                monkeypatch.setattr(time, "time", lambda: right() + step)

        with SpecStep(settings=settings) as client:
            arguments: dict[str, Any] = {"output": tmp_path, "on_question": defaults, "on_event": set_clock}
            if step > 0:
                assert client.run(BRIEF, timeout=timeout, **arguments).path.exists()
            else:
                with pytest.raises(errors.WaitTimeout):
                    client.run(BRIEF, timeout=timeout, **arguments)


def test_cancelling_does_not_queue_behind_what_a_reading_earned(sandbox: Sandbox, turned: Any, tmp_path: Path) -> None:
    """A Retry-After in the year 9999 holds all that reads for an hour, and nothing that stops spending."""
    clock = turned(sandbox)
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "state", clock=clock) as client:
        with pytest.raises(errors.AnswersNeeded):
            client.run(BRIEF, output=tmp_path, run_id="mine")
        (generation_id,) = sandbox.state.generations
        sandbox.faults.add(
            Fault(op("get_generation"), "status", status=429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT")
        )
        with pytest.raises(errors.RateLimited):
            client.get_generation(generation_id)

        began = clock.now()
        assert client.cancel_generation(generation_id).is_cancelled
        assert clock.now() == began
        client.get_generation(generation_id)
        assert clock.now() - began <= 3600.0


def test_the_same_id_with_another_brief_is_refused(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A run id belongs to one brief; nothing is sent for the other one."""
    client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine")
    sent = len(list(sandbox.requests))

    with pytest.raises(errors.RunConflict, match="another brief"):
        client.run("Something else.", output=tmp_path, run_id="mine")
    assert len(list(sandbox.requests)) == sent


def test_what_is_not_said_again_stays_as_it_was(client: Any, tmp_path: Path) -> None:
    """A limit on cost holds until another one is given: the same call without it does not lift it."""
    client.run(BRIEF, output=tmp_path, run_id="mine", profile="Fast", max_cost_usd=50, on_question=defaults)
    client.run(BRIEF, run_id="mine", profile="Fast", on_question=defaults)

    options = client.store.get("mine").options
    assert (options.max_cost_usd, options.output) == (50, str(tmp_path))

    client.run(BRIEF, run_id="mine", profile="Fast", max_cost_usd=60, on_question=defaults)
    assert client.store.get("mine").options.max_cost_usd == 60


def test_a_misspelt_limit_never_lifts_one(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """``resume("mine", max_cost=0.01)`` sends and stores nothing; spelt right, the limit holds."""
    with pytest.raises(errors.WaitTimeout):
        client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine", timeout=120)
    sent, options = len(sandbox.requests), client.store.get("mine").options

    with pytest.raises(errors.UnknownOption, match="Did you mean 'max_cost_usd'"):
        client.resume("mine", on_question=defaults, max_cost=0.01)
    assert (len(sandbox.requests), client.store.get("mine").options) == (sent, options)

    with pytest.raises(errors.BudgetExceeded):
        client.resume("mine", on_question=defaults, max_cost_usd=0.01)


@pytest.mark.parametrize("limit", one_in(3, [0, -5, float("inf"), float("nan"), "5", True]))
def test_a_limit_that_limits_nothing_is_refused_at_each_door(
    client: Any, sandbox: Sandbox, tmp_path: Path, limit: Any
) -> None:
    """And touches no generation: a limit of 0 would cancel a paid one at the first look, nan would never."""
    with pytest.raises(errors.AnswersNeeded):
        client.run(BRIEF, output=tmp_path, run_id="mine", max_cost_usd=50)
    (generation_id,) = sandbox.state.generations
    sent = len(list(sandbox.requests))

    doors: list[Callable[[], object]] = [
        lambda: client.run(BRIEF, output=tmp_path, run_id="other", max_cost_usd=limit),
        lambda: client.run(BRIEF, output=tmp_path, run_id="mine", max_cost_usd=limit),
        lambda: client.resume("mine", on_question=defaults, max_cost_usd=limit),
        lambda: client.adopt(generation_id, max_cost_usd=limit),
        lambda: client.run(BRIEF, output=tmp_path, run_id="other", timeout=limit),
        lambda: client.resume("mine", on_question=defaults, timeout=limit),
        lambda: client.answer("mine", defaults, timeout=limit),
    ]
    if limit != 0:  # a settle time of 0 is one
        doors.append(lambda: client.wait_for_generation(generation_id, settle_seconds=limit))
    for door in doors:
        with pytest.raises(errors.UsageError, match=r"must be .*Nothing was sent"):
            door()

    assert len(list(sandbox.requests)) == sent
    assert [record.run_id for record in client.store.all()] == ["mine"]
    assert client.store.get("mine").options.max_cost_usd == 50
    assert client.resume("mine", on_question=defaults).path.exists()


@pytest.mark.parametrize(
    "limits", [{"standard": -1}, {"standard": 1.5}, {"standard": "60"}, {"kickoff": True}, {"kickoffs": 5}]
)
def test_limits_of_requests_are_checked_before_one_is_sent(sandbox: Sandbox, limits: Any) -> None:
    """Whole numbers by the names of the service's two counters; None and 0 switch one off."""
    with (
        SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory(), limits=limits) as client,
        pytest.raises(errors.UsageError, match="requests a minute"),
    ):
        client.get_account()
    assert list(sandbox.requests) == []


def test_a_finished_run_is_not_run_again(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The same id again: the same package, no new interview, no new download while the file is what it was."""
    first = client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine")
    zips = len([path for path in paths(sandbox) if path.endswith("/zip")])
    again = client.run(BRIEF, output=tmp_path, on_question=defaults, run_id="mine")

    assert (again.path, again.sha256) == (first.path, first.sha256)
    assert len([path for path in paths(sandbox) if path.endswith("/zip")]) == zips
    first.path.unlink()
    assert client.resume("mine").path.exists()
    assert len(sandbox.state.interviews) == 1


def test_a_limit_on_cost_stops_on_what_was_read(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Past the limit the generation is cancelled with a reason, and the error says what was spent."""
    with pytest.raises(errors.BudgetExceeded) as caught:
        client.run(BRIEF, output=tmp_path, on_question=defaults, max_cost_usd=0.5)

    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Cancelled"
    assert caught.value.spent_usd is not None
    assert caught.value.spent_usd > 0.5
    assert caught.value.limit_usd == 0.5

    with pytest.raises(errors.BudgetExceeded, match="was cancelled"):
        client.resume(caught.value.run_id)
    assert sandbox.requests.count(op("cancel_generation")) == 1


@pytest.mark.parametrize("status", [502, 403, 400, 429])
def test_a_limit_that_was_passed_is_told_also_when_the_generation_cannot_be_cancelled(
    client: Any, sandbox: Sandbox, tmp_path: Path, status: int
) -> None:
    """Another attempt to cancel it is made when the run is resumed."""
    fault = sandbox.faults.add(Fault(op("cancel_generation"), "status", status=status, times=None, retry_after=1e9))
    with pytest.raises(errors.BudgetExceeded, match="is still running and billing") as caught:
        client.run(BRIEF, output=tmp_path, on_question=defaults, max_cost_usd=0.2)
    assert not caught.value.is_final

    sandbox.faults.remove(fault)
    with pytest.raises(errors.BudgetExceeded, match="was cancelled"):
        client.resume(caught.value.run_id)
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Cancelled"


def test_a_cost_that_cannot_be_read_falls_back_to_the_row(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """running_cost_usd missing: the list row's cost_usd holds the limit."""
    sandbox.options.status_missing = frozenset({COST})

    with pytest.raises(errors.BudgetExceeded):
        client.run(BRIEF, output=tmp_path, on_question=defaults, max_cost_usd=0.5)


def test_a_forecast_past_the_limit_only_warns(client: Any, tmp_path: Path) -> None:
    """Nothing is cancelled for what may never be spent."""
    told: list[Any] = []
    with pytest.raises(errors.BudgetExceeded):
        client.run(BRIEF, output=tmp_path, on_question=defaults, max_cost_usd=2.0, on_event=told.append)

    notices = [event.message for event in told if isinstance(event, events.Notice)]
    assert any("forecasts" in notice for notice in notices)


@pytest.mark.parametrize("answer", [True, False])
def test_what_pays_is_confirmed_first(client: Any, sandbox: Sandbox, tmp_path: Path, answer: bool) -> None:
    """confirm is asked once, before the kickoff; False leaves the run where it is."""
    asked = []

    def confirm(record: Any) -> Any:
        asked.append(record.run_id)
        return answer

    if answer:
        client.run(BRIEF, output=tmp_path, on_question=defaults, confirm=confirm, run_id="mine")
    else:
        with pytest.raises(errors.Detached, match="nothing was paid"):
            client.run(BRIEF, output=tmp_path, confirm=confirm, run_id="mine")
    assert asked == ["mine"]
    assert bool(sandbox.state.generations) == answer


def test_a_respondent_answers_the_agent_until_it_says_it_is_done(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """It is given the agent's reply and the interview, after the scripted messages."""
    heard = []

    def respondent(reply: Any, interview: Any) -> Any:
        heard.append(reply)
        return f"Answer {len(heard)}." if len(heard) < 3 else None

    client.run(BRIEF[:1], output=tmp_path, on_question=defaults, respondent=respondent)

    (interview,) = sandbox.state.interviews.values()
    assert [turn.content for turn in interview.turns if turn.role == "user"] == [BRIEF[0], "Answer 1.", "Answer 2."]
    assert heard[0].startswith("Thank you")


def test_reference_documents_are_attached_before_the_first_turn(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Each once; an empty or missing one is refused before a byte leaves."""
    document = tmp_path / "notes.md"
    document.write_text("# Notes\n")
    client.run(BRIEF, attachments=[document], output=tmp_path, on_question=defaults)

    (interview,) = sandbox.state.interviews.values()
    assert [kept.file_name for kept in interview.documents.values()] == ["notes.md"]
    posts = paths(sandbox, "POST")
    assert posts.index(path_of("upload_reference_document", interview.id)) < posts.index(
        path_of("submit_turn", interview.id)
    )

    sent = len(list(sandbox.requests))
    empty = tmp_path / "empty.md"
    empty.touch()
    for wrong in (empty, tmp_path / "missing.md"):
        with pytest.raises(errors.UsageError):
            client.run(BRIEF, attachments=[wrong], output=tmp_path)
    assert len(list(sandbox.requests)) == sent


def test_a_large_reference_document_is_only_warned_about(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The pages name no limit, so it is uploaded all the same."""
    (tmp_path / "large.pdf").write_bytes(b"%PDF" + bytes(21_000_000))
    told: list[Any] = []
    client.run(BRIEF, attachments=[tmp_path / "large.pdf"], output=tmp_path, on_question=defaults, on_event=told.append)

    assert any("large.pdf is large (21 MB)" in event.message for event in told if isinstance(event, events.Notice))
    (interview,) = sandbox.state.interviews.values()
    assert len(interview.documents) == 1


@pytest.mark.parametrize("brief", ["", "  \n", []])
def test_an_empty_brief_is_refused_before_anything_is_sent(
    client: Any, sandbox: Sandbox, tmp_path: Path, brief: Any
) -> None:
    """One sentence, no request."""
    with pytest.raises(errors.UsageError, match="brief is empty"):
        client.run(brief, output=tmp_path)
    assert not sandbox.requests


def test_an_output_that_cannot_be_written_is_told_before_anything_costs(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A file stands where the folder should be; or the package's name is taken."""
    (tmp_path / "file").write_text("")
    (tmp_path / "taken.zip").write_text("mine")
    for output in (tmp_path / "file" / "under", tmp_path / "taken.zip"):
        with pytest.raises(errors.UsageError):
            client.run(BRIEF, output=output)

    assert not sandbox.state.interviews
    assert (tmp_path / "taken.zip").read_text("utf-8") == "mine"


@POSIX_ONLY
def test_a_working_folder_that_is_gone_is_told_before_anything_costs(
    client: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody removed it under our feet: the sentence says so."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(errors.UsageError, match="working folder no longer exists"):
        client.run(BRIEF)
    assert not sandbox.state.interviews


def test_a_token_of_a_user_adopts_what_the_service_started_itself(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """With an oat_ token the last turn pays: no kickoff of ours, one generation, and it is said beforehand."""
    sandbox.options.agent_completes_after = 2
    client.key = "oat_0123456789abcdef"
    sandbox.state.add_key(client.key, "ada")
    told: list[Any] = []
    asked: list[Any] = []

    def agree(record: Any) -> bool:
        asked.append(1)
        return True

    result = client.run(
        BRIEF,
        output=tmp_path,
        on_question=defaults,
        on_event=told.append,
        confirm=agree,
    )

    assert list(sandbox.state.generations) == [str(result.generation_id)]
    assert path_of("start_generation") not in paths(sandbox, "POST")
    assert asked == [1]
    order = [type(event).__name__ for event in told]
    assert order.index("Notice") < order.index("TurnSubmitted")


def test_what_a_progress_callback_raises_loses_nothing(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The error reaches the caller; the run goes on from its record."""

    def broken(event: Any) -> None:
        if isinstance(event, events.GenerationStarted):
            raise RuntimeError("a bug in the display")

    with pytest.raises(RuntimeError, match="display"):
        client.run(BRIEF, output=tmp_path, on_question=defaults, on_event=broken, run_id="mine")

    assert client.resume("mine", on_question=defaults).path.exists()
    assert len(sandbox.state.generations) == 1


def test_a_generation_started_elsewhere_can_be_adopted(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Started step by step, then managed: resumed to its package without another kickoff."""
    interview = client.start_interview()
    client.say(interview.id, BRIEF[0])
    interview = client.complete_interview(interview.id)
    generation_id = client.start_generation(interview.intake_artifact_id, interview_id=interview.id, profile="Fast")
    record = client.adopt(generation_id, output=str(tmp_path))

    result = client.resume(record.run_id, on_question=defaults)
    assert result.generation_id == generation_id
    assert len(sandbox.state.generations) == 1
