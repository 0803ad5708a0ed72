"""How the words of the agent look."""

from __future__ import annotations

import sys

import pytest

from specstep_flows.cli.interview.view import show_reply
from specstep_flows.cli.terminal import Terminal


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_utf8_is_written_to_all_the_same(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bullets and other letters that it does not have become signs that it has."""
    import io

    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    show_reply(Terminal(), "- **one** 顧客\n- two")
    stream.flush()

    assert b"one" in stream.buffer.getvalue()
