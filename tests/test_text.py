"""Names, money, time and sizes in words."""

from __future__ import annotations

import pytest

from specstep_flows._text import counted, duration, money, percent, size, spaced


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (-3, "0s"),
        (48.4, "48s"),
        (60, "1m"),
        (185, "3m 05s"),
        (7800, "2h 10m"),
        (273600, "3d 4h"),
    ],
)
def test_durations_are_said_in_two_units_at_most(seconds: float, words: str) -> None:
    """A duration is said as a person would, and never as a negative one."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("usd", "words"), [(None, "unknown"), (0.0, "$0.00"), (0.0042, "$0.004"), (2.5, "$2.50"), (1234.5, "$1,234.50")]
)
def test_money_never_hides_a_small_cost(usd: float | None, words: str) -> None:
    """An amount below a cent is not shown as nothing."""
    assert money(usd) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "unknown size"), (1, "1 byte"), (999, "999 bytes"), (1650, "1.6 KB"), (999_960, "1.0 MB")],
)
def test_sizes(count: int | None, words: str) -> None:
    """A size has one decimal above a thousand bytes."""
    assert size(count) == words


def test_names_of_states_are_spaced() -> None:
    """The service's compound names are read as words; words stay as they are."""
    assert spaced("SpecialistReview") == "Specialist review"
    assert spaced("awaiting_clarification") == "Awaiting clarification"
    assert spaced("already words") == "already words"
    assert spaced("") == ""


def test_numbers_with_their_nouns() -> None:
    """One file, two files; a percentage has no decimals."""
    assert [counted(1, "file"), counted(2, "file"), counted(0, "retry", "retries")] == [
        "1 file",
        "2 files",
        "0 retries",
    ]
    assert percent(70.6) == "71%"
