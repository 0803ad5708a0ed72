"""What is to be built, from the command line: a text, a file, or stdin."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["messages_of"]

#: A brief longer than this is not one: the transcript's own ceiling is 800,000 characters (walkthrough, step 3).
LONGEST_BYTES: Final = 4_000_000
_ENDS_LIKE_A_FILE: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}\Z")


def messages_of(brief: str | None, further: Sequence[str]) -> list[str]:
    """The turns of the interview: the brief, then what ``--message`` adds.

    ``brief`` is a file if there is one of that name, ``-`` is stdin, and anything else is the text itself. Without it,
    stdin is read where it is no terminal, unless there are messages.

    Raises:
        UsageError: nothing was given, or a file that is not there, not text, or too long.
    """
    if brief is None:
        if further:
            return list(further)
        if sys.stdin is None or sys.stdin.isatty():
            raise errors.UsageError("Say what is to be built: a text, a file, or - for standard input.")
        brief = "-"
    if brief == "-":
        return [_stdin(), *further]
    path = Path(brief)
    if brief.strip() and _exists(path):
        return [_read(path), *further]
    if _looks_like_a_path(brief):
        raise errors.UsageError(
            f"There is no file {brief}. If it is the brief itself, give it with --message. Nothing was sent."
        )
    return [brief, *further]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        # Too long for a name, or with a character that no name has: a text.
        return False


def _looks_like_a_path(text: str) -> bool:
    if any(character.isspace() for character in text) or not text:
        return False
    return "/" in text or "\\" in text or text.startswith("~") or _ENDS_LIKE_A_FILE.search(text) is not None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_BYTES + 1)
    except IsADirectoryError:
        raise errors.UsageError(f"{path} is a folder, not a brief.") from None
    except OSError as error:
        raise errors.UsageError(f"The brief {path} cannot be read ({error.strerror}).") from None
    return _text(content, str(path))


def _stdin() -> str:
    if sys.stdin is None:
        raise errors.UsageError("There is no standard input to read the brief from.")
    return _text(sys.stdin.buffer.read(LONGEST_BYTES + 1), "standard input")


def _text(content: bytes, source: str) -> str:
    if len(content) > LONGEST_BYTES:
        raise errors.UsageError(
            f"The brief ({source}) is longer than {LONGEST_BYTES:,} bytes, more than an interview holds."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.UsageError(f"The brief ({source}) is not UTF-8 text (byte {error.start}).") from None
    if "\0" in text:
        raise errors.UsageError(f"The brief ({source}) is not text: it has zero bytes in it.")
    return text
