"""The help: cheap, complete, plain; and docs/cli.md, which names every verb and option."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli.main import VERBS, load
from tests.kit.platforms import SPLIT_OFF

ROOT = Path(__file__).parents[2]
HEAVY = {"httpx", "rich", "sqlite3", "asyncio", "yaml", "specstep_client", "starlette", "uvicorn"}


def verbs() -> Iterator[tuple[str, Any]]:
    """Every verb with its whole name, groups left out."""
    for name in VERBS:
        for inner, verb in getattr(load(name), "commands", {"": load(name)}).items():
            yield f"specstep {name} {inner}".rstrip(), verb


#: The whole command's help imports no verb; that of a verb imports what it stands on, attrs classes among it.
CLASSES = {"attrs", "attr"}


@pytest.mark.parametrize(
    ("arguments", "heavy", "most"), [(["--help"], HEAVY | CLASSES, 150), (["run", "--help"], HEAVY, 250)]
)
def test_help_loads_nothing_heavy(arguments: list[str], heavy: set[str], most: int) -> None:
    """Help needs no HTTP client, no display, no database: counted in modules, which does not waver."""
    script = (
        f"import sys; from specstep_flows.cli import main; code = main({arguments!r}); loaded = set(sys.modules); "
        f"print(code, sorted({heavy!r} & loaded), len(loaded - {set(SPLIT_OFF)!r}), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    verdict, _, count = done.stderr.strip().rpartition(" ")
    assert verdict == "0 []"
    assert int(count) <= most
    assert done.stdout


def test_the_list_of_verbs_says_what_each_says_of_itself() -> None:
    """The whole command's help has the first sentence of each verb's own, without importing it."""
    for name, (_, summary) in VERBS.items():
        assert load(name).help.split("\n\n")[0] == summary


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


#: What a person tries, what is said of it, and what must not be.
TRIED = [
    ("run x --api-key sf_1", "set SPECSTEP_API_KEY"),
    ("run x --token=oat_1", "set SPECSTEP_API_KEY"),
    ("run x --format json", "Use --json"),
    ("run x --profil Fast", "Unknown option --profil. Did you mean '--profile'?"),
    ("resume x --dry-run", "Unknown option --dry-run.\nSee: specstep resume --help"),
    ("resume x --no-wat", "Unknown option --no-wat. Did you mean '--no-wait'?"),
    ("run x --jsn", "Unknown option --jsn. Did you mean '--json'?"),
    ("runs --since", "Unknown option --since."),
    ("--json runs", "Options are given after the command."),
    ("rnu x", "Unknown command rnu. Did you mean 'run'?"),
    ("ls", "Did you mean 'runs'?"),
    ("generation lst", "Unknown command lst. Did you mean 'list'?"),
    ("run a shop for tea", "Put text with spaces in quotes."),
    ("run x --output", "--output needs a value."),
    ("run x --retry-failed a", "Invalid value for '--retry-failed': 'a' is not a whole number, 0 or more."),
    ("run x --retry-failed -1", "'-1' is not a whole number, 0 or more."),
    ("runs --limit 0", "'0' is not a whole number, 1 or more."),
    ("sandbox --port 99999", "'99999' is not a whole number from 0 to 65535."),
    ("sandbox --speed fast", "'fast' is not a number."),
    ("run x --on-question default", "'default' is not one of ask, defaults, detach, fail. Did you mean 'defaults'?"),
    ("run x --progress plan", "Did you mean 'plain'?"),
    ("run x --timeout 30x", "'30x' is not a duration"),
    ("runs --status geenrating", "Unknown status 'geenrating'. Did you mean 'generating'?"),
    ("runs --request-timeout soon", "The request timeout in seconds (flag) must be a number above 0, not 'soon'."),
]


@pytest.mark.parametrize(("line", "says"), TRIED)
def test_what_is_mistyped_comes_with_what_was_meant(specstep: Any, home: Path, line: str, says: str) -> None:
    """A sentence of our own, whichever version of typer reads the arguments: exit code 2, and nothing is sent."""
    result = specstep(*line.split())

    assert result.code == 2
    assert says in result.err
    assert not re.search(r"Value error|Input should|valid (int|float)|range x|possible options", result.err, re.I)
    assert specstep("runs", "--json").document["runs"] == []


def test_words_are_taken_in_any_letters(specstep: Any, sandbox: Any) -> None:
    """A choice has one meaning whatever its letters."""
    assert specstep("run", "A shop.", "--yes", "--progress", "NONE", "--on-question", "Defaults").code == 0


def test_every_value_has_a_name_in_the_help() -> None:
    """No type of Python's and no range of typer's stands there: TEXT, N, FILE, a|b, and what it may be in words."""
    for name, command in verbs():
        for parameter in command.params:
            shown = f"{parameter.metavar or ''}"
            is_flag = getattr(parameter, "is_flag", False)
            assert is_flag or shown, f"{name} {parameter.name}"
            assert not shown.startswith("<"), f"{name} {parameter.name}"
            assert getattr(parameter.type, "min", None) is None, f"{name} {parameter.name}"


@pytest.mark.parametrize(
    "line",
    [
        "- `--port` `N`: The port to listen on; 0 picks a free one. Default: 8787.",
        "- `--host` `ADDRESS`: The address to listen on. Default: 127.0.0.1.",
        "- `--speed` `FACTOR`: How many times faster than real time its clock runs. Default: 1.",
        "- `--public-url` `URL`: Where the service reaches this machine (https): a tunnel, a proxy. Required.",
        "- `--receipt`, `--no-receipt`: Also write NAME-receipt.json next to the report. Default: `--receipt`.",
        "- `--progress` `auto|plain|none`: Show a live display, plain lines, or nothing. Default: auto.",
    ],
)
def test_docs_have_the_defaults_that_the_help_shows(line: str) -> None:
    """Whoever reads the page has no terminal to ask."""
    assert line in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").splitlines()


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
