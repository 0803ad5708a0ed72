"""Texts from anywhere: from the service, from whoever calls, and from the machine, through the whole command.

Every string that JSON can hold goes through every field that is only shown, and every name that a file can have through
every argument that takes a path. The run comes home, is paid for once, and whatever is written can be written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from specstep_flows import SpecStep, errors
from specstep_flows._json import storable
from specstep_flows.engine import drivers
from specstep_flows.engine.interpreter import Attempt
from specstep_flows.runs.opening import new_run_id
from specstep_flows.sandbox import ClarificationRound, Question, Sandbox, SandboxOptions
from tests.kit.zips import make_zip

pytestmark = pytest.mark.slow

#: What a run steers by; everything else is only shown.
STEERING = {"id", "state", "status", "role", "question", "error_code", "code", "type", "kind"}
HOSTILE = {
    "half an emoji": "\ud83d",
    "the other half": "\ude00",
    "halves in the wrong order": "\ude00\ud83d",
    "a zero": "\0",
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\x9b2J",
    "sequences": "\x1b]0;own\x07\x1b[2J\x1b[31m\x9b1A\x90q\x9c",
    "another direction": "\u202e\u2066\u200f",
    "no characters": "\ufffe\uffff\ufdd0",
    "a mark": "\ufeff",
    "line ends": "\r\n\u2028\u2029\v\f",
    "markup": "[bold red]](x)<script>&amp;`'\"\\{}%s{0}$HOME",
    "combining": "e" + "\u0301" * 500,
    "long": "x" * 100_000,
}
NUMBERS = {"half an emoji": 1e300, "a zero": 0, "controls": -1e300, "a mark": 10**300}


def is_shown(name: str) -> bool:
    return name not in STEERING and not name.lower().endswith(("id", "ids", "_at", "url", "url_", "link", "name_"))


def tampered(value: Any, text: str, number: float | None) -> Any:
    """An answer of the service with ``text`` in every string that is only shown, and ``number`` for every number."""
    if isinstance(value, list):
        return [tampered(item, text, number) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, str) and is_shown(name) and value.get("role") != "user":
            found[name] = f"{text}{inner}{text}"
        elif type(inner) in (int, float) and is_shown(name) and number is not None:
            found[name] = number
        else:
            found[name] = tampered(inner, text, number)
    return found


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the service puts into its answers: ``text`` and ``number``; and whether as escapes or as raw bytes."""
    chosen: dict[str, Any] = {"text": "", "number": None, "is_escaped": True}
    perform = drivers._perform

    def performing(step: Any, *more: Any) -> Any:
        answer = perform(step, *more)
        if isinstance(step, Attempt) and "json" in answer.headers.get("content-type", "") and answer.content:
            document = tampered(json.loads(answer.content), chosen["text"], chosen["number"])
            written = json.dumps(document, ensure_ascii=chosen["is_escaped"])
            answer.content = written.encode("utf-8", "surrogatepass")
        return answer

    monkeypatch.setattr(drivers, "_perform", performing)
    return chosen


def asking(options: SandboxOptions, text: str) -> SandboxOptions:
    """The service's own questions have the text in them: an answer must come with the exact question."""
    question = Question(
        f"Forms{text}, or REST?", agent=f"A{text}", section=f"s{text}", why=text, proposed_default=f"Forms{text}"
    )
    options.clarifications = (ClarificationRound((question,)),)
    return options


def is_plain(text: str) -> bool:
    """Whether nothing in it steers a terminal, or is no text."""
    return all(
        letter in "\n\t\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs") for letter in text
    )


def run_everything(specstep: Any, sandbox: Sandbox, name: str, text: str, encoding: str) -> None:
    """A whole run whose question is answered later, and everything that shows it."""
    paid = len(sandbox.state.generations)
    brief = f"A shop{text} for tea."
    if "\0" in text or not text.isprintable():
        brief = "A shop for tea."
    Path("docs.zip").write_bytes(make_zip({"vision.md": b"a", "my-vision.md": b"b"}))
    results = [
        specstep("run", brief, "--yes", "--profile", "Fast", "--run-id", name, encoding=encoding),
        specstep("answer", name, "--list", encoding=encoding),
        specstep("show", name, tty_out=True, encoding=encoding),
        specstep("answer", name, "--defaults", encoding=encoding),
        specstep("resume", name, "--events", encoding=encoding),
        specstep("resume", name, "--output", f"{name}.zip", encoding=encoding),
        specstep("runs", encoding=encoding),
        specstep("show", name, encoding=encoding),
        specstep("generation", "list", encoding=encoding),
        specstep("generation", "show", name, encoding=encoding),
        specstep("generation", "conversation", name, encoding=encoding),
        specstep("generation", "events", name, encoding=encoding),
        specstep("package", "list", encoding=encoding),
        specstep("report", name, encoding=encoding),
        specstep("doctor", encoding=encoding),
        specstep("api", "get_me", encoding=encoding),
        specstep("estimate", "--profile", "Fast", encoding=encoding),
        specstep("package", "migrate", "docs.zip", "--dry-run", encoding=encoding),
    ]

    codes = [result.code for result in results]
    assert codes == [5, 5] + [0] * 16, [(one.out, one.err) for one in results if one.code]
    assert all(is_plain(result.out) and is_plain(result.err) for result in results)
    for line in results[4].out.splitlines():
        json.loads(line)
    assert len(sandbox.state.generations) == paid + 1
    run = list(sandbox.state.generations.values())[-1]
    assert run.state == "Complete"
    assert len(run.answers) == 1
    assert Path(f"{name}.zip").exists()
    receipt = json.loads(Path(f"{name}-receipt.json").read_text("utf-8"))
    assert receipt["run_id"] == name


@pytest.mark.parametrize(
    ("name", "is_escaped"),
    [("half an emoji", False), *((name, number % 2 == 0) for number, name in enumerate(HOSTILE))],
)
def test_every_text_of_the_service(
    specstep: Any, sandbox: Sandbox, options: SandboxOptions, service: dict[str, Any], name: str, is_escaped: bool
) -> None:
    """In a pipe and on a terminal that has no such letters."""
    text = HOSTILE[name]
    asking(options, text)
    service |= {"text": text, "number": NUMBERS.get(name), "is_escaped": is_escaped}

    run_everything(specstep, sandbox, "tea", text, "utf-8" if is_escaped else "ascii")


@settings(
    max_examples=6,
    # What fails is not made smaller: each run takes seconds.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(text="", number=1.7e308)
@example(text="", number=-1.7e308)
@given(text=st.text(st.characters(codec=None), max_size=20), number=st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_of_the_service(
    specstep: Any, sandbox: Sandbox, options: SandboxOptions, service: dict[str, Any], text: str, number: float
) -> None:
    """Whatever JSON can hold."""
    asking(options, text)
    service |= {"text": text, "number": number}

    run_everything(specstep, sandbox, new_run_id(), text, "utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_every_text_of_whoever_calls(sandbox: Sandbox, options: SandboxOptions, home: Path, name: str) -> None:
    """A brief, what a respondent says, answers, names and reasons: what arrives is what UTF-8 can hold of them."""
    text = HOSTILE[name]
    options.clarifications = (ClarificationRound((Question("Forms, or REST?"),)),)
    said = iter([f"More{text}.", None])
    with SpecStep() as client:
        result = client.run(
            [f"A shop{text}.", "For tea."],
            profile="Fast",
            run_id="tea",
            respondent=lambda *_: next(said),
            on_question=lambda _: {"Forms, or REST?": f"Forms{text}."},
            remember={"note": text},
        )
        client.rename_generation(result.generation_id, f"Tea{text}")
        with pytest.raises(errors.Conflict):
            client.cancel_generation(result.generation_id, reason=f"Over{text}")
        with pytest.raises(errors.SpecStepError):
            client.run("A shop.", profile=f"Fast{text}", project_type=text)
        with pytest.raises(errors.UsageError):
            client.run("A shop.", run_id=f"tea{text}")
        record = client.store.get("tea")

    assert record.messages[0] == f"A shop{text}."
    assert record.options.remember == {"note": text}
    interview = sandbox.state.interviews[str(result.interview_id)]
    assert interview.messages == [storable(f"A shop{text}."), "For tea.", storable(f"More{text}.")]
    run = sandbox.state.generations[str(result.generation_id)]
    assert run.answers == {"Forms, or REST?": storable(f"Forms{text}.")}


@pytest.mark.parametrize("gone", ["the working folder", "nothing"])
def test_a_working_folder_that_is_gone(specstep: Any, sandbox: Sandbox, home: Path, gone: str) -> None:
    """Whole paths work there; whatever is relative is refused in a sentence before anything is paid for."""
    (home / "notes.md").write_text("# Notes")
    folder = home / "gone"
    folder.mkdir()
    os.chdir(folder)
    if gone == "the working folder":
        folder.rmdir()
    run = ("run", "A shop.", "--yes", "--profile", "Fast", "--output", home / "x.zip")
    relative = [
        specstep("run", "A shop.", "--yes", "--output", "x.zip"),
        specstep("run", "A shop.", "--yes"),
        specstep("run", "A shop.", "--dry-run"),
        specstep(*run, "--attach", "notes.md"),
        specstep(*run, "--answers", "answers.yaml"),
        specstep("interview", "--yes", "--output", "x.zip"),
        specstep("api", "get_me", "--output", "x.json"),
        specstep("runs", "--store", "state/runs"),
    ]
    paid = len(sandbox.state.generations)
    done = specstep(*run, "--run-id", "tea", "--attach", home / "notes.md")

    assert done.code == 0
    assert specstep("resume", "tea", "--output", home / "y.zip").code == 0
    assert specstep("report", "tea", "--output", home / "y.html").code == 0
    if gone == "nothing":
        return
    assert paid == 0
    assert [(result.code, "bug in" in result.err) for result in relative] == [(2, False)] * len(relative)
    for verb in (("resume", "tea", "--output", "z.zip"), ("report", "tea", "--output", "z.html")):
        assert specstep(*verb).code == 2, verb


@pytest.mark.parametrize("brief", ["Ein Teeladen für Zürich", "Ä.md"])
def test_a_locale_that_has_no_such_letters(options: SandboxOptions, home: Path, brief: str) -> None:
    """``LC_ALL=C``, as in cron and containers, and not even Python's own way around it: what is UTF-8 is text."""
    (home / "Ä.md").write_text("Ein Teeladen für Zürich", encoding="utf-8")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    command = [sys.executable, "-m", "specstep_flows.cli", "run", brief, "--yes", "--profile", "Fast"]
    with Sandbox(options=options, speed=600) as sandbox:
        service = {
            "SPECSTEP_API_URL": sandbox.url,
            "SPECSTEP_API_KEY": sandbox.api_key,
            "SPECSTEP_CLOCK_SPEED": "600",
        }
        done = subprocess.run(
            [*command, "--output", "Ö.zip", "--attach", "Ä.md"],
            env={**bare, **service, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            capture_output=True,
        )
        (interview,) = sandbox.state.interviews.values()

    assert done.stdout.decode().endswith("/Ö.zip\n"), done.stderr
    assert (home / "Ö.zip").is_file()
    assert interview.messages == ["Ein Teeladen für Zürich"]


NAMES = {
    "latin-1": b"caf\xe9",
    "half an emoji as bytes": b"\xed\xa0\xbd",
    "controls": b"a\x01\x1b[31m\nb",
    "quotes": b"'\"\\ $(x);&",
    "every byte": bytes(byte for byte in range(1, 256) if byte != ord("/")),
    "spaces": b" - ",
    "invisible": "\u202e\ufeff\u200b".encode(),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_name_that_a_file_can_have(
    specstep: Any, sandbox: Sandbox, options: SandboxOptions, home: Path, name: str, encoding: str
) -> None:
    """As the working folder and as every argument that is a path: it is used, byte for byte."""
    folder = home / os.fsdecode(NAMES[name][:200])
    folder.mkdir()
    os.chdir(folder)
    odd = os.fsdecode(NAMES[name])[:200]
    options.clarifications = (ClarificationRound((Question("Forms, or REST?"),)),)
    for path, content in ((f"{odd}.txt", b"A shop."), (f"{odd}.md", b"# Notes"), (f"{odd}.yaml", b"default: Forms.")):
        (folder / path).write_bytes(content)
    (folder / f"{odd}.json").write_text('{"name": "Fine."}')
    common = ("--store", f"{odd}-state")
    ran = specstep(
        *("run", f"{odd}.txt", "--yes", "--profile", "Fast", "--run-id", "tea", "--output", f"{odd}.zip"),
        *("--attach", f"{odd}.md", "--answers", f"{odd}.yaml", *common),
        encoding=encoding,
    )
    rename = ("api", "rename_generation", f"id={next(iter(sandbox.state.generations))}")
    results = [
        ran,
        specstep("resume", "tea", "--output", odd, *common, encoding=encoding),
        specstep("show", "tea", *common, encoding=encoding),
        specstep("runs", *common, encoding=encoding),
        specstep("report", "tea", "--output", f"{odd}.html", *common, encoding=encoding),
        specstep("report", "tea", *common, encoding=encoding),
        specstep(*rename, "--body", f"{odd}.json", "--output", f"{odd}.out", encoding=encoding),
        specstep(*rename, f"name=@{odd}.txt", encoding=encoding),
    ]

    assert [result.code for result in results] == [0] * len(results), results
    assert (folder / f"{odd}.zip").is_file()
    (written,) = (folder / odd).glob("*-receipt.json")
    receipt = json.loads(written.read_text("utf-8"))
    assert receipt["package"]["file"].startswith(str(folder / odd))
    assert len(list((folder / odd).glob("*.zip"))) == 1
    assert len(sandbox.state.generations) == 1
    (interview,) = (one for one in sandbox.state.interviews.values() if one.messages)
    # A form escapes quotes and controls in a name; what is no UTF-8 was replaced before.
    (document,) = interview.documents.values()
    assert document.content == b"# Notes"
    assert unquote(document.file_name) == unquote(storable(f"{odd}.md"))
