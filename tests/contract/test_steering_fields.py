"""What flows go by is marked as steering in the contract, and nothing else is.

A pulled document without a marked field stops regeneration with a sentence that names it. What is only shown is read by
its name, so it may change. Flows go by what the gateway reads as attributes of the generated classes, by what flows
read of the models that the gateway makes of them, and by the lists whose rows the gateway looks for. The first two are
asked of the type checker.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.api import field as field_of

ROOT = Path(__file__).parents[2]
CONFIG = f"""[mypy]
plugins = {Path(__file__).parent / "reads_plugin.py"}
mypy_path = generated:.
explicit_package_bases = True
check_untyped_defs = True
[mypy-specstep_client.*]
ignore_errors = True
"""
#: A model → the schema that it is made of.
SCHEMAS = {
    "Capabilities": "Capabilities",
    "Clarification": "Clarification",
    "Generation": "Generation",
    "GenerationRow": "GenerationRow",
    "IntakeArtifact": "IntakeArtifactRow",
    "Interview": "Interview",
    "Package": "Package",
    "ReferenceDocument": "ReferenceDocument",
    "Turn": "InterviewTurn",
    "TurnJob": "TurnJob",
}
RENAMED = {"ReferenceDocument.name": "ReferenceDocument.file_name"}
#: What flows read and can do without, with the reason.
UNMARKED = {
    "Clarification.agent": "it is part of a question as people see it",
    "Generation.billing_state": "without it a state that nobody knows is waited for, as any other",
    "Generation.completed_at": "without it a state that nobody knows is waited for, as any other",
    "Generation.failed_at": "without it a state that nobody knows is waited for, as any other",
    "GenerationRow.completed_at": "without it a state that nobody knows is waited for, as any other",
    "Generation.estimated_duration_seconds": "it makes polling less frequent",
    "Generation.estimated_time_remaining_seconds": "it makes polling less frequent",
    "Generation.failure_category": "without it nothing is retried by itself",
    "Generation.failure_reason": "it is told",
    "Generation.project_name": "it is told",
    "Generation.started_at": "without it a run's time is counted from what this machine saw",
    "Generation.started_work_at": "without it a run's time is counted from what this machine saw",
    "GenerationRow.current_round": "it is told",
    "GenerationRow.project_name": "it is told",
    "GenerationRow.review_profile": "it is told",
    "GenerationRow.started_at": "it is told",
    "Capabilities.mirror_selections": "without them the documented ones are accepted, and the service checks",
    "Capabilities.review_profiles": "without them the documented ones are accepted, and the service checks",
    "Interview.auto_start_failure": "it is told",
    "Interview.display_title": "it is told",
    "Interview.detected_type": "without it the user is asked for a project type",
    "Interview.transcript_size": "it is told",
    "ReferenceDocument.file_name": "without it a document is attached again, which costs nothing",
    "ReferenceDocument.size_bytes": "without it a document is attached again, which costs nothing",
    "TurnJob.error_code": "it is told",
    "TurnJob.error_message": "it is told",
}


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str, str]]:
    """File, package and ``Class.field`` of each attribute of a class of the API that is read."""
    folder = tmp_path_factory.mktemp("mypy")
    (folder / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    # Without a cache: mypy looks at no attribute of a file that it knows already.
    command = [sys.executable, "-m", "mypy", "--config-file", str(folder / "mypy.ini"), "--cache-dir", "/dev/null"]
    done = subprocess.run(
        [*command, "specstep_flows/gateway", "specstep_flows/flows"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("specstep_flows/")]
    return {(file, package, field) for file, package, field in lines if not field.endswith(".from_dict")}


@pytest.fixture(scope="module")
def read_by_gateway(reads: set[tuple[str, str, str]]) -> set[str]:
    """Each ``Class.field`` of the generated client that the gateway reads as an attribute."""
    return {
        field
        for file, package, field in reads
        if package == "specstep_client" and file.startswith("specstep_flows/gateway/")
    }


@pytest.fixture(scope="module")
def read_by_flows(contract: Any, reads: set[tuple[str, str, str]]) -> set[str]:
    """Each ``Schema.field`` of the contract that flows read of a model, by itself or in a property of the model."""
    found: set[str] = set()
    waiting = [field for file, _, field in reads if file.startswith("specstep_flows/flows/")]
    inner = properties_of_models()
    while waiting:
        field = waiting.pop()
        found.add(field)
        waiting += inner.get(field, set()) - found
    return {
        f"{schema}.{name}"
        for field in found
        for model, _, attribute in [RENAMED.get(field, field).partition(".")]
        for schema in [SCHEMAS.get(model, "")]
        for name in [field_of(schema, attribute)]
        if name in contract.schemas.get(schema, {}).get("properties", {})
    }


def properties_of_models() -> dict[str, set[str]]:
    """``Model.property`` → each ``Model.attribute`` that it reads of itself."""
    tree = ast.parse((ROOT / "specstep_flows" / "models.py").read_text(encoding="utf-8"))
    return {
        f"{model.name}.{method.name}": {
            f"{model.name}.{node.attr}"
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        }
        for model in tree.body
        if isinstance(model, ast.ClassDef)
        for method in model.body
        if isinstance(method, ast.FunctionDef) and method.decorator_list
    }


def lists_read() -> set[str]:
    """The name of each list whose rows the gateway looks for with ``reading.rows``."""
    return {
        call.args[3].value
        for path in (ROOT / "specstep_flows" / "gateway").glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "reading.rows"
        if isinstance(call.args[3], ast.Constant) and isinstance(call.args[3].value, str)
    }


def steering_fields(contract: Any) -> dict[str, Any]:
    """Each ``Schema.field`` that the contract marks as steering, with its schema."""
    return {
        f"{schema}.{field}": property_
        for schema, described in contract.schemas.items()
        for field, property_ in described.get("properties", {}).items()
        if property_.get("x-steering")
    }


@pytest.mark.slow
def test_what_the_gateway_reads_as_an_attribute_is_marked(contract: Any, read_by_gateway: set[str]) -> None:
    """A field that the gateway needs stops a regeneration by its mark, not by a type error somewhere in the code."""
    assert read_by_gateway
    assert sorted(read_by_gateway - steering_fields(contract).keys()) == []


@pytest.mark.slow
def test_what_flows_read_is_marked(contract: Any, read_by_flows: set[str]) -> None:
    """What decides about money or about a run is marked; what flows can do without says why."""
    unmarked = read_by_flows - steering_fields(contract).keys()

    assert sorted(unmarked - UNMARKED.keys()) == []
    assert sorted(UNMARKED.keys() - unmarked) == [], "is not read by flows any more, or is marked"


def test_the_lists_that_are_read_are_marked(contract: Any) -> None:
    """A list whose rows the gateway could not find stops a regeneration."""
    lists = {
        name.partition(".")[2] for name, field in steering_fields(contract).items() if field.get("type") == "array"
    }

    assert sorted(lists_read() - lists) == []


@pytest.mark.slow
def test_what_is_marked_is_read(contract: Any, read_by_gateway: set[str], read_by_flows: set[str]) -> None:
    """A mark that nothing reads would stop regenerations for nothing."""
    marked = steering_fields(contract)
    lists = {name for name, field in marked.items() if name.partition(".")[2] in lists_read()}

    assert sorted(marked.keys() - read_by_gateway - read_by_flows - lists) == []
