"""``specstep fleet init``, ``check``, ``work`` and the like: for whoever operates a fleet."""

from __future__ import annotations

from typing import Annotated

import typer

from specstep_flows._json import as_json
from specstep_flows._text import counted
from specstep_flows.cli import exits
from specstep_flows.cli.fleet_views import KEY_HEADS, WORKER_HEADS, Database, key_row, open_fleet, worker_row
from specstep_flows.cli.output import show_table
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import verb


@verb
def init(call: Call, database: Database = None) -> int:
    """Make the fleet's tables, or add what this version needs.

    Nothing else ever changes them. Workers of the version before keep working.
    """
    with open_fleet(call, database) as fleet:
        version = ".".join(map(str, fleet.init()))
        call.finish(version, {"code": "done", "version": version})
        call.terminal.say(f"The tables in {fleet.address} are of version {version}.")
    return exits.DONE


@verb
def check(call: Call, database: Database = None) -> int:
    """Check the database and the place for files.

    Version, encoding, tables, privileges, durability, clock, keepalive, and whether a pooler is in the way. The service
    is not asked. Exit code 2 if a worker could not rely on it.
    """
    with open_fleet(call, database) as fleet:
        found = fleet.check()
    call.verdict = exits.DONE if all(one.is_fit for one in found) else exits.USAGE
    if call.json:
        call.terminal.document({"checks": as_json(found), "is_fit": all(one.is_fit for one in found)})
    else:
        rows = [(one.name, "ok" if one.is_fit else "fail", one.text) for one in found]
        show_table(call, ("CHECK", "RESULT", "DETAIL"), rows)
    return call.verdict


@verb
def work(
    call: Call,
    capacity: Annotated[
        int | None,
        typer.Option(
            "--capacity",
            metavar="N",
            min=1,
            max=10_000,
            help="The most runs in hand (default: SPECSTEP_FLEET_CAPACITY, or 200).",
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call this worker (default: host and process).")
    ] = "",
    health: Annotated[
        int | None,
        typer.Option(
            "--health",
            metavar="PORT",
            min=0,
            max=65535,
            help="Answer probes (/live, /ready) and give counters (/metrics) on this port; 0 picks a free one.",
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="NAME=FILE",
            help="An answers file under the name that submissions use (repeatable).",
        ),
    ] = None,
    database: Database = None,
) -> int:
    """Drive the fleet's runs until SIGTERM or `specstep fleet drain`.

    With the keys of SPECSTEP_KEY_<NAME>, SPECSTEP_FLEET_KEYS and SPECSTEP_API_KEY (called `default`). What is taken and
    what comes of it is told on stderr. SIGTERM leaves the runs to others and ends with 0; the second one ends at once.
    Exit code 70: the session with the database was lost, start it again.
    """
    from specstep_flows.cli.fleet_work import work as drive

    return drive(call, database, capacity, name, health, policy or [])


@verb
def workers(call: Call, database: Database = None) -> int:
    """List the fleet's workers, and what each has in hand."""
    with open_fleet(call, database) as fleet:
        found = fleet.workers()
    if call.json:
        call.terminal.document({"workers": as_json(found)})
    elif found:
        show_table(call, WORKER_HEADS, [worker_row(one) for one in found])
    else:
        call.terminal.say("No worker.")
    return exits.DONE


@verb
def drain(
    call: Call,
    worker: Annotated[str, typer.Argument(metavar="WORKER", help="Its number or its name.")],
    database: Database = None,
) -> int:
    """Tell a worker to leave its runs to others and end."""
    with open_fleet(call, database) as fleet:
        found = fleet.drain(worker)
    call.finish(str(found.id), {"code": "done", "worker": as_json(found)})
    call.terminal.say(f"Worker {found.id} ({found.name}) is draining; {counted(found.runs, 'run')} in hand.")
    return exits.DONE


@verb
def limits(call: Call, database: Database = None) -> int:
    """Show what each key has in hand, and what is left of its limits.

    As the workers have counted: 60 requests and 5 kickoffs in 60 seconds. The service is not asked.
    """
    with open_fleet(call, database) as fleet:
        found = fleet.limits()
    if call.json:
        call.terminal.document({"keys": as_json(found)})
    elif found:
        show_table(call, KEY_HEADS, [key_row(one) for one in found])
    else:
        call.terminal.say("No run has named a key yet.")
    return exits.DONE
