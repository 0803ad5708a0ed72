"""The clock of a fleet: all hosts agree on it, whatever their own clocks say."""

from __future__ import annotations

import time
from typing import Any

import pytest

from specstep_flows.engine.clock import SystemClock, boot_time, passed_since
from specstep_flows.fleet.clock import DatabaseClock
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.stops import StoppingClock
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.runs.records import Intent, RunRecord


class Server:
    """A database that says what time it is, ``took`` seconds after it was asked, by a count that the test turns."""

    def __init__(self, time: float) -> None:
        self.ahead = time
        self.elapsed = 0.0
        self.took = 0.0

    def run(self, work: Any, **more: Any) -> tuple[float]:
        self.elapsed += self.took
        return (self.ahead + self.elapsed - self.took / 2,)


def host(server: Any, up: float, speed: float = 1.0) -> DatabaseClock:
    """The clock of a host that has been up for so long."""
    return DatabaseClock(server, speed, count=lambda: up + server.elapsed)


def test_hosts_agree_whatever_their_own_clocks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """By how long they have been up, and by 300 seconds of the wall's clock."""
    server = Server(1_000_000.0)
    first, second = host(server, 50.0), host(server, 900_000.0)
    for skew in (-300.0, 300.0):
        monkeypatch.setattr(time, "time", lambda skew=skew: 1_000_000.0 + skew)
        server.elapsed += 10.0
        assert first.now() == pytest.approx(second.now())
        assert first.now() == pytest.approx(1_000_000.0 + server.elapsed)


def test_a_slow_answer_replaces_nothing_and_a_server_that_was_set_is_believed() -> None:
    """What is known is better than a reading that took long; until the two cannot both be true."""
    server = Server(1000.0)
    clock = host(server, 5.0)
    server.took, server.ahead = 10.0, 1003.0
    clock.read()
    assert clock.now() == pytest.approx(1000.0 + server.elapsed)
    server.ahead = 2000.0
    clock.read()
    assert clock.now() == pytest.approx(2000.0 + server.elapsed)


def test_it_is_sped_up_as_a_whole() -> None:
    """Ten seconds of the server are a hundred."""
    server = Server(1000.0)
    clock = host(server, 5.0, speed=10.0)
    before = clock.now()
    server.elapsed += 10.0

    assert clock.now() - before == pytest.approx(100.0)


@pytest.fixture
def two_hosts() -> tuple[Server, DatabaseClock, DatabaseClock]:
    """Two machines: one up for a minute, and one up for weeks, whose start is another one."""
    server = Server(1_000_000.0)
    return server, host(server, 60.0), host(server, 2_000_000.0)


def test_what_has_passed_since_a_request_of_another_host(
    two_hosts: tuple[Server, DatabaseClock, DatabaseClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is none, whatever the server's clock says, which can be set, and is another one's after a failover."""
    server, first, second = two_hosts
    assert boot_time(first) == boot_time(second) == (None, None)
    intent = Intent("start_generation", first.now(), {}, *boot_time(first))
    for seconds in (0.0, 5.0, 85.0, 3600.0):
        server.ahead += seconds
        second.read()
        monkeypatch.setattr(time, "time", lambda: 1_000_300.0)
        assert second.now() > first.now() - 1.0
        assert passed_since(intent, second) == passed_since(intent, StoppingClock(second)) == 0.0
    # A machine's own clock would believe 300 seconds, or as long as that machine has been up.
    assert passed_since(Intent("start_generation", 1.0, {}, "another start", 1.0), SystemClock()) > 0


def test_an_open_intent_that_is_brought_from_one_machine_begins_to_settle_again(database: Database) -> None:
    """Its time is by that machine's clock, which may be wrong; a fleet knows only its own."""
    store = PostgresStore(database)
    clock = store.make_clock(1.0)
    before = clock.now()
    sent = Intent("start_generation", 12.0, {"known": []}, "a start", 34.0)
    store.create(RunRecord("one", "http://127.0.0.1:1", 1.0, 1.0, intent=sent))
    intent = store.get("one").intent

    assert intent is not None
    assert (intent.operation, intent.about, intent.boot, intent.up) == ("start_generation", {"known": []}, None, None)
    assert before - 1.0 <= intent.sent_at <= clock.now() + 1.0
    store.close()


def test_clients_of_one_store_share_a_clock_that_every_count_of_a_request_sets(database: Database) -> None:
    """Nothing is asked for that alone."""
    store = PostgresStore(database)
    clock = store.make_clock(2.0)
    assert store.make_clock(2.0) is clock
    known = clock._sample
    assert known is not None
    # As if it had drifted since: the next count sets it right.
    clock.note(clock.now() / 2.0 + 500.0, clock.count(), clock.count())
    wrong = clock.now()
    limiter = store.make_limiter("scope", {"standard": 60, "kickoff": 5}, 1.0)
    assert limiter.acquire("standard", wrong) == 0.0
    assert wrong - clock.now() > 900.0
    store.close()
