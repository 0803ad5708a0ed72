"""What a run tells: plain, frozen values that a program can match on."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest

from specstep_flows import events

KINDS = [getattr(events, name) for name in events.__all__ if name != "Event"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_one_and_says_what_happened(kind: type[events.Event]) -> None:
    """Whoever listens matches on these classes, and reads their docstrings and fields."""
    assert issubclass(kind, events.Event)
    assert kind.__doc__
    assert attrs.fields(kind)


def test_two_events_of_one_content_are_equal() -> None:
    """So tests of a listener compare whole lists."""
    started = events.GenerationStarted(UUID(int=1), adopted=False)

    assert started == events.GenerationStarted(UUID(int=1), adopted=False)
    assert started != events.GenerationStarted(UUID(int=1), adopted=True)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        started.adopted = True  # type: ignore[misc]
