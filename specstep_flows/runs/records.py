"""What is stored of a run: pure data, written by the store and read by the flows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._paths import ObjectUrl, place_of, user_path
from specstep_flows._text import did_you_mean, parse_duration
from specstep_flows.models import RunOptions
from specstep_flows.runs.looks import Looks, packed
from specstep_flows.states import is_fan_out, is_one_of

#: What a run requests its generations with.
KICKOFFS: Final = ("start_generation", "update_generation", "retry_generation")
#: For this long after answers were accepted, nothing is asked: the service picks them up at its next tick.
TICK_SECONDS: Final = 30.0
#: So many runs of a list are shown.
LONGEST_SHOWN: Final = 30


def as_time(moment: float | datetime) -> datetime:
    """A moment that the store has in seconds, or one that is a time already."""
    return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)


@attrs.frozen
class TurnRecord:
    """A turn of the interview, stored before it is first sent. Its Idempotency-Key, ``key``, never changes.

    ``before`` is the number of transcript entries when it was sent, to tell its reply from earlier ones.
    """

    message: str
    key: str
    before: int = 0
    job_id: UUID | None = None
    done: bool = False
    reply: str | None = None


@attrs.frozen
class Intent:
    """A request that may have been sent: which, when (seconds on the run's clock), and what is needed to settle it.

    ``boot`` is the start of the machine in which it was sent, and ``up`` how long the machine had been up then: unlike
    the clock, nobody sets them.
    """

    operation: str
    sent_at: float
    about: Mapping[str, Any] = attrs.field(factory=dict)
    boot: str | None = None
    up: float | None = None


#: The stage of a run that is still being checked: nothing was sent for it.
NOT_BEGUN: Final = "new"


class Records(Protocol):
    """Where records are kept."""

    def get(self, run_id: str) -> Any:
        """The record called ``run_id``: a run's, or a step's."""
        ...

    def glance(self, run_id: str) -> Any:
        """The same where that does not block; otherwise None."""
        ...

    def update(self, run_id: str, changes: Mapping[str, Any]) -> Any:
        """Make ``changes`` durable; the whole record."""
        ...

    def check_held(self, run_id: str) -> None:
        """The last look before something is paid for: raises ``RunTaken`` if another driver has taken the record."""
        ...


@attrs.frozen(repr=False)
class RunRecord:
    """Everything that is stored of a run. Unset fields are not known yet. (``attrs.asdict`` shows all of them.)"""

    run_id: str
    api_url: str
    created_at: datetime = attrs.field(converter=as_time)
    updated_at: datetime = attrs.field(converter=as_time)
    stage: str = NOT_BEGUN
    messages: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    options: RunOptions = attrs.field(factory=RunOptions)
    interview_id: UUID | None = None
    turns: tuple[TurnRecord, ...] = ()
    uploads: tuple[str, ...] = ()
    interview_complete: bool = False
    intake_artifact_id: UUID | None = None
    detected_type: str | None = None
    intent: Intent | None = None
    generation_id: UUID | None = None
    generation_ids: tuple[UUID, ...] = ()
    retries: int = 0
    generation_state: str | None = None
    project_name: str | None = None
    cost_usd: float | None = None
    spent_before_usd: float = 0.0
    answers: tuple[Mapping[str, Any], ...] = ()
    #: By generation: the answers that were sent last, until the generation continues.
    answering: Mapping[str, Any] | None = None
    package_id: UUID | None = None
    file: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    unpacked_to: str | None = None
    error: str | None = None
    #: The looks at its generation: see ``flows.history``.
    history: Sequence[Mapping[str, Any]] = attrs.field(factory=Looks, converter=packed)
    #: The packages of a fan-out that are on disk: ids, file, digest and size.
    packages: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the package is on disk under its final name."""
        return self.stage == "done"

    @property
    def total_cost_usd(self) -> float | None:
        """What the run has cost, earlier attempts included; None until a cost was read."""
        if self.cost_usd is None and not self.spent_before_usd:
            return None
        return self.spent_before_usd + (self.cost_usd or 0.0)

    @property
    def needs_answers(self) -> bool:
        """Whether one of its generations waited for answers when they were last looked at, and was given none since."""
        last = self.history[-1] if self.history else {}
        asking = list(last.get("asked_by", ()))
        if is_one_of(self.generation_state, "PausedAwaitingClarification"):
            asking.append(str(self.generation_id))
        return any(not self._has_answered(one, last.get("at", 0.0)) for one in asking)

    def _has_answered(self, generation_id: str, looked_at: float) -> bool:
        """Whether what a generation was seen to wait for was answered, and accepted."""
        sent = (self.answering or {}).get(generation_id)
        return sent is not None and sent["accepted"] and looked_at < sent["sent_at"] + TICK_SECONDS

    @property
    def kickoff_intent(self) -> Intent | None:
        """The request for a generation that may have been sent, and of which nobody knows what came of it."""
        intent = self.intent
        return intent if intent is not None and intent.operation in KICKOFFS else None

    @property
    def may_have_cost(self) -> bool:
        """Whether something was paid for already, as far as is known."""
        return bool(self.generation_ids) or self.kickoff_intent is not None

    @property
    def may_have_retried(self) -> bool:
        """Whether its generation has failed and it was about to run it again, or did so without knowing."""
        return self.retries < self.options.retry_failed and is_one_of(self.generation_state, "Failed")

    @property
    def next_retry(self) -> int | None:
        """The ``retry_failed`` with which it is tried once more; None for a fan-out, which cannot be."""
        return None if is_fan_out(self.options.profile) else self.retries + 1

    def file_of(self, identifier: UUID) -> tuple[str, str | None] | None:
        """Where the package of that id, or of that generation, was put, and its digest; None if it was not."""
        for known in self.packages:
            if str(identifier) in (known["generation_id"], known["package_id"]):
                return known["file"], known["sha256"]
        is_it = identifier in (self.generation_id, self.package_id)
        return (self.file, self.sha256) if is_it and self.file is not None and not self.packages else None

    @property
    def may_have_more(self) -> bool:
        """Whether the service may have a generation of it that it does not know of."""
        return self.generation_id is None or self.kickoff_intent is not None or self.may_have_retried

    def __repr__(self) -> str:
        shown = ("run_id", "stage", "generation_state", "cost_usd", "project_name", "error")
        given = ((name, getattr(self, name)) for name in shown)
        return f"RunRecord({', '.join(f'{name}={value!r}' for name, value in given if value is not None)})"

    def _repr_html_(self) -> str:
        from specstep_flows._facts import run_facts
        from specstep_flows._html import card

        return card(self.project_name or f"Run {self.run_id}", run_facts(self))


@attrs.frozen
class StepRecord:
    """What is stored of something that costs and is part of no run: an addendum, an explanation, a migration, …

    ``run_id`` is the record's id, made of what was asked for: whoever asks for the same finds the same record.
    """

    run_id: str
    api_url: str
    operation: str
    #: What was asked for, as JSON has it.
    asked: Mapping[str, Any]
    created_at: datetime = attrs.field(converter=as_time)
    updated_at: datetime = attrs.field(converter=as_time)
    intent: Intent | None = None
    #: What there was of the kind before anything was sent; None before that.
    known: Sequence[str] | None = None
    #: What came of it, as JSON has it; None while nothing is known to have been paid for.
    result: Mapping[str, Any] | None = None
    #: Whether everything is done that was to be done with the result.
    is_over: bool = False
    #: Whether somebody was told that its outcome cannot be known.
    is_unknown: bool = False
    #: Where a file of it was put, and its digest, from before it got its name.
    file: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    stage: str = NOT_BEGUN

    @property
    def may_have_cost(self) -> bool:
        """Whether something was paid for already, as far as is known."""
        return self.intent is not None or self.result is not None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more can be found out of it: it is over, or its outcome cannot be known."""
        return self.is_unknown or (self.is_over and self.intent is None)

    @classmethod
    def wanted(cls, operation: str, asked: Mapping[str, Any], api_url: str) -> StepRecord:
        """The record of something that is asked for now. Its id says what was asked for, and of which service."""
        text = json.dumps([api_url, operation, as_json(asked)], sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        now = datetime.now(UTC)
        return cls(f"{operation.replace('_', '-')}-{digest[:24]}", api_url, operation, as_json(asked), now, now)


class RunList(list[RunRecord]):
    """Runs, as ``SpecStep.runs`` returns them: a list that is short to look at, in a notebook too."""

    def __repr__(self) -> str:
        shown = [repr(record) for record in self[:LONGEST_SHOWN]]
        if len(self) > LONGEST_SHOWN:
            shown.append(f"... and {len(self) - LONGEST_SHOWN} more")
        between = ",\n "
        return f"[{between.join(shown)}]"

    def _repr_html_(self) -> str:
        from specstep_flows._facts import run_facts
        from specstep_flows._html import table

        labels = ("run", "project", "stage", "state", "cost", "created")
        rows = []
        for record in self[:LONGEST_SHOWN]:
            created = f"{record.created_at.astimezone():%Y-%m-%d %H:%M}"
            facts = {
                "project": record.project_name or "",
                "created": created,
                **{fact.label: fact.text for fact in run_facts(record)},
            }
            rows.append([facts.get(label, "") for label in labels])
        title = f"{len(self)} runs" + (f", the newest {LONGEST_SHOWN}" if len(self) > LONGEST_SHOWN else "")
        return table(title, [label.capitalize() for label in labels], rows)


#: No limit and no time is so large, and no arithmetic with a smaller one overflows.
_TOO_MUCH: Final = 1e12
_DEFAULTS: Final = RunOptions()
#: The options that can be given; where one has no None of its own, None means its default.
_OPTIONS: Final = {
    name: getattr(_DEFAULTS, name) for name in attrs.fields_dict(RunOptions) if name not in ("unknown", "continues")
}
#: What the command stored as options of its own before it had ``remember``.
_REMEMBERED: Final = ("yes", "answers", "question_mode")


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise ``UnknownOption`` for a name that is not an option of a run: a misspelt limit must not pass for none."""
    for name in names:
        if name not in _OPTIONS:
            hint = did_you_mean(name, _OPTIONS) or f" The options are {', '.join(_OPTIONS)}."
            raise errors.UnknownOption(f"{name!r} is not an option of a run.{hint} Nothing was sent.")


def check_number(
    value: Any,
    what: str,
    unit: str,
    *,
    may_be_zero: bool = False,
    error: type[errors.SpecStepError] = errors.UsageError,
) -> None:
    """Raise ``error`` for a limit or a time that limits nothing: no number, not finite, below 0, or 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < _TOO_MUCH or (value == 0 and not may_be_zero):
        least = "0 or more" if may_be_zero else "more than 0"
        raise error(f"{what} must be {least} {unit}, not {_shown(value)}. Nothing was sent.")


def seconds_of(name: str, given: Any) -> Any:
    """A time as seconds: a number, a ``timedelta``, or text with units (``30m``). Raises ``UsageError``."""
    if isinstance(given, timedelta):
        return given.total_seconds()
    if not isinstance(given, str):
        return given
    # A number alone, as text, may be minutes as well as seconds.
    seconds = parse_duration(given) if given.strip()[-1:].isalpha() else None
    if seconds is None:
        raise errors.UsageError(
            f"{name} must be a number of seconds, a timedelta, or text such as '90s', '30m' or '1h30m', not "
            f"{_shown(given)}. Nothing was sent."
        )
    return seconds


def _shown(value: Any) -> str:
    # Python refuses to write a whole number of very many digits.
    if isinstance(value, int) and not -_TOO_MUCH < value < _TOO_MUCH:
        return "a number of so many digits"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def check_option(name: str, value: Any) -> None:
    """Raise ``UsageError`` for one of a run's options that makes no sense. None is no limit."""
    if name == "max_cost_usd" and value is not None:
        check_number(value, "The cost limit (max_cost_usd)", "US dollars")
    elif name == "retry_failed":
        check_number(value, "The number of retries (retry_failed)", "attempts", may_be_zero=True)
        if not isinstance(value, int):
            raise errors.UsageError(f"The number of retries must be a whole number, not {value}. Nothing was sent.")
    elif name == "wait_paused":
        check_number(value, "The time to watch a pause (wait_paused)", "seconds", may_be_zero=True)
    elif name in ("wait", "unpack", "force", "interview") and not isinstance(value, bool):
        raise errors.UsageError(f"{name} must be True or False, not {_shown(value)}. Nothing was sent.")
    elif name in ("profile", "project_type", "mirror_selection", "output") and not isinstance(value, str | None):
        raise errors.UsageError(f"{name} must be a string, not {_shown(value)}. Nothing was sent.")
    elif name == "remember" and not isinstance(value, Mapping):
        raise errors.UsageError(f"remember must be a dict, not {_shown(value)}. Nothing was sent.")


def check_options(options: RunOptions) -> None:
    """Refuse options of a record, whoever wrote it, with which a run must not go on.

    Raises:
        UnknownOption: a name that is not an option of a run.
        UsageError: a value that makes no sense.
    """
    for name, value in options.unknown.items():
        if name in _OPTIONS:
            try:
                check_option(name, value)
            except errors.UsageError as error:
                error.add("It is in the run's record: resume the run with another value.")
                raise
    refuse_unknown(options.unknown)


def changed_options(options: RunOptions, changes: Mapping[str, Any]) -> RunOptions:
    """Options with ``changes``; what is to be remembered is added to what was.

    Raises:
        UnknownOption: a name that is not an option of a run.
        UsageError: a value that makes no sense.
    """
    refuse_unknown(changes)
    values = {name: _OPTIONS[name] if value is None else value for name, value in changes.items()}
    if values.get("output") is not None:
        place = place_of(str(values["output"]))
        values["output"] = str(place if isinstance(place, ObjectUrl) else user_path(values["output"]))
    if "wait_paused" in values:
        values["wait_paused"] = seconds_of("wait_paused", values["wait_paused"])
    for name, value in values.items():
        check_option(name, value)
    if "remember" in values:
        values["remember"] = {**options.remember, **values["remember"]}
    # What was stored and makes no sense is mended by what is given now.
    unknown = {name: value for name, value in options.unknown.items() if name not in values}
    return attrs.evolve(options, **values, unknown=unknown)


def stored_options(stored: Mapping[str, Any]) -> RunOptions:
    """Options as a record holds them, whichever version or hand wrote it; nothing of it is lost or refused here.

    A limit that makes no sense is kept among what is unknown: such a run is shown, and does not go on.
    """
    known = {name: value for name, value in stored.items() if name in _OPTIONS and value is not None}
    senseless = {name: value for name, value in known.items() if not _makes_sense(name, value)}
    known = {name: value for name, value in known.items() if name not in senseless}
    rest = {
        **stored.get("unknown", {}),
        **senseless,
        **{name: stored[name] for name in stored if name not in (*_OPTIONS, "continues", "unknown")},
    }
    continues = stored.get("continues")
    remember = {name: rest.pop(name) for name in _REMEMBERED if name in rest}
    values = {**known, "remember": {**known.get("remember", {}), **remember}}
    return RunOptions(**values, continues=continues, unknown=rest)


def _makes_sense(name: str, value: Any) -> bool:
    try:
        check_option(name, value)
    except errors.UsageError:
        return False
    return True
