"""What the two packages import is what the distribution asks for, and what it asks for is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = {"specstep_flows", "specstep_client"}
#: Imported by the fixture's module alone, which pytest loads.
OF_PYTEST = {"pytest"}
#: Used by another package that imports it by itself: starlette reads uploads with it.
BY_OTHERS = {"python-multipart"}


def imported(folder: Path) -> set[str]:
    """The distributions whose modules some file of a folder imports, anywhere in it."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    foreign = found - OWN - OF_PYTEST - sys.stdlib_module_names
    by_module = packages_distributions()
    return {name.lower().replace("_", "-") for module in foreign for name in by_module.get(module, [module])}


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def test_the_packages_import_what_is_asked_for() -> None:
    """Without an extra, everything but the sandbox has what it imports, and nothing is asked for in vain."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base, extra = wanted(project["dependencies"]), wanted(project["optional-dependencies"]["sandbox"])
    sandbox = imported(ROOT / "specstep_flows" / "sandbox")
    everything = imported(ROOT / "specstep_flows") | imported(ROOT / "generated")

    assert sandbox <= base | extra
    assert everything - (sandbox - base) <= base
    assert base | extra <= everything | BY_OTHERS
