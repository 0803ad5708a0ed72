"""A failure is a sentence, a document, an exit code."""

from __future__ import annotations

import json
import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.engine.clock import SystemClock
from specstep_flows.sandbox import Failure, Fault, SandboxOptions
from tests.kit.api import op
from tests.kit.raw_server import answering, certificate, raw_server
from tests.kit.tiers import one_in

FAST = ("--yes", "--profile", "Fast")


def test_the_last_event_tells_a_failure(specstep: Any, sandbox: Any) -> None:
    """Whoever reads the events alone learns how it ended, and how to go on."""
    result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--events", "--timeout", "20")

    last = json.loads(result.out.splitlines()[-1])
    assert result.code == 3
    assert (last["event"], last["code"], last["resume_command"]) == ("failed", "timeout", "specstep resume tea")


@pytest.mark.parametrize(
    ("faults", "code", "word"),
    [
        ([Fault(op("get_me"), "html", status=200, times=None)], 7, "unexpected_response"),
        ([Fault(op("start_interview"), "status", status=500, times=None)], 7, "server"),
        ([Fault("GET /blob/*", "zip_dotdot", times=None)], 8, "hostile_package"),
        ([Fault("GET /blob/*", "zip_not", times=None)], 8, "damaged_package"),
        ([Fault(op("start_generation"), "status", status=402, problem_type="QUOTA_EXCEEDED")], 6, "quota"),
    ],
)
def test_what_goes_wrong_has_its_code(
    specstep: Any, sandbox: Any, home: Path, faults: list[Fault], code: int, word: str
) -> None:
    """Each kind of failure: its exit code, one or two sentences, a document, and nothing under a final name."""
    sandbox.faults.add(*faults)

    result = specstep("run", "A shop.", *FAST, "--json", "--run-id", "tea")

    assert result.code == code
    document = result.document
    assert (document["code"], document["exit_code"], document["run_id"]) == (word, code, "tea")
    assert "Traceback" not in result.err
    assert sandbox.api_key not in result.out + result.err
    assert not list(home.glob("*.zip"))


def test_a_key_without_permission_starts_no_run(specstep: Any, sandbox: Any) -> None:
    """It has its code, and there is nothing to resume."""
    sandbox.faults.add(Fault(op("get_me"), "status", status=403, problem_type="FORBIDDEN"))

    result = specstep("run", "A shop.", *FAST, "--json", "--run-id", "tea")

    document = result.document
    assert result.code == document["exit_code"] == 4
    assert (document["code"], document["run_id"], document["resume_command"]) == ("permission", None, None)


def test_a_refused_key(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 401 is exit code 4, and is not tried again."""
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_wrong")

    result = specstep("run", "A shop.", *FAST)

    assert result.code == 4
    assert len(sandbox.requests) == 1
    assert "sf_wrong" not in result.out + result.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPECSTEP_API_KEY", ""),
        ("SPECSTEP_API_KEY", "hello"),
        ("SPECSTEP_API_KEY", "sf_with space"),
        ("SPECSTEP_API_URL", "http://specstep.example"),
        ("SPECSTEP_API_URL", "specstep.com"),
        ("SPECSTEP_CONFIG", "missing.toml"),
        ("SPECSTEP_REQUEST_TIMEOUT", "soon"),
    ],
)
def test_settings_that_do_not_fit(
    specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Nothing is sent, the exit code is 2, and the sentence names the setting and holds no key."""
    monkeypatch.setenv(name, value)

    result = specstep("run", "A shop.", *FAST, "--json")

    assert result.code == 2
    assert result.document["code"] == "settings"
    assert not value or value not in result.err or name != "SPECSTEP_API_KEY"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is waited for, without waiting."""
    waits: list[float] = []
    now = [1000.0]

    def sleep(_: SystemClock, seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "now", lambda _: now[0])
    return waits


VERBS = [["run", "A shop.", "--yes"], ["run", "A shop.", "--dry-run"], ["doctor"], ["generation", "list"]]


@pytest.mark.parametrize("arguments", one_in(2, VERBS))
@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("localhost", "set SSL_CERT_FILE to a file with its certificate"),
        ("127.0.0.1", "set SSL_CERT_FILE to a file with its certificate"),
        ("trusted", "Check SPECSTEP_API_URL"),
    ],
)
def test_a_certificate_is_told_of_at_once(
    specstep: Any,
    home: Path,
    tmp_path: Path,
    slept: list[float],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    host: str,
    says: str,
) -> None:
    """One attempt, no wait, and the setting that matters: not the address, unless it is another host's certificate."""
    file, context = certificate(tmp_path, "elsewhere.example")
    with raw_server(answering(b"HTTP/1.1 400 No\r\n\r\n"), context) as port:
        name = host if host in ("localhost", "127.0.0.1") else "localhost"
        monkeypatch.setenv("SPECSTEP_API_URL", f"https://{name}:{port}")
        monkeypatch.setenv("SPECSTEP_API_KEY", "sf_key")
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        if host == "trusted":
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        result = specstep(*arguments)

    text = " ".join((result.out + result.err).split())
    assert result.code == 7
    assert slept == []
    assert says in text
    assert "Check that SPECSTEP_API_URL" not in text
    assert specstep("runs", "--json").document["runs"] == []


def test_a_service_without_encryption_is_told_of_at_once(
    specstep: Any, sandbox: Any, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """https where http is spoken: the address is what to look at."""
    monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url.replace("http:", "https:"))
    result = specstep("doctor")

    assert result.code == 7
    assert slept == []
    assert "Check SPECSTEP_API_URL: 127.0.0.1 may not expect https there." in result.out


@pytest.mark.parametrize("arguments", one_in(2, VERBS))
@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_a_name_that_cannot_be_resolved_is_told_of_at_once(
    specstep: Any,
    home: Path,
    slept: list[float],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    number: int,
) -> None:
    """Unknown or no resolver at all: at the first request somebody is waiting, and the name may be mistyped."""

    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "it is not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("SPECSTEP_API_URL", "https://specstpe.example")
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_key")
    result = specstep(*arguments)

    assert result.code == 7
    assert slept == []
    text = " ".join((result.out + result.err).split())
    assert "the name specstpe.example cannot be resolved (it is not known). Check SPECSTEP_API_URL" in text
    assert specstep("runs", "--json").document["runs"] == []


@pytest.mark.parametrize("arguments", [["doctor"], ["generation", "list"], ["run", "A shop.", "--yes"]], ids=" ".join)
def test_who_waits_is_told_for_what_and_how_long(
    specstep: Any, home: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """A connection that is refused may work in a moment: each wait is longer, and says why and for how long."""
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_key")
    result = specstep(*arguments)

    told = [line for line in result.err.splitlines() if re.search(r" in \d+s\.", line)]
    assert result.code == 7
    assert sorted(slept[:4]) == slept[:4]
    assert sum(slept) >= 15.0
    assert len(told) >= 2
    assert all("Could not connect to the service: Connection refused." in line for line in told)


def test_a_service_that_is_not_there(specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again for a while, then told with 7; the run can be resumed."""
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_key")

    result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

    assert result.code == 7
    assert result.document["resume_command"] == "specstep resume tea"


class TestFailure:
    """A generation that the service gives up."""

    @pytest.fixture
    def options(self) -> SandboxOptions:
        """The first kickoff fails for a reason that is likely to clear."""
        return SandboxOptions(clarifications=(), failures=(Failure("HostRestart", on=(1,)),))

    def test_it_is_told(self, specstep: Any, sandbox: Any) -> None:
        """1, with the category, and the line that would run it again."""
        result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

        assert result.code == 1
        assert result.document["category"] == "HostRestart"
        assert result.document["resume_command"] == "specstep resume tea --retry-failed 1"

    def test_it_is_run_again_where_asked_for(self, specstep: Any, sandbox: Any) -> None:
        """--retry-failed runs it again and brings the second one's package home."""
        result = specstep("run", "A shop.", *FAST, "--retry-failed", "1")

        assert result.code == 0
        assert sandbox.requests.count(op("retry_generation")) == 1


def test_a_command_to_copy_finds_the_runs_of_this_call(
    specstep: Any, one_question: SandboxOptions, sandbox: Any, home: Path
) -> None:
    """What was asked with ``--store`` is answered and continued with it: without, there is no such run."""
    kept = ("--store", "kept")
    asked = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea", *kept)
    shown = specstep("show", "tea", *kept).out
    commands = [line.partition("To answer: specstep ")[2] for line in asked.err.splitlines() if "To answer" in line]
    commands += [line.partition("specstep ")[2] for line in shown.splitlines() if line.startswith("to continue:")]

    assert [shlex.split(command)[:2] for command in commands] == [["answer", "tea"], ["resume", "tea"]]
    assert specstep(*shlex.split(commands[0]), "--defaults").code == 0
    assert specstep(*shlex.split(commands[1])).code == 0
