"""The shared rate limiter: exact over processes, obedient to the service, and never a reason to lose a run."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.engine.limits import (
    LONGEST_HOLD_SECONDS,
    MARGIN_SECONDS,
    WINDOW_SECONDS,
    Limiter,
    MemoryLimiter,
    SharedLimiter,
    Window,
    margin_at,
    scope_of,
)
from specstep_flows.stores import LocalCommon

NOW = 1_750_000_000.0
STAY = WINDOW_SECONDS + MARGIN_SECONDS


@pytest.fixture(params=["memory", "shared"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Limiter]:
    made: Limiter = MemoryLimiter() if request.param == "memory" else SharedLimiter(tmp_path / "limits.db", "scope")
    yield made
    made.close()


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "limits.db"
    path.write_bytes(b"this was a database once" * 400)
    return path


def grants(limiter: Limiter, now: float, tries: int = 100) -> int:
    return sum(limiter.acquire("standard", now) == 0.0 for _ in range(tries))


class SlidingServer:
    """The service's side of the limit: it counts what arrived in the last 60 s."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.arrivals: list[float] = []

    def receive(self, now: float) -> int | None:
        """What remains after this request, or None when it is refused."""
        self.arrivals = [arrival for arrival in self.arrivals if arrival > now - WINDOW_SECONDS]
        if len(self.arrivals) >= self.limit:
            return None
        self.arrivals.append(now)
        return self.limit - len(self.arrivals)


def test_limits_are_those_of_the_service(limiter: Limiter) -> None:
    """60 requests leave at once, the next one waits for the first to be forgotten; kickoffs have 5 of their own."""
    assert grants(limiter, NOW) == 60
    assert limiter.acquire("standard", NOW + 20) == pytest.approx(STAY - 20)
    assert [limiter.acquire("kickoff", NOW) for _ in range(6)] == [0, 0, 0, 0, 0, pytest.approx(STAY)]
    assert limiter.acquire("standard", NOW + STAY) == 0.0


def test_waiting_as_told_is_enough(limiter: Limiter) -> None:
    """Whoever waits as long as told gets through at the next try."""
    for step in range(60):
        assert limiter.acquire("standard", NOW + step / 10) == 0.0

    wait = limiter.acquire("standard", NOW + 6)

    assert wait == pytest.approx(STAY - 6)
    assert limiter.acquire("standard", NOW + 6 + wait + 1e-6) == 0.0
    assert 0 < limiter.acquire("standard", NOW + 6 + wait + 1e-6) < 0.2


def test_a_limit_of_none_or_zero_is_off(tmp_path: Path) -> None:
    """Limits raised out of the way count nothing, and touch no file."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope", {"standard": None, "kickoff": 0})
    limiter.hold("standard", NOW + 30, NOW)
    limiter.learn("standard", 60, 0, 60.0, NOW)

    assert grants(limiter, NOW, 1000) == 1000
    assert limiter.acquire("kickoff", NOW) == 0.0
    assert list(tmp_path.iterdir()) == []


def test_a_hold_stops_everyone_and_ends(limiter: Limiter) -> None:
    """After a 429 nobody sends until the hold is over; a shorter hold does not shorten it; the count is untouched."""
    limiter.acquire("standard", NOW)
    limiter.hold("standard", NOW + 30, NOW)
    limiter.hold("standard", NOW + 10, NOW)

    assert limiter.acquire("standard", NOW + 12) == pytest.approx(18)
    assert limiter.acquire("kickoff", NOW + 12) == 0.0
    assert grants(limiter, NOW + 30) == 59


def test_a_hold_and_a_full_window_wait_for_both(limiter: Limiter) -> None:
    """The longer of the two waits is told."""
    grants(limiter, NOW)
    limiter.hold("standard", NOW + 5, NOW)
    assert limiter.acquire("standard", NOW + 1) == pytest.approx(STAY - 1)
    limiter.hold("standard", NOW + 300, NOW + 1)
    assert limiter.acquire("standard", NOW + 1) == pytest.approx(299)


def test_headers_correct_the_count_downwards_only(limiter: Limiter) -> None:
    """What the service counted beyond ours was sent from elsewhere; a lower count of the service's is not believed."""
    for _ in range(10):
        limiter.acquire("standard", NOW)
    limiter.learn("standard", 60, 45, 20.0, NOW)  # 15 used: 10 are ours, 5 are not
    limiter.learn("standard", 60, 59, 20.0, NOW)  # an older answer, overtaken

    assert grants(limiter, NOW + 1) == 45
    assert grants(limiter, NOW + 21) == 5, "the five from elsewhere left with the service's reset"


def test_our_own_requests_in_flight_are_not_counted_twice(limiter: Limiter) -> None:
    """The service has seen 3 of 10 that are on their way: its count of 57 left changes nothing."""
    for _ in range(10):
        limiter.acquire("standard", NOW)
    limiter.learn("standard", 60, 57, 60.0, NOW)

    assert grants(limiter, NOW) == 50


def test_a_lower_limit_of_the_server_is_obeyed_a_higher_one_is_not(limiter: Limiter) -> None:
    """Another plan's lower cap is taken over, and given up when the service says so."""
    limiter.learn("standard", 10, 10, 60.0, NOW)
    assert grants(limiter, NOW) == 10
    limiter.learn("standard", 600, 590, 60.0, NOW)
    assert grants(limiter, NOW) == 50


@pytest.mark.parametrize(
    ("limit", "remaining", "reset"),
    [(None, None, None), (0, None, None), (-5, 70, None), (60, 10**9, 5.0), (60, 60, float("inf")), (60, 60, -3.0)],
)
def test_headers_that_make_no_sense_change_nothing(
    limiter: Limiter, limit: int | None, remaining: int | None, reset: float | None
) -> None:
    """Missing, negative and absurd header values leave the count as it is."""
    limiter.learn("standard", limit, remaining, reset, NOW)
    assert grants(limiter, NOW) == 60


@pytest.mark.parametrize("reset", [None, -1.0, 0.0, 1_750_000_060.0, float("nan"), float("inf")])
def test_an_unusable_reset_counts_for_a_whole_window(limiter: Limiter, reset: float | None) -> None:
    """A reset that is missing, or no number of seconds within a window, is taken for a whole window."""
    limiter.learn("standard", 60, 0, reset, NOW)
    assert limiter.acquire("standard", NOW) == pytest.approx(STAY)
    assert grants(limiter, NOW + STAY) == 60


def test_a_clock_set_back_stops_nobody_for_long(limiter: Limiter) -> None:
    """Times from the future are at most a window away, and a hold from the future at most an hour."""
    grants(limiter, NOW + 86_400)
    assert limiter.acquire("standard", NOW) == pytest.approx(STAY)
    assert limiter.acquire("standard", NOW + STAY) == 0.0
    limiter.hold("kickoff", NOW + 86_400, NOW)
    assert limiter.acquire("kickoff", NOW) == pytest.approx(LONGEST_HOLD_SECONDS)
    assert limiter.acquire("kickoff", NOW + LONGEST_HOLD_SECONDS) == 0.0


@pytest.mark.parametrize("until", [NOW + 1e9, 1e300, 253402300799.0])
def test_no_hold_outlives_an_hour_from_when_it_was_written(limiter: Limiter, until: float) -> None:
    """A Retry-After in the year 9999 holds for an hour, and not for an hour from whenever somebody looks."""
    limiter.hold("standard", until, NOW)
    assert limiter.acquire("standard", NOW + 1800) == pytest.approx(LONGEST_HOLD_SECONDS - 1800)
    assert limiter.acquire("standard", NOW + 5 * 86_400) == 0.0


@pytest.mark.parametrize("back", [10.0, 3600.0, 86_400.0])
def test_a_hold_does_not_grow_when_the_clock_is_set_back(limiter: Limiter, back: float) -> None:
    """How much of it is over is not known then, so it begins again, and lasts as long as it did."""
    limiter.hold("standard", NOW + 20, NOW)
    assert limiter.acquire("standard", NOW - back) == pytest.approx(20)
    assert limiter.acquire("standard", NOW - back + 20) == 0.0


def test_one_odd_limit_is_believed_for_a_minute(limiter: Limiter) -> None:
    """It must not slow every later process; a service that means it says so with each answer."""
    limiter.learn("standard", 1, 1, 60.0, NOW)
    assert grants(limiter, NOW) == 1
    assert grants(limiter, NOW + STAY) == 60

    for minute in range(2, 5):
        limiter.learn("standard", 10, 10, 60.0, NOW + minute * STAY)
        assert grants(limiter, NOW + minute * STAY) <= 10
        limiter.learn("standard", 10, 0, 60.0, NOW + (minute + 0.9) * STAY)


def test_holds_of_an_earlier_version_are_over(tmp_path: Path) -> None:
    """Nobody knows when they were written. Both versions can use the file at the same time."""
    path = tmp_path / "limits.db"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE windows (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, bucket TEXT NOT NULL, "
        "leaves BLOB NOT NULL, hold_until REAL NOT NULL, server_limit INTEGER, UNIQUE (scope, bucket))"
    )
    old.execute("INSERT INTO windows VALUES (1, 'scope', 'standard', x'', 1e12, 1)")
    old.execute("PRAGMA user_version=1")
    old.commit()

    limiter = SharedLimiter(path, "scope")
    assert grants(limiter, NOW) == 60
    # A process of that version that has the file open still counts.
    old.execute(
        "INSERT OR REPLACE INTO windows (scope, bucket, leaves, hold_until, server_limit) "
        "VALUES ('scope', 'kickoff', x'', 1e12, NULL)"
    )
    old.commit()
    old.close()
    assert limiter.acquire("kickoff", NOW) == 0.0
    limiter.close()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 4), st.sampled_from([0.0, 0.3, 0.99])), max_size=100), st.integers(1, 4))
def test_the_service_never_refuses_who_asks_the_limiter(steps: list[tuple[float, float]], limit: int) -> None:
    """Who waits as told, with any delay on the way of up to the margin, never sends the service one too many."""
    window, server, now = Window(), SlidingServer(limit), NOW
    arrivals = []
    for pause, delay in steps:
        now += pause
        while wait := window.acquire(limit, now, STAY):
            now += wait
        arrivals.append(now + delay)
    assert all(server.receive(arrival) is not None for arrival in sorted(arrivals))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.sampled_from([0.0, 0.1, 0.49])), max_size=100),
    st.integers(1, 4),
    st.sampled_from([2.0, 10.0, 60.0, 100.0]),
)
def test_a_fast_clock_makes_neither_the_network_faster_nor_this_machine(
    steps: list[tuple[float, float]], limit: int, speed: float
) -> None:
    """As above, with half a second of real time on the way, as a busy machine takes to send what it has a place for."""
    limiter = LocalCommon(None).make_limiter("scope", {"standard": limit}, margin_at(speed))
    server, now = SlidingServer(limit), NOW
    arrivals = []
    for pause, delay in steps:
        now += pause * speed
        while wait := limiter.acquire("standard", now):
            now += wait
        arrivals.append(now + delay * speed)
    assert all(server.receive(arrival) is not None for arrival in sorted(arrivals))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 4), st.booleans()), max_size=200), st.integers(1, 8))
def test_never_more_than_the_service_says(steps: list[tuple[float, bool]], limit: int) -> None:
    """With somebody else on the same key, what may leave after an answer is at most what the answer said remains."""
    window, server, now = Window(), SlidingServer(limit), NOW
    for pause, is_ours in steps:
        now += pause
        if not is_ours:
            server.receive(now)
        elif window.acquire(limit, now, STAY) == 0.0:
            remaining = server.receive(now) or 0
            window.learn(limit, limit, remaining, None, now, STAY)
            more = attrs.evolve(window, leaves=list(window.leaves))
            assert sum(more.acquire(limit, now, STAY) == 0.0 for _ in range(limit + 1)) <= remaining


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("acquire"), st.floats(-90, 90)),
            st.tuples(st.just("hold"), st.floats(-90, 90)),
            st.tuples(st.just("learn"), st.integers(-1, 70)),
        ),
        max_size=60,
    )
)
def test_rows_stay_small_and_every_wait_ends(steps: list[tuple[str, float]]) -> None:
    """Whatever happens, clocks going backwards included, the count stays within the limit and each wait is bounded."""
    window, now = Window(), NOW
    for kind, value in steps:
        if kind == "acquire":
            now += value
            wait = window.acquire(5, now, STAY)
            assert 0.0 <= wait <= LONGEST_HOLD_SECONDS
        elif kind == "hold":
            window.hold(now + value, now, STAY)
        else:
            window.learn(5, 60, int(value), None, now, STAY)
        assert len(window.leaves) <= 5
        assert window.leaves == sorted(window.leaves)


def test_threads_share_one_count(limiter: Limiter) -> None:
    """Threads of one process get 60 together, not each."""
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(grants(limiter, NOW, 30))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 60


WORKER = """
import sys
from pathlib import Path
from specstep_flows.engine.limits import SharedLimiter
limiter = SharedLimiter(Path(sys.argv[1]), "scope")
for line in sys.stdin:
    now = float(line)
    print(sum(limiter.acquire("standard", now) == 0.0 for _ in range(25)), flush=True)
"""


def test_processes_share_one_count_exactly(tmp_path: Path) -> None:
    """Six processes that ask at the same moments get exactly 60 in every window between them, and no more."""
    path = tmp_path / "state" / "limits.db"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WORKER, str(path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            for _ in range(6)
        ]

        def ask_all(now: float) -> int:
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(f"{now}\n")
                worker.stdin.flush()
            return sum(int(worker.stdout.readline()) for worker in workers if worker.stdout is not None)

        assert [ask_all(NOW + moment) for moment in (0, 0.5, 60, STAY, STAY + 60, 2 * STAY)] == [60, 0, 0, 60, 0, 60]
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.close()
    assert [worker.returncode for worker in workers] == [0] * 6


def test_a_hold_and_a_correction_reach_other_processes(tmp_path: Path) -> None:
    """What one connection learns, another obeys."""
    one, other = (SharedLimiter(tmp_path / "limits.db", "scope") for _ in range(2))
    one.learn("standard", 60, 3, None, NOW)
    one.hold("standard", NOW + 10, NOW)

    assert other.acquire("standard", NOW) == pytest.approx(10)
    assert grants(other, NOW + 10) == 3
    one.close()
    other.close()


def test_an_answer_that_confirms_the_count_leaves_the_database_alone(tmp_path: Path) -> None:
    """Nearly every answer says what was counted already; only one that says more is worth a write."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    limiter.acquire("standard", NOW)
    limiter.learn("standard", 60, 59, 60.0, NOW)
    watcher = sqlite3.connect(tmp_path / "limits.db")

    def version() -> int:
        return int(watcher.execute("PRAGMA data_version").fetchone()[0])

    before = version()
    limiter.learn("standard", 60, 59, 60.0, NOW)
    assert version() == before
    limiter.learn("standard", 60, 40, 60.0, NOW)
    assert version() != before
    assert grants(limiter, NOW) == 40
    watcher.close()
    limiter.close()


def test_a_place_is_one_statement_while_nobody_else_counts(tmp_path: Path) -> None:
    """And a whole transaction where somebody does, whose requests are counted with our own."""
    one, other = (SharedLimiter(tmp_path / "limits.db", "scope") for _ in range(2))
    one.acquire("standard", NOW)
    said: list[str] = []
    one._open().set_trace_callback(said.append)
    for _ in range(5):
        one.acquire("standard", NOW)

    writes = [statement for statement in said if not statement.startswith(("BEGIN", "COMMIT"))]
    assert [statement.split()[0] for statement in writes] == ["UPDATE"] * 5
    assert grants(other, NOW) == 54
    assert grants(one, NOW) == 0
    assert "INSERT" in {statement.split()[0] for statement in said}
    one.close()
    other.close()


def test_a_place_needs_no_thread_while_nobody_else_counts(tmp_path: Path) -> None:
    """Of sixteen, one may block: it renews the row, which then is not taken for one out of use."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    blocking = 0
    for _ in range(48):
        if limiter.acquire_at_once("standard", NOW) is None:
            blocking += 1
            assert limiter.acquire("standard", NOW) == 0.0

    assert blocking == 3
    assert grants(limiter, NOW) == 12
    limiter.close()


def test_a_place_at_once_waits_for_no_other_process(tmp_path: Path) -> None:
    """While another one writes, or has counted since, nothing is counted, and whoever may block is exact."""
    path = tmp_path / "limits.db"
    one, other = (SharedLimiter(path, "scope") for _ in range(2))
    assert one.acquire("standard", NOW) == 0.0
    with sqlite3.connect(path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        # It would wait five seconds, and then count alone.
        assert one.acquire_at_once("standard", NOW) is None
        writer.execute("ROLLBACK")
    writer.close()
    assert one.acquire("standard", NOW) == 0.0
    assert grants(other, NOW, 8) == 8

    assert one.acquire_at_once("standard", NOW) is None
    assert grants(one, NOW) == 50
    assert grants(other, NOW) == 0
    one.close()
    other.close()


def test_a_place_at_once_waits_for_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only whoever may block copies the log into the file, which is synced for that."""
    monkeypatch.setattr("specstep_flows.engine.limits._LOG_PAGES", 1)
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    limiter.acquire("standard", NOW)

    def file() -> bytes:
        return (tmp_path / "limits.db").read_bytes()

    before = file()
    while limiter.acquire_at_once("standard", NOW) is not None:
        assert file() == before
    limiter.acquire("standard", NOW)
    assert file() != before
    limiter.close()


def test_without_a_log_beside_the_file_every_place_may_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write is synced then: a file system without shared memory has no log."""

    class Unshared(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            return super().execute("SELECT 1" if sql == "PRAGMA journal_mode=WAL" else sql, *parameters)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, factory=Unshared, **more))
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")

    assert grants(limiter, NOW, 5) == 5
    assert limiter.acquire_at_once("standard", NOW) is None
    assert grants(limiter, NOW) == 55
    limiter.close()


def test_keys_do_not_share_and_are_not_written(tmp_path: Path) -> None:
    """Another key, or the same key at another origin, has a count of its own; no key is in the file."""
    path = tmp_path / "limits.db"
    scopes = [
        scope_of("sf_first_key", "https://specstep.com"),
        scope_of("sf_second_key", "https://specstep.com"),
        scope_of("sf_first_key", "http://127.0.0.1:8787"),
    ]
    limiters = [SharedLimiter(path, scope) for scope in scopes]

    assert [grants(limiter, NOW) for limiter in limiters] == [60, 60, 60]
    for limiter in limiters:
        limiter.close()
    assert len(set(scopes)) == 3
    assert b"sf_" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_scopes_of_long_ago_are_pruned(tmp_path: Path) -> None:
    """Sandboxes on ever new ports do not make the file grow; the scope in use survives."""
    path = tmp_path / "limits.db"
    for port in range(150):
        limiter = SharedLimiter(path, scope_of("sf_key", f"http://127.0.0.1:{port}"))
        limiter.acquire("standard", NOW)
        limiter.close()
    latest = SharedLimiter(path, scope_of("sf_key", "http://127.0.0.1:149"))

    assert grants(latest, NOW) == 59
    latest.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM windows").fetchone()[0] <= 129
    connection.close()


def test_a_count_that_was_pruned_while_it_was_in_use_is_kept(tmp_path: Path) -> None:
    """Whoever counts knows it still, and writes it again."""
    path = tmp_path / "limits.db"
    limiter = SharedLimiter(path, "scope")
    assert grants(limiter, NOW, 10) == 10
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM windows")
    connection.close()

    assert grants(limiter, NOW) == 50
    limiter.close()
    again = SharedLimiter(path, "scope")
    assert grants(again, NOW) == 0
    again.close()


def test_a_damaged_database_costs_no_run(damaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One warning that names the file; after that the process counts for itself; the file is left alone."""
    before = damaged.read_bytes()
    limiter = SharedLimiter(damaged, "scope")

    assert grants(limiter, NOW) == 60
    assert limiter.acquire("standard", NOW) > 0
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(damaged) in caplog.text
    assert damaged.read_bytes() == before


def test_a_database_that_breaks_later_keeps_the_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was last read from the database is where counting alone starts."""
    path = tmp_path / "limits.db"
    limiter = SharedLimiter(path, "scope")
    assert grants(limiter, NOW, 50) == 50
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE windows")
    connection.close()

    assert grants(limiter, NOW) == 10
    assert len(caplog.records) == 1


@pytest.mark.parametrize("version", [2, 99])
def test_a_newer_database_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture, version: int) -> None:
    """A file of another form is neither read nor changed."""
    path = tmp_path / "limits.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={version}")
    connection.close()

    assert grants(SharedLimiter(path, "scope"), NOW) == 60
    assert "another version" in caplog.text
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == version
    connection.close()


def test_a_folder_that_cannot_be_made_costs_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A state folder that is a file, say, gives a warning and a count of one's own."""
    (tmp_path / "state").write_text("")
    assert grants(SharedLimiter(tmp_path / "state" / "limits.db", "scope"), NOW) == 60
    assert len(caplog.records) == 1


def test_a_locked_database_costs_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another process will not let go, this one counts for itself."""
    monkeypatch.setattr("specstep_flows.engine.limits._BUSY_SECONDS", 0.01)
    path = tmp_path / "limits.db"
    SharedLimiter(path, "scope").acquire("standard", NOW)
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert grants(SharedLimiter(path, "scope"), NOW) == 60
        holder.execute("ROLLBACK")
    holder.close()
    assert "locked" in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_process_opens_its_own_connection(tmp_path: Path) -> None:
    """A child of a fork shares the count, not the parent's connection."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    assert grants(limiter, NOW, 20) == 20
    child = os.fork()
    if child == 0:
        os._exit(grants(limiter, NOW, 15))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 15
    assert grants(limiter, NOW) == 25
    limiter.close()


def test_what_is_left_of_a_window_is_what_may_be_sent_now() -> None:
    """By the service's own limit if that is lower; nothing while it is held; looking counts nothing."""
    window = Window()
    for _ in range(2):
        assert window.acquire(5, 100.0, 61.0) == 0.0
    assert [window.left(5, at, 61.0) for at in (100.0, 100.0, 161.0)] == [3, 3, 5]
    window.learn(5, 4, 1, None, 200.0, 61.0)
    assert window.left(5, 200.0, 61.0) == 1
    window.hold(230.0, 200.0, 61.0)
    assert [window.left(5, at, 61.0) for at in (229.0, 262.0)] == [0, 5]
