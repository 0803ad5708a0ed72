"""The files of a checkout that regeneration reads and writes, and the processes that it starts there."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, Self

PACKAGE: Final = "specstep_client"
#: The package written by hand that is checked against it.
FLOWS: Final = "specstep_flows"


class Project:
    """A checkout, and where its files are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        openapi = root / "openapi"
        #: The contract, written by hand.
        self.documented = openapi / "documented.yaml"
        #: The newest document of a server, verbatim; and where, when and with which checksum it was pulled.
        self.pulled, self.provenance = openapi / "pulled.json", openapi / "pulled.provenance.json"
        #: The names of everything that only a pulled document has.
        self.lock = openapi / "names.lock.json"
        #: The generator's only input; its settings; those of its templates that are ours.
        self.aligned = openapi / "aligned.json"
        self.settings, self.templates = openapi / "generator.yaml", openapi / "templates"
        #: The drift report for people and for programs.
        self.drift_page, self.drift_data = openapi / "drift.md", openapi / "drift.json"
        #: The generated package, and the package written by hand that is checked against it.
        self.client, self.flows = root / "generated" / PACKAGE, root / FLOWS
        #: What the documented contract says of sending each operation, for the hand-written package.
        self.operations_table = self.flows / "gateway" / "_operations.py"
        #: Every assumption of the contract with what is known of it: for programs, which write it, and for people.
        self.ledger, self.ledger_page = openapi / "assumptions.yaml", openapi / "assumptions.md"
        #: The front page, which has the ledger's counts.
        self.readme = root / "README.md"
        #: What an installed package compares a service with.
        self.contact_facts = self.flows / "contact" / "contract.json"
        #: The pins of the tools, and the settings of the type check and of the tests.
        self.pyproject = root / "pyproject.toml"
        #: Scratch folders, and what a swap puts in place; on the same file system as the rest.
        self.staging = root / ".regeneration"

    def relative(self, path: Path) -> str:
        """A path as messages write it."""
        return path.relative_to(self.root).as_posix()


def child_environment(**added: str) -> dict[str, str]:
    """The environment of a child process: ours without keys, which no step after the pull needs."""
    kept = {name: value for name, value in os.environ.items() if not _is_secret(name)}
    return {**kept, **added}


class Child:
    """A program at work beside us. Leaving its block while it is at work kills it, with its own children.

    Killing it alone would leave a formatter of thousands of files at work. There is no time limit: what a document may
    ask for is bounded by what is counted in it, so that none is refused for the load of a machine.
    """

    def __init__(
        self, command: list[str], environment: dict[str, str], folder: Path | None = None, waits: bool = False
    ) -> None:
        started = time.monotonic()
        self._said = contextlib.ExitStack()
        # Files, not pipes: nobody reads them while we do something else, and a full pipe would stop the program.
        self._output, self._errors = (
            self._said.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))  # noqa: SIM115
            for _ in range(2)
        )
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE if waits else None,
            stdout=self._output,
            stderr=self._errors,
            start_new_session=True,
        )
        #: How long it took, once it has ended.
        self.seconds = 0.0
        self._end = threading.Thread(target=self._wait, args=(started,), daemon=True)
        self._end.start()

    def _wait(self, started: float) -> None:
        self._process.wait()
        self.seconds = time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def proceed(self) -> None:
        """Give the line that a program ``waits`` for; one that has ended needs none."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as line:
            line.write(b"\n")

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            _kill(self._process)
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._said.close()

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; what it said."""
        self._process.wait()  # the thread alone would be taken for ended when we are interrupted here
        self._end.join()
        self._output.seek(0)
        self._errors.seek(0)
        said = self._output.read(), self._errors.read()
        return subprocess.CompletedProcess(self._process.args, self._process.returncode, *said)


def run_child(
    command: list[str], environment: dict[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and kill it with its own children when we are interrupted."""
    with Child(command, environment, folder) as child:
        return child.ended()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD"))
