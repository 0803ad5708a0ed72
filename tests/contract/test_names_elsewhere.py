"""What quotes the contract quotes it as it is: docs and docstrings name its endpoints, contract tests operations."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from regeneration.flows_check import is_contract_test

from tests.kit.api import OPERATIONS, op

ROOT = Path(__file__).parents[2]
#: An endpoint as docs and docstrings write it. What goes on with a `*` or `…` means several.
ENDPOINT = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) /v\d+/[\w/{}*.-]*[\w}](?![\w*…{/-])")
#: The sandbox's own, of which no page of the service tells.
NOT_THE_API = {"GET /v1/openapi.json"}


def blank(endpoint: str) -> str:
    """An endpoint without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", endpoint)


def test_every_endpoint_that_is_quoted_is_in_the_contract() -> None:
    """In the docs and in the package; so a moved path leaves no page that names the old one."""
    known = {blank(op(name)) for name in OPERATIONS} | NOT_THE_API
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "specstep_flows").rglob("*.py")]
    wrong = [
        f"{page.relative_to(ROOT)}: {endpoint}"
        for page in pages
        for endpoint in ENDPOINT.findall(page.read_text(encoding="utf-8"))
        if blank(endpoint) not in known
    ]

    assert wrong == []


def test_contract_tests_import_used_operations_only(contract: Any) -> None:
    """Regeneration runs them: an operation that no flow uses may go without stopping it."""
    used = {each["operationId"] for each in contract.operations.values() if each.get("x-used-by")}
    imported = {
        f"{path.relative_to(ROOT)}: {alias.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if is_contract_test(path)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("specstep_client.api.")
        for alias in node.names
        if alias.name not in used
    }

    assert imported == set()
