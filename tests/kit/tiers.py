"""Which of many like cases the fast tests run. CI and ``scripts/test --all`` run every one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a parametrized test; all but the first and each ``step``-th after it are of the slow tests.

    A tuple is a case of several arguments.
    """
    return [case if number % step == 0 else _slow(case) for number, case in enumerate(cases)]


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
