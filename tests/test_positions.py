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


def test_aliases_of_aliases_cost_no_more_than_their_text() -> None:
    """Nine hundred characters can stand for sixty to the power of five nodes."""
    lists = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 60)}]" for number in range(1, 6)]

    found = parse_yaml("\n".join(["a0: &a0 x", *lists]), "my.yaml")
    assert isinstance(found, Pairs)
    last = found.pairs[-1][1]
    assert isinstance(last, Items)
    assert last.items[0] is last.items[59]


def test_an_alias_of_what_it_stands_in_is_refused() -> None:
    """It would be nested without end."""
    with pytest.raises(AnswersError, match="nested too deeply"):
        parse_yaml("&a [*a, *a]", "my.yaml")


@pytest.mark.parametrize(
    "text", ["a: !env HOME", "!include x", "a: !!binary aGk=", "? !!python/name:os.system ''\n: x"]
)
def test_a_tag_that_means_something_elsewhere_is_refused(text: str) -> None:
    """``!env HOME`` is not the answer "HOME"."""
    with pytest.raises(AnswersError, match=r"my\.yaml, line 1, column [0-9]+: the tag \S+ means nothing here"):
        parse_yaml(text, "my.yaml")


@pytest.mark.parametrize("text", ["a: 2026-11-29", "<<: x", "a: =", "a: !!str 5", "a: ! x"])
def test_what_yaml_itself_knows_is_text(text: str) -> None:
    """A date is the text that stands there."""
    assert isinstance(parse_yaml(text, "my.yaml"), Pairs)


@pytest.mark.parametrize("text", ['"\\Uffffffff"', '"\\U00110000"'])
def test_an_escape_of_no_character_is_refused(text: str) -> None:
    """PyYAML has no error of its own for it."""
    with pytest.raises(AnswersError, match="my"):
        parse_yaml(text, "my.yaml")
