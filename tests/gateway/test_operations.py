"""What the hand-written gateway and the contract say of each other: kinds, steering fields, used operations."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from specstep_flows.gateway.requests import request_of

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.load((ROOT / "openapi" / "documented.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
OPERATIONS = {
    operation["operationId"]: (method, operation)
    for item in CONTRACT["paths"].values()
    for method, operation in item.items()
    if method in {"get", "post", "put", "patch", "delete"}
}
#: The gateway as written by hand.
GATEWAY = [
    ast.parse(path.read_text(encoding="utf-8"))
    for path in (ROOT / "specstep_flows" / "gateway").glob("*.py")
    # Any operation can be called, and how one is looked for is known where the document has a list of it.
    if path.name not in ("_operations.py", "any_operation.py")
]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_kind_at_run_time_is_the_contracts(operation: str) -> None:
    """What may be sent again is decided by the contract's x-kind, and which limit it counts against by its own mark."""
    method, described = OPERATIONS[operation]

    request = request_of(operation, {"method": method, "url": "/"})

    assert request.kind == described["x-kind"]
    assert request.bucket == ("kickoff" if described.get("x-rate-limit") == "kickoff" else "standard")


def names_in_the_gateway() -> set[str]:
    """Every operation that the gateway names."""
    return {
        leaf.value
        for tree in GATEWAY
        for leaf in ast.walk(tree)
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and leaf.value in OPERATIONS
    }


def test_the_contract_marks_the_operations_that_the_flows_use() -> None:
    """A pulled document that lacks one of these stops a regeneration; one that lacks another is only reported."""
    assert names_in_the_gateway() == {name for name, (_, operation) in OPERATIONS.items() if operation.get("x-used-by")}


def test_what_pages_lists_is_what_the_contract_marks_as_steering() -> None:
    """A list that is read to its end needs its offset: without one, a run that was paid for could be behind it."""
    parameters = CONTRACT["components"]["parameters"]
    steering = {
        (name, parameters[entry["$ref"].rsplit("/", 1)[1]]["name"])
        for name, (_, operation) in OPERATIONS.items()
        for entry in operation.get("parameters", [])
        if "$ref" in entry and parameters[entry["$ref"].rsplit("/", 1)[1]].get("x-steering")
        if operation.get("x-used-by")
    }

    paged = {"list_generations", "list_deleted_generations", "list_intake_artifacts"}
    assert steering == {(name, "offset") for name in paged}
