"""What is named on the command line: the ways to give a brief."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows.cli import main
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore
from tests.kit.api import op
from tests.kit.platforms import LINUX_ONLY, POSIX_ONLY
from tests.kit.tiers import one_in

TURN = op("submit_turn")
FAST = ("--yes", "--profile", "Fast")


@pytest.mark.parametrize("way", ["text", "file", "dash", "pipe", "messages"])
def test_ways_to_give_a_brief(specstep: Any, sandbox: Any, home: Path, way: str) -> None:
    """A text, a file's name, a dash, a pipe, and messages alone: each reaches the interview as it is."""
    (home / "brief.md").write_text("# Tea\n\nA shop for tea.\n", encoding="utf-8")
    given: dict[str, tuple[list[str], bytes]] = {
        "text": (["A shop for tea."], b""),
        "file": (["brief.md"], b""),
        "dash": (["-"], b"A shop for tea."),
        "pipe": ([], b"A shop for tea."),
        "messages": (["-m", "A shop for tea.", "-m", "And cake."], b""),
    }
    arguments, piped = given[way]

    result = specstep("run", *arguments, *FAST, piped=piped)

    assert result.code == 0
    bodies = [json.loads(request.body)["message"] for request in sandbox.requests.matching(TURN)]
    assert "A shop for tea." in bodies[0]
    assert len(bodies) == (2 if way == "messages" else 1)


@pytest.mark.parametrize(
    ("brief", "content", "says"),
    [
        ("missing.md", None, "There is no file missing.md"),
        ("docs/missing", None, "There is no file docs/missing"),
        ("", None, "empty"),
        ("  \n", None, "empty"),
        (".", None, "is a folder"),
        ("latin.txt", b"caf\xe9", "not UTF-8"),
        ("zeros.txt", b"\0\0", "not text"),
        ("empty.md", b"", "empty"),
    ],
)
def test_a_brief_that_is_none(
    specstep: Any, untouched: None, home: Path, brief: str, content: bytes | None, says: str
) -> None:
    """A missing file is never taken for a brief; what is no brief is refused in a sentence before anything is sent."""
    if content is not None:
        (home / brief).write_bytes(content)

    result = specstep("run", brief, "--yes", "--json")

    assert result.code == 2
    assert says in result.document["message"]


@pytest.mark.parametrize("brief", ["Shop", "brief", "Shops!", "my shop.md", "Read the manual.pdf"])
def test_text_that_may_be_a_file_s_name_is_not_paid_for(specstep: Any, untouched: None, home: Path, brief: str) -> None:
    """Off a terminal it is refused, with the file that was probably meant; the word is in the sentence."""
    (home / "brief.md").write_text("A shop for tea.")
    result = specstep("run", brief, "--yes", "--json")

    assert result.code == 2
    assert f"There is no file {brief}." in result.document["message"]
    assert "add --text" in result.document["message"]
    assert ("Did you mean 'brief.md'?" in result.document["message"]) == (brief == "brief")


@pytest.mark.parametrize(
    "arguments", one_in(2, [["Shop", "--text"], ["brief.md", "--text"], ["茶の店"], ["-m", "Shop"]])
)
def test_one_word_may_be_the_brief(specstep: Any, sandbox: Any, home: Path, arguments: list[str]) -> None:
    """Where it is said to be text, even if there is such a file; scripts without spaces have no words to tell apart."""
    (home / "brief.md").write_text("A shop for tea.")
    result = specstep("run", *arguments, *FAST)

    assert result.code == 0, result.err
    (turn,) = [json.loads(request.body)["message"] for request in sandbox.requests.matching(TURN)]
    assert turn in arguments


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 2), ("", 2)])
def test_one_word_is_asked_about_on_a_terminal(specstep: Any, sandbox: Any, typed: str, code: int) -> None:
    """Agreeing to pay is not agreeing to this; a no sends nothing."""
    result = specstep("run", "Shop", *FAST, typed=typed)

    assert result.code == code
    assert "There is no file Shop. Is 'Shop' the whole brief? [y/N]" in result.err
    assert bool(list(sandbox.requests)) == (code == 0)


@pytest.mark.parametrize(
    ("arguments", "piped", "words"),
    one_in(
        3,
        [
            (["brief.md"], b"", "Brief: brief.md, 23 characters."),
            (["-"], b"A shop.", "Brief: standard input, 7 characters."),
            (["A shop for tea."], b"", "Brief: 'A shop for tea.', 15 characters."),
            ([f"A {'very ' * 20}small shop."], b"", "Brief: 'A very very very very very very very very very ve…', 113"),
            (
                ["A shop.", "-m", "And cake.", "-m", "Cheap."],
                b"",
                "Brief: 'A shop.', 7 characters, and 2 further messages.",
            ),
        ],
    ),
)
@pytest.mark.parametrize("way", [["--dry-run"], ["--yes", "--profile", "Fast"]])
def test_the_plan_shows_the_brief(
    specstep: Any, sandbox: Any, home: Path, arguments: list[str], piped: bytes, words: str, way: list[str]
) -> None:
    """Where it came from and how long it is: a file's name taken for the text shows before anything is paid for."""
    (home / "brief.md").write_text("# Tea\n\nA shop for tea.\n", encoding="utf-8")
    result = specstep("run", *arguments, *way, piped=piped)

    assert result.code == 0
    assert words in result.out + result.err


def test_no_brief_at_a_terminal(specstep: Any, sandbox: Any) -> None:
    """Without a brief a terminal is not waited on: the sentence says what to give."""
    result = specstep("run", typed="")

    assert result.code == 2
    assert "Say what to build" in result.err


class _Folder(io.BytesIO):
    """Standard input from a folder: every read fails."""

    def read(self, _: int | None = -1) -> bytes:
        raise IsADirectoryError(21, "Is a directory")


@pytest.mark.parametrize("arguments", [["run", "-", "--yes"], ["api", "create_feedback", "--body", "-"]])
@pytest.mark.parametrize("stream", ["none", "closed", "folder", "text only"])
def test_standard_input_that_cannot_be_read(
    specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch, arguments: list[str], stream: str
) -> None:
    """Closed by the shell (``<&-``) or by a program, or no stream of bytes: one sentence, exit code 2."""
    closed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    closed.close()
    streams = {
        "none": None,
        "closed": closed,
        "folder": io.TextIOWrapper(_Folder(), encoding="utf-8"),
        "text only": io.StringIO("x"),
    }

    monkeypatch.setattr(sys, "stdin", streams[stream])
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)

    assert main(arguments) == 2
    assert "There is no standard input to read" in err.getvalue()


@LINUX_ONLY
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("brief.md", None),
        ("missing.md", "not UTF-8"),
    ],
)
def test_a_brief_in_a_file_whose_name_is_no_utf8(
    specstep: Any, sandbox: Any, home: Path, name: str, said: str | None
) -> None:
    """It is read, where there is one."""
    Path(os.fsdecode(b"caf\xe9 brief.md")).write_text("A shop for tea.", encoding="utf-8")

    result = specstep("run", os.fsdecode(b"caf\xe9 " + name.encode()), *FAST)

    assert (result.code, said is None) == (0, True) or (said is not None and said in result.err)


@POSIX_ONLY
@pytest.mark.parametrize("argument", ["--body=/dev/zero", "message=@/dev/zero"])
def test_a_body_without_end_is_refused(
    untouched: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argument: str
) -> None:
    """A device is not read to the end of the memory."""
    monkeypatch.setattr("specstep_flows.cli.arguments.LONGEST_UPLOAD_BYTES", 1000)
    assert main(["api", "create_feedback", argument]) == 2
    assert "has no end. Nothing was sent." in capsys.readouterr().err


OF_A_RUN = (
    *(("watch",), ("download",), ("answer", "--list"), ("cancel", "--yes"), ("diff", "other")),
    *(("generation", word) for word in ("show", "resume", "pause", "events", "conversation", "name")),
    ("generation", "cancel", "--yes"),
)


@pytest.mark.parametrize("words", OF_A_RUN, ids=" ".join)
def test_a_run_of_another_service_is_not_looked_for_at_this_one(
    specstep: Any, sandbox: Any, home: Path, words: tuple[str, ...]
) -> None:
    """A run that was tried in a sandbox, and then SPECSTEP_API_URL: "not found" would be no answer, and no way on."""
    generation = UUID(int=7)
    known: dict[str, Any] = {
        "generation_id": generation,
        "generation_ids": (generation,),
        "generation_state": "Drafting",
    }
    record = RunRecord("tea", "http://127.0.0.1:9", 0, 0, **known)
    with contextlib.closing(RunStore(Path(os.environ["SPECSTEP_STATE"]))) as store:
        store.create(record)
    (home / "other").mkdir()
    before = len(sandbox.requests)
    verb = words[: 2 if words[0] == "generation" else 1]
    named = specstep(*verb, "tea", *words[len(verb) :])
    by_generation = specstep(*verb, generation, *words[len(verb) :])

    for told in (named, by_generation):
        assert told.code == 2
        assert "Run tea belongs to http://127.0.0.1:9" in told.err
        assert "Set SPECSTEP_API_URL" in told.err
    assert len(sandbox.requests) == before
