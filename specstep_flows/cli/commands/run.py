"""``specstep run`` and ``specstep resume``: the whole job, from its start or from where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.arguments import find_run, messages_of, start_over_elsewhere
from specstep_flows.cli.driver import Driver, chosen_progress, open_driver, remembered
from specstep_flows.cli.dry_run import rehearse
from specstep_flows.cli.interview.conversation import is_open_interview, resume_interview
from specstep_flows.cli.options import (
    Answers,
    Attach,
    Embedded,
    Events,
    Force,
    MaxCost,
    Mirror,
    OnQuestion,
    OnQuestionOption,
    Output,
    Profile,
    Progress,
    ProgressOption,
    ProjectType,
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
        typer.Argument(metavar="[BRIEF]", help="What to build: text, a file, or - for stdin."),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Another turn of the interview (repeatable)."),
    ] = None,
    attach: Attach = None,
    profile: Profile = None,
    project_type: ProjectType = None,
    mirror: Mirror = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id", help="The run's id; using the same id again resumes that run.", autocompletion=complete_run
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
    sandbox: Embedded = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything and show what would be done; nothing that costs is sent."),
    ] = False,
) -> int:
    """Turn a brief into a package on disk.

    It holds the interview, starts and watches a generation, answers its questions and downloads the package, whose
    path is written to stdout. The run's id is printed to stderr before anything is paid for. Whatever breaks, `specstep
    resume ID` picks the run up and never pays twice.
    """
    mode = chosen_progress(call, progress, events)
    messages = messages_of(brief, message or ())
    if not (yes or sandbox or dry_run or call.terminal.is_interactive):
        raise errors.UsageError(
            "This run costs money, and there is no terminal to confirm it on: add --yes to agree, or --dry-run to see "
            "what it would do. Nothing was sent."
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
        return driver.drive(lambda **given: driver.client.run(messages, **arguments, **given))


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
    """Resume a run where it stopped.

    From any process, and nothing that was paid for is paid for twice. The options it was started with apply unless you
    give others.
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
            return resume_interview(driver, record, changes)
        if not driver.yes and not call.terminal.is_interactive and _may_pay(record, changes):
            raise errors.UsageError(
                f"Run {record.run_id} has yet to start its generation, which costs money, and there is no terminal to "
                "confirm it on: add --yes. Nothing was sent."
            )
        start_over_elsewhere(driver.client.store, record, changes)
        return driver.drive(lambda **given: driver.client.resume(record.run_id, **changes, **given))


def _take_over(driver: Driver, record: RunRecord, changes: Mapping[str, Any]) -> None:
    """Take from the run's record who answers and whether paying was agreed to, unless flags say otherwise."""
    options = {**record.options, **changes}
    driver.yes = bool(options.get("yes"))
    if driver.answers is None and options.get("answers"):
        driver.answers = Path(options["answers"])
    if changes.get("question_mode") is None and options.get("question_mode"):
        driver.on_question = OnQuestion(options["question_mode"])


def _may_pay(record: RunRecord, changes: Mapping[str, Any]) -> bool:
    retries = changes.get("retry_failed", record.options.get("retry_failed")) or 0
    return record.generation_id is None or retries > record.retries
