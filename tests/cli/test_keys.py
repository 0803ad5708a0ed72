"""What a terminal hands on: everything that arrives at once as one text, whatever ends its lines have."""

from __future__ import annotations

import os
import select
import sys

import pytest

from specstep_flows.cli.keys import Keys, read_at_once, read_bytes


def _refuse(*_: object) -> None:
    raise OSError(10038, "An operation was attempted on something that is not a socket")


@pytest.fixture(params=["linux", "win32"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one can wait for a pipe, and where one cannot."""
    if request.param == "win32":
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(select, "select", _refuse)


def read(monkeypatch: pytest.MonkeyPatch, data: bytes, seconds: float | None, *, is_closed: bool = False) -> str | None:
    reading, writing = os.pipe()
    os.write(writing, data)
    if is_closed:
        os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        try:
            return read_at_once(seconds)
        finally:
            if not is_closed:
                os.close(writing)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"yes\n", "yes"),
        (b"one\r\ntwo\rthree\n\nfour", "one\ntwo\nthree\n\nfour"),
        (b"one\n\n", "one\n"),
        (b"caf\xe9\n", "caf\ufffd"),
    ],
)
@pytest.mark.usefixtures("system")
def test_lines_that_arrive_at_once_are_one_text(monkeypatch: pytest.MonkeyPatch, data: bytes, expected: str) -> None:
    """Only the last line's end is not part of it."""
    assert read(monkeypatch, data, None) == expected


@pytest.mark.usefixtures("system")
def test_nothing_and_the_end_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing yet is no text; the end of input is None, but what came before it is read."""
    assert read(monkeypatch, b"", 0.0) == ""
    assert read(monkeypatch, b"", None, is_closed=True) is None
    assert read(monkeypatch, b"last", None, is_closed=True) == "last"


@pytest.mark.usefixtures("system")
def test_nothing_is_lost_by_not_waiting_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes later is read later, and the end is the end for good."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert read_bytes(0.0) is None
        os.write(writing, b"first")
        assert read_bytes(None) == b"first"
        assert read_bytes(0.0) is None
        os.write(writing, b"second")
        os.close(writing)
        assert [read_bytes(None), read_bytes(None), read_bytes(0.0)] == [b"second", b"", b""]


def test_a_console_of_windows_is_sent_no_sequences(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An older one would show them."""
    for platform, expected in (("linux", "\x1b[?2004h\x1b[?2004l"), ("win32", "")):
        monkeypatch.setattr(sys, "platform", platform)
        with Keys().held():
            pass
        assert capfd.readouterr().err == expected


def test_what_is_no_terminal_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holding and lending a pipe changes nothing, and neither fails."""
    keys = Keys()
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with keys.held(), keys.held(), keys.released():
            assert keys.is_held
    os.close(writing)
    assert not keys.is_held
