"""Modules that are imported when they are first used: a client that is only opened should cost little."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


class LazyModule:
    """Stands for a module until one of its names is wanted."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            self._module = importlib.import_module(self._name)
        return getattr(self._module, attribute)


async def load_async(*names: str) -> None:
    """Import modules that will be wanted, in a thread: an event loop would be blocked as long as that takes."""
    missing = [name for name in names if name not in sys.modules]
    if missing:
        import asyncio

        await asyncio.to_thread(lambda: [importlib.import_module(name) for name in missing])


def load(*_: str) -> None:
    """Code that blocks can as well wait until a module is wanted."""
