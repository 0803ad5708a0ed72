"""``specstep generation …``: generations at the service, one by one."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from specstep_flows import SpecStep
from specstep_flows.sandbox import Failure, SandboxOptions
from tests.kit.api import op
from tests.kit.platforms import POSIX_ONLY


def test_generations(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """They are listed, shown, named, and their conversation and events read."""
    generation, _ = complete

    listed = specstep("generation", "list", "--state", "complete", "--json").document["generations"]
    none = specstep("generation", "list", "--state", "failed")
    shown = specstep("generation", "show", generation)
    named = specstep("generation", "name", generation, "Tea")
    conversation = specstep("generation", "conversation", generation, "--take", "2")
    events = specstep("generation", "events", generation)

    assert [row["id"] for row in listed] == [generation]
    assert (none.out, none.err) == ("", "No generations.\n")
    assert "state:" in shown.out
    assert named.code == 0
    assert len(conversation.out.splitlines()) == 2
    assert all(json.loads(line)["schema_version"] == 2 for line in events.out.splitlines())
    assert specstep("generation", "show", generation, "--json").document["generation"]["project_name"] == "Tea"


@POSIX_ONLY
def test_a_list_has_the_times_of_the_place_where_it_is_read(
    specstep: Any, sandbox: Any, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `runs` and `show` have them: the same generation does not start at two times of day."""
    (row,) = specstep("generation", "list", "--json").document["generations"]
    try:
        with monkeypatch.context() as elsewhere_on_earth:
            elsewhere_on_earth.setenv("TZ", "JST-9")
            time.tzset()
            listed = specstep("generation", "list")
    finally:
        time.tzset()

    there = datetime.fromisoformat(row["started_at"]).astimezone(timezone(timedelta(hours=9)))
    assert f"  {there:%Y-%m-%d %H:%M}  " in listed.out


class TestRetry:
    """A generation that failed."""

    @pytest.fixture
    def options(self) -> SandboxOptions:
        """The first kickoff fails."""
        return SandboxOptions(clarifications=(), failures=(Failure(on=(1,)),))

    @pytest.fixture
    def failed(self, client: SpecStep, interview: Any) -> str:
        """Its id."""
        started = client.start_generation(interview.intake_artifact_id, interview_id=interview.id, profile="Fast")
        with pytest.raises(Exception, match="HostRestart"):
            client.wait_for_generation(started)
        return str(started)

    def test_it_costs(self, specstep: Any, sandbox: Any, failed: str) -> None:
        """Running it again needs a yes: by flag, or by hand, with quota and estimate shown first."""
        refused = specstep("generation", "retry", failed)
        declined = specstep("generation", "retry", failed, typed="n\n")
        agreed = specstep("generation", "retry", failed, "--yes")

        assert (refused.code, declined.code, agreed.code) == (2, 2, 0)
        assert "Quota:" in declined.err
        assert re.search(
            rf"Retry generation {failed} \(.+, profile Fast\)\? You will be charged\. \[y/N\]", declined.err
        )
        assert "add --yes. Nothing was sent." in refused.err
        assert agreed.out.strip() != failed
        assert sandbox.requests.count(op("retry_generation")) == 1

    def test_a_run_is_retried_as_a_run(self, specstep: Any, sandbox: Any, failed: str) -> None:
        """What a run manages is retried through the run, which no crash can double."""
        specstep("adopt", failed, "--run-id", "mine")

        result = specstep("generation", "retry", failed, "--yes")

        assert result.code == 2
        assert "specstep resume mine --retry-failed 1" in result.err


def test_update(specstep: Any, sandbox: Any, complete: tuple[str, str], interview: Any) -> None:
    """A generation is made anew from an intake, after a yes."""
    result = specstep("generation", "update", complete[0], "--intake", interview.intake_artifact_id, "-y", "-q")

    assert result.code == 0
    assert sandbox.requests.count(op("update_generation")) == 1


def test_what_the_state_does_not_allow(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """A conflict is 1, with the service's own reason."""
    result = specstep("generation", "pause", complete[0], "--json")

    assert result.code == 1
    assert (result.document["code"], result.document["status"]) == ("conflict", 409)


def test_events_are_a_table_for_a_person(
    specstep: Any, complete: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program gets a JSON document a line, a person a column for whatever the events have."""
    monkeypatch.setenv("COLUMNS", "120")
    piped, shown = (specstep("generation", "events", complete[0], tty_out=is_shown) for is_shown in (False, True))

    assert all(json.loads(line)["occurred_at"] for line in piped.out.splitlines())
    head, first, *_ = shown.out.splitlines()
    assert head.split("  ")[0] == "TYPE"
    assert "OCCURRED AT" in head
    assert first.endswith("Queued")
