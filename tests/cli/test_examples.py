"""The examples of docs/cli.md: each is run, its JSON is held to the published schema, and every option has one."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import document_schemas
import pytest

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep
from specstep_flows.cli.main import VERBS, load
from specstep_flows.cli.verbs import common_options
from specstep_flows.fleet.session import Session
from specstep_flows.runs.records import RunRecord
from specstep_flows.sandbox import ClarificationRound, Failure, Question, Sandbox, SandboxOptions
from tests.cli.commands.test_webhook import free_port
from tests.kit import postgres, schemas

ROOT = Path(__file__).parents[2]
EXAMPLES: dict[str, list[str]] = {
    name: [line for line in text.splitlines() if line and not line.startswith("#")]
    for name, text in tomllib.loads((ROOT / "scripts" / "cli_examples.toml").read_text("utf-8")).items()
}
#: Where an example ends otherwise than with 0, as its comment or the command's help says.
EXITS = {
    "--on-question detach": 5,
    "--list": 5,
    "specstep diff": 1,
    "--run-id talk": 3,
    "--run-id slow": 3,
    "webhook test": 1,
    # The tests' server writes nothing to disk.
    "fleet check": 2,
}
#: These serve until Ctrl-C.
SERVING = ("sandbox", "webhook listen")
#: What stands for a fleet's database.
DATABASE = "postgresql://specstep@db.example.com/specstep"
COMMAND = (sys.executable, "-m", "specstep_flows.cli")
SPEED = 600


def commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for inner, one in command.commands.items():
            yield from commands(f"{name} {inner}", one)
    else:
        yield name, command


COMMANDS = dict(pair for name in VERBS for pair in commands(name, load(name)))


def test_every_command_and_option_has_an_example() -> None:
    """And no example is of a command that there is not."""
    common = {parameter.name for parameter in common_options()}
    missing = []
    for name, command in COMMANDS.items():
        words = {word for line in EXAMPLES.get(name, ()) for word in shlex.split(line, comments=True)}
        options = [one for one in command.params if one.opts[0].startswith("-") and one.name not in common]
        missing += [f"{name} {one.opts[0]}" for one in options if not words & {*one.opts, *one.secondary_opts}]

    everywhere = {word for lines in EXAMPLES.values() for line in lines for word in line.split()}
    missing += [one.opts[0] for one in COMMANDS["runs"].params if one.name in common and not everywhere & {*one.opts}]

    assert sorted(EXAMPLES) == sorted(COMMANDS)
    assert missing == ["--json"]


def test_every_command_has_a_schema() -> None:
    """Whose members are those of the code."""
    assert document_schemas.main(["--check"]) == 0
    assert {name.replace(" ", "-") for name in COMMANDS} < {path.stem for path in schemas.FOLDER.glob("*.json")}


@pytest.fixture
def options() -> SandboxOptions:
    """The first kickoff asks something; the one of the failed generation fails."""
    return SandboxOptions(
        clarifications=(ClarificationRound((Question("REST endpoints, or forms?"),), on=(3, 4)),),
        failures=(Failure(on=(1,)),),
        profile_seconds={"Fast": 10, "Normal": 20, "Extensive": 100_000},
        turn_seconds=1,
    )


@pytest.fixture
def sandbox(home: Path, options: SandboxOptions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A local SpecStep with a fast clock, which processes keep to as well."""
    with Sandbox(options=options, speed=SPEED) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", str(SPEED))
        yield sandbox


@pytest.fixture
def application() -> Iterator[int]:
    """The port of somebody's application that takes deliveries."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def fleet(sandbox: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A database for a fleet, which the environment names."""
    with postgres.emptied() as database:
        monkeypatch.setenv("SPECSTEP_FLEET_URL", postgres.server().url)
        monkeypatch.setenv("SPECSTEP_FLEET_SCHEMA", database.schema)
        monkeypatch.setenv("SPECSTEP_FLEET_FILES", str(home / "packages"))
        yield database


@pytest.fixture
def folder(home: Path) -> Path:
    """The reader's files."""
    (home / "brief.md").write_text("# A portal\n\nSmall shops collect what their customers say.\n")
    (home / "changes.md").write_text("Every page in French.\n")
    (home / "messages.txt").write_text("A shop for tea.\n\nIt must work on a phone.\n\n/done\n")
    (home / "sketch.txt").write_text("A sketch.\n")
    (home / "preferences.json").write_text('{"email": false}')
    (home / "faults.yaml").write_text("- {match: GET /v1/me, kind: status, status: 503}\n")
    (home / "places.yaml").write_text("notes.md: docs/notes.md\n")
    (home / "answers.yaml").write_text("answers:\n  'REST endpoints, or forms?': Forms.\ndefault: {use: proposed}\n")
    with zipfile.ZipFile(home / "documents.zip", "w") as archive:
        archive.writestr("notes.md", "# Notes\n")
        archive.writestr("vision.md", "# Vision\n")
    return home


class Ids:
    """What the words with a dollar stand for, made when they are first needed."""

    def __init__(self, sandbox: Sandbox, fleet: Any) -> None:
        self.state, self.fleet = sandbox.state, fleet
        with SpecStep() as client:
            first, interview = (client.start_interview() for _ in range(2))
            for one in (first, interview):
                client.say(one.id, "A portal for customer feedback.")
            failed = client.start_generation(client.complete_interview(first.id), profile="Fast")
            interview = client.complete_interview(interview.id)
            done = client.start_generation(interview, profile="Fast")
            client.wait_for_generation(done, on_question=ProposedDefaults())
            with pytest.raises(Exception, match="failed"):
                client.wait_for_generation(failed)
            self.known = {
                "INTERVIEW": client.start_interview().id,
                "INTAKE": interview.intake_artifact_id,
                "GENERATION": done,
                "FAILED": failed,
                "PACKAGE": client.get_package_of(done).id,
                "PROJECT": uuid4(),
                "KEY_ID": client.list_api_keys()[0].id,
            }

    def find(self, name: str) -> str:
        """An id. What the examples before have made is known by then."""
        if name == "RUNNING" and name not in self.known:
            with SpecStep() as client:
                self.known[name] = client.start_generation(str(self.known["INTAKE"]), profile="Extensive")
        if name == "WEBHOOK":
            return list(self.state.subscriptions)[-1]
        if name in ("ASKING", "PAUSED"):
            asked = [{"question": "REST endpoints, or forms?", "proposed_default": "Forms."}]
            status = "question" if name == "ASKING" else "paused"
            self.change("UPDATE runs SET status = %s, questions = %s, wanted = NULL", status, json.dumps(asked))
            return "order-4711"
        if name == "WORKER":
            self.change("UPDATE workers SET draining = false")
            return str(self.worker.id)
        if name == "LOCAL":
            with contextlib.closing(RunStore(Settings.load().state_folder())) as store:
                local = f"local-{uuid4()}"
                store.create(RunRecord(local, Settings.load().api_url, 1.0, 1.0, messages=("A shop.",)))
            return local
        if name == "ADDENDUM":
            return self.state.packages[str(self.known["PACKAGE"])].addenda[0].id
        if name == "DELIVERY":
            with contextlib.closing(RunStore(Settings.load().state_folder())) as store:
                return str(store.deliveries.all()[0].id)
        return str(self.known[name])

    @cached_property
    def worker(self) -> Any:
        """Somebody else's worker, as far as the database knows."""
        return Session(self.fleet, "other", capacity=1)

    def change(self, statement: str, *values: str) -> None:
        """Change what is in the fleet's database."""
        self.fleet.run(lambda connection: connection.execute(statement, values))


@pytest.mark.slow
def test_examples_run_and_print_what_the_schemas_say(
    specstep: Callable[..., Any], sandbox: Sandbox, folder: Path, application: int, fleet: Any
) -> None:
    """One after the other, as a reader might give them."""
    ids = Ids(sandbox, fleet)
    wrong = []
    for name, lines in EXAMPLES.items():
        for line in lines:
            line = re.sub(r"\$([A-Z_]+)", lambda found: ids.find(found[1]), line).replace(":3000", f":{application}")
            line = line.replace("https://specstep.com", sandbox.url).replace(DATABASE, postgres.server().url)
            try:
                serve = worked if name == "fleet work" else served if name in SERVING else partial(printed, specstep)
                for document in serve(line):
                    schemas.check("events" if "--events" in line else name.replace(" ", "-"), document)
            except (AssertionError, IndexError) as error:
                wrong.append(f"{line}: {error}")

    assert not wrong, "\n".join(wrong)


def printed(specstep: Callable[..., Any], line: str) -> list[Any]:
    """Run an example to its end: the documents that it prints."""
    words = shlex.split(line)[1:]
    # What is read from a file takes a real pipe, so a process.
    piped = words[-1] if "<" in words else None
    words = list(itertools.takewhile(lambda word: word not in "<>", words))
    is_plain = "--events" in words or words[-1:] == ["-"]
    words += [] if is_plain else ["--json"]
    if piped is None:
        typed = "A shop.\n\n/quit\n" if "--run-id talk" in line else None
        result = specstep(*words, typed=typed)
        code, out, err, raw = result.code, result.out, result.err, result.raw
    else:
        with Path(piped).open("rb") as stdin:
            done = subprocess.run([*COMMAND, *words], stdin=stdin, capture_output=True, text=True, timeout=60)
        code, out, err, raw = done.returncode, done.stdout, done.stderr, b""
    expected = next((code for part, code in EXITS.items() if part in line), 0)
    assert code == expected, (code, out[-300:], err[-400:])
    if words[-1] == "-":
        assert raw.startswith(b"PK")
        return []
    return [json.loads(one) for one in (out.splitlines() if "--events" in words else [out])]


def worked(line: str) -> list[Any]:
    """Start a worker, and end it once it works: the document that it prints then."""
    command = [*COMMAND, *shlex.split(line.replace(" 8080", " 0"))[1:], "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = next((one for one in process.stderr if "takes up to" in one), None)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert process.returncode == 0, (said, out, err)
    return [json.loads(out)]


def served(line: str) -> list[Any]:
    """Start an example that serves, and end it as Ctrl-C does: the documents that it prints."""
    port = free_port()
    line = re.sub(r" --port \d+", "", line).replace("https://my-tunnel.example.com/", f"http://127.0.0.1:{port}/")
    command = [*COMMAND, *shlex.split(line)[1:], "--port", str(port), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # A webhook is tried at once: the service sends a delivery to it.
        lines = [process.stdout.readline() for _ in range(2 if "--print" in line else 1)]
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(20) == 0, (lines, said)
    return [json.loads(one) for one in lines]
