"""The two drivers: what comes of a step goes back into the flow, callbacks are called, and nothing is cut short."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from specstep_flows import errors, events
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.drivers import drive, drive_async, in_thread, refuse_coroutines
from specstep_flows.engine.effects import Ask, Fetch, Flow, Observe, Report, Request, Send, Sleep
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Session, Shared
from specstep_flows.models import Generation


async def unobserved(effect: Observe) -> Generation:
    """Nobody looks at a generation here."""
    raise AssertionError(effect)


def session(**members: Any) -> Session:
    """A session on a clock whose waits take no time."""
    return Session(Shared(SystemClock(1e6), MemoryLimiter(), observe=unobserved), **members)


def answers(request: httpx.Request) -> httpx.Response:
    """A service that says which address it was asked for."""
    return httpx.Response(200, json={"path": request.url.path})


def carried_out(is_async: bool, flow: Flow[Any], session: Session) -> Any:
    """Drive a flow by one driver or the other."""
    transport = httpx.MockTransport(answers)
    if not is_async:
        with httpx.Client(base_url="https://specstep.example", transport=transport) as client:
            return drive(flow, session, client)

    async def go() -> Any:
        async with httpx.AsyncClient(base_url="https://specstep.example", transport=transport) as client:
            return await drive_async(flow, session, client)

    return asyncio.run(go())


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both
def test_every_kind_of_step_is_carried_out(is_async: bool) -> None:
    """A request, a wait, work that blocks, a question to the user, and an event."""
    told: list[events.Event] = []

    async def flow() -> tuple[object, ...]:
        body: bytes = await Send(Request("get_me", "read", "GET", "/v1/me"), lambda reply: reply.content)
        await Sleep(30.0)
        await Report(events.Notice("halfway"))
        return body, await Fetch(lambda should_stop: should_stop()), await Ask(str.upper, ("yes",))

    result = carried_out(is_async, flow(), session(report=told.append))

    assert result == (b'{"path":"/v1/me"}', False, "YES")
    assert told == [events.Notice("halfway")]


@both
def test_what_fails_is_raised_in_the_flow_and_then_in_its_caller(is_async: bool) -> None:
    """The flow may handle it; what it does not handle comes out as it is."""
    seen: list[str] = []

    async def flow() -> None:
        try:
            await Fetch(lambda _: 1 / 0)
        except ZeroDivisionError as error:
            seen.append(str(error))
            raise

    with pytest.raises(ZeroDivisionError):
        carried_out(is_async, flow(), session())
    assert seen == ["division by zero"]


@both
def test_whoever_ends_a_drive_stops_its_blocking_work(is_async: bool) -> None:
    """A download that still runs in a thread asks ``should_stop``."""
    mine = session()

    async def flow() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carried_out(is_async, flow(), mine)
    assert mine.should_stop()


async def policy(_: object) -> None:
    """A policy that must be awaited."""


class Policy:
    """A policy whose call must be awaited."""

    async def __call__(self, _: object) -> None:
        """No answer."""


def test_a_coroutine_function_is_refused_when_it_is_given_not_when_it_is_called() -> None:
    """Nobody wants to hear in minute 20 that the sync client cannot await."""
    refuse_coroutines(None, print, str.upper)
    for function in (policy, Policy()):
        with pytest.raises(errors.UsageError, match="AsyncSpecStep"):
            refuse_coroutines(function)


@pytest.mark.parametrize("function", [policy, lambda _: policy(None)])
def test_only_the_async_driver_awaits_what_a_callback_gives_back(function: Callable[[object], object]) -> None:
    """The sync one says where such a callback belongs."""

    async def flow() -> Any:
        return await Ask(function, (None,))

    assert carried_out(True, flow(), session()) is None
    with pytest.raises(errors.UsageError, match="AsyncSpecStep"):
        carried_out(False, flow(), session())


def test_a_thread_is_waited_for_however_often_its_caller_is_cancelled() -> None:
    """A write that was begun is finished before anybody goes on."""
    release, done = threading.Event(), threading.Event()

    def write() -> None:
        release.wait(10)
        done.set()

    async def go() -> None:
        task = asyncio.ensure_future(in_thread(write))
        await asyncio.sleep(0.01)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done.is_set()

    asyncio.run(go())


def test_a_thread_that_can_stop_is_told_to() -> None:
    """A download ends early, and has let go of its file when its caller goes on."""
    stop = threading.Event()

    async def go() -> None:
        task = asyncio.ensure_future(in_thread(stop.wait, 10, stop=stop.set))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert stop.is_set()
