"""How long each stage of a run takes, for the person who waits for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Final

from attrs import Factory, define

#: What ran beside what, and the stages that say that it did.
_BESIDE: Final = {
    "types ahead from the start": {"types ahead"},
    "the checks side by side": {"types", "contract tests"},
}


@define
class Stages:
    """The stages of a run so far, in the order of their ends."""

    _began: float = Factory(time.monotonic)
    _taken: dict[str, float] = Factory(dict)

    @contextlib.contextmanager
    def at(self, stage: str) -> Iterator[None]:
        """Note how long the block takes, however it ends."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.note(stage, time.monotonic() - start)

    def note(self, stage: str, seconds: float) -> None:
        """Note a stage that was beside others."""
        self._taken[stage] = seconds

    @contextlib.contextmanager
    def said(self, say: Callable[[str], None]) -> Iterator[None]:
        """Say the seconds of all stages at the end of the block, however it ends."""
        try:
            yield
        finally:
            whole = time.monotonic() - self._began
            each = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in self._taken.items())
            beside = "; ".join(words for words, stages in _BESIDE.items() if self._taken.keys() >= stages)
            beside = f" ({beside})" if beside else ""
            if each:
                say(f"{whole:.1f} s: {each}{beside}")
