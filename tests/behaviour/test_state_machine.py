"""A machine drives a run step by step, with random troubles, deaths, resumes, waits and meddling by others.

After every step: at most one kickoff that was paid for, every turn at most once and in order, every pause answered at
most once, and by our answers. In the end, when nothing more goes wrong: all of it exactly once, and the right bytes
in place.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from specstep_flows import errors
from specstep_flows._paths import part_of
from specstep_flows.engine.interpreter import Attempt, Block, Call, Pause, carry_out
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Session, Shared
from specstep_flows.flows.job import Job
from specstep_flows.flows.run import run_job
from specstep_flows.flows.status_cache import StatusCache
from specstep_flows.models import RunOptions
from specstep_flows.runs import opening
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import ClarificationRound, Failure, ManualClock, Question, SandboxOptions, TurnFailure
from tests.kit.bench import BRIEF, QUESTIONS, SECONDS
from tests.kit.clocks import TurnedClock
from tests.kit.service import TROUBLES, Service

TOKEN = "oat_machine_0123456789"
#: The second round of questions, if there is one: others, or the same words again.
MORE = {
    "none": (),
    "others": (ClarificationRound((Question("And the colours?"),), "Reviewing"),),
    "the same": (ClarificationRound(QUESTIONS, "Drafting", 0.6),),
}
#: The requests that change something, the dear ones more than once.
CHANGES = (
    "start_interview",
    "submit_turn",
    "complete_interview",
    "start_generation",
    "start_generation",
    "start_generation",
    "retry_generation",
    "answer_clarifications",
    "answer_clarifications",
)
#: What a run may end with when it is troubled. Each of these can be resumed.
RESUMABLE = (
    errors.RequestError,
    errors.OutcomeUnknown,
    errors.TurnFailed,
    errors.GenerationPaused,
    errors.GenerationFailed,
)


class Disk:
    """The run's hands on the disk, over a dictionary: only whole files, no network."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.files: dict[Path, bytes] = {}

    def part_for(self, path: Any) -> Any:
        return part_of(path)

    def choose(self, record: Any, generation_id: Any) -> Any:
        return Path(f"/out/{generation_id}.zip")

    def check(self) -> None:
        pass

    def fetch(self, link: Any, part: Any, should_stop: Any, or_whole: bool = False) -> None:
        name = link.url.partition("/blob/")[2].partition("?")[0]
        self.files[part] = self.service.world.blobs[name].content()

    def verify(self, part: Any) -> Any:
        return hashlib.sha256(self.files[part]).hexdigest()

    def place(self, part: Any, path: Any) -> None:
        assert path not in self.files or self.files[path] == self.files[part]
        self.files[path] = self.files.pop(part)

    def tidy(self, part: Any) -> None:
        self.files.pop(part, None)

    def digest(self, path: Any) -> Any:
        return hashlib.sha256(self.files[path]).hexdigest() if path in self.files else None

    def size(self, path: Any) -> Any:
        return len(self.files.get(path, b""))

    def unpack(self, path: Any) -> None:
        raise AssertionError("nobody asked for it")


class RunMachine(RuleBasedStateMachine):
    """One run, from its first step to its last, through any number of processes."""

    @initialize(
        is_person=st.booleans(),
        completes=st.booleans(),
        more=st.sampled_from(sorted(MORE)),
        envelope=st.sampled_from(["array", "object"]),
        lag=st.sampled_from([0, 0, 15]),
        late_artifact=st.sampled_from([0, 5]),
        turn_failures=st.lists(st.integers(1, 4), max_size=2, unique=True),
        replied=st.booleans(),
        generation_fails=st.booleans(),
        needs_type=st.booleans(),
        tick=st.sampled_from([1, 10, 45]),
    )
    def begin(
        self,
        is_person: Any,
        completes: Any,
        more: Any,
        envelope: Any,
        lag: Any,
        late_artifact: Any,
        turn_failures: Any,
        replied: Any,
        generation_fails: Any,
        needs_type: Any,
        tick: Any,
    ) -> None:
        """A service of some kind, and a new run."""
        self.is_person, self.retries = is_person, int(generation_fails)
        self.replies_and_fails = replied and bool(turn_failures)
        options = SandboxOptions(
            keys={TOKEN: "bob"},
            profile_seconds=SECONDS,
            turn_seconds=3.0,
            clarifications=(ClarificationRound(QUESTIONS), *MORE[more]),
            agent_completes_after=len(BRIEF) if completes else None,
            list_envelope=envelope,
            visible_after_seconds=lag,
            intake_artifact_delay=late_artifact,
            turn_failures=tuple(TurnFailure((number,), reply_committed=replied) for number in turn_failures),
            failures=(Failure("HostRestart", on=(1,)),) if generation_fails else (),
            require_project_type=needs_type,
            dispatcher_tick_seconds=tick,
        )
        self.clock = ManualClock()
        self.service = Service(options, self.clock, TOKEN if is_person else None)
        self.disk: Any = Disk(self.service)
        self.store = RunStore.in_memory()
        self.store.create(opening.new_record(BRIEF, [], RunOptions(profile="Fast"), "machine", "http://127.0.0.1:8"))
        self.steps: Any = None
        self.step: Any = None
        self.result: Any = None
        self.asked = 0
        self.resume()

    def teardown(self) -> None:
        """Nothing more goes wrong: the run ends, and all is there exactly once."""
        if not hasattr(self, "service"):
            return
        try:
            for _ in range(60):
                if self.result is not None:
                    break
                self._unpause()
                if self.steps is None:
                    self.resume()
                self._perform_many(2000)
            self._judge()
        finally:
            self.service.close()
            self.store.close()

    # What happens

    @precondition(lambda self: self.steps is None and self.result is None)
    @rule()
    def resume(self) -> None:
        """A new process, with nothing but the store."""
        shared = Shared(
            clock=TurnedClock(self.clock),
            limiter=MemoryLimiter(),
            observe=StatusCache().observe,
            random=random.Random(1),
        )
        session = Session(shared, store=self.store, record=self.store.get("machine"))
        options = RunOptions(retry_failed=self.retries)
        job = Job(self.disk, policy=self._answer, is_user_actor=self.is_person, options=options)
        self.steps = carry_out(run_job(job), session)
        self._go_on(lambda: self.steps.send(None))

    @precondition(lambda self: self.steps is not None)
    @rule(number=st.integers(1, 30))
    def go_on(self, number: Any) -> None:
        """Some steps without incident."""
        self._perform_many(number)

    @precondition(lambda self: self.steps is not None)
    @rule(trouble=st.sampled_from(sorted(TROUBLES)), times=st.integers(1, 3))
    def be_troubled(self, trouble: Any, times: Any) -> None:
        """The next request, or the next few, meet with a trouble."""
        for _ in range(times):
            self._go_to()
            if self.steps is not None:
                self._perform(trouble)

    @precondition(lambda self: self.steps is not None)
    @rule(operation=st.sampled_from(CHANGES), trouble=st.sampled_from(sorted(TROUBLES)), times=st.integers(1, 2))
    def be_troubled_at(self, operation: Any, trouble: Any, times: Any) -> None:
        """The next request of a kind meets with a trouble, and perhaps the one after it as well."""
        self._go_to(operation)
        for _ in range(times):
            if self.steps is not None:
                self._perform(trouble)
                self._go_to()

    @precondition(lambda self: self.steps is not None)
    @rule(operation=st.sampled_from(CHANGES), trouble=st.sampled_from([None, *sorted(TROUBLES)]))
    def die_at(self, operation: Any, trouble: Any) -> None:
        """The process is killed while a request of a kind is on its way, carried out, lost or late."""
        self._go_to(operation)
        if self.steps is not None:
            with contextlib.suppress(errors.RequestError):
                self.service.send(self.step.request, self._possible(trouble))
            self.steps = None

    @precondition(lambda self: self.steps is not None)
    @rule()
    def die(self) -> None:
        """The process is killed before the next step."""
        self.steps = None

    @precondition(lambda self: self.steps is not None)
    @rule()
    def die_in_the_step(self) -> None:
        """The process is killed when the next step has been done, and before it knows."""
        if isinstance(self.step, Attempt):
            self.service.send(self.step.request)
        elif isinstance(self.step, Block):
            self.step.work()
        self.steps = None

    @precondition(lambda self: not self._is_told_twice_by_a_late_turn())
    @rule(seconds=st.sampled_from([0.5, 5.0, 40.0, 200.0, 3600.0]))
    def time_passes(self, seconds: Any) -> None:
        """Nobody does anything for a while."""
        self.service.turn(seconds)

    @rule()
    def somebody_pauses(self) -> None:
        """A person pauses the generation on the web."""
        for run in self._generations():
            if not run.is_terminal and not run.state.startswith("Paused"):
                run.pause(self.clock.now())

    @rule()
    def somebody_unpauses(self) -> None:
        """And lets it go on."""
        self._unpause()

    # What must hold

    @invariant()
    def one_kickoff(self) -> None:
        """Nothing is paid for twice; a retry is the user's own word for one more."""
        if hasattr(self, "service"):
            failed = sum(run.state == "Failed" for run in self._generations())
            assert len(self._generations()) <= 1 + min(failed, self.retries)

    @invariant()
    def turns_in_order(self) -> None:
        """One interview in use, and what was said there is the brief from its beginning, each part once."""
        if hasattr(self, "service"):
            used = [interview.messages for interview in self.service.world.interviews.values() if interview.messages]
            assert len(used) <= 1
            assert all(messages == list(BRIEF[: len(messages)]) for messages in used)

    @invariant()
    def pauses_answered_once(self) -> None:
        """As many answers were accepted as there were pauses, at most."""
        if hasattr(self, "service"):
            pauses = sum(
                event.to_state == "PausedAwaitingClarification" for run in self._generations() for event in run.events
            )
            accepted = sum(entry == ("answer_clarifications", 202) for entry in self.service.carried_out)
            assert accepted <= pauses

    def _judge(self) -> None:
        world = self.service.world
        assert self.result is not None, "the run does not end"
        assert len(self._generations()) == 1 + self.retries
        run = world.generations[str(self.result.generation_id)]
        asked = {
            q.question for step in run.steps if isinstance(step.mark, ClarificationRound) for q in step.mark.questions
        }
        assert run.answers == {question: f"Answer to: {question}" for question in asked}
        (used,) = (interview for interview in world.interviews.values() if interview.messages)
        assert used.messages == list(BRIEF)
        assert run.package_id is not None
        content = world.packages[run.package_id].zip.content()
        assert self.disk.files == {self.result.path: content}
        record = self.store.get("machine")
        assert (record.is_finished, record.intent) == (True, None)

    # How a process lives

    def _generations(self) -> Any:
        return list(self.service.world.generations.values())

    def _unpause(self) -> None:
        for run in self._generations():
            if run.state == "Paused":
                run.resume(self.clock.now(), continues=True)

    def _answer(self, questions: Any) -> Any:
        self.asked += 1
        return {question.question: f"Answer to: {question.question}" for question in questions}

    def _is_told_twice_by_a_late_turn(self) -> Any:
        """A job that fails with its reply committed, and its turn's key arriving once more behind that.

        The client has looked, and the turn is on its way: what the service makes of it is the service's alone.
        """
        is_turn = isinstance(self.step, Attempt) and self.step.request.operation == "submit_turn"
        return self.replies_and_fails and is_turn

    def _possible(self, trouble: Any) -> Any:
        is_late = trouble is not None and trouble.startswith("late")
        return "reset after" if is_late and self._is_told_twice_by_a_late_turn() else trouble

    def _go_to(self, operation: Any = None) -> None:
        """Go on without incident to the next request, or the next of a kind."""
        while self.steps is not None:
            if isinstance(self.step, Attempt) and operation in (None, self.step.request.operation):
                return
            self._perform()

    def _perform_many(self, number: Any) -> None:
        for _ in range(number):
            if self.steps is None:
                return
            self._perform()

    def _perform(self, trouble: Any = None) -> None:
        value: Any = None
        try:
            match self.step:
                case Attempt():
                    value = self.service.send(self.step.request, self._possible(trouble))
                case Pause():
                    self.service.turn(self.step.seconds)
                case Block():
                    value = self.step.work()
                case Call():
                    value = self.step.function(*self.step.arguments)
        except errors.SpecStepError as error:
            failure = error
            self._go_on(lambda: self.steps.throw(failure))
        else:
            self._go_on(lambda: self.steps.send(value))

    def _go_on(self, move: Any) -> None:
        try:
            self.step = move()
        except StopIteration as stop:
            self.result, self.steps = stop.value, None
        except RESUMABLE:
            self.steps = None


QUICK = settings(
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def test_a_run_keeps_its_promises_whatever_happens() -> None:
    """A dozen short histories; the slow test has more, and longer ones."""
    run_state_machine_as_test(RunMachine, settings=settings(QUICK, max_examples=12))


@pytest.mark.slow
def test_a_run_keeps_its_promises_through_many_histories() -> None:
    """The same with long histories and many of them."""
    run_state_machine_as_test(RunMachine, settings=settings(QUICK, max_examples=300, stateful_step_count=60))
