"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from specstep_flows import errors
from specstep_flows._text import plain_line
from specstep_flows.cli.output import status_of
from specstep_flows.settings import Settings

__all__ = [
    "Answers",
    "Events",
    "Force",
    "MaxCost",
    "OnQuestion",
    "OnQuestionOption",
    "Output",
    "Progress",
    "ProgressOption",
    "RetryFailed",
    "RunArgument",
    "RunOrGeneration",
    "Timeout",
    "Unpack",
    "Yes",
    "complete_run",
]

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"([0-9]*\.?[0-9]+)\s*([a-z]*)")


class Progress(StrEnum):
    """How progress is shown."""

    auto = "auto"
    plain = "plain"
    none = "none"


class OnQuestion(StrEnum):
    """Who answers a question of the agents' that nothing else answers."""

    ask = "ask"
    defaults = "defaults"
    detach = "detach"
    fail = "fail"


def duration(text: str) -> float:
    """Seconds, from ``90``, ``90s``, ``30m`` or ``2h``."""
    match = _DURATION.fullmatch(text.strip().lower())
    unit = _UNITS.get(match[2]) if match else None
    if match is None or unit is None or not 0 < float(match[1]) * unit < math.inf:
        raise typer.BadParameter(f"{text!r} is not a duration: use 90, 90s, 30m or 2h.")
    return float(match[1]) * unit


def amount(text: str) -> float:
    """US dollars above 0, from ``5``, ``2.50`` or ``$5``."""
    try:
        usd = float(text.strip().removeprefix("$"))
    except ValueError:
        usd = math.nan
    if not 0 < usd < math.inf:
        raise typer.BadParameter(f"{text!r} is not an amount above 0: use US dollars, such as 5 or 2.50.")
    return usd


def complete_run(incomplete: str) -> list[tuple[str, str]]:
    """Run ids for shell completion, each with what it is."""
    from specstep_flows.runs.store import RunStore

    try:
        store = RunStore(Settings.load().state_folder())
        try:
            return [
                (record.run_id, f"{status_of(record)} {plain_line(record.project_name)}".strip())
                for record in store.all()
                if record.run_id.startswith(incomplete)
            ]
        finally:
            store.close()
    except errors.SpecStepError:
        return []


RunArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's id, or how it begins.", autocompletion=complete_run)
]
RunOrGeneration: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, or a generation's.", autocompletion=complete_run)
]
Answers: TypeAlias = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="Answers to the agents' questions, as YAML or JSON."),
]
OnQuestionOption: TypeAlias = Annotated[
    OnQuestion | None,
    typer.Option(
        "--on-question",
        help="What to do with a question that --answers does not answer: ask a person, take the proposed defaults, "
        "detach (exit 5; answer later), or fail (exit 5). On a terminal: ask; elsewhere: detach.",
        show_default=False,
    ),
]
ProgressOption: TypeAlias = Annotated[
    Progress, typer.Option("--progress", help="A live display, plain lines, or nothing.")
]
Events: TypeAlias = Annotated[
    bool, typer.Option("--events", help="Write every event to stdout as NDJSON, the result as the last line.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        parser=duration,
        help="How long to wait in all, in seconds or as 30m or 2h; what was started goes on (exit 3).",
    ),
]
MaxCost: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        parser=amount,
        help="Cancel the generation when its cost, as the service gives it, passes this.",
    ),
]
RetryFailed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--retry-failed", metavar="N", min=0, help="Run a failure that is likely to clear again, N times at most."
    ),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", help="The zip's name, or the folder to put it in (default: here)."),
]
Unpack: TypeAlias = Annotated[bool | None, typer.Option("--unpack", help="Unpack the zip beside itself, too.")]
Force: TypeAlias = Annotated[bool | None, typer.Option("--force", help="Replace what stands under the package's name.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Agree to pay without being asked.")]
