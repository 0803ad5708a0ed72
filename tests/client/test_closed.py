"""A client that was closed, also in the middle and by another thread, and a process without a descriptor to spare."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors, events
from specstep_flows.sandbox import ManualClock
from tests.kit.raw_server import raw_server


def test_a_closed_client_says_so(sandbox: Any) -> None:
    """To whatever is asked of it; nothing is sent."""
    specstep = SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory())
    specstep.get_account()
    sent = len(sandbox.requests)
    specstep.close()
    specstep.close()
    for work in (specstep.get_account, specstep.list_generations, lambda: specstep.run("A shop.", run_id="r")):
        with pytest.raises(errors.UsageError, match="client is closed"):
            work()
    assert len(sandbox.requests) == sent


def test_a_client_that_was_closed_unused_says_so(sandbox: Any) -> None:
    """Its first call is no different."""
    specstep = SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory())
    specstep.close()
    with pytest.raises(errors.UsageError, match="client is closed"):
        specstep.get_account()


def test_a_closed_client_on_an_event_loop_says_so(sandbox: Any) -> None:
    """The same, awaited."""

    async def work() -> None:
        specstep = AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory())
        await specstep.get_account()
        await specstep.aclose()
        with pytest.raises(errors.UsageError, match="client is closed"):
            await specstep.get_account()
        with pytest.raises(errors.UsageError, match="client is closed"):
            await specstep.run("A shop.", run_id="r")

    asyncio.run(work())


@pytest.mark.parametrize("kind", [events.RunOpened, events.InterviewStarted, events.GenerationStarted])
def test_a_run_whose_client_is_closed_meanwhile_can_be_resumed(
    kind: type[events.Event], tmp_path: Path, sandbox: Any, turned: Any
) -> None:
    """By another thread, at any point: an error of ours ends it, nothing is paid twice, and it goes on later."""
    options = {"api_url": sandbox.url, "clock": turned(sandbox)}
    with contextlib.closing(RunStore(tmp_path / "state")) as store:
        specstep = SpecStep(sandbox.api_key, store=store, **options)

        def close(event: events.Event) -> None:
            if isinstance(event, kind):
                thread = threading.Thread(target=specstep.close)
                thread.start()
                thread.join()

        with pytest.raises(errors.SpecStepError) as caught:
            specstep.run("A shop.", run_id="r", profile="Fast", output=tmp_path, on_event=close, on_question=defaults)
        assert caught.value.run_id == "r"
        with SpecStep(sandbox.api_key, store=store, **options) as again:
            assert again.resume("r", on_question=defaults).path.exists()
    assert len(sandbox.state.generations) == 1


def defaults(questions: Any) -> Any:
    """The proposed defaults."""
    return {question.question: question.proposed_default or "Use your best judgment for v1." for question in questions}


def test_a_client_that_is_closed_before_the_answer_came(turned: Any) -> None:
    """The request left, so the connection was lost; it is not sent again by a client that cannot."""
    clients: list[SpecStep] = []

    def close(*_: Any) -> None:
        clients[0].close()

    with raw_server(close) as port:
        clock = turned(SimpleNamespace(clock=ManualClock()))
        clients.append(SpecStep("sf_key", api_url=f"http://127.0.0.1:{port}", store=RunStore.in_memory(), clock=clock))
        with pytest.raises(errors.SpecStepError):
            clients[0].get_account()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("is_async", [False, True])
def test_without_a_descriptor_to_spare(number: int, is_async: bool, sandbox: Any, tmp_path: Path) -> None:
    """Whatever it was that could not be opened: an error of ours, which names the run. Others are not swallowed."""

    def fail(number: int) -> Callable[[Any], None]:
        def call(event: Any) -> None:
            raise OSError(number, "whatever")

        return call

    def run(number: int) -> None:
        with SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "state") as specstep:
            specstep.run("A shop.", run_id=f"r{number}", output=tmp_path, on_event=fail(number))

    async def run_async(number: int) -> None:
        async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "state") as specstep:
            await specstep.run("A shop.", run_id=f"r{number}", output=tmp_path, on_event=fail(number))

    def work(number: int) -> None:
        asyncio.run(run_async(number)) if is_async else run(number)

    with pytest.raises(errors.StoreError, match="resume") as caught:
        work(number)
    assert caught.value.run_id == f"r{number}"
    with pytest.raises(PermissionError):
        work(errno.EACCES)
