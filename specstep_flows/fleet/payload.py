"""What a run takes along to the host that drives it: the brief's texts, its documents by digest, and who answers.

Everything is checked where it is submitted, in the words that a user of one machine gets. Documents are read once,
there; a worker sends no file that was not submitted.
"""

from __future__ import annotations

import json
import reprlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows._text import without_keys
from specstep_flows.answers import ProposedDefaults
from specstep_flows.answers_file import AnswersFile
from specstep_flows.callbacks import Attachments, Brief, Messages, whole_brief
from specstep_flows.fleet.shared_files import read_reference, reference_to
from specstep_flows.runs.attachments import check_names, read_attachment, sent_name
from specstep_flows.runs.opening import LONGEST_RUN_ID, RUN_ID_LETTERS, new_record

if TYPE_CHECKING:
    from specstep_flows.callbacks import Policy
    from specstep_flows.fleet.shared_files import FleetFiles
    from specstep_flows.models import RunOptions
    from specstep_flows.runs.records import RunRecord

#: Rules that travel: an answers file, or answers by exact question.
Rules: TypeAlias = str | Path | AnswersFile | Mapping[str, str]
#: The policies that every worker has: as the command's ``--on-question`` calls it. (Without any, a question waits.)
POLICIES: Final[Mapping[str, Policy]] = {"defaults": ProposedDefaults()}


@attrs.frozen
class Document:
    """A reference document that travels: the name under which it is sent, its digest and its size in bytes."""

    name: str
    digest: str
    size: int

    @property
    def reference(self) -> str:
        """What the run's record calls it."""
        return reference_to(self.digest, self.name)


@attrs.frozen
class Payload:
    """What ``pack`` has made of a submission."""

    messages: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    #: Answers and rules as in an answers file, as JSON.
    rules: str | None = None
    #: The name of a policy that the workers have.
    policy: str | None = None

    @property
    def attachments(self) -> tuple[str, ...]:
        """The documents as the run's record has them."""
        return tuple(document.reference for document in self.documents)

    def record(self, options: RunOptions, run_id: str, api_url: str) -> RunRecord:
        """The record of a new run. Raises ``UsageError``."""
        record = new_record(self.messages, (), options, run_id, api_url)
        return attrs.evolve(record, attachments=self.attachments)

    def to_json(self) -> str:
        """What the run's row keeps of the documents."""
        return json.dumps({"documents": [attrs.asdict(document) for document in self.documents]})

    @classmethod
    def from_json(cls, text: str) -> Payload:
        """What a row has kept. Raises ``UsageError``."""
        try:
            listed = json.loads(text)["documents"]
            documents = tuple(Document(str(one["name"]), str(one["digest"]), int(one["size"])) for one in listed)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise errors.UsageError("What was submitted with this run cannot be read. Nothing was sent.") from None
        for document in documents:
            read_reference(document.reference)
        return cls(documents=documents)


def pack(
    brief: Messages | Brief,
    attachments: Attachments = (),
    answers: Rules | None = None,
    files: FleetFiles | None = None,
    *,
    policy: str | None = None,
) -> Payload:
    """Check what is submitted, and keep its documents among the fleet's files, by digest. It blocks.

    The same submission gives the same payload, on any host. ``policy`` answers what ``answers`` leaves open.

    Raises:
        UsageError: a brief, a document or a policy that cannot be used; a callable cannot travel.
        AnswersError: the answers file is invalid; the message has line and column.
        OutputError: the documents cannot be kept.
    """
    whole = whole_brief(brief, attachments, None)
    _refuse_callable("respondent", whole.respondent)
    rules = None if answers is None else json.dumps(rules_of(answers).as_data())
    check_policy_name(policy)
    check_names(whole.attachments)
    contents = [(sent_name(path), read_attachment(path)) for path in whole.attachments]
    if contents and files is None:
        raise errors.UsageError(
            "Documents travel by the fleet's files, and this fleet has none: give it a folder or a URL "
            "(SPECSTEP_FLEET_FILES). Nothing was sent."
        )
    documents = tuple(
        Document(name, files.put_content(content), len(content)) for name, content in contents if files is not None
    )
    return Payload(whole.messages, documents, rules, policy)


def carried(record: RunRecord, files: FleetFiles | None) -> RunRecord:
    """The record of a run of this machine as another can continue it: what is not uploaded travels. It blocks.

    Raises:
        UsageError: a document that is not uploaded yet cannot be read, or there is no place for it.
        OutputError: it cannot be kept.
    """
    left = [] if record.is_finished else [path for path in record.attachments if path not in record.uploads]
    if left and files is None:
        raise errors.UsageError(
            f"The documents of run {record.run_id} are files of this machine and are not uploaded yet: resume it here "
            "until they are, or give the fleet a place for files (SPECSTEP_FLEET_FILES)."
        )
    if files is None or record.is_finished:
        return record
    moved = {path: reference_to(files.put_content(read_attachment(Path(path))), sent_name(Path(path))) for path in left}
    # Its package goes where the fleet's are, as a zip; what arrived here stays here.
    return attrs.evolve(
        record,
        attachments=tuple(moved.get(path, path) for path in record.attachments),
        options=attrs.evolve(record.options, output=None, unpack=False),
        file=None,
        sha256=None,
        packages=(),
        unpacked_to=None,
    )


def unpack(payload: Payload, files: FleetFiles, folder: Path) -> tuple[Path, ...]:
    """Copies of a run's documents in a folder, each checked by its digest. It blocks.

    (A worker that drives the run needs none: the file operations of the run find them by the record.)

    Raises:
        UsageError: a document is missing, damaged, or would be written elsewhere.
        OutputError: the folder cannot be written.
    """
    paths = []
    for document in payload.documents:
        digest, name = read_reference(document.reference)
        content = files.get_content(digest)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with content.open("rb") as source, (folder / name).open("xb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise errors.OutputError(f"{folder / name} cannot be written ({error.strerror}).") from None
        paths.append(folder / name)
    return tuple(paths)


def rules_of(answers: Rules) -> AnswersFile:
    """Rules in any of their forms. Raises ``UsageError``, ``AnswersError``."""
    _refuse_callable("answers", None if isinstance(answers, AnswersFile) else answers)
    if isinstance(answers, AnswersFile):
        return answers
    if isinstance(answers, str | Path):
        return AnswersFile.load(home_path(answers))
    if isinstance(answers, Mapping) and all(isinstance(text, str) for item in answers.items() for text in item):
        return AnswersFile.parse(json.dumps({"answers": dict(answers)}), is_json=True)
    raise errors.UsageError(
        f"`answers` cannot be {reprlib.repr(answers)}: give an answers file, or answers by their questions. Nothing "
        "was sent."
    )


def check_policies(policies: Mapping[str, Policy]) -> None:
    """Raise ``UsageError`` for a policy that no submission can name, or that cannot answer."""
    for name, policy in policies.items():
        check_policy_name(name)
        if not callable(policy):
            raise errors.UsageError(
                f"The policy {name!r} cannot be {reprlib.repr(policy)}: give a function of the questions, or an "
                "`AnswersFile`. Nothing was sent."
            )


def _refuse_callable(name: str, given: Any) -> None:
    if callable(given):
        raise errors.UsageError(
            f"`{name}` is a callable, which cannot travel to the worker that drives the run. Give rules (an answers "
            "file), or register it there under a name and submit that name as `policy`. Nothing was sent."
        )


def check_policy_name(name: str | None) -> None:
    """Raise ``UsageError`` for what no submission can name."""
    _refuse_callable("policy", name)
    if name is None:
        return
    fits = isinstance(name, str) and 0 < len(name) <= LONGEST_RUN_ID and RUN_ID_LETTERS.issuperset(name)
    # A key in its place would be stored, and shown to everybody who looks at the run.
    if not fits or without_keys(name) != name:
        shown = reprlib.repr(without_keys(name) if isinstance(name, str) else name)
        raise errors.UsageError(
            f"{shown} is no name of a policy: use 1 to {LONGEST_RUN_ID} letters, digits, "
            "'.', '_' and '-', and never a key. Nothing was sent."
        )
