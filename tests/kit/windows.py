"""What Windows refuses, on a system that does not: for the file operations of this process.

There, a file that is open can be neither removed nor replaced, a folder with such a file cannot be renamed, a rename
replaces nothing, and only what is open for writing can be synced.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import pytest
import rich.console

#: They look at the system when they are imported, and are as they are here.
IMPORTED_BEFORE = (filelock, rich.console)


def behave_as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the calls of ``os`` refuse what Windows refuses, and say that this is Windows, until the test ends.

    Libraries that looked when they were imported are not changed: start servers before.
    """
    for name, looks_at in (("unlink", 1), ("remove", 1), ("rmdir", 1), ("rename", 2), ("replace", 2)):
        monkeypatch.setattr(os, name, _refusing(getattr(os, name), looks_at, is_rename=name == "rename"))
    import fcntl

    fsync = os.fsync

    def sync(descriptor: int) -> None:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(9, "Bad file descriptor")
        fsync(descriptor)

    def no_hard_links(*_: object, **__: object) -> None:
        raise AssertionError("Windows has another way")

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", no_hard_links)
    for name in ("fork", "geteuid", "getuid", "mknod", "mkfifo", "O_NOFOLLOW"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(sys, "platform", "win32")


def _refusing(call: Callable[..., Any], looks_at: int, *, is_rename: bool) -> Callable[..., Any]:
    def refusing(*paths: Any, dir_fd: int | None = None, **more: Any) -> Any:
        folder = "" if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")
        names = [os.path.join(folder, os.fsdecode(path)) for path in paths[:looks_at]]
        if is_rename and os.path.lexists(names[1]):
            raise FileExistsError(17, "Cannot create a file when that file already exists", names[0], 183, names[1])
        for name in names:
            if opened := [one for one in _open_files() if Path(name).resolve() in (one, *one.parents)]:
                raise PermissionError(13, "The process cannot access the file because it is in use", str(opened[0]))
        return call(*paths, **more) if dir_fd is None else call(*paths, dir_fd=dir_fd, **more)

    return refusing


def _open_files() -> list[Path]:
    """Of folders, nobody has a descriptor there."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            path = Path(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
        if path.is_file():
            found.append(path)
    return found
