"""Whether a module's tests are found by its name, and whether each says where it cannot run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST_PERCENT = 60


def test_most_modules_have_a_test_file_of_their_name() -> None:
    """``specstep_flows/X/y.py`` is tested in ``tests/X/test_y.py``, ``scripts/regeneration/y.py`` in its own folder.

    The sandbox is left out: its tests are named after what it serves.
    """
    modules = [
        *((path, path.relative_to(ROOT / "specstep_flows")) for path in (ROOT / "specstep_flows").rglob("*.py")),
        *((path, path.relative_to(ROOT / "scripts")) for path in (ROOT / "scripts" / "regeneration").rglob("*.py")),
    ]
    judged = [place for _, place in modules if not place.name.startswith("__") and place.parts[0] != "sandbox"]
    lacking = [
        place.as_posix()
        for place in judged
        if not (ROOT / "tests" / place.parent / f"test_{place.name.lstrip('_')}").exists()
    ]

    assert len(lacking) <= len(judged) * (100 - LEAST_PERCENT) / 100, lacking


#: What Windows has not, or does something else by: there, ``bash`` is a placeholder, and ``os.kill`` ends a process.
OF_POSIX = {
    *("os.fork", "os.kill", "os.killpg", "os.mkfifo", "os.geteuid", "os.getuid", "os.umask", "os.waitid"),
    *("signal.getitimer", "signal.setitimer", "signal.pthread_kill", "time.tzset", "time.CLOCK_MONOTONIC"),
}
SHELLS = {"bash", "sh"}


def of_posix(path: Path) -> list[str]:
    """What the fast tests of a file, and what they call of it, use of POSIX without a mark that says so."""
    text = path.read_text("utf-8")
    if not any(name in text for name in (*OF_POSIX, *(f'["{shell}"' for shell in SHELLS))):
        return []
    tree = ast.parse(text)
    if any("pytestmark" in ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)):
        return []
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef)]
    used = {function.name: posix_names(function) for function in functions}
    found = []
    for test in functions:
        marks = " ".join(map(ast.unparse, test.decorator_list))
        if test.name.startswith("test_") and not re.search("POSIX|LINUX|skipif|slow", marks):
            names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
            names |= {test.name, *(argument.arg for argument in test.args.args)}
            found += [f"{path.name}: {test.name}: {one}" for name in sorted(names) for one in used.get(name, ())]
    return found


def posix_names(function: ast.FunctionDef) -> list[str]:
    """What a function uses of POSIX: calls by their names, and shells as the first word of a command."""
    nodes = list(ast.walk(function))
    firsts = [node.elts[0] for node in nodes if isinstance(node, ast.List) and node.elts]
    return [
        *(name for node in nodes if isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in OF_POSIX),
        *(first.value for first in firsts if isinstance(first, ast.Constant) and first.value in SHELLS),
    ]


def test_fast_tests_say_what_they_need_of_posix() -> None:
    """They run on Windows, too: see ``tests/kit/platforms.py``."""
    assert [found for path in (ROOT / "tests").rglob("test_*.py") for found in of_posix(path)] == []
