"""Which failure ends with which exit code: a promise to scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.cli import exits

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.AnswersError("x"), 2),
        (errors.WrongState("x"), 1),
        (errors.RunBusy("x"), 3),
        (errors.WaitTimeout("x"), 3),
        (errors.GenerationPaused("x"), 3),
        (errors.AnswersNeeded("x"), 5),
        (errors.NotConnected("x"), 7),
        (errors.PermissionDenied("x"), 4),
        (errors.RefusedOnTheWay("x"), 7),
        (errors.SignedUrlExpired("x"), 7),
        (errors.OutputError("x"), 2),
        (errors.HostilePackage("x"), 8),
        (errors.InterviewEnded("x"), 1),
        (errors.SpecStepError("x"), 1),
    ],
)
def test_each_kind_of_failure_has_its_code(error: errors.SpecStepError, code: int) -> None:
    """The most specific class decides: a download that fails may be repeated, a hostile package may not."""
    assert exits.exit_code(error) == code


def test_a_turn_is_worth_another_try_only_where_the_service_says_so() -> None:
    """One that can be submitted again ends like a broken connection, any other like a failed run."""
    assert exits.exit_code(errors.TurnFailed("x", is_retryable=True)) == exits.NETWORK
    assert exits.exit_code(errors.TurnFailed("x", is_retryable=False)) == exits.FAILED


def test_a_store_that_fails_in_the_middle_of_a_run_leaves_it_resumable() -> None:
    """Before a run there is nothing to resume."""
    error = errors.StoreError("x")
    assert exits.exit_code(error) == exits.USAGE
    error.run_id = "tea"
    assert exits.exit_code(error) == exits.DETACHED


def test_the_page_names_every_code() -> None:
    """What is promised stands in docs/cli.md, and nothing else does."""
    codes = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    rows = [line.split("|")[1].strip() for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]

    assert {int(row) for row in rows if row.isdigit()} == codes
