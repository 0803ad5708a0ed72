"""Sentences of the library as the command says them."""

from __future__ import annotations

import re
from typing import Final

#: An argument of ``SpecStep.run`` or its like in a message, and the options that have another name.
_ARGUMENT: Final = re.compile(
    "`(again|attachments|force|max_cost_usd|mirror_selection|output|profile|project_type|retry_failed|run_id|timeout"
    "|unpack|wait|wait_paused)(=True|=False)?`"
)
_RENAMED: Final = {"attachments": "--attach", "max_cost_usd": "--max-cost", "mirror_selection": "--mirror"}


def in_options(message: str) -> str:
    """A message of the library with the command's options in place of the arguments that it names."""
    return _ARGUMENT.sub(_option, message)


def _option(found: re.Match[str]) -> str:
    argument, value = found.groups()
    return _RENAMED.get(argument) or f"--{'no-' if value == '=False' else ''}{argument.replace('_', '-')}"
