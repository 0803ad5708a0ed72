"""What a worker of a fleet says on stderr, in lines with their time: what it takes, what comes of it, why it waits."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import errors, events
from specstep_flows._paths import home_path
from specstep_flows._text import counted, duration, plain_line, without_secrets
from specstep_flows.cli import exits, failures
from specstep_flows.cli.fleet_views import open_fleet
from specstep_flows.cli.values import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from specstep_flows.callbacks import SyncPolicy
    from specstep_flows.cli.session import Call
    from specstep_flows.cli.terminal import Terminal

#: How many runs a worker drives at a time, unless it is told otherwise.
CAPACITY_VARIABLE: Final = "SPECSTEP_FLEET_CAPACITY"


def work(
    call: Call, database: str | None, capacity: int | None, name: str, health: int | None, policies: Sequence[str]
) -> int:
    """Be a worker until it is told to stop; the exit code."""
    known = named_policies(policies)
    most = capacity or _capacity_of(os.environ.get(CAPACITY_VARIABLE))

    def tell(run_id: str, event: events.Event) -> None:
        if (line := words_of(event)) is not None:
            logging.getLogger("specstep_flows.fleet.run").info("Run %s: %s", run_id, line)

    with told_log(call.terminal), open_fleet(call, database, keys=None, on_event=tell) as fleet:
        given = {} if most is None else {"capacity": most}
        code = fleet.work(policies=known, name=name, health_port=health, **given)
    if code == exits.SESSION_LOST:
        message = (
            "The worker's session with the database was lost, so its runs are others' already. Nothing is lost: start "
            "it again."
        )
        return failures.tell(call, message, "session_lost", code)
    call.finish(None, {"code": "drained"})
    return code


def named_policies(given: Sequence[str]) -> dict[str, SyncPolicy]:
    """Answers files by the names that submissions use: ``house=answers.yaml``. Raises ``UsageError``."""
    from specstep_flows.answers_file import AnswersFile

    known: dict[str, SyncPolicy] = {}
    for text in given:
        name, mark, file = text.partition("=")
        if not (name and mark and file):
            raise errors.UsageError(f"--policy {text!r} must be NAME=FILE, such as house=answers.yaml.")
        if name in known:
            raise errors.UsageError(f"There are two policies called {name}.")
        known[name] = AnswersFile.load(home_path(Path(file)))
    return known


def _capacity_of(text: str | None) -> int | None:
    import typer

    try:
        return whole_number(1)(text) if text else None
    except typer.BadParameter as error:
        raise errors.SettingsError(f"{CAPACITY_VARIABLE}: {error.message}") from None


def words_of(event: events.Event) -> str | None:
    """An event of a run in a line of the log; None for what would only fill it."""
    match event:
        case events.GenerationStarted():
            return f"generation {event.generation_id} {'is taken up' if event.adopted else 'is started'}."
        case events.QuestionsAsked():
            return f"{counted(len(event.questions), 'question')} asked."
        case events.QuestionsAnswered():
            return f"{counted(len(event.answers), 'answer')} sent."
        case events.Waiting():
            return f"{plain_line(event.reason)} Next try in {duration(event.seconds)}."
        case events.Notice():
            return plain_line(event.message)
        case events.PackageSaved():
            return f"its package is at {event.path}."
    return None


class _Lines(logging.Handler):
    """Tells each record of a log in a line with its time."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        at = f"{datetime.fromtimestamp(record.created).astimezone():%H:%M:%S}"
        line = f"{at}  {without_secrets(record.getMessage())}"
        if record.exc_info is not None and record.exc_info[0] is not None:
            # Not its text, which may hold anything.
            line += f" ({record.exc_info[0].__name__})"
        tell: Any = self._terminal.say if record.levelno < logging.WARNING else self._terminal.tell
        tell(line, " " * 10)


@contextlib.contextmanager
def told_log(terminal: Terminal) -> Iterator[None]:
    """What the fleet logs is told on stderr; what its queue and its connections log, where it is an error."""
    handler = _Lines(terminal)
    levels = {
        logging.getLogger("specstep_flows.fleet"): logging.INFO,
        logging.getLogger("procrastinate"): logging.ERROR,
        # A connection that the server has ended is replaced.
        logging.getLogger("psycopg"): logging.ERROR,
    }
    before = {log: log.level for log in levels}
    for log, level in levels.items():
        log.addHandler(handler)
        log.setLevel(level)
    try:
        yield
    finally:
        for log in levels:
            log.removeHandler(handler)
            log.setLevel(before[log])
