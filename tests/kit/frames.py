"""A terminal whose bytes can be read, and what a live display draws on it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import Console

from specstep_flows import events
from specstep_flows.cli.progress.display import LiveDisplay
from specstep_flows.models import Generation

if TYPE_CHECKING:
    from specstep_flows.models import ConversationItem

RUN = "20260601-abcd1234"


def terminal(width: int = 80, height: int = 40, encoding: str = "utf-8", **options: Any) -> Console:
    """A terminal of that size whose bytes can be read."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=file, width=width, height=height, force_terminal=True, **{"color_system": None, **options})


def written(console: Console) -> str:
    """What a terminal was sent."""
    file = console.file
    assert isinstance(file, io.TextIOWrapper)
    file.flush()
    buffer = file.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(file.encoding)


def shown(console: Console, clock: Any, *told: events.Event, conversation: list[ConversationItem] | None = None) -> str:
    """The frame after these events."""
    display = LiveDisplay(console, clock=clock, conversation=(lambda _: conversation) if conversation else None)
    for event in told:
        display(event)
    before = len(written(console))
    console.print(display)
    return written(console)[before:]


def looks(generation: Generation) -> list[events.Event]:
    """A run that was seen queued and drafting before."""
    states = ("Queued", "Drafting", generation.state)
    return [
        events.RunOpened(RUN, resumed=False),
        events.GenerationStarted(generation.id, adopted=False),
        *(events.GenerationProgress(attrs.evolve(generation, state=state), 15.0) for state in states),
    ]
