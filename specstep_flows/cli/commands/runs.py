"""``specstep runs``, ``show`` and ``forget``: the runs in the user's store. The service is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows._course import course, time_of
from specstep_flows._facts import next_command, stopped_label
from specstep_flows._json import as_json
from specstep_flows._text import did_you_mean, money
from specstep_flows.cli.agreement import Confirmed, agree_to_lose
from specstep_flows.cli.arguments import find_run, find_target
from specstep_flows.cli.options import RunOrGeneration, WholeRun
from specstep_flows.cli.output import (
    STATUS_WORDS,
    name_of,
    run_document,
    show_pairs,
    show_table,
    status_of,
    status_words,
)
from specstep_flows.cli.session import Call, open_store
from specstep_flows.cli.verbs import verb
from specstep_flows.settings import is_loopback
from specstep_flows.states import DEFAULT_PROFILE, fold, is_fan_out

if TYPE_CHECKING:
    from specstep_flows._course import Course
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore


@verb
def runs(
    call: Call,
    states: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            "--state",
            metavar="WORD",
            help="Only runs with this status: new, interview, ready, starting, generating, question, paused, failed, "
            "cancelled, package, done, or open (not done, failed or cancelled); repeatable.",
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only runs whose name, brief or ids contain this.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest N.")] = None,
) -> int:
    """List the runs on this machine.

    Newest first, as they were last seen. The service is not asked.
    """
    wanted = _wanted(states or [])
    with open_store(call) as store:
        found = [record for record in store.all() if _fits(record, wanted, text)][:limit]
    if call.json:
        # `show` has each poll of the generation.
        call.terminal.document({"runs": [run_document(record, with_history=False) for record in found]})
    elif found:
        rows = [_row(record) for record in found]
        show_table(call, ("RUN", "STATUS", "COST", "STARTED", "PROJECT"), rows)
    else:
        call.terminal.say("No runs yet." if not (wanted or text) else "No matching runs.")
    return 0


def _wanted(words: list[str]) -> frozenset[str]:
    over = {"done", "failed", "cancelled"}
    chosen: set[str] = set()
    for word in words:
        folded = fold(word)
        if folded != "open" and folded not in STATUS_WORDS:
            known = ("open", *STATUS_WORDS)
            raise errors.UsageError(f"Unknown status {word!r}.{did_you_mean(word, known)} One of {', '.join(known)}.")
        chosen |= set(STATUS_WORDS) - over if folded == "open" else {folded}
    return frozenset(chosen)


def _fits(record: RunRecord, wanted: frozenset[str], text: str | None) -> bool:
    if wanted and status_of(record) not in wanted:
        return False
    if text is None:
        return True
    said = (turn.message for turn in record.turns)
    haystack = (record.run_id, record.project_name, *record.messages, *said, record.generation_id, record.interview_id)
    return any(text.casefold() in str(part).casefold() for part in haystack if part is not None)


def _row(record: RunRecord) -> tuple[str, ...]:
    spent = record.total_cost_usd
    return (
        record.run_id,
        status_of(record),
        "" if spent is None else money(spent),
        f"{record.created_at.astimezone():%Y-%m-%d %H:%M}",
        # What a sandbox says that it cost was charged to nobody.
        name_of(record) + (" (sandbox)" if is_loopback(record.api_url) else ""),
    )


def _read_at(record: RunRecord, found: Course) -> str | None:
    """When the state was last read, where it may have changed since."""
    if found.is_over or found.read_at is None:
        return None
    return f"{time_of(found.read_at, found.read_at, record.updated_at).astimezone():%Y-%m-%d %H:%M:%S}"


@verb
def show(call: Call, run: RunOrGeneration) -> int:
    """Show everything recorded about a run.

    Takes the run's id or its generation's. The service is not asked.
    """
    with open_store(call) as store:
        record = find_target(store, run).record
    if record is None:
        raise errors.RunNotFound(
            f"Generation {run} belongs to no run here. `{call.command(f'generation show {run}')}` asks the service; "
            f"`{call.command(f'adopt {run}')}` turns it into a run."
        )
    show_pairs(call, _facts(call, record), run_document(record))
    return 0


def _facts(call: Call, record: RunRecord) -> list[tuple[str, Any]]:
    spent = record.total_cost_usd
    found = course(record.history, generation_id=record.generation_id)
    turns = f"{sum(1 for turn in record.turns if turn.done)} answered of {max(len(record.messages), len(record.turns))}"
    before = f" ({money(record.spent_before_usd)} of it for earlier attempts)" if record.spent_before_usd else ""
    command = next_command(record)
    updated = (record.options.continues or {}).get("generation_id")
    others = "other generations" if is_fan_out(record.options.profile) else "earlier generations"
    return [
        ("run", record.run_id),
        ("status", status_words(record)),
        ("project", name_of(record)),
        ("updates", f"generation {updated}" if updated is not None else None),
        ("service", record.api_url),
        ("started", f"{record.created_at.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("last change", f"{record.updated_at.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("profile", record.options.profile or DEFAULT_PROFILE),
        ("project type", record.options.project_type or record.detected_type),
        ("interview", record.interview_id),
        ("turns", turns if record.messages or record.turns else None),
        ("attachments", ", ".join(record.attachments)),
        ("intake", record.intake_artifact_id),
        ("generation", record.generation_id),
        (others, ", ".join(str(one) for one in record.generation_ids if one != record.generation_id)),
        ("state", record.generation_state),
        ("took" if found.is_over else "so far", found.duration.words if found.visits else None),
        ("as of", _read_at(record, found)),
        ("cost", None if spent is None else money(spent) + before),
        ("cost limit", money(record.options.max_cost_usd) if record.options.max_cost_usd else None),
        *(
            ("answer", f"{answer.get('question')} -> {answer.get('answer')} ({answer.get('rule')})")
            for answer in record.answers
        ),
        ("pending request", record.intent.operation if record.intent is not None else None),
        ("package", record.package_id),
        ("file", record.file if record.is_finished else None),
        ("sha256", record.sha256 if record.is_finished else None),
        *(("another file", package["file"]) for package in record.packages[1:] if record.is_finished),
        ("unpacked to", record.unpacked_to),
        (stopped_label(record), record.error),
        ("to continue", call.command(command.removeprefix("specstep ")) if command is not None else None),
    ]


@verb
def forget(
    call: Call,
    run: WholeRun,
    force: Annotated[bool, typer.Option("--force", help="Even if it is not over yet.")] = False,
    yes: Confirmed = False,
) -> int:
    """Remove a run from the list.

    With all that is recorded about it; whatever runs at the service keeps running, and files are kept. You are asked
    first; off a terminal it needs --yes.
    """
    with open_store(call) as store:
        record = find_run(store, run, is_whole=True)
        word = status_of(record)
        if word not in ("new", "done", "failed", "cancelled") and not force:
            raise errors.UsageError(
                f"Run {record.run_id} is not over ({word}), and once forgotten it cannot be resumed. "
                "--force forgets it anyway."
            )
        name = f" ({name_of(record)})" if name_of(record) else ""
        lost = "Its history, answers and cost are no longer on this machine; files and the service are not touched."
        if word in ("generating", "question", "paused"):
            lost += f" Generation {record.generation_id} is not cancelled."
        agree_to_lose(call, f"Forget run {record.run_id}{name}", lost, yes)
        _forget_as_it_was(store, record, word)
    call.finish(None, {"code": "forgotten", "run_id": record.run_id, "generation_id": as_json(record.generation_id)})
    call.terminal.say(f"Run {record.run_id} is forgotten.")
    return 0


def _forget_as_it_was(store: RunStore, record: RunRecord, word: str) -> None:
    """Forget a run that is as it was when somebody agreed. Raises ``UsageError``, ``RunBusy``."""
    let_go = store.hold(record.run_id)
    try:
        now = status_of(store.get(record.run_id))
        if now != word:
            raise errors.UsageError(
                f"Run {record.run_id} continued in the meantime (it is {now} now), so it is not forgotten."
            )
        store.discard(record.run_id)
    finally:
        let_go()
