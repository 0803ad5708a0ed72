"""Names, money, time and sizes in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import specstep_flows
from specstep_flows._text import (
    counted,
    did_you_mean,
    duration,
    money,
    nearest,
    parse_duration,
    percent,
    size,
    spaced,
    without_secrets,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (-3, "0s"),
        (48.4, "48s"),
        (60, "1m"),
        (185, "3m 5s"),
        (3900, "1h 5m"),
        (7800, "2h 10m"),
        (273600, "3d 4h"),
        (259200, "3d"),
    ],
)
def test_durations_are_said_in_two_units_at_most(seconds: float, words: str) -> None:
    """A duration is said as a person would, and never as a negative one."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("90s", 90),
        (" 30m ", 1800),
        ("30 min", 1800),
        ("2H", 7200),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5 hours", 5400),
        ("1d 2h", 93600),
        ("0s", 0),
        *((text, None) for text in ("", " ", "h", "1h30", "30m1h", "-5", "30x", "5 5", "1e5", "nan", "inf", "\u0663s")),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float | None) -> None:
    """A number alone is seconds; what could mean two things is refused."""
    assert parse_duration(text) == seconds


@given(st.integers(0, 10**9))
def test_what_is_shown_as_a_duration_is_read_as_one(seconds: int) -> None:
    """To the two units that are shown."""
    read = parse_duration(duration(seconds))

    assert read is not None
    assert duration(read) == duration(seconds)


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


@pytest.mark.parametrize(
    "kept",
    [
        "https://specstep.com",
        "http://127.0.0.1:8787 runs in real time",
        "see https://specstep.com/docs/api-errors#quota-limits.",
        "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        "(https://specstep.com/v1/generations)",
        "Write it as HTTPS_PROXY (http://name:password@host:port).",
        "/home/me/what? = this.zip",
        "sf_bay_area_2026.zip",
        "oat_milk_and_sf_something",
    ],
)
def test_pages_paths_and_names_are_no_secrets(kept: str) -> None:
    """An error that names them helps."""
    assert without_secrets(kept) == kept


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("https://blobs.example/0190a1/x.zip", "https://blobs.example/…"),
        ("https://me:password@blobs.example", "https://blobs.example/…"),
        ("(https://me:password@blobs.example:80).", "(https://blobs.example:80/…"),
        ("https://[::1]:80/x?y", "https://[::1]:80/…"),
        ("config/sf_0123456789abcdef.toml", "config/sf_…"),
        ("oat_eyJhbGciOiJIUzI1NiJ9.e30.abc-def", "oat_…"),
        ("sf_live_0123456789abcdef", "sf_…"),
    ],
)
def test_what_may_be_a_secret_is_cut(secret: str, shown: str) -> None:
    """Of an address the host stays, of a key what kind it is."""
    assert without_secrets(f"at {secret} now") == f"at {shown} now"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "sf_a-",
            "sf_",
            "sf_a1_",
            "sf_aaaaaaaaaaaa",
            "oat_-",
            "https://",
            "https://a@",
            "https%3a%2f%2f",
            "https://x/a-",
        ),
        *(" /%3f", "/?", " /a;", " /a?%3d%", "a-", "a-signature", "sig", "%3d", "signature-", "https://x/a1#a.", "//"),
        *("https://::::::::a", ":", ":a", "https://x/a:", "name:password@"),
    ],
)
def test_no_text_keeps_the_search_busy(piece: str) -> None:
    """A service may send any text in any length: one that the search would go over again and again would not end."""
    for text in (piece * 20_000, f"https://x/{piece * 20_000}", f" /{piece * 20_000}", f"https://{piece * 20_000}a"):
        without_secrets(text, is_foreign=True)


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("Fsat", ("Extensive", "Fast", "Normal"), "Fast"),
        ("EXTEN", ("Extensive", "Fast", "Normal"), "Extensive"),
        ("done-rnu", ("done-run", "portal"), "done-run"),
        ("--since", ("--offline", "--json"), None),
        ("", ("a", "b"), None),
        ("zzz", ("Fast", "Normal"), None),
        ("brief", ("brief.md", "notes.md"), "brief.md"),
    ],
)
def test_the_nearest_name(word: str, names: tuple[str, ...], near: str | None) -> None:
    """One that is alike in any letters, or the only one that begins so; far ones are no guess."""
    assert nearest(word, names) == near
    assert did_you_mean(word, names) == ("" if near is None else f" Did you mean {near!r}?")


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=8))
def test_a_guess_is_one_of_the_names(word: str, names: list[str]) -> None:
    """Whatever is typed; a name itself is its own nearest."""
    found = nearest(word, names)
    assert found is None or found in names


#: An amount, a percentage or seconds that are formatted where they are said.
BY_HAND = re.compile(r"\$\{[^{}]*:[^{}]*\}|\{[^{}]*:[^{}]*\}( ?%| s\b)(?!\w)|\{[^{}]*/ 60[^{}]*\}")
#: The axis of a plot has its own steps; settings and time-outs are in the seconds that were set.
ELSEWHERE = ("_text.py", "report/plot.py", "settings.py", "package/blob_host.py", "webhooks/verify.py")


def test_money_percentages_and_durations_are_written_in_one_place() -> None:
    """``$0.64``, ``71%`` and ``2m 44s`` everywhere, because nobody formats them by hand."""
    package = Path(specstep_flows.__file__).parent
    found = [
        f"{path.relative_to(package)}: {match[0]}"
        for path in package.rglob("*.py")
        if not path.is_relative_to(package / "sandbox") and path.relative_to(package).as_posix() not in ELSEWHERE
        for match in BY_HAND.finditer(path.read_text("utf-8"))
    ]

    assert found == []
