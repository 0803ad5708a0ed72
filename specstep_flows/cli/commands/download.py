"""``specstep download``: a complete generation's package on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from specstep_flows import errors
from specstep_flows._paths import shell_word
from specstep_flows.cli.arguments import locate
from specstep_flows.cli.driver import chosen_progress, open_driver
from specstep_flows.cli.options import (
    Events,
    Force,
    OnQuestion,
    OutputOrStdout,
    Progress,
    ProgressOption,
    RunningOptions,
    Unpack,
    complete_run,
)
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import verb
from specstep_flows.flows.watch import raise_for_end
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Generation, Package
    from specstep_flows.runs.records import RunRecord


@verb
def download(
    call: Call,
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run, generation or package id.", autocompletion=complete_run),
    ],
    output: OutputOrStdout = None,
    unpack: Unpack = None,
    force: Force = None,
    progress: ProgressOption = Progress.auto,
    events: Events = False,
) -> int:
    """Download a complete generation's package.

    It is verified before it gets its name, and its path is written to stdout. It costs nothing. A generation that
    belongs to no run here becomes one, so that an interrupted download can be resumed. A package of migrated documents
    is named by its own id. Of a Researcher run, the run's id means all packages, and a generation's or a package's the
    one.
    """
    mode = chosen_progress(call, progress, events)
    options = RunningOptions(output=output, unpack=unpack, force=force)
    settings, is_piped = call.settings(), options.wants_stdout
    if is_piped:
        from specstep_flows.cli.piped import redirected

        options = redirected(call, options, settings)
    changes = options.given()
    with open_driver(call, mode, settings, attrs.evolve(options, on_question=OnQuestion.detach)) as driver:
        found = _complete(call, driver.client, run)
        driver.is_piped = is_piped
        if is_piped:
            # Nothing of it stays here, so there is no run to make of it, and one that there is stays as it is.
            package = found if not isinstance(found, tuple) else driver.client.get_package_of(found[0].id)
            call.run_id, call.same_again = None, f"download {run} --output -"
            return driver.download(lambda: driver.client.download_package(package.id, **{**changes, "force": True}))
        if not isinstance(found, tuple):
            # It was made from migrated documents, not by a generation: there is no run to make of it.
            call.same_again = _same_again(found, changes)
            return driver.download(lambda: driver.client.download_package(found.id, **changes))
        generation, record = found
        if record is not None and is_fan_out(record.options.profile) and generation.id != record.generation_id:
            # The run's packages are all of them, and this one is wanted under that name.
            package, call.run_id = driver.client.get_package_of(generation.id), None
            call.same_again = _same_again(package, changes)
            return driver.download(lambda: driver.client.download_package(package.id, **changes))
        record = record or driver.client.adopt(generation.id, **changes)
        call.run_id = record.run_id
        return driver.drive(lambda **given: driver.client.resume(record.run_id, **changes, **given))


def _same_again(package: Package, changes: dict[str, Any]) -> str:
    output = f" --output {shell_word(changes['output'])}" if "output" in changes else ""
    flags = "".join(f" --{name}" for name in ("unpack", "force") if changes.get(name))
    return f"download {package.id}{output}{flags}"


def _complete(call: Call, client: SpecStep, name: str) -> tuple[Generation, RunRecord | None] | Package:
    """The complete generation that is meant and the run that manages it, or a package that came of no generation."""
    identifier, record = locate(call, client, name)
    try:
        generation = client.get_generation(identifier)
    except errors.NotFound:
        package = client.get_package(identifier)
        if package.generation_id is None:
            return package
        generation = client.get_generation(package.generation_id)
        record = client.store.find_generation(generation.id)
    if generation.needs_answers:
        raise errors.AnswersNeeded(
            f"There is no package yet: generation {generation.id} is waiting for an answer.",
            questions=client.get_questions(generation.id),
        )
    raise_for_end(generation)
    if not generation.is_complete:
        raise errors.Detached(
            f"There is no package yet: generation {generation.id} is {generation.state}. "
            f"`{call.command(f'watch {generation.id}')}` watches it."
        )
    return generation, record
