"""A fleet on this machine that is killed, stopped and cut off while it works, and what becomes of its runs."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from fleet_lab.hosts import Host, relay
from fleet_lab.members import SCHEMA, Plan, opened
from fleet_lab.postgres import Postgres

MEMBERS: Final = str(Path(__file__).with_name("members.py"))
POLL_SECONDS: Final = 0.2
SAMPLE_SECONDS: Final = 1.0
#: A worker that is stopped sleeps for so long.
STOP_SECONDS: Final = 5.0
#: What nobody has to look after: how many transactions a second a fleet makes that has nothing to do.
REST_SECONDS: Final = 10.0
_LOG: Final = """
CREATE TABLE taken (name text, worker bigint, at double precision);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO taken VALUES (NEW.name, NEW.worker, extract(epoch FROM clock_timestamp()));
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION note();
"""
#: What a worker holds, and what it has fetched and would hold in a moment.
_IN_HAND: Final = (
    "SELECT r.run_id FROM runs r JOIN workers w ON w.pid = %s WHERE r.status = 'open' AND ("
    "EXISTS (SELECT FROM holds h WHERE h.name = r.run_id AND h.worker = w.id) OR EXISTS (SELECT FROM "
    "procrastinate_jobs j WHERE j.queueing_lock = r.run_id AND j.status = 'doing' AND j.worker_id = w.dispatch_id))"
)
_COUNTS: Final = (
    "SELECT w.pid, count(*) FROM holds h JOIN workers w ON w.id = h.worker "
    "JOIN runs r ON r.run_id = h.name GROUP BY w.pid"
)


@attrs.define
class Death:
    """A worker that is gone with the runs that it had in hand; ``at`` by the time of this machine."""

    kind: str
    pid: int
    at: float
    runs: frozenset[str]


@attrs.frozen
class TakeOver:
    """Seconds until somebody else had a run, and which run, from which process, and when, to be looked up in a log."""

    seconds: float
    run_id: str
    pid: int
    at: float

    def __str__(self) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(self.at))
        return f"{self.seconds:.2f} s: {self.run_id} of process {self.pid}, {when}"


@attrs.define
class Member:
    """A worker of the fleet."""

    process: subprocess.Popen[str]
    host: Host | None = None
    stopped_until: float | None = None
    #: Memory in KB while it had nothing to do.
    idle_kb: int = 0


@attrs.define
class Found:
    """What was seen."""

    seconds: float = 0.0
    runs: int = 0
    kills: int = 0
    stops: int = 0
    restarts: int = 0
    deaths: list[Death] = attrs.field(factory=list)
    #: By what happened to the worker.
    taken: dict[str, list[TakeOver]] = attrs.field(factory=lambda: defaultdict(list))
    ends: Counter[int] = attrs.field(factory=Counter)
    statuses: Counter[str] = attrs.field(factory=Counter)
    left: list[str] = attrs.field(factory=list)
    transactions: int = 0
    resting: float = 0.0
    connections: int = 0
    in_hand: int = 0
    #: KB a run, for each moment at which a worker had so many that waited.
    waiting: list[tuple[int, float]] = attrs.field(factory=list)
    service: dict[str, Any] = attrs.field(factory=dict)


class Campaign:
    """The fleet, and what happens to it."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self.plan, self.folder = plan, folder
        self.log = Path(plan.log) if plan.log else folder / "workers.log"
        self.chance = random.Random(plan.seed)  # noqa: S311 - an order, no secret
        self.found = Found()
        self.own_transactions = 0
        self.members: list[Member] = []
        self.vanishing = stack.enter_context(Host.made()) if plan.vanish else None
        addresses = ",".join(["127.0.0.1", *([self.vanishing.outside] if self.vanishing else [])])
        self.postgres = Postgres(addresses, autovacuum="on", shared_buffers="128MB", max_wal_size="1GB")
        stack.callback(self.postgres.close)
        self.postgres.make()
        if self.vanishing is not None:
            with (self.postgres.folder / "data" / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {self.vanishing.inside}/32 trust\n")
            self.execute("SELECT pg_reload_conf()")
        self.service = subprocess.Popen(
            [sys.executable, MEMBERS, "service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        stack.callback(self.service.kill)
        _tell(self.service, attrs.asdict(plan))
        assert self.service.stdout is not None
        self.where = json.loads(self.service.stdout.readline())
        if self.vanishing is not None:
            for port in self.where["ports"]:
                relay((self.vanishing.outside, port), ("127.0.0.1", port))
        self.fleet = stack.enter_context(opened(self.postgres.url, self.where, plan, folder, {}))
        self.fleet.init()
        self.execute(f"ALTER ROLE postgres SET search_path = {SCHEMA}")
        self.execute(_LOG)
        stack.callback(self.end)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """A statement of the campaign's own, which is none of the fleet's."""
        # A transaction, and that of the connection's start.
        self.own_transactions += 2
        return self.postgres.execute(statement, values)

    # Workers

    def start(self, host: Host | None = None) -> Member:
        """A worker in a process of its own."""
        url = self.postgres.url if host is None else self.postgres.url.replace("127.0.0.1", host.outside)
        order = {
            "url": url,
            "where": self.where,
            "plan": attrs.asdict(self.plan),
            "folder": str(self.folder),
            "relays": [] if host is None else [[port, host.outside] for port in self.where["ports"]],
        }
        command = [*(host.command if host is not None else ()), sys.executable, MEMBERS, "worker"]
        said = self.log.open("a")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, text=True)
        said.close()
        _tell(process, order)
        member = Member(process, host)
        self.members.append(member)
        return member

    def end(self) -> None:
        """End them all."""
        for member in self.members:
            member.process.kill()
            member.process.wait()

    def replace_the_dead(self) -> None:
        """What a supervisor does; a host that has vanished does not come back."""
        for member in list(self.members):
            if member.process.poll() is not None:
                self.found.ends[member.process.returncode] += 1
                self.members.remove(member)
                if member.host is None:
                    self.start()

    # Troubles

    def troubles(self) -> Iterator[str]:
        """All that is to happen, in an order of chance."""
        plan = self.plan
        listed = ["kill"] * plan.kills + ["stop"] * plan.stops + ["restart"] * plan.restart_database
        self.chance.shuffle(listed)
        yield from listed

    def befall(self, trouble: str) -> bool:
        """Let it happen; False if there is nobody to whom it could."""
        if trouble == "restart":
            self.postgres.restart()
            self.found.restarts += 1
            return True
        ready = self.ready()
        # A fleet of which nobody is left does nothing, and says nothing of how soon others take over.
        choices = [member for member in ready if member.host is None] if len(ready) > 1 else []
        self.chance.shuffle(choices)
        for member in choices:
            pid = member.process.pid
            if not self.in_hand(pid):
                continue
            if trouble == "stop":
                member.process.send_signal(signal.SIGSTOP)
                member.stopped_until = time.monotonic() + STOP_SECONDS
                self.found.stops += 1
            else:
                at = time.time()
                member.process.kill()
                # Those that somebody else has within this moment are not counted: the quickest.
                self.found.deaths.append(Death("kill", pid, at, self.in_hand(pid)))
                self.found.kills += 1
            return True
        return False

    def ready(self) -> list[Member]:
        """The workers that take runs at this moment."""
        query = "SELECT pid FROM live_workers(%s) WHERE dispatch_id IS NOT NULL"
        live = {pid for (pid,) in self.execute(query, [self.fleet._desk.database.lock_class])}
        return [one for one in self.members if one.process.pid in live and one.stopped_until is None]

    def in_hand(self, pid: int) -> frozenset[str]:
        """The open runs that a worker holds, or held when it died."""
        return frozenset(name for (name,) in self.execute(_IN_HAND, [pid]))

    def wake(self) -> None:
        """Those that have been stopped for long enough."""
        for member in self.members:
            if member.stopped_until is not None and time.monotonic() >= member.stopped_until:
                with suppress(ProcessLookupError):
                    member.process.send_signal(signal.SIGCONT)
                member.stopped_until = None

    def vanish(self) -> bool:
        """The host's cable is pulled, once its worker has runs in hand."""
        (member,) = [member for member in self.members if member.host is not None]
        assert member.host is not None
        pid = member.process.pid
        if len(self.in_hand(pid)) < min(5, self.plan.runs // (2 * self.plan.workers)):
            return False
        at = time.time()
        member.host.vanish()
        self.found.deaths.append(Death("vanished host", pid, at, self.in_hand(pid)))
        return True

    # What comes of it

    def submit(self, first: int, count: int, profile: str | None = None) -> None:
        """More runs, on all keys in turn."""
        keys = list(self.where["keys"])
        for number in range(first, first + count):
            self.fleet.submit(
                f"Portal number {number}.",
                key=keys[number % len(keys)],
                run_id=f"run-{number}",
                policy="defaults",
                profile=profile or self.plan.profile,
            )

    def statuses(self) -> Counter[str]:
        """How many runs have each status."""
        return Counter(dict(self.execute("SELECT status, count(*) FROM runs GROUP BY status")))

    def sample(self, done: int) -> None:
        """What each worker takes, and has in hand."""
        counts = dict(self.execute(_COUNTS))
        (connections,) = self.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0]
        self.found.connections = max(self.found.connections, (connections - 1) // max(1, len(self.members)))
        for member in self.members:
            count = counts.get(member.process.pid, 0)
            self.found.in_hand = max(self.found.in_hand, count)
            now_kb = _resident_kb(member.process.pid)
            if not count and not self.found.runs:
                member.idle_kb = now_kb
            elif count and not done and member.idle_kb:
                self.found.waiting.append((count, (now_kb - member.idle_kb) / count))

    def transactions(self) -> int:
        """How many there were so far, but for those of the campaign."""
        return self.postgres.transactions() - self.own_transactions

    def warm_up(self) -> int:
        """One run a key, so that whatever a worker loads for its first is none of the others'; how many there were."""
        if not self.plan.memory:
            return 0
        count = self.plan.keys
        self.submit(-count, count, "Fast")
        while self.statuses()["done"] < count:
            time.sleep(POLL_SECONDS)
        return count

    def run(self) -> Found:
        """The campaign, until all runs are done or its time is over."""
        plan, found = self.plan, self.found
        for number in range(plan.workers):
            self.start(self.vanishing if number == 0 else None)
        while len(self.execute("SELECT 1 FROM workers WHERE dispatch_id IS NOT NULL")) < plan.workers:
            time.sleep(POLL_SECONDS)
        warm = self.warm_up()
        # What starting has cost is counted by and by.
        time.sleep(REST_SECONDS)
        before = self.transactions()
        time.sleep(REST_SECONDS)
        found.resting = (self.transactions() - before) / REST_SECONDS
        self.sample(0)
        _tell(self.service, "mark")
        before, began = self.transactions(), time.monotonic()
        self.submit(0, plan.runs)
        found.runs = plan.runs
        self.go_on(began, warm)
        found.seconds = time.monotonic() - began
        found.transactions = self.transactions() - before
        found.statuses = self.statuses()
        found.statuses["done"] -= warm
        found.left = [row[0] for row in self.execute("SELECT run_id FROM runs WHERE status <> 'done'")]
        self.time_take_overs()
        found.service = self.ask_service()
        return found

    def go_on(self, began: float, warm: int) -> None:
        """Let troubles happen, with runs enough for all of them, until all are done."""
        plan, found = self.plan, self.found
        troubles, is_to_vanish = self.troubles(), plan.vanish
        trouble = next(troubles, None)
        due = sampled = said = began
        while (now := time.monotonic()) - began < plan.minutes * 60:
            self.replace_the_dead()
            self.wake()
            if now >= sampled:
                sampled = now + SAMPLE_SECONDS
                statuses = self.statuses()
                self.sample(statuses["done"] - warm)
                open_count = found.runs + warm - sum(statuses[name] for name in ("done", "failed", "cancelled"))
                if not open_count and trouble is None:
                    return
                if trouble is not None and open_count < plan.runs // 4:
                    self.submit(found.runs, plan.runs // 4)
                    found.runs += plan.runs // 4
            if now >= said:
                said = now + 15.0
                print(f"  {now - began:5.0f} s   {dict(self.statuses())}   {found.kills} kills", file=sys.stderr)
            if is_to_vanish and now >= due:
                is_to_vanish = not self.vanish()
            if trouble is not None and now >= due and self.befall(trouble):
                trouble = next(troubles, None)
                due = time.monotonic() + plan.every * self.chance.uniform(0.5, 1.5)
            time.sleep(POLL_SECONDS)

    def time_take_overs(self) -> None:
        """For each run of each death, when somebody else had it."""
        ids = dict(self.execute("SELECT id, pid FROM workers"))
        seen: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for name, worker, at in self.execute("SELECT name, worker, at FROM taken ORDER BY at"):
            seen[name].append((at, ids.get(worker, 0)))
        deaths: dict[str, list[float]] = defaultdict(list)
        for death in self.found.deaths:
            for name in death.runs:
                deaths[name].append(death.at)
        for death in self.found.deaths:
            for name in death.runs:
                later = [at for at, pid in seen[name] if at > death.at and pid != death.pid]
                # Whoever was about to take it may have died as well: then it is that death which counts.
                if later and not any(death.at < at < later[0] for at in deaths[name]):
                    self.found.taken[death.kind].append(TakeOver(later[0] - death.at, name, death.pid, death.at))

    # The service

    def ask_service(self) -> dict[str, Any]:
        """What it was asked since, and what was paid for."""
        _tell(self.service, "report")
        assert self.service.stdout is not None
        found: dict[str, Any] = json.loads(self.service.stdout.readline())
        return found


def measure(plan: Plan) -> Found:
    """Carry a campaign out."""
    with tempfile.TemporaryDirectory(prefix="specstep-campaign-") as name, ExitStack() as stack:
        campaign = Campaign(plan, Path(name), stack)
        try:
            return campaign.run()
        finally:
            kept = campaign.log.read_text(errors="replace").splitlines() if campaign.log.exists() else []
            for line, count in Counter(_plain(line) for line in kept if not plan.log).most_common(8):
                print(f"  {count} x {line[:160]}", file=sys.stderr)


def _plain(line: str) -> str:
    """A line of a log without its numbers, so that like ones are counted together."""
    return "".join("#" if character.isdigit() else character for character in line)


def _tell(process: subprocess.Popen[str], what: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(what)}\n")
    process.stdin.flush()


def _resident_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
