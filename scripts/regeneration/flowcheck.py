"""Holding ``specstep_flows`` against a client that is not in the tree yet: its types, then its contract tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from regeneration.changes import Change
from regeneration.children import child_environment, run_child
from regeneration.pointers import JsonObject
from regeneration.project import Project
from regeneration.stops import Stop
from regeneration.text import shown
from regeneration.translating import lost_imports, operations_of, translated

TIME_LIMIT: Final = 300
MOST_SENTENCES: Final = 12
_NO_TESTS: Final = 5
_MARK: Final = "mark.contract"
_NOTHING_SHOWN: Final = "No test is marked `contract`, so nothing shows that the flows work with the new client."


class FlowsDoNotFit(Stop):
    """The hand-written package doesn't fit the new client; ``changes`` says the same for the drift report."""

    def __init__(self, sentences: list[str], changes: list[Change]) -> None:
        super().__init__(sentences)
        self.changes = changes


def hold_flows_against(project: Project, generated: Path, aligned: JsonObject, changes: list[Change]) -> None:
    """Type-check the hand-written package against a new client, and run its contract tests on it.

    Args:
        project: the checkout.
        generated: the folder that holds the new package.
        aligned: what it was generated from, for saying which operation a complaint is about.
        changes: what the flows see changed, for saying which field.

    Raises:
        FlowsDoNotFit: the flows don't fit the new client; each sentence names an operation and a field where that can
            be told.
        Stop: the contract tests fail, or nothing could be run.
    """
    if not project.flows.is_dir():
        return
    found = [*_lost(project, generated), *_complaints(project, generated, aligned, changes)]
    if found:
        sentences = list(dict.fromkeys(sentence for _, sentence in found))
        more = [f"And {len(sentences) - MOST_SENTENCES} more."] if len(sentences) > MOST_SENTENCES else []
        misfits = [
            Change("doesn't fit", subject or project.flows.name, "", "flows", sentence.removeprefix(f"{subject}: "))
            for subject, sentence in dict.fromkeys(found)
        ]
        raise FlowsDoNotFit([*sentences[:MOST_SENTENCES], *more], misfits)
    _contract_tests(project, generated)


def _lost(project: Project, generated: Path) -> list[tuple[str, str]]:
    """What the hand-written package imports and the new client hasn't, with the operations of the client in the tree."""
    before = json.loads(project.aligned.read_text(encoding="utf-8")) if project.aligned.exists() else None
    found: list[tuple[str, str]] = []
    for path in sorted(project.flows.rglob("*.py")):
        for line, module, name in lost_imports(path.read_text(encoding="utf-8"), generated):
            subject = operations_of(name, before) if before else ""
            said = f"{module} has no {name} any more ({project.relative(path)}:{line})"
            found.append((subject, f"{subject}: {said}" if subject else said))
    return found


def _complaints(project: Project, generated: Path, aligned: JsonObject, changes: list[Change]) -> list[tuple[str, str]]:
    return [
        translated(complaint, _source(project, complaint), aligned, changes)
        for complaint in _type_errors(project, generated)
    ]


def _source(project: Project, complaint: dict[str, Any]) -> str:
    """The module that a complaint is about."""
    try:
        return (project.root / str(complaint["file"])).read_text(encoding="utf-8")
    except OSError:
        return ""


def _type_errors(project: Project, generated: Path) -> list[dict[str, Any]]:
    """mypy's complaints about the hand-written package."""
    cache = generated.parent / "mypy-cache"
    command = [sys.executable, "-m", "mypy", "--config-file", str(project.pyproject), "--output", "json"]
    command += ["--cache-dir", str(cache), "--no-error-summary", "-p", project.flows.name]
    environment = child_environment(MYPYPATH=os.pathsep.join([str(generated), str(project.root)]))
    run = _run(command, project, environment, "mypy")
    found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    complaints = [entry for entry in found if entry.get("severity") == "error"]
    if run.returncode and not complaints:
        said = shown(run.stderr or run.stdout, 400)
        raise Stop(f"The type check of specstep_flows could not be run: {said}")
    return complaints


def _contract_tests(project: Project, generated: Path) -> None:
    tests = project.root / "tests"
    if not tests.is_dir():
        return
    # Collecting every test there is would take longer than running these.
    marked = [str(path) for path in sorted(tests.rglob("test_*.py")) if _MARK in path.read_text(encoding="utf-8")]
    if not marked:
        raise Stop(_NOTHING_SHOWN)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "contract", "-p", "no:cacheprovider", "--no-header"]
    command += ["--tb=line", *marked]
    environment = child_environment(
        PYTHONPATH=os.pathsep.join([str(generated), str(project.root)]), PYTHONDONTWRITEBYTECODE="1"
    )
    run = _run(command, project, environment, "pytest")
    if run.returncode == _NO_TESTS:
        raise Stop(_NOTHING_SHOWN)
    if run.returncode:
        failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E "))]
        said = failed[:MOST_SENTENCES] or (run.stdout + run.stderr).splitlines()[-MOST_SENTENCES:]
        raise Stop(["The contract tests fail with the new client:", *(shown(line, 300) for line in said)])


def _run(
    command: list[str], project: Project, environment: dict[str, str], tool: str
) -> subprocess.CompletedProcess[str]:
    try:
        return run_child(command, environment, TIME_LIMIT, project.root)
    except subprocess.TimeoutExpired:
        raise Stop(f"{tool} didn't finish within {TIME_LIMIT} seconds.") from None
