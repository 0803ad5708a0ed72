"""A brief in one value or in several."""

from __future__ import annotations

from pathlib import Path

import pytest

from specstep_flows.callbacks import Brief, whole_brief
from specstep_flows.errors import UsageError
from specstep_flows.models import Interview


def say_no_more(reply: str | None, interview: Interview) -> None:
    """A respondent that has nothing to add."""


def test_a_brief_is_one_message_or_several() -> None:
    """A single string is one message, not its letters; attachments are paths."""
    assert Brief("A portal.").messages == ("A portal.",)
    assert Brief(["A portal.", "For schools."], ["plan.pdf"]) == Brief(
        ("A portal.", "For schools."), (Path("plan.pdf"),)
    )


def test_what_a_brief_lacks_may_be_given_beside_it() -> None:
    """As ``run`` takes it: in the Brief, or as arguments of its own."""
    brief = Brief("A portal.", ["plan.pdf"])

    assert whole_brief("A portal.", ["plan.pdf"], say_no_more) == whole_brief(brief, (), say_no_more)
    assert whole_brief(brief, (), None) == brief


def test_what_is_given_twice_is_refused() -> None:
    """Nobody could tell which of them counts."""
    with pytest.raises(UsageError, match="attachments"):
        whole_brief(Brief("A portal.", ["plan.pdf"]), ["other.pdf"], None)
    with pytest.raises(UsageError, match="respondent"):
        whole_brief(Brief("A portal.", respondent=say_no_more), (), say_no_more)
