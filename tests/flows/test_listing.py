"""Lists that are read page by page, as far as somebody wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, models
from specstep_flows.flows.listing import Listing
from tests.kit.replies import play, reply

NOW = datetime(2026, 5, 5, tzinfo=UTC)


def packages(first: int, count: int, **more: Any) -> Any:
    """A page: the packages number ``first`` to ``first + count``, each an hour older than the one before."""
    rows = [
        {"id": str(UUID(int=number)), "created_at": (NOW - timedelta(hours=number)).isoformat()}
        for number in range(first, first + count)
    ]
    return reply({"packages": rows, **more})


def listing(**wanted: Any) -> Listing[models.PackageRow]:
    """The list of packages."""
    return Listing("list_packages", "packages", models.PackageRow, **wanted)


def read(rows: Listing[Any], *answers: Any) -> tuple[list[int], list[dict[str, Any]]]:
    """All that is read, by number, and the query of each request."""
    found, sent = [], []
    for answer in answers:
        page, (request,) = play(rows.next_page(), answer)
        found += [row.id.int for row in page or ()]
        sent.append(dict(request.params or {}))
    last, requests = play(rows.next_page())
    assert (last, requests) == (None, [])
    return found, sent


def test_a_page_is_fetched_when_it_is_wanted() -> None:
    """A short page is the last, unless it says that there are more."""
    found, sent = read(listing(), packages(0, 50), packages(50, 19, has_more=True), packages(69, 3))

    assert found == list(range(72))
    assert sent == [{"limit": 50, "offset": offset} for offset in (0, 50, 69)]


def test_no_more_is_fetched_than_the_limit() -> None:
    """Nor given, where the service sends more than it was asked for; none at all are no request."""
    assert read(listing(limit=60), packages(0, 50), packages(50, 50)) == (
        list(range(60)),
        [{"limit": 50, "offset": 0}, {"limit": 10, "offset": 50}],
    )
    assert read(listing(limit=5), packages(0, 5)) == ([0, 1, 2, 3, 4], [{"limit": 5, "offset": 0}])
    assert read(listing(limit=0)) == ([], [])


def test_what_is_older_is_left_out_and_ends_the_list() -> None:
    """At the first page that holds nothing else, where the list is in that order; a row without a time is kept."""
    since = NOW - timedelta(hours=60)
    assert read(listing(since=since), packages(0, 50), packages(50, 50), packages(100, 50))[0] == list(range(61))
    timeless = reply({"packages": [{"id": str(UUID(int=7))}, {"id": str(UUID(int=8)), "created_at": "1999-01-01"}]})
    assert read(listing(since=since), timeless)[0] == [7]
    found, _ = read(listing(since=since, is_newest_first=False), packages(70, 50), packages(20, 10))
    assert found == list(range(20, 30))


def test_a_limit_counts_the_rows_that_are_wanted() -> None:
    """In a list of no order they may come after any number of others, which no limit of rows may cut off."""
    rows = listing(since=NOW - timedelta(hours=60), is_newest_first=False, limit=2)
    assert read(rows, packages(70, 50), packages(20, 10)) == (
        [20, 21],
        [{"limit": 50, "offset": 0}, {"limit": 50, "offset": 50}],
    )


def test_a_page_that_comes_again_ends_the_list() -> None:
    """A service that ignores ``offset`` would be asked for ever; what moved to the next page is given once."""
    assert read(listing(), packages(0, 50), packages(0, 50))[0] == list(range(50))
    assert read(listing(), packages(0, 50), packages(48, 10))[0] == list(range(58))


def test_rows_without_an_id_are_all_there() -> None:
    """What the pages do not show may be called otherwise."""
    rows = Listing("list_extra_usage_transactions", "transactions", models.ExtraUsageTransaction)

    page, _ = play(rows.next_page(), reply([{"sum": 1}, {"sum": 2}]))

    assert [row.raw for row in page or ()] == [{"sum": 1}, {"sum": 2}]


def test_a_list_without_pages_is_one_request() -> None:
    """Of as many rows as the service gives at once."""
    rows = Listing("list_interviews", "interviews", models.InterviewRow, query={"status": None}, limit=300)
    row = {"id": str(UUID(int=1)), "status": "Active"}

    assert read(rows, reply({"interviews": [row] * 100})) == ([1], [{"limit": 100}])


def test_a_page_that_failed_is_fetched_again() -> None:
    """Whoever goes on after an error misses no row."""
    rows = listing()
    play(rows.next_page(), packages(0, 50))
    with pytest.raises(errors.ConnectionLost):
        play(rows.next_page(), errors.ConnectionLost("Cut."))

    page, (request,) = play(rows.next_page(), packages(50, 2))

    assert [row.id.int for row in page or ()] == [50, 51]
    assert request.params == {"limit": 50, "offset": 50}


@pytest.mark.parametrize(
    "wrong", [{"limit": -1}, {"limit": "5"}, {"limit": True}, {"since": datetime(2026, 5, 5)}, {"since": "2026-05-05"}]
)
def test_what_cannot_be_wanted_is_refused_at_once(wrong: dict[str, Any]) -> None:
    """Before anything is sent; a time without a zone could be any of a day."""
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        listing(**wrong)
