"""The command as a whole: its verbs, and from arguments to an exit code. Failures outside a verb are reported here."""

from __future__ import annotations

import functools
import importlib
import io
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from specstep_flows._text import did_you_mean
from specstep_flows.cli import exits

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Every verb and group: the module of ``commands`` that has it, and how its help begins.
VERBS: Final = {
    "run": ("run", "Turn a brief into a package on disk."),
    "resume": ("run", "Resume a run where it stopped."),
    "update": ("update", "Generate a package again from what has changed."),
    "interview": ("interview", "Hold the interview yourself at the keyboard."),
    "runs": ("runs", "List the runs on this machine."),
    "show": ("runs", "Show everything recorded about a run."),
    "forget": ("runs", "Remove a run from the list."),
    "adopt": ("adopt", "Turn a generation started elsewhere into a run."),
    "watch": ("watch", "Watch a generation until it ends."),
    "download": ("download", "Download a complete generation's package."),
    "answer": ("answer", "Answer a generation's questions."),
    "diff": ("diff", "Show what differs between two packages."),
    "report": ("report", "Write a run's report and receipt."),
    "cancel": ("generation", "Cancel a run or a generation for good."),
    "estimate": ("estimate", "Estimate what a generation costs."),
    "api": ("api", "Call any operation of the API."),
    "sandbox": ("sandbox", "Run a local SpecStep sandbox until Ctrl-C."),
    "doctor": ("doctor", "Check settings, store, key, quota and clock."),
    "generation": ("generation", "Manage generations at the service."),
    "package": ("package", "List, read and search packages at the service."),
    "webhook": ("webhook", "Manage the webhooks of an API key."),
    "fleet": ("fleet", "Share runs among many hosts, on PostgreSQL."),
}

#: Options that people try out of habit, and what there is instead.
INSTEAD: Final = {
    **dict.fromkeys(
        ("--api-key", "--apikey", "--key", "--token"),
        "A key is never given on the command line, where other users can see it: set SPECSTEP_API_KEY.",
    ),
    **dict.fromkeys(("--format", "--output-format"), "Use --json for one JSON document, or --events for NDJSON."),
    **dict.fromkeys(("--no-color", "--no-colour", "--color"), "Set NO_COLOR=1 for text without colours."),
    **dict.fromkeys(("--debug", "--trace"), "Set SPECSTEP_DEBUG=1 for the traceback of an internal error."),
    "--config": "Set SPECSTEP_CONFIG to the settings file.",
    "--version": "`specstep --version` shows it.",
    "--budget": "Use --max-cost.",
}
#: The same for verbs.
ALIASES: Final = {
    **dict.fromkeys(("ls", "list", "history"), "runs"),
    **dict.fromkeys(("start", "create", "new", "generate"), "run"),
    **dict.fromkeys(("status", "info", "get"), "show"),
    **dict.fromkeys(("rm", "remove", "delete"), "forget"),
    **dict.fromkeys(("stop", "abort", "kill"), "cancel"),
    **dict.fromkeys(("continue", "retry"), "resume"),
    **dict.fromkeys(("regenerate", "upgrade"), "update"),
    **dict.fromkeys(("compare", "changes"), "diff"),
    **dict.fromkeys(("fetch", "get-package"), "download"),
    **dict.fromkeys(("cost", "price", "forecast", "quote"), "estimate"),
    **dict.fromkeys(("check", "config", "login", "auth", "whoami"), "doctor"),
}

#: How typer begins these.
_NO_COMMAND: Final = re.compile("No such command '(.*?)'")
_EXTRA: Final = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)

#: typer keeps its click to itself; this is how its usage errors are known in every version.
_UsageError: Final[type[Any]] = typer.BadParameter.__mro__[1]


class _Verbs(TyperGroup):
    """Lists verbs by ``VERBS``, and imports the module of one when it is called, or asked for its own help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (_, summary) in VERBS.items():
            self.add_command(TyperCommand(name, help=summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, found, rest = super().resolve_command(ctx, args)
        return name, found if name is None else load(name), rest


def load(name: str) -> Any:
    """The verb or group of that name."""
    module = importlib.import_module(f"specstep_flows.cli.commands.{VERBS[name][0]}")
    return typer.main.get_command(getattr(module, name))


@functools.cache
def command() -> Any:
    """The command, as typer has it."""
    return typer.main.get_command(_app)


_app = typer.Typer(
    cls=_Verbs,
    name="specstep",
    help="SpecStep from the command line: a brief becomes a documentation package on disk.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from specstep_flows._version import __version__

        typer.echo(f"specstep {__version__}")
        raise typer.Exit


@_app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """SpecStep from the command line: a brief becomes a documentation package on disk."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if getattr(stream, "closed", False):
            # By the program that calls this; one that the shell closed is None already.
            setattr(sys, name, None)
        elif isinstance(stream, io.TextIOWrapper):
            # A character that this terminal cannot show must not end the program.
            stream.reconfigure(errors="replace")
    root = command()
    try:
        code = root.main(args=arguments, prog_name="specstep", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except _UsageError as error:
        return _usage(error, wants_json="--json" in arguments)
    except BrokenPipeError:
        # The reader of stdout has closed it (``| head``): nothing went wrong.
        from specstep_flows.cli.terminal import abandon_stdout

        abandon_stdout()
        return exits.DONE
    except OSError as error:
        # A verb's own failure is told by then: this is where the help was to go, or the shell's completion.
        return _unwritten(error)
    except (KeyboardInterrupt, typer.Abort):
        return exits.INTERRUPTED
    return code if isinstance(code, int) else exits.DONE


def _usage(error: Any, *, wants_json: bool) -> int:
    """What is wrong with the arguments, and where to read on."""
    from specstep_flows.cli.terminal import Terminal

    context = error.ctx
    if type(error).__name__ == "NoArgsIsHelpError":
        Terminal().tell(context.get_help())
        return exits.USAGE
    message = _in_our_words(error, context)
    return _refuse(message, wants_json=wants_json, see=context.command_path if context is not None else None)


def _in_our_words(error: Any, context: Any) -> str:
    """What is wrong with the arguments, with the name that was probably meant: typer's guesses are too generous."""
    message = str(error.format_message())
    option = getattr(error, "option_name", None)
    if option is not None and type(error).__name__ == "NoSuchOption":
        parameters = context.command.params if context is not None else []
        # An argument has a name, too, which nobody types.
        known = [name for one in parameters for name in (*one.opts, *one.secondary_opts) if name.startswith("-")]
        hint = _sentence(INSTEAD.get(option)) or did_you_mean(option, known)
        if not hint and hasattr(context.command, "commands"):
            hint = " Options are given after the command."
        return f"Unknown option {option}.{hint}"
    if option is not None:
        return f"{option} needs a value."
    if match := _NO_COMMAND.match(message):
        verbs = list(context.command.commands)
        near = ALIASES.get(match[1]) if set(VERBS) <= set(verbs) else None
        return f"Unknown command {match[1]}.{did_you_mean(near or match[1], verbs)}"
    if match := _EXTRA.match(message):
        return f"Unexpected argument: {match[1]}. Put text with spaces in quotes."
    return message


def _sentence(text: str | None) -> str:
    return f" {text}" if text else ""


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
    from specstep_flows.cli.terminal import Terminal, abandon_stdout

    if error.filename is not None:
        Terminal().tell(f"{error.filename} could not be read or written ({error.strerror}).")
        return exits.FAILED
    abandon_stdout()
    Terminal().tell(f"The result could not be written to stdout ({error.strerror}).")
    return exits.FAILED
