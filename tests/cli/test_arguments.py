"""What is named on the command line: the ways to give a brief."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.api import op

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


def test_no_brief_at_a_terminal(specstep: Any, sandbox: Any) -> None:
    """Without a brief a terminal is not waited on: the sentence says what to give."""
    result = specstep("run", typed="")

    assert result.code == 2
    assert "Say what to build" in result.err
