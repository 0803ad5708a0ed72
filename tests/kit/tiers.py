"""Which of many like cases the fast tests run (CI and ``scripts/test --all`` run every one), and which tests stay with
one worker."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any, Final

import pytest

#: The part of a test's id that says which of the two clients it is about.
_KIND: Final = re.compile(r"(?<=[\[-])(a?sync)(?=[\]-])")
#: The tests of each of these paths share what is dear to make (an installed wheel, an account with a run, pages, what
#: mypy found), so that one worker runs them all. (pytest-xdist's own marks for that are of no effect from pytest 9.2.)
_TOGETHER: Final = (
    "tests/contact/",
    "tests/contract/",
    "tests/distribution/",
    "tests/fleet/",
    "tests/regeneration/test_first_contact.py",
    "tests/regeneration/test_generator.py",
    "tests/report/",
    "tests/test_import_cost.py",
)


def alternate(items: Iterable[pytest.Item]) -> None:
    """Of a test for both clients, the one of the slow tests: the async one of some, the sync one of others."""
    for item in items:
        kind = _KIND.search(item.nodeid)
        if kind is not None:
            of_both = _KIND.sub("*", item.nodeid)
            chosen = "sync" if zlib.crc32(of_both.encode()) % 2 else "async"
            if kind.group() != chosen:
                item.add_marker(pytest.mark.slow)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands tests to pytest-xdist's workers one by one, but for those that stay together."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return next((path for path in _TOGETHER if nodeid.startswith(path)), nodeid)

    return Scheduler(config, log)


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a parametrized test; all but the first and each ``step``-th after it are of the slow tests.

    A tuple is a case of several arguments.
    """
    return [case if number % step == 0 else _slow(case) for number, case in enumerate(cases)]


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
