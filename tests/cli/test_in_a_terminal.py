"""A run in a pseudo-terminal: interrupts, a resized window, and terminals that can do little."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op
from tests.kit.pseudo_terminal import at_terminal, fast_sandbox, finish, seen

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
    child.expect_exact("next look")
    child.sendintr()
    child.expect_exact("To continue: specstep resume mine")
    assert finish(child) == 3

    child = start("resume", "mine", "--on-question", "defaults")
    child.expect_exact("Drafting")
    child.expect_exact("next look")
    child.sendintr()
    assert finish(child) == 3
    assert len(sandbox.state.generations) == 1
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Drafting"


def test_ctrl_c_twice_stops_at_once_though_a_request_is_in_flight(start: Start, sandbox: Sandbox) -> None:
    """The first waits for the answer, so that it can be recorded; the second waits for nothing."""
    sandbox.faults.add(Fault(op("start_generation"), "stall", commit=True))
    child = start("run", "A portal.", "--yes", "--run-id", "mine")
    child.expect_exact("The interview is complete.")
    while not sandbox.state.generations:
        child.expect([pexpect.TIMEOUT], timeout=0.1)
    child.sendintr()
    child.expect_exact("Ctrl-C again to stop at once")
    child.sendintr()
    assert finish(child) == 130

    child = start("resume", "mine", "--yes", "--on-question", "defaults", "-o", "portal.zip")
    child.expect_exact("checking that first")
    child.expect_exact("Saved ")
    assert finish(child) == 0
    assert len(sandbox.state.generations) == 1


def test_a_resized_window_is_drawn_anew(start: Start, sandbox: Sandbox) -> None:
    """From wide to narrow while the run is watched: the frame fits, and what was said stays in sight."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults", width=130)
    child.expect_exact("Security review")
    child.expect_exact("next look")
    child.setwinsize(30, 50)
    child.expect_exact("Run mine")
    child.expect_exact("stage 2 of 11")
    child.expect_exact("next look: ")
    frame = seen(child).replace("\r", "").split("\n")
    assert max(map(len, frame)) <= 50
    child.sendintr()
    assert finish(child) == 3


@pytest.mark.parametrize(
    ("environment", "mark"),
    [({"TERM": "dumb"}, "Complete 100%"), ({"LANG": "C", "PYTHONIOENCODING": "ascii"}, "Complete")],
)
def test_a_dumb_terminal_and_one_without_utf8_are_served(
    start: Start, environment: dict[str, str], mark: str, tmp_path: Path
) -> None:
    """Lines instead of a display that moves, and no letter that the terminal does not have."""
    child = start("run", "A portal für 顧客.", "--yes", "--profile", "Fast", "--on-question", "defaults", **environment)
    child.expect_exact("Saved ")
    text = str(child.before)
    assert finish(child) == 0
    assert mark in text
    if environment["TERM" if "TERM" in environment else "LANG"] == "dumb":
        assert "\x1b" not in text
    else:
        assert text.isascii()
