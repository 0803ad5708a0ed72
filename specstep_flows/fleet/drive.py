"""Driving a run of a fleet, once or several times: what a worker calls, or anybody else's queue.

``Driver.drive`` may be called for the same run anywhere and as often as anybody likes: one drives it, the others are
told that it is in use. What came of it is in the run's row (``fleet.statuses``), which is where everybody looks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows._text import did_you_mean, duration
from specstep_flows.answers import FirstOf
from specstep_flows.answers_file import AnswersFile
from specstep_flows.client_async import AsyncSpecStep
from specstep_flows.engine.drivers import call_async, in_thread
from specstep_flows.engine.limits import scope_of
from specstep_flows.engine.lockout import Lockout
from specstep_flows.engine.retry import may_clear
from specstep_flows.fleet import refusals, statuses
from specstep_flows.fleet.payload import POLICIES
from specstep_flows.fleet.run import write_questions
from specstep_flows.fleet.stops import Stop, StoppingClock, stoppable
from specstep_flows.fleet.sweep import REFUSED_SECONDS
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from typing import Concatenate, ParamSpec
    from uuid import UUID

    from specstep_flows._runtime import NewFiles
    from specstep_flows.callbacks import Policy
    from specstep_flows.engine.clock import Clock
    from specstep_flows.events import Event
    from specstep_flows.fleet.database import Connection
    from specstep_flows.fleet.keys import Keys
    from specstep_flows.fleet.store import PostgresStore
    from specstep_flows.models import Answer, Clarification
    from specstep_flows.runs.protocol import RunKeeper
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings

    P = ParamSpec("P")

R = TypeVar("R")
logger = logging.getLogger("specstep_flows.fleet")

#: What became of a call of ``drive``: a run's status (``open``: it failed in a way that may clear, and is left for a
#: while), or: it is in use elsewhere, its worker stops, or there is no such run.
Outcome: TypeAlias = statuses.Status | Literal["busy", "stopped", "unknown"]

#: A run that failed in a way that may clear is left for so long, in seconds, then for twice as long, and so on.
FIRST_PAUSE_SECONDS: Final = 15.0
LONGEST_PAUSE_SECONDS: Final = 900.0
#: After so many failures the pause no longer grows.
_LONGEST_AFTER: Final = 6
#: While another process tries a key that nobody has used yet, one looks again so often, after so many real seconds.
KEY_LOOKS: Final = 40
KEY_PAUSE_SECONDS: Final = 0.25

_OUTCOMES: Final[tuple[tuple[type[errors.SpecStepError], statuses.Status], ...]] = (
    (errors.AnswersNeeded, "question"),
    (errors.RunConflict, "failed"),
    (errors.WaitTimeout, "open"),
    (errors.Detached, "paused"),
    (errors.OutcomeUnknown, "paused"),
    (errors.GenerationCancelled, "cancelled"),
    (errors.DownloadError, "open"),
    (errors.OutputError, "open"),
    # A host that cannot resolve a name, or trusts no certificate, has not failed anybody's run.
    (errors.NotConnected, "open"),
)


class _KnownRefusal(errors.AuthenticationError):
    """The key is refused, as others have found out. Nothing was sent."""


class _Later(Exception):
    """Another process does just now what this one would have to do first."""


class _OneRefusal(Lockout):
    """In a fleet a key that is refused is refused for all at once, so nobody waits to try it again."""

    def accept(self) -> None:
        """That it has worked changes nothing."""


@attrs.define(eq=False)
class Driver:
    """Drives the runs of one process: a client for each key, which all its runs with that key share.

    Nothing of it is opened before a run needs it. ``close`` it on the same event loop.
    """

    store: PostgresStore
    keys: Keys
    settings: Settings
    #: What answers questions, by the names that runs have for it; beside ``payload.POLICIES``, which every worker has.
    policies: Mapping[str, Policy] = attrs.field(factory=dict)
    #: Told of every event of every run.
    on_event: Callable[[Event], Any] | None = None
    #: The same, with the run's id before it.
    on_event_of: Callable[[str, Event], Any] | None = attrs.field(default=None, kw_only=True)
    #: Makes the file operations of each run; None: packages are written where the run's ``output`` says, on this disk.
    files: NewFiles | None = None
    #: The clock that all hosts share, on which their runs are stopped where they wait.
    clock: Clock = attrs.field(kw_only=True)
    #: The keys that the service refuses, by name and digest, as far as this process knows.
    refused: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)
    #: Until when this process does not try a key of its own that was refused, even if another has its name elsewhere.
    _own: dict[tuple[str, str], float] = attrs.field(factory=dict, init=False)
    #: The runs in hand.
    runs: dict[str, Stop] = attrs.field(factory=dict, init=False)
    _clock: StoppingClock = attrs.field(init=False)
    _clients: dict[str, AsyncSpecStep] = attrs.field(factory=dict, init=False)
    #: One run at a time finds out whether a key works.
    _turns: dict[str, asyncio.Lock] = attrs.field(factory=lambda: defaultdict(asyncio.Lock), init=False)

    @clock.default
    def _of_the_database(self) -> Clock:
        return self.store.make_clock(self.settings.clock_speed)

    @_clock.default
    def _that_stops(self) -> StoppingClock:
        return StoppingClock(self.clock)

    async def close(self) -> None:
        """Close the connections to the service; the store stays open."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    @property
    def known_policies(self) -> dict[str, Policy]:
        """What answers questions here, by name."""
        return {**POLICIES, **self.policies}

    def scopes(self) -> dict[str, str]:
        """A digest of each key, by its name."""
        return {name: scope_of(key, self.settings.api_url) for name, key in self.keys.items()}

    async def look(self) -> None:
        """Read which keys are refused by now, and stop the runs in hand of which something else is wanted."""
        await self.act_on(await in_thread(self.store.database.transact, self.reading()))

    def reading(self) -> Callable[[Connection], list[str]]:
        """The part of a look that asks the database, for somebody's transaction; ``act_on`` what it returns."""
        in_hand = [run_id for run_id, stop in self.runs.items() if not stop.is_cancelling]

        def read(connection: Connection) -> list[str]:
            self.refused = refusals.refused(connection)
            return statuses.unwanted(connection, in_hand)

        return read

    async def act_on(self, unwanted: Sequence[str]) -> None:
        """The other part of a look: stop these runs, and let go of what could not be let go of before."""
        await in_thread(self.store.let_go_of_rest)
        for run_id in unwanted:
            if run_id in self.runs:
                self.runs[run_id].stop()

    async def drive(self, run_id: str, policies: Mapping[str, Policy] | None = None) -> Outcome:
        """Drive a run until it is over, or waits for somebody, and write down which; safe under at-least-once.

        ``policies`` are this call's own, before those of the process.

        Returns:
            ``done``, ``failed``, ``cancelled``, ``question``, ``paused``: that is its status now. ``open``: something
            failed that may clear; it is due again after a while. ``busy``: it is driven elsewhere. ``stopped``: this
            process stops. ``unknown``: there is no such run.

        Raises:
            SettingsError, UnknownOption: this process lacks its key or its policy, is set up for another service, or
                is of an older version than the run; it stays open for others, and is left to them for a minute, or for
                a moment where a worker with room has the policy.
            StoreError: the database cannot be used; nothing was sent since.
        """
        if run_id in self.runs:
            return "busy"
        stop = self.runs[run_id] = Stop()
        try:
            with stoppable(stop):
                return await self._drive(run_id, policies)
        except (errors.SettingsError, errors.StoreUnreadable, errors.UnknownOption):
            # What this process lacks or cannot read, which may be an option of a newer version, others may have.
            known = {**self.known_policies, **(policies or {})}
            await self._ask(statuses.leave, run_id, self.store.database.lock_class, known)
            raise
        except asyncio.CancelledError:
            if not stop.is_wanted:
                raise
            return "stopped"
        finally:
            del self.runs[run_id]

    async def _drive(self, run_id: str, policies: Mapping[str, Policy] | None) -> Outcome:
        while True:
            row = await self._ask(statuses.read, run_id)
            if row is None or row.status != "open":
                return "unknown" if row is None else row.status
            questions: str | None = None
            message: str | None = None
            try:
                status = await self._carry_on(run_id, row, policies)
            except (errors.RunBusy, errors.RunNotFound):
                return "busy"
            except (errors.SettingsError, errors.UnknownOption):
                raise
            except _KnownRefusal:
                return "open"
            except errors.AuthenticationError as error:
                assert row.key_name is not None
                await self._note_refusal(row.key_name, self.scopes()[row.key_name], error.message)
                return "open"
            except _Later:
                await self._ask(statuses.put_off, run_id, KEY_PAUSE_SECONDS, is_failure=False)
                return "open"
            except errors.SpecStepError as error:
                if type(error) in (errors.StoreError, errors.StoreUnreadable):
                    # A row that cannot be read here may be of a newer version, which can.
                    raise
                status = _status_after(error)
                if not isinstance(error, errors.Detached):
                    message = error.message
                if isinstance(error, errors.AnswersNeeded):
                    questions = write_questions(error.questions)
            except Exception as error:
                logger.exception("Run %s met an error of this program; it is tried again.", run_id)
                status = "open"
                # Not its text, which may hold anything.
                message = f"It met an error of specstep-flows ({type(error).__name__}); its worker's log shows where."
            if status == "open":
                pause = (
                    min(FIRST_PAUSE_SECONDS * 2.0 ** min(row.failures, _LONGEST_AFTER), LONGEST_PAUSE_SECONDS)
                    / self._clock.speed
                )
                if await self._ask(statuses.put_off, run_id, pause, is_failure=True, woken=row.woken, error=message):
                    logger.warning("Run %s is tried again in %s: %s", run_id, duration(pause), message)
                    return "open"
            elif await self._ask(statuses.settle, run_id, status, row.woken, questions, message):
                if message is not None and questions is None:
                    logger.warning("Run %s: %s", run_id, message)
                return status
            # It was woken, or its status changed, while it was driven.

    async def _carry_on(self, run_id: str, row: statuses.Row, policies: Mapping[str, Policy] | None) -> statuses.Status:
        """Drive it to its end. Raises whatever else comes of it."""
        if row.api_url != self.settings.api_url:
            raise errors.SettingsError(
                f"Run {run_id} belongs to {row.api_url}, and this process drives runs of {self.settings.api_url} "
                "(SPECSTEP_API_URL). It is left to others, and nothing was sent."
            )
        if row.key_name is None:
            raise errors.SettingsError(
                f"Run {run_id} names no key: whoever has made it drives it, with a client of their own."
            )
        if row.needs_files and self.files is None:
            raise errors.SettingsError(
                f"Run {run_id} was submitted to a fleet that keeps files, and this process has no place for them "
                "(SPECSTEP_FLEET_FILES). It is left to others, and nothing was sent."
            )
        client = await self._client(run_id, row.key_name)
        if row.wanted == "cancel":
            self.runs[run_id].is_cancelling = True
            status = await cancel(client, run_id)
            if status != "open":
                return status
            await self._ask(statuses.drop_wish, run_id)
            self.runs[run_id].is_cancelling = False
        if row.is_in_doubt:
            # Another worker has died since, perhaps, and that is nobody's word to pay again.
            await find(client, run_id)
        on_event = self.on_event if self.on_event_of is None else partial(self.on_event_of, run_id)
        await client.resume(run_id, on_question=self._policy_of(run_id, row, policies), on_event=on_event)
        return "done"

    async def _ask(self, what: Callable[Concatenate[Connection, P], R], /, *arguments: P.args, **more: P.kwargs) -> R:
        """One short transaction, in a thread."""

        return await in_thread(lambda: self.store.database.run(lambda connection: what(connection, *arguments, **more)))

    async def _client(self, run_id: str, name: str) -> AsyncSpecStep:
        """The client of that key.

        Raises:
            SettingsError: this process does not have the key.
            AuthenticationError: it is refused, as far as anybody in the fleet knows.
            _Later: another process tries it just now, for the first time.
        """
        key = self.keys.require(name)
        scope = scope_of(key, self.settings.api_url)
        client = self._clients.get(name)
        if client is None:
            sources = {**self.settings.sources, "api_key": self.keys.sources.get(name, f"the key {name}")}
            client = self._clients[name] = AsyncSpecStep(
                settings=attrs.evolve(self.settings, api_key=key, sources=sources),
                store=self.store,
                clock=self._clock,
                files=self.files,
            )
            shared = client._runtime._shared
            shared.lockout = _OneRefusal()
            shared.check = lambda _: self._refuse(name, scope)
        async with self._turns[name]:
            if not await self._is_verified(run_id, name, scope):
                await self._verify(client, run_id, name, scope)
        return client

    async def _is_verified(self, run_id: str, name: str, scope: str) -> bool:
        """Whether the key is known to work. Raises ``AuthenticationError`` if it is known to be refused."""
        state = await self._ask(refusals.read, name, scope)
        if state.refusal is not None and state.trial != run_id:
            raise _KnownRefusal(state.refusal, status=401)
        if state.refusal is None and not state.is_verified and self._clock.now() < self._own.get((name, scope), 0.0):
            raise errors.SettingsError(
                f"The service refuses this process's key called {name}, and another process has another key of that "
                "name. The run is left to others, and nothing was sent."
            )
        self._own.pop((name, scope), None)
        self.refused.pop((name, scope), None)
        return state.is_verified and state.refusal is None

    async def _verify(self, client: AsyncSpecStep, run_id: str, name: str, scope: str) -> None:
        """Try a key that nobody has used yet, or one that was refused, while nobody else in the fleet does."""
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(KEY_LOOKS):
                try:
                    await stack.enter_async_context(_held(self.store, f"key:{name}"))
                    break
                except errors.RunBusy:
                    await asyncio.sleep(KEY_PAUSE_SECONDS)
                if await self._is_verified(run_id, name, scope):
                    return
            else:
                raise _Later
            try:
                if await self._is_verified(run_id, name, scope):
                    return
                client._runtime._key_check.account = await client.get_account()
                await self._ask(refusals.verify, name, scope)
            except errors.AuthenticationError as error:
                if not isinstance(error, _KnownRefusal):
                    await self._note_refusal(name, scope, error.message)
                raise

    async def _note_refusal(self, name: str, scope: str, refusal: str) -> None:
        """The service refuses the key: from now on it is refused for everybody."""
        if self.refused.get((name, scope)) != refusal:
            logger.warning("The key %s is refused, and its runs wait: %s", name, refusal)
        self.refused[name, scope] = refusal
        self._own[name, scope] = self._clock.now() + REFUSED_SECONDS
        await self._ask(refusals.refuse, name, scope, refusal)

    def _refuse(self, name: str, scope: str) -> None:
        """Before each request: nothing is sent with a key that is refused, whoever has found out."""
        refusal = self.refused.get((name, scope))
        if refusal is not None:
            raise _KnownRefusal(refusal, status=401)

    def _policy_of(self, run_id: str, row: statuses.Row, own: Mapping[str, Policy] | None = None) -> Policy | None:
        """Whoever answers the run's questions: what was answered for it, then the policy that it names.

        Raises:
            SettingsError: this process has no policy of that name.
        """
        known = {**self.known_policies, **(own or {})}
        named = None if row.policy is None else known.get(row.policy)
        if row.policy is not None and named is None:
            raise errors.SettingsError(
                f"Run {run_id} is to be answered by the policy {row.policy!r}, which this process does not have."
                f"{did_you_mean(row.policy, known)}"
            )
        if row.rules is None:
            return named
        given = AnswersFile.from_data(row.rules, f"answers of {run_id}")
        if named is None:
            return given
        return _together(given, named)


def _together(given: AnswersFile, named: Policy) -> Policy:
    """Answers first, and then a policy."""

    async def answer(questions: list[Clarification]) -> list[Answer]:
        found = await in_thread(given, questions, kind="user")
        known = {one.question for one in found}
        left = [question for question in questions if question.question not in known]
        more = await call_async(named, left) if left else None
        return FirstOf(lambda _: found, lambda _: more)(questions)

    return answer


@contextlib.asynccontextmanager
async def _held(store: RunKeeper, name: str) -> AsyncIterator[None]:
    """Hold a run or a key, and let it go however this ends: a cancellation while it is being taken, too."""
    taken: list[Callable[[], None]] = []
    try:
        await in_thread(lambda: taken.append(store.hold(name)))
        yield
    finally:
        for let_go in taken:
            await in_thread(let_go)


def _status_after(error: errors.SpecStepError) -> statuses.Status:
    """What a run is that ended with an error."""
    found = next((status for kind, status in _OUTCOMES if isinstance(error, kind)), None)
    return found or ("open" if may_clear(error) else "failed")


async def find(client: AsyncSpecStep, run_id: str) -> None:
    """Look for what a run has requested. Raises ``OutcomeUnknown`` if none has appeared; ``RunBusy``."""
    async with _held(client.store, run_id):
        await client.find_generation_of(run_id)
        if (await in_thread(client.store.get, run_id)).kickoff_intent is not None:
            raise errors.OutcomeUnknown(
                f"The generation of run {run_id} was to be run again, which was requested twice without an answer, and "
                "none has appeared. Whether one still will is not known, so nothing more is sent."
            )


async def cancel(client: AsyncSpecStep, run_id: str) -> statuses.Status:
    """Cancel whatever a run has started, once it is known what that is; its status then.

    A generation that is complete all the same is paid for: its package is fetched (``open``).

    Raises:
        RunBusy: somebody drives the run.
        OutcomeUnknown: a generation was requested, and none has appeared.
    """
    async with _held(client.store, run_id):
        record = await in_thread(client.store.get, run_id)
        settings = client._runtime.settings
        if record.generation_id is None and record.turns and (settings.api_key or "").startswith("oat_"):
            # With such a token the service starts one by itself when the interview ends, which may take a moment.
            await client._runtime._shared.clock.sleep_async(settings.settle_seconds)
        # And a kickoff that was refused may have been carried out.
        await client.find_generation_of(run_id)
        record = await in_thread(client.store.get, run_id)
        others = await _others_of(client, record)
        if record.generation_id is None and not others:
            return "cancelled"
        own_id = record.generation_id or others[0]
        for one in dict.fromkeys((own_id, *others)):
            # What is over already has ended in another way.
            with contextlib.suppress(errors.Conflict, errors.NotFound):
                await client.cancel_generation(one)
        own = await client.get_generation(own_id)
    return "cancelled" if own.is_cancelled else "failed" if own.is_failed else "open"


async def _others_of(client: AsyncSpecStep, record: RunRecord) -> list[UUID]:
    """What else was started for a run: earlier attempts, a fan-out's children, and what its record does not know of."""
    is_whole = record.generation_id is not None and not is_fan_out(record.options.profile)
    if record.interview_id is None or is_whole:
        return list(record.generation_ids)
    rows = await client.list_generations()
    return [*record.generation_ids, *(row.id for row in rows if row.interview_id == record.interview_id)]
