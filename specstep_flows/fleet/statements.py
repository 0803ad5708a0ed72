"""Statements that somebody else carries out: on a connection of ours, or in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from specstep_flows.fleet.database import Connection

T = TypeVar("T")
#: A statement and its values; whoever carries it out sends the rows back (none if it returns none).
Statements: TypeAlias = Generator[tuple[str, Sequence[Any]], list[tuple[Any, ...]], T]


def carry_out(statements: Statements[T], connection: Connection) -> T:
    """Carry statements out on a connection, in whatever transaction is open there, however it makes rows."""
    rows: list[tuple[Any, ...]] | None = None
    with connection.cursor(row_factory=tuple_row) as cursor:
        try:
            while True:
                query, values = next(statements) if rows is None else statements.send(rows)
                cursor.execute(query, values)
                rows = cursor.fetchall() if cursor.description is not None else []
        except StopIteration as stop:
            result: T = stop.value
            return result


async def carry_out_async(statements: Statements[T], connection: Any) -> T:
    """The same on a ``psycopg.AsyncConnection``."""
    rows: list[tuple[Any, ...]] | None = None
    async with connection.cursor(row_factory=tuple_row) as cursor:
        try:
            while True:
                query, values = next(statements) if rows is None else statements.send(rows)
                await cursor.execute(query, values)
                rows = await cursor.fetchall() if cursor.description is not None else []
        except StopIteration as stop:
            result: T = stop.value
            return result
