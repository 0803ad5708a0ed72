"""A whole run out of the committed cassette: what the client sends is what was recorded, and no server is there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from recording.cassettes import BRIEF, RUN, player
from recording.scrubbing import API, stand_in_package
from vcr.errors import CannotOverwriteExistingCassetteException

from specstep_flows import AsyncSpecStep, RunStore, SpecStep
from specstep_flows.events import GenerationProgress

KEY = "sf_of_a_replay"

# What went over the wire once must still make a whole run with a client that was just regenerated.
pytestmark = pytest.mark.contract


def test_a_whole_run_is_replayed(cassette: Any, clock: Any, tmp_path: Path) -> None:
    """Every recorded request is made once more, with the same body, and the package lands on disk, unpacked."""
    states = []
    with (
        player(cassette) as tape,
        SpecStep(KEY, api_url=API, store=RunStore.in_memory(), clock=clock) as specstep,
    ):
        result = specstep.run(
            BRIEF,
            output=tmp_path / "package.zip",
            unpack=True,
            on_event=lambda event: states.append(cast(Any, event).generation.state) if is_progress(event) else None,
            **RUN,
        )

    assert tape.play_count == len(tape)
    assert result.path.read_bytes() == stand_in_package()
    assert result.unpacked_to is not None
    assert (result.unpacked_to / "README.md").is_file()
    assert {"Drafting", "PausedAwaitingClarification"} <= set(states)
    assert states[-1] == "Complete"
    assert [answer.question for answer in result.answers]


def test_the_async_client_replays_the_same_cassette(cassette: Any, clock: Any, tmp_path: Path) -> None:
    """One cassette serves both clients, because both send the same."""

    async def replay() -> Any:
        async with AsyncSpecStep(KEY, api_url=API, store=RunStore.in_memory(), clock=clock) as specstep:
            return await specstep.run(BRIEF, output=tmp_path / "package.zip", **RUN)

    with player(cassette) as tape:
        result = asyncio.run(replay())

    assert tape.play_count == len(tape)
    assert result.path.read_bytes() == stand_in_package()


def test_a_request_that_was_not_recorded_is_not_sent(cassette: Any, clock: Any, tmp_path: Path) -> None:
    """A replay answers for what was recorded alone: another brief is another request, and nothing goes out."""
    with (
        player(cassette),
        SpecStep(KEY, api_url=API, store=RunStore.in_memory(), clock=clock) as specstep,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        specstep.run("Something else.", output=tmp_path / "package.zip", **RUN)

    assert list(tmp_path.iterdir()) == []


def is_progress(event: Any) -> bool:
    return isinstance(event, GenerationProgress)
