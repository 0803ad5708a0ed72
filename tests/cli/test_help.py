"""The help: cheap, complete, plain; and docs/cli.md, which names every verb and option."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from specstep_flows.cli.app import app

ROOT = Path(__file__).parents[2]
HEAVY = {"httpx", "rich", "sqlite3", "attrs", "attr", "asyncio", "yaml", "specstep_client", "starlette", "uvicorn"}


def verbs(command: Any = None, path: str = "specstep") -> Iterator[tuple[str, Any]]:
    """Every verb with its whole name, groups left out."""
    command = command or typer.main.get_command(app)
    for name, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from verbs(inner, f"{path} {name}")
        else:
            yield f"{path} {name}", inner


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """Help needs no HTTP client, no display, no database: counted in modules, which does not waver."""
    script = (
        f"import sys; from specstep_flows.cli import main; code = main({arguments!r}); "
        f"print(code, sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert done.stderr.strip() == "0 []"
    assert done.stdout


def test_every_terminal_can_show_every_help(specstep: Any, home: Path) -> None:
    """A terminal without UTF-8 is no reason to fail."""
    for name, _ in verbs():
        result = specstep(*name.split()[1:], "--help", encoding="ascii")

        assert result.code == 0, name
        assert result.out.startswith(f"Usage: {name}")


def test_no_option_means_two_things() -> None:
    """No verb has one option twice."""
    for name, command in verbs():
        names = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        assert len(names) == len(set(names)), name


def test_docs_name_every_verb_and_option() -> None:
    """docs/cli.md is what the command itself says."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "document_cli.py", "--check"], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name, command in verbs():
        assert f"`{name}" in text, name
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("-") or f"`{option}`" in text, f"{name} {option}"


def test_the_console_script_is_the_command() -> None:
    """`python -m specstep_flows.cli` and the entry point are one."""
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="specstep")
    assert script.value == "specstep_flows.cli:main"
