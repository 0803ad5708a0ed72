"""Checking ``specstep_flows`` against a client that is not in the tree yet: its types, then its contract tests."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.groups import TERMINAL
from regeneration.project import PACKAGE, Project, child_environment, run_child
from regeneration.report import MOST_SENTENCES
from regeneration.text import shown

_NO_TESTS: Final = 5
_CLASS: Final = re.compile(r'"([A-Z]\w*)"')
_MARK: Final = "mark.contract"
_NOTHING_SHOWN: Final = "No test is marked `contract`, so nothing shows that the flows work with the new client."


class FlowsDoNotFit(RegenerationError):
    """The hand-written package does not fit the new client."""


def check_flows(project: Project, generated: Path, aligned: JsonObject) -> None:
    """Type-check the hand-written package against a new client, and run its contract tests on it.

    Args:
        project: the checkout.
        generated: the folder that holds the new package.
        aligned: what it was generated from, for saying which operation a complaint is about.

    Raises:
        FlowsDoNotFit: the flows do not fit the new client; each sentence names a line, and an operation where that can
            be told.
        RegenerationError: the contract tests fail, or nothing could be run.
    """
    if not project.flows.is_dir():
        return
    found = [*_lost_imports(project, generated), *_type_errors(project, generated, aligned)]
    if found:
        raise FlowsDoNotFit(dict.fromkeys(found))
    _contract_tests(project, generated)


def _lost_imports(project: Project, generated: Path) -> Iterator[str]:
    """What the hand-written package imports and the new client lacks, with the operations of the old one."""
    before = json.loads(project.aligned.read_text(encoding="utf-8")) if project.aligned.exists() else None
    for path in sorted(project.flows.rglob("*.py")):
        for line, module, name in lost_imports(path.read_text(encoding="utf-8"), generated):
            said = f"{module} has no {name} any more ({project.relative(path)}:{line})"
            yield _about(name, before, said) if before else said


def _type_errors(project: Project, generated: Path, aligned: JsonObject) -> list[str]:
    """mypy's complaints about the hand-written package, each with the operations of the class that it names."""
    cache = generated.parent / "mypy-cache"
    command = [sys.executable, "-m", "mypy", "--config-file", str(project.pyproject), "--output", "json"]
    command += ["--cache-dir", str(cache), "--no-error-summary", "-p", project.flows.name]
    environment = child_environment(MYPYPATH=os.pathsep.join([str(generated), str(project.root)]))
    run = run_child(command, environment, project.root)
    found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    complaints = [entry for entry in found if entry.get("severity") == "error"]
    if run.returncode and not complaints:
        said = shown(run.stderr or run.stdout, 400)
        raise RegenerationError(f"The type check of specstep_flows could not be run: {said}")
    return [_sentence(complaint, aligned) for complaint in complaints]


def _sentence(complaint: dict[str, Any], aligned: JsonObject) -> str:
    message = str(complaint["message"])
    named = [name for name in _CLASS.findall(message) if name in aligned["components"]["schemas"]]
    said = f"{shown(message, 240)} ({complaint['file']}:{complaint['line']})"
    return _about(named[0], aligned, said) if named else said


def _contract_tests(project: Project, generated: Path) -> None:
    tests = project.root / "tests"
    if not tests.is_dir():
        return
    # Collecting every test there is would take longer than running these.
    marked = [str(path) for path in sorted(tests.rglob("test_*.py")) if is_contract_test(path)]
    if not marked:
        raise RegenerationError(_NOTHING_SHOWN)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "contract", "-p", "no:cacheprovider", "--no-header"]
    command += ["--tb=line", *marked]
    environment = child_environment(
        PYTHONPATH=os.pathsep.join([str(generated), str(project.root)]), PYTHONDONTWRITEBYTECODE="1"
    )
    run = run_child(command, environment, project.root)
    if run.returncode == _NO_TESTS:
        raise RegenerationError(_NOTHING_SHOWN)
    if run.returncode:
        failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E "))]
        said = failed or (run.stdout + run.stderr).splitlines()[-MOST_SENTENCES:]
        raise RegenerationError(["The contract tests fail with the new client:", *(shown(line, 300) for line in said)])


def is_contract_test(path: Path) -> bool:
    """Whether a file of tests marks any as a test of the contract, and not in a string."""
    source = path.read_text(encoding="utf-8")
    return _MARK in source and any(
        isinstance(node, ast.Attribute) and ast.unparse(node).endswith(_MARK) for node in ast.walk(ast.parse(source))
    )


def lost_imports(source: str, generated: Path) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of everything that a module imports of the generated package and that is not there.

    The type checker does not see this: it finds the modules of the client in the tree behind the new one.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                if not _offers(generated / str(node.module).replace(".", "/"), alias.name):
                    yield node.lineno, str(node.module), alias.name


def _offers(module: Path, name: str) -> bool:
    """Whether a generated module or package has something called ``name``."""
    if (module / f"{name}.py").exists() or (module / name).is_dir():
        return True
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return file.exists() and re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) is not None


def _about(name: str, aligned: JsonObject, said: str) -> str:
    """A sentence that begins with the operation of an id, or with those whose bodies hold a class."""
    titles = {
        f"{method.upper()} {path}": operation
        for path, item in aligned["paths"].items()
        for method, operation in item.items()
    }
    named = [title for title, operation in titles.items() if operation["operationId"] == name]
    if name in aligned["components"]["schemas"]:
        holders = _holders(name, aligned["components"]["schemas"])
        named = [title for title, operation in titles.items() if _refers(operation, holders)]
    return f"{TERMINAL.listed(named)}: {said}" if named else said


def _holders(name: str, schemas: dict[str, JsonObject]) -> set[str]:
    """A class, and every class that holds it, directly or inside another one."""
    holders: set[str] = set()
    wider = {name}
    while wider != holders:
        holders = wider
        wider = holders | {other for other, schema in schemas.items() if _refers(schema, holders)}
    return holders


def _refers(described: JsonObject, names: set[str]) -> bool:
    text = json.dumps(described)
    return any(f'"#/components/schemas/{name}"' in text for name in names)
