"""The reference documents of a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specstep_flows import errors
from specstep_flows.cli.interview.conversation import Conversation
from specstep_flows.sandbox import Sandbox
from tests.kit.api import op
from tests.kit.conversation import Driver, talk_about

if TYPE_CHECKING:
    from collections.abc import Callable


def test_documents_are_attached_listed_and_removed(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name as a shell would take it, and by the number that the list shows."""
    (tmp_path / "my notes.md").write_text("# Notes")
    (tmp_path / "plan.yaml").write_text("a: 1")
    (tmp_path / "dropped here.md").write_text("# Dropped")
    _, interview, said = talk_about(
        driver,
        typed,
        f'/attach "{tmp_path}/my notes.md"\n/attach {tmp_path}/plan.yaml\n/documents\n/remove 1\n/documents\n'
        f"/attach {tmp_path}/dropped\\ here.md\n/remove dropped here.md\nGo on.\n",
    )

    assert said == "Go on."
    assert sandbox.requests.count(op("upload_reference_document")) == 3
    written = capsys.readouterr().err
    assert "Uploading my notes.md (7 bytes)" in written
    assert "1. my notes.md (7 bytes)" in written
    assert "2. plan.yaml (4 bytes)" in written
    assert "my notes.md is removed." in written
    assert "dropped here.md is removed." in written
    assert [document.name for document in driver.client.list_documents(interview.id)] == ["plan.yaml"]


def test_off_a_terminal_an_upload_is_two_quiet_lines(
    driver: Driver, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One when it begins and one when the document is attached, however large it is; no bar, no sequences."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 3_000_000)
    talk_about(driver, typed, f"/attach {tmp_path}/plan.pdf\nGo on.\n")

    lines = [line for line in capsys.readouterr().err.splitlines() if "plan.pdf" in line]
    assert lines == ["Uploading plan.pdf (3.0 MB)…", "plan.pdf is attached (3.0 MB)."]


def test_a_large_document_is_only_warned_about(
    driver: Driver, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pages name no limit, so whether it fits is the service's to say."""
    (tmp_path / "big.txt").write_bytes(b"x" * 3000)
    typed(f"/attach {tmp_path}/big.txt\nGo on.\n".encode())
    talk = Conversation(driver, large_megabytes=0.001)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    talk.respond(interview.reply, interview)

    written = capsys.readouterr().err
    assert "big.txt is large (3.0 KB)" in written
    assert "big.txt is attached (3.0 KB)." in written


def test_a_script_that_cannot_attach_a_document_pays_for_nothing(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None]
) -> None:
    """With --yes nobody would notice that it is missing before the generation is paid for: it stops there."""
    driver.yes = True
    driver.call.run_id = "mine"
    talk, interview, said = talk_about(driver, typed, "A portal.\n/attach missing.md\n/done\n")
    assert said == "A portal."
    with pytest.raises(errors.UsageError, match=r"cannot be read.*`specstep resume mine`"):
        talk.respond("Who will use it?", interview)
    assert not sandbox.state.generations
