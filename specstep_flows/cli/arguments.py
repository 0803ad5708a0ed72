"""What is named on the command line: a brief, a file, a run or a generation."""

from __future__ import annotations

import mimetypes
import os
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows._text import counted, did_you_mean, plain_line
from specstep_flows.callbacks import LONGEST_BYTES, brief_text, looks_like_a_path, read_brief
from specstep_flows.cli.terminal import is_terminal
from specstep_flows.runs.attachments import sent_name
from specstep_flows.runs.opening import at_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.runs.protocol import RunKeeper
    from specstep_flows.runs.records import RunRecord

#: What is sent as a file or a body is in memory as a whole; a device may have no end.
LONGEST_UPLOAD_BYTES: Final = 512 << 20
#: How the name of a file of text ends.
DOCUMENT_ENDINGS: Final = (".md", ".markdown", ".txt", ".text", ".rst", ".adoc", ".docx", ".odt", ".rtf", ".pdf")
#: No file's name is longer.
LONGEST_NAME: Final = 255
#: What a brief that is piped in came from.
STANDARD_INPUT: Final = "standard input"
#: So much of a brief is shown in a line.
LONGEST_SHOWN: Final = 50


@attrs.frozen
class GivenBrief:
    """The turns of the interview, and where the first came from (None: it was given as text)."""

    messages: list[str]
    source: str | None = None

    def words(self) -> str:
        """What a person should see before it is paid for: a file's name taken for a brief shows here."""
        first = plain_line(self.messages[0]) if self.messages else ""
        shown = first if len(first) <= LONGEST_SHOWN else f"{first[: LONGEST_SHOWN - 1]}…"
        further = f", and {counted(len(self.messages) - 1, 'further message')}" if len(self.messages) > 1 else ""
        length = f"{len(self.messages[0]) if self.messages else 0:,}"
        return f"Brief: {self.source or repr(shown)}, {length} characters{further}"


def given_brief(
    call: Call,
    brief: str | None,
    further: Sequence[str] = (),
    *,
    is_text: bool = False,
    what: str = "brief",
    missing: str = "Say what to build",
) -> GivenBrief:
    """The turns of the interview: the brief, then what ``--message`` adds. ``what`` sentences call it.

    ``brief`` is a file if there is one of that name, ``-`` is stdin, and anything else is the text itself; so it always
    is with ``is_text``. One word that is no file is asked about. Without it, stdin is read if it is not a terminal,
    unless there are messages.

    Raises:
        UsageError: nothing was given, or a file that is not there, not text, or too long.
    """
    if brief is None:
        if further:
            return GivenBrief(list(further))
        if sys.stdin is None or is_terminal(sys.stdin):
            raise errors.UsageError(f"{missing}: give text, a file, or - for standard input.")
        brief = "-"
    if brief == "-":
        text = brief_text(standard_input(f"the {what}", LONGEST_BYTES + 1), STANDARD_INPUT)
        return GivenBrief([text, *further], STANDARD_INPUT)
    if not is_text:
        path = Path(brief)
        if brief.strip() and os.path.exists(path):
            return GivenBrief([read_brief(path), *further], brief)
        _refuse_missing_file(call, brief, what)
    return GivenBrief([brief, *further])


def _refuse_missing_file(call: Call, brief: str, what: str) -> None:
    """Refuse the name of a file that is not there, and ask about text that may be one.

    Raises:
        UsageError: it is not meant as text, or there is nobody to ask.
    """
    is_path = looks_like_a_path(brief)
    if not (is_path or _is_one_word(brief) or _is_named_like_a_document(brief)):
        return
    missing = f"There is no file {brief}.{_near_file(brief)}"
    if not is_path and call.terminal.is_interactive:
        if call.terminal.confirm(f"{missing} Is {brief!r} the whole {what}?"):
            return
        raise errors.UsageError("Nothing was sent.")
    raise errors.UsageError(f"{missing} If it is the {what} itself, add --text. Nothing was sent.")


def _is_named_like_a_document(text: str) -> bool:
    """Whether a text, which may have spaces, ends as files of text do."""
    return len(text) <= LONGEST_NAME and text.lower().endswith(DOCUMENT_ENDINGS)


def _is_one_word(text: str) -> bool:
    """Whether a text has no space, in a script that has spaces."""
    return bool(text) and not any(
        character.isspace() or unicodedata.east_asian_width(character) in "WF" for character in text
    )


def _near_file(name: str) -> str:
    try:
        there = os.listdir(os.path.dirname(name) or ".")
    except (OSError, ValueError):
        return ""
    return did_you_mean(os.path.basename(name), there)


def standard_input(what: str, most: int) -> bytes:
    """What is piped in. Raises ``UsageError`` where nothing can be read there."""
    try:
        return sys.stdin.buffer.read(most)
    except (OSError, ValueError, AttributeError):
        # Closed, a folder, or not there at all.
        raise errors.UsageError(f"There is no standard input to read {what} from. Nothing was sent.") from None


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


def find_target(store: RunKeeper, name: str, *, is_whole: bool = False) -> Target:
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
        RunConflict: it is another service's.
        WrongState: the run has no generation yet.
        OutcomeUnknown: the run has requested one, and none has appeared.
    """
    target = find_target(client.store, name, is_whole=is_whole)
    record, found = target.record, target.generation_id
    if record is not None:
        call.run_id = record.run_id
        at_service(record, client.settings.api_url)
    # A run that was named by an earlier generation of its own means that one.
    if record is not None and found == record.generation_id and record.may_have_more:
        if record.kickoff_intent is not None:
            call.terminal.tell(f"Run {record.run_id} has requested a generation without an answer; looking for it.")
        found = client.find_generation_of(record.run_id)
        record = client.store.get(record.run_id)
    if found is None:
        raise errors.WrongState(
            f"Run {name} has no generation yet; continue it with `{call.command(f'resume {name}')}`."
        )
    return found, record


def id_as_named(name: str, generation_id: UUID, record: RunRecord | None) -> str:
    """The id of what was named, for stdout: the run's if that was a run, else the generation's."""
    is_run = record is not None and record.run_id.casefold().startswith(name.casefold())
    return record.run_id if is_run and record is not None else str(generation_id)


def find_generation(call: Call, client: SpecStep, name: str, *, is_whole: bool = False) -> UUID:
    """The id of the generation that ``locate`` finds."""
    return locate(call, client, name, is_whole=is_whole)[0]


def find_run(store: RunKeeper, name: str, *, is_whole: bool = False) -> RunRecord:
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
                f"There is no run called {name}. Give the whole id here, not only how it begins: {some}."
            ) from None
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(record.run_id for record in found[:5])
            raise errors.RunNotFound(f"Several run ids start with {name}: {some}. Give more of the id.") from None
        raise
