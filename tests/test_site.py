"""The site: every page is in its navigation, every link leads somewhere, and what users can name is on some page."""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import math
import re
import shutil
import subprocess
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import build_site
import pytest
import regex
import yaml
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from specstep_flows import AnswersFile, Settings, SpecStep, answers, answers_file, errors, events, settings
from specstep_flows.cli import exits
from specstep_flows.cli.interview import conversation
from specstep_flows.cli.output import _snake
from specstep_flows.contact import asking
from specstep_flows.engine import leaving, limits, lockout, threads
from specstep_flows.flows import delivery, pace, payment, steps
from specstep_flows.gateway import addenda, explanations
from specstep_flows.runs import deliveries
from specstep_flows.sandbox import ClarificationRound, Question, Sandbox, SandboxOptions, load_faults
from specstep_flows.sandbox.faults import KINDS
from specstep_flows.webhooks import receiver, verify
from tests import test_readme as examples
from tests.kit.platforms import POSIX_ONLY
from tests.kit.slack import channel

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.rglob("*.md")}
#: By tests/cli/test_examples.py and tests/fleet/test_page.py.
RUN_ELSEWHERE = ("cli.md", "fleet.md")
#: Pages of this site whose examples are run here; those of the others by tests/test_readme.py.
OURS = sorted(name for name in PAGES if f"{DOCS / name}" not in map(str, examples.PAGES) and name not in RUN_ELSEWHERE)
#: How the pages write small numbers.
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 8: "eight", 10: "ten", 16: "sixteen", 30: "thirty"}


def words(number: float) -> str:
    return WORDS[int(number)] if number in WORDS else f"{number:g}"


sandbox = examples.sandbox
reader = examples.reader


def named(nodes: list[Any]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        else:
            for inner in node.values():
                yield from named(inner if isinstance(inner, list) else [inner])


def test_every_page_is_in_the_navigation() -> None:
    """And each entry of it is a page, the README among them."""
    entries = set(named(tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]))

    assert {*PAGES, "index.md"} == entries


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    """On the site; what is not on it, in the repository."""
    build_site.put_together(tmp_path)

    home = (tmp_path / "docs" / "index.md").read_text("utf-8")
    assert "](library.md)" in home
    assert "](https://github.com/specstep-flows/specstep-flows/blob/main/openapi/documented.yaml)" in home
    assert "](docs/" not in home
    assert "shields.io" not in home


def inventory_of(folder: Path, *names: str) -> Path:
    """What a site says that it describes."""
    rows = "".join(f"{name} py:method 1 api/client/#$ -\n" for name in names)
    path = folder / "objects.inv"
    path.write_bytes(
        b"# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# zlib\n" + zlib.compress(rows.encode())
    )
    return path


def test_a_name_with_an_underscore_is_on_no_page(tmp_path: Path) -> None:
    """What a module of ours is called does not make a class of it private."""
    listed = inventory_of(tmp_path, "specstep_flows.client.SpecStep.run", "specstep_flows._surface.base.Rows")
    assert build_site.private_names(listed) == []

    listed = inventory_of(tmp_path, "specstep_flows.client_async.AsyncSpecStep._drive", "specstep_flows.X.__enter__")
    assert build_site.private_names(listed) == ["specstep_flows.client_async.AsyncSpecStep._drive"]


def test_a_page_that_asks_another_host_is_named(tmp_path: Path) -> None:
    """A script, a font, a picture; and the theme's own question to GitHub about a repository. A link is none."""
    (tmp_path / "index.html").write_text('<a href="https://specstep.com"></a><img src="docs/pictures/a.png">', "utf-8")
    assert build_site.asking_elsewhere(tmp_path) == []

    asking = (
        "<script src=https://example.com/a.js></script>",
        '<link rel="stylesheet" href="https://fonts.example.com/a.css">',
        '<img alt="A badge" src="https://img.example.com/a.svg">',
        '<a href="https://github.com/a/b" class="md-source" data-md-component="source">a/b</a>',
    )
    for number, text in enumerate(asking):
        (tmp_path / f"{number}.html").write_text(text, "utf-8")
    assert build_site.asking_elsewhere(tmp_path) == [f"{number}.html" for number in range(len(asking))]


def test_without_its_tools_the_site_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """The environment of ``scripts/test`` does not have them; what was built before stays."""
    monkeypatch.setattr(build_site, "ZENSICAL", Path("/nonexistent/zensical"))
    monkeypatch.setattr(build_site, "put_together", lambda site: pytest.fail("it has begun"))

    assert build_site.main() == 2
    assert "pip install --editable '.[docs]'" in capsys.readouterr().err


@pytest.mark.parametrize("module", build_site.PUBLIC)
def test_every_public_name_is_on_a_page(module: str) -> None:
    """By itself, or with all of its module; and it says what it is."""
    pytest.importorskip("opentelemetry" if module == "otel" else "psycopg" if module == "fleet" else "attrs")
    home = importlib.import_module(f"specstep_flows.{module}")
    whole = any(f"::: specstep_flows.{module}\n" in text for text in PAGES.values())
    for name in home.__all__:
        thing = getattr(home, name)
        # What has the name of a file beside it is taken for that file, and left out.
        is_hidden = (Path(str(home.__file__)).parent / f"{name}.py").exists() and hasattr(home, "__path__")
        places = {home.__name__, getattr(thing, "__module__", home.__name__)}
        alone = any(f"::: {place}.{name}\n" in text for text in PAGES.values() for place in places)
        assert alone or (whole and not is_hidden), name
        assert not isinstance(thing, type) or thing.__doc__, name


def test_what_is_public_is_promised_and_nothing_else_is_imported() -> None:
    """By the pages and the programs; a page that shows something else says that it may change."""
    (row,) = re.findall(r"^\| \*\*public names\*\*: ([^|]*)", PAGES["versioning.md"], re.MULTILINE)
    programs = {path.name: path.read_text("utf-8") for path in (ROOT / "examples").glob("*.py")}
    used = {
        (page, module)
        for page, text in {**PAGES, **programs, "README.md": (ROOT / "README.md").read_text("utf-8")}.items()
        for module in re.findall(r"^ *(?:from|import) specstep_flows\.([\w.]+)", text, re.MULTILINE)
        if module not in build_site.PUBLIC
    }

    assert set(re.findall(r"`(\w+)`", row)) == {"__all__", "specstep_flows", *build_site.PUBLIC}
    assert used == {("people.md", "cli.progress.display")}
    assert "not one of the [promised names](versioning.md)" in PAGES["people.md"]


def test_every_schema_is_in_the_table() -> None:
    """Beside what it describes."""
    rows = re.findall(r"^\| (.*) \| \[.*\]\(schemas/(.*)\.json\) \|$", PAGES["schemas.md"], re.MULTILINE)
    commands = {name: f"`specstep {name.replace('-', ' ', 1)} --json`" for what, name in rows if what.startswith("`sp")}

    assert sorted(name for _, name in rows) == sorted(path.stem for path in (DOCS / "schemas").iterdir())
    assert {name: what for what, name in rows if name in commands} == commands


def test_every_name_of_the_package_is_on_a_page() -> None:
    """Each in code letters on the page about them, the pages of its modules, or the page of the client."""
    import specstep_flows

    text = PAGES["api/specstep_flows.md"] + PAGES["api/client.md"]

    assert [name for name in specstep_flows.__all__ if f"`{name}`" not in text and f".{name}`" not in text] == []


def test_every_event_error_setting_code_fault_and_option_is_on_its_page() -> None:
    """No more of them, either."""
    codes = PAGES["codes.md"]
    code = "".join(path.read_text("utf-8") for path in (ROOT / "specstep_flows").rglob("*.py"))
    variables = set(re.findall(r"SPECSTEP_\w+", code)) - {"SPECSTEP_FLEET_"}
    rows = re.findall(r"^\| \[`(\w+)`\]\(.*?\) \| `(\w+)` \| (\d+) \|", codes, re.MULTILINE)
    shown = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", PAGES["api/events.md"], re.MULTILINE)
    faults = PAGES["sandbox.md"].partition("## Options")[0]
    options = PAGES["sandbox.md"].partition("## Options")[2]
    names = itertools.chain(*(re.findall(r"`(\w+)`", row.split("|")[1]) for row in options.splitlines() if "|" in row))

    assert {(name, code) for name, code, _ in rows} == {(name, getattr(errors, name).code) for name in errors.__all__}
    assert shown == [(name, _snake(name)) for name in dict(shown)]
    assert {*dict(shown), "Event"} == set(events.__all__)
    assert {f"SPECSTEP_{name.upper()}" for name in Settings.load(environ={}).sources} <= variables
    assert variables == set(re.findall(r"`(SPECSTEP_\w+)(?:<NAME>)?`", PAGES["settings.md"]))
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", codes, re.MULTILINE)} == {
        value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)
    }
    assert set(KINDS) <= set(re.findall(r"`(\w+)`", faults))
    assert set(names) == {field.name for field in attrs.fields(SandboxOptions)}


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "TurnFailed"])
def test_the_exit_code_of_each_error_is_as_its_row_says(name: str) -> None:
    """Where a class has two, its words say so."""
    kind = getattr(errors, name)
    bare = kind.__new__(kind)
    bare.run_id = None
    row = re.search(rf"^\| \[`{name}`\]\(.*?\) \| `\w+` \| (\d+) \|", PAGES["codes.md"], re.MULTILINE)

    assert row is not None
    assert int(row[1]) == exits.exit_code(bare)


#: Where a page gives a number that is a constant of the code: the words, with what the number is of.
NUMBERS: list[tuple[str, str, object]] = [
    ("waiting.md", "a run waits {:.0f} to 30 seconds", pace.SHORTEST_SECONDS),
    ("waiting.md", "waits 3 to {:.0f} seconds", pace.LONGEST_SECONDS),
    ("waiting.md", "Without a forecast it is {:.0f} seconds", pace.UNKNOWN_SECONDS),
    ("webhooks.md", "older than {} minutes", words(verify.TOLERANCE_SECONDS / 60)),
    ("webhooks.md", "larger than {} MiB", receiver.MOST_BYTES >> 20),
    ("webhooks.md", "What was received is kept for {} days", words(deliveries.KEPT_SECONDS / 86400)),
    ("safety.md", "webhook deliveries are kept\nfor {} days", words(deliveries.KEPT_SECONDS / 86400)),
    ("safety.md", "settle time, {:.0f} s by default", settings.DEFAULT_SETTLE_SECONDS),
    ("safety.md", "({:.0f} s, 6 and 15 minutes)", settings.DEFAULT_SETTLE_SECONDS),
    ("safety.md", "(90 s, {:.0f} and 15 minutes)", settings.DEFAULT_SETTLE_SECONDS * payment.GROWTH / 60),
    ("safety.md", "6 and {:.0f} minutes)", settings.DEFAULT_SETTLE_SECONDS * payment.LONGEST_GROWTH / 60),
    ("safety.md", "older than {:.0f} days", payment.BIN_SECONDS / 86400),
    ("safety.md", "An intent older than {:.0f} s", leaving.INTENT_SECONDS),
    ("safety.md", "good for {} s", leaving.PLACE_SHARE * limits.MARGIN_SECONDS),
    ("safety.md", "tried\nagain for {} minutes", words(steps.PATIENCE_SECONDS / 60)),
    ("safety.md", "An addendum may take {:.0f} s", addenda.WORKS_SECONDS),
    ("safety.md", "an explanation {:.0f} s", explanations.WORKS_SECONDS),
    ("safety.md", "given up after {} downloads", words(delivery.MOST_IDLE_ATTEMPTS)),
    ("safety.md", "or {} that brought less", words(delivery.MOST_SLOW_ATTEMPTS)),
    ("safety.md", "is, {} times within", words(lockout.MOST_PAUSES)),
    ("safety.md", "within\n{} minutes", math.ceil(lockout.MOST_PAUSES * lockout.PAUSE_SECONDS / 60)),
    ("answers-file.md", "may take {} seconds", words(answers_file.MATCH_SECONDS)),
    ("cli.md", "they may take {} seconds", words(answers_file.MATCH_SECONDS)),
    ("people.md", "a large one ({:.0f} MB", conversation.LARGE_MEGABYTES),
    ("settings.md", "causes a warning (default: {:.0f})", conversation.LARGE_MEGABYTES),
    ("library.md", "{} for the store", words(threads.THREADS["store"])),
    ("library.md", "{} for downloads", words(threads.THREADS["files"])),
    ("library.md", "{} for callbacks", words(threads.THREADS["user"])),
    ("cli.md", "proposes nothing, `{}`", answers.FALLBACK),
    ("library.md", "proposes\n  nothing with `{}`", answers.FALLBACK),
    ("fleet.md", "proposes nothing, `{}`", answers.FALLBACK),
    ("assumptions.md", "in at most {}\nrequests", asking.MOST_REQUESTS),
]


@pytest.mark.parametrize(("page", "said", "number"), NUMBERS, ids=lambda value: str(value).replace("\n", " "))
def test_a_number_of_a_page_is_the_one_of_the_code(page: str, said: str, number: object) -> None:
    """What a reader plans by: how long something is waited for, tried, or kept."""
    assert said.format(number) in PAGES[page]


def test_the_folders_of_the_page_are_those_of_each_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' cannot be asked for elsewhere."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    rows = dict(re.findall(r"^\| (Linux|macOS) \| (.*) \|$", PAGES["settings.md"], re.MULTILINE))
    for platform, folders in (("Linux", Unix("specstep", False)), ("macOS", MacOS("specstep", False))):
        config, state = (path.relative_to(Path.home()) for path in (folders.user_config_path, folders.user_state_path))
        assert rows[platform] == f"`~/{config.as_posix()}/config.toml` | `~/{state.as_posix()}`"


def _said(node: ast.AST) -> Iterator[str]:
    """The codes that a document or a failure is given here."""
    given: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        named = zip(node.keys, node.values, strict=True)
        given = [value for key, value in named if isinstance(key, ast.Constant) and key.value == "code"]
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "tell":
        given = node.args[2:3]
    for value in given:
        for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(one, ast.Constant):
                yield str(one.value)


def test_the_commands_own_codes_are_on_the_page_of_codes() -> None:
    """Of what they have done, and of failures that are no errors of the library. No more of them, either."""
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "specstep_flows" / "cli").rglob("*.py")]
    said = {code for tree in trees for node in ast.walk(tree) for code in _said(node)}
    text = PAGES["codes.md"].partition("The command has a few more codes")[2].partition("## ")[0]

    on_page = set(re.findall(r"`([a-z_]+)`", text)) - {"code"}
    assert said - {getattr(errors, name).code for name in errors.__all__} == on_page


#: Packages that say nothing to users, or nothing that is looked up.
QUIET = ("_models", "_surface", "_surface_async", "contact", "gateway", "progress", "report")


@functools.cache
def messages() -> list[str]:
    """Every text in the code, what is filled in as ``…``."""
    found = []
    for path in (ROOT / "specstep_flows").rglob("*.py"):
        if path.parent.name in QUIET:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%[sd]", "…", node.value))
            elif isinstance(node, ast.JoinedStr):
                found.append("".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values))
    return found


def is_printed(quoted: str, text: str) -> bool:
    """Whether a sentence is a text of the code, filled in; with ``…`` at its end it is the beginning of one."""
    said = quoted.removesuffix("…").strip()
    # What is hardly more than what is filled in would be any sentence.
    if sum(len(part) for part in text.split("…") if part in said) < 20:
        return False
    pattern = ".*".join(map(regex.escape, text.split("…")))
    return regex.fullmatch(pattern, said, partial=said != quoted) is not None


@pytest.mark.slow
def test_sentences_that_are_looked_up_are_those_that_are_printed() -> None:
    """Each sentence of the page about troubleshooting is a text of the code as somebody sees it, who can search it."""
    quoted = re.findall(r"^> (.*)$", PAGES["troubleshooting.md"], re.MULTILINE)
    stale = [one for one in quoted if not any(is_printed(one, text) for text in messages())]

    assert len(quoted) > 40
    assert stale == []
    assert [one for one in quoted if "…" in one[:-1] and "sf_…" not in one] == []
    assert not any(is_printed("There are 2 new generations, and none was adopted.", text) for text in messages())


BLOCKS = [block for name in OURS for block in examples.blocks_of(DOCS / name)]


def test_every_example_of_the_new_pages_is_of_a_kind_that_is_run() -> None:
    """Those of docs/cli.md run elsewhere."""
    assert {block.language for block in BLOCKS} <= {"console", "python", "yaml", "toml", "sh", "text"}


def block_ids(language: str) -> list[Any]:
    chosen = [block for block in BLOCKS if block.language == language and block.page != "tutorial.md"]
    return [pytest.param(block, id=f"{block.page}:{block.line}") for block in chosen]


@pytest.mark.slow
@pytest.mark.parametrize("block", block_ids("python"))
def test_python_examples_of_the_new_pages_run(block: Any, reader: Any) -> None:
    """A program runs to its end; a test passes."""
    if "def test_" in block.text:
        examples.test_tests_of_the_pages_pass(block, reader)
    else:
        examples.test_python_examples_run(block, reader)


@POSIX_ONLY
@pytest.mark.parametrize("block", block_ids("yaml"))
def test_workflows_and_answers_files_are_valid(block: Any, tmp_path: Path) -> None:
    """An answers file can be read; the shell steps of a workflow are bash, and its options are the command's."""
    document = yaml.safe_load(block.text)
    if isinstance(document, list):
        path = tmp_path / "faults.yaml"
        path.write_text(block.text, "utf-8")
        assert len(load_faults(path)) == len(document)
        return
    if not {"jobs", "package"} & set(document):
        path = tmp_path / "answers.yaml"
        path.write_text(block.text, "utf-8")
        assert AnswersFile.load(path) is not None
        return
    jobs = document.get("jobs", document)
    for job in jobs.values():
        lines = job["script"] if "script" in job else [step["run"] for step in job["steps"] if "run" in step]
        for line in lines:
            assert subprocess.run(["bash", "-n", "-c", line], check=False).returncode == 0
            for call in re.findall(r"specstep [a-z][^|;&>\n]*", line):
                check_options(call)


def script_of(page: str) -> str:
    """The shell script of a page."""
    (text,) = [block.text for block in BLOCKS if block.page == page and block.language == "sh"]
    return text


def test_every_script_is_run() -> None:
    """By a test below; those about fleets by tests/fleet/test_page.py."""
    pages = {block.page for block in BLOCKS if block.language == "sh"}

    assert pages == {"api-change.md", "cron.md", "fleet.md", "slack.md", "web-backend.md"}


@pytest.mark.slow
def test_the_client_is_regenerated_with_options_that_there_are() -> None:
    """How one is regenerated is run by tests/test_readme.py."""
    for line in script_of("api-change.md").splitlines():
        if not line.startswith("#"):
            assert line.startswith("scripts/regenerate --")
            examples.check_regenerate_options(line)


@POSIX_ONLY
@pytest.mark.slow
def test_the_web_backend_registers_for_what_wakes_its_runs(sandbox: Sandbox, reader: Any) -> None:
    """Questions included, which are neither an end nor a failure."""
    settings = Settings(api_url=sandbox.url, api_key=sandbox.api_key, clock_speed=examples.SPEED)
    with SpecStep(settings=settings) as client:
        key = client.list_api_keys()[0].id
        reader("bash", "-c", script_of("web-backend.md").replace("KEY_ID", str(key)))
        (webhook,) = client.list_webhooks(key)
        client.delete_webhook(key, webhook.id)

    assert webhook.events == ("generation.state_changed",)


@POSIX_ONLY
@pytest.mark.slow
@pytest.mark.skipif(None in map(shutil.which, ("jq", "curl")), reason="did not run: the script needs jq and curl")
def test_the_lines_about_slack_post_what_is_asked(reader: Any, tmp_path: Path) -> None:
    """And nothing else than that: nobody is called by a question."""
    questions = (Question("Which database?"), Question("Who, <!channel>?"))
    options = SandboxOptions(clarifications=(ClarificationRound(questions),))
    with Sandbox(speed=examples.SPEED, options=options) as asking, channel() as (url, posted):
        where = {"SPECSTEP_API_URL": asking.url, "SPECSTEP_API_KEY": asking.api_key}
        reader("bash", "-c", script_of("slack.md"), SLACK_URL=url, **where)

    assert posted == [{"text": "Waiting: Which database?; Who, &lt;!channel&gt;?"}]


def check_options(call: str) -> None:
    """The command that is called has the options that it is given."""
    from specstep_flows.cli.main import load

    words = re.findall(r'"[^"]*"|\S+', call)[1:]
    command = load(words[0])
    if hasattr(command, "commands"):
        command = command.commands[words[1]]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known, call


@pytest.mark.parametrize("block", block_ids("toml"))
def test_settings_files_of_the_new_pages_fit(block: Any, tmp_path: Path) -> None:
    """As those of the other pages."""
    examples.test_settings_files_of_the_pages_fit(block, tmp_path)


@pytest.mark.slow
def test_the_tutorial_from_top_to_bottom(reader: Any) -> None:
    """In one folder, with the sandbox that the reader has started."""
    for number, block in enumerate(examples.blocks_of(DOCS / "tutorial.md")):
        if block.language == "console":
            examples.test_commands_run_and_print_what_the_page_says(block, reader)
        else:
            (reader.folder / f"example_{number}.py").write_text(block.text, "utf-8")
            reader("python", "-W", "error", f"example_{number}.py")


def test_the_tutorial_ends_with_nothing_of_the_sandbox() -> None:
    """Whoever goes on with a real key has unset what the sandbox had them set, its clock's speed among it."""
    given = examples.blocks_of(DOCS / "tutorial.md")[1].text
    (unset,) = re.findall(r"`unset ([A-Z_ ]+)`", PAGES["tutorial.md"])
    exported = {"SPECSTEP_API_KEY", *unset.split()}

    assert exported == {"SPECSTEP_API_KEY", "SPECSTEP_API_URL", "SPECSTEP_CLOCK_SPEED"}
    assert set(re.findall(r"^export (\w+)=", given, re.MULTILINE)) == exported


@POSIX_ONLY
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("flock") is None, reason="did not run: flock is of Linux")
def test_cron_makes_each_package_once(reader: Any) -> None:
    """The line of the crontab, run twice as cron does: with its settings alone, where nothing but the briefs is."""
    script, table = [block.text for block in BLOCKS if block.page == "cron.md" and block.language in ("sh", "text")]
    (reader.folder / "briefs").mkdir()
    (reader.folder / "briefs" / "tea.md").write_text("A shop for tea.")
    (reader.folder / "nightly.sh").write_text(script)
    (reader.folder / "nightly.sh").chmod(0o755)
    (reader.folder / ".venv").symlink_to(examples.BIN.parent)
    table = table.replace("/home/me/specs", str(reader.folder)).replace("/tmp/specs.lock", str(reader.folder / "lock"))
    *settings, line = table.splitlines()
    ours = {name: value for name, value in reader.environ.items() if name.startswith("SPECSTEP")}
    command = ["env", "-i", *settings, f"SPECS={reader.folder}", *(f"{name}={value}" for name, value in ours.items())]

    first, second = (reader(*command, "sh", "-c", line.split(maxsplit=5)[5], cwd=Path("/")) for _ in range(2))

    assert (first, second) == ("tea is there\n", "")
    assert (reader.folder / "packages" / "tea.zip").is_file()
