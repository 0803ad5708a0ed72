"""What a worker says on stderr: a line for what a person would ask, and nothing secret."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.cli.fleet_work import named_policies, told_log, words_of
from specstep_flows.cli.terminal import Terminal
from specstep_flows.models import Answer, Clarification

ID = UUID(int=7)
LOG = logging.getLogger("specstep_flows.fleet.worker")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (events.GenerationStarted(ID, adopted=False), f"generation {ID} is started."),
        (events.GenerationStarted(ID, adopted=True), f"generation {ID} is taken up."),
        (events.QuestionsAsked(ID, (Clarification("Q?"),)), "1 question asked."),
        (events.QuestionsAnswered(ID, (Answer("Q?", "A."), Answer("R?", "B."))), "2 answers sent."),
        (
            events.Waiting("The limit of kickoffs is reached.", 75.0),
            "The limit of kickoffs is reached. Next try in 1m 15s.",
        ),
        (events.Notice("It\nis so."), "It is so."),
        (events.Downloading(1, 2), None),
    ],
)
def test_an_event_is_a_line_or_nothing(event: events.Event, words: str | None) -> None:
    """What happens all the time would only fill the log."""
    assert words_of(event) == words


def test_lines_have_their_time_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a key, nor a signed address, nor the text of an error of ours, which may hold anything."""
    before = LOG.handlers[:], logging.getLogger("specstep_flows.fleet").handlers[:]
    with told_log(Terminal()):
        LOG.info("Run %s is taken.", "tea")
        LOG.warning("Refused: sf_0123456789abcdef0123456789, https://blobs.example/p.zip?sig=abcdef0123456789")
        try:
            raise ValueError("sf_0123456789abcdef0123456789")
        except ValueError:
            LOG.exception("Run tea met an error of this program")
        LOG.debug("not this")
    LOG.info("nor this")
    assert before == (LOG.handlers, logging.getLogger("specstep_flows.fleet").handlers)
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in lines] == [
        "Run tea is taken.",
        "Refused: sf_…, https://blobs.example/…",
        "Run tea met an error of this program (ValueError)",
    ]


@pytest.mark.parametrize("name", ["psycopg.pool", "psycopg", "procrastinate.worker"])
def test_connections_that_are_replaced_are_nobodys_business(name: str) -> None:
    """A server that ends idle ones would fill the log, with lines that say nothing to a person."""
    with told_log(Terminal()):
        assert not logging.getLogger(name).isEnabledFor(logging.WARNING)
        assert logging.getLogger(name).isEnabledFor(logging.ERROR)


def test_quiet_leaves_out_what_goes_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings are said."""
    with told_log(Terminal(is_quiet=True)):
        LOG.info("Run tea is taken.")
        LOG.warning("The clock is off.")
    assert "taken" not in (said := capsys.readouterr().err)
    assert "The clock is off." in said


def test_policies_are_answers_files_by_name(tmp_path: Path) -> None:
    """A name that is given twice is a slip."""
    (tmp_path / "a.yaml").write_text("default: Yes.\n")
    given = f"house={tmp_path}/a.yaml"
    assert named_policies([given])["house"]([Clarification("Q?")]) is not None
    for wrong in ([given, given], ["house="], ["=a.yaml"], ["house"]):
        with pytest.raises(errors.UsageError, match=r"house|NAME=FILE"):
            named_policies(wrong)
