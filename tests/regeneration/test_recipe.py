"""The recipe of openapi/README.md, followed to the letter in a scratch checkout: a moved path and a renamed field."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kit.regeneration.servers import Answer, serving

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TOOLS = ("bash", "git", "perl")
KEY = "sf_recipe_0123456789abcdef"
#: What a checkout holds that the recipe needs.
PARTS = (
    *("docs", "generated", "openapi", "scripts", "specstep_flows", "tests", "README.md", "pyproject.toml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
)
#: Where the state of a generation stands in the sandbox and in the gateway: file, pattern, replacement, and how often.
SANDBOX_EDITS = (
    ("sandbox/generations.py", r"(\bid:uuid [^\"]*?)\bstate:(?=@GenerationStateDto review_profile)", r"\1status:", 2),
    ("sandbox/kickoffs.py", r"(CreateGenerationResponse\": \"id:uuid )state:", r"\1status:", 1),
    ("sandbox/kickoffs.py", r"\"state\": run\.state, \"download_url\"", '"status": run.state, "download_url"', 1),
    ("sandbox/status_body.py", r"\"state\": run\.state", '"status": run.state', 1),
)
GATEWAY_EDITS = (("gateway/generations.py", r"(body|row)\.state, (\S+), \"state\"", r'\1.status, \2, "status"', 2),)
#: Of `scripts/check`, what takes long and reads nothing that the recipe changes.
LEFT_OUT = ("ruff", "mypy scripts", "mypy tests", "mypy examples", "lint-imports")
#: Of the tests, those that read most of what the recipe changes.
TESTS = (
    *("tests/contract", "tests/gateway", "tests/recording", "tests/client/test_steps.py"),
    *("tests/flows/test_kickoff.py", "tests/flows/test_watch.py", "tests/sandbox/test_generations.py"),
    *("tests/sandbox/test_document.py", "tests/behaviour/second_service/test_endings.py"),
)


class Scratch:
    """A scratch checkout, in which the commands of the recipe are run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "*.db")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, root / part, ignore=ignored)
            else:
                root.mkdir(exist_ok=True)
                shutil.copy(ROOT / part, root)
        self.run("git init -q && git add -A")

    def run(self, command: str, *, code: int = 0, environment: Mapping[str, str] | None = None) -> str:
        """Run a command of a page in a shell, with our interpreter; gives what it printed."""
        ours = os.pathsep.join([str(self.root), str(self.root / "generated")])
        programs = os.pathsep.join([str(BIN), os.environ["PATH"]])
        # The service's pages would have to change, too: without them, what they say is not compared.
        outside = {name: value for name, value in os.environ.items() if name != "SPECSTEP_DOCS"}
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.replace(".venv/bin/", f"{BIN}/")],
            cwd=self.root,
            env={**outside, "PATH": programs, "PYTHONPATH": ours, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}: exit {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def edit(self, edits: tuple[tuple[str, str, str, int], ...]) -> None:
        """Change files of the package by hand, so to say."""
        for name, pattern, new, count in edits:
            file = self.root / "specstep_flows" / name
            text, found = re.subn(pattern, new, file.read_text(encoding="utf-8"))
            assert found == count, f"{name}: {pattern}"
            file.write_text(text, encoding="utf-8")

    def rename_in_contract(self) -> None:
        """Rename the property of the three schemas of a generation."""
        file = self.root / "openapi" / "documented.yaml"
        blocks = re.split(r"(?m)^(?=    \w+:$)", file.read_text(encoding="utf-8"))
        for number, block in enumerate(blocks):
            if re.match(r"    Generation(Row|Started)?:$", block, re.MULTILINE):
                block = block.replace("        state:\n", "        status:\n          x-was: state\n", 1)
                block = re.sub(
                    r"(required: \[id, |        - |          )state(?=[,\]\n]|: Reviewing)", r"\1status", block
                )
                blocks[number] = block
        file.write_text("".join(blocks), encoding="utf-8")


def recipe() -> tuple[list[str], str]:
    """The commands of the recipe for a field, in their order, and the one that moves a path."""
    page = (ROOT / "openapi" / "README.md").read_text(encoding="utf-8")
    field, path = page.partition("### Taking over a renamed field\n")[2].partition("### Taking over a moved path\n")[
        ::2
    ]
    commands = re.findall(r"`((?:python )?scripts/[^`]+)`", field)
    moving = path.partition("```\n")[2].partition("```")[0]
    return commands, moving


@pytest.mark.slow
@pytest.mark.skipif(None in map(shutil.which, TOOLS), reason=f"did not run: it needs {', '.join(TOOLS)}")
def test_a_moved_path_and_a_renamed_field_are_taken_over(tmp_path: Path) -> None:
    """Pull, edit, pull, record, check, test: green, and nothing that quoted the old names was left."""
    (pulling, swapping, recording, checking, testing), moving = recipe()
    assert (checking, testing) == ("scripts/check", "scripts/test")
    pulling = pulling.replace("/tmp/drift", shlex.quote(str(tmp_path / "drift")))
    tomorrow = Scratch(tmp_path / "tomorrow")
    tomorrow.run(moving)
    tomorrow.edit(SANDBOX_EDITS)
    document = "import json; from specstep_flows.sandbox.document import openapi_document as served; "
    served = tomorrow.run(f"python -c {shlex.quote(document + 'print(json.dumps(served(str())))')}")
    here = Scratch(tmp_path / "here")

    with serving(Answer(served.encode(), headers={"Content-Type": "application/json"})) as service:
        today = {"SPECSTEP_API_URL": service.url, "SPECSTEP_API_KEY": KEY, "CI": ""}
        said = here.run(pulling, code=1, environment=today)
        assert "stopped: " in said
        assert "moved" in said
        here.run(moving)
        said = here.run(pulling, code=1, environment=today)
        assert "stopped: " in said
        assert "state" in said
        assert "status" in said
        here.rename_in_contract()
        here.edit((*GATEWAY_EDITS, *SANDBOX_EDITS))
        here.run(swapping, environment=today)

    here.run(recording)
    steps = re.findall(r"^step (.+)$", (ROOT / "scripts" / "check").read_text(encoding="utf-8"), re.MULTILINE)
    for step in steps:
        if not any(name in step for name in LEFT_OUT):
            here.run(step)
    here.run(f"python -m pytest -q -x -p no:cacheprovider -m 'not slow' {' '.join(TESTS)}")
