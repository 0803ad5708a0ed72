"""The programs of ``examples/`` run as they are, against a sandbox, and do what they say."""

from __future__ import annotations

import asyncio
import io
import re
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows.cli import main
from specstep_flows.fleet import SyncFleet
from specstep_flows.sandbox import ClarificationRound, Question, Sandbox, SandboxOptions
from specstep_flows.webhooks import sign_webhook
from tests.fleet.conftest import own_schema
from tests.kit import postgres
from tests.kit.slack import channel

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[1] / "examples"
SPEED = 600
ASKED = (
    Question("Which database?", proposed_default="SQLite"),
    Question("Who moderates?\nAsk <!channel> & all.", proposed_default="The owner."),
)
__all__ = ["own_schema"]


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    """One sandbox for all of them, whose generations ask."""
    options = SandboxOptions(clarifications=(ClarificationRound(ASKED),), kickoffs_per_minute=None)
    with Sandbox(speed=SPEED, options=options) as sandbox:
        yield sandbox


@pytest.fixture
def example(
    service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a program in this process: its exit code, and what it printed. The working folder has three briefs."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("API_URL", service.url), ("API_KEY", service.api_key), ("CLOCK_SPEED", str(SPEED))):
        monkeypatch.setenv(f"SPECSTEP_{name}", value)
    monkeypatch.setenv("SPECSTEP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "briefs").mkdir()
    for name in ("tea", "coffee", "cake"):
        (tmp_path / "briefs" / f"{name}.md").write_text(f"A shop for {name}.", encoding="utf-8")

    def run(name: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        code: Any = 0
        try:
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        except SystemExit as end:
            code = end.code
        return code or 0, capsys.readouterr().out

    return run


def started(service: Sandbox) -> int:
    return len(service.state.generations)


def test_every_program_is_listed_and_linked() -> None:
    """With what it shows."""
    listed = re.findall(r"\((\w+\.py)\)", (EXAMPLES / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(path.name for path in EXAMPLES.glob("*.py"))
    for path in EXAMPLES.glob("*.py"):
        assert f"def test_{path.stem}" in Path(__file__).read_text("utf-8") or path.stem.startswith("fleet_")
    assert "(examples/README.md)" in (EXAMPLES.parent / "README.md").read_text("utf-8")


TAKING = sorted(path.name for path in EXAMPLES.glob("*.py") if "sys.argv" in path.read_text("utf-8"))


@pytest.mark.parametrize("name", TAKING)
def test_a_program_without_what_it_needs_says_how_it_is_called(name: str, example: Any) -> None:
    """In place of a traceback about a list."""
    told, _ = example(name)

    assert f"python examples/{name} " in told


def test_first_run(service: Sandbox, example: Any) -> None:
    """It ends at the question; answered, it is done; run again, it pays for nothing."""
    before = started(service)
    code, said = example("first_run.py", "briefs/tea.md")
    assert (code, "Which database?" in said, "specstep answer tea" in said) == (5, True, True)

    assert main(["resume", "tea", "--on-question", "defaults"]) == 0
    code, said = example("first_run.py", "briefs/tea.md")
    assert code == 0
    assert re.search(r"tea\.zip, with [1-9]\d* pages", said)
    assert started(service) == before + 1


def test_answer_questions(example: Any) -> None:
    """What the house knows, and what was proposed."""
    code, said = example("answer_questions.py", "briefs/tea.md")
    assert (code, Path("tea.zip").is_file()) == (0, True)
    assert "PostgreSQL 16." in said
    assert "The owner. (proposed default)" in said


def test_many_runs(service: Sandbox, example: Any) -> None:
    """One of them cannot be read; the others are done, and stay so."""
    before = started(service)
    names = ["briefs/tea.md", "briefs/coffee.md", "briefs/missing.md"]
    for _ in range(2):
        code, said = example("many_runs.py", *names)
        assert (code, said.count(".zip")) == (1, 2)
    assert started(service) == before + 2


def test_many_failures_are_a_failure(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exit code has 256 values: a number of failures that is a multiple of them would be none."""
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:1")

    code, _ = example("many_runs.py", *["briefs/missing.md"] * 3)

    assert code == 1


def test_folder_of_briefs(service: Sandbox, example: Any) -> None:
    """The second start does what the first has left: here nothing."""
    before = started(service)
    assert example("folder_of_briefs.py", "briefs", "packages")[0] == 0
    assert sorted(path.name for path in Path("packages").glob("*.zip")) == ["cake.zip", "coffee.zip", "tea.zip"]
    assert example("folder_of_briefs.py", "briefs", "packages") == (0, "")
    assert started(service) == before + 3


def test_ci_step(service: Sandbox, example: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first job says what is asked, the second has the answers, and both are one run."""
    before = started(service)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert example("ci_step.py", "briefs/tea.md", "package.zip")[0] == 0
    assert "- Which database?" in (tmp_path / "summary.md").read_text("utf-8")
    assert not Path("package.zip").exists()
    Path("answers.yaml").write_text("default: {use: proposed}\n", encoding="utf-8")
    assert example("ci_step.py", "briefs/tea.md", "package.zip")[0] == 0
    assert Path("package.zip").is_file()
    assert started(service) == before + 1


def test_slack_question(service: Sandbox, example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel gets the questions and the commands, once."""
    with channel() as (url, posted):
        monkeypatch.setenv("SLACK_URL", url)
        assert example("slack_question.py", "briefs/tea.md")[0] == 5
    assert [set(one) for one in posted] == [{"text"}]
    asked = "> Who moderates?\n> Ask &lt;!channel&gt; &amp; all.\n"
    for part in ("*Run tea waits.*", "> Which database?", "_SQLite_", asked, "`specstep answer tea`"):
        assert part in posted[0]["text"]


def test_web_backend(service: Sandbox, example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that is sent twice is one run; a delivery is verified; the next process finds what is done."""
    before = started(service)
    monkeypatch.setenv("SPECSTEP_WEBHOOK_SECRET", "whsec_example")

    async def order() -> None:
        module = runpy.run_path(str(EXAMPLES / "web_backend.py"))
        app = module["app"]
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                for _ in range(2):
                    assert (await client.put("/orders/4711", content="A shop for tea.")).status_code == 202
                assert (await client.get("/orders/none")).status_code == 404
                await asyncio.gather(*module["driving"].values())
                assert (await client.get("/orders/4711")).json()["is_done"]
                signed = sign_webhook({"event": "webhook.test"}, "whsec_example", now=time.time())
                taken = await client.post("/specstep-hook", content=signed.body, headers=signed.headers)
                assert taken.status_code == 204
                assert (await client.post("/specstep-hook", content=b"{}")).status_code == 400
        module["store"].close()

    asyncio.run(order())
    assert Path("packages/4711.zip").is_file()
    assert started(service) == before + 1


def test_fleet(
    service: Sandbox, example: Any, own_schema: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who submits has no key; the worker drives the run, answers by the policy's name, and ends when it is drained."""
    for name, value in (
        ("FLEET_URL", postgres.server().url),
        ("FLEET_SCHEMA", own_schema.schema),
        ("FLEET_FILES", str(tmp_path / "shared")),
        ("KEY_TEAM_A", service.api_key),
    ):
        monkeypatch.setenv(f"SPECSTEP_{name}", value)
    monkeypatch.delenv("SPECSTEP_API_KEY")
    codes: list[Any] = []

    def work() -> None:
        try:
            runpy.run_path(str(EXAMPLES / "fleet_worker.py"), run_name="__main__")
        except SystemExit as end:
            codes.append(end.code)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        code, said = example("fleet_submit.py", "order-4711", "briefs/tea.md")
    finally:
        with SyncFleet.from_env() as fleet:
            fleet.drain("example")
        thread.join()
    assert (code, said, codes) == (0, "order-4711 done\n", [0])
    with SyncFleet.from_env() as fleet:
        answers = fleet.get("order-4711").record.answers
    assert {answer["answer"] for answer in answers} == {"PostgreSQL 16.", "The owner."}
