"""Patience with what was just made: a service that is many machines may not know it on all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from specstep_flows import errors
from specstep_flows.engine.effects import Sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["once_known"]

T = TypeVar("T")

#: How long is waited between looks for something that was made a moment ago, in seconds (an assumption).
KNOWN_LOOKS: Final = (1.0, 2.0, 4.0, 8.0)


async def once_known(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask for something that was certainly made; a 404 is raised only when it stays.

    Raises:
        NotFound: the service does not know it, or no longer.
    """
    for wait in KNOWN_LOOKS:
        try:
            return await ask()
        except errors.NotFound:
            await Sleep(wait)
    return await ask()
