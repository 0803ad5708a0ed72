"""What holds whatever is asked, and whenever: time, transcripts, archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.sandbox import (
    ClarificationRound,
    Failure,
    HostRestart,
    ManualClock,
    ProviderRetry,
    Question,
    SandboxOptions,
    interviews,
    kickoffs,
)
from specstep_flows.sandbox.options import RUNNING_STATES
from specstep_flows.sandbox.records import Turn, transcript_size
from specstep_flows.sandbox.simulation import plan
from specstep_flows.sandbox.world import World
from specstep_flows.sandbox.zips import build_zip

fractions = st.floats(0, 1)
states = st.sampled_from(RUNNING_STATES[1:])
options = st.builds(
    SandboxOptions,
    clarifications=st.lists(
        st.builds(ClarificationRound, st.just((Question("One?"),)), state=states, fraction=fractions), max_size=2
    ).map(tuple),
    failures=st.lists(st.builds(Failure, state=states, fraction=fractions), max_size=1).map(tuple),
    provider_retries=st.lists(st.builds(ProviderRetry, state=states, fraction=fractions), max_size=2).map(tuple),
    host_restarts=st.lists(st.builds(HostRestart, state=states, fraction=fractions), max_size=1).map(tuple),
    refining=st.booleans(),
)


def history(
    chosen: SandboxOptions, profile: str, looks: Sequence[float], *, attentive: bool = True
) -> list[tuple[float, str]]:
    """The changes of state of one run that is looked at after each of these waits.

    An attentive user also looks at the moment of each change, and answers questions at once.
    """
    clock = ManualClock()
    world = World(chosen, clock)
    owner = world.user("ada").id
    interview = interviews.open_interview(world, owner, clock.now())
    interview.say("user", "A portal.", clock.now())
    artifact = interviews.complete(world, interview, clock.now())
    run = kickoffs.start(world, owner, artifact, {"review_profile": profile}, clock.now())
    for wait in looks:
        until = clock.now() + wait
        while attentive and run.next_change() is not None and (run.next_change() or 0) <= until:
            clock.advance(max(0.0, (run.next_change() or 0) - clock.now()))
            world.settle(clock.now())
            if run.pending is not None:
                run.answered_at = clock.now()
        clock.advance(until - clock.now())
        world.settle(clock.now())
    return [(event.at, event.to_state) for event in run.events]


@given(options, st.sampled_from(("Fast", "Normal", "Extensive")), st.lists(st.floats(0.1, 2000), max_size=8))
@settings(max_examples=60)
def test_looking_changes_nothing(chosen: Any, profile: str, looks: Any) -> None:
    """What happens, and when, does not depend on how often one looks."""
    chosen.clarifications = ()
    once = history(chosen, profile, [sum(looks) + 10_000], attentive=False)

    assert history(chosen, profile, [*looks, 10_000], attentive=False) == once
    assert history(chosen, profile, [sum(looks) + 10_000]) == once


@given(options, st.sampled_from(("Fast", "Normal", "Extensive")))
@settings(max_examples=60)
def test_runs_end_and_time_only_passes(chosen: Any, profile: str) -> None:
    """Every run comes to an end, in order of time, and nothing follows the end."""
    events = history(chosen, profile, [100_000])

    assert events[0][1] == "Queued"
    assert events[-1][1] in ("Complete", "Failed")
    assert all(one[0] <= next_[0] for one, next_ in pairwise(events))
    assert not {state for _, state in events[:-1]} & {"Complete", "Failed"}
    assert all(step.seconds >= -1e-9 for step in plan(profile, 1, chosen))


@given(st.lists(st.text(st.characters(codec=None)), max_size=5))
def test_transcript_size_is_what_dotnet_counts(texts: Any) -> None:
    """UTF-16 units, lone surrogates included."""
    size = transcript_size([Turn("user", text, 0) for text in texts], 1000)

    assert size["chars"] == sum(1 + (ord(char) > 0xFFFF) for text in texts for char in text)
    assert size["tokens_estimate"] == size["chars"] // 4


names = st.text(st.characters(categories=("L", "N"), max_codepoint=0x2FFF), min_size=1, max_size=12)


@given(st.dictionaries(names, st.binary(max_size=300), max_size=6), st.none() | st.integers(0, 50_000), st.data())
def test_archives_read_back(files: Any, pad_to: Any, data: Any) -> None:
    """Python's own reader gives back every file, and any part of the archive is that part of the whole."""
    blob = build_zip(files, pad_to)
    content = blob.content()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in files} == files
    assert len(content) == blob.length
    assert b"".join(blob.read(start, stop)) == content[start:stop]
