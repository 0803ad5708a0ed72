"""``specstep estimate``: the quota, the user's own past and the service's estimate, side by side."""

from __future__ import annotations

from typing import Any

import pytest

from specstep_flows import RunStore, SpecStep
from specstep_flows.sandbox import Fault
from tests.kit.api import op

MCP = "POST /mcp"


def past(sandbox: Any, count: int) -> None:
    """Complete generations of the Fast profile, started at the service itself."""
    sandbox.options.requests_per_minute = sandbox.options.kickoffs_per_minute = None
    with SpecStep(store=RunStore.in_memory(), limits={"standard": None, "kickoff": None}) as client:
        interview = client.start_interview()
        client.say(interview.id, "A shop.")
        done = client.complete_interview(interview.id)
        for _ in range(count):
            client.start_generation(done, profile="Fast")
            sandbox.clock.advance(600)


@pytest.mark.slow
def test_own_past_and_service_side_by_side(specstep: Any, sandbox: Any) -> None:
    """Both are labelled as what they are; the profile may be spelled in any case; nothing is started."""
    past(sandbox, 5)
    started = sandbox.requests.count(op("start_generation"))

    told = specstep("estimate", "--profile", "fast")
    document = specstep("estimate", "--profile", "Fast", "--json").document

    assert told.code == 0
    assert "495 of 500 generations left" in told.out
    assert "Estimate from your last 5 Fast generations: typically $1.10" in told.out
    assert "Estimate from the service: typically $1.10 ($1.10 to $1.10), " in told.out
    assert ", from 5 generations." in told.out
    assert (document["code"], document["profile"], document["plan"]) == ("estimate", "Fast", "Pro")
    assert document["estimate"]["cost_usd"]["median"] == 1.10
    assert document["service_estimate"]["cost_usd"] == 1.10
    assert document["service_estimate"]["raw"]["estimated_total_sample_size"] == 5
    assert sandbox.requests.count(op("start_generation")) == started


def test_events_of_a_stream(specstep: Any, sandbox: Any) -> None:
    """The endpoint may frame its answers as it likes."""
    sandbox.options.mcp_framing = "events"

    assert "The service has no figures for it yet." in specstep("estimate").out


def test_an_endpoint_that_refuses_the_key_says_nothing_about_the_key(specstep: Any, sandbox: Any) -> None:
    """No estimate, exit 0, one refused request; the same client keeps working with the key."""
    sandbox.faults.add(Fault(MCP, "status", status=401, times=None))

    told = specstep("estimate")

    assert told.code == 0
    assert "No estimate from the service. " in told.out
    assert sandbox.requests.count(MCP) == 1
    with SpecStep(store=RunStore.in_memory()) as client:
        client.get_account()
        assert client.estimate_generation("Fast").reason
        before = sandbox.clock.now()
        assert client.get_account().plan == "Pro"
        assert sandbox.clock.now() == before


def test_an_endpoint_that_is_not_there(specstep: Any, sandbox: Any) -> None:
    """A page of a front door, or nothing: said at once."""
    for kind in ("html", "malformed", "empty"):
        sandbox.faults.add(Fault(MCP, kind))
        before = sandbox.clock.now()
        assert "No estimate from the service. " in specstep("estimate").out
        assert sandbox.clock.now() == before


def test_an_unknown_profile_and_no_service(specstep: Any, sandbox: Any) -> None:
    """The one is refused with the nearest name before anything is asked over MCP, the other is exit 7."""
    told = specstep("estimate", "--profile", "Fasst")
    assert (told.code, sandbox.requests.count(MCP)) == (2, 0)
    assert "Did you mean 'Fast'?" in told.err

    sandbox.stop()
    assert specstep("estimate").code == 7
