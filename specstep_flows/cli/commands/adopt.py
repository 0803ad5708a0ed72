"""``specstep adopt``, ``watch`` and ``download``: what was started elsewhere, or left behind."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.options import (
    Events,
    Force,
    MaxCost,
    Output,
    Progress,
    ProgressOption,
    RunOrGeneration,
    Timeout,
    Unpack,
    chosen_progress,
    complete_run,
)
from specstep_flows.cli.verbs import Call, verb

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.client import SpecStep
    from specstep_flows.models import Generation, Package
    from specstep_flows.runs import RunRecord

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    verb(app)(adopt)
    verb(app)(watch)
    verb(app)(download)


def adopt(
    call: Call,
    generation: Annotated[str, typer.Argument(metavar="GENERATION", help="The generation's id.")],
    run_id: Annotated[str | None, typer.Option("--run-id", help="The new run's id (default: one is made up).")] = None,
    output: Output = None,
    unpack: Unpack = None,
    max_cost: MaxCost = None,
) -> int:
    """Make a run of a generation from elsewhere.

    It may have been started on the web, over MCP or by a script. The run's id is written to stdout. `specstep resume ID` then watches it, answers its questions and brings its
    package home; nothing is started and nothing is paid for.
    """
    from specstep_flows.cli.documents import run_document
    from specstep_flows.cli.opening import open_client

    with open_client(call) as client:
        options = _options(output, unpack, None) | ({"max_cost_usd": max_cost} if max_cost is not None else {})
        record = client.adopt(generation, run_id=run_id, **options)
    call.run_id = record.run_id
    call.finish(record.run_id, run_document(record))
    call.terminal.say(f"Go on with: {call.resume_command}")
    return 0


def watch(
    call: Call,
    run: RunOrGeneration,
    timeout: Timeout = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
) -> int:
    """Look on while a generation runs.

    Wherever it was started, until it ends or waits for an answer. Nothing is answered, paid for or downloaded: `specstep resume` does that. On a terminal, a generation that no run
    here manages can be adopted first.
    """
    from specstep_flows.cli.documents import plain
    from specstep_flows.cli.opening import open_store
    from specstep_flows.cli.targets import find_target
    from specstep_flows.cli.watching import look_on

    mode = chosen_progress(call, progress, events)
    settings = call.settings()
    settings.require_key()
    with open_store(call) as store:
        target = find_target(store, run)
    if target.generation_id is None:
        raise errors.UsageError(f"Run {run} has no generation yet; `specstep resume {run}` goes on with it.")
    record = target.record or _offer_adoption(call, target.generation_id)
    call.run_id = record.run_id if record is not None else None
    generation = look_on(call, settings, target.generation_id, mode, timeout, record)
    if mode == "events":
        call.terminal.document({"event": "finished", "code": "done", "generation": plain(generation)})
    else:
        call.finish(str(generation.id), {"code": "done", "run_id": call.run_id, "generation": plain(generation)})
    call.terminal.say(f"Bring its package home with: specstep download {call.run_id or generation.id}")
    return 0


def _offer_adoption(call: Call, generation_id: UUID) -> RunRecord | None:
    from specstep_flows.cli.opening import open_client

    if not call.terminal.is_interactive:
        return None
    if not call.terminal.confirm(f"No run here manages generation {generation_id}. Make one of it?"):
        return None
    with open_client(call) as client:
        record = client.adopt(generation_id)
    call.terminal.tell(f"Run {record.run_id}")
    return record


def download(
    call: Call,
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run's id, a generation's, or a package's.", autocompletion=complete_run),
    ],
    output: Output = None,
    unpack: Unpack = None,
    force: Force = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
) -> int:
    """Bring a complete generation's package home.

    It is fetched, verified and put under its name; its path is written to stdout. It costs nothing. A generation that no run here manages becomes a run, so that a download that breaks off can be gone on with. A package of
    documents that were migrated comes by its own id.
    """
    from specstep_flows.cli.driving import open_driver
    from specstep_flows.cli.options import OnQuestion
    from specstep_flows.cli.targets import start_over_elsewhere

    mode = chosen_progress(call, progress, events)
    changes = _options(output, unpack, force)
    with open_driver(call, mode, call.settings(), on_question=OnQuestion.detach) as driver:
        found = _complete(call, driver.client, run)
        if not isinstance(found, tuple):
            # It came of documents that existed before, not of a generation: there is no run to make of it.
            call.same_again = _same_again(found, changes)
            return driver.bring(lambda: driver.client.download_package(found.id, **changes))
        generation, record = found
        record = record or driver.client.adopt(generation.id, **changes)
        call.run_id = record.run_id
        start_over_elsewhere(driver.client.store, record, changes)
        return driver.drive(lambda **hands: driver.client.resume(record.run_id, **changes, **hands))


def _same_again(package: Package, changes: dict[str, Any]) -> str:
    output = f" --output {shlex.quote(changes['output'])}" if "output" in changes else ""
    flags = "".join(f" --{name}" for name in ("unpack", "force") if changes.get(name))
    return f"specstep download {package.id}{output}{flags}"


def _complete(call: Call, client: SpecStep, name: str) -> tuple[Generation, RunRecord | None] | Package:
    """The complete generation that is meant and the run that manages it, or a package that came of no generation."""
    from specstep_flows.cli.targets import find_target
    from specstep_flows.flows.generations import raise_for_end

    target = find_target(client.store, name)
    if target.record is not None:
        call.run_id = target.record.run_id
    if target.generation_id is None:
        raise errors.UsageError(f"Run {name} has no generation yet; `specstep resume {name}` goes on with it.")
    try:
        generation = client.get_generation(target.generation_id)
    except errors.NotFound:
        package = client.get_package(target.generation_id)
        if package.generation_id is None:
            return package
        generation = client.get_generation(package.generation_id)
        target = find_target(client.store, str(generation.id))
    if generation.needs_answers:
        raise errors.AnswersNeeded(
            f"There is no package yet: generation {generation.id} waits for an answer.",
            questions=client.get_questions(generation.id),
        )
    raise_for_end(generation)
    if not generation.is_complete:
        raise errors.Detached(
            f"There is no package yet: generation {generation.id} is {generation.state}. `specstep watch {generation.id}` "
            "looks on."
        )
    return generation, target.record


def _options(output: Path | None, unpack: bool | None, force: bool | None) -> dict[str, Any]:
    """A run's options, as far as they were given."""
    given = {
        "output": None if output is None else str(output.expanduser().absolute()),
        "unpack": unpack,
        "force": force,
    }
    return {name: value for name, value in given.items() if value is not None}
