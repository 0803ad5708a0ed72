"""What every verb has in common: its options, its exit code, and how a failure is told.

::

    @verb
    def forget(call: Call, run: Annotated[str, typer.Argument(...)]) -> int | None:
        \"\"\"The help text.\"\"\"
        ...  # raise errors.SpecStepError; return an exit code, or None for 0

A parameter whose type is an attrs class stands for one option for each of its fields.
"""

from __future__ import annotations

import functools
import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_type_hints

import attrs
import typer

from specstep_flows import errors
from specstep_flows.cli import exits, failures
from specstep_flows.cli.interrupts import Detach
from specstep_flows.cli.session import Call
from specstep_flows.cli.terminal import abandon_stdout
from specstep_flows.cli.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write one JSON document to stdout, for failures as well.")
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only print the run's id, questions, warnings and failures to stderr."),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also print each HTTP request to stderr, for failures as well.")
]
ApiUrl: TypeAlias = Annotated[
    str | None, typer.Option("--api-url", metavar="URL", help="The service's address (default: SPECSTEP_API_URL).")
]
RequestTimeout: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--request-timeout",
        metavar="TIME",
        help="Time limit for one read of a response; all of it may take twice that (default: 75s).",
    ),
]
Store: TypeAlias = Annotated[
    Path | None, typer.Option("--store", metavar="FOLDER", help="Where runs are kept (default: SPECSTEP_STATE).")
]


def common_options() -> list[inspect.Parameter]:
    """The options that every verb has, as parameters of a function."""

    def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    return [
        parameter("json", Json, False),
        parameter("quiet", Quiet, False),
        parameter("verbose", Verbose, False),
        parameter("api_url", ApiUrl, None),
        parameter("request_timeout", RequestTimeout, None),
        parameter("store", Store, None),
    ]


def group(help: str, *verbs: typer.Typer) -> typer.Typer:  # noqa: A002 - typer's own word
    """Several verbs as a group: ``specstep GROUP VERB``."""
    made = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False, help=help)
    for one in verbs:
        made.registered_commands += one.registered_commands
    return made


def verb(function: Callable[..., int | None]) -> typer.Typer:
    """Make a verb of ``function(call, …)``, with the common options. Its docstring is its help."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    common = common_options()
    sets = {parameter.name: parameter.annotation for parameter in own if attrs.has(parameter.annotation)}

    @functools.wraps(function)
    def command(**arguments: Any) -> None:
        call = Call(**{parameter.name: arguments.pop(parameter.name) for parameter in common})

        def work() -> int | None:
            given = {name: checked(value) for name, value in arguments.items()}
            for name, options in sets.items():
                given[name] = options(**{field.name: given.pop(field.name) for field in attrs.fields(options)})
            return function(call, **given)

        code = guarded(call, work)
        if code:
            raise typer.Exit(code)

    keyword = [plain(option) for parameter in own for option in _options_of(parameter)]
    del command.__wrapped__
    command.__signature__ = inspect.Signature([*keyword, *common])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*keyword, *common)}
    made = typer.Typer(rich_markup_mode=None, add_completion=False)
    made.command(function.__name__.rstrip("_").replace("_", "-"))(command)
    return made


def _options_of(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """The options that a parameter stands for: its own, or those of a class of options."""
    kind = inspect.Parameter.KEYWORD_ONLY
    if not attrs.has(parameter.annotation):
        return [parameter.replace(kind=kind)]
    types = get_type_hints(parameter.annotation, include_extras=True)
    return [
        inspect.Parameter(field.name, kind, default=field.default, annotation=types[field.name])
        for field in attrs.fields(parameter.annotation)
    ]


def checked(value: Any) -> Any:
    """An argument as it can be used. Text is UTF-8, whatever the locale is, and begins without a mark.

    Raises:
        UsageError: it is neither text nor the name of a file; or it is a dash where a path is needed.
    """
    if isinstance(value, list):
        return [checked(item) for item in value]
    if isinstance(value, Path) and str(value) == "-":
        raise errors.UsageError("'-' is not a file here: give a path (./- for a file of that name). Nothing was sent.")
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        # A file may have any name: the whole argument, or what name=@FILE names.
        if os.path.lexists(value) or os.path.lexists(value.partition("=@")[2]):
            return value
        try:
            value = os.fsencode(value).decode()
        except ValueError:
            raise errors.UsageError(f"An argument is not UTF-8 text: {value!r}. Nothing was sent.") from None
    return value.removeprefix("\ufeff")


def guarded(call: Call, work: Callable[[], int | None]) -> int:
    """Do the work; what it fails with becomes a sentence, a document if one is wanted, and an exit code."""
    try:
        return work() or exits.DONE
    except errors.SpecStepError as error:
        return failures.tell_error(call, error)
    except Detach:
        return failures.tell_detached(call)
    except KeyboardInterrupt:
        return failures.tell(call, call.stopped, "interrupted", exits.INTERRUPTED, call.resume_command)
    except BrokenPipeError:
        # The reader of stdout has closed it (``| head``): nothing went wrong.
        abandon_stdout()
        return call.verdict
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # a bug must not show a traceback, which might hold anything
        if os.environ.get("SPECSTEP_DEBUG"):
            raise
        return failures.tell_mistake(call, error)
