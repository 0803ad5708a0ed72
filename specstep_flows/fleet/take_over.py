"""Runs of one machine's store that become the fleet's: at every moment one of the two may drive such a run, or neither.

The steps, each of which is on disk before the next: the local store writes down that it begins, with a token; the fleet
gets the run with that token, as ``importing``, which nobody drives; the local store deletes it and writes down that it
did; the fleet opens it. Whatever ends this in between, the next import carries on: a run that is still in the local
store may have been driven there since, so the fleet's copy is made again; one that is gone from there is opened. The
local store remembers that it is gone, so that nobody begins it there again.
"""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import TYPE_CHECKING

from specstep_flows import errors
from specstep_flows.fleet.keys import check_key_name
from specstep_flows.fleet.payload import carried
from specstep_flows.states import is_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows.fleet.database import Connection
    from specstep_flows.fleet.desk import Desk
    from specstep_flows.fleet.run import FleetRun
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore


def open_runs(store: RunStore) -> list[str]:
    """What there is to take over: runs whose handover was broken off, and all that are not over."""
    known = [
        record.run_id
        for record in reversed(store.all())
        if not record.is_finished
        and (record.kickoff_intent is not None or not is_one_of(record.generation_state, "Failed", "Cancelled"))
    ]
    return list(dict.fromkeys([*store.handovers(), *known]))


def take_over(desk: Desk, store: RunStore, key: str, run_ids: Iterable[str] | None = None) -> list[FleetRun]:
    """See ``Fleet.take_over``."""
    name = check_key_name(key)
    taken = []
    for run_id in open_runs(store) if run_ids is None else run_ids:
        let_go = store.hold(run_id)
        try:
            if _hand_over(desk, store, run_id, name):
                taken.append(desk.get(run_id))
        finally:
            let_go()
    return taken


def _hand_over(desk: Desk, store: RunStore, run_id: str, key: str) -> bool:
    """Do what is left to do for a run that the local store holds; whether the fleet has it now."""
    token, is_gone = store.handover(run_id) or (None, False)
    if token is not None and is_gone:
        return _open(desk, store, run_id, token)
    if token is not None:
        # Whatever the fleet has is older than what is here, or than what was forgotten here.
        desk.database.run(partial(_remove, run_id=run_id, token=token))
        store.drop_handover(run_id)
        if not any(record.run_id == run_id and not record.is_finished for record in store.all()):
            return False
    record = _fit(desk, store.get(run_id))
    token = secrets.token_hex(16)
    store.plan_handover(run_id, token)
    try:
        desk.store.create(record, key_name=key, status="importing", payload=_payload(token))
    except errors.RunConflict as error:
        store.drop_handover(run_id)
        raise errors.RunConflict(f"The fleet cannot have run {run_id}: {error.message} Nothing was changed.") from None
    store.hand_over(run_id)
    return _open(desk, store, run_id, token)


def _fit(desk: Desk, record: RunRecord) -> RunRecord:
    """The run as it can be driven elsewhere.

    Raises:
        UsageError: it cannot be.
    """
    if record.is_finished:
        raise errors.WrongState(f"Run {record.run_id} is done, so there is nothing to take over.")
    if record.options.continues is not None:
        raise errors.UsageError(
            f"Run {record.run_id} updates a package of this machine: finish it here (`specstep resume "
            f"{record.run_id}`). Nothing was changed."
        )
    if record.api_url != desk.settings.api_url:
        raise errors.UsageError(
            f"Run {record.run_id} is at {record.api_url}, and this fleet is at {desk.settings.api_url}. Nothing was "
            "changed."
        )
    if record.options.interview and not record.interview_complete and record.generation_id is None:
        raise errors.WrongState(
            f"The interview of run {record.run_id} is held by a person at this machine, and is not over: finish it "
            f"here (`specstep resume {record.run_id}`). Nothing was changed."
        )
    return carried(record, desk.files)


def _open(desk: Desk, store: RunStore, run_id: str, token: str) -> bool:
    """Have the fleet drive a run that is gone from here; True. Raises ``RunConflict``: another fleet has it."""
    if not desk.open_taken(run_id, _payload(token)):
        raise errors.RunConflict(
            f"Run {run_id} was handed over to another fleet than {desk.database.address}, which has it: if that "
            "was broken off, import it with that fleet's address. Nothing was changed."
        )
    store.end_handover(run_id)
    return True


def _remove(connection: Connection, run_id: str, token: str) -> None:
    connection.execute(
        "DELETE FROM runs WHERE run_id = %s AND status = 'importing' AND payload = %s", [run_id, _payload(token)]
    )


def _payload(token: str) -> str:
    """What the row of a run that was taken over has in place of a submission."""
    return json.dumps({"taken_over": token})
