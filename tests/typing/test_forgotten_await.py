"""A forgotten ``await`` in a flow is named by the type checker: no confirmation is skipped without a word."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOWS = ROOT / "specstep_flows" / "flows"


def without_one_await(source: str) -> Iterator[tuple[str, str]]:
    """The place of each await of a module, and the module's text without that one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Await):
            lines = source.encode().splitlines(keepends=True)
            line = lines[node.lineno - 1]
            assert line[node.col_offset :].startswith(b"await ")
            lines[node.lineno - 1] = line[: node.col_offset] + line[node.col_offset + len(b"await ") :]
            yield f"line {node.lineno}: {ast.unparse(node)}", b"".join(lines).decode()


@pytest.mark.slow
def test_the_type_checker_names_every_await_that_is_forgotten(tmp_path: Path) -> None:
    """Each call of the flows in turn; the same modules with every await in its place are clean."""
    places = {}
    for path in sorted(FLOWS.glob("*.py")):
        source = path.read_text("utf-8")
        (tmp_path / f"whole_{path.stem}.py").write_text(source)
        for number, (place, text) in enumerate(without_one_await(source)):
            name = f"forgotten_{path.stem}_{number}.py"
            (tmp_path / name).write_text(text)
            places[name] = f"{path.name}, {place}"
    assert len(places) > 150

    checked = map(str, sorted(tmp_path.glob("*.py")))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            "pyproject.toml",
            "--cache-dir",
            str(tmp_path / "cache"),
            *checked,
        ],
        cwd=ROOT,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    named = {Path(line.partition(":")[0]).name for line in done.stdout.splitlines() if ": error:" in line}

    assert {name for name in named if name.startswith("whole_")} == set(), done.stdout[-3000:] + done.stderr[-2000:]
    left = [place for name, place in places.items() if name not in named]
    assert left == [], "\n".join(left)
