"""Gathering what a report tells, and naming what cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.report import Collected, collect, default_path, page, receipt
from tests.kit.report_page import Reader
from tests.kit.reported_runs import opened


def test_a_service_that_fails_leaves_gaps_and_no_error(client: Any, collected: Collected) -> None:
    """What cannot be read is named; everything else is shown."""
    gone = attrs.evolve(collected.record, interview_id=UUID(int=9), file=str(collected.record.file) + ".moved")
    again = collect(gone, client)

    assert again.interview is None
    assert again.generation is not None
    assert any(gap.startswith("The interview: no longer at the service") for gap in again.gaps)
    assert any("no longer at" in gap for gap in again.gaps)
    Reader(page(again)).check_harmless()


def test_a_run_under_way_is_shown_as_it_was_read_just_now(tmp_path: Path) -> None:
    """Not as the record had it: what was just read is a look like any other, and the numbers add up to what it says."""
    with opened(clarifications=()) as (specstep, clock):
        with pytest.raises(errors.WaitTimeout):
            specstep.run("A shop.", output=tmp_path / "open.zip", run_id="open", timeout=400)
        record = specstep.store.get("open")
        before = collect(record)
        clock.advance(200)
        after = collect(record, specstep)

    assert before.as_of is not None
    assert after.as_of is not None
    assert (after.as_of - before.as_of).total_seconds() >= 200
    assert after.generation is not None
    assert after.generation.running_cost_usd == after.course.cost_usd == after.cost_usd
    assert [row.label for row in after.rows if row.state is None] == ["Not watched"]


def test_a_changed_package_is_told(client: Any, collected: Collected) -> None:
    """The digest of what lies there is compared with the one of what was downloaded."""
    again = collect(attrs.evolve(collected.record, sha256="0" * 64), client)

    assert any("its digest differs" in gap for gap in again.gaps)


def test_one_package_of_a_fan_out_that_is_gone_leaves_a_gap_and_shows_the_others(fan_out: Collected) -> None:
    """The gap says which."""
    record = attrs.evolve(
        fan_out.record,
        packages=(*fan_out.record.packages[:2], {**fan_out.record.packages[2], "file": "/nowhere/third.zip"}),
    )
    found = collect(record)

    assert [package.contents is not None for package in found.packages] == [True, True, False]
    assert any("third.zip is no longer at /nowhere/third.zip" in gap for gap in found.gaps)
    Reader(page(found)).check_harmless()


@pytest.mark.parametrize("which", ["collected", "fan_out"])
def test_what_the_stages_cost_adds_up_to_what_the_run_cost(which: str, request: pytest.FixtureRequest) -> None:
    """Nobody has to ask where the rest went, in a fan-out neither."""
    found = request.getfixturevalue(which)

    assert sum(row.cost_usd or 0.0 for row in found.rows) == pytest.approx(round(found.cost_usd, 2))
    assert sum(row.seconds or 0.0 for row in found.rows) == pytest.approx(round(found.course.seconds))
    assert receipt(found)["duration"] == found.course.duration.document


def test_questions_that_still_wait_are_on_the_page(tmp_path: Path) -> None:
    """Whoever is sent the report can see what to decide, and what the agents propose."""
    with opened() as (specstep, _):
        with pytest.raises(errors.AnswersNeeded) as refused:
            specstep.run("A shop.", output=tmp_path / "asked.zip", run_id="asked")
        asked = collect(specstep.store.get("asked"), specstep)
    (question,) = refused.value.questions
    reader = Reader(page(asked))
    reader.check_harmless()

    assert question.question in reader.text
    assert "Not answered yet." in reader.text
    assert f"Proposed default: {question.proposed_default}" in reader.text


def test_who_stopped_waiting_is_not_told_of_an_error(tmp_path: Path) -> None:
    """A time limit that passed is no news of the run: the page says where it is and how to go on."""
    with opened(clarifications=()) as (specstep, _):
        with pytest.raises(errors.WaitTimeout):
            specstep.run("A shop.", output=tmp_path / "open.zip", run_id="open", timeout=100)
        record = specstep.store.get("open")

    assert record.error is None
    assert "Timed out" not in Reader(page(collect(record))).text


def test_a_package_in_an_object_store_is_named_and_not_looked_for_on_disk(
    client: Any, collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says where it is, and goes where it would without a package."""
    monkeypatch.chdir(tmp_path)
    url = "s3://bucket/team/portal.zip"
    again = collect(attrs.evolve(collected.record, file=url), client)
    said = " ".join(" ".join(Reader(page(again)).texts).split())

    assert f"The package is at {url}, and a report reads files only." in again.gaps
    assert [package.file for package in again.packages] == [url]
    assert "The package is complete and in the object store." in said
    assert f"It is at {url}." in said
    assert default_path(again.record) == tmp_path / f"{again.record.run_id}-report.html"
