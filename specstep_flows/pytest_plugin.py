"""The sandbox as pytest fixtures, for the tests of people who build on this library.

pytest loads this module in every environment in which the package is installed, so it imports only pytest; the sandbox
(extra `sandbox`) is imported when a test uses it. PYTEST_DONT_REWRITE: it may be imported before pytest runs.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from specstep_flows.sandbox import Sandbox, SandboxOptions

SPEED = 600.0
"""Virtual seconds per real second: a Fast generation of four minutes takes 0.4 s."""


@pytest.fixture
def specstep_sandbox_options() -> "SandboxOptions | None":
    """Options of the sandbox; override this fixture to choose them. None means the defaults."""
    return None


@pytest.fixture
def specstep_sandbox(
    specstep_sandbox_options: "SandboxOptions | None",
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator["Sandbox"]:
    """A local SpecStep for one test, 600 times as fast as the real one and free.

    The environment points to it, so that `SpecStep()` and the `specstep` command use it without arguments, at the same
    speed, with a run store and settings of their own. Assert on `specstep_sandbox.state` and
    `specstep_sandbox.requests`; script faults with `specstep_sandbox.faults`.
    """
    try:
        from specstep_flows.sandbox import Sandbox
    except ImportError as error:
        pytest.fail(str(error), pytrace=False)
    home = tmp_path_factory.mktemp("specstep")
    settings = home / "config.toml"
    settings.touch()
    with Sandbox(options=specstep_sandbox_options, speed=SPEED) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", f"{SPEED:g}")
        monkeypatch.setenv("SPECSTEP_STATE", str(home / "state"))
        monkeypatch.setenv("SPECSTEP_CONFIG", str(settings))
        for name in ("PROFILE", "SETTLE_SECONDS", "REQUEST_TIMEOUT"):
            monkeypatch.delenv(f"SPECSTEP_{name}", raising=False)
        yield sandbox
