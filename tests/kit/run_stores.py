"""What the tests that run over every kind of run store share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from specstep_flows.runs.protocol import RunKeeper

#: Opens one more store on the same runs.
NewStore: TypeAlias = Callable[[], RunKeeper]


def overwrite(store: Any, run_id: str, column: str, text: str) -> None:
    """Write what stands in a column of a run's row, as no store of ours does."""
    if hasattr(store, "folder"):
        store._database.execute(f"UPDATE runs SET {column} = ? WHERE run_id = ?", [text, run_id])
    else:
        statement = f"UPDATE {store.database.table('runs')} SET {column} = %s WHERE run_id = %s"
        store.database.run(lambda connection: connection.execute(statement, [text, run_id]))
