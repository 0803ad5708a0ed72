"""What the row of a run says besides its record: whether it is to be driven, with which key, and with whose answers.

``open``: somebody is to drive it. ``question``: it waits for an answer, and nothing is sent meanwhile. ``paused``: it
was paused at the service, or nobody here can say what it is. ``done``, ``failed``, ``cancelled``: it is over.
``importing``: it is being taken out of the store of one machine, and nobody here touches it before that is done.

Whoever wakes a run counts its waking in the same transaction, so that a driver that is about to lay it to rest sees it.
All functions block; each takes a connection on which a transaction is open, or makes one of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows._text import did_you_mean, duration
from specstep_flows.flows.payment import MOST_IN_DOUBT, requests_in
from specstep_flows.runs.rows import encode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from specstep_flows.fleet.database import Connection

Status: TypeAlias = Literal["open", "question", "paused", "done", "failed", "cancelled", "importing"]
#: At rest: nobody drives it until somebody wakes it.
RESTING: Final[tuple[Status, ...]] = ("question", "paused")
#: It is not over, and may be answered, cancelled and the like.
OPEN: Final[tuple[Status, ...]] = ("open", *RESTING)
#: It is over, as far as the fleet is concerned. (A failed one may be woken all the same, to try again.)
OVER: Final[tuple[Status, ...]] = ("done", "failed", "cancelled")
#: Nothing more can be wanted of it.
_AT_ITS_END: Final[tuple[Status, ...]] = ("done", "cancelled")

#: A run whose key or policy a process lacks is left to others for so long, in real seconds; where a worker with
#: room has the policy, for a moment: the queue gives the run to any of them.
MISSING_SECONDS: Final = 60.0
MOMENT_SECONDS: Final = 2.0
#: What an intent says of a person's word: after how many requests another one may be sent.
_ALLOWED: Final = "allowed_after"
_COLUMNS: Final = "status, key_name, policy, rules, wanted, woken, failures, api_url, payload, intent"


@attrs.frozen
class Row:
    """What a driver needs to know of a run besides its record."""

    status: Status
    key_name: str | None
    #: The name of a policy that the workers have.
    policy: str | None
    #: Answers and rules, as in an answers file, as JSON.
    rules: str | None
    #: What should become of it: ``cancel``, or nothing but its package.
    wanted: str | None
    #: How often it was woken.
    woken: int
    #: How often in a row it failed in a way that may clear.
    failures: int
    #: The service that it belongs to.
    api_url: str
    #: What came with it, as JSON.
    payload: str | None = None
    #: The request of which nobody knows yet what came of it, as JSON.
    intent: str = "null"

    @property
    def is_in_doubt(self) -> bool:
        """Whether so many paid requests have shown nothing that only a person may have another one sent."""
        about = (json.loads(self.intent) or {}).get("about", {})
        requests = requests_in(about)
        return requests >= MOST_IN_DOUBT and about.get(_ALLOWED) != requests

    @property
    def needs_files(self) -> bool:
        """Whether its documents and its package belong where the fleet keeps its files."""
        return json.loads(self.payload or "{}").get("has_files") is True


def storable_name(text: str) -> str:
    """A name as PostgreSQL can have one: what it cannot hold is no name of a run."""
    return str(storable(text)).replace("\0", "\ufffd")


def read(connection: Connection, run_id: str) -> Row | None:
    """The row; None where there is no such run."""
    query = f"SELECT {_COLUMNS} FROM runs WHERE run_id = %s"
    found = connection.execute(query, [storable_name(run_id)]).fetchone()
    return None if found is None else Row(*found)


def settle(
    connection: Connection,
    run_id: str,
    status: Status,
    woken: int,
    questions: str | None = None,
    error: str | None = None,
) -> bool:
    """Write down what came of a drive. False where the run was woken since, and is therefore not laid to rest.

    A failure is not its end where something else was wanted meanwhile: what has failed may go on at the service.

    ``error`` is what it stopped with; None: what its record says.
    """
    done = connection.execute(
        "UPDATE runs SET status = %s, questions = %s, wake_at = NULL, failures = 0, error = coalesce(%s, error), "
        "version = version + 1 WHERE run_id = %s AND status = 'open' AND (woken = %s OR %s)",
        [status, questions, None if error is None else encode("error", error), run_id, woken, status in _AT_ITS_END],
    )
    return done.rowcount == 1


def put_off(
    connection: Connection,
    run_id: str,
    seconds: float,
    *,
    is_failure: bool,
    woken: int | None = None,
    error: str | None = None,
) -> bool:
    """Leave it for so many real seconds; the sweep puts it into the queue again. False where it was ``woken`` since.

    ``error`` is what has failed; None: what its record says.
    """
    done = connection.execute(
        "UPDATE runs SET wake_at = now() + make_interval(secs => %s), failures = failures + %s, "
        "error = coalesce(%s, error), version = version + 1 "
        "WHERE run_id = %s AND status = 'open' AND woken = coalesce(%s, woken)",
        [seconds, int(is_failure), None if error is None else encode("error", error), run_id, woken],
    )
    return done.rowcount == 1


def leave(connection: Connection, run_id: str, lock_class: int, policies: Collection[str]) -> None:
    """Leave it to others, who may have what this process lacks, whose policies these are.

    For a moment where a worker with room has the policy that is lacking; and else for longer, unless one begins
    meanwhile (``offer``). ``lock_class``: that of the database.
    """
    values = {
        "run": run_id,
        "class": lock_class,
        "own": list(policies),
        "moment": MOMENT_SECONDS,
        "long": MISSING_SECONDS,
    }
    connection.execute(_LEAVE, values)


def offer(connection: Connection, key_names: Collection[str]) -> None:
    """Have the runs of these keys driven that were left to others: a worker begins, which may have what was lacking."""
    connection.execute(
        "UPDATE runs SET wake_at = NULL WHERE status = 'open' AND failures = 0 AND wake_at > now() AND key_name = "
        "ANY(%s)",
        [list(key_names)],
    )


_LEAVE: Final = """
UPDATE runs SET wake_at = now() + make_interval(secs => CASE WHEN policy <> ALL(%(own)s) AND EXISTS (
  SELECT FROM live_workers(%(class)s) AS live
  WHERE NOT draining AND key_name = ANY(live.keys) AND policy = ANY(live.policies)
    AND capacity > (SELECT count(*) FROM holds WHERE holds.worker = live.id)
) THEN %(moment)s ELSE %(long)s END) WHERE run_id = %(run)s AND status = 'open'
"""


def unwanted(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """Those of these runs that are not to be driven on as they are: something else is wanted of them."""
    if not run_ids:
        return []
    found = connection.execute(
        "SELECT run_id FROM runs WHERE run_id = ANY(%s) AND wanted IS NOT NULL", [list(run_ids)]
    ).fetchall()
    return [row[0] for row in found]


def drop_wish(connection: Connection, run_id: str) -> None:
    """What was wanted of it cannot be had: it is driven like any other."""
    connection.execute("UPDATE runs SET wanted = NULL WHERE run_id = %s", [run_id])


def wake(
    connection: Connection,
    run_id: str,
    among: Collection[Status] = OPEN,
    *,
    rules: Mapping[str, Any] | None = None,
    wanted: str | None = "",
    is_allowed: bool = False,
) -> Status | None:
    """Have a run driven, with what is new: rules that answer (``AnswersFile.as_data``), or what should become of it.

    It is put into the queue in the same transaction. Where it is driven at the moment, that is not its last word.

    Args:
        among: it is woken only if its status is one of these.
        wanted: ``cancel``; None: nothing but its package; "": what was wanted before.
        is_allowed: a person says so, and may have it paid for once more where nobody knows what came of two requests.

    Returns:
        The status that it had; None where there is no such run.
    """
    with connection.transaction():
        found = connection.execute(
            "SELECT status, key_name, rules, intent FROM runs WHERE run_id = %s FOR UPDATE", [storable_name(run_id)]
        ).fetchone()
        if found is None:
            return None
        status, key_name, before, intent = found
        if status in among and key_name is None:
            raise errors.UsageError(
                f"Run {run_id} names no key, so no worker drives it: whoever has made it drives it, with a client of "
                "their own. Nothing was changed."
            )
        if status in among:
            connection.execute(
                "UPDATE runs SET status = 'open', wake_at = NULL, failures = 0, woken = woken + 1, rules = %s, "
                "wanted = CASE WHEN %s THEN wanted ELSE %s END, intent = %s, "
                # What it had stopped with, that it waits for an answer, say, is no longer so.
                "error = CASE status WHEN 'open' THEN error ELSE 'null' END, version = version + 1 WHERE run_id = %s",
                [_with_rules(before, rules), wanted == "", wanted, _allowed(intent) if is_allowed else intent, run_id],
            )
            connection.execute("SELECT defer_run(%s, %s)", [run_id, key_name])
        return status  # type: ignore[no-any-return]


def wake_by_delivery(connection: Connection, generation_id: UUID, *, is_question: bool) -> list[str]:
    """Wake the runs that a webhook delivery is about, if they are at rest; their ids.

    One that waits for an answer is not woken by being told that it has a question, and one of which nobody knows what
    its last request came to by nothing: that it is driven on may mean to pay again, which a person decides.
    """
    among = ("paused",) if is_question else RESTING
    found = connection.execute(
        "SELECT run_id FROM runs WHERE status = ANY(%s) AND (generation_id = %s OR generation_ids::jsonb @> %s::jsonb) "
        "AND (status <> 'paused' OR intent = 'null')",
        [list(among), json.dumps(str(generation_id)), json.dumps([str(generation_id)])],
    ).fetchall()
    return [row[0] for row in found if wake(connection, row[0], among) in among]


def waiting_for(connection: Connection, lock_class: int, run_id: str | None = None) -> dict[str, str]:
    """Why each open run that nobody drives is not being driven, in a sentence; those that are about to be are left out.

    ``lock_class``: that of the database (``Database.lock_class``). ``run_id``: of this run alone.
    """
    wanted = {"class": lock_class, "run": None if run_id is None else storable_name(run_id)}
    found = connection.execute(_WAITING, wanted).fetchall()
    reasons = {}
    for run_id, key_name, known, refusal, seconds, policy, failures in found:
        if known is None:
            reasons[run_id] = f"No worker has the key {key_name}."
        elif policy is not None and policy not in known:
            nearest = did_you_mean(policy, known)
            reasons[run_id] = f"No worker with the key {key_name} has the policy {policy}.{nearest}"
        elif refusal is not None:
            reasons[run_id] = f"The key {key_name} is refused. {refusal}"
        elif seconds is not None and seconds > 0 and not failures:
            reasons[run_id] = f"A worker has left it to others for {duration(seconds)}; its log says why."
        elif seconds is not None and seconds > 0:
            reasons[run_id] = f"It failed in a way that may clear, and is tried again in {duration(seconds)}."
    return reasons


_WAITING: Final = """
WITH live AS MATERIALIZED (SELECT * FROM live_workers(%(class)s))
SELECT run_id, key_name,
  (SELECT array_agg(policy) FROM live, unnest(live.policies) AS policy WHERE key_name = ANY(live.keys)),
  CASE WHEN trial IS DISTINCT FROM run_id THEN refusal END, extract(epoch FROM wake_at - now())::double precision,
  policy, failures
FROM runs LEFT JOIN keys ON keys.name = key_name AND refused_at IS NOT NULL
WHERE status = 'open' AND key_name IS NOT NULL AND run_id = coalesce(%(run)s, run_id) AND NOT EXISTS (
  SELECT FROM holds JOIN live ON live.id = holds.worker WHERE holds.name = run_id
)
"""


def _allowed(text: str) -> str:
    """An intent after which another request may be sent, once: the next one's intent does not say so."""
    intent = json.loads(text)
    if intent is not None:
        intent["about"][_ALLOWED] = requests_in(intent["about"])
    return json.dumps(intent)


def _with_rules(before: str | None, rules: Mapping[str, Any] | None) -> str | None:
    """Both, the newer ones first."""
    if not rules:
        return before
    known: dict[str, Any] = json.loads(before) if before else {}
    return json.dumps({**known, **rules, "rules": [*rules.get("rules", ()), *known.get("rules", ())]})
