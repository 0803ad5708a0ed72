"""Real git repositories of tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """What a command of git prints in a folder. It must succeed."""
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8")
    return done.stdout.strip()
