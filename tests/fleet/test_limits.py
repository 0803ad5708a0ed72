"""Rate limits that hosts share: never one request more than allowed, and none at all without the database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from specstep_flows import errors
from specstep_flows.engine.limits import Bucket
from specstep_flows.fleet.clock import DatabaseClock
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.limits import PostgresLimiter

NOW = 1000.0
#: Asks for places until it is refused 3 times; how many it got. Its own clock is wrong, and nobody cares.
ASKS = """
import json, sys
from specstep_flows.fleet.clock import DatabaseClock
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.limits import PostgresLimiter
url, schema, skew = sys.argv[1:]
database = Database(url, schema)
clock = DatabaseClock(database)
limiter = PostgresLimiter(database, "scope", clock=lambda: clock)
print("ready", flush=True)
sys.stdin.readline()
granted = {"standard": 0, "kickoff": 0}
for bucket in granted:
    refused = 0
    while refused < 3:
        if limiter.acquire(bucket, clock.now() + float(skew)) > 0:
            refused += 1
        else:
            granted[bucket] += 1
print(json.dumps(granted), flush=True)
database.close()
"""


@pytest.mark.slow
def test_processes_together_get_exactly_what_is_allowed(database: Database) -> None:
    """Four at once, with clocks that are minutes apart: 60 requests and 5 kickoffs, not one more or less."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASKS, database.conninfo, database.schema, str(skew)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for skew in (-300, -0.5, 0.5, 300)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    got = [json.loads(process.communicate(timeout=120)[0]) for process in processes]

    assert {bucket: sum(one[bucket] for one in got) for bucket in ("standard", "kickoff")} == {
        "standard": 60,
        "kickoff": 5,
    }


def test_threads_and_limiters_share_one_window(database: Database) -> None:
    """Two clients of one key, eight threads; another key has its own."""
    first, second = PostgresLimiter(database, "scope"), PostgresLimiter(database, "scope")
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda number: (first, second)[number % 2].acquire("standard", NOW), range(70)))

    assert sum(wait == 0 for wait in waits) == 60
    assert {wait for wait in waits if wait} == {61.0}
    assert PostgresLimiter(database, "other").acquire("standard", NOW) == 0.0
    assert second.acquire("standard", NOW + 61.5) == 0.0


def test_a_hold_and_what_the_service_states_are_everybodys(database: Database) -> None:
    """A 429 that one host got, and requests that were sent from elsewhere with the key."""
    first, second = PostgresLimiter(database, "scope"), PostgresLimiter(database, "scope")
    first.hold("standard", NOW + 30.0, NOW)
    assert second.acquire("standard", NOW) == pytest.approx(30.0)
    first.learn("kickoff", 5, 1, None, NOW)

    assert [second.acquire("kickoff", NOW) for _ in range(2)] == [0.0, 61.0]


def test_a_bucket_without_a_limit_asks_nothing_and_no_ask_is_made_on_an_event_loop() -> None:
    """No database is there at all."""
    nowhere = Database("postgresql://127.0.0.1:1/db")
    limiter = PostgresLimiter(nowhere, "scope", {"standard": None, "kickoff": 5})

    assert limiter.acquire("standard", NOW) == 0.0
    assert limiter.acquire_at_once("standard", NOW) == 0.0
    assert limiter.acquire_at_once("kickoff", NOW) is None


def test_without_the_database_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cannot count must not send; the limits of one machine go on alone, these do not."""
    monkeypatch.setattr("specstep_flows.fleet.database.POOL_SECONDS", 0.2)
    nowhere = Database("postgresql://u:hush-hush@127.0.0.1:1/db")
    limiter = PostgresLimiter(nowhere, "scope")
    asks: tuple[Callable[[], object], ...] = (
        lambda: limiter.acquire("standard", NOW),
        lambda: limiter.hold("standard", NOW + 5, NOW),
        lambda: limiter.learn("standard", 60, 3, None, NOW),
    )
    for ask in asks:
        with pytest.raises(errors.StoreError, match="Nothing is sent") as raised:
            ask()
        assert "hush-hush" not in str(raised.value)
    nowhere.close()


@pytest.mark.parametrize("bucket", ["standard", "kickoff"])
def test_a_count_is_by_the_servers_clock_and_a_refusal_writes_nothing(database: Database, bucket: Bucket) -> None:
    """Whatever time whoever asks believes it to be."""
    clock = DatabaseClock(database)
    limiter = PostgresLimiter(database, "scope", {"standard": 1, "kickoff": 1}, clock=lambda: clock)
    assert limiter.acquire(bucket, clock.now() + 300.0) == 0.0

    def row() -> object:
        return database.run(lambda connection: connection.execute("SELECT xmin, limits FROM limits").fetchall())

    before = row()
    assert 60.0 < limiter.acquire(bucket, clock.now() - 300.0) <= 61.0
    assert row() == before


@pytest.mark.parametrize("skew", [0.0, -300.0, 300.0])
def test_a_place_that_its_request_has_not_used_is_moved_on_the_servers_clock(database: Database, skew: float) -> None:
    """By whatever clock its owner says when it took it: no second place is counted, and this one from now on."""
    clock = DatabaseClock(database)
    limiter = PostgresLimiter(database, "scope", {"kickoff": 2}, clock=lambda: clock)
    taken = clock.now() + skew
    assert [limiter.acquire("kickoff", taken) for _ in range(2)] == [0.0, 0.0]
    assert limiter.acquire_at_once("kickoff", taken) is None
    before = limiter._windows["kickoff"].leaves

    assert limiter.renew("kickoff", taken, clock.now() + skew) == 0.0

    after = limiter._windows["kickoff"].leaves
    assert len(after) == 2
    assert after[-1] > before[-1]
    assert limiter.acquire("kickoff", clock.now()) > 60.0
