"""What the two packages import is what the distribution asks for, and what it asks for is imported."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN = {"specstep_flows", "specstep_client"}
#: Imported by the fixture's module alone, which pytest loads.
OF_PYTEST = {"pytest"}
#: Used by another package that imports it by itself: starlette reads uploads with it, httpcore asks it for the loop.
BY_OTHERS = {"python-multipart", "sniffio"}
#: Imported to check types only, by those who have mypy, which brings it.
FOR_TYPES = {"typing-extensions"}
#: The queue that a recipe is for: whoever has it has installed it.
OF_RECIPES = {"dbos", "temporalio"}
#: Comes with httpx, whose connections are its own.
OF_HTTPX = {"httpcore"}
#: Comes with uvicorn, which parses with it.
OF_UVICORN = {"h11"}


#: Several distributions share this module; what it has without a path of an SDK is the API's.
SHARED = {"opentelemetry": ["opentelemetry-api"]}
#: The extra of each room that needs one.
ROOMS = {
    "sandbox": ROOT / "specstep_flows" / "sandbox",
    "webhooks": ROOT / "specstep_flows" / "webhooks",
    "otel": ROOT / "specstep_flows" / "otel.py",
    "fleet-s3": ROOT / "specstep_flows" / "fleet" / "objects.py",
    "fleet": ROOT / "specstep_flows" / "fleet",
    "fast": ROOT / "specstep_flows" / "package" / "fast_zlib.py",
}


#: Which distributions each module is of: to find out takes a second.
distributions = functools.cache(packages_distributions)


def imported(place: Path) -> set[str]:
    """The distributions whose modules a file, or some file of a folder, imports, anywhere in it."""
    found: set[str] = set()
    for path in place.rglob("*.py") if place.is_dir() else [place]:
        assert "opentelemetry.sdk" not in path.read_text("utf-8"), f"{path}: the SDK is the application's"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    foreign = found - OWN - OF_PYTEST - sys.stdlib_module_names
    by_module = {**distributions(), **SHARED}
    names = {name.lower().replace("_", "-") for module in foreign for name in by_module.get(module, [module])}
    return names - FOR_TYPES - OF_RECIPES


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


@pytest.mark.slow
def test_the_packages_import_what_is_asked_for() -> None:
    """Without an extra, everything but its room has what it imports, and nothing is asked for in vain."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    base = wanted(project["dependencies"])
    everything = imported(ROOT / "specstep_flows") | imported(ROOT / "generated")
    for name, place in ROOMS.items():
        inner = set().union(*(imported(other) - base for other in ROOMS.values() if place in other.parents))
        extra, room = wanted(project["optional-dependencies"][name]), imported(place) - inner
        assert room - OF_UVICORN <= base | extra
        assert extra <= room | BY_OTHERS
        everything -= room - base

    assert everything - OF_HTTPX <= base <= everything | BY_OTHERS


@pytest.mark.parametrize(
    ("line", "package", "extra"),
    [
        ("from specstep_flows.sandbox import Sandbox", "starlette", "sandbox"),
        ("from specstep_flows.sandbox import Fault", "uvicorn", "sandbox"),
        ("from specstep_flows.otel import traced", "opentelemetry", "otel"),
        ("from specstep_flows.fleet import Fleet", "psycopg", "fleet"),
        ("from specstep_flows.fleet import ObjectFiles", "obstore", "fleet-s3"),
    ],
)
def test_what_needs_an_extra_says_which_one(line: str, package: str, extra: str) -> None:
    """A name of the pages, imported where its extra is not installed: the error says what to install."""
    script = f"import sys; sys.modules[{package!r}] = None\n{line}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)

    said = done.stderr.splitlines()[-1]
    assert said.startswith("ModuleNotFoundError: ")
    assert f"needs the extra `{extra}` of specstep-flows: pip install '.[{extra}]' in a clone, or add [{extra}]" in said
    assert "During handling" not in done.stderr
