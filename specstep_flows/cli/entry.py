"""From arguments to an exit code: what goes wrong before or around a verb is handled here."""

from __future__ import annotations

import functools
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from specstep_flows.cli import exits

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

#: typer keeps its click to itself; this is how its usage errors are known in every version.
_UsageError: Final[type[Any]] = typer.BadParameter.__mro__[1]


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _command()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that this terminal does not have ends nothing.
            stream.reconfigure(errors="replace")
    try:
        code = command.main(args=arguments, prog_name="specstep", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except _UsageError as error:
        return _usage(error, wants_json="--json" in arguments)
    except BrokenPipeError:
        return _reader_gone()
    except (KeyboardInterrupt, typer.Abort):
        return exits.INTERRUPTED
    return code if isinstance(code, int) else exits.DONE


@functools.cache
def _command() -> Any:
    from specstep_flows.cli.app import app

    return typer.main.get_command(app)


def _usage(error: Any, *, wants_json: bool) -> int:
    """What is wrong with the arguments, and where to read on."""
    from specstep_flows.cli.terminal import Terminal

    context = error.ctx
    terminal = Terminal()
    if type(error).__name__ == "NoArgsIsHelpError":
        terminal.tell(context.get_help())
        return exits.USAGE
    message = str(error.format_message())
    terminal.tell(message)
    if context is not None:
        terminal.tell(f"See: {context.command_path} --help")
    if wants_json:
        terminal.document(
            {"code": "usage", "message": message, "exit_code": exits.USAGE, "run_id": None, "resume_command": None}
        )
    return exits.USAGE


def _reader_gone() -> int:
    """Whoever read stdout has enough (``| head``): nothing went wrong, and nothing more can be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.DONE
