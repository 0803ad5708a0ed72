"""The fields that the gateway reads as typed attributes are the ones that the contract marks as steering.

A pulled document without a marked field stops regeneration with a sentence that names it. What is only shown is read by
its name, so it may change. Which attributes of the generated classes the gateway reads is asked of the type checker.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = f"""[mypy]
plugins = {Path(__file__).parent / "reads_plugin.py"}
mypy_path = generated:.
explicit_package_bases = True
check_untyped_defs = True
[mypy-specstep_client.*]
ignore_errors = True
"""


@pytest.fixture(scope="module")
def fields_read(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Each ``Class.field`` of the generated client that the gateway reads as an attribute."""
    folder = tmp_path_factory.mktemp("mypy")
    (folder / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    # Without a cache: mypy looks at no attribute of a file that it knows already.
    command = [sys.executable, "-m", "mypy", "--config-file", str(folder / "mypy.ini"), "--cache-dir", "/dev/null"]
    done = subprocess.run(
        [*command, "specstep_flows/gateway"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reads = [line.split() for line in done.stdout.splitlines() if line.startswith("specstep_flows/gateway/")]
    return {field for _, field in reads if not field.endswith(".from_dict")}


def steering_fields(contract: Any) -> set[str]:
    """Each ``Schema.field`` that the contract marks as steering."""
    return {
        f"{schema}.{field}"
        for schema, described in contract.schemas.items()
        for field, property_ in described.get("properties", {}).items()
        if property_.get("x-steering")
    }


@pytest.mark.slow
def test_what_the_gateway_reads_as_an_attribute_is_marked(contract: Any, fields_read: set[str]) -> None:
    """A field that the gateway needs stops a regeneration by its mark, not by a type error somewhere in the code."""
    assert fields_read
    assert sorted(fields_read - steering_fields(contract)) == []


@pytest.mark.slow
def test_what_is_marked_is_read_as_an_attribute(contract: Any, fields_read: set[str]) -> None:
    """A mark that nothing reads would stop regenerations for nothing."""
    # The list of clarifications is found by its name or, under another one, as the sole array of the answer.
    assert sorted(steering_fields(contract) - fields_read) == ["ClarificationList.clarifications"]
