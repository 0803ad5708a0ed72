"""First contact asks what can be read, each once, within its bounds, and keeps no value of the account."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows.contact.asking import MOST_REQUESTS, Contact, order, shape_of
from specstep_flows.contact.compare import compare
from specstep_flows.contact.contract import contract
from specstep_flows.contact.shapes import NAME, Shape
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.sandbox import Sandbox
from specstep_flows.states import fold
from tests.kit.api import path_of
from tests.kit.front import Seen, everywhere
from tests.kit.tiers import one_in

Meet = Callable[..., Any]


@pytest.mark.slow
def test_it_only_reads_and_each_once(meet: Meet) -> None:
    """At most 39 requests beside the document's, all of them GET, none twice, none that costs or needs a browser."""
    contact, front = meet()

    assert len(front.requests) == contact.requests <= MOST_REQUESTS - 1
    assert {method for method, _ in front.requests} == {"GET"}
    assert len(set(front.requests)) == len(front.requests)
    asked = set(contact.answers)
    assert not [name for name in asked if OPERATIONS[name].costs or OPERATIONS[name].cookie_only]
    # The account is looked through down to the files of its newest package.
    assert {"get_generation", "get_generation_events", "get_package", "list_package_files", "get_interview"} <= asked
    assert not asked & contact.skipped.keys()


def test_what_flows_use_is_asked_before_the_rest() -> None:
    """Should there be a bound, it is what nobody goes by that is left out."""
    names = [one.name for one in order(contract())]

    assert max(map(names.index, ("get_generation", "get_usage", "get_package"))) < names.index("list_notifications")


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["503", *one_in(2, ["garbage", "page"])])
def test_no_answer_is_asked_for_again(meet: Meet, trouble: str) -> None:
    """A 503, a body that is no JSON: that is the answer of that operation, and the rest is asked."""

    def broken(seen: Seen) -> None:
        if seen.path == path_of("get_usage"):
            if trouble == "503":
                seen.status, seen.document = 503, {"type": "OUT_OF_ORDER"}
            else:
                seen.headers["content-type"] = "text/html" if trouble == "page" else "application/json"
                seen.document = "<html>" if trouble == "page" else [[["{"]]]

    contact, front = meet(broken)

    assert sum(path == path_of("get_usage") for _, path in front.requests) == 1
    assert "get_generation" in contact.answers


def test_a_key_that_is_refused_ends_it(meet: Meet) -> None:
    """Five refusals lock an address out: after the first one nothing more is sent."""

    def refuse(seen: Seen) -> None:
        if seen.path != path_of("get_capabilities"):
            seen.status, seen.document = 401, None

    with pytest.raises(errors.AuthenticationError):
        meet(refuse)


@pytest.mark.parametrize("status", [401, 429])
def test_what_was_seen_before_a_refusal_counts(replay: Callable[..., Contact], status: int) -> None:
    """A key that is accepted at first may not be for all: nothing more is asked, and nothing that was seen is lost."""
    asked = []

    def refuse(seen: Seen) -> None:
        asked.append(seen.path)
        if seen.path == path_of("list_api_keys"):
            seen.status, seen.document = status, None

    contact = replay(refuse)

    assert asked[-1] == path_of("list_api_keys")
    assert contact.answers["get_me"].status == 200
    assert not contact.answers.keys() & contact.skipped.keys()
    assert any("list_api_keys" in reason for reason in contact.skipped.values())


MARK = re.compile(r"\w*Zq7?x\w*", re.IGNORECASE)


def marked(value: dict[str, Any]) -> dict[str, Any]:
    """Every text of an answer that is no state, id or time, and a map's own names, are somebody's secrets."""
    found = {}
    for name, inner in value.items():
        is_text = isinstance(inner, str) and " " in inner
        found[name] = f"Zq7x{inner}" if is_text or name in ("display_name", "email", "project_name", "title") else inner
    notes = {"Zq7xcustomer@example.com": 1, "Zq7x-9": "Zq7x", "ZqxAda": {"Zqx_Bob": "ZqxEve"}, "AdaZqx": ["Zqx"]}
    return {**found, "notes_of": notes, "comment": "Zq7xSecret"}


def test_no_value_of_the_account_is_kept(replay: Callable[..., Contact], account: Sandbox) -> None:
    """A service full of marked secrets, in values, names of maps and headers: none is in what is kept."""

    def headers(seen: Seen) -> None:
        seen.headers |= {"X-Account": "Zq7xAda", "Set-Cookie": "session=Zq7x1", "X-Quota-Tier": "Zq7xPro"}
        seen.headers |= {"X-Quota-Zqx": "1", "RateLimit-Zqx": "Zqx", "ETag": "Zqx", "Location": "/Zqx"}
        if seen.path == path_of("get_usage"):
            seen.headers["content-type"] = "application/zqx"

    contact = replay(everywhere(marked), headers)

    kept = json.dumps([attrs.asdict(contact), as_json(compare(contact, contract()))], default=sorted)
    assert not MARK.findall(kept)
    assert account.api_key not in kept
    # The fields themselves were seen.
    assert "comment" in kept
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", kept)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(sorted(contract().operations)), VALUES, st.data())
def test_shapes_hold_no_value(name: str, value: Any, data: st.DataObject) -> None:
    """Whatever JSON comes, only names of fields are kept of it, and words where the contract has a set of them."""
    operation = contract().operations[name]
    node = operation.success
    if node is None:
        return
    known = data.draw(st.lists(st.sampled_from(sorted(node.names)), unique=True)) if node.names else []
    body = {**value, **dict.fromkeys(known, value)} if isinstance(value, dict) else value

    for shape in every(shape_of(body, node)):
        assert shape.formats <= {"uuid", "date-time", "date", "uri", "text"}
        assert shape.types <= {"null", "boolean", "integer", "number", "string", "array", "object"}
        assert all(NAME.fullmatch(one) or one in node.names for one in shape.fields)
        assert all(re.fullmatch("…|[A-Za-z_-]{1,40}", word) for word in shape.words)


def every(shape: Shape) -> Iterator[Shape]:
    yield shape
    for inner in (*shape.fields.values(), *([shape.items] if shape.items is not None else [])):
        yield from every(inner)


@given(st.dictionaries(st.from_regex(r"\A[A-Za-z]{3,20}\Z"), st.integers() | st.just({}), min_size=1, max_size=5))
def test_a_map_that_nobody_documented_has_no_names(names: dict[str, Any]) -> None:
    """Of an object in a field that the contract does not know, only names that are the contract's own are kept."""
    shape = shape_of({"id": "x", "totals": names}, contract().operations["get_me"].success or contract().nothing)

    assert {fold(one) for one in shape.fields["totals"].fields} <= contract().vocabulary
