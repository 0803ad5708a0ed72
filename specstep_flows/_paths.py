"""Paths that somebody gave: absolute, with the home folder in place of ``~``, or refused in a sentence."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path, PurePath

from specstep_flows.errors import UsageError


def user_path(given: str | PurePath) -> Path:
    """The absolute path that is meant; it need not exist.

    Raises:
        UsageError: it cannot be one: ``~`` of nobody, a zero character, or relative to a folder that is gone.
    """
    if "\0" in str(given):
        raise UsageError(f"{str(given)!r} is not a path: it contains a zero character. Nothing was sent.")
    path = home_path(given)
    return path if path.is_absolute() else working_folder() / path


def home_path(given: str | PurePath) -> Path:
    """The path with the home folder in place of ``~``. Raises ``UsageError`` if nobody has such a home folder."""
    if not isinstance(given, str | os.PathLike):
        raise UsageError(f"{given!r} is not a path: give a Path or a string. Nothing was sent.")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise UsageError(
            f"There is no home folder for {Path(given).parts[0]} in {given}: give the whole path. Nothing was sent."
        ) from None


def can_be_read_again(path: Path) -> bool:
    """Whether a file is not a pipe or a device, which may give its content only once. One that is missing is not."""
    try:
        kind = home_path(path).stat().st_mode
    except (OSError, ValueError):
        return True
    return stat.S_ISREG(kind) or stat.S_ISDIR(kind)


def working_folder() -> Path:
    """The working folder. Raises ``UsageError`` when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        raise UsageError(
            "The working folder no longer exists, so nothing can be found or saved there: change to another folder, "
            "or give whole paths."
        ) from None


def shell_word(value: object) -> str:
    """A value as a word of a command to copy; of a name that cannot be shown, the bytes as bash reads them."""
    text = str(value)
    if text.isprintable():
        return shlex.quote(text)
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(text))
    return f"$'{''.join(plain)}'"
