"""YAML and JSON as nodes that know where they stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from specstep_flows._positions import Items, Node, Pairs, Text, parse_json, parse_yaml
from specstep_flows.errors import AnswersError


def test_a_place_in_yaml_is_a_line_and_a_column() -> None:
    """Of keys and of values; scalars are the text that was written, and null is None."""
    assert parse_yaml("a: yes\nb:\n- 3.10\n- ~\n", "f") == Pairs(
        "line 1, column 1",
        [
            (Text("line 1, column 1", "a"), Text("line 1, column 4", "yes")),
            (
                Text("line 2, column 1", "b"),
                Items("line 3, column 1", [Text("line 3, column 3", "3.10"), Text("line 4, column 3", None)]),
            ),
        ],
    )
    assert parse_yaml("", "f") == Text("line 1, column 1", None)


def test_a_place_in_json_is_the_way_from_the_top() -> None:
    """A key that comes twice is there twice, so that it can be refused."""
    assert parse_json('{"a": [true, 1.50], "a": null}', "f") == Pairs(
        "at the top",
        [
            (Text("a", "a"), Items("a", [Text("a[0]", "true"), Text("a[1]", "1.50")])),
            (Text("a", "a"), Text("a", None)),
        ],
    )


@pytest.mark.parametrize("parse", [parse_yaml, parse_json])
def test_what_is_nested_without_end_is_refused(parse: Callable[[str, str], Node]) -> None:
    """Long before Python's own stack ends."""
    with pytest.raises(AnswersError, match="nested too deeply"):
        parse("[" * 8 + "]" * 8, "f")
