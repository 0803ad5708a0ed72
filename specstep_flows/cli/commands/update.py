"""``specstep update``: a package made again from what has changed, beside the old one, with what differs."""

from __future__ import annotations

from typing import Annotated

import typer

from specstep_flows import errors
from specstep_flows.cli.arguments import find_target, given_brief
from specstep_flows.cli.driver import chosen_progress, open_driver
from specstep_flows.cli.dry_run import rehearse_update
from specstep_flows.cli.options import Attach, DryRun, Events, RunOrGeneration, UpdateOptions, complete_run
from specstep_flows.cli.session import Call, told_at_end
from specstep_flows.cli.verbs import verb


@verb
def update(
    call: Call,
    run: RunOrGeneration,
    brief: Annotated[
        str | None, typer.Argument(metavar="[BRIEF]", help="What has changed: text, a file, or - for stdin.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="BRIEF is the text itself.")] = False,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Another turn of the interview (repeatable)."),
    ] = None,
    attach: Attach = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id",
            metavar="ID",
            help="The new run's id (default: made of what it does).",
            autocompletion=complete_run,
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Another update, and pay for it, where the same one is finished or failed.")
    ] = False,
    running: UpdateOptions = UpdateOptions(),
    events: Events = False,
    dry_run: DryRun = False,
) -> int:
    """Generate a package again from what has changed.

    It holds a new interview about the change, updates the generation from it, and puts the new package next to the
    old one; its path is written to stdout, and what differs to stderr. It costs as much as a generation. It is one run:
    the same command resumes it, and never pays twice.
    """
    mode = chosen_progress(call, running.progress, events)
    given = given_brief(call, brief, message or (), is_text=text, what="change", missing="Say what has changed")
    if not (running.yes or dry_run or call.terminal.is_interactive):
        raise errors.UsageError(
            "This update costs money, and there is no terminal to confirm it on: add --yes to agree, or --dry-run to "
            "see what it would do. Nothing was sent."
        )
    options = running.given()
    with open_driver(call, mode, call.settings(), running) as driver:
        driver.brief = given.words()
        target = find_target(driver.client.store, run)
        record, updated = target.record, target.generation_id
        # A generation that is not what its run comes to (one of a fan-out) is meant as it is named.
        named = record.run_id if record is not None and updated == record.generation_id else updated
        assert named is not None
        if dry_run:
            return rehearse_update(driver, target, given, attach or (), running, run_id, again)
        with told_at_end(again):
            return driver.drive(
                lambda **hands: driver.client.update(
                    named, given.messages, attachments=attach or (), run_id=run_id, again=again, **options, **hands
                )
            )
