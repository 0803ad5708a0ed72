"""The examples of docs/fleet.md are run: in its order, by the user that it makes, beside the worker that it shows."""

from __future__ import annotations

import configparser
import contextlib
import os
import runpy
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from specstep_flows.fleet import Keys, SyncFleet
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.dispatch import DRAIN_SECONDS
from specstep_flows.fleet.schema import init
from specstep_flows.fleet.worker import END_SECONDS
from specstep_flows.sandbox import Sandbox
from tests.kit import postgres
from tests.kit.object_host import CREDENTIALS, ObjectHost
from tests.test_readme import ROOT, blocks_of, check_requirement, commands, framework_of, matches

PAGE = ROOT / "docs" / "fleet.md"
BLOCKS = blocks_of(PAGE)
SPEED = 600


def texts(language: str, having: str = "") -> list[str]:
    """The blocks of a language."""
    return [block.text for block in BLOCKS if block.language == language and having in block.text]


@pytest.fixture
def environ(object_host: ObjectHost, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of every process of the page's fleet, whose user is the page's; its tables are not made yet."""
    server = postgres.server()
    with Sandbox(speed=SPEED) as sandbox:
        yield {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP", "AWS", "PYTEST"))},
            **{name.upper(): value for name, value in CREDENTIALS.items()},
            "AWS_ENDPOINT": object_host.url,
            "AWS_ALLOW_HTTP": "true",
            "HOME": str(tmp_path),
            "NO_COLOR": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "SPECSTEP_API_URL": sandbox.url,
            "SPECSTEP_CLOCK_SPEED": str(SPEED),
            "SPECSTEP_FLEET_FILES": "s3://packages/specstep",
            "SPECSTEP_FLEET_URL": server.url.replace("postgres:secret-of-tests@", "specstep:...@"),
            "SPECSTEP_KEY_TEAM_A": sandbox.api_key,
        }
    server.execute("DROP SCHEMA IF EXISTS specstep CASCADE; DROP ROLE IF EXISTS specstep")


@pytest.fixture
def with_tables(environ: dict[str, str]) -> dict[str, str]:
    """The same, with the page's tables and grants."""
    init(Database(postgres.server().url))
    postgres.server().execute(*texts("sql"))
    return environ


def run(command: list[str], folder: Path, environ: dict[str, str], code: int = 0) -> str:
    """What a program prints that ends with that code."""
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL
    )
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def settle(fleet: SyncFleet) -> None:
    """Wait until no run is driven or to be driven."""
    end = time.monotonic() + 120.0
    while any(run.status == "open" for run in fleet.runs()):
        assert time.monotonic() < end, fleet.waiting()
        time.sleep(0.2)


@contextlib.contextmanager
def working(folder: Path, environ: dict[str, str]) -> Iterator[None]:
    """The page's worker, with probes on any free port; it ends as the page says."""
    (text,) = texts("python", "fleet.work(")
    (folder / "worker.py").write_text(text.replace("health_port=8080", "health_port=0"))
    command = [sys.executable, "-W", "error", str(folder / "worker.py")]
    with subprocess.Popen(command, cwd=folder, env=environ) as process:
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


@pytest.mark.slow
def test_the_examples_of_the_page_work_one_after_the_other(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its SQL included, and without a warning. Whatever they submit is done in the end."""
    # As the libraries below Python see it, too.
    for name in {*os.environ} - {*environ}:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "brief.md").write_text("# A portal for tea.")
    owner = environ | {"SPECSTEP_FLEET_URL": postgres.server().url}
    with contextlib.ExitStack() as until_the_end:
        fleet: SyncFleet | None = None
        for number, block in enumerate(BLOCKS):
            if block.language == "sql":
                postgres.server().execute(block.text)
                fleet = until_the_end.enter_context(SyncFleet.from_env(environ))
                until_the_end.enter_context(working(tmp_path, environ))
            elif block.language == "console":
                for command in commands(block.text):
                    if command.line.startswith("specstep"):
                        line, is_owner = command.line, command.line.endswith(" init")
                        # The tests' server does not flush to the disk.
                        code = 2 if line.endswith(" check") else 0
                        printed = run(line.split(), tmp_path, owner if is_owner else environ, code)
                        assert matches(command.expected, printed), printed
            elif block.language == "python" and framework_of(block) is None and "fleet.work(" not in block.text:
                (tmp_path / f"example_{number}.py").write_text(block.text, "utf-8")
                runpy.run_path(str(tmp_path / f"example_{number}.py"), run_name="__main__")
            if fleet is not None:
                settle(fleet)
        assert fleet is not None
        assert {run.run_id: run.status for run in fleet.runs()} == {f"order-{n}": "done" for n in range(4710, 4714)}
    printed = capsys.readouterr().out
    assert printed.count("s3://packages/specstep/") == printed.count(environ["AWS_ENDPOINT"]) == 4
    assert printed.splitlines()[-1] == "done"


@pytest.mark.slow
def test_the_steps_of_the_how_to_page_make_a_package(environ: dict[str, str], tmp_path: Path) -> None:
    """Its commands, with probes on any free port; the run that asks is driven to its end without anybody."""
    setting_up, starting, submitting = (
        [line.split() for line in block.text.splitlines()] for block in blocks_of(ROOT / "docs" / "how-to" / "fleet.md")
    )
    (tmp_path / "brief.md").write_text("# A portal for tea.")
    environ |= {"SPECSTEP_FLEET_URL": postgres.server().url}
    for command in setting_up:
        # The tests' server does not flush to the disk.
        run(command, tmp_path, environ, 2 if command[-1] == "check" else 0)
    ((*worker, _),) = starting
    with subprocess.Popen([*worker, "0"], cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            for command in submitting:
                assert "order-4711" in run(command, tmp_path, environ)
            with SyncFleet.from_env(environ) as fleet:
                settle(fleet)
                assert [run.status for run in fleet.runs()] == ["done"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


#: What a browser would do with the page's web backend.
BROWSER = """

from starlette.testclient import TestClient

with TestClient(app, follow_redirects=False) as client:
    first, again = (client.put("/orders/1", json="A portal for tea.") for _ in range(2))
    assert first.json() == again.json() == {"status": "open", "state": None, "cost": None, "questions": []}
    assert client.get("/orders/1").json() == first.json()
    assert client.put("/orders/1", json="A portal for coffee.").status_code == 409
    assert client.get("/orders/2").status_code == 404
    assert client.get("/orders/1/package").status_code == 409
    assert client.put("/orders/1/answers", json={"Which database?": "PostgreSQL 16."}).status_code == 200
    assert client.post("/specstep-hook", content=b"{}").status_code == 400
"""


@pytest.mark.slow
def test_the_web_backend_of_the_page_answers(with_tables: dict[str, str], tmp_path: Path) -> None:
    """A program of FastAPI, which needs no key and no worker."""
    pytest.importorskip("fastapi")
    (text,) = texts("python", "from fastapi")
    (tmp_path / "backend.py").write_text(text + BROWSER)
    environ = {name: value for name, value in with_tables.items() if name != "SPECSTEP_KEY_TEAM_A"}

    run([sys.executable, str(tmp_path / "backend.py")], tmp_path, environ | {"SPECSTEP_FLEET_SECRETS": "whsec_page"})


def test_commands_of_the_page_exist() -> None:
    """What it installs, and the script that it begins with."""
    for text in texts("console"):
        for command in commands(text):
            words = shlex.split(command.line, comments=True)
            if words[0] == "pip":
                check_requirement(words[-1])
            elif words[0] != "specstep":
                assert os.access(ROOT / words[0], os.X_OK)


def test_keys_of_the_page_are_keys(tmp_path: Path) -> None:
    """Each name in the file is one."""
    (text,) = texts("toml")
    (tmp_path / "keys.toml").write_text(text.replace("sf_...", "sf_example"))

    assert sorted(Keys.from_env({"SPECSTEP_FLEET_KEYS": str(tmp_path / "keys.toml")})) == sorted(tomllib.loads(text))


@pytest.mark.slow
def test_whoever_stops_a_worker_of_the_page_waits_until_it_has_drained() -> None:
    """It starts it again where its session was lost, and asks it how it is where it answers."""
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(*texts("ini"))
    (deployment,) = map(yaml.safe_load, texts("yaml"))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert unit["Service"]["Restart"] == "on-failure"
    for seconds in (int(unit["Service"]["TimeoutStopSec"]), pod["terminationGracePeriodSeconds"]):
        assert seconds > DRAIN_SECONDS + END_SECONDS
    for command in (shlex.split(unit["Service"]["ExecStart"]), container["command"]):
        assert command[-2:] == ["--health", "8080"]
        # An option that there is not is refused before the help is shown.
        run([sys.executable, "-m", "specstep_flows.cli", *command[1:], "--help"], ROOT, dict(os.environ))
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": 8080}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8080}


def test_without_the_extra_a_sentence_says_what_to_install() -> None:
    """And ``import specstep_flows.fleet`` by itself needs none of it."""
    script = "import sys; sys.modules['psycopg'] = None; import specstep_flows.fleet as fleet; fleet.Fleet"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "pip install '.[fleet]'" in done.stderr.splitlines()[-1]
