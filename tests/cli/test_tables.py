"""Tables at a terminal: ids give way first, texts wrap between words, and no row is lost however narrow it is."""

from __future__ import annotations

import io
import itertools
import sys
from typing import Any
from uuid import UUID

import pytest
from rich.cells import cell_len

from specstep_flows.cli.tables import drawn_facts, drawn_table
from tests.cli.conftest import Stream

HEADS = ("GENERATION", "STATE", "COST", "STARTED", "PROJECT")
ROWS = [
    (UUID(int=1 << 96), "PausedAwaitingClarification", "$0.44", "2026-11-29 21:12", "A portal for customers' words"),
    (UUID(int=2 << 96), "Complete", "$12.50", "2026-11-29 20:59", "茶店 with a very long name, in several words"),
    (UUID(int=3 << 96), "Failed", "", "", ""),
]


def at(monkeypatch: pytest.MonkeyPatch, kind: str, encoding: str = "utf-8") -> None:
    """A terminal of that kind at stdout."""
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr(sys, "stdout", Stream(encoding=encoding, is_terminal=True))


def test_a_table_that_fits_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shortened where there is room; a state is read in words."""
    at(monkeypatch, "dumb")
    text, is_shortened = drawn_table(HEADS, ROWS, 200)

    assert not is_shortened
    assert str(ROWS[0][0]) in text
    assert "Paused awaiting clarification" in text
    assert len(text.splitlines()) == 4


def test_ids_give_way_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 120 columns only the ids are shorter, to what tells them apart; costs, times and names stay."""
    at(monkeypatch, "dumb")
    text, is_shortened = drawn_table(HEADS, ROWS, 120)

    assert is_shortened
    assert text.splitlines()[1].startswith("00000001…")
    for _, _, *others in ROWS:
        assert all(str(cell) in text for cell in others)
    assert len(text.splitlines()) == 4


def test_ids_that_begin_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of one minute share their first characters."""
    at(monkeypatch, "dumb")
    alike = [(UUID(int=(1 << 96) + (number << 90)), "x" * 20) for number in range(3)]
    text, _ = drawn_table(("ID", "NAME"), alike, 50)

    found = [line.partition("…")[0] for line in text.splitlines()[1:]]
    assert len(set(found)) == 3


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 100])
def test_no_word_is_broken_and_nothing_is_lost(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word of every cell is there, whole, and no line is wider than the terminal."""
    at(monkeypatch, "dumb")
    text, _ = drawn_table(HEADS, ROWS, width)

    assert max(map(cell_len, text.splitlines())) <= width
    if width >= 40:
        for word in itertools.chain.from_iterable(" ".join(map(str, row[2:])).split() for row in ROWS):
            assert word in text
    else:
        assert "".join(str(ROWS[1][4]).split()) in "".join(text.split())


def test_colour_means_something(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed run is red and a done one green; a project called Failed is not."""
    at(monkeypatch, "xterm-256color")
    text, _ = drawn_table(("STATUS", "PROJECT"), [("failed", "Failed"), ("done", "ok"), ("question", "")], 80)

    assert text.count("\x1b[31mfailed") == 1
    assert text.count("\x1b[32mdone") == 1
    assert text.count("\x1b[33mquestion") == 1
    assert text.count("\x1b[3") == 3
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn_table(("STATUS",), [("failed",)], 80)[0]
    at(monkeypatch, "dumb")
    assert "\x1b" not in drawn_table(("STATUS",), [("failed",)], 80)[0]


def test_facts_wrap_behind_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between words; where a name leaves too little room, the value has a line of its own; no unknown ones."""
    at(monkeypatch, "dumb")
    pairs = [("run", "tea"), ("last error", "The service did not answer in time."), ("state", None)]

    assert drawn_facts(pairs, 40).splitlines() == [
        "run:        tea",
        "last error: The service did not answer",
        "            in time.",
    ]
    assert drawn_facts([("estimated total sample size", 42)], 30).splitlines() == [
        "estimated total sample size:",
        "  42",
    ]


def test_a_terminal_without_such_letters_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """In ASCII, what is cut ends in dots, and hostile text is plain."""
    at(monkeypatch, "dumb", "ascii")
    text, _ = drawn_table(("ID", "NAME"), [(UUID(int=1), "Café\x1b[31m\u202e in a long street of words")], 50)

    assert text.isascii()
    assert "00000000..." in text
    assert "\x1b" not in text


def test_a_program_gets_the_whole_table(specstep: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is as wide as it needs to be; a terminal of 40 columns shows each run in a block of its own."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    piped, shown = specstep("runs"), specstep("runs", tty_out=True)

    assert piped.out.splitlines()[0].split() == ["RUN", "STATUS", "COST", "STARTED", "PROJECT"]
    assert "  status  failed\n" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 40
