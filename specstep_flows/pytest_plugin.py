"""The sandbox as pytest fixtures, for the tests of those who build on this library.

pytest loads this module in every environment that has the package installed, so it imports nothing but pytest; the
sandbox (extra `sandbox`) is imported when a test asks for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from specstep_flows.sandbox import Sandbox, SandboxOptions

SPEED = 600.0
"""Virtual seconds in a real one: a Fast generation of four minutes takes 0.4 s."""


@pytest.fixture
def specstep_sandbox_options() -> "SandboxOptions | None":
    """What the sandbox is told to be; override this fixture to choose. None means the defaults."""
    return None


@pytest.fixture
def specstep_sandbox(
    specstep_sandbox_options: "SandboxOptions | None",
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator["Sandbox"]:
    """A SpecStep of the test's own, 600 times as fast as the real one, which costs nothing.

    The environment points to it, so that `SpecStep()` and the `specstep` command reach it without arguments, on a clock
    of the same speed, with a run store and settings of the test's own. Assert on `specstep_sandbox.state` and
    `specstep_sandbox.requests`; script faults with `specstep_sandbox.faults`.
    """
    try:
        from specstep_flows.sandbox import Sandbox
    except ImportError as error:
        pytest.fail(f"The sandbox needs the extra `sandbox` of specstep-flows ({error}).", pytrace=False)
    home = tmp_path_factory.mktemp("specstep")
    settings = home / "config.toml"
    settings.touch()
    with Sandbox(options=specstep_sandbox_options, speed=SPEED) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", f"{SPEED:g}")
        monkeypatch.setenv("SPECSTEP_STATE", str(home / "state"))
        monkeypatch.setenv("SPECSTEP_CONFIG", str(settings))
        yield sandbox
