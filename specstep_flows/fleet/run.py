"""A run as anybody of a fleet sees it: what its row says, and who drives it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows.fleet.statuses import OPEN, Status
from specstep_flows.models import Clarification
from specstep_flows.runs.records import RunRecord, as_time
from specstep_flows.runs.rows import COLUMNS, read
from specstep_flows.states import is_terminal

#: What of a row is shown besides its record, and how it is found beside the run (``r``) and its holder (``w``).
_MORE: Final = {
    "status": "r.status",
    "key": "r.key_name",
    "policy": "r.policy",
    "wanted": "r.wanted",
    "wake_at": "extract(epoch FROM r.wake_at)::double precision",
    "failures": "r.failures",
    "questions": "r.questions",
    "worker": "w.name",
    "refusal": "k.refusal",
}
#: Every run, with whoever holds it (as long as that session is there) and what is known of its key.
SELECT: Final = (
    f"SELECT {', '.join([*(f'r.{name}' for name in COLUMNS), *_MORE.values()])} FROM runs r "
    "LEFT JOIN holds h ON h.name = r.run_id LEFT JOIN live_workers(%(class)s) w ON w.id = h.worker "
    "LEFT JOIN keys k ON k.name = r.key_name AND k.refused_at IS NOT NULL"
)


@attrs.frozen(repr=False)
class FleetRun:
    """A run of a fleet, as it was when it was read.

    ``status``: ``open`` (it is driven, or will be), ``question`` (it waits for ``answer``; nothing is sent and nothing
    is spent meanwhile), ``paused`` (paused at the service, or nobody can say what it is: see ``error``), ``done``,
    ``failed``, ``cancelled``, or ``importing`` (see ``Fleet.take_over``).
    """

    record: RunRecord
    status: Status
    #: The name of the key that it is driven with.
    key: str
    #: The name of the policy that answers what the submitted answers leave open.
    policy: str | None = None
    #: ``cancel`` while it is to be cancelled and is not yet.
    wanted: str | None = None
    #: Not before then: something failed that may clear.
    wake_at: datetime | None = None
    #: How often in a row something failed that may clear.
    failures: int = 0
    #: The questions that wait for an answer; none unless that is its status.
    questions: tuple[Clarification, ...] = ()
    #: The name of the worker that has it in hand at this moment.
    worker: str | None = None
    #: What the service said when it refused the key: nothing is sent with it until it is replaced.
    key_refusal: str | None = None

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.record.run_id

    @property
    def created_at(self) -> datetime:
        """When it was submitted."""
        return self.record.created_at

    @property
    def updated_at(self) -> datetime:
        """When something was last written down of it."""
        return self.record.updated_at

    @property
    def generation_id(self) -> UUID | None:
        """Its generation, once there is one."""
        return self.record.generation_id

    @property
    def generation_state(self) -> str | None:
        """The state that the generation was last seen in."""
        return self.record.generation_state

    @property
    def project_name(self) -> str | None:
        """What the service calls the project, once it is known."""
        return self.record.project_name

    @property
    def cost_usd(self) -> float | None:
        """What the service reports as spent so far, in US dollars."""
        return self.record.total_cost_usd

    @property
    def file(self) -> str | None:
        """Where the package is: a path, or the URL of an object; None before it is there."""
        return self.record.file if self.record.is_finished else None

    @property
    def error(self) -> str | None:
        """What it stopped with; None once it is driven again."""
        return self.record.error

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself, and nobody is asked anything."""
        return self.status in ("done", "failed", "cancelled")

    @property
    def cancellable_in(self) -> tuple[Status, ...]:
        """The statuses in which it may be cancelled: what the fleet has given up the service may still make."""
        record = self.record
        may_run = record.kickoff_intent is not None or (
            record.generation_id is not None and not is_terminal(record.generation_state)
        )
        return (*OPEN, "failed") if may_run else OPEN

    def check_cancellable(self) -> None:
        """Raises ``WrongState`` if there is nothing to cancel."""
        if self.status not in self.cancellable_in:
            raise nothing_to_cancel(self.run_id, self.status)

    def __repr__(self) -> str:
        shown = {"run_id": self.run_id, "status": self.status, "key": self.key, "worker": self.worker}
        return f"FleetRun({', '.join(f'{name}={value!r}' for name, value in shown.items() if value is not None)})"


def nothing_to_cancel(run_id: str, status: Status) -> errors.WrongState:
    """It is over, or not the fleet's yet."""
    return errors.WrongState(f"Run {run_id} is {status}, so there is nothing to cancel.")


def read_run(row: Sequence[Any]) -> FleetRun:
    """The run of a row of ``SELECT``. Raises one of ``runs.rows.UNREADABLE``."""
    more = dict(zip(_MORE, row[len(COLUMNS) :], strict=True))
    questions = read_questions(more["questions"]) if more["status"] == "question" else ()
    return FleetRun(
        read(row[: len(COLUMNS)]).record,
        more["status"],
        more["key"],
        more["policy"],
        more["wanted"],
        None if more["wake_at"] is None else as_time(more["wake_at"]),
        more["failures"],
        questions,
        more["worker"],
        more["refusal"],
    )


def write_questions(questions: Sequence[Clarification]) -> str:
    """Questions as their column holds them."""
    return json.dumps([attrs.asdict(question) for question in questions])


def read_questions(text: str | None) -> tuple[Clarification, ...]:
    """The questions that a column holds; a version that knows more of one may have written them."""
    known = {field.name for field in attrs.fields(Clarification)}
    listed: list[Mapping[str, Any]] = json.loads(text) if text else []
    return tuple(Clarification(**{name: one[name] for name in one if name in known}) for one in listed)
