"""The bar of an upload, in a pseudo-terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from specstep_flows import events
from specstep_flows.cli.progress.upload_bar import UploadBar
from specstep_flows.cli.terminal import Terminal
from specstep_flows.sandbox import Sandbox
from tests.kit.pseudo_terminal import at_terminal, enter, fast_sandbox, finish

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


@pytest.mark.parametrize("width", [40, 100])
def test_an_upload_draws_a_bar_that_goes_when_it_is_done(
    start: Start, sandbox: Sandbox, tmp_path: Path, width: int
) -> None:
    """Both what the command line attaches and what /attach does; then a line says that it is attached."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 2_000_000)
    (tmp_path / "other.pdf").write_bytes(b"y" * 2_000_000)
    child = start("interview", "--attach", "plan.pdf", width=width)
    child.expect_exact("plan.pdf ")
    child.expect_exact("100%")
    child.expect_exact("Attached plan.pdf (2.0 MB).")
    child.expect_exact("> ")
    enter(child, "/attach other.pdf")
    child.expect_exact("Uploading other.pdf")
    child.expect_exact("100%")
    child.expect_exact("other.pdf is attached (2.0 MB).")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3
    (interview,) = sandbox.state.interviews.values()
    assert [len(document.content) for document in interview.documents.values()] == [2_000_000, 2_000_000]


def test_nothing_is_drawn_where_nothing_can_be_redrawn(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe the bar stays silent; the line about the attached document is the reporter's."""
    bar = UploadBar(Terminal())
    bar.show(events.Uploading("plan.pdf", 1, 2))
    bar.close()

    assert not bar.is_possible
    assert capsys.readouterr() == ("", "")
