"""The whole of a sandbox's memory, and how it moves through virtual time; it knows nothing of HTTP."""

from __future__ import annotations

import json
import random
import threading
import uuid
from datetime import UTC, datetime
from typing import Any, TypeVar

from specstep_flows.sandbox.clock import Clock, timestamp
from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.records import (
    SHOWN_CHARACTERS,
    Artifact,
    Delivery,
    Interview,
    Key,
    Package,
    Subscription,
    TurnJob,
    User,
    digest,
    document_set,
)
from specstep_flows.sandbox.refusals import not_found
from specstep_flows.sandbox.simulation import Event, Generation
from specstep_flows.sandbox.status_body import generation_body
from specstep_flows.sandbox.zips import Blob, build_zip

EVENTS = (
    "generation.state_changed",
    "generation.paused_awaiting_clarification",
    "generation.completed",
    "generation.failed",
)
TEST_EVENT = "webhook.test"
_SPECIAL = {
    "PausedAwaitingClarification": "generation.paused_awaiting_clarification",
    "Complete": "generation.completed",
    "Failed": "generation.failed",
}


class Ids:
    """A source of time-ordered ids (version 7, as in the pages' examples) and opaque tokens."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a fake's ids, nothing secret

    def uuid(self, now: float) -> str:
        """An id whose first bits are the moment, so that ids sort by age."""
        value = (int(now * 1000) & ((1 << 48) - 1)) << 80
        value |= 0x7 << 76 | self._random.getrandbits(12) << 64
        value |= 0b10 << 62 | self._random.getrandbits(62)
        return str(uuid.UUID(int=value))

    def token(self, prefix: str, length: int = 32) -> str:
        """An opaque string such as an API key."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return prefix + "".join(self._random.choices(alphabet, k=length))


Row = TypeVar("Row", Interview, Generation, Package)


class World:
    """Everything that the sandbox remembers. Tests read it; only the routes write it."""

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.lock = threading.RLock()
        """Held by whoever reads or writes, be it a request or a test."""
        self.options = options
        self.clock = clock
        self.ids = Ids(options.seed)
        self.users: dict[str, User] = {}
        self.keys: dict[str, Key] = {}
        self.interviews: dict[str, Interview] = {}
        self.jobs: dict[str, TurnJob] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.generations: dict[str, Generation] = {}
        self.packages: dict[str, Package] = {}
        self.blobs: dict[str, Blob] = {}
        self.subscriptions: dict[str, Subscription] = {}
        #: Webhook deliveries that wait to be sent.
        self.outbox: list[Delivery] = []
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        """Simple things by kind and id: bug reports, feedback, tickets, subscriptions."""
        self.kickoffs = 0
        self.open_jobs: dict[str, TurnJob] = {}
        self.open_generations: dict[str, Generation] = {}
        self.api_key = self.ids.token("sf_")
        self.add_key(self.api_key, "ada")
        self.session = self.ids.token("session_")
        self.add_key(self.session, "ada")
        for token, user in options.keys.items():
            self.add_key(token, user)

    # People

    def user(self, name: str) -> User:
        """The user of that name, made when first named."""
        if name not in self.users:
            self.users[name] = User(self.ids.uuid(self.clock.now()), name)
        return self.users[name]

    def add_key(self, token: str, user: str, **members: Any) -> Key:
        """Let a token in; `oat_…` tokens act as the person."""
        now = self.clock.now()
        prefix = token.partition("_")[0]
        is_person = prefix in ("oat", "session")
        key = Key(self.ids.uuid(now), self.user(user), digest(token), is_person, now, prefix=prefix, **members)
        key.shown = token[:SHOWN_CHARACTERS]
        self.keys[key.digest] = key
        return key

    def key_of(self, token: str) -> Key | None:
        """The key that a token stands for, unless it was revoked."""
        key = self.keys.get(digest(token))
        return None if key is None or key.revoked_at is not None else key

    # Looking up

    def find_interview(self, owner: str, id_: str, *, deleted: bool = False) -> Interview:
        """An interview of the owner's; deleted ones only where asked for."""
        return _own(self.interviews.get(id_), owner, "interview", deleted)

    def find_generation(self, owner: str, id_: str, *, deleted: bool = False) -> Generation:
        """A generation of the owner's; deleted ones only where asked for."""
        return _own(self.generations.get(id_), owner, "generation", deleted)

    def find_package(self, owner: str, id_: str, *, deleted: bool = False) -> Package:
        """A package of the owner's; deleted ones only where asked for."""
        return _own(self.packages.get(id_), owner, "package", deleted)

    # Time

    def settle(self, now: float) -> None:
        """Let everything happen that was due until `now`, in the order in which it was due."""
        with self.lock:
            self._settle(now)

    def _settle(self, now: float) -> None:
        due = [job for job in self.open_jobs.values() if job.ends_at <= now]
        for job in sorted(due, key=lambda job: job.ends_at):
            job.finish()
        for generation in list(self.open_generations.values()):
            generation.advance(now)
            if generation.is_terminal:
                self.open_generations.pop(generation.id, None)

    def record_event(self, generation: Generation, at: float, state: str, detail: str | None) -> None:
        """Keep a change of state, store the package of a run that is complete, and tell the webhooks."""
        generation.events.append(Event(self.ids.uuid(at), at, state, detail, generation.running_cost(at)))
        if state == "Complete" and not generation.children:
            self.store_package(generation, at)
        self._tell(generation, at, state)

    def store_package(self, generation: Generation, at: float) -> Package:
        """Write the package of a run that has just come to its end."""
        options = self.options
        interview = self.interviews.get(generation.interview_id or "")
        files = dict(options.package_files) if options.package_files is not None else None
        if files is None:
            files = document_set(
                generation.project_name,
                interview.messages if interview else [],
                generation.answers,
                profile=generation.profile,
                project_type=generation.project_type,
                mirror=generation.mirror,
            )
        earlier = self.generations.get(generation.updates or "")
        version = "1.0.0" if earlier is None else f"1.{_minor(self.packages.get(earlier.package_id or '')) + 1}.0"
        package = self.add_package(
            generation.owner,
            files,
            at,
            generation_id=generation.id,
            version=version,
            profile=generation.profile,
            project_name=generation.name or generation.project_name,
            description=generation.description,
            total_cost_usd=generation.running_cost(at),
            pad_to=options.package_bytes,
        )
        generation.package_id = package.id
        return package

    def add_package(
        self, owner: str, files: dict[str, bytes], at: float, *, pad_to: int | None = None, **members: Any
    ) -> Package:
        """Store a package and its zip."""
        package = Package(self.ids.uuid(at), owner, files=files, created_at=at, zip=build_zip(files, pad_to), **members)
        self.packages[package.id] = package
        self.blobs[f"packages/{package.id}.zip"] = package.zip
        return package

    def export_of(self, user: User) -> Blob:
        """An archive of what is known about a user."""
        mine = {
            "interviews": [row.id for row in self.interviews.values() if row.owner == user.id],
            "generations": [row.id for row in self.generations.values() if row.owner == user.id],
            "packages": [row.id for row in self.packages.values() if row.owner == user.id],
        }
        return build_zip({"account.json": json.dumps({"email": user.email, **mine}).encode()})

    # Webhooks

    def _tell(self, generation: Generation, at: float, state: str) -> None:
        """Put the events of a change of state into the outbox of everyone who listens for them."""
        events = ["generation.state_changed", *([_SPECIAL[state]] if state in _SPECIAL else [])]
        for subscription in self.subscriptions.values():
            for event in events if subscription.owner == generation.owner else ():
                if event in subscription.events:
                    body = generation_body(self.options, generation, at)
                    self.outbox.append(self.delivery(subscription, event, at, generation=body))

    def delivery(self, subscription: Subscription, event: str, at: float, **members: Any) -> Delivery:
        """Write one delivery; a test event has no member `generation`."""
        payload = {"event": event, "delivered_at": timestamp(at), **members}
        return Delivery(self.ids.uuid(at), subscription, event, at, payload)

    # Quota

    def month(self, now: float) -> tuple[float, float]:
        """The bounds of the calendar month (UTC) that `now` lies in."""
        at = datetime.fromtimestamp(now, UTC)
        first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return first.timestamp(), after.timestamp()

    def used_this_month(self, owner: str, now: float) -> int:
        """Kickoffs of the owner's since the month began; the children of a fan-out are one with their parent."""
        since, _ = self.month(now)
        return sum(
            1
            for run in self.generations.values()
            if run.owner == owner and run.parent_id is None and run.created_at >= since
        )

    # Shared by simple resources

    def keep(self, kind: str, id_: str, record: dict[str, Any]) -> dict[str, Any]:
        """Remember a simple record under its kind and id."""
        self.records.setdefault(kind, {})[id_] = record
        return record

    def kept(self, kind: str, owner: str) -> list[dict[str, Any]]:
        """The owner's records of a kind, newest first."""
        return [record for record in reversed(self.records.get(kind, {}).values()) if record["_owner"] == owner]

    def find_kept(self, kind: str, owner: str, id_: str) -> dict[str, Any]:
        """One record of the owner's."""
        record = self.records.get(kind, {}).get(id_)
        if record is None or record["_owner"] != owner:
            raise not_found(kind)
        return record


def _own(row: Row | None, owner: str, what: str, deleted: bool) -> Row:
    """The row, if it is the owner's and, unless deleted ones were asked for, not deleted."""
    if row is None or row.owner != owner or (row.deleted_at is not None and not deleted):
        raise not_found(what)
    return row


def _minor(package: Package | None) -> int:
    return 0 if package is None else int(package.version.split(".")[1])
