"""Modules are imported when they are wanted; for an event loop in a thread."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from specstep_flows._lazy import LazyModule, load, load_async

SOURCE = "import threading\nthread = threading.current_thread()\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that says in which thread it was imported."""
    name = "imported_somewhere"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_an_event_loop_is_not_blocked_by_imports(module: str) -> None:
    """They are done in a thread, once."""
    asyncio.run(load_async(module, "asyncio"))

    first = sys.modules[module]
    assert first.thread is not threading.current_thread()
    asyncio.run(load_async(module))
    assert sys.modules[module] is first


def test_code_that_blocks_imports_what_it_uses(module: str) -> None:
    """Nothing before it is wanted."""
    lazy = LazyModule(module)
    load(module)
    assert module not in sys.modules

    assert lazy.thread is threading.current_thread()
