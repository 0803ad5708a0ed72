"""Text from the service before it is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows._text import plain_line, plain_text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("\x1bcreset", "reset"),
        ("a\x08\x08b\x00c\x7f", "abc"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud800 pair", "half pair"),
        ("two\r\nlines\u2028three", "two lines three"),
    ],
)
def test_nothing_that_steers_a_terminal_is_left(hostile: str, shown: str) -> None:
    """Escape sequences, controls and bidi overrides are gone; the words stay."""
    assert plain_line(hostile) == shown


def test_joiners_stay() -> None:
    """Emoji families and words of some scripts need them."""
    assert plain_line("👨\u200d👩\u200d👧") == "👨\u200d👩\u200d👧"


def test_a_terminal_without_utf8_gets_question_marks() -> None:
    """What the terminal's encoding does not have is no reason to fail."""
    assert plain_line("résumé 顧客", "latin-1") == "résumé ??"
    assert plain_line(None) == ""


@given(st.text(alphabet=st.characters(codec=None)))
def test_whatever_comes_is_printable(text: str) -> None:
    """No input leaves a control, a format character but joiners, or half of a surrogate pair."""
    for character in plain_text(text):
        assert character in "\n\t\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")
    assert "\n" not in plain_line(text)
