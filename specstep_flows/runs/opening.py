"""Opening a run: its id, its options, and its record: new, found again, or made of a generation that exists already."""

from __future__ import annotations

import contextlib
import hashlib
import json
import reprlib
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._paths import place_of, user_path
from specstep_flows._text import without_keys
from specstep_flows.models import RunOptions
from specstep_flows.runs.attachments import check_names, read_attachment, sent_name
from specstep_flows.runs.records import RunRecord, changed_options, check_options
from specstep_flows.runs.telling import is_untold
from specstep_flows.states import fold, is_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from specstep_flows.models import Generation
    from specstep_flows.runs.protocol import RunKeeper

RUN_ID_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
LONGEST_RUN_ID: Final = 64
#: What a kickoff is sent with; it can change until then.
_FIXED_AT_KICKOFF: Final = ("profile", "project_type", "mirror_selection")


#: What nobody gives as an option.
_NOT_GIVEN: Final = ("unknown", "continues")
#: What opening a run that was there before may change of its record.
CHANGED_ON_OPENING: Final = ("options", "file", "stage", "unpacked_to")


def new_run_id() -> str:
    """A run id that nobody has: the day, and enough chance."""
    return f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4)}"


def check_run_id(run_id: str) -> str:
    """A run id that can be a file name and an argument. Raises ``UsageError``."""
    is_short = isinstance(run_id, str) and 0 < len(run_id) <= LONGEST_RUN_ID
    fits = is_short and RUN_ID_LETTERS.issuperset(run_id) and run_id[0] not in ".-"
    if not fits:
        hint = "; give its run_id" if hasattr(run_id, "run_id") else ""
        shown = repr(run_id) if isinstance(run_id, str) else reprlib.repr(run_id)
        raise errors.UsageError(
            f"{without_keys(shown)} cannot be a run id: use 1 to {LONGEST_RUN_ID} letters, digits, '.', '_' and "
            f"'-'{hint}."
        )
    return run_id


def check_new_run_id(run_id: str) -> str:
    """``check_run_id`` for a run that is not there yet: its id is stored and shown, so it is no key by mistake."""
    if without_keys(check_run_id(run_id)) != run_id:
        raise errors.UsageError(
            "The run id has the form of an API key, and an id is stored and shown: choose another. Nothing was sent."
        )
    return run_id


def run_options(**values: Any) -> RunOptions:
    """Options of a new run. Raises ``UsageError``: ``UnknownOption`` for a name that is none."""
    return changed_options(RunOptions(), values)


def new_record(
    messages: Sequence[str], attachments: Sequence[Path], options: RunOptions, run_id: str, api_url: str
) -> RunRecord:
    """The record of a new run, with everything checked that can be checked without the service.

    Where somebody answers the agent, there may be no messages: then the agent's opening turn is what is answered first.

    Raises:
        UsageError: an empty brief, an attachment that cannot be read, an id that does not fit.
    """
    said = tuple(message for message in messages if message.strip())
    if not said and not options.interview:
        raise errors.UsageError("The brief is empty: say in a sentence or more what is to be built. Nothing was sent.")
    paths = tuple(str(user_path(path)) for path in attachments)
    for path in paths:
        read_attachment(Path(path))
    check_names([Path(path) for path in paths])
    now = datetime.now(UTC)
    return RunRecord(
        run_id=check_new_run_id(run_id),
        api_url=api_url,
        created_at=now,
        updated_at=now,
        messages=said,
        attachments=paths,
        options=options,
    )


def open_run(store: RunKeeper, wanted: RunRecord) -> tuple[RunRecord, bool]:
    """The run in the store: new, or the one of that id, if it is the same job. The flag says which.

    Raises:
        RunConflict: the id is taken by another brief, profile or service.
    """
    try:
        known = store.get(wanted.run_id)
    except errors.RunNotFound:
        store.create(wanted)
        return wanted, False
    # What is not said again stays, a limit too; what only says how to go on may change from one attempt to the next.
    said = attrs.asdict(
        wanted.options, recurse=False, filter=lambda field, value: field.name not in _NOT_GIVEN and value is not None
    )
    said = _as_spelled(known.options, said)
    said["interview"] = wanted.options.interview or known.options.interview
    options = changed_options(known.options, said)
    check_options(options)
    check_same(known, wanted)
    return store.update(wanted.run_id, _with_options(known, options)), True


def check_same(known: RunRecord, wanted: RunRecord) -> None:
    """Refuse another job under the id of a run. Raises ``RunConflict``."""
    for what, differs in (
        ("brief", known.messages != wanted.messages),
        ("service", known.api_url != wanted.api_url),
        ("profile", fold(known.options.profile) != fold(wanted.options.profile)),
        ("project type", _has_other_type(known, wanted)),
        ("attachments", known.attachments != wanted.attachments),
        ("generation to update", _updated(known) != _updated(wanted)),
    ):
        if differs:
            raise errors.RunConflict(
                f"Run {wanted.run_id} was started with another {what}; nothing was sent. Resume it with "
                f"`specstep resume {wanted.run_id}`, or choose another run id."
            )


def reopen_run(
    store: RunKeeper, run_id: str, api_url: str, changes: Mapping[str, Any] | None = None
) -> tuple[RunRecord, bool]:
    """The run in the store, with ``changes`` to its options. The flag says that it was there before.

    Raises:
        RunNotFound: it is not there.
        RunConflict: it belongs to another service, or its generation was started with other options.
        UnknownOption: one of ``changes`` is not an option of a run.
    """
    record = at_service(store.get(run_id), api_url)
    options = changed_options(record.options, _as_spelled(record.options, changes or {}))
    check_options(options)
    if not changes:
        return record, True
    for name in _FIXED_AT_KICKOFF:
        if getattr(options, name) != getattr(record.options, name) and not (
            _is_open(record) and record.options.continues is None
        ):
            raise errors.RunConflict(
                f"The generation of run {run_id} was started with {name} {getattr(record.options, name)!r}, which "
                "can no longer change. Nothing was sent; resume without it, or start another run."
            )
    return store.update(run_id, _with_options(record, options)), True


def _with_options(record: RunRecord, options: RunOptions) -> dict[str, Any]:
    """What new options change of a record that was there before."""
    changes: dict[str, Any] = {"options": options}
    if options.output != record.options.output and (not record.is_finished or options.output is not None):
        # The package's place is chosen again; one that is on disk is put there as well.
        changes["file"] = None
        if record.is_finished:
            changes |= {"stage": "package", "unpacked_to": None}
    return changes


def _as_spelled(known: RunOptions, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes without what is the same word in another spelling: the service's own was found out already."""
    return {
        name: value
        for name, value in changes.items()
        if name not in _FIXED_AT_KICKOFF or not value or fold(str(value)) != fold(getattr(known, name))
    }


def _updated(record: RunRecord) -> str | None:
    """The generation that a run updates."""
    return None if record.options.continues is None else record.options.continues.get("generation_id")


def update_record(
    messages: Sequence[str],
    attachments: Sequence[Path],
    options: RunOptions,
    generation_id: UUID,
    run_id: str | None,
    api_url: str,
) -> RunRecord:
    """What is asked of a run that updates a generation. Raises as ``new_record``."""
    options = attrs.evolve(options, continues={"generation_id": str(generation_id)})
    return new_record(messages, attachments, options, run_id or new_run_id(), api_url)


def generation_to_update(record: RunRecord) -> UUID:
    """The generation of a run that is to be updated. Raises ``WrongState`` if it has none, or nobody knows yet."""
    if record.generation_id is not None:
        return record.generation_id
    if record.kickoff_intent is not None:
        raise errors.WrongState(
            f"Run {record.run_id} has requested a generation, and what became of that is not known yet: "
            f"`specstep resume {record.run_id}` looks. Nothing was sent."
        )
    raise errors.WrongState(f"Run {record.run_id} has no generation yet, so there is nothing to update.")


def new_update(generation: Generation, before: RunRecord | None, wanted: RunRecord) -> RunRecord:
    """A new run that updates a generation; ``before`` is the run that manages it, if one does.

    The new package goes beside the old one where nothing else is said.

    Raises:
        WrongState: the generation has made no package.
    """
    if not generation.is_complete:
        raise errors.WrongState(
            f"Generation {generation.id} is {generation.state}; only a complete one can be updated. Nothing was sent."
        )
    folder = None if before is None or before.file is None else place_of(before.file).parent
    file, sha256 = (None if before is None else before.file_of(generation.id)) or (None, None)
    options = attrs.evolve(
        wanted.options,
        output=wanted.options.output or (None if folder is None else str(folder)),
        profile=generation.review_profile,
        continues={
            "generation_id": str(generation.id),
            "project_name": generation.project_name,
            "description": generation.description,
            "package_id": None if generation.package_id is None else str(generation.package_id),
            "file": file,
            "sha256": sha256,
        },
    )
    return attrs.evolve(wanted, options=options)


def find_update(store: RunKeeper, wanted: RunRecord, run_id: str | None, again: bool) -> tuple[RunRecord, bool]:
    """The run that was asked for, and whether it is there: then it continues, whatever became of the generation before.

    Without a ``run_id``, its id is made of what it is to do: the same command finds the same run.
    """
    if run_id is None:
        wanted = _named_update(store, wanted, again)
    try:
        known = store.get(wanted.run_id)
    except errors.RunNotFound:
        return wanted, False
    options = attrs.evolve(wanted.options, profile=known.options.profile)
    # The same documents may be elsewhere by now; what the run's id is made of has compared them.
    attached = wanted.attachments if run_id is not None else known.attachments
    return attrs.evolve(wanted, options=options, attachments=attached), True


def _named_update(store: RunKeeper, wanted: RunRecord, again: bool) -> RunRecord:
    """The newest such run; with ``again`` another one where it is over and told: one that was broken off is resumed."""
    asked = [wanted.api_url, _updated(wanted), wanted.messages, [_content(Path(path)) for path in wanted.attachments]]
    base = f"update-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}"
    number, newest, name = 1, None, base
    with contextlib.suppress(errors.RunNotFound):
        while True:
            newest = store.get(name)
            number += 1
            name = f"{base}-{number}"
    if newest is not None and not (again and _is_over(newest) and not is_untold(store, newest.run_id)):
        name = newest.run_id
    return attrs.evolve(wanted, run_id=name)


def _content(path: Path) -> list[str]:
    """What a document is to the service, wherever it is: its name and its bytes."""
    return [sent_name(path), hashlib.sha256(read_attachment(path)).hexdigest()]


def _is_over(record: RunRecord) -> bool:
    # A retry that may have been sent is the run's, and so is a package that is on its way.
    is_open = record.kickoff_intent is not None or record.stage == "package"
    return record.is_finished or (is_one_of(record.generation_state, "Failed", "Cancelled") and not is_open)


def _has_other_type(known: RunRecord, wanted: RunRecord) -> bool:
    """Whether the project types differ. One that was left out may still be given while nothing was started."""
    before, now = known.options.project_type, wanted.options.project_type
    return fold(before) != fold(now) and not (before is None and _is_open(known))


def _is_open(record: RunRecord) -> bool:
    """Whether no kickoff was sent yet."""
    return record.generation_id is None and record.kickoff_intent is None


def at_service(record: RunRecord, api_url: str) -> RunRecord:
    """The record, if this client talks to the run's own service. Raises ``RunConflict``."""
    if record.api_url != api_url:
        raise errors.RunConflict(
            f"Run {record.run_id} belongs to {record.api_url}, but this client talks to {api_url}. Set "
            "SPECSTEP_API_URL to the run's service; nothing was sent."
        )
    return record


def adopted_record(generation: Generation, options: RunOptions, run_id: str | None, api_url: str) -> RunRecord:
    """The record of a run whose generation was started elsewhere."""
    now = datetime.now(UTC)
    return RunRecord(
        run_id=check_new_run_id(run_id) if run_id is not None else new_run_id(),
        api_url=api_url,
        created_at=now,
        updated_at=now,
        stage="generation",
        # The profile tells a fan-out from a single generation.
        options=options if options.profile else attrs.evolve(options, profile=generation.review_profile),
        generation_id=generation.id,
        generation_ids=(generation.id,),
        generation_state=generation.state,
        intake_artifact_id=generation.intake_id,
        cost_usd=generation.running_cost_usd,
        project_name=generation.project_name,
    )
