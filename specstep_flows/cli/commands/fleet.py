"""``specstep fleet …``: runs that many hosts share. Whoever has the database submits and answers; workers drive."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows._text import counted, money
from specstep_flows.cli import exits
from specstep_flows.cli.agreement import Confirmed, agree_to_lose, agree_to_operation, agree_to_pay
from specstep_flows.cli.arguments import given_brief
from specstep_flows.cli.failures import tell
from specstep_flows.cli.fleet_operating import check, drain, init, limits, work, workers
from specstep_flows.cli.fleet_views import (
    HEADS,
    Database,
    complete_fleet_run,
    fleet_document,
    fleet_facts,
    fleet_row,
    open_fleet,
)
from specstep_flows.cli.options import (
    Answers,
    Attach,
    Force,
    KickoffOptions,
    MaxCost,
    RetryFailed,
    Yes,
    complete_run,
    duration,
    file_path,
    given,
    output_path,
)
from specstep_flows.cli.output import name_of, show_pairs, show_table
from specstep_flows.cli.session import Call, open_store
from specstep_flows.cli.verbs import group, verb

if TYPE_CHECKING:
    from specstep_flows.fleet import FleetRun, SyncFleet

Key = Annotated[str, typer.Option("--key", metavar="NAME", help="The name of the key that pays, never the key itself.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, in full.", autocompletion=complete_fleet_run)]


@verb
def submit(
    call: Call,
    brief: Annotated[
        str | None, typer.Argument(metavar="[BRIEF]", help="What to build: text, a file, or - for stdin.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="BRIEF is the text itself, even if it is one word or a file has that name.")
    ] = False,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Another turn of the interview (repeatable)."),
    ] = None,
    attach: Attach = None,
    key: Key = "default",
    kickoff: KickoffOptions = KickoffOptions(),
    run_id: Annotated[
        str | None,
        typer.Option("--run-id", metavar="ID", help="The run's id; the same command again gives that run."),
    ] = None,
    answers: Answers = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="NAME",
            help="Who answers what --answers does not: `defaults` (what the agents propose), or a policy that the "
            "workers have. Without it, the run waits for `specstep fleet answer`.",
        ),
    ] = None,
    output: Annotated[
        PurePath | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            parser=output_path,
            help="File name of the zip, or a folder for it, within SPECSTEP_FLEET_FILES (default: there).",
        ),
    ] = None,
    force: Force = None,
    max_cost: MaxCost = None,
    retry_failed: RetryFailed = None,
    wait_paused: Annotated[
        float | None,
        typer.Option(
            "--wait-paused",
            metavar="TIME",
            parser=duration,
            help="How long a worker watches a generation that somebody paused (default: 1h); then the run rests, as "
            "`paused`, until `specstep fleet resume`.",
        ),
    ] = None,
    yes: Yes = False,
    database: Database = None,
) -> int:
    """Put a run into the fleet's queue; a worker drives it, and it is paid for.

    The run's id is written to stdout. Nothing is sent to the service by this: the brief, the documents and the answers
    travel by the database and the fleet's files. You are asked first; off a terminal it needs --yes.
    """
    from specstep_flows.runs.opening import new_run_id

    turns = given_brief(call, brief, message or (), is_text=text)
    path = file_path(output)
    options = {
        **kickoff.given(),
        **given(
            {
                "output": path,
                "force": force,
                "max_cost_usd": max_cost,
                "retry_failed": retry_failed,
                "wait_paused": wait_paused,
            }
        ),
    }
    _warn_of_choices(call, kickoff)
    if call.terminal.is_interactive:
        call.terminal.say(turns.words())
    agree_to_pay(call, f"Submit this run with the key {key}", yes, "A worker drives it, and you will be charged.")
    call.run_id = run_id
    with open_fleet(call, database) as fleet:
        call.run_id = name = run_id or new_run_id()
        try:
            run = fleet.submit(
                turns.messages,
                key=key,
                run_id=name,
                attachments=attach or (),
                answers=answers,
                policy=policy,
                **options,
            )
            call.finish(run.run_id, {"code": "submitted", "run": _document(fleet, run)})
        except errors.StoreError as error:
            if type(error) is errors.StoreError:
                error.add(f"Repeat the command with --run-id {name}: the run is submitted once, whatever came of this.")
            raise
        waits = fleet.waiting(run.run_id).get(run.run_id)
    call.terminal.say(f"Run {run.run_id} is {run.status}{f': {waits}' if waits else '.'}")
    call.terminal.say(f"To look at it: specstep fleet show {run.run_id}")
    return exits.DONE


@verb
def runs(
    call: Call,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            "--state",
            metavar="WORD",
            help="Only runs that are: open, question, paused, done, failed, cancelled or importing.",
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="NAME", help="Only runs with the key of that name.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest N.")] = None,
    database: Database = None,
) -> int:
    """List the fleet's runs, the newest first.

    With the worker that has each in hand, and what it waits for. The service is not asked.
    """
    import itertools

    with open_fleet(call, database) as fleet:
        found = list(itertools.islice(fleet.runs(status=status, key=key), limit))
        waiting = fleet.waiting()
    if call.json:
        documents = [fleet_document(run, waiting.get(run.run_id), with_history=False) for run in found]
        call.terminal.document({"runs": documents})
    elif found:
        show_table(call, HEADS, [fleet_row(run, waiting.get(run.run_id)) for run in found])
    else:
        call.terminal.say("No matching runs." if status or key else "No runs yet.")
    return exits.DONE


@verb
def show(call: Call, run: Run, database: Database = None) -> int:
    """Show everything recorded about a run of the fleet."""
    call.run_id = run
    with open_fleet(call, database) as fleet:
        found = fleet.get(run)
        waits = fleet.waiting(run).get(run)
    show_pairs(call, fleet_facts(found, waits), fleet_document(found, waits))
    return exits.DONE


@verb
def answer(
    call: Call,
    run: Run,
    texts: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", "-a", metavar="TEXT", help="The answer to the next question; once for each, in order."
        ),
    ] = None,
    answers: Answers = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Take what the agents propose, where nothing else answers.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--list", help="Only show the questions.")] = False,
    database: Database = None,
) -> int:
    """Answer the questions of a run of the fleet.

    From any host, without a key: a worker sends the answers. All questions are answered, or nothing is stored. With
    --answers, later questions are answered by that file, too.
    """
    from specstep_flows.cli.fleet_answers import rules_for, show_questions

    call.run_id = run
    with open_fleet(call, database) as fleet:
        found = fleet.get(run)
        if dry_run:
            return show_questions(call, found)
        rules = rules_for(call, found, texts or [], answers, defaults)
        if rules is None:
            message = "No question is waiting for an answer, so nothing was stored."
            return tell(call, message, "no_question", exits.FAILED)
        after = fleet.answer(run, rules)
        call.finish(run, {"code": "answered", "run": _document(fleet, after)})
    call.terminal.say("The answers are stored; a worker sends them." if found.questions else "The answers are stored.")
    return exits.DONE


@verb
def cancel(call: Call, run: Run, yes: Confirmed = False, database: Database = None) -> int:
    """Have a run of the fleet cancelled for good.

    A worker cancels its generations. What it has cost stays spent, and no package will be made. You are asked first;
    off a terminal it needs --yes.
    """
    call.run_id = run
    with open_fleet(call, database) as fleet:
        found = fleet.get(run)
        found.check_cancellable()
        name = name_of(found.record)
        what = f"Cancel run {run}" + (f" ({name})" if name else "")
        if found.cost_usd is None:
            agree_to_operation(call, "cancel_generation", what, yes)
        else:
            lost = f"{money(found.cost_usd)} is already spent and stays spent; no package will be made."
            agree_to_lose(call, what, lost, yes)
        after = fleet.cancel(run)
        call.finish(run, {"code": "done", "run": _document(fleet, after)})
    if after.status == "cancelled":
        call.terminal.say(f"Run {run} is cancelled; nothing of it was sent.")
    else:
        call.terminal.say(f"A worker cancels run {run}. To look at it: specstep fleet show {run}")
    return exits.DONE


@verb
def resume(call: Call, run: Run, database: Database = None) -> int:
    """Have a run driven again that is paused or failed.

    With the options it was submitted with. If it is to be cancelled and is not yet, it no longer is.
    """
    call.run_id = run
    with open_fleet(call, database) as fleet:
        call.finish(run, {"code": "done", "run": _document(fleet, fleet.resume(run))})
    return exits.DONE


@verb
def import_(
    call: Call,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="The ids of runs on this machine (default: all that are not over).",
            autocompletion=complete_run,
        ),
    ] = None,
    key: Key = "default",
    yes: Yes = False,
    database: Database = None,
) -> int:
    """Hand runs of this machine over to the fleet.

    Each under its lock: from then on its workers drive it, and pay for what is not paid for yet. Whatever ends this in
    the middle, the same command carries on; at no moment can both drive a run. You are asked first; off a terminal it
    needs --yes.
    """
    with open_store(call) as store, open_fleet(call, database) as fleet:
        from specstep_flows.fleet.take_over import open_runs

        wanted = list(dict.fromkeys(names or open_runs(store)))
        taken: list[FleetRun] = []
        left: list[tuple[str, errors.SpecStepError]] = []
        if wanted:
            what = f"Hand {counted(len(wanted), 'run')} over to the fleet"
            agree_to_pay(call, what, yes, "Its workers drive them, and pay for what is not paid for yet.")
        for name in wanted:
            try:
                taken += fleet.take_over(store, key, [name])
            except (errors.UsageError, errors.RunConflict, errors.RunNotFound, errors.RunBusy) as refusal:
                left.append((name, refusal))
        documents = [_document(fleet, run) for run in taken]
    call.finish(
        "\n".join(run.run_id for run in taken) or None,
        {
            "code": "imported",
            "runs": documents,
            "left": [{"run_id": name, "code": error.code, "message": error.message} for name, error in left],
        },
    )
    for _, error in left:
        call.terminal.tell(error.message)
    if not taken and not left:
        call.terminal.say("There is no open run on this machine.")
    return exits.exit_code(left[0][1]) if left else exits.DONE


def _warn_of_choices(call: Call, kickoff: KickoffOptions) -> None:
    """Nobody here can ask the service, which may accept more by now than its pages name."""
    from specstep_flows.flows.job import documented_choices, unknown_choices
    from specstep_flows.runs.opening import run_options

    for what, word, near, known in unknown_choices(run_options(**kickoff.given()), documented_choices()):
        call.terminal.tell(
            f"Unknown {what} {word!r}.{near} The service's pages name {known}. If it does not accept this one all the "
            "same, the run fails before it is paid for."
        )


def _document(fleet: SyncFleet, run: FleetRun) -> dict[str, Any]:
    return fleet_document(run, fleet.waiting(run.run_id).get(run.run_id), with_history=False)


fleet = group(
    "Share runs among many hosts, on PostgreSQL.",
    *(init, check, submit, runs, show, answer, cancel, resume, work, workers, drain, limits, import_),
)
