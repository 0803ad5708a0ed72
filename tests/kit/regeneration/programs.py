"""Which programs regeneration starts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest


class Programs:
    """Takes down every program that is started."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._names: list[str] = []
        noted = self._names

        class Noting(subprocess.Popen[Any]):
            def __init__(self, command: list[str], *arguments: Any, **named: Any) -> None:
                noted.append(_name(command))
                super().__init__(command, *arguments, **named)

        patch.setattr(subprocess, "Popen", Noting)

    def so_far(self) -> list[str]:
        """Their names, in order, since this was last asked."""
        names = sorted(self._names)
        self._names.clear()
        return names


def _name(command: list[str]) -> str:
    """What a command runs: a module of Python, some lines of it, or a program."""
    if "-m" in command:
        return command[command.index("-m") + 1]
    return "python -c" if "-c" in command else Path(command[0]).name
