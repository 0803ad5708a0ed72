"""The looks at a generation, packed: they are what they were, and take little memory."""

from __future__ import annotations

import copy
import json
import pickle
import random
import tracemalloc
from typing import Any
from uuid import uuid4

import attrs
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows._json import as_json
from specstep_flows.runs.looks import Looks, packed
from specstep_flows.runs.records import RunRecord

#: Halves of surrogate pairs and what JSON escapes, among others.
TEXTS = st.text(st.characters(codec=None), max_size=8)
LOOK = st.dictionaries(st.sampled_from(["at", "state", "moments"]), st.none() | st.integers() | TEXTS | st.lists(TEXTS))
LOOKS = st.lists(LOOK, max_size=6).map(tuple)


@given(LOOKS, LOOK, st.integers(-8, 8), st.integers(-8, 8))
def test_packed_looks_are_a_sequence_like_any_other(looks: tuple[Any, ...], look: Any, start: int, stop: int) -> None:
    """Made whole, look by look, or read from a row."""
    whole = packed(looks)
    one_by_one = Looks()
    for each in looks:
        one_by_one = one_by_one.with_next(each)

    assert whole == one_by_one == Looks.read(whole.text) == looks
    assert looks == whole
    assert json.loads(whole.text) == list(whole) == list(looks)
    assert (len(whole), bool(whole), whole[start:stop]) == (len(looks), bool(looks), looks[start:stop])
    assert all(whole[place] == looks[place] for place in range(-len(looks), len(looks)))
    assert whole.with_next(look) == (*looks, look) != whole
    assert whole.last == looks[-2:]
    if looks:
        assert whole.with_last(look) == (*looks[:-1], look)
    # Nothing of it has changed.
    assert whole == looks


def test_the_looks_of_a_long_run_take_a_few_kilobytes() -> None:
    """A look has a dozen numbers; most are those of the look before."""
    chance = random.Random(1)
    same = {"generation_id": str(uuid4()), "retry_count": 0, "estimated_total_usd": 3.21, "started": 1764480000.512}
    tracemalloc.start()
    try:
        looks = Looks()
        for number in range(100):
            cost = round(chance.uniform(0, 3), 4)
            state = f"State{number // 20}"
            looks = looks.with_next({"at": number + chance.random(), "state": state, "cost_usd": cost, **same})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(looks) == 100
    assert held <= 6_000


def test_a_record_as_a_program_sees_it_has_dictionaries() -> None:
    """However they are kept."""
    record = RunRecord("tea", "https://api.example", 0.0, 0.0, history=[{"at": 1.0}, {"at": 2.0}, {"at": 3.0}])

    assert as_json(record)["history"] == [{"at": 1.0}, {"at": 2.0}, {"at": 3.0}]
    assert copy.deepcopy(record) == pickle.loads(pickle.dumps(record)) == record
    assert list(attrs.asdict(record)["history"]) == [{"at": 1.0}, {"at": 2.0}, {"at": 3.0}]
