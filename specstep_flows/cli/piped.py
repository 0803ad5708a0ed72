"""A package on stdout (``--output -``): it is downloaded whole and verified before the first byte is written."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows._text import plain_line, size
from specstep_flows.cli.options import RunningOptions
from specstep_flows.cli.terminal import abandon_stdout, is_terminal
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from specstep_flows.cli.session import Call
    from specstep_flows.settings import Settings

Running = TypeVar("Running", bound=RunningOptions)


def folder_of(settings: Settings) -> Path:
    """Where packages are until they are on stdout: beside the runs, so that an interrupted one can be resumed."""
    return settings.state_folder() / "packages"


def check(call: Call, running: RunningOptions, profile: str | None) -> None:
    """Refuse what does not go together with a package on stdout, before anything is sent.

    Raises:
        UsageError: stdout is a terminal or carries something else, or one file is not all that is asked for.
    """
    if call.json or call.writes_events:
        flag = "--json" if call.json else "--events"
        raise errors.UsageError(f"{flag} and --output - both write to stdout: choose one. Nothing was sent.")
    if running.unpack:
        raise errors.UsageError("--unpack needs a folder, and --output - writes the zip to stdout. Nothing was sent.")
    if is_fan_out(profile):
        raise errors.UsageError(
            f"The profile {profile} makes several packages, which cannot all go to stdout: give a folder with "
            "--output. Nothing was sent."
        )
    if sys.stdout is None or is_terminal(sys.stdout):
        raise errors.UsageError(
            "--output - writes the zip to stdout, which is not redirected: add > package.zip. Nothing was sent."
        )


def redirected(call: Call, running: Running, settings: Settings, profile: str | None = None) -> Running:
    """The options of a run whose package goes to stdout: until then it is a file beside the runs."""
    check(call, running, profile)
    call.again_with = " --output -"
    return attrs.evolve(running, output=folder_of(settings))


def write(call: Call, path: Path, *others: Path) -> None:
    """Write a package to stdout, and remove the file.

    Raises:
        OutputError: the reader has gone, the disk that it goes to takes no more, or there are several, which stdout
            cannot hold. What is there is kept.
    """
    if others:
        there = " and ".join(str(one) for one in (path, *others))
        raise errors.OutputError(f"There are several packages, which cannot all go to stdout. They are kept: {there}.")
    try:
        with path.open("rb") as file:
            sys.stdout.flush()
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    except OSError as error:
        abandon_stdout()
        raise errors.OutputError(
            f"The package could not be written to stdout ({error.strerror}). It is complete and kept at {path}."
        ) from None
    call.terminal.say(f"Wrote {plain_line(path.name)} ({size(os.stat(path).st_size)}) to stdout")
    path.unlink()
