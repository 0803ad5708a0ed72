"""What the hand-written gateway and the contract say of each other: kinds, steering fields, used operations."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from specstep_client.models import ReferenceDocumentUpload

from specstep_flows.engine.effects import Send
from specstep_flows.gateway import upload_reference_document
from specstep_flows.operations import ANONYMOUS, kind_of

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.safe_load((ROOT / "openapi" / "documented.yaml").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method, operation)
    for item in CONTRACT["paths"].values()
    for method, operation in item.items()
    if method in {"get", "post", "put", "patch", "delete"}
}
GATEWAY = {
    path.name: ast.parse(path.read_text(encoding="utf-8"))
    for path in (ROOT / "specstep_flows" / "gateway").glob("*.py")
}

#: The variable names under which the gateway holds an object of the generated client.
PARSED = {"body", "row", "started"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_kind_at_run_time_is_the_contracts(operation: Any) -> None:
    """What may be sent again is decided by the contract's x-kind."""
    method, described = OPERATIONS[operation]

    assert kind_of(operation, method) == described["x-kind"]


def test_what_needs_no_key_at_run_time_is_the_contracts() -> None:
    """The key is left at home for exactly these."""
    assert {name for name, (_, described) in OPERATIONS.items() if described.get("x-anonymous")} == ANONYMOUS


def sent() -> dict[str, str]:
    """The operations that the gateway sends, with the kind that it gives each."""
    found: dict[str, str] = {}
    for tree in GATEWAY.values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("request_of", "Request"):
                continue
            name, kind = node.args[0], node.args[1]
            if isinstance(name, ast.Constant) and isinstance(kind, ast.Constant):
                found[str(name.value)] = str(kind.value)
    return found


def test_each_request_of_the_gateway_has_the_kind_of_its_operation() -> None:
    """A gateway function cannot make a paid request look harmless."""
    requests = sent()

    assert len(requests) > 20
    assert {name: OPERATIONS[name][1]["x-kind"] for name in requests} == requests


def used() -> set[str]:
    """Every operation that the gateway can send, those of its kickoffs and lists among them."""
    names = {name for name in sent() if name in OPERATIONS}
    for tree in GATEWAY.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_kick_off":
                names.add(ast.literal_eval(node.args[0]))
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "operation":
                constants = {str(leaf.value) for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant)}
                names |= constants & set(OPERATIONS)
    return names


def test_the_contract_marks_the_operations_that_the_flows_use() -> None:
    """A pulled document that lacks one of these stops a regeneration; one that lacks another is only reported."""
    assert used() == {name for name, (_, operation) in OPERATIONS.items() if operation.get("x-used-by")}


def typed_attributes() -> set[str]:
    """The fields that the gateway reads as typed attributes of the generated client's objects."""
    return {
        node.attr
        for tree in GATEWAY.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PARSED
    }


def steering_properties() -> set[str]:
    """The fields that the contract marks as steering."""
    return {
        name
        for schema in CONTRACT["components"]["schemas"].values()
        for name, property_ in schema.get("properties", {}).items()
        if property_.get("x-steering")
    }


def test_what_is_read_as_a_typed_attribute_is_what_the_contract_marks_as_steering() -> None:
    """A renamed or retyped steering field fails the type check; a shown one must not, so it is read by name."""
    # The list of clarifications is found by its name or, under another one, as the sole array of the answer.
    assert typed_attributes() | {"clarifications"} == steering_properties()


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


def test_the_form_of_an_upload_is_the_generated_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The field of the form is called as the API document calls it."""
    monkeypatch.setattr(ReferenceDocumentUpload, "to_multipart", lambda self: [("Attachment", self.file.to_tuple())])

    sent = next(upload_reference_document(UUID(int=0), "plan.md", b"# Plan").__await__())

    assert isinstance(sent, Send)
    assert sent.request.files == [("Attachment", ("plan.md", b"# Plan", "text/markdown"))]
