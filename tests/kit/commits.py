"""Transactions, counted as SQLite commits them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest


def commits(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many transactions are committed from now on in databases that are yet to be opened, by their file's name."""
    counted: Counter[str] = Counter()
    connect = sqlite3.connect

    def counting(name: Any, *arguments: Any, **more: Any) -> sqlite3.Connection:
        class Counting(sqlite3.Connection):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                counted[Path(str(name)).name] += sql == "COMMIT"
                return super().execute(sql, parameters)

        return connect(name, *arguments, factory=Counting, **more)

    monkeypatch.setattr(sqlite3, "connect", counting)
    return counted
