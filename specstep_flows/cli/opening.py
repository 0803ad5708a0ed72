"""Opening the service for a verb: the real one by the user's settings, or a sandbox inside this process."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.cli.verbs import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.engine.clock import Clock
    from specstep_flows.events import Event
    from specstep_flows.runs import RunStore
    from specstep_flows.settings import Settings

__all__ = ["NO_SANDBOX", "embedded_sandbox", "open_client", "open_client_for", "open_store"]

#: Virtual seconds in a real one: a Normal generation of 12 minutes takes 6 seconds.
SANDBOX_SPEED: Final = 120.0
#: No package index has this package, and a sentence that sends people to one would let whoever takes the name in.
NO_SANDBOX: Final = (
    "The local SpecStep needs the extra `sandbox` of specstep-flows: pip install '.[sandbox]' in a clone, or add [sandbox] "
    "to the wheel's name."
)


@contextlib.contextmanager
def open_client(
    call: Call,
    clock: Clock | None = None,
    settings: Settings | None = None,
    on_event: Callable[[Event], None] | None = None,
    *,
    anonymous: bool = False,
) -> Iterator[SpecStep]:
    """A client for the settings of this call; ``anonymous`` sends no key. Raises ``SettingsError``."""
    settings = settings if settings is not None else call.settings()
    if not anonymous:
        settings.require_key()
    from specstep_flows.client import SpecStep

    with SpecStep(settings=settings, clock=clock, on_event=on_event, anonymous=anonymous) as client:
        yield client


def open_client_for(call: Call, operation: str) -> contextlib.AbstractContextManager[SpecStep]:
    """A client for one operation; without the key where none is needed, so that none is and none can be refused.

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
    from specstep_flows.runs import RunStore

    store = RunStore(call.settings().state_folder())
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def embedded_sandbox(call: Call) -> Iterator[Settings]:
    """A SpecStep of this process's own, on a sped-up clock: it needs no key, costs nothing, and ends with the process.

    Its runs are kept apart from real ones, in a folder that goes with it. ``SPECSTEP_CLOCK_SPEED`` sets its speed.
    """
    import tempfile

    from specstep_flows.settings import Settings

    try:
        from specstep_flows.sandbox import Sandbox
    except ImportError:
        raise errors.UsageError(NO_SANDBOX) from None
    # Only what says how to treat a service is taken from the user's settings, never its address or key.
    speed = Settings.load({"api_url": "http://127.0.0.1"}, _without_service(os.environ)).clock_speed
    if speed == 1.0:
        speed = SANDBOX_SPEED
    call.is_resumable = False
    with tempfile.TemporaryDirectory(prefix="specstep-sandbox-") as folder, Sandbox(speed=speed) as sandbox:
        yield Settings(
            api_key=sandbox.api_key,
            api_url=sandbox.url,
            state=Path(folder),
            clock_speed=speed,
            sources={"api_url": "sandbox"},
        )


def _without_service(environ: os._Environ[str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in ("SPECSTEP_API_KEY", "SPECSTEP_API_URL")}
