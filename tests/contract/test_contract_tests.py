"""The contract tests decide about a pulled document, so nothing in their files may need what no flow uses."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from regeneration.flows_check import is_contract_test

TESTS = Path(__file__).parents[1]
FILES = [path for path in sorted(TESTS.rglob("test_*.py")) if is_contract_test(path)]


def test_there_are_some() -> None:
    """Those with the mark in a string, for a checkout of their own, are none."""
    names = {path.relative_to(TESTS).as_posix() for path in FILES}

    assert {"client/test_run.py", "client/test_steps.py", "recording/test_replay.py"} <= names
    assert "regeneration/test_flows_check.py" not in names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_they_import_only_operations_that_are_used(contract: Any, path: Path) -> None:
    """A pulled document without an operation that no flow uses must not stop at an import."""
    used = {each["operationId"] for each in contract.operations.values() if each.get("x-used-by")}
    imported = {
        alias.name
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("specstep_client")
        for alias in statement.names
    }

    assert imported - used == set()
