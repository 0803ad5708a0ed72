"""Any operation of the API: what costs is looked for in its list before it is sent a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from specstep_flows import errors, events, gateway
from specstep_flows.engine import retry
from specstep_flows.engine.effects import Report, Sleep

if TYPE_CHECKING:
    from specstep_flows.gateway.any_operation import AnyCall

#: An addendum takes about 30 seconds (walkthrough, step 6.5), and is listed when it is there.
MADE_WITHIN_SECONDS: Final = 45.0


async def call(operation: Any, *args: Any, **arguments: Any) -> Any:
    """Call an operation by its generated module; its 2xx body as the generated client parses it.

    What is refused for now (a 429) and must not be done twice is sent once more, after the wait, if the list of what
    such calls make shows nothing new; without such a list it is not sent again.

    Raises:
        OutcomeUnknown: it was refused, and something new is listed.
    """
    prepared = gateway.prepare(operation, *args, **arguments)
    if prepared.kind != "unsafe":
        return (await prepared.send()).body
    before = await _listed(prepared)
    try:
        return (await prepared.send()).body
    except errors.RequestError as error:
        wait = None if isinstance(error, errors.NotConnected) else retry.refusal_wait(error)
        if error.ambiguous or (wait is not None and before is None):
            error.add("It may have been carried out, so it is not sent again. Check before you repeat it.")
        if prepared.listed is None or before is None or wait is None:
            raise
        refusal = error
    wait = max(wait, MADE_WITHIN_SECONDS)
    await Report(events.Waiting(refusal.message, wait))
    await Sleep(wait)
    new = sorted((await prepared.listed()) - before)
    if new:
        raise errors.OutcomeUnknown(
            f"{refusal.message} Something new is listed all the same ({', '.join(new)}), so nothing was sent again: "
            "look at it before you pay once more."
        )
    return (await prepared.send()).body


async def _listed(prepared: AnyCall) -> frozenset[str] | None:
    """What such calls have made so far; None where nothing lists it."""
    if prepared.listed is None:
        return None
    try:
        return await prepared.listed()
    except errors.AuthenticationError:
        raise
    except (errors.APIError, errors.UnexpectedResponse):
        return None
