"""``specstep sandbox`` and ``run --sandbox``: no key, no cost, nothing asked of the real service."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows.sandbox import Sandbox
from tests.kit.api import op, path_of


def test_a_run_inside_the_process(specstep: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, a question or a yes, a brief becomes a package; the run is kept, and its report can be written."""
    monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "2000")

    result = specstep("run", "A shop for tea.", "--sandbox", "--profile", "Fast", "--unpack", "--run-id", "tea")

    assert result.code == 0
    assert Path(result.out.strip()).is_file()
    assert "nothing was charged" in result.err
    assert "key" not in result.err
    assert result.err.splitlines()[-1] == "Next: specstep report tea"
    monkeypatch.delenv("SPECSTEP_CLOCK_SPEED")
    (kept,) = specstep("runs", "--json").document["runs"]
    assert (kept["run_id"], kept["status"]) == ("tea", "done")
    report = specstep("report", "tea")
    assert report.code == 0
    assert "A shop for tea" in Path(report.out.strip()).read_text(encoding="utf-8")


@pytest.mark.slow
def test_it_never_reaches_the_real_service(specstep: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--sandbox goes before a key and an address in the environment, at which nobody is in this test."""
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_real")

    result = specstep("run", "A shop for tea.", "--sandbox", "--profile", "Fast", "--json")

    assert result.code == 0


def test_what_ends_with_it_is_not_resumable(specstep: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox's run that stops early offers no line that could not work."""
    monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "2000")

    result = specstep("run", "A shop.", "--sandbox", "--on-question", "detach", "--profile", "Fast", "--json")

    assert result.code == 5
    assert result.document["resume_command"] is None
    assert "specstep resume" not in result.err
    assert "ended with this process" in result.err
    monkeypatch.delenv("SPECSTEP_CLOCK_SPEED")
    assert specstep("runs", "--json").document["runs"] == []


def test_a_sandbox_leaves_a_real_run_alone(
    specstep: Any, sandbox: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of the same name that the real service has is neither continued in a sandbox nor forgotten with it."""
    specstep("run", "A shop.", "--yes", "--run-id", "tea", "--profile", "Fast", "--max-cost", "0.01")
    before = specstep("show", "tea", "--json").document

    result = specstep("run", "A shop.", "--sandbox", "--run-id", "tea", "--profile", "Fast", "--max-cost", "0.01")

    assert result.code == 2
    assert "another service" in result.err
    assert specstep("show", "tea", "--json").document == before


@pytest.mark.slow
def test_serving(start: Any, home: Path) -> None:
    """It says where it is once it can be reached, in lines to try, and ends with Ctrl-C and code 0."""
    process = start(["sandbox", "--port", "0", "--speed", "60"])

    lines = [process.stdout.readline().strip() for _ in range(3)]
    variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    with socket.create_connection(("127.0.0.1", int(variables["SPECSTEP_API_URL"].rpartition(":")[2]))):
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)

    assert variables["SPECSTEP_API_KEY"].startswith("sf_")
    assert variables["SPECSTEP_CLOCK_SPEED"] == "60"
    assert process.returncode == 0
    assert "Traceback" not in err


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(not has_ipv6(), reason="did not run: this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_serving_on_ipv6(host: str, start: Any, home: Path) -> None:
    """In either spelling; the address that it says can be asked."""
    process = start(["sandbox", "--port", "0", "--host", host])

    line = process.stdout.readline().strip()
    url = line.removeprefix("export SPECSTEP_API_URL=")
    status = httpx.get(url + path_of("get_status_summary"), trust_env=False).status_code
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    assert url.startswith("http://[::1]:")
    assert status == 200
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--speed", "0"], "above 0"),
        (["--speed", "inf"], "above 0"),
        (["--speed", "1e300"], "above 0"),
        (["--host", "::"], "loopback only"),
        (["--host", "[fd00::1]"], "loopback only"),
        (["--host", "0.0.0.0"], "loopback only"),
        (["--faults", "missing.yaml"], "missing.yaml"),
        (["--faults", "faults.yaml"], "unknown kind"),
        (["--faults", "typo.yaml"], "fault 1: nothing at the sandbox is called"),
        (["--port", "70000"], "70000"),
    ],
)
def test_what_does_not_fit(specstep: Any, home: Path, arguments: list[str], says: str) -> None:
    """Each is a sentence and exit code 2."""
    (home / "faults.yaml").write_text(f"- match: {op('get_me')}\n  kind: gremlins\n")
    (home / "typo.yaml").write_text(f"- match: {op('get_me')}e\n  kind: reset\n")

    result = specstep("sandbox", "--port", "0", *arguments)

    assert result.code == 2
    assert says in result.err


def test_a_port_that_is_taken(specstep: Any, home: Path) -> None:
    """A taken port is said by its number, with the way to any other, and no file is blamed."""
    with Sandbox() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        result = specstep("sandbox", "--port", port)

    assert result.code == 2
    assert f"port {port}" in result.err
    assert "--port 0" in result.err
    assert "missing" not in result.err


def test_without_the_extra(specstep: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, both say how to install it."""
    for name in [name for name in sys.modules if name.startswith("specstep_flows.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    for arguments in (["sandbox"], ["run", "A shop.", "--sandbox"]):
        result = specstep(*arguments)

        assert result.code == 2
        assert "the extra `sandbox`" in result.err
    assert os.environ.get("SPECSTEP_API_KEY") is None
