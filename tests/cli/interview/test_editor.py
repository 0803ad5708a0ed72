"""The user's own editor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli.interview.editor import edited
from specstep_flows.cli.terminal import Terminal


def test_an_editor_of_windows_is_one_line_whose_backslashes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the file may have a space in its name."""
    lines: list[Any] = []

    def run(line: Any, check: bool) -> subprocess.CompletedProcess[str]:
        lines.append(line)
        Path(line.split('"')[-2]).write_text("From the editor.\r\n", encoding="utf-8-sig", newline="")
        return subprocess.CompletedProcess(line, 0)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(Terminal, "is_interactive", True)
    monkeypatch.setenv("VISUAL", r'"C:\Program Files\Notepad++\notepad++.exe" -multiInst')
    assert edited(Terminal()) == ("From the editor.", None)
    assert lines[0].startswith(r'"C:\Program Files\Notepad++\notepad++.exe" -multiInst "')
