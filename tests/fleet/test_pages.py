"""A key's list page in PostgreSQL: one process reads it, all use it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from specstep_flows.fleet.pages import FORGOTTEN_SECONDS, READER_SECONDS, PostgresPages
from specstep_flows.models import GenerationRow
from specstep_flows.runs.pages import Page

ROW = GenerationRow(
    UUID(int=1),
    "Drafting",
    interview_id=UUID(int=2),
    project_name="Zebra \0 \ud800",
    cost_usd=1.5,
    started_at=datetime(2026, 6, 1, 12, tzinfo=UTC),
)


@pytest.fixture
def processes(fleet: Any) -> Any:
    """Three processes that share a key."""
    return [PostgresPages(fleet.database, "scope") for _ in range(3)]


def test_one_reads_the_page_and_all_use_it(processes: Any) -> None:
    """It is the same page, to the last field."""
    first, second, third = processes
    assert first.ask(90.0, 100.0) is True
    assert second.ask(90.0, 100.0) is False
    page = Page(101.0, {ROW.id: ROW})
    first.put(page)

    assert [one.ask(90.0, 102.0) for one in processes] == [page] * 3
    assert (second.ask(101.5, 120.0), third.ask(101.5, 120.0)) == (True, False)


def test_a_reader_that_died_is_replaced_after_its_time(processes: Any) -> None:
    """By one other."""
    first, second, third = processes
    first.ask(90.0, 100.0)
    late = 100.0 + READER_SECONDS + 1.0
    assert second.ask(90.0, 100.0 + READER_SECONDS) is False
    assert (second.ask(90.0, late), third.ask(90.0, late)) == (True, False)


def test_a_reader_that_gave_up_is_replaced_at_once(processes: Any) -> None:
    """Nobody else can give its turn up."""
    first, second, _ = processes
    first.ask(90.0, 100.0)
    second.give_up()
    assert second.ask(90.0, 100.0) is False
    first.give_up()
    assert second.ask(90.0, 100.0) is True


def test_a_page_of_the_future_is_not_believed(processes: Any) -> None:
    """But for what the clocks of hosts may differ by."""
    first, second, _ = processes
    first.ask(90.0, 100.0)
    first.put(Page(100.5, {}))
    assert second.ask(90.0, 100.0) == Page(100.5, {})
    assert second.ask(80.0, 90.0) is True


def test_what_is_watched_is_counted_over_all_processes(processes: Any) -> None:
    """As long as they count."""
    first, second, third = processes
    assert [first.watch(3, 100.0), second.watch(2, 100.0), third.watch(1, 100.0)] == [0, 3, 5]
    assert first.watch(7, 110.0) == 3
    assert third.watch(1, 110.0 + FORGOTTEN_SECONDS) == 7
    assert third.watch(1, 200.0 + FORGOTTEN_SECONDS) == 0


def test_what_another_version_has_put_into_a_page_is_left_out(fleet: Any, processes: Any) -> None:
    """Two versions work side by side."""
    first, second, _ = processes
    first.ask(90.0, 100.0)
    first.put(Page(100.0, {ROW.id: ROW}))
    fleet.change('UPDATE pages SET body = replace(body, \'"state"\', \'"mood": "good", "state"\')')
    assert second.ask(90.0, 101.0) == Page(100.0, {ROW.id: ROW})
