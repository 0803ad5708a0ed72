"""The session of a process: it says when it beats, notices its end, and what it leaves is cleared away."""

from __future__ import annotations

import os
import weakref

import pytest

from specstep_flows import errors
from specstep_flows.fleet.database import Connection, Database
from specstep_flows.fleet.session import KEPT_SECONDS, Session
from specstep_flows.fleet.store import PostgresStore
from tests.kit.postgres import Postgres


def nothing(connection: Connection) -> None:
    """What there is to read beside the beat."""


def test_a_beat_gives_the_servers_time_and_whether_to_drain(database: Database, server: Postgres) -> None:
    """And None once the session is lost."""
    session = Session(database, "worker-1", capacity=7)
    first = session.beat(nothing)
    assert first is not None
    assert first[1] is False
    server.execute(f"UPDATE {database.table('workers')} SET draining = true WHERE id = %s", [session.id])
    second = session.beat(nothing)
    assert second is not None
    assert (second[1], second[0] >= first[0]) == (True, True)
    server.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    assert session.is_open
    assert session.beat(nothing) is None
    assert (session.is_lost, session.is_open) == (True, False)
    session.close()


def test_what_is_read_with_a_beat_is_read_in_its_transaction_and_may_fail_without_the_session(
    database: Database,
) -> None:
    """Whoever changes the tables just then must not cost a worker its runs."""
    session = Session(database)
    number = "SELECT pg_current_xact_id_if_assigned()::text"
    said = session.beat(lambda connection: connection.execute(number).fetchone())
    assert said is not None
    assert said[2] != (None,)
    with pytest.raises(errors.StoreError):
        session.beat(lambda connection: connection.execute("SELECT 1 / 0"))
    assert session.is_open
    assert session.beat(nothing) is not None
    session.close()


def test_whoever_ends_in_order_leaves_nothing_and_the_long_dead_are_cleared_away(
    database: Database, server: Postgres
) -> None:
    """With what they held; one that lives stays, however long it says nothing."""
    table = database.table("workers")
    sessions = {name: Session(database, name) for name in ("living", "dead", "recent")}
    for name, session in sessions.items():
        PostgresStore(database, session).hold(name)
    for name in ("dead", "recent"):
        sessions[name]._connection.close()
    # The server may take a moment to notice.
    while server.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") != [(1,)]:
        assert sessions["living"].is_open
    server.execute(f"UPDATE {table} SET beat_at = beat_at - %s WHERE name <> 'recent'", [KEPT_SECONDS + 60])
    Session(database, "passing").close()

    assert server.execute(f"SELECT name FROM {table} ORDER BY name") == [("living",), ("recent",)]
    held = f"SELECT name FROM {database.table('holds')} ORDER BY name"
    assert server.execute(held) == [("living",), ("recent",)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_that_ends_does_not_end_its_parents_session(database: Database) -> None:
    """It shares the socket, over which the server would be told goodbye."""
    session = Session(database)
    child = os.fork()
    if child == 0:
        weakref.finalize._exitfunc()  # type: ignore[attr-defined]
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert session.beat(nothing) is not None
    session.close()
