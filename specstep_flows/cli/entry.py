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
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that this terminal does not have, or that is none, ends nothing.
            stream.reconfigure(errors="replace")
    odd = next((argument for argument in arguments if not _is_text(argument)), None)
    if odd is not None:
        return _refuse(f"An argument is no UTF-8 text: {odd!r}. Nothing was sent.", wants_json="--json" in arguments)
    command = _command()
    try:
        code = command.main(args=arguments, prog_name="specstep", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except _UsageError as error:
        return _usage(error, wants_json="--json" in arguments)
    except BrokenPipeError:
        # Whoever read stdout has enough (``| head``): nothing went wrong.
        _abandon_stdout()
        return exits.DONE
    except OSError as error:
        # A verb's own failure is told by then: this is where the help was to go, or the shell's completion.
        return _unwritten(error)
    except (KeyboardInterrupt, typer.Abort):
        return exits.INTERRUPTED
    return code if isinstance(code, int) else exits.DONE


def _is_text(argument: str) -> bool:
    """Whether an argument can be sent to the service, or is the name of something on this machine."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return os.path.lexists(argument)
    return True


@functools.cache
def _command() -> Any:
    from specstep_flows.cli.app import app

    return typer.main.get_command(app)


def _usage(error: Any, *, wants_json: bool) -> int:
    """What is wrong with the arguments, and where to read on."""
    from specstep_flows.cli.terminal import Terminal

    context = error.ctx
    if type(error).__name__ == "NoArgsIsHelpError":
        Terminal().tell(context.get_help())
        return exits.USAGE
    message = str(error.format_message())
    return _refuse(message, wants_json=wants_json, see=context.command_path if context is not None else None)


def _refuse(message: str, *, wants_json: bool, see: str | None = None) -> int:
    from specstep_flows.cli.terminal import Terminal

    terminal = Terminal()
    terminal.tell(message)
    if see is not None:
        terminal.tell(f"See: {see} --help")
    if wants_json:
        terminal.document(
            {"code": "usage", "message": message, "exit_code": exits.USAGE, "run_id": None, "resume_command": None}
        )
    return exits.USAGE


def _unwritten(error: OSError) -> int:
    from specstep_flows.cli.terminal import Terminal

    if error.filename is not None:
        Terminal().tell(f"{error.filename} could not be read or written ({error.strerror}).")
        return exits.FAILED
    _abandon_stdout()
    Terminal().tell(f"What belongs on stdout could not be written there ({error.strerror}).")
    return exits.FAILED


def _abandon_stdout() -> None:
    from specstep_flows.cli.terminal import abandon_stdout

    abandon_stdout()
