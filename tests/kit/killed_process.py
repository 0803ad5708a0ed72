"""Processes that are killed: a run in a process of its own, which notes every point that it passes and dies at one.

Run as a program, this is the *starter*: it has everything imported, and forks a process for each line of JSON that it
reads. Points are the steps of the driver (each is reached just before it is performed, and so just after the one before
it) and, between them, what the process does to the files of the output folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from specstep_flows import AsyncSpecStep
from specstep_flows.engine import drivers
from specstep_flows.engine.interpreter import Attempt, Block, Call, Pause, Step
from specstep_flows.settings import Settings

from .shared_clock import SharedClock

#: Audit events of the interpreter that change files.
CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.move"}


@attrs.define
class Order:
    """What a process is to do, and when it is to die."""

    folder: str
    clock: str
    url: str
    key: str
    brief: list[str]
    attachments: list[str]
    #: The arguments of the ``specstep`` command, if that is what lives and dies; else ``AsyncSpecStep.run`` is.
    command: list[str] = attrs.field(factory=list)
    die_at: int = 0


@attrs.define
class Points:
    """The points that a process passes. They are noted in a file, so that they outlive it."""

    file: int
    die_at: int
    watched: str
    passed: int = 0

    def reach(self, label: str) -> None:
        self.passed += 1
        os.write(self.file, f"{label}\n".encode())
        if self.passed == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook: changes to files under the watched folder are points."""
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(self.watched):
            if arguments[2] & (os.O_WRONLY | os.O_RDWR):
                self.reach(f"open {_short(arguments[0])}")
        elif event in CHANGES and str(arguments[0]).startswith(self.watched):
            self.reach(f"{event} {_short(arguments[0])}")


def _short(path: Any) -> str:
    """A file's name without what differs from run to run: ids, and the middle of temporary names."""
    name = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", Path(str(path)).name)
    return "TEMPORARY" if "tmp" in name else re.sub(r"\.[a-z0-9_]{8}\.unpacking", ".unpacking", name)


def label_of(step: Step) -> str:
    match step:
        case Attempt():
            return f"send {step.request.operation}"
        case Pause():
            return "sleep"
        case Block():
            return "write" if step.is_write else f"block {step.work.__qualname__}"
        case Call():
            return f"call {getattr(step.function, '__name__', '')}"


def answer(questions: Any) -> dict[str, str]:
    return {question.question: f"Answer to: {question.question}" for question in questions}


def live(order: Order) -> None:
    """One run, or what is left of it, with death at a point."""
    folder = Path(order.folder)
    out = folder / "out"
    points = Points(os.open(folder / "points", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), order.die_at, str(out))
    sys.addaudithook(points.hear)
    driver: Any = drivers
    perform, perform_async = driver._perform, drivers._perform_async

    def pointed(step: Step, *more: Any) -> Any:
        points.reach(label_of(step))
        return perform(step, *more)

    async def pointed_async(step: Step, *more: Any) -> Any:
        points.reach(label_of(step))
        return await perform_async(step, *more)

    driver._perform, driver._perform_async = pointed, pointed_async
    clock = SharedClock(Path(order.clock))
    if order.command:
        command(order, clock)
        return
    settings = Settings(api_key=order.key, api_url=order.url, state=folder / "state", request_timeout=20)
    arguments: dict[str, Any] = {
        "run_id": "proof",
        "profile": "Fast",
        "output": out,
        "unpack": True,
        "attachments": order.attachments,
        "on_question": answer,
    }

    async def run() -> None:
        async with AsyncSpecStep(settings=settings, clock=clock) as client:
            await client.run(order.brief, **arguments)

    asyncio.run(run())


def command(order: Order, clock: SharedClock) -> None:
    """The ``specstep`` command in this process, on the shared clock; what it says goes into a file."""
    from specstep_flows.cli import main
    from specstep_flows.engine.clock import SystemClock

    patch: Any = SystemClock
    patch.now = lambda self: clock.now()
    patch.sleep = lambda self, seconds: clock.sleep(seconds)
    patch.sleep_async = lambda self, seconds: clock.sleep_async(seconds)
    folder = Path(order.folder)
    (folder / "config.toml").touch()
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    # The starter has read from the one that was inherited.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    os.environ.update(
        SPECSTEP_API_KEY=order.key,
        SPECSTEP_API_URL=order.url,
        SPECSTEP_STATE=str(folder / "state"),
        SPECSTEP_CONFIG=str(folder / "config.toml"),
        SPECSTEP_REQUEST_TIMEOUT="20",
    )
    code = main(order.command)
    if code != 0:
        raise SystemExit(f"the command ended with {code}")


def starter(read: Callable[[], str], write: Callable[[str], None]) -> None:
    """Fork a process for each order; write its id at once, and how it ended when it has.

    What a process that lived to its end had imported is imported here then, so that none after it has to.
    """
    while line := read():
        order = Order(**json.loads(line))
        modules = Path(order.folder, "modules")
        child = os.fork()
        if child == 0:
            code = 70
            try:
                live(order)
                modules.write_text("\n".join(sys.modules))
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        write(f"{child}\n")
        _, status = os.waitpid(child, 0)
        if modules.exists():
            for name in modules.read_text().splitlines():
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            modules.unlink()
        write(f"{os.waitstatus_to_exitcode(status)}\n")


def main() -> None:
    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    starter(sys.stdin.readline, write)


if __name__ == "__main__":
    main()
