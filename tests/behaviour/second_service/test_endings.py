"""How a run ends that does not end well at another server: the exit code, and what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import errors
from specstep_flows.cli.exits import exit_code
from tests.behaviour.second_service.bench import Terminal, real_clock, run_library
from tests.behaviour.second_service.server import SecondService
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import PLAIN, VARIANTS
from tests.kit.api import op
from tests.kit.tiers import one_in

QUOTA = (402, "QUOTA_EXCEEDED", "You have used 5 of 5 generations this month.")
OVERAGE = (403, "QUOTA_EXCEEDED", "Enable extra usage.")
CAP = (409, "CONCURRENCY_CAP_REACHED", "Two are running.")
BAD = (400, "VALIDATION_ERROR", "The intake is too old.")
LATE_PACKAGE = {"package_in_status": False, "package_seconds": 1e9}
LATE_ARTIFACT = {"artifact_seconds": 1e9, "missing": frozenset({"intake-artifacts"})}

#: What the server does; the error; the exit code; what the sentence says; whether a kickoff was paid for.
ENDINGS = [
    ("a 402 in words", {"kickoff_refusal": QUOTA}, errors.QuotaExceeded, 6, "nothing seems to have been started", 0),
    ("a bare 402", {"kickoff_refusal": QUOTA, "problems": "empty"}, errors.QuotaExceeded, 6, "quota", 0),
    (
        "a 403 in plain text",
        {"kickoff_refusal": OVERAGE, "problems": "text"},
        errors.QuotaExceeded,
        6,
        "extra usage",
        0,
    ),
    ("a 403 by address", {"kickoff_refusal": OVERAGE, "problems": "uri"}, errors.QuotaExceeded, 6, "extra usage", 0),
    ("the cap", {"kickoff_refusal": CAP}, errors.ConcurrencyCapReached, 6, "nothing seems to have been started", 0),
    (
        "a bare 409",
        {"kickoff_refusal": CAP, "problems": "empty"},
        errors.Conflict,
        1,
        "nothing seems to have been started",
        0,
    ),
    ("a 400 in plain text", {"kickoff_refusal": BAD, "problems": "text"}, errors.BadRequest, 2, "too old", 0),
    ("an unknown failure", {"end": "Failed"}, errors.GenerationFailed, 1, "(Sabotage: Somebody pulled the plug)", 1),
    ("a bare failure", {"end": "Failed", "lean_status": True}, errors.GenerationFailed, 1, "no reason given", 1),
    ("cancelled", {"end": "Cancelled"}, errors.GenerationCancelled, 1, "no package", 1),
    ("paused", {"end": "Paused"}, errors.GenerationPaused, 3, "nothing is being spent", 1),
    ("too short", {"never_completes": True}, errors.InterviewEnded, 1, "(Otto has to know more first)", 0),
    ("no artifact", LATE_ARTIFACT, errors.InterviewEnded, 1, "resume the run to look again", 0),
    ("no package", LATE_PACKAGE, errors.DownloadError, 7, "resume the run later", 1),
]


@pytest.mark.parametrize(
    ("choices", "kind", "code", "words", "kickoffs"),
    one_in(3, [row[1:] for row in ENDINGS]),
    ids=[row[0] for row in ENDINGS],
)
def test_an_end_is_told_in_its_own_words(
    tmp_path: Path, choices: Any, kind: Any, code: Any, words: Any, kickoffs: Any
) -> None:
    """One sentence or two that say what it means for the money, and the exit code that CLI users branch on."""
    outcome = run_library(tmp_path, PLAIN.but(**choices))
    failure = outcome.failures[0]

    assert type(failure) is kind
    assert exit_code(failure) == code
    assert words in failure.message
    assert failure.message.endswith((".", ")"))
    assert ".." not in failure.message
    assert len(outcome.service.books.kickoffs) == kickoffs


@pytest.mark.parametrize("after", [False, True], ids=["never arrived", "was carried out"])
def test_a_service_that_stumbles_twice_is_paid_once(tmp_path: Path, after: bool) -> None:
    """Two refused kickoffs in a row, of which none or one was carried out: one command sends no third one."""
    outcome = run_library(tmp_path, PLAIN, Trouble(op("start_generation"), "503", after, times=2))

    assert [type(failure) for failure in outcome.failures] == ([] if after else [errors.OutcomeUnknown])
    outcome.check()


def test_accepted_types_that_cannot_be_read_are_those_of_the_pages(tmp_path: Path) -> None:
    """The service wants a type and detected one; what it accepts is refused for good, which starts no second look."""
    outcome = run_library(
        tmp_path, VARIANTS["strict_type"], Trouble(op("get_capabilities"), "500", after=True, times=1000)
    )

    assert outcome.failures == []
    assert not any("whether the generation was started" in sentence for sentence in outcome.sentences())
    outcome.check()


def test_a_project_type_that_nobody_named_is_asked_for(tmp_path: Path) -> None:
    """The service wants a type, and detected none that it tells: the run goes on where it stopped, with
    another project type."""
    variant = VARIANTS["strict_type_hidden"].but(lists_types=False)
    outcome = run_library(tmp_path, variant)

    assert "`project_type`" in outcome.failures[0].message
    assert outcome.service.books.kickoffs == []


@pytest.mark.slow
def test_a_project_type_may_be_given_later(tmp_path: Path) -> None:
    """The same run id and brief, now with a type: the interview is not held again."""
    with SecondService(VARIANTS["strict_type_hidden"].but(lists_types=False), real_clock) as service:
        terminal = Terminal(tmp_path, service)
        first = terminal.run()
        assert (first.code, first.document()["code"]) == (2, "bad_request")

        terminal.check(terminal.run("--project-type", "WebApp"))
        assert len(service.books.interviews) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nothing_optional", "nothing_optional_501", "nothing_optional_405"])
def test_a_service_without_extras_is_well_all_the_same(tmp_path: Path, name: str) -> None:
    """No quota, no capabilities: the doctor warns, and a rehearsal goes through."""
    with SecondService(VARIANTS[name], real_clock) as service:
        terminal = Terminal(tmp_path, service)

        assert terminal.ask("doctor", "--json").code == 0
        assert terminal.ask("run", "brief.md", "--dry-run", "--json").code == 0
        assert service.books.interviews == []
