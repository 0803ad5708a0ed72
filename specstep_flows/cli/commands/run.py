"""``specstep run`` and ``specstep resume``: the whole job, from its start or from where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.arguments import find_run, messages_of, start_over_elsewhere
from specstep_flows.cli.driver import Driver, chosen_progress, open_driver, remembered
from specstep_flows.cli.dry_run import rehearse
from specstep_flows.cli.interview.conversation import go_on, is_open_interview
from specstep_flows.cli.options import (
    Answers,
    Events,
    Force,
    MaxCost,
    OnQuestion,
    OnQuestionOption,
    Output,
    Progress,
    ProgressOption,
    RetryFailed,
    RunArgument,
    Timeout,
    Unpack,
    Yes,
    complete_run,
)
from specstep_flows.cli.session import Call, service_of
from specstep_flows.cli.verbs import verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.runs.records import RunRecord

__all__ = ["resume", "run"]


@verb
def run(
    call: Call,
    brief: Annotated[
        str | None,
        typer.Argument(metavar="[BRIEF]", help="What is to be built: a text, a file's name, or - for stdin."),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="A further turn of the interview; may be repeated."),
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option("--attach", metavar="FILE", help="A reference document to upload first; may be repeated."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="The review profile: Fast, Normal (the default), Extensive, ...")
    ] = None,
    project_type: Annotated[
        str | None, typer.Option("--project-type", help="WebApp, MobileApp, ...; else the service detects it.")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option("--mirror", help="The mirror selection: ClaudeMd, ...; else the service's default.")
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id", help="The run's id. The same id again goes on where it stopped.", autocompletion=complete_run
        ),
    ] = None,
    output: Output = None,
    unpack: Unpack = None,
    force: Force = None,
    yes: Yes = False,
    max_cost: MaxCost = None,
    retry_failed: RetryFailed = None,
    answers: Answers = None,
    on_question: OnQuestionOption = None,
    timeout: Timeout = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run against a local sandbox inside this process: no key, no cost.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and say what would be done; send nothing that costs.")
    ] = False,
) -> int:
    """Turn a brief into a package on disk.

    An interview is held, a generation is started and watched, its questions are answered, its package is downloaded.
    The package's path is written to stdout. The run's id is on stderr before anything is paid for; whatever breaks,
    `specstep resume ID` goes on with it, and never pays twice.
    """
    mode = chosen_progress(call, progress, events)
    messages = messages_of(brief, message or ())
    if not (yes or sandbox or dry_run or call.terminal.is_interactive):
        raise errors.UsageError(
            "This run would cost money, and nobody can be asked here: add --yes to agree, or --dry-run to see what it "
            "would do. Nothing was sent."
        )
    arguments: dict[str, Any] = {
        "attachments": attach or (),
        "profile": profile,
        "project_type": project_type,
        "mirror_selection": mirror,
        "output": output,
        "unpack": bool(unpack),
        "force": bool(force),
        "run_id": run_id,
        "max_cost_usd": max_cost,
        "retry_failed": retry_failed or 0,
        "remember": remembered(yes, answers, on_question),
    }
    with (
        service_of(call, is_embedded=sandbox) as settings,
        open_driver(call, mode, settings, answers, on_question, timeout, yes, is_free=sandbox) as driver,
    ):
        if dry_run:
            return rehearse(driver, messages, arguments)
        return driver.drive(lambda **hands: driver.client.run(messages, **arguments, **hands))


@verb
def resume(
    call: Call,
    run: RunArgument,
    output: Output = None,
    unpack: Unpack = None,
    force: Force = None,
    yes: Yes = False,
    max_cost: MaxCost = None,
    retry_failed: RetryFailed = None,
    answers: Answers = None,
    on_question: OnQuestionOption = None,
    timeout: Timeout = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
) -> int:
    """Go on with a run where it stopped.

    From this process or any other; what is paid for is not paid for again. The run's own options hold unless they are
    given anew.
    """
    mode = chosen_progress(call, progress, events)
    changes = {
        "output": None if output is None else str(output.expanduser().absolute()),
        "unpack": unpack,
        "force": force,
        "max_cost_usd": max_cost,
        "retry_failed": retry_failed,
        **remembered(yes, answers, on_question),
    }
    changes = {name: value for name, value in changes.items() if value is not None}

    with open_driver(call, mode, call.settings(), answers, on_question, timeout, yes) as driver:
        record = find_run(driver.client.store, run)
        call.run_id = record.run_id
        _take_over(driver, record, changes)
        if is_open_interview(record):
            return go_on(driver, record, changes)
        if not driver.yes and not call.terminal.is_interactive and _may_pay(record, changes):
            raise errors.UsageError(
                f"Run {record.run_id} has yet to start its generation, which costs money, and nobody can be asked "
                "here: add --yes. Nothing was sent."
            )
        start_over_elsewhere(driver.client.store, record, changes)
        return driver.drive(lambda **hands: driver.client.resume(record.run_id, **changes, **hands))


def _take_over(driver: Driver, record: RunRecord, changes: Mapping[str, Any]) -> None:
    """What the run's record says about who answers and who pays, where nothing else was said."""
    options = {**record.options, **changes}
    driver.yes = bool(options.get("yes"))
    if driver.answers is None and options.get("answers"):
        driver.answers = Path(options["answers"])
    if changes.get("question_mode") is None and options.get("question_mode"):
        driver.on_question = OnQuestion(options["question_mode"])


def _may_pay(record: RunRecord, changes: Mapping[str, Any]) -> bool:
    retries = changes.get("retry_failed", record.options.get("retry_failed")) or 0
    return record.generation_id is None or retries > record.retries
