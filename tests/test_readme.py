"""Every example of the README and of docs/ is run: against a sandbox, in an empty folder, as a reader would run it.

A console block shows commands behind ``$`` and may show what they print, where ``…`` stands for anything.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from specstep_flows import AnswersFile, Settings, SpecStep
from specstep_flows.cli import exits
from specstep_flows.models import Clarification
from specstep_flows.sandbox import Sandbox
from tests.kit.platforms import POSIX_ONLY

ROOT = Path(__file__).parents[1]
#: docs/cli.md is held to the command itself, by tests/cli/test_help.py.
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("library.md", "operators.md", "people.md", "safety.md", "webhooks.md")),
]
#: Its examples need a fleet: they are run by tests/fleet/test_page.py.
FLEET = ROOT / "docs" / "fleet.md"
#: Frameworks of users' backends, for which this project has no other use: their examples run where they are installed.
FRAMEWORKS = ("fastapi", "django")
SPEED = 600
BIN = Path(sys.executable).parent


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """Those of lists as well, which are indented."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page.name, text.count("\n", 0, match.start()) + 1, match[2], textwrap.dedent(match[3]))
        for match in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.DOTALL | re.MULTILINE)
    ]


SLOW = pytest.mark.slow
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def blocks(language: str, having: str = "", lacking: str | None = None) -> pytest.MarkDecorator:
    """A parameter for every block of a language."""
    return pytest.mark.parametrize(
        "block",
        [
            # What a stranger tries first is tried each time.
            pytest.param(block, id=f"{block.page}:{block.line}", marks=() if block.page == "README.md" else SLOW)
            for block in BLOCKS
            if block.language == language and having in block.text and (lacking is None or lacking not in block.text)
        ],
    )


def framework_of(block: Block) -> str | None:
    return next((name for name in FRAMEWORKS if f"from {name}" in block.text), None)


class Command(NamedTuple):
    """A command of a console block, and what the page says that it prints."""

    line: str
    expected: str


def commands(text: str) -> list[Command]:
    found = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert found[0] == "", "a console block begins with a command"
    return [Command(*(part.strip() for part in command.partition("\n")[::2])) for command in found[1:]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with Sandbox(speed=SPEED) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox, tmp_path: Path) -> Any:
    """Runs something in the reader's folder, with the reader's files and settings."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "brief.md").write_text("# A portal\n\nSmall shops collect what their customers say.\n")
    (folder / "sketch.txt").write_text("A sketch.\n")
    (folder / "answers.yaml").write_text(next(block.text for block in BLOCKS if is_answers(block)))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP", "PYTEST"))}
    environ |= {
        "SPECSTEP_API_URL": sandbox.url,
        "SPECSTEP_API_KEY": sandbox.api_key,
        "SPECSTEP_CLOCK_SPEED": str(SPEED),
        "SPECSTEP_STATE": str(tmp_path / "state"),
        "HOME": str(tmp_path),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
    }

    def run(*command: str, cwd: Path = folder, **more: str) -> str:
        done = subprocess.run(
            command, cwd=cwd, env=environ | more, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            pytest.fail(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
        return done.stdout

    reading: Any = run
    reading.folder, reading.environ = folder, environ
    return reading


def is_answers(block: Block) -> bool:
    return block.language == "yaml" and "\nrules:" in block.text


def matches(expected: str, printed: str) -> bool:
    """Whether a page's words are what is printed; ``…`` is anything, and the blanks at the ends of lines are
    nothing."""
    # How wide a column is depends on what else is in it.
    expected, printed = (
        "\n".join(re.sub("   +", "  ", line.rstrip()) for line in text.strip().splitlines())
        for text in (expected, printed)
    )
    return re.fullmatch(re.escape(expected).replace("…", ".*"), printed, re.DOTALL) is not None


def test_every_block_is_of_a_kind_that_is_run() -> None:
    """An example in another language would be an example that nobody runs."""
    kinds = {block.language for block in BLOCKS}

    assert len(BLOCKS) > 12
    assert kinds <= {"console", "python", "yaml", "toml"}


def test_the_readme_leads_with_the_two_commands() -> None:
    """The first thing that a reader finds sets everything up and runs."""
    first = blocks_of(ROOT / "README.md")[0]

    assert [command.line.split()[0] for command in commands(first.text)] == ["scripts/demo", "scripts/test"]
    assert all(os.access(ROOT / "scripts" / name, os.X_OK) for name in ("demo", "test"))


@blocks("python", lacking="def test_")
def test_python_examples_run(block: Any, reader: Any) -> None:
    """A program of the pages runs to its end, without a warning, against a SpecStep."""
    if (framework := framework_of(block)) is not None:
        pytest.importorskip(framework)
    (reader.folder / "example.py").write_text(block.text, "utf-8")

    reader("python", "-W", "error", "example.py")


@pytest.mark.slow
@blocks("python", having="def test_")
def test_tests_of_the_pages_pass(block: Any, reader: Any) -> None:
    """A test that a reader copies finds the fixture, and passes."""
    (reader.folder / "test_example.py").write_text(block.text, "utf-8")

    printed = reader("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_example.py")

    assert re.search(r"^\d+ passed", printed, re.MULTILINE)


@POSIX_ONLY
@blocks("console")
def test_commands_run_and_print_what_the_page_says(block: Any, reader: Any) -> None:
    """Each command of a block ends with 0, one after the other, and prints what is shown."""
    for command in commands(block.text):
        first = command.line.split()[0]
        if first.startswith("scripts/"):
            assert os.access(ROOT / first, os.X_OK)
            if first == "scripts/regenerate":
                check_regenerate_options(command.line)
        elif first == "pip":
            check_requirement(shlex.split(command.line, comments=True)[-1])
        elif first == "export":
            name, _, value = command.line.split()[1].partition("=")
            assert name in reader.environ
            assert value == "sf_..."
        elif command.line.startswith("specstep sandbox"):
            check_sandbox(command, reader)
        elif command.line.startswith("specstep webhook listen"):
            check_listening(command, reader)
        else:
            printed = reader("bash", "-c", command.line)
            assert not command.expected or matches(command.expected, printed), printed


def check_requirement(requirement: str) -> None:
    """``pip install`` is given a clone, the project or its wheel, of this version and with extras that there are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    if requirement.endswith(".whl"):
        wheel = f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"
        assert Path(requirement).name == wheel
    else:
        parts = re.fullmatch(rf"(?:\.|{project['name']})(?:\[([\w,-]+)\])?(?:==(.+))?", requirement.strip("\"'"))
        assert parts is not None
        assert set((parts[1] or "").split(",")) <= {"", *project["optional-dependencies"]}
        assert parts[2] in (None, project["version"])


def check_sandbox(command: Command, reader: Any) -> None:
    """The sandbox of the page starts, on any free port, says what the page says, and ends with Ctrl-C."""
    line = re.sub(r"#.*", "", command.line).replace("--port 8787", "")
    process = subprocess.Popen(
        [*line.split(), "--port", "0"], cwd=reader.folder, env=reader.environ, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        printed = "".join(process.stdout.readline() for _ in command.expected.splitlines())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    assert matches(command.expected.replace(":8787", ":…"), printed), printed


def check_listening(command: Command, reader: Any) -> None:
    """It registers the webhook, on any free port, and ends with Ctrl-C, the webhook removed."""
    line = command.line.replace("--port 8788", "--port 0")
    with subprocess.Popen(
        line.split(), cwd=reader.folder, env=reader.environ, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
        assert process.wait(20) == 0

    assert "delivers to https://my-tunnel.example.com/hook" in said
    assert "Removing the webhook." in said


def check_regenerate_options(line: str) -> None:
    """Each option that the page gives to the script is one of its own."""
    from regenerate import argument_parser

    parser: argparse.ArgumentParser = argument_parser()

    parser.parse_args(re.sub(r"#.*", "", line).split()[1:])


@pytest.mark.slow
def test_a_reader_goes_through_the_pages_from_top_to_bottom(reader: Any) -> None:
    """Every example of every page, one after the other in one folder and one store: none gets in another's way."""
    for number, block in enumerate(BLOCKS):
        if block.language == "console":
            test_commands_run_and_print_what_the_page_says(block, reader)
        elif block.language == "python" and "def test_" not in block.text and framework_of(block) is None:
            (reader.folder / f"example_{number}.py").write_text(block.text, "utf-8")
            reader("python", "-W", "error", f"example_{number}.py")


@pytest.mark.slow
def test_python_examples_are_typed(tmp_path: Path) -> None:
    """Whoever copies one into a project that checks types strictly gets no error; what it leaves open is allowed."""
    blocks = [*BLOCKS, *blocks_of(FLEET)]
    typed = (block for block in blocks if block.language == "python" and framework_of(block) is None)
    for number, block in enumerate(typed):
        (tmp_path / f"example_{number}.py").write_text(block.text, "utf-8")
    allowed = ("--allow-untyped-defs", "--allow-untyped-calls", "--allow-incomplete-defs")
    command = [sys.executable, "-m", "mypy", "--config-file", os.devnull, "--strict", *allowed, str(tmp_path)]
    path = os.pathsep.join(map(str, (ROOT, ROOT / "generated")))
    done = subprocess.run(command, cwd=tmp_path, env={"MYPYPATH": path}, capture_output=True, text=True, check=False)

    assert [line for line in done.stdout.splitlines() if line.startswith("example_")] == []


#: A Python that installs nothing, and notes what it was asked to install.
PYTHON = """#!/usr/bin/env bash
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip "*) echo "$*" >> installed.txt ;;
  *) exec "{python}" "$@" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, and a Python in the folder beside it that can make virtual environments without a network."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, so no fresh one can be made of it")
    copy = tmp_path / "copy"
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (tmp_path / "python").write_text(PYTHON.format(python=sys.executable))
    (tmp_path / "python").chmod(0o755)
    return copy


@pytest.mark.slow
def test_the_client_is_regenerated_as_the_page_says(reader: Any, checkout: Path) -> None:
    """The block about regeneration, in a fresh clone, against a document under other names than ours."""
    (block,) = [block for block in BLOCKS if "scripts/regenerate --pull" in block.text]

    for command in commands(block.text):
        reader("bash", "-c", command.line, cwd=checkout, PYTHON=str(checkout.parent / "python"))

    assert (checkout / "openapi" / "pulled.json").is_file()
    assert "--editable .[dev]" in (checkout / "installed.txt").read_text("utf-8")


@POSIX_ONLY
def test_regenerating_after_the_demo_installs_what_it_needs(reader: Any, checkout: Path) -> None:
    """The demo's environment has neither the generator nor a type checker. It is called from any folder."""
    python = str(checkout.parent / "python")
    reader("bash", "-c", "source scripts/environment.sh && setup sandbox", cwd=checkout, PYTHON=python)

    printed = reader("copy/scripts/regenerate", "--help", cwd=checkout.parent, PYTHON=python)

    assert "--pull" in printed
    installed = (checkout / "installed.txt").read_text("utf-8").splitlines()
    assert [line.rpartition(" ")[2] for line in installed] == [".[sandbox]", ".[dev]"]
    assert not (checkout.parent / "installed.txt").exists()


def test_a_python_without_the_generator_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Whoever runs the script with another Python than ours learns which one to run."""
    script = "import sys; sys.modules['openapi_python_client'] = None; import regenerate"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith("Use scripts/regenerate, which sets one up.")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_the_pictures_are_drawn_of_a_real_run(tmp_path: Path) -> None:
    """By the script that drew those that are committed. They are small, and load nothing."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))):
        pytest.skip("no Chromium is installed, so no picture of a report can be drawn")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "draw_pictures.py"), "--output", str(tmp_path)], check=True)

    for folder in (tmp_path, ROOT / "docs" / "pictures"):
        pictures = {path.name: path for path in folder.iterdir()}
        assert set(pictures) == {"display.svg", "notebook.png", "recording.svg", "report.png"}
        assert all(path.stat().st_size < 150_000 for path in pictures.values())
        for name, words in {"display.svg": "specstep&#160;run", "recording.svg": "$ specstep run"}.items():
            text = pictures[name].read_text("utf-8")
            assert words in text
            assert "http" not in text.replace("http://www.w3.org/", "").replace("https://www.textualize.io", "")
        assert "/home/me/portal.zip" in text


@pytest.mark.slow
def test_the_demo_runs(reader: Any, tmp_path: Path) -> None:
    """``scripts/demo`` does the whole job and shows the package's files. The command that it names next works."""
    demo = shlex.quote(str(ROOT / "scripts" / "demo"))
    printed = reader("bash", "-c", f"{demo} 2>&1", cwd=ROOT, SPECSTEP_API_URL="", SPECSTEP_API_KEY="")

    assert "README.md" in printed
    (command,) = re.findall(r"^Next: (.*)$", printed, re.MULTILINE)
    reader("bash", "-c", f"{command} --force")


@POSIX_ONLY
@blocks("yaml")
def test_yaml_examples_are_what_the_page_says(block: Any, reader: Any) -> None:
    """A file of answers answers a question; a workflow's own steps run."""
    if is_answers(block):
        policy = AnswersFile.load(reader.folder / "answers.yaml")
        questions = [Clarification("Shall it have a REST API?"), Clarification("Which colour?", proposed_default="Red")]
        answers = [answer.answer for answer in policy(questions)]
        assert answers == ["Server-rendered forms; no REST in v1.", "Red"]
        return
    (job,) = yaml.safe_load(block.text)["jobs"].values()
    lines = [step["run"] for step in job["steps"] if "run" in step]
    assert list(job["env"]) == ["SPECSTEP_API_KEY"]
    for line in lines:
        if line.startswith("pip install "):
            check_requirement(line.removeprefix("pip install "))
        else:
            reader("bash", "-c", line)
    assert (reader.folder / "package.zip").is_file()


@blocks("toml")
def test_settings_files_of_the_pages_fit(block: Any, tmp_path: Path) -> None:
    """Every setting that a page shows is one, with a value that fits."""
    path = tmp_path / "config.toml"
    path.write_text(block.text.replace("sf_...", "sf_example"), "utf-8")
    path.chmod(0o600)

    assert Settings.load(environ={}, file=path).warnings == ()


def test_the_table_of_settings_is_whole() -> None:
    """Each setting is in the README with its variable, its name in the file and its default; and no other is."""
    table = re.findall(
        r"^\| `(SPECSTEP_\w+)` \| (?:`(\w+)`)? ?\| (.*?) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    settings = Settings.load(environ={"HOME": "/nowhere", "SPECSTEP_CONFIG": os.devnull})
    shown = {variable: (name, default.strip("` ")) for variable, name, default in table}
    shown.pop("SPECSTEP_CONFIG")

    assert {name for name, _ in shown.values()} == set(settings.sources)
    for name, default in shown.values():
        value = getattr(settings, name)
        assert default == (f"{value:g}" if isinstance(value, float) else value or default)


def test_the_table_of_exit_codes_is_whole() -> None:
    """Each exit code of the command is in the README, and no other is."""
    shown = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)

    assert sorted(map(int, shown)) == sorted(
        value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)
    )


def test_every_method_is_in_the_pages() -> None:
    """What both clients offer is in docs/library.md or its list of operations, and what is in its table exists."""
    text = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("library.md", "operations.md"))
    table = set(re.findall(r"`(\w+)\(", "\n".join(line for line in text.splitlines() if line.startswith("| `"))))
    offered = {name for name in dir(SpecStep) if not name.startswith("_")}
    named = set(re.findall(r"`(\w+)", text)) | set(re.findall(r"specstep\.(\w+)", text))

    assert table <= offered
    assert offered - named <= {"close", "store"}


def test_links_lead_somewhere() -> None:
    """Each relative link of the pages is a file of the repository."""
    for page in [*PAGES, FLEET]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name}: {target}"
