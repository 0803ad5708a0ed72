"""A run without incident, as the tests see it: the measure for all that follows."""

from __future__ import annotations

from tests.kit.bench import Bench


def test_a_run_without_incident_ends_right(bench: Bench) -> None:
    """The judge of all other tests accepts a run to which nothing happened."""
    result = bench.attempt()

    bench.judge(result)
    assert len(bench.asked) == 1


def test_the_same_command_after_the_end_sends_nothing_that_costs(bench: Bench) -> None:
    """A finished run given the same command again is the same run, on disk and at the service."""
    bench.attempt()

    bench.judge(bench.attempt())
