"""What every call of the gateway is made of: a kind, pages, and answers of which only the success matters."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.gateway.requests import all_pages, request_of, success_only
from tests.kit.replies import play, reply


@pytest.mark.parametrize(
    ("method", "kind"), [("get", "read"), ("post", "unsafe"), ("put", "unsafe"), ("delete", "unsafe")]
)
def test_the_kind_of_what_no_one_documented(method: str, kind: str) -> None:
    """An operation that only a pulled document has is safe to repeat only if it reads."""
    assert request_of("make_tea", {"method": method, "url": "/"}).kind == kind


def test_a_success_with_broken_json_is_no_success() -> None:
    """Answers, a cancellation: what was cut or garbled on its way says nothing of what was done; an empty body is
    fine."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        success_only(reply(b'{"generation_id": "x'))
    assert caught.value.ambiguous

    success_only(reply(b""))
    success_only(reply({}))


@attrs.frozen
class Row:
    """What a list is read as here."""

    id: int


def page(first: int, count: int, **envelope: object) -> Any:
    """A page of rows, and what else its envelope says."""
    return reply({"rows": list(range(first, first + count)), **envelope})


def listed(*pages: Any) -> tuple[list[int], list[object]]:
    """The rows of a list of these pages, and the offsets that were asked for."""
    rows, sent = play(
        all_pages(
            lambda params: request_of("list_generations", {"method": "get", "url": "/rows"}, params=params),
            lambda answer: [Row(number) for number in json.loads(answer.content)["rows"]],
        ),
        *pages,
    )
    return [row.id for row in rows], [(request.params or {})["offset"] for request in sent]


def test_a_list_is_read_to_its_end() -> None:
    """A short page is the last one, unless its envelope says that more rows are left."""
    assert listed(page(0, 50), page(50, 7)) == (list(range(57)), [0, 50])
    assert listed(page(0, 5)) == (list(range(5)), [0])
    assert listed(page(0, 5, has_more=True), page(5, 5, has_more=False)) == (list(range(10)), [0, 5])
    assert listed(page(0, 5, total=6), page(5, 1, totalCount=6)) == (list(range(6)), [0, 5])


def test_a_service_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    """It gives the same page again: nothing new is on it."""
    assert listed(page(0, 50), page(0, 50)) == (list(range(50)), [0, 50])
