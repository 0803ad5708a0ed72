"""Progress as plain lines."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest

from specstep_flows import events
from specstep_flows.cli.progress.log import PlainLines
from specstep_flows.cli.terminal import Terminal
from specstep_flows.models import Generation

GENERATION = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


class Clock:
    """A clock that a test turns."""

    speed = 1.0

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


def test_plain_progress_is_a_line_at_each_change_and_a_heartbeat(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty looks in five minutes of one state: one line for the state, then one about each minute."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    said = []
    for _ in range(20):
        reporter(events.GenerationProgress(Generation(GENERATION, "Drafting", progress_percent=10.0), 15.0))
        if capsys.readouterr().err:
            said.append(clock.time)
        clock.time += 15.0
    reporter(events.GenerationProgress(Generation(GENERATION, "Refining"), None))

    assert said[0] == 0.0
    assert all(45.0 <= later - earlier <= 75.0 for earlier, later in itertools.pairwise(said))
    assert "Refining" in capsys.readouterr().err


def test_plain_progress_does_not_repeat_a_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """The same reason to wait is told once a minute, however often it comes."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    for _ in range(10):
        reporter(events.Waiting("The rate limit leaves no room.", 5.0))
        clock.time += 5.0

    assert capsys.readouterr().err.count("rate limit") == 1


def test_plain_progress_tells_of_a_long_upload_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is quick is told by its end alone; one that takes minutes, by a line about each minute."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    for sent in range(21):
        reporter(events.Uploading("plan.pdf", sent * 1_000_000, 20_000_000))
        clock.time += 9.0
    reporter(events.DocumentAttached("plan.pdf", 20_000_000))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Uploading plan.pdf: 7.0 MB of 20.0 MB."
    assert len(lines) == 3
    assert lines[-1] == "Attached plan.pdf (20.0 MB)."
