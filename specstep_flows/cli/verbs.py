"""What every verb has in common: its options, its exit code, and how a failure is told.

::

    @verb(app)
    def forget(call: Call, run: Annotated[str, typer.Argument(...)]) -> int | None:
        \"\"\"The help text.\"\"\"
        ...  # raise errors.SpecStepError; give back an exit code, or None for 0
"""

from __future__ import annotations

import functools
import inspect
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

from specstep_flows import errors
from specstep_flows.cli import exits
from specstep_flows.cli.interrupts import Detach
from specstep_flows.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specstep_flows.settings import Settings

__all__ = ["Call", "common_options", "group", "verb"]

F = TypeVar("F", bound="Callable[..., int | None]")

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write one JSON document to stdout, whatever happens; it tells failures, too.")
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Say nothing on stderr but the run's id, questions, warnings and failures."),
]
ApiUrl: TypeAlias = Annotated[
    str | None, typer.Option("--api-url", metavar="URL", help="The service's address (else SPECSTEP_API_URL).")
]
RequestTimeout: TypeAlias = Annotated[
    float | None,
    typer.Option("--request-timeout", metavar="SECONDS", help="How long one request may take (75 unless set)."),
]
Store: TypeAlias = Annotated[
    Path | None, typer.Option("--store", metavar="FOLDER", help="Where runs are kept (else SPECSTEP_STATE).")
]


@dataclass
class Call:
    """One call of a verb: its common options, its streams, and the run that it is about once that is known."""

    json: bool = False
    quiet: bool = False
    api_url: str | None = None
    request_timeout: float | None = None
    store: Path | None = None
    run_id: str | None = None
    #: False where the run ends with this process (an embedded sandbox), so that nothing can be resumed.
    is_resumable: bool = True
    #: The line that goes on with something that is no run, once that is known.
    same_again: str | None = None
    #: Whether stdout carries events, of which the last tells how it ended.
    writes_events: bool = False
    terminal: Terminal = field(default_factory=Terminal)

    def __post_init__(self) -> None:
        self.terminal = Terminal(is_quiet=self.quiet)

    def settings(self) -> Settings:
        """The settings, with what was given by flag. Raises ``SettingsError``."""
        from specstep_flows.settings import Settings

        return Settings.load(
            {"api_url": self.api_url, "request_timeout": self.request_timeout, "state": self.store},
        )

    @property
    def resume_command(self) -> str | None:
        """The line that goes on with the run, if there is one."""
        if not self.is_resumable or (self.run_id is None and self.same_again is None):
            return None
        given = (("--api-url", self.api_url), ("--store", self.store))
        flags = "".join(f" {flag} {shlex.quote(str(value))}" for flag, value in given if value is not None)
        return f"specstep resume {self.run_id}{flags}" if self.run_id is not None else f"{self.same_again}{flags}"

    def finish(self, text: str | None, document: Mapping[str, Any]) -> None:
        """The result: ``text`` (None writes nothing), or ``document`` with ``--json``."""
        if self.json:
            self.terminal.document(document)
        elif text is not None:
            self.terminal.result(text)


def common_options() -> list[inspect.Parameter]:
    """The options that every verb has, as parameters of a function."""

    def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    return [
        parameter("json", Json, False),
        parameter("quiet", Quiet, False),
        parameter("api_url", ApiUrl, None),
        parameter("request_timeout", RequestTimeout, None),
        parameter("store", Store, None),
    ]


def group(app: typer.Typer, name: str, help: str) -> typer.Typer:  # noqa: A002 - typer's own word
    """A group of verbs: ``specstep NAME VERB``."""
    made = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=help)
    app.add_typer(made, name=name)
    return made


def verb(app: typer.Typer, name: str | None = None) -> Callable[[F], F]:
    """Make ``function(call, …)`` a verb of ``app``, with the common options. Its docstring is its help."""

    def register(function: F) -> F:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        common = common_options()

        @functools.wraps(function)
        def command(**arguments: Any) -> None:
            call = Call(**{parameter.name: arguments.pop(parameter.name) for parameter in common})
            code = guarded(call, lambda: function(call, **arguments))
            if code:
                raise typer.Exit(code)

        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        del command.__wrapped__
        command.__signature__ = inspect.Signature([*keyword, *common])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*keyword, *common)}
        app.command(name)(command)
        return function

    return register


def guarded(call: Call, work: Callable[[], int | None]) -> int:
    """Do the work; what it fails with becomes a sentence, a document if one is wanted, and an exit code."""
    from specstep_flows.cli import failures

    try:
        return work() or exits.DONE
    except errors.SpecStepError as error:
        return failures.tell_error(call, error)
    except Detach:
        return failures.tell_detached(call)
    except KeyboardInterrupt:
        return failures.tell(call, "Stopped.", "interrupted", exits.INTERRUPTED, call.resume_command)
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:  # a mistake of ours must not show a traceback, which might hold anything
        if os.environ.get("SPECSTEP_DEBUG"):
            raise
        return failures.tell_mistake(call, error)
