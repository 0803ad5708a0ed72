"""A key's list page in PostgreSQL: one process of the fleet reads it, all use it, and all count who watches."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows._json import as_json
from specstep_flows.models import GenerationRow
from specstep_flows.runs.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specstep_flows.fleet.database import Connection, Database

#: Whoever reads the page and takes longer, in seconds on the runs' clock, may be dead: another one reads it.
READER_SECONDS: Final = 30.0
#: A process that has not counted for so long watches nothing any more.
FORGOTTEN_SECONDS: Final = 60.0
#: The clocks of hosts agree but for this: a page is no older for having been read a moment in the future.
_TOLERANCE_SECONDS: Final = 1.0

_COUNT: Final = """
WITH gone AS (
  DELETE FROM watchers WHERE scope = %(scope)s AND process <> %(me)s AND counted_at < %(now)s - %(forgotten)s
)
INSERT INTO watchers (scope, process, watched, counted_at) VALUES (%(scope)s, %(me)s, %(count)s, %(now)s)
ON CONFLICT (scope, process) DO UPDATE SET watched = excluded.watched, counted_at = excluded.counted_at
RETURNING (
  SELECT coalesce(sum(watched), 0) FROM watchers
  WHERE scope = %(scope)s AND process <> %(me)s AND counted_at >= %(now)s - %(forgotten)s
)::int
"""
_FIND: Final = """
SELECT read_at BETWEEN %(not_before)s AND %(now)s + %(tolerance)s, read_at,
  CASE WHEN read_at BETWEEN %(not_before)s AND %(now)s + %(tolerance)s THEN body END,
  reader IS NOT NULL AND reading_since BETWEEN %(now)s - %(patience)s AND %(now)s + %(tolerance)s
FROM pages WHERE scope = %(scope)s
"""
#: Take one's turn, unless another process has taken it in the same moment.
_TURN: Final = """
INSERT INTO pages (scope, reader, reading_since) VALUES (%(scope)s, %(me)s, %(now)s)
ON CONFLICT (scope) DO UPDATE SET reader = excluded.reader, reading_since = excluded.reading_since
WHERE pages.reader IS NULL OR pages.reading_since NOT BETWEEN %(now)s - %(patience)s AND %(now)s + %(tolerance)s
RETURNING true
"""


class PostgresPages:
    """One key's pages, as ``runs.pages.Pages`` says; ``scope`` is a digest of the key and the service's address."""

    def __init__(self, database: Database, scope: str) -> None:
        self._database = database
        self._scope = scope
        self._me = secrets.token_hex(8)

    def watch(self, count: int, now: float) -> int:
        """See ``Pages.watch``."""
        values = self._values(count=count, now=now, forgotten=FORGOTTEN_SECONDS)
        row = self._database.run(lambda connection: connection.execute(_COUNT, values).fetchone())
        return 0 if row is None else int(row[0])

    def ask(self, not_before: float, now: float) -> Page | bool:
        """See ``Pages.ask``."""
        values = self._values(not_before=not_before, now=now, tolerance=_TOLERANCE_SECONDS, patience=READER_SECONDS)

        def ask(connection: Connection) -> Page | bool:
            row = connection.execute(_FIND, values).fetchone()
            if row is not None and row[0]:
                return Page(row[1], _rows(row[2]))
            if row is not None and row[3]:
                return False
            return connection.execute(_TURN, values).fetchone() is not None

        return self._database.run(ask)

    def put(self, page: Page) -> None:
        """See ``Pages.put``. An older page takes the place of no newer one."""
        values = self._values(read_at=page.read_at, body=json.dumps([as_json(row) for row in page.rows.values()]))
        self._database.run(
            lambda connection: connection.execute(
                "UPDATE pages SET read_at = %(read_at)s, body = %(body)s, reader = NULL "
                "WHERE scope = %(scope)s AND (read_at IS NULL OR read_at <= %(read_at)s OR reader = %(me)s)",
                values,
            )
        )

    def give_up(self) -> None:
        """See ``Pages.give_up``."""
        values = self._values()
        self._database.run(
            lambda connection: connection.execute(
                "UPDATE pages SET reader = NULL WHERE scope = %(scope)s AND reader = %(me)s", values
            )
        )

    def _values(self, **more: Any) -> dict[str, Any]:
        return {"scope": self._scope, "me": self._me, **more}


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "id": UUID,
    "interview_id": UUID,
    **{field.name: datetime.fromisoformat for field in attrs.fields(GenerationRow) if field.name.endswith("_at")},
}
_NAMES: Final = frozenset(field.name for field in attrs.fields(GenerationRow))


def _rows(body: str) -> dict[UUID, GenerationRow]:
    """The rows of a page. What another version has put in, and this one does not know, is left out."""
    rows = [GenerationRow(**_known(row)) for row in json.loads(body)]
    return {row.id: row for row in rows}


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if value is None or name not in _READERS else _READERS[name](value)
        for name, value in row.items()
        if name in _NAMES
    }
