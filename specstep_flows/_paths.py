"""Paths that somebody gave: absolute, with the home folder in place of ``~``, or refused in a sentence.

Where a package is may also be the URL of an object in a store (``s3://bucket/name.zip``).
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from pathlib import Path, PurePath
from typing import Final

from specstep_flows.errors import UsageError

#: A scheme of one letter would be a drive.
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]+)://")
#: Their URLs name no host: ``file:///folder/name``.
_WITHOUT_HOST: Final = frozenset({"file", "memory"})
#: IO_REPARSE_TAG_MOUNT_POINT of Windows.
_JUNCTION: Final = 0xA0000003
#: What needs no quotes there.
_BARE_ON_WINDOWS: Final = re.compile(r"[\w+:./\\-]+")


class ObjectUrl(Path):
    """The URL of an object in a store, with the names and folders of a path. It opens nothing: no file is there."""

    if sys.version_info < (3, 12):
        # What every path of this system has, and a class of one's own was not given before 3.12.
        _flavour = type(Path())._flavour  # type: ignore[attr-defined]

    def __str__(self) -> str:
        # A path has one slash where several stood.
        scheme, _, rest = super().__str__().replace("\\", "/").partition(":")
        return f"{scheme}:{'///' if scheme in _WITHOUT_HOST else '//'}{rest.lstrip('/')}"


def place_of(text: str) -> Path:
    """Where something is, by what a record keeps of it: the path of a file, or the URL of an object."""
    return ObjectUrl(text) if _URL.match(text) else Path(text)


def part_of(path: Path) -> Path:
    """Where the bytes of a file are written before it gets its name."""
    return path.with_name(f"{path.name}.part")


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


def is_link(path: Path) -> bool:
    """Whether it is a symbolic link, or a junction of Windows: both lead elsewhere."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def working_folder() -> Path:
    """The working folder. Raises ``UsageError`` when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        raise UsageError(
            "The working folder no longer exists, so nothing can be found or saved there: change to another folder, "
            "or give whole paths."
        ) from None


def file_word(path: object) -> str:
    """A file's name as an argument of a command to copy: one that begins with a dash must not pass for an option."""
    return shell_word(f"./{path}" if str(path).startswith("-") else path)


def shell_word(value: object) -> str:
    """A value as a word of a command to copy; of a name that cannot be shown, the bytes as bash reads them.

    On Windows, as PowerShell and the old prompt read it.
    """
    text = str(value)
    if sys.platform == "win32":
        return text if _BARE_ON_WINDOWS.fullmatch(text) else '"{}"'.format(text.replace('"', r"\""))
    if text.isprintable():
        return shlex.quote(text)
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(text))
    return f"$'{''.join(plain)}'"
