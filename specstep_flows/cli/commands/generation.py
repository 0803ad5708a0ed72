"""``specstep cancel`` and ``specstep generation …``: generations at the service, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows._facts import step_words
from specstep_flows._json import as_json
from specstep_flows._text import heading, money
from specstep_flows.cli.agreement import Confirmed, agree_to_pay, refuse_off_terminal
from specstep_flows.cli.arguments import find_generation, find_target, id_as_named, locate
from specstep_flows.cli.cancelling import Cancellation
from specstep_flows.cli.estimate import read_before_paying
from specstep_flows.cli.options import RunOrGeneration, WholeRunOrGeneration, Yes
from specstep_flows.cli.output import show_pairs, show_rows, show_table
from specstep_flows.cli.session import Call, open_client, told_at_end
from specstep_flows.cli.terminal import document_text
from specstep_flows.cli.verbs import group, verb
from specstep_flows.states import is_one_of

if TYPE_CHECKING:
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Generation, GenerationRow

Again = Annotated[bool, typer.Option("--again", help="Even if that seems to have been done already.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="A reason, which the service keeps.")]


@verb
def cancel(call: Call, run: WholeRunOrGeneration, reason: Reason = None, yes: Confirmed = False) -> int:
    """Cancel a run or a generation for good.

    What it has cost stays spent, and no package will be made. You are asked first; off a terminal it needs --yes. If
    it has already ended, that is said and the exit code is 1.
    """
    with open_client(call, is_urgent=True) as client:
        cancellation = Cancellation(call, client, run)
        cancellation.find()
        if not call.terminal.is_interactive:
            # Nothing is sent before that.
            cancellation.agree(yes)
        cancellation.look()
        cancellation.agree(yes)
        return cancellation.carry_out(reason)


@verb
def pause(call: Call, run: WholeRunOrGeneration) -> int:
    """Pause a generation.

    Work that was under way may not be taken up again: `specstep generation resume` only records the state.
    """
    with open_client(call, is_urgent=True) as client:
        identifier = find_generation(call, client, run, is_whole=True)
        try:
            generation = client.pause_generation(identifier)
        except errors.Conflict:
            # Whether there is something to continue is another question.
            call.is_resumable = False
            raise
        return _tell(call, client, run, generation)


@verb
def resume(call: Call, run: RunOrGeneration) -> int:
    """Return a paused generation to its earlier state.

    The service only records the state: it does not queue the work again, so nothing may happen for a while. To continue
    a run on this machine, use `specstep resume`.
    """
    with open_client(call) as client:
        generation = client.resume_generation(find_generation(call, client, run))
        call.terminal.say(
            "The service only recorded the state; it does not queue the work again, so it may take a while before "
            "anything happens, if it does."
        )
        return _tell(call, client, run, generation)


@verb
def show(call: Call, run: RunOrGeneration) -> int:
    """Show a generation as it is now."""
    with open_client(call) as client:
        generation = client.get_generation(find_generation(call, client, run))
    document = as_json(generation)
    show_pairs(call, ((name.replace("_", " "), value) for name, value in document.items()), {"generation": document})
    return 0


@verb
def list_(
    call: Call,
    states: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only this state (repeatable).")
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the recycle bin instead.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest N.")] = None,
) -> int:
    """List the account's generations.

    Newest first, wherever they were started.
    """
    with open_client(call) as client:
        found = client.list_generations(deleted=deleted)
    if states:
        found = [row for row in found if is_one_of(row.state, *states)]
    found = found[:limit]
    if call.json:
        call.terminal.document({"generations": as_json(found)})
    elif found:
        heads = ("GENERATION", "STATE", "PROFILE", "COST", "STARTED", "PROJECT")
        show_table(call, heads, [_row(row) for row in found])
    else:
        call.terminal.say("No generations.")
    return 0


def _row(row: GenerationRow) -> tuple[object, ...]:
    cost = "" if row.cost_usd is None else money(row.cost_usd)
    started = f"{row.started_at.astimezone():%Y-%m-%d %H:%M}" if row.started_at is not None else ""
    return row.id, row.state, row.review_profile or "", cost, started, heading(row.project_name or "")


@verb
def retry(call: Call, run: RunOrGeneration, yes: Yes = False, again: Again = False) -> int:
    """Retry a failed generation. This costs money.

    The new generation's id is written to stdout. One that seems to have been retried already is not paid for again. To
    retry a run on this machine, use `specstep resume RUN --retry-failed 1`.
    """
    with open_client(call) as client, told_at_end(again):
        identifier = _unmanaged(call, client, run)
        _agree(call, client, identifier, yes, "Retry")
        return _started(call, client.retry_generation(identifier, again=again))


@verb
def update(
    call: Call,
    run: RunOrGeneration,
    intake: Annotated[str, typer.Option("--intake", metavar="ID", help="The intake artifact of the newer interview.")],
    yes: Yes = False,
    again: Again = False,
) -> int:
    """Regenerate from a newer interview. This costs money.

    The new generation's id is written to stdout. What seems to have been done already is not paid for again.
    """
    with open_client(call) as client, told_at_end(again):
        identifier = find_generation(call, client, run)
        _agree(call, client, identifier, yes, "Regenerate")
        return _started(call, client.update_generation(identifier, intake, again=again))


@verb
def name(
    call: Call,
    run: RunOrGeneration,
    to: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The name; without one, the intake's name again.")
    ] = None,
) -> int:
    """Set a generation's display name."""
    with open_client(call) as client:
        identifier, record = locate(call, client, run)
        client.rename_generation(identifier, to)
    document = {"code": "done", "run_id": call.run_id, "generation_id": str(identifier), "name": to}
    call.finish(id_as_named(run, identifier, record), document)
    return 0


@verb
def conversation(
    call: Call,
    run: RunOrGeneration,
    take: Annotated[int | None, typer.Option("--take", metavar="N", min=1, help="Only the newest N.")] = None,
) -> int:
    """Show what each agent did, step by step."""
    with open_client(call) as client:
        items = client.get_conversation(find_generation(call, client, run), take)
    call.finish("\n".join(call.terminal.line(step_words(item)) for item in items) or None, {"items": as_json(items)})
    return 0


@verb
def events(call: Call, run: RunOrGeneration) -> int:
    """Show what happened in each stage."""
    with open_client(call) as client:
        found = [dict(event.raw) for event in client.get_events(find_generation(call, client, run))]
    if call.json or not call.terminal.is_result_shown:
        call.finish("\n".join(document_text(event) for event in found) or None, {"events": found})
        return 0
    # Their fields are undocumented: whatever any of them has is a column for people.
    columns = dict.fromkeys(name for event in found for name, value in event.items() if value is not None)
    return show_rows(call, found, tuple(columns), "events")


def _unmanaged(call: Call, client: SpecStep, target: str) -> Any:
    found = find_target(client.store, target)
    record = found.record
    if record is not None and record.next_retry is None:
        raise errors.UsageError(
            f"It is one of the generations of run {record.run_id}, which cannot be retried by themselves. Nothing was "
            "sent."
        )
    if record is not None:
        words = f"resume {record.run_id} --retry-failed {record.next_retry}"
        raise errors.UsageError(
            f"It belongs to run {record.run_id}: use `{call.command(words)}`, which never pays twice. Nothing was sent."
        )
    return found.generation_id


def _agree(call: Call, client: SpecStep, identifier: Any, yes: bool, what: str) -> None:
    what = f"{what} generation {identifier}"
    refuse_off_terminal(call, what, yes)
    generation = client.get_generation(identifier)
    profile, name = generation.review_profile, heading(generation.project_name)
    if not call.quiet:
        for line in read_before_paying(client, profile)[0]:
            call.terminal.tell(line)
    known = ", ".join(filter(None, (name, profile and f"profile {profile}")))
    agree_to_pay(call, f"{what} ({known})" if known else what, yes, looks_first=True)


def _started(call: Call, identifier: Any) -> int:
    call.finish(str(identifier), {"code": "started", "generation_id": str(identifier)})
    call.terminal.say(f"Turn it into a run with: {call.command(f'adopt {identifier}')}")
    return 0


def _tell(call: Call, client: SpecStep, named: str, generation: Generation) -> int:
    record = client.store.find_generation(generation.id)
    identifier = id_as_named(named, generation.id, record)
    call.finish(identifier, {"code": "done", "run_id": call.run_id, "generation": as_json(generation)})
    what = "Generation" if record is None or identifier != record.run_id else "Run"
    call.terminal.say(f"{what} {identifier} is now in state {generation.state}.")
    return 0


generation = group(
    "Manage generations at the service.",
    *(list_, show, pause, resume, cancel, retry, update, name, conversation, events),
)
