"""YAML and JSON as nodes that know their position, so that messages can point at what is wrong.

Every scalar is read as a string: ``yes`` is not a boolean and ``3.10`` is not a number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from specstep_flows.errors import AnswersError

if TYPE_CHECKING:
    import yaml

_DEEPEST: Final = 6
#: Tags of YAML itself, written out or not. With another one (``!env``) a value means something to some program.
_KNOWN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
)


@attrs.frozen
class Text:
    """A scalar; None if it is empty, ``~`` or ``null``."""

    place: str
    value: str | None


@attrs.frozen
class Items:
    """A list."""

    place: str
    items: list[Node]


@attrs.frozen
class Pairs:
    """A mapping in its order, with keys of any kind, duplicates included."""

    place: str
    pairs: list[tuple[Node, Node]]


Node: TypeAlias = Text | Items | Pairs


def parse_yaml(text: str, name: str) -> Node:
    """Read one YAML document; a place is a line and column. ``AnswersError`` says where it does not parse."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", {_line_and_column(mark)}" if mark else ""
        raise AnswersError(f"{name}{where}: {error.problem or error.context}.") from None
    except yaml.reader.ReaderError as error:
        line, column = text.count("\n", 0, error.position) + 1, error.position - text.rfind("\n", 0, error.position)
        raise AnswersError(f"{name}, line {line}, column {column}: {error.reason}.") from None
    except RecursionError:
        raise AnswersError(f"{name} is nested too deeply.") from None
    except (ValueError, OverflowError) as error:
        # An escape of no character, for instance.
        raise AnswersError(f"{name} is not valid YAML ({error}).") from None
    return Text("line 1, column 1", None) if root is None else _from_yaml(root, name, 0, {})


def _line_and_column(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _from_yaml(node: yaml.Node, name: str, depth: int, made: dict[int, Node]) -> Node:
    """``made`` holds what was made of each node: a few aliases of aliases can stand for more than any memory holds."""
    import yaml

    place = _line_and_column(node.start_mark)
    if depth > _DEEPEST:
        raise AnswersError(f"{name}, {place}: this is nested too deeply.")
    if id(node) in made:
        return made[id(node)]
    if node.tag not in _KNOWN_TAGS:
        raise AnswersError(f"{name}, {place}: the tag {node.tag} means nothing here. Put the value in quotes.")
    found: Node
    if isinstance(node, yaml.MappingNode):
        pairs = [[_from_yaml(part, name, depth + 1, made) for part in pair] for pair in node.value]
        found = Pairs(place, [(key, value) for key, value in pairs])
    elif isinstance(node, yaml.SequenceNode):
        found = Items(place, [_from_yaml(item, name, depth + 1, made) for item in node.value])
    else:
        found = Text(place, None if node.tag == "tag:yaml.org,2002:null" else str(node.value))
    made[id(node)] = found
    return found


def parse_json(text: str, name: str) -> Node:
    """Read JSON; a place is a path (``rules[2].pattern``). ``AnswersError`` says where it does not parse."""
    try:
        value = json.loads(text, object_pairs_hook=_JSONObject, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise AnswersError(f"{name}, line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise AnswersError(f"{name} is nested too deeply.") from None
    return _from_json(value, "", name, 0)


class _JSONObject(list[tuple[str, Any]]):
    """A JSON object with its keys in order, duplicates included."""


def _from_json(value: Any, way: str, name: str, depth: int) -> Node:
    place = way or "at the top"
    if depth > _DEEPEST:
        raise AnswersError(f"{name}, {place}: this is nested too deeply.")
    if isinstance(value, _JSONObject):
        pairs: list[tuple[Node, Node]] = []
        for key, item in value:
            inner = f"{way}.{key}" if way else key
            pairs.append((Text(inner, key), _from_json(item, inner, name, depth + 1)))
        return Pairs(place, pairs)
    if isinstance(value, list):
        return Items(place, [_from_json(item, f"{way}[{at}]", name, depth + 1) for at, item in enumerate(value)])
    return Text(place, str(value).lower() if isinstance(value, bool) else value)
