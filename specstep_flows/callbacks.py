"""What users pass to a run: the brief, and callbacks for answers, for the next message, and for a confirmation."""

from __future__ import annotations

import inspect
import os
import re
import reprlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows.models import Answer, Clarification, Interview
from specstep_flows.runs.records import RunRecord

__all__ = [
    "Attachments",
    "Brief",
    "Confirm",
    "Messages",
    "Policy",
    "PolicyAnswers",
    "Respondent",
    "SyncConfirm",
    "SyncPolicy",
    "SyncRespondent",
    "as_id",
    "check_callable",
    "whole_brief",
]

#: A brief's turns: one or several, each as text or as the file that has the text.
Messages: TypeAlias = str | Path | Sequence[str | Path]
#: Reference documents: one or several.
Attachments: TypeAlias = str | Path | Sequence[str | Path]
#: What a policy returns: answers by question text or as ``Answer`` objects; None to leave the questions for later.
PolicyAnswers: TypeAlias = Mapping[str, str] | Sequence[Answer] | None
#: Called with the pending questions.
SyncPolicy: TypeAlias = Callable[[list[Clarification]], PolicyAnswers]
#: Called with the run's record before anything that costs money; False leaves the run where it is.
SyncConfirm: TypeAlias = Callable[[RunRecord], bool]
#: Called with the agent's reply and the interview; returns the next message, or None to end the interview.
SyncRespondent: TypeAlias = Callable[[str | None, Interview], str | None]
#: The same with ``AsyncSpecStep``, where they may also be coroutine functions.
Policy: TypeAlias = SyncPolicy | Callable[[list[Clarification]], Awaitable[PolicyAnswers]]
Confirm: TypeAlias = SyncConfirm | Callable[[RunRecord], Awaitable[bool]]
Respondent: TypeAlias = SyncRespondent | Callable[[str | None, Interview], Awaitable[str | None]]

#: A longer brief is a mistake: the transcript's own ceiling is 800,000 characters (walkthrough, step 3).
LONGEST_BYTES: Final = 4_000_000
_ENDS_LIKE_A_FILE: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}\Z")


def looks_like_a_path(text: str) -> bool:
    """Whether a text is more likely the name of a file than a brief."""
    if any(character.isspace() for character in text) or not text:
        return False
    return "/" in text or "\\" in text or text.startswith("~") or _ENDS_LIKE_A_FILE.search(text) is not None


def read_brief(path: Path) -> str:
    """The text of a brief's file. Raises ``UsageError``."""
    path = home_path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_BYTES + 1)
    except IsADirectoryError:
        raise errors.UsageError(f"{path} is a folder, not a brief.") from None
    except OSError as error:
        raise errors.UsageError(f"The brief {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise errors.UsageError(f"The brief {str(path)!r} has a name that no file has.") from None
    return brief_text(content, str(path))


def brief_text(content: bytes, source: str) -> str:
    """The text of a brief that was read from ``source``. Raises ``UsageError``."""
    if len(content) > LONGEST_BYTES:
        raise errors.UsageError(
            f"The brief ({source}) is longer than {LONGEST_BYTES:,} bytes, more than an interview can hold."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.UsageError(f"The brief ({source}) is not UTF-8 text (byte {error.start}).") from None
    if "\0" in text:
        raise errors.UsageError(f"The brief ({source}) is not text: it contains zero bytes.")
    return text


def _each(given: object, what: str) -> Iterable[object]:
    """One value, or several in a row."""
    if isinstance(given, str | os.PathLike):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, bytes | bytearray | Mapping):
        return given
    raise errors.UsageError(f"`{what}` cannot be {reprlib.repr(given)}. Nothing was sent.")


def _texts(messages: Messages) -> tuple[str, ...]:
    texts = []
    for message in _each(messages, "brief"):
        if isinstance(message, os.PathLike):
            message = read_brief(Path(message))
        if not isinstance(message, str):
            raise errors.UsageError(
                f"`brief` must be text, or the Path of a text file, not {reprlib.repr(message)}. Nothing was sent."
            )
        texts.append(message)
    return tuple(texts)


def _paths(attachments: Attachments) -> tuple[Path, ...]:
    return tuple(home_path(path) for path in _each(attachments, "attachments"))  # type: ignore[arg-type]


@attrs.frozen
class Brief:
    """A brief for ``run``.

    ``messages`` (one text or several; of a ``Path``, the file's text) are sent turn by turn; ``attachments`` (one path
    or several) are uploaded before the first turn.
    When the messages are used up, ``respondent`` is called with the agent's reply and the current interview, and
    returns the next message, or None to end; with ``AsyncSpecStep`` it can be a coroutine function. Without a
    respondent, the interview ends with the last message.
    """

    messages: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    attachments: tuple[Path, ...] = attrs.field(default=(), converter=_paths)
    respondent: Respondent | None = None


def whole_brief(brief: Messages | Brief, attachments: Attachments, respondent: Respondent | None) -> Brief:
    """The brief, passed to ``run`` as one value or as several.

    Raises:
        UsageError: a part is given twice, or is not what it should be: a file's name in place of its text would be
            paid for.
    """
    if isinstance(brief, str) and looks_like_a_path(brief):
        raise errors.UsageError(
            f"{brief!r} looks like the name of a file. `brief` is the text itself: give Path({brief!r}) for the file's "
            f"text, or [{brief!r}] if these are the words. Nothing was sent."
        )
    if not isinstance(brief, Brief):
        return Brief(brief, attachments, respondent)
    for what, own, more in (
        ("attachments", brief.attachments, attachments),
        ("respondent", brief.respondent, respondent),
    ):
        if own and more:
            raise errors.UsageError(f"`{what}` is given twice, in the Brief and as an argument. Nothing was sent.")
    return attrs.evolve(brief, attachments=brief.attachments or attachments, respondent=brief.respondent or respondent)


#: What each callback is called with.
_CALLED_WITH: Final = {
    "on_question": ("the questions",),
    "respondent": ("the reply", "the interview"),
    "confirm": ("the run's record",),
    "on_event": ("the event",),
    "on_response": ("the response",),
    "on_delivery": ("the delivery",),
}


def check_callable(name: str, given: object) -> None:
    """Refuse a callback that cannot be called, now and not when it is needed. Raises ``UsageError``."""
    if given is not None and (not callable(given) or isinstance(given, type)):
        hint = f"; did you mean {given.__name__}()?" if isinstance(given, type) else "."
        raise errors.UsageError(f"`{name}` must be a function, not {reprlib.repr(given)}{hint} Nothing was sent.")
    try:
        signature = None if given is None else inspect.signature(given)
    except (ValueError, TypeError):
        return  # written in C, it tells nothing
    arguments = _CALLED_WITH[name]
    try:
        if signature is not None:
            signature.bind(*arguments)
    except TypeError as error:
        called = " and ".join(arguments)
        raise errors.UsageError(f"`{name}` is called with {called}: {error}. Nothing was sent.") from None


def intake_of(given: UUID | str | Interview, interview_id: UUID | str | None) -> tuple[UUID, UUID | None]:
    """The intake artifact that a generation is started of, and its interview where that is known."""
    if isinstance(given, Interview):
        if given.intake_artifact_id is None:
            raise errors.WrongState(
                f"Interview {given.id} has no intake artifact yet: give what `complete_interview` returns. Nothing was "
                "sent."
            )
        return given.intake_artifact_id, as_id(interview_id or given.id)
    return as_id(given), None if interview_id is None else as_id(interview_id)


def as_id(value: UUID | str) -> UUID:
    """An id of the service's, given as text or as what it is. Raises ``UsageError``."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        hint = "; give its id" if hasattr(value, "id") else ""
        raise errors.UsageError(f"{reprlib.repr(value)} is not an id of the service (a UUID){hint}.") from None
