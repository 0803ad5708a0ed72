"""The surface of both clients: ordinary classes with ordinary methods, one made from the other."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import jedi
import pytest

from specstep_flows import AsyncSpecStep, SpecStep, errors
from specstep_flows.models import Account
from specstep_flows.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
#: Lists that are fetched page by page are given at once; everything else is awaited.
ROWS = [
    name
    for name, method in inspect.getmembers(AsyncSpecStep, inspect.isfunction)
    if not name.startswith("_") and "AsyncRows" in str(inspect.signature(method).return_annotation)
]
METHODS = [
    name
    for name, _ in inspect.getmembers(AsyncSpecStep, inspect.iscoroutinefunction)
    if not name.startswith("_") and name != "aclose"
] + ROWS


def test_the_sync_client_is_made_from_the_async_one() -> None:
    """And says so: whoever edits it loses the edit."""
    script = [sys.executable, str(ROOT / "scripts" / "async_to_sync.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    package = ROOT / "specstep_flows"
    for path in (package / "client.py", *(package / "_surface").glob("*.py")):
        made = path.read_text("utf-8")
        assert "never edit it" in made.split('"""')[1]
        assert not re.findall(r"\basync\b|\bawait\b|Async", made.split('"""', 2)[2]), path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service at its documented defaults."""
    with Sandbox(port=0) as running:
        yield running


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_its_signature_and_text(name: str) -> None:
    """Where an editor, ``help()`` and a mock look for them; the same in both."""
    ours, theirs = getattr(SpecStep, name), getattr(AsyncSpecStep, name)
    signature = inspect.signature(ours)

    twin = re.sub(r"\b(Policy|Respondent|Confirm)\b", r"Sync\1", str(inspect.signature(theirs)))
    assert str(signature) == twin.replace("AsyncRows", "Rows")
    assert not inspect.iscoroutinefunction(ours)
    assert inspect.iscoroutinefunction(theirs) == (name not in ROWS)
    assert signature.return_annotation != inspect.Signature.empty
    assert all(parameter.annotation != inspect.Parameter.empty for parameter in list(signature.parameters.values())[1:])
    assert inspect.getdoc(ours)


def test_help_shows_parameters_and_text() -> None:
    """``help(SpecStep)`` is the reference."""
    # Since 3.13, a long signature begins on a line of its own.
    text = re.sub(r"\(\n[ |]+", "(", pydoc.plain(pydoc.render_doc(SpecStep)))

    # Since 3.14, as it stands in the code.
    assert re.search(r"max_cost_usd: ('?)float \| None\1 = None", text)
    assert "cancel the generation when its reported cost exceeds this" in text
    assert len(METHODS) > 30
    for name in METHODS:
        assert f"{name}(self" in text
        alone = re.sub(r"\(\n +", "(", pydoc.plain(pydoc.render_doc(getattr(SpecStep, name))))
        assert f"{name}(self" in alone


@pytest.mark.slow
def test_a_language_server_knows_methods_and_results() -> None:
    """jedi, which several editors ask, runs nothing: it reads signatures and annotations as they are written."""
    opened = "from specstep_flows import SpecStep, AsyncSpecStep\n"
    programs = (
        opened + "with SpecStep() as client:\n    result = client.run('A.')\n    result.",
        opened
        + "async def f():\n  async with AsyncSpecStep() as client:\n    result = await client.run('A.')\n    result.",
    )
    listed = opened + "with SpecStep() as client:\n  for row in client.list_packages():\n    row."
    assert {"project_name", "addenda_count"} <= {found.name for found in jedi.Script(listed).complete()}
    (signature,) = jedi.Script(opened + "SpecStep().search_package(").get_signatures()
    assert {"package_id", "query", "limit"} <= {parameter.name for parameter in signature.params}
    for program in programs:
        assert {"path", "cost_usd"} <= {found.name for found in jedi.Script(program).complete()}
        (signature,) = jedi.Script(program.removesuffix("result.") + "client.run(").get_signatures()
        assert "max_cost_usd" in {parameter.name for parameter in signature.params}
        assert "brief: what is to be built" in signature.docstring()


@pytest.mark.parametrize("kind", [SpecStep, AsyncSpecStep])
def test_a_mock_of_a_client_takes_what_it_takes(kind: Any) -> None:
    """Other people's tests stand on this."""
    mock = create_autospec(kind, instance=True)

    answer = mock.run("A portal.", max_cost_usd=5)
    if kind is AsyncSpecStep:
        asyncio.run(answer)
    mock.run.assert_called_once_with("A portal.", max_cost_usd=5)
    with pytest.raises(TypeError, match="max_cost"):
        mock.run("A portal.", max_cost=5)
    mock.list_packages(limit=5)
    with pytest.raises(TypeError, match="most"):
        mock.list_packages(most=5)


def test_a_method_of_a_subclass_is_called_each_time(sandbox: Sandbox) -> None:
    """Nothing is looked up once and kept."""
    calls: list[str] = []

    class Counting(SpecStep):
        def get_account(self) -> Account:
            calls.append("sync")
            return super().get_account()

    class CountingAsync(AsyncSpecStep):
        async def get_account(self) -> Account:
            calls.append("async")
            return await super().get_account()

    async def go() -> None:
        async with CountingAsync(sandbox.api_key, api_url=sandbox.url) as client:
            await asyncio.create_task(client.get_account())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(client.get_account())

    with Counting(sandbox.api_key, api_url=sandbox.url) as client:
        client.get_account()
        client.get_account()
    asyncio.run(go())

    assert calls == ["sync"] * 2 + ["async"] * 2


def test_a_misspelt_option_does_not_run_without_a_limit(sandbox: Sandbox, tmp_path: Path) -> None:
    """``resume("r", max_cost=0.01)`` is refused before anything is sent, and so is ``adopt``."""
    misspelt: Any = {"max_cost": 0.01}
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path) as client:
        interview = client.start_interview()
        sent = len(sandbox.requests)
        with pytest.raises(errors.UnknownOption, match="Did you mean 'max_cost_usd'"):
            client.adopt(interview.id, **misspelt)
        with pytest.raises(errors.RunNotFound):
            client.resume("r", **misspelt)
        with pytest.raises(TypeError, match="max_cost"):
            client.run("A portal.", **misspelt)
    assert len(sandbox.requests) == sent


def test_what_cannot_be_opened_leaves_no_flow_behind(sandbox: Sandbox, tmp_path: Path) -> None:
    """A store that cannot be opened is a sentence, without a warning of a coroutine that nobody awaited."""
    (tmp_path / "file").write_text("")

    async def go() -> None:
        async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "file" / "state") as client:
            await client.get_account()

    with (
        SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "file" / "state") as client,
        pytest.raises(errors.StoreError),
    ):
        client.get_account()
    with pytest.raises(errors.StoreError):
        asyncio.run(go())
