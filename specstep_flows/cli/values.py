"""Values on the command line: what each has to be, and what is said of one that is not.

typer's own words for a number or a choice differ from version to version, and none of them are meant for people.
"""

from __future__ import annotations

import copy
import inspect
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

import typer

from specstep_flows._text import did_you_mean
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Callable

Choice = TypeVar("Choice", bound=StrEnum)


def whole_number(least: int | None, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or (least is not None and number < least) or (most is not None and number > most):
            ends = f", {least} or more" if most is None else f" from {least} to {most}"
            raise typer.BadParameter(f"{text!r} is not a whole number{ends if least is not None else ''}.")
        return number

    return parse


def number(text: str) -> float:
    """A number, within whatever bounds its verb has."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None


def choice(kind: type[Choice]) -> Callable[[str], Choice]:
    """A parser of the words of an enumeration, in any letters."""

    def parse(text: str) -> Choice:
        for word in kind:
            if fold(word.value) == fold(text):
                return word
        words = [word.value for word in kind]
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}.{did_you_mean(text, words)}")

    return parse


def plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter whose help and whose errors are in our own words."""
    if get_origin(parameter.annotation) is not Annotated:
        return parameter
    kind, *details = get_args(parameter.annotation)
    kinds = [one for one in (get_args(kind) or (kind,)) if one is not type(None)]
    info = copy.copy(details[0])
    own = _own(kinds[0], info)
    if not own:
        return parameter
    vars(info).update(own)
    return parameter.replace(annotation=Annotated[kind, info])


def _own(kind: Any, info: Any) -> dict[str, Any]:
    """What typer is told in place of its own way with a type."""
    if kind is str or get_args(kind) == (str,):
        return {} if info.metavar else {"metavar": "TEXT"}
    if info.parser is not None:
        return {}
    if kind is int:
        parser: Callable[[str], Any] = whole_number(info.min, info.max)
        return {"parser": parser, "min": None, "max": None, "metavar": info.metavar or "N"}
    if kind is float:
        return {"parser": number, "metavar": info.metavar or "N"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        words = [word.value for word in kind]

        def complete(incomplete: str) -> list[str]:
            return [word for word in words if word.startswith(incomplete.lower())]

        return {"parser": choice(kind), "metavar": "|".join(words), "autocompletion": complete}
    return {}
