"""The table of operations that regeneration writes into the hand-written package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from regeneration.errors import RegenerationError
from regeneration.operations_table import operations_table, write_operations_table
from regeneration.paths import METHODS
from regeneration.project import Project

from tests.kit.regeneration.checkouts import Checkout

Json = Any
ROOT = Path(__file__).parents[2]


@pytest.fixture
def with_kinds(small: Json) -> Json:
    """The small contract, with what the table needs."""
    for item in small["paths"].values():
        for method, operation in item.items():
            operation["x-kind"] = "read" if method == "get" else "unsafe"
    return small


def operations_of(text: str) -> Json:
    """The table that a module's text makes."""
    module: dict[str, Any] = {}
    exec(compile(text, "_operations.py", "exec"), module)
    return module["OPERATIONS"]


def test_each_mark_of_the_contract_is_in_the_table(contract: Json) -> None:
    """Kind, limit, price, key, browser and catch-all are what the contract says, for every operation."""
    table = operations_of(operations_table(contract))

    described = {
        operation["operationId"]: (method, path, operation)
        for path, item in contract["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
    assert table.keys() == described.keys()
    for name, (method, path, operation) in described.items():
        row = table[name]
        assert (row.method, row.path, row.kind) == (method.upper(), path, operation["x-kind"])
        assert row.bucket == ("kickoff" if operation.get("x-rate-limit") == "kickoff" else "standard")
        assert row.costs == operation.get("x-costs", False)
        assert row.anonymous == operation.get("x-anonymous", False)
        assert row.cookie_only == operation.get("x-cookie-only", False)
        assert row.catch_all == operation.get("x-catch-all", False)
        assert row.destroys == operation.get("x-destroys", "")
        assert row.about.casefold() == operation["summary"].casefold()
        assert row.redirects == ("302" in operation["responses"])


def test_what_costs_is_never_repeated(contract: Json) -> None:
    """An operation that costs has the kind that is sent once, and each kickoff costs."""
    table = operations_of(operations_table(contract))

    assert {row.kind for row in table.values() if row.costs} == {"unsafe"}
    assert all(row.costs for row in table.values() if row.bucket == "kickoff")


def test_formatted_and_the_same_each_time(with_kinds: Json, tmp_path: Path) -> None:
    """The order of the document does not matter, and the text is as ruff formats the package."""
    write_operations_table(with_kinds, tmp_path / "one.py")
    with_kinds["paths"] = dict(reversed(with_kinds["paths"].items()))
    write_operations_table(with_kinds, tmp_path / "two.py")

    assert (tmp_path / "one.py").read_text("utf-8") == (tmp_path / "two.py").read_text("utf-8")
    assert '    "get_widget": Operation("GET", "/v1/widgets/{id}", "read"),\n' in (tmp_path / "one.py").read_text(
        "utf-8"
    )


def test_the_committed_table_is_up_to_date(contract: Json, tmp_path: Path) -> None:
    """The committed table is what the committed contract gives."""
    write_operations_table(contract, tmp_path / "_operations.py")

    assert (tmp_path / "_operations.py").read_bytes() == Project(ROOT).operations_table.read_bytes()


@pytest.mark.parametrize("kind", [None, "safe"])
def test_an_operation_without_a_kind(with_kinds: Json, kind: str | None) -> None:
    """Nothing is guessed about what may be sent again."""
    with_kinds["paths"]["/v1/widgets"]["post"]["x-kind"] = kind

    with pytest.raises(RegenerationError, match="POST /v1/widgets needs an x-kind: one of read, keyed"):
        operations_table(with_kinds)


@pytest.mark.slow
def test_it_is_part_of_the_swap(small_checkout: Checkout, with_kinds: Json) -> None:
    """``--check`` compares it, and a run writes it with everything else."""
    project = small_checkout.project
    project.operations_table.parent.mkdir(parents=True)
    project.documented.write_text(json.dumps(with_kinds))

    assert small_checkout.run("--check", "--without-flows") == 1
    assert "specstep_flows/gateway/_operations.py is not what scripts/regenerate makes" in small_checkout.said()
    assert small_checkout.run("--without-flows") == 0
    assert "list_widgets" in project.operations_table.read_text("utf-8")
    assert small_checkout.run("--check", "--without-flows") == 0
