"""What importing costs, held by counting the modules that a new process loads: a count does not waver as times do."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore
from specstep_flows.sandbox import Sandbox
from tests.kit.platforms import SPLIT_OFF

SHOW_MODULES = "; import json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="session")
def modules_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a new process has loaded after running some code."""
    folder = tmp_path_factory.mktemp("imports")
    known: dict[str, frozenset[str]] = {}

    def load(code: str) -> frozenset[str]:
        if code not in known:
            # Without variables that CI sets for other tests, which `Settings` would look at as misspelt ones.
            environ = {name: value for name, value in os.environ.items() if not name.startswith("SPECSTEP_")}
            environ |= {"SPECSTEP_API_KEY": "sf_counting", "HOME": str(folder), "NO_COLOR": "1"}
            done = subprocess.run(
                [sys.executable, "-c", code + SHOW_MODULES], env=environ, capture_output=True, text=True, check=True
            )
            known[code] = frozenset(json.loads(done.stderr))
        return known[code]

    return load


def packages(modules: Any) -> Any:
    """The packages of modules, those of the standard library apart: which it loads differs from Python to Python."""
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


def test_importing_the_package_imports_nothing_else(modules_of: Any) -> None:
    """``import specstep_flows`` loads its own few lines and the standard library's ``typing``, while httpx loads
    hundreds."""
    ours = modules_of("import specstep_flows") - modules_of("import __future__, typing")

    assert ours == {"specstep_flows"}
    assert len(modules_of("import httpx")) > 200


def test_every_public_name_is_there_all_the_same(modules_of: Any) -> None:
    """A name is imported when it is used, and each of ``__all__`` can be."""
    loaded = modules_of(
        "import specstep_flows\nfor name in specstep_flows.__all__: getattr(specstep_flows, name)\npass"
    )

    assert {"specstep_flows.client", "specstep_flows.models", "specstep_flows.webhooks"} <= loaded


def test_opening_a_client_imports_little_beyond_httpx(modules_of: Any) -> None:
    """``SpecStep()`` builds its ``httpx.Client``, reads the settings, and leaves the rest for the first call."""
    httpx = modules_of("import httpx; client = httpx.Client()")
    ours = modules_of("from specstep_flows import SpecStep; client = SpecStep(); client._http.base_url")
    # The methods themselves, in a file for each kind of resource.
    surface = {module for module in ours if module.startswith("specstep_flows._surface")}
    beyond = ours - httpx - surface - SPLIT_OFF

    assert httpx <= ours
    assert packages(beyond) <= {"specstep_flows", "attr", "attrs", "platformdirs"}
    assert {module for module in beyond if module.startswith("specstep_flows.")} <= {
        "specstep_flows.client",
        "specstep_flows.errors",
        "specstep_flows._http",
        "specstep_flows._lazy",
        "specstep_flows._network",
        "specstep_flows.settings",
        "specstep_flows._text",
        "specstep_flows._version",
    }
    assert len(beyond) <= 35
    assert len(surface) <= 16
    assert not {module for module in surface if "_async" in module}


def test_the_help_page_imports_less_than_httpx(modules_of: Any) -> None:
    """``specstep --help`` needs no HTTP, no database and no tables; it loads no more than twice what httpx does."""
    code = (
        "import contextlib, sys\nfrom specstep_flows.cli import main\nsys.argv = ['specstep', '--help']\n"
        "with contextlib.suppress(SystemExit): main()\npass"
    )
    loaded = modules_of(code)

    assert not packages(loaded) & {
        "httpx",
        "rich",
        "yaml",
        "specstep_client",
        "starlette",
        "uvicorn",
        "psycopg",
        "obstore",
    }
    assert "sqlite3" not in loaded
    assert len(loaded) <= 2 * len(modules_of("import httpx"))


def test_one_operation_does_not_load_the_models_of_all(modules_of: Any) -> None:
    """An operation of the generated client brings its own models, not the whole package's."""
    httpx = modules_of("import httpx")
    loaded = modules_of("from specstep_client.api.generations import pause_generation")
    models = {module for module in loaded - httpx if module.startswith("specstep_client.models.")}
    there = list(Path(__file__).parents[1].joinpath("generated/specstep_client/models").glob("*.py"))

    assert len(there) > 150
    assert len(models) <= 5


def test_a_call_of_the_client_loads_the_flows_but_no_command_and_no_sandbox(modules_of: Any) -> None:
    """What a program needs for a call is there after it; what it does not need is not."""
    code = (
        # Nobody listens there, and the clock makes short work of the waits between the attempts.
        "import contextlib, os\nfrom specstep_flows import RunStore, SpecStep, SpecStepError\n"
        "os.environ['SPECSTEP_CLOCK_SPEED'] = '1000000'\n"
        "client = SpecStep(api_url='http://127.0.0.1:9', store=RunStore.in_memory())\n"
        "with contextlib.suppress(SpecStepError): client.get_account()\npass"
    )
    loaded = modules_of(code)

    assert "specstep_flows.gateway" in loaded
    # httpx has a command of its own, and loads rich and click for it where they are installed.
    assert not packages(loaded) & {"typer", "starlette", "uvicorn", "yaml", "psycopg", "procrastinate", "obstore"}
    others = ("specstep_flows.cli.", "specstep_flows.sandbox", "specstep_flows.fleet")
    assert not {module for module in loaded if module.startswith(others)}


def test_a_warm_call_searches_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call imports when it is made is there: a search that finds nothing is made again by each call."""
    searched: list[str] = []
    find_spec = PathFinder.find_spec

    def find(fullname: str, path: Any = None, target: Any = None) -> Any:
        searched.append(fullname)
        return find_spec(fullname, path, target)

    async def go() -> None:
        with Sandbox(port=0) as sandbox:
            async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory()) as client:
                await client.get_account()
                monkeypatch.setattr(PathFinder, "find_spec", find)
                for _ in range(3):
                    await client.get_account()

    asyncio.run(go())

    assert not searched
