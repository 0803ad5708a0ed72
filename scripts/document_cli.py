#!/usr/bin/env python3
"""Write the reference in docs/cli.md from the command itself; with --check, fail when it is out of date."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from specstep_flows.cli.main import VERBS, load
from specstep_flows.cli.verbs import common_options

PAGE: Final = Path(__file__).parents[1] / "docs" / "cli.md"
EXAMPLES: Final = Path(__file__).with_name("cli_examples.toml")
BEGIN: Final = "<!-- The reference: written by scripts/document_cli.py -->"


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    head, mark, _ = page.partition(BEGIN)
    if not mark:
        print(f"{PAGE} has lost its mark {BEGIN!r}.")
        return 1
    wanted = f"{head}{BEGIN}\n\n" + "\n".join(reference()) + "\n"
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        print(f"{PAGE} is not what the command says: run scripts/document_cli.py.")
        return 1
    return 0


def reference() -> Iterator[str]:
    """The page's lines: the options that every verb has, then each verb."""
    common = {parameter.name for parameter in common_options()}
    examples = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    first = load("runs")
    yield "## Options of every verb"
    yield ""
    yield from _options(parameter for parameter in first.params if parameter.name in common)
    yield ""
    yield "In the examples, words like `$PACKAGE` stand for ids; where no exit code is named, it is 0."
    yield from _verbs({name: load(name) for name in VERBS}, "specstep", common, examples)


def _verbs(commands: Mapping[str, Any], path: str, common: set[str], examples: Mapping[str, str]) -> Iterator[str]:
    for name, inner in commands.items():
        whole = f"{path} {name}"
        if hasattr(inner, "commands"):
            yield ""
            yield f"## `{whole}`"
            yield ""
            yield _sentence(inner.help)
            yield from _verbs(inner.commands, whole, common, examples)
            continue
        arguments = [parameter for parameter in inner.params if not parameter.opts[0].startswith("-")]
        options = [
            parameter for parameter in inner.params if parameter not in arguments and parameter.name not in common
        ]
        usage = " ".join([whole, *(_metavar(argument) for argument in arguments)])
        yield ""
        yield f"{'###' if path != 'specstep' else '##'} `{usage}`"
        yield ""
        for paragraph in (inner.help or "").split("\n\n"):
            yield _sentence(paragraph)
            yield ""
        if arguments or options:
            yield from _options([*arguments, *options])
            yield ""
        yield "```sh"
        yield examples[whole.removeprefix("specstep ")].strip()
        yield "```"


def _options(parameters: Any) -> Iterator[str]:
    for parameter in parameters:
        if parameter.opts[0].startswith("-"):
            names = ", ".join(f"`{option}`" for option in sorted(parameter.opts, key=len, reverse=True))
            value = "" if parameter.is_flag else f" `{_metavar(parameter)}`"
            if parameter.secondary_opts:
                names += ", " + ", ".join(f"`{option}`" for option in parameter.secondary_opts)
        else:
            names, value = f"`{_metavar(parameter)}`", ""
        yield f"- {names}{value}: {_sentence(parameter.help)}{_default(parameter)}"


def _default(parameter: Any) -> str:
    """What the help puts in brackets: that an option is required, or what holds without it."""
    if not parameter.opts[0].startswith("-"):
        return ""
    if parameter.required:
        return " Required."
    value = getattr(parameter.default, "value", parameter.default)
    if value is True:
        return f" Default: `{parameter.opts[0]}`."
    if value in (None, False, "", ()):
        return ""
    return f" Default: {value:g}." if isinstance(value, float) else f" Default: {value}."


def _metavar(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return "|".join(str(getattr(choice, "value", choice)) for choice in choices)
    return str(parameter.type.name).upper() if not parameter.opts[0].startswith("-") else "TEXT"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
