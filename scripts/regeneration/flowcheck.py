"""Holding ``specstep_flows`` against a client that is not in the tree yet: its types, then its contract tests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from regeneration.changes import Change
from regeneration.generation import child_environment
from regeneration.pointers import JsonObject
from regeneration.project import PACKAGE, Project
from regeneration.stops import Stop
from regeneration.text import shown

TIME_LIMIT: Final = 300
MOST_SENTENCES: Final = 12
_NO_TESTS: Final = 5

_GENERATED: Final = re.compile(r'"([A-Z]\w*)"')
_ATTRIBUTE: Final = re.compile(r'"([A-Z]\w*)" has no attribute "(\w+)"')
_ARGUMENT: Final = re.compile(r'argument "(\w+)"', re.IGNORECASE)


def hold_flows_against(project: Project, generated: Path, aligned: JsonObject, changes: list[Change]) -> None:
    """Type-check the hand-written package against a new client, and run its contract tests on it.

    Args:
        project: the checkout.
        generated: the folder that holds the new package.
        aligned: what it was generated from, for saying which operation a complaint is about.
        changes: what the flows see changed, for saying which field.

    Raises:
        Stop: the flows don't fit the new client; each sentence names an operation and a field where that can be told.
    """
    if not project.flows.is_dir():
        return
    complaints = _type_errors(project, generated)
    if complaints:
        sentences = list(dict.fromkeys(_translated(complaint, aligned, changes, project) for complaint in complaints))
        more = [f"And {len(sentences) - MOST_SENTENCES} more."] if len(sentences) > MOST_SENTENCES else []
        raise Stop([*sentences[:MOST_SENTENCES], *more])
    _contract_tests(project, generated)


def _type_errors(project: Project, generated: Path) -> list[dict[str, Any]]:
    """mypy's complaints about the hand-written package."""
    cache = project.workshop / "mypy-cache"
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
    command = [sys.executable, "-m", "pytest", "-q", "-m", "contract", "-p", "no:cacheprovider", "--no-header"]
    command += ["--tb=line", str(tests)]
    environment = child_environment(
        PYTHONPATH=os.pathsep.join([str(generated), str(project.root)]), PYTHONDONTWRITEBYTECODE="1"
    )
    run = _run(command, project, environment, "pytest")
    if run.returncode == _NO_TESTS:
        raise Stop("No test is marked `contract`, so nothing shows that the flows work with the new client.")
    if run.returncode:
        failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E "))]
        said = failed[:MOST_SENTENCES] or (run.stdout + run.stderr).splitlines()[-MOST_SENTENCES:]
        raise Stop(["The contract tests fail with the new client:", *(shown(line, 300) for line in said)])


def _run(
    command: list[str], project: Project, environment: dict[str, str], tool: str
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=project.root, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Stop(f"{tool} didn't finish within {TIME_LIMIT} seconds.") from None


def _translated(complaint: dict[str, Any], aligned: JsonObject, changes: list[Change], project: Project) -> str:
    """A type error as a sentence about an operation and a field, as far as it can be told."""
    message = str(complaint["message"])
    where = f"{complaint['file']}:{complaint['line']}"
    lines = _source(project, complaint)
    subject = ""
    if any(PACKAGE in line for line in lines):
        source = "".join(lines[int(complaint["line"]) - 1 : int(complaint["line"])])
        subject = (
            _named_field(message, aligned)
            or _changed_field(message, source, changes)
            or _named_class(message, aligned)
            or _operation_named(message + " " + source, aligned)
        )
    return f"{subject}: {shown(message, 240)} ({where})" if subject else f"{shown(message, 240)} ({where})"


def _named_field(message: str, aligned: JsonObject) -> str:
    """The field of a generated class, or the parameter of an operation, that a type error names."""
    schemas = aligned["components"]["schemas"]
    attribute = _ATTRIBUTE.search(message)
    if attribute and attribute[1] in schemas:
        return f"{_operations_with(attribute[1], aligned)}, field {attribute[2]}"
    argument = _ARGUMENT.search(message)
    if argument is None:
        return ""
    owner = next((name for name in _GENERATED.findall(message) if name in schemas), None)
    return f"{_operations_with(owner, aligned)}, field {argument[1]}" if owner else ""


def _changed_field(message: str, source: str, changes: list[Change]) -> str:
    """The changed field that stands in a line of source, or whose new type stands in the message."""
    attributes = set(re.findall(r"\.(\w+)", source))
    types = set(_GENERATED.findall(message))
    for change in changes:
        is_meant = change.place.rsplit(".", 1)[-1] in attributes or types & set(re.findall(r"\w+", change.detail))
        if change.what != "new" and is_meant:
            return f"{change.operation}, {change.place} ({change.what}: {change.detail})"
    return ""


def _named_class(message: str, aligned: JsonObject) -> str:
    """The operations of the generated class that a type error names."""
    schemas = aligned["components"]["schemas"]
    owner = next((name for name in _GENERATED.findall(message) if name in schemas), None)
    return _operations_with(owner, aligned) if owner else ""


def _operation_named(text: str, aligned: JsonObject) -> str:
    """The operation whose id stands in a text."""
    words = set(re.findall(r"\w+", text))
    for path, item in aligned["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] in words:
                return f"{method.upper()} {path}"
    return ""


def _operations_with(schema: str, aligned: JsonObject) -> str:
    """The operations whose bodies hold a schema, directly or inside another one."""
    holders = {schema}
    while True:
        wider = holders | {
            name
            for name, component in aligned["components"]["schemas"].items()
            if any(f'"#/components/schemas/{holder}"' in json.dumps(component) for holder in holders)
        }
        if wider == holders:
            break
        holders = wider
    found = [
        f"{method.upper()} {path}"
        for path, item in aligned["paths"].items()
        for method, operation in item.items()
        if any(f'"#/components/schemas/{holder}"' in json.dumps(operation) for holder in holders)
    ]
    named = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{named} ({schema})" if named else schema


def _source(project: Project, complaint: dict[str, Any]) -> list[str]:
    """The lines of the module that a complaint is about."""
    try:
        return (project.root / str(complaint["file"])).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
