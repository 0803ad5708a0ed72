"""``specstep sandbox``: a local SpecStep in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import verb
from specstep_flows.settings import check_clock_speed, is_loopback


@verb
def sandbox(
    call: Call,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 picks a free one.")
    ] = 8787,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    speed: Annotated[
        float, typer.Option("--speed", metavar="FACTOR", help="How many times faster than real time its clock runs.")
    ] = 1.0,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="Faults to inject into requests, as YAML or JSON.")
    ] = None,
) -> int:
    """Run a local SpecStep sandbox until Ctrl-C.

    It needs no key, costs nothing, and forgets everything when it stops. The lines that point a shell to it are written
    to stdout.
    """
    try:
        from specstep_flows.sandbox import serve
    except ModuleNotFoundError as error:
        raise errors.UsageError(str(error)) from None
    check_clock_speed(speed, "--speed")
    faults = None if faults is None else home_path(faults)
    host = host.removeprefix("[").removesuffix("]")
    if not is_loopback(f"http://[{host}]" if ":" in host else f"http://{host}"):
        raise errors.UsageError(
            f"The sandbox accepts anyone who can reach it, so it listens on loopback only, not on {host}."
        )

    def announce(line: str) -> None:
        variables = dict(part.split("=", 1) for part in line.split())
        if call.json:
            call.terminal.document({"code": "serving", **{name.lower(): value for name, value in variables.items()}})
        else:
            wanted = {name: value for name, value in variables.items() if value != "1" or "SPEED" not in name}
            call.terminal.result("\n".join(f"export {name}={value}" for name, value in wanted.items()))
            call.terminal.say("Serving until Ctrl-C. Try: specstep run 'A shop for tea.' --on-question defaults")

    try:
        with Interrupts() as interrupts, interrupts.idle():
            serve(host, port, speed, faults, announce=announce)
    except OSError as error:
        why = error.strerror or str(error)
        if error.filename is not None:
            raise errors.UsageError(f"The sandbox cannot start: {error.filename} cannot be read ({why}).") from None
        raise errors.UsageError(
            f"The sandbox cannot listen on {host}, port {port} ({why}): choose another with --port, or --port 0 for "
            "any that is free."
        ) from None
    except ValueError as error:
        raise errors.UsageError(str(error)) from None
    except KeyboardInterrupt:
        return 0
    return 0
