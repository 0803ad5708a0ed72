"""``specstep adopt``: a generation that was started elsewhere becomes a run."""

from __future__ import annotations

from typing import Annotated

import typer

from specstep_flows.cli.options import MaxCost, Output, RunningOptions, Unpack
from specstep_flows.cli.output import run_document
from specstep_flows.cli.session import Call, open_client
from specstep_flows.cli.verbs import verb


@verb
def adopt(
    call: Call,
    generation: Annotated[str, typer.Argument(metavar="GENERATION", help="The generation's id.")],
    run_id: Annotated[
        str | None, typer.Option("--run-id", metavar="ID", help="The new run's id (default: generated).")
    ] = None,
    output: Output = None,
    unpack: Unpack = None,
    max_cost: MaxCost = None,
) -> int:
    """Turn a generation started elsewhere into a run.

    It may have been started on the web, over MCP or by a script. The run's id is written to stdout; `specstep resume
    ID` then watches it, answers its questions and downloads its package. Nothing is started and nothing is paid for.
    """
    with open_client(call) as client:
        options = RunningOptions(output=output, unpack=unpack, max_cost=max_cost)
        record = client.adopt(generation, run_id=run_id, **options.given())
    call.run_id = record.run_id
    call.finish(record.run_id, run_document(record))
    call.terminal.say(f"To continue: {call.resume_command}")
    return 0
