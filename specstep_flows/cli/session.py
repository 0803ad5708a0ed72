"""One call of a verb: its options, its streams, and the service that it talks to."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._paths import shell_word
from specstep_flows._text import duration, plain_text
from specstep_flows.cli.interrupts import Detach
from specstep_flows.cli.terminal import Terminal
from specstep_flows.cli.wording import in_options
from specstep_flows.settings import Settings
from specstep_flows.states import is_fan_out, is_one_of, is_terminal, is_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from specstep_flows.client import SpecStep
    from specstep_flows.engine.clock import Clock
    from specstep_flows.events import Event
    from specstep_flows.runs.store import RunStore

#: Virtual seconds in a real one: a Normal generation of 12 minutes takes 6 seconds.
SANDBOX_SPEED: Final = 120.0
#: Where a generation runs on.
DETACHED: Final = "Detached. The run continues on SpecStep."


@attrs.define(eq=False)
class Call:
    """One call of a verb: its common options, its streams, and the run that it is about once that is known."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    api_url: str | None = None
    request_timeout: str | None = None
    store: Path | None = None
    run_id: str | None = None
    #: What --retry-failed takes for one more attempt, which counts from the run's beginning; None for a fan-out, which
    #: cannot be retried.
    next_retry: int | None = 1
    #: False where the run ends with this process (an embedded sandbox), so that nothing can be resumed.
    is_resumable: bool = True
    #: Whether its runs are a fleet's, which drives them itself: no command of this machine's continues one.
    is_elsewhere: bool = False
    #: The command that continues something other than a run, once that is known.
    same_again: str | None = None
    #: What of that command to change if the service refuses it for good.
    changeable: str | None = None
    #: The verb that continues the run.
    continued_by: str = "resume"
    #: What has to be given again to continue.
    again_with: str = ""
    #: What a person is told who leaves a run.
    detached: str = DETACHED
    #: What a person is told who stops anything else.
    stopped: str = "Stopped."
    #: The lowest exit code of a failure; where 1 is a result, as with diff(1), another one.
    least_failure: int = 1
    #: The exit code where the result is not read to its end, as with ``| head``: what was found stays so.
    verdict: int = 0
    #: Whether stdout carries events, of which the last tells how it ended.
    writes_events: bool = False
    terminal: Terminal = attrs.field(
        default=attrs.Factory(lambda self: Terminal(is_quiet=self.quiet, is_verbose=self.verbose), takes_self=True),
        init=False,
    )

    def settings(self) -> Settings:
        """The settings, with what was given by flag. Raises ``SettingsError``."""
        return Settings.load(
            {"api_url": self.api_url, "request_timeout": self.request_timeout, "state": self.store},
        )

    @property
    def resume_command(self) -> str | None:
        """The command that continues the run, if there is one."""
        if self.is_elsewhere or not self.is_resumable or (self.run_id is None and self.same_again is None):
            return None
        return self.command(
            f"{self.continued_by} {self.run_id}{self.again_with}" if self.run_id is not None else str(self.same_again)
        )

    def command(self, words: str) -> str:
        """A command to copy, which finds the service and the runs of this call."""
        given = (("--api-url", self.api_url), ("--store", self.store))
        flags = "".join(f" {flag} {shell_word(value)}" for flag, value in given if value is not None)
        return f"specstep {words}{flags}"

    def finish(self, text: str | None, document: Mapping[str, Any], *, is_exact: bool = False) -> None:
        """The result: ``text`` (None writes nothing), or ``document`` with ``--json``.

        A pipe may end in a person's terminal or in the log of a CI run, so the text is made safe to show there, too,
        unless it is ``is_exact``: a path is what it is.
        """
        if self.json:
            self.terminal.document(document)
        elif text is not None:
            if is_exact:
                self.terminal.result(text)
            else:
                self.terminal.result(plain_text(text), is_prose=True)


@contextlib.contextmanager
def open_client(
    call: Call,
    clock: Clock | None = None,
    settings: Settings | None = None,
    on_event: Callable[[Event], None] | None = None,
    *,
    anonymous: bool = False,
    is_urgent: bool = False,
) -> Iterator[SpecStep]:
    """A client for the settings of this call; ``anonymous`` sends no key. Raises ``SettingsError``.

    ``is_urgent``: what stops spending, and what has to be read first, queues behind no other requests of this key.
    """
    settings = settings if settings is not None else call.settings()
    if not anonymous:
        settings.require_key()
    from specstep_flows.client import SpecStep

    tell = on_event if on_event is not None else functools.partial(tell_of_waits, call)
    limits = {"standard": None, "kickoff": None} if is_urgent else None
    with contextlib.ExitStack() as stack:
        if call.verbose:
            from specstep_flows.cli.wire_log import told_requests

            stack.enter_context(told_requests(call.terminal))
        client = stack.enter_context(
            SpecStep(settings=settings, clock=clock, on_event=tell, limits=limits, anonymous=anonymous)
        )
        try:
            yield client
        except Detach:
            call.detached = _left_words(client, call.run_id)
            raise


def _left_words(client: SpecStep, run_id: str | None) -> str:
    """What is said to who leaves a run, as it is: not every one runs on by itself."""
    with contextlib.suppress(errors.SpecStepError):
        record = client.store.get(run_id) if run_id is not None else None
        if record is None or (record.may_have_cost and record.intent):
            return DETACHED
        if is_fan_out(record.options.profile) and record.may_have_cost:
            # Its own generation may be over, or wait, while others of it are at work.
            return DETACHED
        if not record.may_have_cost:
            return "Detached. Nothing was paid for."
        if is_terminal(record.generation_state):
            return "Detached. The generation is over, and nothing more is being spent."
        if is_waiting(record.generation_state) and (
            record.needs_answers or is_one_of(record.generation_state, "paused")
        ):
            return "Detached. The generation is paused, and nothing is being spent while it waits."
    return DETACHED


def told_at_end(again: bool) -> contextlib.AbstractContextManager[None]:
    """Within it the result of what was asked for with ``--again`` is written; until then the same command means it."""
    if not again:
        return contextlib.nullcontext()
    from specstep_flows.runs import telling

    return telling.told_at_end()


def tell_of_waits(call: Call, event: Event) -> None:
    """What a verb without a display says while nothing happens: why, and for how long."""
    from specstep_flows import events

    if isinstance(event, events.Waiting):
        call.terminal.say(f"{event.reason} Next try in {duration(event.seconds)}.")
    elif isinstance(event, events.Notice):
        call.terminal.say(in_options(event.message))


def open_client_for(call: Call, operation: str) -> contextlib.AbstractContextManager[SpecStep]:
    """A client for one operation; without the key where none is needed, so that a bad one cannot be refused.

    What the service accepts is read with the key if there is one: that it needs none is an assumption.
    """
    from specstep_flows.gateway._operations import OPERATIONS

    settings = call.settings()
    known = OPERATIONS.get(operation)
    is_anonymous = known is not None and known.anonymous
    needs_none = is_anonymous and (settings.api_key is None or operation != "get_capabilities")
    return open_client(call, settings=settings, anonymous=needs_none)


@contextlib.contextmanager
def open_store(call: Call) -> Iterator[RunStore]:
    """The user's runs, for verbs that ask nothing of the service and so need no key."""
    from specstep_flows.runs.store import RunStore

    store = RunStore(call.settings().state_folder())
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def embedded_sandbox(call: Call) -> Iterator[Settings]:
    """A SpecStep of this process's own, on a sped-up clock: it needs no key, costs nothing, and ends with the process.

    A run that is complete stays in the user's store, so that it can be shown and reported; another one is forgotten,
    since nothing could resume it. ``SPECSTEP_CLOCK_SPEED`` sets its speed.
    """
    try:
        from specstep_flows.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise errors.UsageError(str(error)) from None
    # Only what says how to treat a service is taken from the user's settings, never its address or key.
    own = Settings.load({"api_url": "http://127.0.0.1", "state": call.store}, _without_service(os.environ))
    speed = SANDBOX_SPEED if own.clock_speed == 1.0 else own.clock_speed
    call.is_resumable = False
    with Sandbox(speed=speed) as sandbox:
        try:
            yield Settings(
                api_key=sandbox.api_key,
                api_url=sandbox.url,
                state=own.state_folder(),
                clock_speed=speed,
                sources={"api_url": "sandbox"},
            )
        finally:
            _forget_unfinished(call, own.state_folder(), sandbox.url)


def _forget_unfinished(call: Call, state: Path, api_url: str) -> None:
    """Take a run out of the store that can never go on, because its service ends."""
    if call.run_id is None:
        return
    from specstep_flows.runs.store import RunStore

    with contextlib.suppress(errors.StoreError, errors.RunNotFound), contextlib.closing(RunStore(state)) as store:
        record = store.get(call.run_id)
        if record.api_url == api_url and not record.is_finished:
            store.forget(record.run_id)


def _without_service(environ: os._Environ[str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in ("SPECSTEP_API_KEY", "SPECSTEP_API_URL")}


def service_of(call: Call, *, is_embedded: bool) -> contextlib.AbstractContextManager[Settings]:
    """The settings of the user's service, or of a sandbox inside this process."""
    return embedded_sandbox(call) if is_embedded else contextlib.nullcontext(call.settings())
