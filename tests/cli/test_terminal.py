"""What is written where, for any terminal: safe text, other encodings, nobody reading, tables, progress."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli import main
from specstep_flows.cli.terminal import Terminal, _wrapped
from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.kit.platforms import POSIX_ONLY
from tests.kit.zips import make_zip


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_encoding_can_be_written(specstep: Any, untouched: None, encoding: str) -> None:
    """A terminal without UTF-8 gets a clear sentence in what it has."""
    result = specstep("api", "get_gen\u00e9ration\u2026", encoding=encoding)

    assert result.code == 2
    assert "has no operation" in result.err


def test_the_services_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, controls and bidi overrides are gone before anything is written for people."""
    Terminal().tell("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \x1b[31mred\u202e\u2066\x9b2J\x07")

    assert capsys.readouterr().err == "click red\n"


def test_bytes_go_out_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the very bytes of a file."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)

    Terminal().result_bytes(b"\x89PNG\r\n\x1a\n")

    assert out.buffer.getvalue() == b"\x89PNG\r\n\x1a\n"


def test_a_path_that_is_no_text_goes_out_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with bytes that are no text in any encoding still names the file."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)

    Terminal().result("caf\udce9.zip")

    assert out.buffer.getvalue() == b"caf\xe9.zip\n"


@pytest.mark.parametrize("arguments", [["run", "caf\udce9", "--yes"], ["cancel", "tea", "--reason", "caf\udce9"]])
def test_arguments_that_are_no_text(specstep: Any, untouched: None, arguments: list[str]) -> None:
    """What could not be sent as text is refused in a sentence that shows where."""
    result = specstep(*arguments, "--json")

    assert result.code == 2
    assert "not UTF-8 text: 'caf\\udce9'" in result.document["message"]


def test_streams_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without streams of its own runs all the same."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    assert main(["run"]) == 2
    assert main(["runs", "--status", "none"]) == 2
    for name in ("stdin", "stdout", "stderr"):
        closed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        closed.close()
        monkeypatch.setattr(sys, name, closed)

    assert main(["run"]) == 2
    assert main(["api"]) == 0
    assert main(["--help"]) == 0


@POSIX_ONLY
def test_a_reader_that_has_enough() -> None:
    """`| head` is no failure and shows no traceback."""
    script = f"{sys.executable} -m specstep_flows.cli api | head -1; exit ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert done.stdout.startswith("OPERATION")
    assert done.stderr == ""


@pytest.mark.slow
def test_events_that_nobody_reads_any_longer(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run --events | head` detaches, with the line that resumes."""
    options = SandboxOptions(clarifications=(), profile_seconds={"Fast": 1e9}, requests_per_minute=None)
    with Sandbox(options=options, speed=200) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "200")
        command = f"{sys.executable} -m specstep_flows.cli run 'A shop.' --yes --profile Fast --run-id tea --events"
        script = f"{command} | head -2; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)

    assert done.returncode == 3
    assert "specstep resume tea" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_of_ours_is_one_sentence(specstep: Any, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something unforeseen shows no traceback and none of what it held; SPECSTEP_DEBUG raises it."""
    from specstep_flows.cli.commands import runs

    def broken(call: Any) -> None:
        raise RuntimeError("sf_secret")

    monkeypatch.setattr(runs, "open_store", broken)

    result = specstep("runs", "--json")

    assert result.code == 1
    assert result.document["code"] == "unexpected"
    assert "sf_secret" not in result.out + result.err
    monkeypatch.setenv("SPECSTEP_DEBUG", "1")
    with pytest.raises(RuntimeError):
        specstep("runs")


def test_lines_are_broken_between_words_and_commands_are_left_whole() -> None:
    """At 40 columns no word is cut in two; a command can be copied as it stands; indents stay."""
    prose = (
        "An empty line sends what you wrote; /done ends the interview.\n  Why: one says this, and another says that."
    )
    command = "To continue: specstep resume 20260601-abcd1234 --store /somewhere/else"

    assert _wrapped(prose, 40).splitlines() == [
        "An empty line sends what you wrote;",
        "/done ends the interview.",
        "  Why: one says this, and another says",
        "  that.",
    ]
    assert _wrapped(command, 40) == command
    quoted = "It was paused by somebody. `specstep generation resume 01952fcb-cd11` asks the service to go on."
    assert _wrapped(quoted, 60).splitlines() == [
        "It was paused by somebody.",
        "`specstep generation resume 01952fcb-cd11` asks the service",
        "to go on.",
    ]
    assert _wrapped("\u8336" * 30 + " \u8336", 40).splitlines() == ["\u8336" * 30, "\u8336"]
    assert _wrapped("Saved /a/" + "b" * 50, 40) == "Saved /a/" + "b" * 50
    assert _wrapped(prose, None) == prose
    assert (
        _wrapped("Start a Normal generation now? It costs. [y/N] ", 40)
        == "Start a Normal generation now? It costs.\n[y/N] "
    )
    assert _wrapped("01:00:12  Drafting 11%  $0.28", 24, " " * 10) == "01:00:12  Drafting 11%\n          $0.28"
    assert _wrapped("Drafting 26 %; Agents are writing it", 20, "  ") == "Drafting 26 %;\n  Agents are writing\n  it"


def test_quiet_leaves_out_progress_alone(specstep: Any, sandbox: Any) -> None:
    """With --quiet, stderr has the run's id and nothing else when all goes well."""
    result = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--quiet", "--run-id", "tea")

    assert result.err == "Run tea\n"


@POSIX_ONLY
def test_what_was_found_stays_found_where_nobody_reads_on(home: Path) -> None:
    """`specstep diff A B | head -1` still says that something differs, and `doctor` that there is no key."""
    (home / "a.zip").write_bytes(make_zip({"README.md": b"One."}))
    (home / "b.zip").write_bytes(make_zip({"README.md": b"Two."}))

    def unread(*words: str) -> int:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as out:
            command = [sys.executable, "-m", "specstep_flows.cli", *words]
            return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False).returncode

    for shape in ([], ["--json"]):
        assert unread("diff", "a.zip", "b.zip", *shape) == 1
        assert unread("doctor", *shape) == 2
    assert unread("diff", "a.zip", "a.zip", "--json") == 0


@POSIX_ONLY
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
@pytest.mark.parametrize("arguments", [["runs", "--json"], ["--version"], ["--help"]])
def test_a_disk_that_takes_no_output_is_told(arguments: list[str]) -> None:
    """`specstep runs > list` on a full disk: a sentence, an exit code, no traceback, nothing tried again at the end."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "specstep_flows.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.count("could not be written to stdout") == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@POSIX_ONLY
def test_a_place_that_takes_no_completion_is_told(tmp_path: Path) -> None:
    """`specstep --install-completion` where the home folder is none: the sentence names the file, not stdout."""
    (tmp_path / "home").write_text("a file, where a folder should be")
    # Which shell it is for is looked up among the processes that have started it.
    done = subprocess.run(
        ["bash", "-c", f"{shlex.quote(sys.executable)} -m specstep_flows.cli --install-completion; exit $?"],
        env={**os.environ, "HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert str(tmp_path / "home") in done.stderr
    assert "Traceback" not in done.stderr
