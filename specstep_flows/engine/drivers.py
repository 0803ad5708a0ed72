"""The two drivers: they perform the steps of ``engine.interpreter``, one by blocking and one by awaiting."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from specstep_flows import errors
from specstep_flows.engine import transport
from specstep_flows.engine.interpreter import Attempt, Block, Call, Pause, Step, Steps, carry_out
from specstep_flows.engine.retry import RULES
from specstep_flows.engine.threads import Work, pool

if TYPE_CHECKING:
    import httpx

    from specstep_flows.engine.effects import Flow
    from specstep_flows.engine.leaving import Place
    from specstep_flows.engine.session import Session

R = TypeVar("R")

#: How long a cancelled task waits for its thread to stop; a download checks four times a second whether it should.
STOPS_WITHIN_SECONDS: Final = 3.0
_OPEN: Final = contextlib.nullcontext()


def refuse_coroutines(*functions: object) -> None:
    """Refuse now, and not in minute 20, a callback that a sync client cannot await."""
    for function in functions:
        if function is None:
            continue
        called = getattr(function, "__call__", None)  # noqa: B004 - an instance whose __call__ is async
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
            raise errors.UsageError(
                f"{getattr(function, '__name__', function)!r} is a coroutine function: use it with AsyncSpecStep."
            )


def _steps_of(flow: Flow[R], session: Session) -> Steps[R]:
    steps = carry_out(flow, session)
    if session.wire is None:
        return steps
    from specstep_flows.engine.attempts import wired

    return wired(steps, session)


def drive(flow: Flow[R], session: Session, client: httpx.Client) -> R:
    """Run ``flow`` in this thread. An interrupt leaves the record as it is, which is the truth."""
    steps = _steps_of(flow, session)
    value: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                step = steps.send(value) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                result: R = stop.value
                return result
            value, failure = None, None
            try:
                value = _perform(step, session, client)
            except Exception as error:
                failure = error
    finally:
        session.stopping.set()
        steps.close()
        flow.close()


def _perform(step: Step, session: Session, client: httpx.Client) -> Any:
    match step:
        case Attempt():
            report = step.report
            tell = None if report is None else lambda event: _call(report, event)
            depart = None if step.place is None else step.place.leave
            return transport.attempt(client, step.request, step.timeout, tell=tell, depart=depart, guard=step.guard)
        case Pause():
            return session.shared.clock.sleep(step.seconds)
        case Block():
            return step.work()
        case Call():
            return _call(step.function, *step.arguments)


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    answer = function(*arguments)
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise errors.UsageError("A callback returned a coroutine: use it with AsyncSpecStep.")
    return answer


async def drive_async(flow: Flow[R], session: Session, client: httpx.AsyncClient) -> R:
    """Run ``flow`` on the running event loop. Blocking work runs in threads, and writes are never cut short."""
    steps = _steps_of(flow, session)
    value: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                step = steps.send(value) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                result: R = stop.value
                return result
            value, failure = None, None
            try:
                value = await _perform_async(step, session, client)
            except Exception as error:
                failure = error
    finally:
        session.stopping.set()
        steps.close()
        flow.close()


async def _perform_async(step: Step, session: Session, client: httpx.AsyncClient) -> Any:
    match step:
        case Attempt():
            report = step.report
            tell = None if report is None else lambda event: call_async(report, event)
            # What may cost is sent as soon as its intent says so: how long ago that was decides what is believed of it.
            is_urgent = step.request.is_urgent or RULES[step.request.kind].records_intent
            async with _OPEN if is_urgent else session.shared.gate:
                depart = None if step.place is None else functools.partial(_leave_async, step.place)
                guard = None if step.guard is None else functools.partial(in_thread, step.guard)
                return await transport.attempt_async(
                    client, step.request, step.timeout, tell=tell, depart=depart, guard=guard
                )
        case Pause():
            return await session.shared.clock.sleep_async(step.seconds)
        case Block():
            # A write is waited for, so that nothing overtakes it. A download is told to stop and waited for, so that
            # whoever resumes the run right away finds its file unlocked.
            stop = None if step.is_write else session.stopping.set
            return await in_thread(step.work, stop=stop, kind="files" if step.is_long else "store")
        case Call():
            return await call_async(step.function, *step.arguments)


async def _leave_async(place: Place) -> None:
    if place.is_stale():
        await in_thread(place.leave)


async def call_async(function: Callable[..., Any], *arguments: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    answer = await _begun(function, arguments, "user")
    return await answer if inspect.isawaitable(answer) else answer


def _begun(work: Callable[..., R], arguments: tuple[Any, ...], kind: Work) -> asyncio.Future[R]:
    """Blocking code, begun in one of our threads, with the context of its caller."""
    run = functools.partial(contextvars.copy_context().run, work, *arguments)
    return asyncio.get_running_loop().run_in_executor(pool(kind), run)


async def in_thread(
    work: Callable[..., R], *arguments: Any, stop: Callable[[], None] | None = None, kind: Work = "store"
) -> R:
    """Run blocking code in a thread, and wait for it even when cancelled, because a thread cannot be.

    When this returns or raises, the thread is done and its locks are free, however often the caller was cancelled. With
    ``stop``, a cancelled thread is told to end early, and is waited for no longer than that takes.
    """
    task = _begun(work, arguments, kind)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        end = math.inf
        if stop is not None:
            stop()
            end = time.monotonic() + STOPS_WITHIN_SECONDS
        task.add_done_callback(_take_note)
        while not task.done() and (left := end - time.monotonic()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task], timeout=min(left, STOPS_WITHIN_SECONDS))
        raise


def _take_note(task: asyncio.Future[Any]) -> None:
    """Retrieve the exception of a thread that nobody waits for any more; asyncio warns otherwise."""
    if not task.cancelled():
        task.exception()
