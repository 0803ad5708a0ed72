"""Ctrl-C and its kin: the first detaches, at once or after the request in flight; the second stops."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from specstep_flows.cli.interrupts import Detach, Interrupts, Stop, put_off
from specstep_flows.engine.clock import SystemClock
from specstep_flows.sandbox import Fault, Sandbox, SandboxOptions
from tests.kit.api import op
from tests.kit.platforms import POSIX_ONLY

FAST = ("--yes", "--profile", "Fast", "--run-id", "tea")
LOOK = op("get_generation")


def test_a_wait_ends_at_once() -> None:
    """While nothing is in flight, the signal itself detaches."""
    with Interrupts() as interrupts, pytest.raises(Detach), interrupts.idle():
        signal.raise_signal(signal.SIGINT)


def test_a_request_is_let_finish() -> None:
    """While a request is in flight, the next wait or event detaches."""
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Detach):
            interrupts.check()
        with pytest.raises(Detach), interrupts.idle():
            pass


def test_a_request_that_does_not_end_is_left() -> None:
    """After the grace, the request is given up."""
    with Interrupts(grace_seconds=0.01):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Detach):
            time.sleep(30)


def test_the_second_stops() -> None:
    """Whatever is in flight."""
    with Interrupts():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Stop):
            signal.raise_signal(signal.SIGINT)


@POSIX_ONLY
def test_a_console_of_windows_that_is_closed_detaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends a signal that no other system has, and so does Ctrl-Break."""
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    with Interrupts() as interrupts, pytest.raises(Detach), interrupts.idle():
        signal.raise_signal(signal.SIGUSR1)


@POSIX_ONLY
def test_what_was_ignored_stays_ignored() -> None:
    """A process under nohup does not detach when its terminal goes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_put_back() -> None:
    """Afterwards signals mean what they meant."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_elsewhere_than_in_the_main_thread_it_does_nothing() -> None:
    """Only the main thread may set handlers."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with Interrupts() as interrupts, interrupts.idle():
                pass
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


def test_detaching_from_a_wait(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that resumes is printed with 3, and resuming pays nothing again."""
    turn = SystemClock.sleep

    def interrupted(self: SystemClock, seconds: float) -> None:
        if sandbox.requests.count(LOOK) == 2:
            monkeypatch.setattr(SystemClock, "sleep", turn)
            signal.raise_signal(signal.SIGINT)
        turn(self, seconds)

    monkeypatch.setattr(SystemClock, "sleep", interrupted)

    stopped = specstep("run", "A shop.", *FAST, "--json")
    resumed = specstep("resume", "tea")

    assert stopped.code == 3
    assert stopped.document["resume_command"] == "specstep resume tea"
    assert stopped.err.endswith("To continue: specstep resume tea\n")
    assert resumed.code == 0
    assert sandbox.requests.count(op("start_generation")) == 1


@pytest.fixture
def kill_when() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Send this process a SIGINT as soon as something holds, and again when it holds no longer to wait."""
    threads: list[threading.Thread] = []

    def watch(*conditions: Callable[[], bool]) -> None:
        def work() -> None:
            for condition in conditions:
                end = time.monotonic() + 30
                while not condition() and time.monotonic() < end:
                    time.sleep(0.005)
                os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()

    yield watch
    for thread in threads:
        thread.join()


@POSIX_ONLY
def test_detaching_from_a_kickoff_that_hangs(
    specstep: Any, sandbox: Any, kill_when: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kickoff in flight is given its moment, then left; the next process finds what it started."""
    monkeypatch.setattr("specstep_flows.cli.interrupts.GRACE_SECONDS", 0.05)
    sandbox.faults.add(Fault(op("start_generation"), "stall", commit=True))
    kill_when(lambda: sandbox.requests.count(op("start_generation")) == 1)

    stopped = specstep("run", "A shop.", *FAST)
    resumed = specstep("resume", "tea")

    assert stopped.code == 3
    assert resumed.code == 0
    assert sandbox.requests.count(op("start_generation")) == 1


@POSIX_ONLY
def test_stopping_in_the_middle_of_a_request(specstep: Any, sandbox: Any, kill_when: Any) -> None:
    """The second Ctrl-C ends it with 130, whatever is in flight."""
    sandbox.faults.add(Fault(LOOK, "stall"))
    began: list[float] = []

    def a_moment_later() -> bool:
        began.append(time.monotonic())
        return began[-1] - began[0] > 0.2

    kill_when(lambda: sandbox.requests.count(LOOK) == 1, a_moment_later)

    result = specstep("run", "A shop.", *FAST)

    assert result.code == 130
    assert "Traceback" not in result.err
    assert "specstep resume tea" in result.err


@POSIX_ONLY
def test_before_there_is_a_run_there_is_nothing_to_resume(
    specstep: Any, sandbox: Any, kill_when: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb without a run is only stopped."""
    monkeypatch.setattr("specstep_flows.cli.interrupts.GRACE_SECONDS", 0.05)
    sandbox.faults.add(Fault(op("get_me"), "stall"))
    kill_when(lambda: sandbox.requests.count(op("get_me")) == 1)

    result = specstep("run", "A shop.", "--dry-run", "--json")

    assert result.code == 130
    assert result.document["code"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_real_process(start: Any, home: Any, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """A process that is told to end detaches with the line that resumes, and stdout is one document."""
    options = SandboxOptions(clarifications=(), profile_seconds={"Fast": 1e9}, requests_per_minute=None)
    with Sandbox(options=options, speed=200) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "200")
        process = start(["run", "A shop.", *FAST, "--json"])
        end = time.monotonic() + 30
        while sandbox.requests.count(LOOK) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 3
    assert json.loads(out)["resume_command"] == "specstep resume tea"
    assert "Traceback" not in err


@POSIX_ONLY
def test_what_blocks_comes_back_now_and_then_while_idle() -> None:
    """A signal that came just before a call that blocks would be heard only behind it; outside, no alarm is set."""
    with Interrupts() as interrupts:
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        with interrupts.idle():
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[1] <= 1
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@POSIX_ONLY
def test_whoever_detaches_is_disturbed_no_more() -> None:
    """The alarm that wakes what blocks would raise once more, in the middle of putting things in order."""
    alarms = []

    def wait() -> None:
        with Interrupts() as interrupts, interrupts.idle():
            try:
                signal.raise_signal(signal.SIGHUP)
            finally:
                alarms.append(signal.getitimer(signal.ITIMER_REAL))

    with pytest.raises(Detach):
        wait()
    assert alarms == [(0.0, 0.0)]


def test_what_must_not_be_cut_is_finished_first() -> None:
    """A signal is handled behind it, however many such blocks there are in each other."""
    reached: list[list[int]] = []

    def work() -> None:
        with Interrupts() as interrupts, interrupts.idle(), put_off() as arrived:
            with put_off():
                signal.raise_signal(signal.SIGINT)
                reached.append([])
            reached.append(arrived)

    with pytest.raises(Detach):
        work()
    assert reached == [[], [signal.SIGINT]]


def test_whoever_is_stuck_there_gets_out() -> None:
    """By the second signal."""
    reached = []

    def work() -> None:
        with Interrupts() as interrupts, interrupts.idle(), put_off():
            signal.raise_signal(signal.SIGTERM)
            reached.append("the first")
            signal.raise_signal(signal.SIGINT)
            reached.append("the second")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the first"]


def test_what_is_put_off_is_as_before_afterwards() -> None:
    """The handlers, also where one raised; and what another thread does is nobody's interrupt."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), put_off():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before

    lists: list[list[int]] = []

    def work() -> None:
        with put_off() as arrived:
            lists.append(arrived)
            assert signal.getsignal(signal.SIGINT) is before

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert lists == [[]]
