"""``specstep interview``: the whole interview at the terminal, as a run that continues to the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from specstep_flows import errors
from specstep_flows.cli.driver import open_driver
from specstep_flows.cli.interview.conversation import LARGE_MEGABYTES, drive_interview, resume_interview
from specstep_flows.cli.options import Attach, Embedded, KickoffOptions, RunningOptions, complete_run
from specstep_flows.cli.session import Call, service_of
from specstep_flows.cli.verbs import verb

if TYPE_CHECKING:
    from specstep_flows.runs.protocol import RunKeeper
    from specstep_flows.runs.records import RunRecord


@verb
def interview(
    call: Call,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Say this first (repeatable)."),
    ] = None,
    attach: Attach = None,
    kickoff: KickoffOptions = KickoffOptions(),
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id",
            metavar="ID",
            help="The run's id; an earlier interview's id continues that one.",
            autocompletion=complete_run,
        ),
    ] = None,
    running: RunningOptions = RunningOptions(),
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
    given = {**kickoff.given(), **running.given()}
    with (
        # Before anything else: a paste may be on its way.
        call.terminal.held(),
        service_of(call, is_embedded=sandbox) as settings,
        open_driver(call, running.progress.value, settings, running, is_free=sandbox) as driver,
    ):
        known = None if run_id is None else _known(driver.client.store, run_id)
        if known is None:
            return drive_interview(
                driver,
                lambda **hands: driver.client.run(
                    message or (), attachments=attach or (), run_id=run_id, **given, **hands
                ),
                large,
            )
        if message or attach:
            raise errors.UsageError(
                f"Run {run_id} has already begun: send messages and /attach documents in the conversation."
            )
        return resume_interview(driver, known, given, large)


def _known(store: RunKeeper, run_id: str) -> RunRecord | None:
    try:
        return store.get(run_id)
    except errors.RunNotFound:
        return None
