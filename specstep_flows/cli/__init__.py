"""The ``specstep`` command: a thin skin over ``specstep_flows.client``.

Everything else is imported when it is used, so that ``specstep --help`` costs little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` (default: this process's arguments); its exit code."""
    from specstep_flows.cli.entry import run

    return run(argv)
