"""What stands elsewhere of the contract: endpoints in docs and docstrings, operations in tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regeneration.flows_check import is_contract_test

from specstep_flows.gateway._operations import OPERATIONS
from tests.kit.api import op, path_of

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


#: The tests that speak to something which answers as the API does.
ROOMS = ("behaviour", "cli", "client", "flows", "gateway", "sandbox")


def strings(tree: ast.Module) -> Iterator[str]:
    """Every string of a file, with `{}` for what an f-string fills in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def test_tests_ask_for_paths() -> None:
    """A path in a test would have to be changed with the API's; `tests.kit.api` has `op` and `path_of`."""
    known = {blank(each) for name in OPERATIONS for each in (op(name), path_of(name))}
    quoted = [
        f"{path.relative_to(ROOT)}: {text}"
        for room in ROOMS
        for path in sorted((ROOT / "tests" / room).rglob("*.py"))
        for text in strings(ast.parse(path.read_text(encoding="utf-8")))
        if blank(text.partition("?")[0]) in known
    ]

    assert quoted == []


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
