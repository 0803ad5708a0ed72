"""Running the generator in a scratch folder, with the tools at the versions that its output was committed with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from regeneration.children import child_environment, run_child
from regeneration.limits import Deadline
from regeneration.stops import Stop

_PINNED: Final = ("openapi-python-client", "ruff")
SCRIPTS: Final = Path(__file__).resolve().parent.parent


def check_tools(pyproject: Path) -> None:
    """See that the generator and the formatter are the pinned ones: others would write another text.

    Raises:
        Stop: one is missing, or has another version than ``pyproject.toml`` pins.
    """
    requirements = _requirements(pyproject)
    for tool in _PINNED:
        pin = re.search(rf"(?m)^{re.escape(tool)}==(\S+)$", requirements)
        try:
            installed = version(tool)
        except PackageNotFoundError:
            raise Stop(f'{tool} is not installed; run pip install -e ".[dev]".') from None
        if pin is not None and pin[1] != installed:
            raise Stop(
                f"{tool} {installed} is installed, but the committed client is made with {pin[1]}, and another version "
                'writes another text; run pip install -e ".[dev]".'
            )
    if not (Path(sys.executable).parent / "ruff").exists():
        raise Stop(f"ruff is not beside {sys.executable}; without it, the generator leaves its output unfinished.")


def generate_client(aligned: Path, settings: Path, templates: Path, output: Path, deadline: Deadline) -> None:
    """Generate the package ``output`` from an aligned document.

    Raises:
        Stop: the generator warned of anything, failed, or took too long.
    """
    environment = child_environment(PYTHONPATH=str(SCRIPTS), PYTHONDONTWRITEBYTECODE="1")
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    command = [sys.executable, "-m", "regeneration.generator_run", *map(str, (aligned, settings, templates, output))]
    try:
        run = run_child(command, environment, deadline.left())
    except subprocess.TimeoutExpired:
        raise deadline.passed() from None
    if run.returncode or run.stderr.strip():
        said = run.stderr.strip().splitlines()[-12:]
        raise Stop(["The generator did not take the aligned document:", *(line[:600] for line in said)])
    _check_hooks(output, environment)
    (output / "py.typed").write_text("")


def _check_hooks(output: Path, environment: dict[str, str]) -> None:
    """See that the formatter went over everything: it passes over what it thinks ignored without a word."""
    command = ["ruff", "format", "--check", "--no-cache", "--isolated", "--no-respect-gitignore", "-q", "."]
    if subprocess.run(command, cwd=output, env=environment, capture_output=True, check=False).returncode:
        raise Stop("The generator's hooks left code unformatted; see post_hooks in openapi/generator.yaml.")


def _requirements(pyproject: Path) -> str:
    """Every requirement of the project, one a line."""
    try:
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        return ""
    extras = project.get("optional-dependencies", {})
    return "\n".join([*project.get("dependencies", []), *(entry for extra in extras.values() for entry in extra)])
