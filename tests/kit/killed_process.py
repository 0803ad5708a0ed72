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
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows import AsyncSpecStep, _http
from specstep_flows.engine import clock as clocks
from specstep_flows.engine import drivers, leaving
from specstep_flows.engine.interpreter import Attempt, Block, Call, Pause, Step
from specstep_flows.settings import Settings

from .shared_clock import SharedClock

if TYPE_CHECKING:
    from specstep_flows.fleet.drive import Driver

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
    #: Where it is to stop, for as long as nobody wakes it: the name of a point, which then includes those on the wire.
    stop_at: str = ""
    #: It is killed there instead.
    is_killed: bool = False
    #: The address and the schema of the PostgreSQL where the runs are; else they are in the folder.
    postgres: list[str] = attrs.field(factory=list)
    #: The name of the key with which the run was submitted to a fleet: it is driven as its workers do.
    key_name: str = ""
    #: By how many seconds the clock of its host is ahead, and whether it goes by that or by PostgreSQL's.
    ahead: float = 0.0
    has_own_clock: bool = False


@attrs.define
class Points:
    """The points that a process passes. They are noted in a file, so that they outlive it."""

    file: int
    die_at: int
    watched: str
    stop_at: str = ""
    is_killed: bool = False
    passed: int = 0

    def reach(self, label: str) -> None:
        self.passed += 1
        os.write(self.file, f"{label}\n".encode())
        if self.passed == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if label == self.stop_at:
            self.stop_at = ""
            # To this thread: sent to the process, it may stop another one first.
            signal.pthread_kill(threading.get_ident(), signal.SIGKILL if self.is_killed else signal.SIGSTOP)

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
    file = os.open(folder / "points", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    points = Points(file, order.die_at, str(out), order.stop_at, order.is_killed)
    sys.addaudithook(points.hear)
    driver: Any = drivers
    perform, perform_async = driver._perform, drivers._perform_async

    def pointed(step: Step, *more: Any) -> Any:
        points.reach(label_of(step))
        return perform(step, *more)

    async def pointed_async(step: Step, *more: Any) -> Any:
        points.reach(label_of(step))
        result = await perform_async(step, *more)
        if order.stop_at and isinstance(step, Attempt):
            points.reach(f"answered {step.request.operation}")
        return result

    driver._perform, driver._perform_async = pointed, pointed_async
    clock = SharedClock(Path(order.clock))
    if order.stop_at:
        watch_the_wire(points)
        # As long as it is stopped, the clock that nobody sets goes on as well.
        clocks.since_boot = clock.now
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

    store: Any = None
    used: Any = clock
    if order.postgres:
        from specstep_flows.fleet.drive import Driver
        from specstep_flows.fleet.keys import Keys
        from specstep_flows.fleet.store import PostgresStore

        from .turned_database import OwnClock, ServersClock, TurnedDatabase

        database = TurnedDatabase(*order.postgres)
        store = PostgresStore(database)
        used = (OwnClock if order.has_own_clock else ServersClock)(database, clock, order.ahead)

    async def run() -> None:
        async with AsyncSpecStep(settings=settings, clock=used, store=store) as client:
            await client.run(order.brief, **arguments)

    if order.key_name:
        asyncio.run(drive(order, points, Driver(store, Keys({order.key_name: order.key}), settings, clock=used)))
    else:
        asyncio.run(run())


async def drive(order: Order, points: Points, driver: Driver) -> None:
    """Drive the run as a worker does, which looks at its row before and writes down behind it what came of it."""
    kind: Any = type(driver)
    ask = kind._ask

    async def pointed(self: Any, what: Any, *more: Any, **named: Any) -> Any:
        points.reach(f"ask {what.__name__}")
        return await ask(self, what, *more, **named)

    kind._ask = pointed
    driver.policies = {"proof": answer}
    outcome = await driver.drive("proof")
    points.reach("the end of the job")
    await driver.close()
    if outcome != "done":
        raise SystemExit(f"the drive ended with {outcome!r}")


def watch_the_wire(points: Points) -> None:
    """Points between the steps of the driver: around the intent, the last look, and each write to a connection."""
    backend, backend_async, intention = _http._Backend, _http._AsyncBackend, leaving.Intention

    def around(name: str, before: str, after: str) -> None:
        inner = getattr(intention, name)

        def pointed(self: Any) -> None:
            operation = self.effect.request.operation
            points.reach(f"{before} {operation}")
            inner(self)
            points.reach(f"{after} {operation}")

        setattr(intention, name, pointed)

    around("write", "before the intent of", "behind the intent of")
    around("look", "before the last look at", "behind the last look at")

    class Wire:
        """httpcore's stream, each write of which is a point; they are counted for each request."""

        def __init__(self, inner: Any) -> None:
            self.inner, self.exchange, self.count = inner, None, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def begin(self, exchange: Any) -> str:
            self.count = self.count + 1 if exchange is self.exchange else 1
            self.exchange = exchange
            return f"write {self.count} of {exchange.request.operation}"

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            write = self.begin(_http.THREAD.exchange)
            points.reach(f"before {write}")
            self.inner.write(buffer, timeout)
            points.reach(f"behind {write}")

    class AsyncWire(Wire):
        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # type: ignore[override]
            write = self.begin(_http.exchange_of_task().get())
            points.reach(f"before {write}")
            await self.inner.write(buffer, timeout)
            points.reach(f"behind {write}")

    connect, connect_async = backend.connect_tcp, backend_async.connect_tcp

    def connect_tcp(self: Any, *arguments: Any, **more: Any) -> Any:
        stream = connect(self, *arguments, **more)
        return _http._Stream(Wire(stream._stream))

    async def connect_tcp_async(self: Any, *arguments: Any, **more: Any) -> Any:
        stream = await connect_async(self, *arguments, **more)
        return _http._AsyncStream(AsyncWire(stream._stream))

    backend.connect_tcp, backend_async.connect_tcp = connect_tcp, connect_tcp_async  # type: ignore[method-assign]


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
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
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
    """Fork a process for each order; write its id at once, and how it ended when it has, or that it has stopped.

    One that has is woken by a line with its id, and then it is written how it ended.

    What a process that lived to its end had imported is imported here then, so that none after it has to.
    """
    while line := read():
        if line.startswith("wake "):
            child = int(line.removeprefix("wake "))
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
            write(f"{os.waitstatus_to_exitcode(status)}\n")
            continue
        order = Order(**json.loads(line))
        modules = Path(order.folder, "modules")
        child = os.fork()
        if child == 0:
            code = 70
            try:
                live(order)
                modules.write_text("\n".join(sys.modules), encoding="utf-8")
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        write(f"{child}\n")
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            write("stopped\n")
            continue
        if modules.exists():
            for name in modules.read_text(encoding="utf-8").splitlines():
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
