"""What the service expects a generation to cost: the MCP tool ``estimate_generation_cost``, by its own schema.

Nothing about the tool but its name is public. So its arguments are filled in by what its schema says, figures are found
by what their names say, and whatever cannot be understood is "no estimate", with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import models
from specstep_flows._json import read_json
from specstep_flows._text import plain_line, without_secrets
from specstep_flows.gateway import mcp
from specstep_flows.states import DEFAULT_PROFILE, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TOOL: Final = "estimate_generation_cost"
LONGEST_TEXT: Final = 500
#: Schemas within each other that are looked into, for a profile that is a member of a member.
DEEPEST: Final = 4
#: No estimate is larger, in dollars or seconds.
LARGEST: Final = 1e9
#: Words in the names of figures, as ``estimated_total_p25_usd`` has four of them.
_COST: Final = frozenset({"usd", "cost", "price", "dollars"})
_LOW: Final = frozenset({"p25", "low", "lower", "min", "minimum", "lowest"})
_HIGH: Final = frozenset({"p75", "high", "upper", "max", "maximum", "highest"})
_ESTIMATED: Final = frozenset({"estimate", "estimated", "expected", "median", "typical", "p50"})
#: Figures with these are about something else.
_ELSEWHERE: Final = frozenset(
    {"p10", "p90", "p95", "p99", "cap", "limit", "budget", "remaining", "left", "spent", "balance", "per", "quota"}
    | {"tokens", "cents", "eur", "gbp", "credits", "stddev", "variance"}
)
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


async def estimate_generation(profile: str | None) -> models.ServiceEstimate:
    """The service's estimate for a review profile; without figures, and with the reason, where there is none.

    Without a profile it is the service's default.

    POST /mcp (``initialize``, ``tools/list``, ``tools/call``)

    Raises:
        NotConnected: the service cannot be reached.
    """
    profile = profile or DEFAULT_PROFILE
    try:
        connection = await mcp.initialize()
        tool = next((tool for tool in await mcp.list_tools(connection) if tool.get("name") == TOOL), None)
        if tool is None:
            raise mcp.NoAnswer(f"the service offers no tool {TOOL}")
        result = await mcp.call_tool(connection, TOOL, _arguments(tool.get("inputSchema"), profile))
        return _read(result, profile)
    except mcp.REFUSALS as error:
        return models.ServiceEstimate(profile, reason=_sentence(mcp.reason_of(error)))


def _sentence(text: str) -> str:
    line = _line(text).rstrip(".")
    return f"{line[:1].upper()}{line[1:]}."


def _line(text: str) -> str:
    return without_secrets(plain_line(text), is_foreign=True)[:LONGEST_TEXT]


def _arguments(schema: Any, profile: str) -> dict[str, Any]:
    """The arguments that the tool's schema asks for: the profile, and what it fills in itself."""
    arguments = _filled(schema, schema, profile, DEEPEST, {})
    if arguments is None:
        raise mcp.NoAnswer(f"the service's tool {TOOL} has no argument for a review profile")
    return arguments


def _filled(schema: Any, root: Any, profile: str, depth: int, seen: dict[int, int]) -> dict[str, Any] | None:
    """An object that fits the schema and names the profile; None where it has no place for it.

    ``seen`` is how deep each schema was looked into: where they refer to each other, the ways through them are many.
    """
    properties = _resolved(schema, root).get("properties")
    if not isinstance(properties, dict) or depth <= seen.get(id(properties), 0):
        return None
    seen[id(properties)] = depth
    found: dict[str, Any] | None = None
    ranked = sorted(properties, key=lambda name: (fold(name) != "reviewprofile", "profile" not in fold(name)))
    for name in ranked:
        inner = _resolved(properties[name], root)
        value: Any = _spelled(name, inner, profile)
        if value is None:
            value = _filled(inner, root, profile, depth - 1, seen)
        if value is not None:
            found = {name: value}
            break
    if found is None:
        return None
    required = _resolved(schema, root).get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in found:
            found[name] = _given(name, _resolved(properties.get(name), root))
    return found


def _spelled(name: str, schema: Mapping[str, Any], profile: str) -> str | None:
    """The profile as the schema spells it; None for a property that is about something else."""
    values = schema.get("enum")
    if isinstance(values, list):
        return next((value for value in values if isinstance(value, str) and fold(value) == fold(profile)), None)
    kinds = schema.get("type")
    is_text = kinds is None or "string" in (kinds if isinstance(kinds, list) else [kinds])
    return profile if is_text and "profile" in fold(name) else None


def _given(name: str, schema: Mapping[str, Any]) -> Any:
    """The value of a required argument that the schema settles itself."""
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    values = schema.get("enum")
    if isinstance(values, list) and len(values) == 1:
        return values[0]
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        return None
    raise mcp.NoAnswer(f"the service's tool {TOOL} wants {plain_line(name)}, which is not known here")


def _resolved(schema: Any, root: Any) -> Mapping[str, Any]:
    """A schema behind a local ``$ref``, or the one of several that is not null."""
    for _ in range(DEEPEST):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            target: Any = root
            for part in reference.lstrip("#/").split("/"):
                target = target.get(part) if isinstance(target, dict) else None
            schema = target
            continue
        several = next((schema[word] for word in ("anyOf", "oneOf") if isinstance(schema.get(word), list)), None)
        if several is None:
            return schema
        schema = next((one for one in several if not (isinstance(one, dict) and one.get("type") == "null")), None)
    return {}


def _read(result: Mapping[str, Any], profile: str) -> models.ServiceEstimate:
    content = result.get("content")
    items = content if isinstance(content, list) else []
    texts = [item["text"] for item in items if isinstance(item, dict) and isinstance(item.get("text"), str)]
    text = "\n".join(texts)
    if result.get("isError") is True:
        raise mcp.NoAnswer(f"the service's tool {TOOL} refused: {text}" if text else f"the tool {TOOL} failed")
    body = result.get("structuredContent")
    if not isinstance(body, dict):
        body = next((found for found in map(_object, texts) if found), {})
    figures = list(_figures(body))
    estimate = models.ServiceEstimate(
        profile,
        cost_usd=_figure(figures, _COST, without=_LOW | _HIGH),
        low_usd=_figure(figures, _COST, _LOW),
        high_usd=_figure(figures, _COST, _HIGH),
        seconds=_seconds(figures),
        sample_size=_whole(_figure(figures, frozenset({"sample", "samples"}))),
        text=None if body or not text else _line(text),
        raw=body,
    )
    if estimate.cost_usd is None and estimate.seconds is None and estimate.text is None:
        return models.ServiceEstimate(
            profile,
            sample_size=estimate.sample_size,
            reason="The service has no figures for it yet." if body else "The service's answer is empty.",
            raw=body,
        )
    return estimate


def _object(text: str) -> dict[str, Any]:
    try:
        found = read_json(text.encode("utf-8", "replace"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _figures(body: Mapping[str, Any], before: frozenset[str] = frozenset()) -> Iterator[tuple[frozenset[str], float]]:
    """Every number of an object, with the words of the names that lead to it."""
    for name, value in body.items():
        words = before | {word.casefold() for word in _WORD.findall(str(name))}
        if isinstance(value, dict):
            yield from _figures(value, words)
        elif (number := _number(value)) is not None:
            yield words, number


def _number(value: object) -> float | None:
    """An amount; the service may write numbers as strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= LARGEST else None


def _figure(
    figures: Iterable[tuple[frozenset[str], float]],
    about: frozenset[str],
    of: frozenset[str] | None = None,
    without: frozenset[str] = frozenset(),
) -> float | None:
    """The first figure whose names say so; what says that it is estimated comes before anything else."""
    fitting = [
        (words, number)
        for words, number in figures
        if words & about and (of is None or words & of) and not words & (without | _ELSEWHERE)
    ]
    return min(fitting, key=lambda found: not found[0] & _ESTIMATED, default=(None, None))[1]


def _seconds(figures: Iterable[tuple[frozenset[str], float]]) -> float | None:
    for units, factor in (({"seconds", "secs"}, 1.0), ({"minutes", "mins"}, 60.0)):
        found = _figure(figures, frozenset(units), without=_LOW | _HIGH)
        if found is not None:
            return found * factor
    return None


def _whole(number: float | None) -> int | None:
    return int(number) if number is not None and number.is_integer() else None
