"""Webhook deliveries of a fleet: any pod receives them, each is taken once, and whichever worker waits hears of it."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.fleet import deliveries
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.deliveries import PostgresDeliveries
from specstep_flows.runs.deliveries import KEPT_SECONDS, LEASE_SECONDS, REPLAY_SECONDS, StoredSubscription
from tests.kit.postgres import Postgres

ONE, OTHER = UUID(int=1), UUID(int=2)
#: Whatever a pod believes the time to be: the server's counts.
WRONG = 5.0


def pod(database: Database) -> PostgresDeliveries:
    """The deliveries as one process has them, which looks each time it is asked."""
    return PostgresDeliveries(database, count=itertools.count(0.0, 100.0).__next__)


def came(log: PostgresDeliveries, delivery_id: str, about: UUID | None = ONE, body: bytes = b"{}") -> str:
    """A delivery is received."""
    return log.claim("app", delivery_id, "generation.completed", about, [("a", "b")], body, WRONG)


def test_what_one_pod_receives_another_hears(database: Database) -> None:
    """Each delivery once, by the position that was reached; not those about other generations, nor old ones."""
    log, beside = pod(database), pod(database)
    came(log, "d-1", body=b"old")
    position, is_served, bodies = beside.since([ONE], None)
    assert (is_served, bodies) == (False, {})

    log.serve("r", 60.0)
    for number, about, body in ((2, ONE, b"new"), (3, ONE, b"newest"), (4, OTHER, b"{}"), (5, None, b"{}")):
        came(log, f"d-{number}", about, body)
    later, is_served, bodies = beside.since([ONE], position)

    assert (is_served, bodies) == (True, {ONE: b"newest"})
    assert beside.since([ONE], later)[2] == {}
    assert beside.since([ONE, OTHER], position)[2].keys() == {ONE, OTHER}
    log.leave("r")
    assert beside.since([ONE], later) == (later, False, {})
    log.serve("gone", -1.0)
    assert beside.since([ONE], later)[1] is False


def test_a_delivery_is_taken_by_one_pod_until_its_lease_is_over(database: Database, server: Postgres) -> None:
    """Eight at once; after a failure, or the death of whoever took it, it is taken again when it is sent again."""
    pods = [pod(database) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(lambda each: came(each, "d-1"), pods)) == ["busy"] * 7 + ["new"]
    log = pods[0]
    log.settle("app", "d-1", is_done=False)
    assert came(log, "d-1") == "new"
    server.execute(f"UPDATE {database.table('deliveries')} SET begun_at = begun_at - %s", [LEASE_SECONDS + 1])
    assert came(pods[1], "d-1") == "new"
    pods[1].settle("app", "d-1", is_done=True)
    assert came(log, "d-1") == "done"
    # Another one, which was too slow and failed in the end, has not taken that back.
    log.settle("app", "d-1", is_done=False)
    assert came(log, "d-1") == "done"
    assert log.claim("other", "d-1", "generation.completed", ONE, [], b"{}", WRONG) == "new"
    # It has kept its place behind all that came since.
    assert [one.attempts for one in log.all()] == [1, 3]


def test_numbers_come_to_light_in_their_order(database: Database, server: Postgres) -> None:
    """One that is written while a later one is there already would be overlooked by whoever has read that."""
    first, second = pod(database), pod(database)
    with ThreadPoolExecutor(1) as threads, database.pool.connection() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s, -1)", [database.lock_class])
        coming = threads.submit(came, first, "d-1")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
        while server.execute(waiting) == [(0,)]:
            assert not coming.done()
        assert second.since([ONE], 0)[2] == {}
        # The end of this transaction lets the other one begin.
    assert coming.result(30) == "new"
    assert second.since([ONE], 0)[2] == {ONE: b"{}"}


def test_all_runs_of_a_process_look_together(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a second while somebody receives deliveries, and every ten seconds while nobody does."""
    now = [0.0]
    log, beside = PostgresDeliveries(database, count=lambda: now[0]), pod(database)
    looks: list[object] = []
    run = database.run

    def noted(work: object) -> object:
        looks.append(work)
        return run(work)  # type: ignore[arg-type]

    assert log.unchanged([ONE], None) is None
    position = log.since([ONE], None)[0]
    monkeypatch.setattr(log, "_database", type("Noted", (), {"run": staticmethod(noted)}))
    beside.serve("r", 60.0)
    for identifier in (ONE, OTHER) * 3:
        assert log.unchanged([identifier], position) == (position, False)
    now[0] += deliveries.UNSERVED_SECONDS
    assert log.unchanged([ONE], position) is None
    assert log.since([ONE], position) == (position, True, {})
    assert log.unchanged([OTHER], position) == (position, True)
    assert len(looks) == 1
    came(beside, "d-1", OTHER)
    now[0] += deliveries.SERVED_SECONDS
    assert log.unchanged([ONE], position) is None
    last = log.since([ONE], position)[0]
    assert (last > position, len(looks)) == (True, 2)
    # What came is about another run, whose body only that one reads.
    assert log.unchanged([ONE], position) == (last, True)
    assert log.unchanged([OTHER], position) is None
    assert log.since([OTHER], position)[2] == {OTHER: b"{}"}
    assert len(looks) == 3


def test_old_deliveries_leave(database: Database, server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """By age and by number; but none that could still pass for a recent one."""
    monkeypatch.setattr(deliveries, "KEPT_DELIVERIES", 5)
    log, age = pod(database), f"UPDATE {database.table('deliveries')} SET received_at = received_at - %s"
    for number in range(12):
        assert came(log, f"d-{number}") == "new"
    assert len(log.all()) == 12
    server.execute(age, [REPLAY_SECONDS + 1])
    came(log, "d-12")
    assert [one.id for one in log.all()] == ["d-12", "d-11", "d-10", "d-9", "d-8"]
    server.execute(age, [KEPT_SECONDS + 2])
    came(log, "d-13")
    assert [one.id for one in log.all()] == ["d-13"]


def test_a_body_with_a_signed_address_is_not_kept(database: Database) -> None:
    """No row of ours holds one; the delivery is known all the same."""
    log = pod(database)
    came(log, "d-1", body=b'{"generation": {"url": "https://blob.example.com/p.zip?sv=1&sig=abcdefghijklmnop"}}')
    found = log.find("d-1")

    assert found is not None
    assert (found.body, found.headers, found.state) == (None, (("a", "b"),), "begun")
    assert log.find("d-2") is None
    assert log.since([ONE], 0)[2] == {ONE: None}


def test_without_the_database_a_run_hears_nothing_and_a_receiver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run does not depend on deliveries; whoever receives one must not say that it was taken."""
    monkeypatch.setattr("specstep_flows.fleet.database.POOL_SECONDS", 0.2)
    nowhere = Database("postgresql://127.0.0.1:1/db")
    log = pod(nowhere)
    assert log.since([ONE], 7) == (7, False, {})
    with pytest.raises(errors.StoreError):
        came(log, "d-1")
    nowhere.close()


def test_what_a_listener_registered_is_known_to_all(database: Database) -> None:
    """Before it is registered and after, until it is removed."""
    log, beside = pod(database), pod(database)
    kept = StoredSubscription("token", "http://127.0.0.1:1", "key", "https://hook.example.com", ("known",))
    log.keep_subscription(kept)
    assert beside.subscriptions("http://127.0.0.1:1") == [kept]
    assert beside.subscriptions("http://127.0.0.1:2") == []
    made = StoredSubscription(kept.token, kept.api_url, kept.key_id, kept.url, kept.known, "webhook")
    log.keep_subscription(made)
    assert beside.subscriptions("http://127.0.0.1:1") == [made]
    beside.drop_subscription("token")
    assert log.subscriptions("http://127.0.0.1:1") == []
