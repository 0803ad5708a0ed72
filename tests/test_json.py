"""JSON in and out: everything that JSON can hold is read, and can be stored, sent and shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specstep_client.models import CancelRequest

from specstep_flows._json import DEEPEST, as_json, json_bytes, read_json, read_own_json, storable
from specstep_flows.models import Account, Answer


def test_ids_paths_moments_and_objects_become_what_json_has() -> None:
    """Whatever is nested in whatever, ``json.dumps`` takes the result."""
    value = {
        "ids": {UUID(int=1)},
        "path": Path("a.zip"),
        "at": datetime(2026, 6, 1, tzinfo=UTC),
        "answers": (Answer("REST?", "No", generation_id=UUID(int=2)),),
    }

    assert json.loads(json.dumps(as_json(value))) == {
        "ids": [str(UUID(int=1))],
        "path": "a.zip",
        "at": "2026-06-01T00:00:00+00:00",
        "answers": [{"question": "REST?", "answer": "No", "rule": "given", "generation_id": str(UUID(int=2))}],
    }


def test_what_a_repr_keeps_out_is_kept_out() -> None:
    """An address and a raw answer reach neither a log nor a document."""
    assert not {"email", "raw"} & as_json(Account(email="ann@example.com")).keys()


def test_a_generated_class_is_written_as_it_is_sent() -> None:
    """With the service's names, and without what was not set."""
    request = CancelRequest.from_dict({"reason": "Wrong brief."})

    assert as_json(request) == request.to_dict()


#: Every string that JSON can hold: halves of surrogate pairs, zero and control characters among it.
ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from('\ud83d\ude00\0\x1b\\"u'))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(ANY_JSON, st.booleans())
def test_what_is_read_can_be_stored_and_sent(value: Any, is_escaped: bool) -> None:
    """Whatever a service sends, and however: UTF-8 and JSON hold all of it, and whole characters are as they were."""
    sent = json.dumps(value, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass")
    read = read_json(sent)

    json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    assert json.loads(json_bytes(read)) == read
    if is_escaped and json.dumps(value, ensure_ascii=False).isascii() and "Infinity" not in str(sent):
        assert read == value or value != value or "NaN" in str(sent)


@given(ANY_TEXT)
def test_half_a_pair_is_replaced_and_a_pair_is_a_character(text: str) -> None:
    """By the reading of JSON and by ``storable`` alike; ``exact`` keeps halves, and they are sent as they came."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    assert read_json(json.dumps(text).encode()) == storable(text) == whole
    assert json.loads(json_bytes(storable(text))) == whole
    exact = read_json(json.dumps(text).encode(), exact=True)
    assert json.loads(json_bytes(exact)) == exact
    assert storable(exact) == whole


@pytest.mark.parametrize("text", ["cut \ud83d", "\ude00 cut", "\ud83d\ud83d\ude00", "\\ud83d", "\\\ud83d"])
def test_halves_beside_what_looks_like_them(text: str) -> None:
    """A backslash and a letter are no escape."""
    read = read_json(json.dumps({text: [text]}).encode())

    assert read == {storable(text): [storable(text)]}
    assert len(storable("cut \ud83d")) == 5


@pytest.mark.parametrize(
    "digits", ["9" * 5000, "-" + "1" * 401, "1e999", "-1e400", "NaN", "Infinity", "1" * 4000 + ".5"], ids=len
)
def test_a_number_that_is_none_of_pythons_stays_a_string(digits: str) -> None:
    """It must not make the whole answer unreadable; whoever needs a number there finds none."""
    assert read_json(f'{{"a": [{digits}], "b": 7}}'.encode()) == {"a": [digits], "b": 7}


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 300, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"[": ', "}")])
def test_what_is_nested_without_end_is_left_out(depth: int, opening: str, closing: str) -> None:
    """The rest of the answer is read, and nobody who walks it comes to the end of Python's stack."""
    deep = opening * depth + "1" + closing * depth
    read = read_json(f'{{"deep": {deep}, "text": "]}}{{[", "id": "x"}}'.encode())

    assert (read["id"], read["text"]) == ("x", "]}{[")
    inner, levels = read["deep"], 0
    while isinstance(inner, list | dict):
        inner, levels = (inner[0] if isinstance(inner, list) else inner["["]), levels + 1
    assert (inner, levels) == ((1, depth) if depth < DEEPEST else (None, DEEPEST - 1))


@pytest.mark.parametrize(
    "broken",
    ["", "[" * 100_000, "[" * 100_000 + '"', "[" * 100_000 + '"' + r"\"" * 100_000, '{"a": ', "<html>", "]" * 500,
     '"\x00"'],
)  # fmt: skip
def test_what_is_no_json_is_a_value_error(broken: str) -> None:
    """However deep, and at once, however often a string without an end may begin."""
    with pytest.raises(ValueError, match="char"):
        read_json(broken.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_an_answer_in_any_encoding_of_json(encoding: str) -> None:
    """With a mark at its start or without."""
    assert read_json(json.dumps({"name": "Café"}, ensure_ascii=False).encode(encoding)) == {"name": "Café"}


def test_bytes_that_are_no_text_are_replaced() -> None:
    """One letter in Latin-1 does not make an answer unreadable."""
    assert read_json(b'{"name": "caf\xe9", "id": 1}') == {"name": "caf\ufffd", "id": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 60_000, "levels deep"),
        ("[" * 500 + "]" * 500, "levels deep"),
        ("NaN", "not a number"),
        ("[1e999]", "not a number"),
    ],
)
def test_a_document_of_the_users_is_whole_or_refused(text: str, said: str) -> None:
    """Nothing of it is left out without a word."""
    with pytest.raises(ValueError, match=said):
        read_own_json(text)
    assert read_own_json('{"a": [1, 2.5, "\\ud83d"]}') == {"a": [1, 2.5, "\ud83d"]}
