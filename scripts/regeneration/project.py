"""The files of a checkout that regeneration reads and writes, and the processes that it starts there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

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


def run_child(
    command: list[str], environment: dict[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program, and kill it with its own children when we are interrupted.

    Killing it alone would leave a formatter of thousands of files at work, and us waiting for its pipe to close. There
    is no time limit: what a document may ask for is bounded by what is counted in it, so that none is refused for the
    load of a machine.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate()
        except BaseException:
            _kill(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD"))
