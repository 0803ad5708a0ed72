"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated, Any, Final, TypeAlias

import attrs
import typer

from specstep_flows import errors
from specstep_flows._paths import can_be_read_again, user_path
from specstep_flows._text import parse_duration, plain_line
from specstep_flows.cli.output import status_of
from specstep_flows.settings import Settings
from specstep_flows.states import DOCUMENTED_PROFILES, DOCUMENTED_PROJECT_TYPES, fold

#: ``--output -``: the package goes to stdout. It is no path that anything could open.
STDOUT: Final = PurePath("-")


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
    """Seconds, from ``90``, ``90s``, ``30m``, ``2h`` or ``1h30m``."""
    seconds = parse_duration(text)
    if not seconds:
        raise typer.BadParameter(f"{text!r} is not a duration: use 90, 90s, 30m, 2h or 1h30m.")
    return seconds


def amount(text: str) -> float:
    """US dollars above 0, from ``5``, ``2.50`` or ``$5``."""
    try:
        usd = float(text.strip().removeprefix("$"))
    except ValueError:
        usd = math.nan
    if not 0 < usd < math.inf:
        raise typer.BadParameter(f"{text!r} is not an amount above 0: use US dollars, such as 5 or 2.50.")
    return usd


def output_path(text: str) -> PurePath:
    """A path, or ``STDOUT``."""
    return STDOUT if text == "-" else Path(text)


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


def complete_profile(incomplete: str) -> list[str]:
    """The profiles that the pages name, for shell completion."""
    return _begun(incomplete, DOCUMENTED_PROFILES)


def complete_project_type(incomplete: str) -> list[str]:
    """The project types that the pages name."""
    return _begun(incomplete, DOCUMENTED_PROJECT_TYPES)


def _begun(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if fold(word).startswith(fold(incomplete)))


RunArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.", autocompletion=complete_run)
]
RunOrGeneration: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run or generation id.", autocompletion=complete_run)
]
WholeRunOrGeneration: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run or generation id, in full.", autocompletion=complete_run)
]
WholeRun: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's id, in full.", autocompletion=complete_run)
]
Answers: TypeAlias = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="Answers to the agents' questions, as YAML or JSON."),
]
OnQuestionOption: TypeAlias = Annotated[
    OnQuestion | None,
    typer.Option(
        "--on-question",
        help="What to do with questions that --answers does not cover: ask you, take the proposed defaults, detach "
        "(exit 5, answer later), or fail (exit 5). Default: ask on a terminal, detach elsewhere.",
        show_default=False,
    ),
]
ProgressOption: TypeAlias = Annotated[
    Progress, typer.Option("--progress", help="Show a live display, plain lines, or nothing.")
]
Events: TypeAlias = Annotated[
    bool, typer.Option("--events", help="Write every event to stdout as NDJSON, with the result as the last line.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        parser=duration,
        help="Time limit for the whole wait: seconds, 30m or 1h30m. What was started keeps running (exit 3).",
    ),
]
Wait: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--wait/--no-wait",
        help="Wait for a free place under your plan's limit of concurrent generations, and for the end of a pause (the "
        "default), or fail at once.",
        show_default=False,
    ),
]
WaitPaused: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--wait-paused",
        metavar="TIME",
        parser=duration,
        help="How long to watch a generation that somebody paused (default: 1h); then exit 3.",
    ),
]
MaxCost: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        parser=amount,
        help="Cancel the generation once its reported cost exceeds this.",
    ),
]
RetryFailed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--retry-failed",
        metavar="N",
        min=0,
        help="Retry up to N times in all after failures that are likely to clear.",
    ),
]
Attach: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--attach", metavar="FILE", help="A reference document to upload first (repeatable)."),
]
Profile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        autocompletion=complete_profile,
        help="Review profile: Fast, Normal (the default), Extensive, ...",
    ),
]
ProjectType: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--project-type",
        metavar="TYPE",
        autocompletion=complete_project_type,
        help="WebApp, MobileApp, ... (default: the service detects it).",
    ),
]
Mirror: TypeAlias = Annotated[
    str | None,
    typer.Option("--mirror", metavar="NAME", help="Mirror selection: ClaudeMd, ... (default: the service's)."),
]
Embedded: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Use a local sandbox inside this process: no key, no cost.")
]


def _output(default: str, more: str = "") -> Any:
    return typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        parser=output_path,
        help=f"File name of the zip, or a folder for it (default: {default}){more}.",
    )


Output: TypeAlias = Annotated[PurePath | None, _output("here")]
OutputOrStdout: TypeAlias = Annotated[PurePath | None, _output("here", "; - for stdout")]
DryRun: TypeAlias = Annotated[
    bool,
    typer.Option("--dry-run", help="Check everything and show what would be done; nothing that costs is sent."),
]
Unpack: TypeAlias = Annotated[bool | None, typer.Option("--unpack", help="Also unpack the zip, next to it.")]
Force: TypeAlias = Annotated[bool | None, typer.Option("--force", help="Overwrite existing files of that name.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Skip the payment prompt.")]


def file_path(output: PurePath | None) -> Path | None:
    """What ``--output`` says to a verb that writes a file. Raises ``UsageError`` for stdout."""
    if output == STDOUT and not isinstance(output, Path):
        raise errors.UsageError("--output - works with run, resume and download only: give a path. Nothing was sent.")
    return None if output is None else Path(output)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """What was given of ``values``: None and an unset flag were not."""
    return {name: value for name, value in values.items() if value is not None and value is not False}


@attrs.frozen
class KickoffOptions:
    """What a kickoff is sent with, for verbs that begin a run."""

    profile: Profile = None
    project_type: ProjectType = None
    mirror: Mirror = None

    def given(self) -> dict[str, Any]:
        """As ``SpecStep.run`` takes them."""
        return given({"profile": self.profile, "project_type": self.project_type, "mirror_selection": self.mirror})


@attrs.frozen
class RunningOptions:
    """How a run is carried out, for every verb that drives one."""

    output: Output = None
    unpack: Unpack = None
    force: Force = None
    yes: Yes = False
    max_cost: MaxCost = None
    retry_failed: RetryFailed = None
    answers: Answers = None
    on_question: OnQuestionOption = None
    timeout: Timeout = None
    wait: Wait = None
    wait_paused: WaitPaused = None
    progress: ProgressOption = Progress.auto

    @property
    def wants_stdout(self) -> bool:
        """Whether the package is to go to stdout."""
        return self.output == STDOUT and not isinstance(self.output, Path)

    def given(self) -> dict[str, Any]:
        """As ``SpecStep.run`` and ``SpecStep.resume`` take them, with what a later resume need not say again.

        Raises:
            UsageError: the package is to go to stdout, and this verb does not wait for it.
        """
        path = file_path(self.output)
        remember = given(
            {
                "yes": self.yes,
                "answers": str(user_path(self.answers)) if self.answers and can_be_read_again(self.answers) else None,
                "question_mode": None if self.on_question is None else self.on_question.value,
            }
        )
        values = given(
            {
                "output": None if path is None else str(user_path(path)),
                "unpack": self.unpack,
                "force": self.force,
                "max_cost_usd": self.max_cost,
                "retry_failed": self.retry_failed,
                "wait_paused": self.wait_paused,
                "remember": remember or None,
            }
        )
        return values if self.wait is None else {**values, "wait": self.wait}


@attrs.frozen
class StartOptions(RunningOptions):
    """The same for ``run``."""

    output: OutputOrStdout = None


@attrs.frozen
class ResumeOptions(RunningOptions):
    """The same for ``resume``."""

    output: Annotated[PurePath | None, _output("as it was started", "; - for stdout")] = None


@attrs.frozen
class UpdateOptions(RunningOptions):
    """The same for ``update``."""

    output: Annotated[PurePath | None, _output("beside the package before")] = None
