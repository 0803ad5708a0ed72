"""How a fleet does what blocks: at once, or in a thread of an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import psycopg

from specstep_flows import errors
from specstep_flows.engine.drivers import in_thread
from specstep_flows.fleet.statements import carry_out, carry_out_async

if TYPE_CHECKING:
    from specstep_flows.fleet.statements import Statements

P = ParamSpec("P")
R = TypeVar("R")


def aside(function: Callable[P, R], *arguments: P.args, **more: P.kwargs) -> R:
    """Do it."""
    return function(*arguments, **more)


async def aside_async(function: Callable[P, R], *arguments: P.args, **more: P.kwargs) -> R:
    """Do it in a thread, and wait for it even when cancelled."""
    return await in_thread(lambda: function(*arguments, **more))


def carried_out(statements: Statements[R], connection: Any) -> R:
    """Carry statements out on somebody's connection. Raises ``UsageError`` where it is none of psycopg's."""
    if not isinstance(connection, psycopg.Connection):
        raise _not_ours(connection, "psycopg.Connection")
    return carry_out(statements, connection)


async def carried_out_async(statements: Statements[R], connection: Any) -> R:
    """The same; a connection that blocks is used in a thread."""
    if isinstance(connection, psycopg.AsyncConnection):
        return await carry_out_async(statements, connection)
    if not isinstance(connection, psycopg.Connection):
        raise _not_ours(connection, "psycopg.AsyncConnection or psycopg.Connection")
    return await in_thread(carry_out, statements, connection)


def _not_ours(connection: object, wanted: str) -> errors.UsageError:
    return errors.UsageError(
        f"`connection` must be a {wanted} (psycopg 3), not {type(connection).__module__}.{type(connection).__name__}; "
        "a library above it has a way to the connection beneath. Nothing was submitted."
    )
