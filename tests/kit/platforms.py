"""Marks of tests that some systems cannot run."""

from __future__ import annotations

import sys
from typing import Final

import pytest

POSIX_ONLY: Final = pytest.mark.skipif(
    sys.platform == "win32",
    reason="did not run: named pipes, shells, forks, devices, modes and most signals are those of POSIX",
)

LINUX_ONLY: Final = pytest.mark.skipif(
    sys.platform != "linux",
    reason="did not run: only Linux has /proc, and files whose names are any bytes",
)

#: Modules that newer versions of Python have made of parts of others, so that as many more are counted there; and one
#: that httpx loads with an older version, and attrs with any.
SPLIT_OFF: Final = frozenset(
    # 3.12 and 3.13
    {"platform", "_tokenize", "_colorize", "_opcode_metadata", "pathlib._abc", "pathlib._local"}
    # 3.14
    | {"pathlib._os", "pathlib.types", "annotationlib", "_ast_unparse", "_types", "_py_warnings"}
)
