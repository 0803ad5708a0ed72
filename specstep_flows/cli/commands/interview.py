"""``specstep interview``: the whole interview at the terminal, as a run that continues to the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.driver import open_driver, remembered
from specstep_flows.cli.interview.conversation import LARGE_MEGABYTES, drive_interview, resume_interview
from specstep_flows.cli.options import (
    Answers,
    Attach,
    Embedded,
    Force,
    MaxCost,
    Mirror,
    OnQuestionOption,
    Output,
    Profile,
    Progress,
    ProgressOption,
    ProjectType,
    RetryFailed,
    Timeout,
    Unpack,
    Yes,
    complete_run,
)
from specstep_flows.cli.session import Call, service_of
from specstep_flows.cli.verbs import verb

if TYPE_CHECKING:
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore

__all__ = ["interview"]


@verb
def interview(
    call: Call,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Say this first (repeatable)."),
    ] = None,
    attach: Attach = None,
    profile: Profile = None,
    project_type: ProjectType = None,
    mirror: Mirror = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id", help="The run's id; an earlier interview's id continues that one.", autocompletion=complete_run
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
    large: Annotated[
        float,
        typer.Option(
            "--large-attachment",
            metavar="MB",
            envvar="SPECSTEP_LARGE_ATTACHMENT_MB",
            help="Warn about reference documents larger than this; the service states no limit.",
        ),
    ] = LARGE_MEGABYTES,
    sandbox: Embedded = False,
) -> int:
    """Hold the interview yourself at the keyboard.

    The agent asks, you answer, and /done starts the generation. An empty line sends your message. /attach FILE uploads
    a document, /edit opens your editor, /status shows where you are, /undo-pending takes back a turn that is still
    being answered, and /quit leaves; continue later with --run-id or `specstep resume`. Input can be piped, with empty
    lines between messages.
    """
    options = {
        "profile": profile,
        "project_type": project_type,
        "mirror_selection": mirror,
        "output": output,
        "unpack": bool(unpack),
        "force": bool(force),
        "max_cost_usd": max_cost,
        "retry_failed": retry_failed or 0,
    }
    with (
        service_of(call, is_embedded=sandbox) as settings,
        open_driver(call, progress.value, settings, answers, on_question, timeout, yes, is_free=sandbox) as driver,
    ):
        known = None if run_id is None else _known(driver.client.store, run_id)
        if known is None:
            arguments: dict[str, Any] = {
                **options,
                "attachments": attach or (),
                "run_id": run_id,
                "remember": remembered(yes, answers, on_question),
            }
            return drive_interview(
                driver, lambda **given: driver.client.run(message or (), **arguments, **given), large
            )
        if message or attach:
            raise errors.UsageError(
                f"Run {run_id} has already begun: send messages and /attach documents in the conversation."
            )
        changes = {name: value for name, value in options.items() if value}
        return resume_interview(driver, known, changes, large)


def _known(store: RunStore, run_id: str) -> RunRecord | None:
    try:
        return store.get(run_id)
    except errors.RunNotFound:
        return None
