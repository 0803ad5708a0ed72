"""What two type checkers make of the clients: every method has a type, and what is wrong is refused."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, SpecStep
from specstep_flows.fleet import SyncFleet

ROOT = Path(__file__).parents[2]


def methods_of(client: type) -> list[str]:
    """Its public methods and properties."""
    return [
        name
        for name, member in inspect.getmembers(client)
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    ]


METHODS, FLEET_METHODS = methods_of(SpecStep), methods_of(SyncFleet)
ASYNC_METHODS, FLEET_ASYNC_METHODS = (
    ["aclose" if name == "close" else name for name in names] for names in (METHODS, FLEET_METHODS)
)

#: Used as a user would, and right.
RIGHT = """
import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from specstep_flows import Answer, AsyncSpecStep, Brief, Clarification, Generation, Interview
from specstep_flows import RunRecord, RunResult, SpecStep
from specstep_flows.fleet import Fleet, FleetRun, Keys, SyncFleet
from specstep_flows.models import Account, FeedbackTemplateRow, GenerationRow, IntakeArtifact, PackageRow


class Mine(SpecStep):
    def get_account(self) -> Account:
        return super().get_account()


def answer_list(questions: list[Clarification]) -> dict[str, str]:
    return {question.question: "yes" for question in questions}


async def answer_later(questions: Sequence[Clarification]) -> dict[str, str]:
    return {}


def answer(questions: Sequence[Clarification]) -> list[Answer]:
    return [Answer(question.question, "yes") for question in questions]


async def respond(reply: str | None, interview: Interview) -> str | None:
    return reply


def sync(client: SpecStep, record: RunRecord) -> UUID:
    result: RunResult = client.run(["A portal."], on_question=answer, max_cost_usd=5, output="here.zip")
    result = client.run(Path("brief.md"), attachments=Path("plan.pdf"), timeout=timedelta(minutes=30), wait_paused="1h")
    result = client.run("A.", on_question=answer_list, profile="Fast", timeout="1h30m")
    interview = client.complete_interview(client.start_interview().id)
    client.wait_for_generation(client.start_generation(interview, profile="Normal"), on_question=answer_list)
    resets: datetime | None = client.get_usage().resets_at
    print(resets, client.call("get_usage").raw, client.runs()[0].run_id)
    result = client.resume(result.run_id, max_cost_usd=None, retry_failed=1, unpack=True)
    adopted: RunRecord = client.adopt("id", run_id="mine", output="there.zip")
    accepted: list[Answer] = client.answer(adopted.run_id, answer)
    limit: float | None = record.options.max_cost_usd
    print(accepted, limit)
    for package in client.list_packages(limit=5, since=datetime.now(UTC)):
        count: int | None = package.addenda_count
        print(count, [hit.spans[0] for hit in client.search_package(package.id, "portal") if hit.spans])
    rows: Iterator[GenerationRow] = client.iter_generations(status="complete")
    artifacts: list[IntakeArtifact] = client.list_intake_artifacts().to_list()
    print(next(rows).state, artifacts, client.create_webhook("id", "https://example.com", ["x"]).signing_secret)
    return client.start_generation(result.generation_id, profile="Fast")


async def on_a_loop(client: AsyncSpecStep) -> RunResult:
    task: asyncio.Task[RunResult] = asyncio.create_task(client.run(Brief("A portal.", respondent=respond)))
    await client.run("A portal.", on_question=answer_later, respondent=respond)
    async with asyncio.TaskGroup() as group:
        started = group.create_task(client.get_generation("id"))
    generation: Generation = started.result()
    print(generation.state)
    async for package in client.list_packages():
        print(package.version, (await client.get_package_file(package.id, "README.md")).text)
    templates: list[FeedbackTemplateRow] = await client.list_feedback_templates()
    packages: list[PackageRow] = await client.list_packages().to_list()
    print(templates, packages)
    first, second = await asyncio.gather(client.run("A."), client.resume("r"))
    print(first.path, second.cost_usd)
    return await task


def in_a_fleet(fleet: SyncFleet) -> None:
    run: FleetRun = fleet.submit("A portal.", key="team-a", answers={"Which?": "This."}, max_cost_usd=5)
    for one in fleet.runs(status="question"):
        run = fleet.answer(one.run_id, {question.question: "Yes." for question in one.questions})
    code: int = fleet.work(capacity=2, policies={"house": answer})
    print(run.generation_id, code, fleet.drive("r", policies={"house": answer_list}), fleet.workers()[0].runs)


async def in_a_fleet_on_a_loop() -> None:
    async with Fleet("postgresql://db", keys=Keys.from_env(), files=Path("files")) as fleet:
        run: FleetRun = await fleet.submit(Path("brief.md"), policy="house")
        async for run in fleet.runs():
            print(run.cost_usd)
        print(await fleet.package_url(run.run_id), await fleet.limits())
        code: int = await fleet.work(policies={"house": answer_later})
        print((await fleet.receive(b"", {})).status, code)
"""

COROUTINE = re.compile(r"(?:typing\.)?Coroutine(?:Type)?\[Any, Any, (.*)\]")

#: Each of these is a mistake.
WRONG = (
    'client.run("A portal.", max_cost=5)',
    'client.resume("r", max_cost=0.01)',
    'client.resume("r", max_cost_usd="five")',
    'client.adopt("id", interview=True)',
    "client.run(5)",
    "client.get_account().nothing",
    'client.say("id")',
    'loop.run("A portal.").path',
    'loop.resume("r", max_cost=0.01)',
    'client.run("A portal.", on_question=answer_later)',
    'client.run("A portal.", respondent=respond)',
    'client.run("A portal.", timeout=[5])',
    "client.start_generation(client.start_interview().intake_artifact_id)",
    "loop.get_account()",
    "client.list_packages()[0]",
    "loop.list_packages().to_list()",
    "client.list_packages(since='2026-05-05')",
    "client.search_package('id', 'x')[0].nothing",
    'fleet.submit("A portal.", keys="team-a")',
    'fleet.get("r").nothing',
    'fleet_loop.cancel("r")',
    'fleet_loop.submit("A portal.").run_id',
    "fleet.work(policies={'house': answer_later})",
)


def program() -> str:
    """A module that reveals every method's type, uses them rightly, and makes each mistake on a line of its own."""
    reveals = [f"    reveal_type(client.{name})" for name in METHODS]
    reveals += [f"    reveal_type(loop.{name})" for name in ASYNC_METHODS]
    mistakes = [f"    {line}  # wrong" for line in WRONG]
    reveals += [f"    reveal_type(fleet.{name})" for name in FLEET_METHODS]
    reveals += [f"    reveal_type(fleet_loop.{name})" for name in FLEET_ASYNC_METHODS]
    head = "def check(client: SpecStep, loop: AsyncSpecStep, fleet: SyncFleet, fleet_loop: Fleet) -> None:"
    return "\n".join([RIGHT, "", head, *reveals, *mistakes, ""])


def by_mypy(path: Path) -> tuple[dict[int, str], set[int]]:
    """What was revealed, and the lines with an error."""
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--strict", str(path)]
    done = subprocess.run(command, cwd=ROOT, env={"MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    found = re.findall(r"^[^:]+:(\d+): (error|note): (.*)$", done.stdout, re.M)
    revealed = {int(line): text for line, kind, text in found if kind == "note" and text.startswith("Revealed")}
    return revealed, {int(line) for line, kind, _ in found if kind == "error"}


def by_pyright(path: Path) -> tuple[dict[int, str], set[int]]:
    """What was revealed, and the lines with an error."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", str(path.parent)]
    settings: Mapping[str, Any] = {
        "include": [path.name],
        "typeCheckingMode": "standard",
        "reportUnusedCoroutine": "error",
        "extraPaths": [str(ROOT), str(ROOT / "generated")],
    }
    (path.parent / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)["generalDiagnostics"]
    revealed = {
        entry["range"]["start"]["line"] + 1: entry["message"] for entry in told if entry["severity"] == "information"
    }
    return revealed, {entry["range"]["start"]["line"] + 1 for entry in told if entry["severity"] == "error"}


def result_of(text: str) -> str:
    """What a method returns, or a property is, of the sentence that reveals it."""
    revealed = re.sub(r"^(Revealed type is|Type of \"[\w.]+\" is) |\"", "", text)
    # mypy leaves out that nothing is returned.
    if revealed.startswith("def ") and "->" not in revealed:
        return "None"
    # basedpyright puts a union that is returned in parentheses.
    return re.sub(r"^\((.*)\)$", r"\1", revealed.rpartition("-> ")[2])


@pytest.mark.slow
@pytest.mark.parametrize("check", [by_mypy, by_pyright])
def test_type_checkers_know_every_method_and_refuse_mistakes(check: Any, tmp_path: Path) -> None:
    """No method is Any or unknown, an awaited result is the sync one's, and each mistake is an error, alone."""
    path = tmp_path / "program.py"
    path.write_text(program())
    lines = path.read_text("utf-8").splitlines()

    revealed, wrong = check(path)

    assert wrong == {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    types = {lines[number - 1].strip()[len("reveal_type(") : -1]: text for number, text in revealed.items()}
    fleet = {name: text for name, text in types.items() if name.startswith("fleet")}
    types = {name: text for name, text in types.items() if name not in fleet}
    assert set(types) == {f"client.{name}" for name in METHODS} | {f"loop.{name}" for name in ASYNC_METHODS}
    for name, twin in zip(FLEET_METHODS, FLEET_ASYNC_METHODS, strict=True):
        ours, theirs = result_of(fleet[f"fleet.{name}"]), result_of(fleet[f"fleet_loop.{twin}"])
        assert "Unknown" not in fleet[f"fleet.{name}"] + fleet[f"fleet_loop.{twin}"]
        assert "Any" not in ours, ours
        found = COROUTINE.fullmatch(theirs)
        assert (found[1] if found else theirs.replace("Async", "")) == ours
    for name, twin in zip(METHODS, ASYNC_METHODS, strict=True):
        ours, theirs = result_of(types[f"client.{name}"]), result_of(types[f"loop.{twin}"])
        assert "Unknown" not in types[f"client.{name}"] + types[f"loop.{twin}"]
        assert "Any" not in ours or name == "call", ours
        if name in ("runs", "store"):
            assert theirs == ours
        elif name == "with_options":
            assert (ours.rpartition(".")[2], theirs.rpartition(".")[2]) == ("SpecStep", "AsyncSpecStep")
        elif "Rows[" in ours:
            assert theirs.replace("_surface_async", "_surface").replace("AsyncRows[", "Rows[") == ours
        else:
            assert COROUTINE.fullmatch(theirs)[1] == ours  # type: ignore[index]


def test_both_clients_have_the_same_methods() -> None:
    """But for the name of ``close``, which is ``aclose`` on the event loop."""
    assert {name for name in dir(AsyncSpecStep) if not name.startswith("_")} == set(ASYNC_METHODS)
