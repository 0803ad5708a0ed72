"""``specstep run`` and ``specstep resume``: the whole job, from its start or from where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.arguments import find_run, given_brief
from specstep_flows.cli.driver import Driver, chosen_progress, open_driver
from specstep_flows.cli.dry_run import rehearse
from specstep_flows.cli.interview.conversation import is_open_interview, resume_interview
from specstep_flows.cli.options import (
    Attach,
    DryRun,
    Embedded,
    Events,
    KickoffOptions,
    OnQuestion,
    ResumeOptions,
    RunArgument,
    StartOptions,
    complete_run,
)
from specstep_flows.cli.session import Call, service_of
from specstep_flows.cli.verbs import verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.cli.piped import Running
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings


@verb
def run(
    call: Call,
    brief: Annotated[
        str | None,
        typer.Argument(metavar="[BRIEF]", help="What to build: text, a file, or - for stdin."),
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="BRIEF is the text itself, even if it is one word or a file has that name.")
    ] = False,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Another turn of the interview (repeatable)."),
    ] = None,
    attach: Attach = None,
    kickoff: KickoffOptions = KickoffOptions(),
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id",
            metavar="ID",
            help="The run's id; using the same id again resumes that run.",
            autocompletion=complete_run,
        ),
    ] = None,
    running: StartOptions = StartOptions(),
    events: Events = False,
    sandbox: Embedded = False,
    dry_run: DryRun = False,
) -> int:
    """Turn a brief into a package on disk.

    It holds the interview, starts and watches a generation, answers its questions and downloads the package, whose
    path is written to stdout. The run's id is printed to stderr before anything is paid for. Whatever breaks, `specstep
    resume ID` picks the run up and never pays twice.
    """
    mode = chosen_progress(call, running.progress, events)
    given = given_brief(call, brief, message or (), is_text=text)
    if not (running.yes or sandbox or dry_run or call.terminal.is_interactive):
        raise errors.UsageError(
            "This run costs money, and there is no terminal to confirm it on: add --yes to agree, or --dry-run to see "
            "what it would do. Nothing was sent."
        )
    with service_of(call, is_embedded=sandbox) as settings:
        is_piped = running.wants_stdout
        if is_piped:
            running = _redirected(call, running, settings, kickoff.profile or settings.profile)
        with open_driver(call, mode, settings, running, is_free=sandbox) as driver:
            driver.brief, driver.is_piped = given.words(), is_piped
            if dry_run:
                return rehearse(driver, given, attach or (), kickoff, running, run_id)
            options = {**kickoff.given(), **running.given()}
            return driver.drive(
                lambda **hands: driver.client.run(
                    given.messages, attachments=attach or (), run_id=run_id, **options, **hands
                )
            )


@verb
def resume(
    call: Call,
    run: RunArgument,
    kickoff: KickoffOptions = KickoffOptions(),
    running: ResumeOptions = ResumeOptions(),
    events: Events = False,
) -> int:
    """Resume a run where it stopped.

    From any process, and nothing that was paid for is paid for twice. The options it was started with apply unless you
    give others; profile, project type and mirror can change until the generation is started.
    """
    mode = chosen_progress(call, running.progress, events)
    settings = call.settings()
    is_piped = running.wants_stdout
    if is_piped:
        running = _redirected(call, running, settings, kickoff.profile)
    changes = {**kickoff.given(), **running.given()}

    with open_driver(call, mode, settings, running) as driver:
        driver.is_piped = is_piped
        record = find_run(driver.client.store, run)
        call.run_id = record.run_id
        if is_piped:
            _redirected(call, running, settings, record.options.profile)
        _take_over(driver, record, changes)
        if is_open_interview(record):
            return resume_interview(driver, record, changes)
        if not driver.yes and not call.terminal.is_interactive and _may_pay(record, changes):
            raise errors.UsageError(
                f"Run {record.run_id} has yet to start its generation, which costs money, and there is no terminal to "
                "confirm it on: add --yes. Nothing was sent."
            )
        return driver.drive(lambda **given: driver.client.resume(record.run_id, **changes, **given))


def _redirected(call: Call, running: Running, settings: Settings, profile: str | None) -> Running:
    from specstep_flows.cli.piped import redirected

    return redirected(call, running, settings, profile)


def _take_over(driver: Driver, record: RunRecord, changes: Mapping[str, Any]) -> None:
    """Take from the run's record who answers and whether paying was agreed to, unless flags say otherwise."""
    remembered = {**record.options.remember, **changes.get("remember", {})}
    driver.yes = bool(remembered.get("yes"))
    if driver.answers is None and remembered.get("answers"):
        driver.answers = Path(remembered["answers"])
    if "question_mode" not in changes.get("remember", {}) and remembered.get("question_mode"):
        driver.on_question = OnQuestion(remembered["question_mode"])


def _may_pay(record: RunRecord, changes: Mapping[str, Any]) -> bool:
    retries = changes.get("retry_failed", record.options.retry_failed) or 0
    return record.generation_id is None or retries > record.retries
