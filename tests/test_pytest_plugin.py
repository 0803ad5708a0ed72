"""The plugin that pytest loads for everybody who installs the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ("pytester",)

USERS_TEST = """
import os, httpx, pytest
from specstep_flows.sandbox import SandboxOptions

@pytest.fixture
def specstep_sandbox_options():
    return SandboxOptions(plan="Team")

def test_with_the_sandbox(specstep_sandbox):
    assert os.environ["SPECSTEP_API_URL"] == specstep_sandbox.url
    key = os.environ["SPECSTEP_API_KEY"]
    me = httpx.get(specstep_sandbox.url + "/v1/me", headers={"Authorization": "Bearer " + key}).json()
    assert me["plan"] == "Team"
"""


def test_loading_the_plugin_imports_no_server() -> None:
    """A user's test run that never asks for the sandbox pays nothing for the plugin."""
    script = (
        "import pytest, sys; before = set(sys.modules); import specstep_flows.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)

    loaded = done.stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & {"starlette", "uvicorn", "httpx", "attrs", "asyncio"}
    assert not [name for name in loaded if name.startswith("specstep_flows.sandbox")]


@pytest.mark.parametrize(
    "before",
    [
        "import specstep_flows",
        "from specstep_flows import SpecStep; import specstep_client",
        "import specstep_flows.pytest_plugin",
    ],
)
def test_a_program_may_import_the_library_and_then_run_pytest(tmp_path: Path, before: str) -> None:
    """Its suite, which does not use the plugin, is not ended by a warning about modules that are there already."""
    (tmp_path / "test_plain.py").write_text("def test_a():\n    assert 1 == 1\n")
    # As installed: all packages of the wheel are the plugin's. (Others that are imported have plugins of their own.)
    script = (
        f"{before}\n"
        "import importlib.metadata as metadata, sys, pytest\n"
        "wheel = ['specstep_flows/__init__.py', 'specstep_flows/pytest_plugin.py', 'specstep_client/__init__.py']\n"
        "ours = [one for one in metadata.distributions() if one.metadata['Name'] == 'specstep-flows'][:1]\n"
        "metadata.Distribution.files = property(lambda self: [metadata.PackagePath(name) for name in wheel])\n"
        "metadata.distributions = lambda: ours\n"
        "sys.exit(pytest.main(['-q', '-W', 'error', '-p', 'no:cacheprovider', 'test_plain.py']))\n"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_fixture_in_a_users_own_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's test gets a sandbox as told, and an environment that leads to it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # installed or not, the plugin is then loaded once
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    pytester.makepyfile(USERS_TEST)

    result = pytester.runpytest_subprocess("-p", "specstep_flows.pytest_plugin", "-W", "error")

    result.assert_outcomes(passed=1)


def test_the_fixture_does_not_take_over_settings_of_the_shell(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody whose shell names a profile or a longer settle time has the tests of everybody else."""
    for name, value in {"PROFILE": "Extensive", "SETTLE_SECONDS": "7", "REQUEST_TIMEOUT": "3"}.items():
        monkeypatch.setenv(f"SPECSTEP_{name}", value)
    pytester.makepyfile(
        """
        from specstep_flows import Settings

        def test_settings(specstep_sandbox):
            settings = Settings.load()
            assert (settings.profile, settings.settle_seconds, settings.request_timeout) == (None, 90.0, 75.0)
            assert set(settings.sources.values()) <= {"default", *settings_given}

        settings_given = {f"SPECSTEP_{name}" for name in ("API_URL", "API_KEY", "CLOCK_SPEED", "STATE")}
        """
    )

    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)
