"""A run in a pseudo-terminal: interrupts, a resized window, and terminals that can do little."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op
from tests.kit.pseudo_terminal import at_terminal, environment, fast_sandbox, finish
from tests.kit.screens import Screen, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]

pytestmark = pytest.mark.slow


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A service on loopback whose clock runs fast."""
    with fast_sandbox() as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal: ``start("interview", width=100)``."""
    with at_terminal(sandbox, tmp_path) as spawn:
        yield spawn


def test_ctrl_c_once_detaches_from_a_generation_that_goes_on(start: Start, sandbox: Sandbox) -> None:
    """The paid run goes on at the service, and is taken up by the same id; it is never started again."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults")
    child.expect_exact("Drafting")
    child.expect_exact("next update")
    child.sendintr()
    child.expect_exact("To continue: specstep resume mine")
    assert finish(child) == 3

    child = start("resume", "mine", "--on-question", "defaults")
    child.expect_exact("Drafting")
    child.expect_exact("next update")
    child.sendintr()
    assert finish(child) == 3
    assert len(sandbox.state.generations) == 1
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Drafting"


def test_ctrl_c_twice_stops_at_once_though_a_request_is_in_flight(start: Start, sandbox: Sandbox) -> None:
    """The first waits for the answer, so that it can be recorded; the second waits for nothing."""
    sandbox.faults.add(Fault(op("start_generation"), "stall", commit=True))
    child = start("run", "A portal.", "--yes", "--run-id", "mine")
    child.expect_exact("Interview complete")
    while not sandbox.state.generations:
        child.expect([pexpect.TIMEOUT], timeout=0.1)
    child.sendintr()
    child.expect_exact("Ctrl-C again to stop at once")
    child.sendintr()
    assert finish(child) == 130

    child = start("resume", "mine", "--yes", "--on-question", "defaults", "-o", "portal.zip")
    child.expect_exact("checking that first")
    child.expect_exact("Next: specstep report mine")
    assert finish(child) == 0
    assert len(sandbox.state.generations) == 1


def is_drawn(sign: str, rows: list[str]) -> bool:
    """Whether the frame is there, down to its last row."""
    return sign in "".join(rows) and rows[-1].startswith("next update")


@pytest.mark.parametrize("rewraps", [False, True], ids=["cuts", "rewraps"])
def test_a_resized_window_keeps_what_was_on_it(start: Start, sandbox: Sandbox, rewraps: bool) -> None:
    """From wide to narrow while the run is watched: the frame fits, and all that was above it is still there, once."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    screen = Screen(130, 40, rewraps=rewraps).feed("".join(f"my own line {number}\n" for number in range(60)))
    kind = {"VTE_VERSION": "7600"} if rewraps else {}
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults", width=130, **kind)
    for width, sign in ((130, "Drafting"), (50, "stage 2 of 11"), (90, "Drafting")):
        child.setwinsize(40, width)
        screen.resize(width, 40)
        watch(child, screen, partial(is_drawn, sign))
    child.sendintr()
    watch(child, screen, lambda rows: rows[-1] == "To continue: specstep resume mine")
    assert finish(child) == 3

    rows = screen.rows
    assert [row for row in rows if row.startswith("my own")] == [f"my own line {number}" for number in range(60)]
    assert rows.count("Run mine") == 1
    if rewraps:
        assert not any("next update" in row for row in rows)


def test_a_stopped_command_draws_below_what_the_shell_wrote(sandbox: Sandbox, tmp_path: Path) -> None:
    """Ctrl-Z leaves the shell a cursor; `fg` draws over nothing that was written meanwhile."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    screen = Screen(130, 60)
    child = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**environment(sandbox, tmp_path), "PS1": "ready$ "},
        cwd=tmp_path,
        dimensions=(60, 130),
        encoding="utf-8",
    )
    child.sendline(f"{sys.executable} -m specstep_flows.cli run 'A portal.' -y --run-id mine --on-question defaults")
    watch(child, screen, partial(is_drawn, "Drafting"))
    child.send("\x1a")
    watch(child, screen, lambda rows: rows[-1].strip() == "ready$")
    assert screen.shows_cursor()
    child.sendline("echo 'my own' line")
    watch(child, screen, lambda rows: rows[-1].strip() == "ready$" and "my own line" in rows)
    child.sendline("fg")
    watch(child, screen, lambda rows: "ready$ fg" in rows and is_drawn("Drafting", rows[rows.index("ready$ fg") :]))
    assert not screen.shows_cursor()
    child.expect([pexpect.TIMEOUT], timeout=1)
    screen.feed(str(child.before))
    child.send("\x03")
    watch(child, screen, lambda rows: rows[-1].strip() == "ready$")
    child.kill(signal.SIGKILL)
    child.wait()
    child.close()

    rows = screen.rows
    assert "my own line" in rows
    assert any("Stopped" in row for row in rows)
    assert not any("next update" in row for row in rows[rows.index("ready$ fg") :])
    assert screen.shows_cursor()


def test_a_run_ends_in_a_few_lines(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """The frame is gone; path, cost, time and the next command stay, each once, and the answer with its rule."""
    screen = Screen(120, 30)
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults", width=120, height=30)
    watch(child, screen, lambda rows: rows[-1:] == ["Next: specstep report mine"])
    assert finish(child) == 0

    rows = screen.rows
    (generation,) = sandbox.state.generations
    assert rows[-4:] == [
        str(next(tmp_path.glob("*.zip"))),
        "Cost: $2.50",
        next(row for row in rows if row.startswith("Time: ")),
        "Next: specstep report mine",
    ]
    assert any(row.startswith("Answered (proposed default): ") for row in rows)
    assert len(rows) == len(set(rows))
    assert sum(str(generation) in row for row in rows) <= 2


@pytest.mark.parametrize(("key", "code"), [("\x03", 3), ("\x04", 5)], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_left_for_later_is_there_once(start: Start, sandbox: Sandbox, key: str, code: int) -> None:
    """No frame comes back, and what was asked is not said again."""
    screen = Screen(80, 30)
    child = start("run", "A portal.", "--yes", "--run-id", "mine", width=80, height=30)
    watch(child, screen, lambda rows: rows[-1:] and rows[-1].startswith("Answer"))
    child.send(key)
    watch(child, screen, lambda rows: rows[-1] == "To continue: specstep resume mine")
    assert finish(child) == code

    assert screen.text.count("REST API") == 1
    assert "is paused" in screen.text
    assert "continues on SpecStep" not in screen.text
    assert "stage" not in screen.text
    assert "Drafting" not in screen.text


@pytest.mark.parametrize(
    ("environment", "mark"),
    [({"TERM": "dumb"}, "Complete 100%"), ({"LANG": "C", "PYTHONIOENCODING": "ascii"}, "Complete")],
)
def test_a_dumb_terminal_and_one_without_utf8_are_served(
    start: Start, environment: dict[str, str], mark: str, tmp_path: Path
) -> None:
    """Lines instead of a display that moves, and no letter that the terminal does not have."""
    child = start("run", "A portal für 顧客.", "--yes", "--profile", "Fast", "--on-question", "defaults", **environment)
    child.expect_exact("Next: ")
    text = str(child.before)
    assert finish(child) == 0
    assert mark in text
    if environment["TERM" if "TERM" in environment else "LANG"] == "dumb":
        assert "\x1b" not in text
    else:
        assert text.isascii()


#: Verbs that show tables, facts or text as their result.
SHOWN = ("runs", "show mine", "doctor", "generation list", "generation conversation mine", "package search shop")


def test_no_word_is_broken_at_any_width(start: Start, sandbox: Sandbox) -> None:
    """What fits a line of 40 columns is whole there, and nothing of what 200 columns show is lost."""
    run = ("run", "A shop for tea in Genoa.", "--yes", "--run-id", "mine", "--profile", "Fast")
    finish(start(*run, "--quiet", "--on-question", "defaults"))
    for verb in SHOWN:
        texts = []
        for width in (200, 80, 40):
            child = start(*verb.split(), width=width, height=60)
            assert finish(child) == 0, verb
            texts.append(Screen(width, 60).feed(str(child.before)).text)
        wide, *narrower = texts
        wide = wide.partition("Ids are shortened")[0]
        words = {word for word in wide.split() if len(word) <= 24 and not word.isupper() and "…" not in word}
        for text in narrower:
            assert not {word for word in words if word.casefold() not in text.casefold()}, verb
