"""A child process's program: a swap that is killed with SIGKILL just before its nth change of the file system.

Usage: ``python killed.py ROOT N``. Prints the number of changes when N is more than there are.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

from regeneration.project import Project
from regeneration.swap import staging, swap

CHANGING = ("rename", "unlink", "mkdir", "rmdir", "fsync", "open", "replace", "remove")


def main() -> None:
    """Swap everything that lies in ``new/`` into the tree."""
    project = Project(Path(sys.argv[1]))
    deadly, done = int(sys.argv[2]), 0

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    with staging(project) as scratch:
        staged: dict[Path, Path | None] = {project.root / "gone.txt": None}
        for source in sorted((project.root / "new").iterdir()):
            copied = scratch / source.name
            _copy(source, copied)
            staged[project.root / source.name] = copied
        for name in CHANGING:
            setattr(os, name, counting(getattr(os, name)))
        swap(project, staged)
    print(done)


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


if __name__ == "__main__":
    main()
