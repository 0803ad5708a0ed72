"""Checking ``specstep_flows`` against a client that is not in the tree yet: its types, then its contract tests."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.groups import TERMINAL
from regeneration.project import PACKAGE, Child, Project, child_environment
from regeneration.report import MOST_SENTENCES
from regeneration.stages import Stages
from regeneration.text import shown
from regeneration.type_check import TypeCheck

_NO_TESTS: Final = 5
#: Plugins of pytest that are installed, dear to load, and of no use to the contract tests.
_NOT_NEEDED: Final = ("schemathesis", "xdist", "xdist.looponfail")
_CLASS: Final = re.compile(r'"([A-Z]\w*)"')
_MARK: Final = "mark.contract"
_NOTHING_SHOWN: Final = "No test is marked `contract`, so nothing shows that the flows work with the new client."


class FlowsDoNotFit(RegenerationError):
    """The hand-written package does not fit the new client."""


def check_flows(
    project: Project,
    generated: Path,
    aligned: JsonObject,
    inspect: Callable[[], None],
    types: TypeCheck,
    stages: Stages,
) -> None:
    """Type-check the hand-written package against a new client, and run its contract tests on it, side by side.

    Args:
        project: the checkout.
        generated: the folder that holds the new package.
        aligned: what it was generated from, for saying which operation a complaint is about.
        inspect: looks at the new package: beside the type check, which imports nothing of it, and before the tests.
        types: the type check, which may have begun.
        stages: gets how long each takes.

    Raises:
        FlowsDoNotFit: the flows do not fit the new client; each sentence names a line, and an operation where that can
            be told.
        RegenerationError: the contract tests fail, or nothing could be run.
    """
    if not project.flows.is_dir():
        inspect()
        return
    lost = list(_lost_imports(project, generated))
    types.check()
    inspect()
    with _contract_tests(project, generated) as tests:
        found = [*lost, *(_sentence(complaint, aligned) for complaint in types.complaints())]
        if found:
            raise FlowsDoNotFit(dict.fromkeys(found))
        _judge(tests)
        stages.note("contract tests", tests.seconds if tests else 0.0)


def _lost_imports(project: Project, generated: Path) -> Iterator[str]:
    """What the hand-written package imports and the new client lacks, with the operations of the old one."""
    before = json.loads(project.aligned.read_text(encoding="utf-8")) if project.aligned.exists() else None
    for path in sorted(project.flows.rglob("*.py")):
        for line, module, name in lost_imports(path.read_text(encoding="utf-8"), generated):
            said = f"{module} has no {name} any more ({project.relative(path)}:{line})"
            yield _about(name, before, said) if before else said


def _sentence(complaint: dict[str, Any], aligned: JsonObject) -> str:
    message = str(complaint["message"])
    named = [name for name in _CLASS.findall(message) if name in aligned["components"]["schemas"]]
    said = f"{shown(message, 240)} ({complaint['file']}:{complaint['line']})"
    return _about(named[0], aligned, said) if named else said


@contextlib.contextmanager
def _contract_tests(project: Project, generated: Path) -> Iterator[Child | None]:
    """The contract tests at work; None where there are no tests of any kind.

    Raises:
        RegenerationError: at the end, when there was nothing else to say: there are tests, but none of the contract.
    """
    tests = project.root / "tests"
    # Collecting every test there is would take longer than running these.
    marked = [str(path) for path in sorted(tests.rglob("test_*.py")) if is_contract_test(path)]
    if not marked:
        yield None
        if tests.is_dir():
            raise RegenerationError(_NOTHING_SHOWN)
        return
    command = [sys.executable, "-m", "pytest", "-q", "-m", "contract", "-p", "no:cacheprovider", "--no-header"]
    command += [*(option for plugin in _NOT_NEEDED for option in ("-p", f"no:{plugin}")), "--tb=line", *marked]
    environment = child_environment(
        PYTHONPATH=os.pathsep.join([str(generated), str(project.root)]), PYTHONDONTWRITEBYTECODE="1"
    )
    with Child(command, environment, project.root) as child:
        yield child


def _judge(tests: Child | None) -> None:
    """See that the contract tests passed."""
    if tests is None:
        return
    run = tests.ended()
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
    for node in ast.walk(ast.parse(source if PACKAGE in source else "")):
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
