"""What a run tells: plain, frozen values that a program can match on."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest

from specstep_flows import events
from specstep_flows.models import Answer, Clarification, Generation

KINDS = [getattr(events, name) for name in events.__all__ if name != "Event"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_one_and_says_what_happened(kind: type[events.Event]) -> None:
    """Whoever listens matches on these classes, and reads their docstrings and fields."""
    assert issubclass(kind, events.Event)
    assert kind.__doc__
    assert attrs.fields(kind)


def test_an_event_is_one_short_line_of_text() -> None:
    """``on_event=print`` is the first that a person tries, in a notebook above all."""
    generation = Generation(UUID(int=2), "Drafting", running_cost_usd=0.28, progress_percent=26.4, raw={"a": "b" * 500})
    long = "line\n" * 200

    assert str(events.RunOpened("portal", resumed=False)).startswith("Run opened: run id portal, resumed False")
    assert str(events.GenerationProgress(generation, 30.0)).startswith("Generation: Drafting 26%, ")
    question = Clarification("Which database?")
    assert str(events.QuestionsAsked(UUID(int=1), (question,))) == "Questions asked: Which database?"
    answers = (Answer("Which database?", "PostgreSQL 16.", "proposed default"),)
    assert str(events.QuestionsAnswered(UUID(int=1), answers)) == "Answered: PostgreSQL 16. (proposed default)"
    assert "$0.28" in str(events.GenerationProgress(generation, 30.0))
    for event in (events.TurnSubmitted(1, None, long), events.InterviewStarted(UUID(int=1), long)):
        assert "\n" not in str(event)
        assert len(str(event)) < 200
    # A sentence that is told, perhaps of money, is whole.
    assert str(events.Notice(f"{long}cancel one of them.")).endswith("line cancel one of them.")


def test_two_events_of_one_content_are_equal() -> None:
    """So tests of a listener compare whole lists."""
    started = events.GenerationStarted(UUID(int=1), adopted=False)

    assert started == events.GenerationStarted(UUID(int=1), adopted=False)
    assert started != events.GenerationStarted(UUID(int=1), adopted=True)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        started.adopted = True  # type: ignore[misc]
