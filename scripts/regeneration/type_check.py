"""Type-checking the hand-written package against a client that is not in the tree yet.

What does not depend on the client is checked while that is made; mypy's cache holds what came of it.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final, Self

from regeneration import kept
from regeneration.errors import RegenerationError
from regeneration.project import PACKAGE, Child, Project, child_environment
from regeneration.stages import Stages
from regeneration.text import digest, shown

#: One command in a folder of its own, whose verdict does not count, and another after a line on stdin. At its end, what
#: each of them took. Messages of the first that the second repeats name files from that folder on.
_IN_TURN: Final = """
import json, os, subprocess, sys, time
first, *then = sys.argv[1:]
start = time.monotonic()
if json.loads(first):
    command, folder = json.loads(first)
    subprocess.run(command, cwd=folder, env={**os.environ, "MYPYPATH": folder},
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
taken = {"types ahead": time.monotonic() - start} if json.loads(first) else {}
if not sys.stdin.readline():
    sys.exit(1)
start = time.monotonic()
code = subprocess.run(then, stdin=subprocess.DEVNULL).returncode
print(json.dumps({"seconds": {**taken, "types": time.monotonic() - start}}))
sys.exit(code)
"""
#: A module in which everything is imported that the modules import that have to wait for the client.
_IMPORTED: Final = "imported_elsewhere"
#: Where a statement holds other statements.
_BLOCKS: Final = ("body", "orelse", "handlers", "finalbody", "cases")


class TypeCheck:
    """mypy at work on copies of the hand-written package and of the new client, with what it knows from earlier runs.

    Its cache believes a file of the same path, second and size to be the same. The copies have another path each time,
    so that it compares digests. And it does not notice a module that was imported from its package before there was
    any. So each copy has a mark of the hand-written package's modules, and one that names the client has a mark of the
    client's as well: where there are other modules than there were, it looks at these copies again.
    """

    def __init__(self, project: Project, generated: Path, stages: Stages) -> None:
        self._project, self._generated, self._stages = project, generated, stages
        self._folder = generated.parent / "types"
        self._cache = self._folder / "cache"
        self._digest = ""
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.__exit__()

    def begin(self) -> None:
        """Check what does not depend on the client, in the background, where no earlier run knows it."""
        if self._project.flows.is_dir() and not self._knows():
            self._start(self._independent())

    def check(self) -> None:
        """Check everything, in the background, against the client that is there now."""
        flows, generated = self._project.flows, self._generated
        copy = self._folder / flows.name
        shutil.copytree(flows, copy, ignore=shutil.ignore_patterns("__pycache__"))
        ours, theirs = _mark(flows), _mark(generated)
        for path in copy.rglob("*.py"):
            source = path.read_bytes()
            path.write_bytes(source + ours + (theirs if PACKAGE.encode() in source else b""))
        if self._child is None:
            self._knows()
            self._start(None)
        assert self._child is not None
        self._child.proceed()

    def complaints(self) -> list[dict[str, Any]]:
        """What it complains of, once it has ended.

        Raises:
            RegenerationError: it could not be run.
        """
        assert self._child is not None
        run = self._child.ended()
        found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        for stage, seconds in next((entry["seconds"] for entry in found if "seconds" in entry), {}).items():
            self._stages.note(stage, seconds)
        complaints = [entry for entry in found if entry.get("severity") == "error"]
        if run.returncode and not complaints:
            said = shown(run.stderr or run.stdout, 400)
            raise RegenerationError(f"The type check of specstep_flows could not be run: {said}")
        kept.keep("types", self._digest, self._cache)
        return complaints

    def _knows(self) -> bool:
        """Whether an earlier run left what it knew, which is in its place then."""
        self._digest = kept.digest_of(self._project.flows.name.encode(), files=[self._project.pyproject])
        return kept.take("types", self._digest, self._cache)

    def _start(self, first: tuple[list[str], str] | None) -> None:
        self._folder.mkdir(exist_ok=True)
        path = os.pathsep.join([str(self._generated), str(self._folder)])
        command = [sys.executable, "-I", "-c", _IN_TURN, json.dumps(first), *self._mypy(), "-p"]
        self._child = Child(
            [*command, self._project.flows.name], child_environment(MYPYPATH=path), self._folder, waits=True
        )

    def _mypy(self) -> list[str]:
        options = ["--config-file", str(self._project.pyproject), "--output", "json", "--no-error-summary"]
        return [sys.executable, "-m", "mypy", *options, "--cache-dir", str(self._cache), "--sqlite-cache"]

    def _independent(self) -> tuple[list[str], str]:
        """What checks the modules that do not depend on the client, and the folder with copies of them."""
        flows, ahead = self._project.flows, self._generated.parent / "ahead"
        mark = _mark(flows)
        waiting, imported = dependents(flows)
        for path in sorted(flows.rglob("*.py")):
            copy = ahead / path.relative_to(flows.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path not in waiting:
                copy.write_bytes(path.read_bytes() + mark)
            elif path.name == "__init__.py":
                copy.touch()
        (ahead / f"{_IMPORTED}.py").write_text("".join(f"import {name}\n" for name in sorted(imported)))
        return [*self._mypy(), "-p", flows.name, "-m", _IMPORTED], str(ahead)


def dependents(flows: Path) -> tuple[set[Path], set[str]]:
    """The modules of a package that depend on the client, directly or through others, and what else they import."""
    imports = {path: _imports(path) for path in flows.rglob("*.py")}
    means = {path: {name for names in stated.values() for name in names} for path, stated in imports.items()}
    names = {_name(path, flows.parent): path for path in imports}
    found = {path for path, meant in means.items() if "" in meant or any(_is_in(name, PACKAGE) for name in meant)}
    more = found
    while more:
        reached = {name for name, path in names.items() if path in found}
        more = {path for path, meant in means.items() if path not in found and meant & reached}
        found = found | more
    ours = (flows.name, PACKAGE, "", "__future__")
    return found, {module for path in found for module in imports[path] if module.partition(".")[0] not in ours}


def _imports(path: Path) -> dict[str, set[str]]:
    """The modules that a file imports or imports something from, each with all that may be meant.

    The empty name stands for what cannot be told: a relative import, or a file that is not Python.
    """
    try:
        waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    except (SyntaxError, ValueError):
        return {"": {""}}  # the type check says so
    found: dict[str, set[str]] = defaultdict(set)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                found[alias.name] |= {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
        elif isinstance(node, ast.ImportFrom):
            module = "" if node.level else str(node.module)
            found[module] |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        else:  # an import is a statement: expressions hold none
            for block in _BLOCKS:
                waiting += getattr(node, block, [])
    return found


def _name(path: Path, top: Path) -> str:
    return ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__")


def _is_in(module: str, package: str) -> bool:
    return module.partition(".")[0] == package


def _mark(package: Path) -> bytes:
    """A comment that is another one where a package has other modules."""
    modules = sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py"))
    return f"\n# {digest(chr(10).join(modules), 40)}\n".encode()
