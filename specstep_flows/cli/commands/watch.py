"""``specstep watch``: watching a generation without driving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._course import Duration, course
from specstep_flows._facts import seconds_taken
from specstep_flows._json import as_json
from specstep_flows.cli.arguments import id_as_named, locate
from specstep_flows.cli.driver import chosen_progress, tell_ending
from specstep_flows.cli.options import Events, Progress, ProgressOption, RunOrGeneration, Timeout, WaitPaused
from specstep_flows.cli.session import Call, open_client, open_store
from specstep_flows.cli.verbs import verb
from specstep_flows.cli.watching import watch_generation

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.runs.records import RunRecord


@verb
def watch(
    call: Call,
    run: RunOrGeneration,
    timeout: Timeout = None,
    wait_paused: WaitPaused = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
) -> int:
    """Watch a generation until it ends.

    Wherever it was started, until it ends or needs an answer. Nothing is answered, paid for or downloaded: `specstep
    resume` does that. On a terminal, a generation that belongs to no run here can be adopted first.
    """
    mode = chosen_progress(call, progress, events)
    settings = call.settings()
    settings.require_key()
    with open_client(call, settings=settings) as client:
        identifier, record = locate(call, client, run)
    record = record or _offer_adoption(call, identifier)
    if record is not None:
        call.run_id, call.next_retry = record.run_id, record.next_retry
    generation = watch_generation(call, settings, identifier, mode, timeout, record, wait_paused)
    if mode == "events":
        call.terminal.document({"event": "finished", "code": "done", "generation": as_json(generation)})
    else:
        call.finish(
            id_as_named(run, generation.id, record),
            {"code": "done", "run_id": call.run_id, "generation": as_json(generation)},
        )
    took, cost = Duration(seconds_taken(generation) or 0.0), generation.running_cost_usd
    if record is not None:
        with open_store(call) as store:
            record = store.get(record.run_id)
        took = course(record.history, generation_id=generation.id).duration
        cost = record.total_cost_usd if generation.id == record.generation_id else cost
    is_here = record is not None and record.is_finished
    next_words = f"{'report' if is_here else 'download'} {call.run_id or generation.id}"
    tell_ending(call, cost, took, next_words)
    return 0


def _offer_adoption(call: Call, generation_id: UUID) -> RunRecord | None:
    if not call.terminal.is_interactive:
        return None
    if not call.terminal.confirm(f"Generation {generation_id} belongs to no run here. Adopt it?"):
        return None
    with open_client(call) as client:
        record = client.adopt(generation_id)
    call.terminal.tell(f"Run {record.run_id}")
    return record
