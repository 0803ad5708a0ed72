"""What is named on the command line: a brief, a file, a run or a generation."""

from __future__ import annotations

import mimetypes
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows.cli.terminal import is_terminal
from specstep_flows.runs.attachments import sent_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore

#: A brief longer than this is not one: the transcript's own ceiling is 800,000 characters (walkthrough, step 3).
LONGEST_BYTES: Final = 4_000_000
#: What is sent as a file or a body is in memory as a whole; a device may have no end.
LONGEST_UPLOAD_BYTES: Final = 512 << 20
_ENDS_LIKE_A_FILE: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}\Z")


def messages_of(brief: str | None, further: Sequence[str]) -> list[str]:
    """The turns of the interview: the brief, then what ``--message`` adds.

    ``brief`` is a file if there is one of that name, ``-`` is stdin, and anything else is the text itself. Without it,
    stdin is read if it is not a terminal, unless there are messages.

    Raises:
        UsageError: nothing was given, or a file that is not there, not text, or too long.
    """
    if brief is None:
        if further:
            return list(further)
        if sys.stdin is None or is_terminal(sys.stdin):
            raise errors.UsageError("Say what to build: give text, a file, or - for standard input.")
        brief = "-"
    if brief == "-":
        return [_text(standard_input("the brief", LONGEST_BYTES + 1), "standard input"), *further]
    path = Path(brief)
    if brief.strip() and os.path.exists(path):
        return [_read(path), *further]
    if _looks_like_a_path(brief):
        raise errors.UsageError(
            f"There is no file {brief}. If it is the brief itself, give it with --message. Nothing was sent."
        )
    return [brief, *further]


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


def standard_input(what: str, most: int) -> bytes:
    """What is piped in. Raises ``UsageError`` where nothing can be read there."""
    try:
        return sys.stdin.buffer.read(most)
    except (OSError, ValueError, AttributeError):
        # Closed, a folder, or not there at all.
        raise errors.UsageError(f"There is no standard input to read {what} from. Nothing was sent.") from None


def _text(content: bytes, source: str) -> str:
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


@attrs.frozen
class Upload:
    """A file's content, and what it is called."""

    name: str
    content: bytes = attrs.field(repr=False)

    @classmethod
    def read(cls, name: str) -> Upload:
        """Read a file, or stdin for ``-``. Raises ``UsageError``."""
        if name == "-":
            return cls("stdin", cls._whole(standard_input("the content", LONGEST_UPLOAD_BYTES + 1), name))
        path = home_path(name)
        try:
            with path.open("rb") as file:
                content = file.read(LONGEST_UPLOAD_BYTES + 1)
        except OSError as error:
            raise errors.UsageError(f"{path} cannot be read ({error.strerror}). Nothing was sent.") from None
        return cls(sent_name(path), cls._whole(content, name))

    @staticmethod
    def _whole(content: bytes, name: str) -> bytes:
        if len(content) > LONGEST_UPLOAD_BYTES:
            raise errors.UsageError(
                f"{name} is longer than {LONGEST_UPLOAD_BYTES:,} bytes, or has no end. Nothing was sent."
            )
        return content

    def text(self) -> str:
        """The content as text. Raises ``UsageError``."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise errors.UsageError(f"{self.name} is not UTF-8 text. Nothing was sent.") from None

    def describe(self, file: Any) -> None:
        """Give the generated client's file its name and its type."""
        file.file_name = self.name
        file.mime_type = mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@attrs.frozen
class Target:
    """A generation, and the run that manages it, if one does."""

    generation_id: UUID | None
    record: RunRecord | None = None


def find_target(store: RunStore, name: str, *, is_whole: bool = False) -> Target:
    """The run or the generation of that name. A run of that name comes first: it may have been given any, an id too.

    ``is_whole``: for what cannot be undone, which takes no beginning of an id.

    Raises:
        RunNotFound: it is neither a generation's id nor a run's.
    """
    try:
        record = store.get(name)
    except errors.RunNotFound:
        try:
            identifier = UUID(name)
        except ValueError:
            record = find_run(store, name, is_whole=is_whole)
        else:
            return Target(identifier, store.find_generation(identifier))
    return Target(record.generation_id, record)


def locate(call: Call, client: SpecStep, name: str, *, is_whole: bool = False) -> tuple[UUID, RunRecord | None]:
    """The generation that is named, or that the named run has or has requested; and the run, if there is one.

    Raises:
        RunNotFound: there is no such run.
        UsageError: the run has no generation yet.
        OutcomeUnknown: the run has requested one, and none has appeared.
    """
    target = find_target(client.store, name, is_whole=is_whole)
    record, found = target.record, target.generation_id
    if record is not None:
        call.run_id = record.run_id
    # A run that was named by an earlier generation of its own means that one.
    if record is not None and found == record.generation_id and record.may_have_more:
        if record.kickoff_intent is not None:
            call.terminal.tell(f"Run {record.run_id} has requested a generation without an answer; looking for it.")
        found = client.find_generation_of(record.run_id)
        record = client.store.get(record.run_id)
    if found is None:
        raise errors.UsageError(f"Run {name} has no generation yet; continue it with `specstep resume {name}`.")
    return found, record


def id_as_named(name: str, generation_id: UUID, record: RunRecord | None) -> str:
    """The id of what was named, for stdout: the run's if that was a run, else the generation's."""
    is_run = record is not None and record.run_id.casefold().startswith(name.casefold())
    return record.run_id if is_run and record is not None else str(generation_id)


def find_generation(call: Call, client: SpecStep, name: str, *, is_whole: bool = False) -> UUID:
    """The id of the generation that ``locate`` finds."""
    return locate(call, client, name, is_whole=is_whole)[0]


def find_run(store: RunStore, name: str, *, is_whole: bool = False) -> RunRecord:
    """The run with this id, or the only one whose id begins with it, unless ``is_whole``.

    Raises:
        RunNotFound: there is none, or there are several.
    """
    try:
        return store.get(name)
    except errors.RunNotFound:
        found = [record for record in store.all() if name and record.run_id.startswith(name)]
        if found and is_whole:
            some = " or ".join(record.run_id for record in found[:5])
            raise errors.RunNotFound(
                f"There is no run called {name}. This takes the whole id, as nothing undoes it: {some}."
            ) from None
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(record.run_id for record in found[:5])
            raise errors.RunNotFound(f"Several run ids start with {name}: {some}. Give more of the id.") from None
        raise


def start_over_elsewhere(store: RunStore, record: RunRecord, changes: Mapping[str, Any]) -> None:
    """Let a run that has its package on disk put it under another name as well, when it is given another output."""
    output = changes.get("output")
    if record.is_finished and output is not None and output != record.options.output:
        store.update(record.run_id, {"stage": "package", "unpacked_to": None})
