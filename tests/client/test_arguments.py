"""What a person passes to a client in good faith is taken; what cannot be meant is refused before anything is sent."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from unittest.mock import Mock

import pytest
from specstep_client.api.generations import get_generation

from specstep_flows import (
    AnswersFile,
    AsyncSpecStep,
    Brief,
    ProposedDefaults,
    RunStore,
    Settings,
    SpecStep,
    errors,
    models,
)
from specstep_flows.answers import FirstOf
from specstep_flows.client import Rows
from specstep_flows.runs.records import RunList
from specstep_flows.sandbox import Sandbox
from specstep_flows.states import DOCUMENTED_PROFILES


@pytest.fixture
def specstep(sandbox: Sandbox, turned: Any, tmp_path: Path) -> Any:
    """A client whose store and output are in a folder of the test's."""
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "state", clock=turned(sandbox)) as client:
        yield client


def turns(sandbox: Sandbox) -> list[str]:
    """What the user said, in every interview."""
    return [turn.content for talk in sandbox.state.interviews.values() for turn in talk.turns if turn.role == "user"]


def run(specstep: SpecStep, tmp_path: Path, brief: Any = "A shop.", **more: Any) -> Any:
    """A run of a minute."""
    options = {"profile": "Fast", "on_question": ProposedDefaults(), "output": tmp_path / "out", "force": True, **more}
    return specstep.run(brief, **options)


def test_a_path_is_the_text_of_its_file(specstep: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """As a brief, among several turns, in a Brief; and one attachment needs no list."""
    path = tmp_path / "brief.md"
    path.write_bytes(b"\xef\xbb\xbf# A portal\n\nFor shops.\n")
    text = "# A portal\n\nFor shops.\n"

    run(specstep, tmp_path, [path, "They sign in."], attachments=path)

    assert turns(sandbox) == [text, "They sign in."]
    assert Brief(path).messages == (text,)
    for one in (path, str(path)):
        assert Brief("A shop.", one).attachments == (path,)


@pytest.mark.parametrize("timeout", ["30m", "1h30m", timedelta(minutes=30), 1800])
def test_durations_as_people_write_them(timeout: Any, specstep: Any, tmp_path: Path) -> None:
    """Of the whole wait, and of the watch over a pause."""
    result = run(specstep, tmp_path, timeout=timeout, wait_paused=timeout)

    assert result.path.exists()
    assert specstep.store.get(result.run_id).options.wait_paused in (1800.0, 5400.0)


def test_a_completed_interview_is_what_a_generation_is_started_of(specstep: Any, sandbox: Sandbox) -> None:
    """Without looking for ids in it; one that is not complete is refused."""
    talk = specstep.start_interview()
    with pytest.raises(errors.UsageError, match="complete_interview"):
        specstep.start_generation(talk)
    specstep.say(talk.id, "A shop.")

    generation = specstep.start_generation(specstep.complete_interview(talk.id), profile="Fast")

    assert str(generation) in map(str, sandbox.state.generations)


def test_an_operation_by_its_name(specstep: Any) -> None:
    """Or by its module; a typo is answered with the nearest name, and a wrong argument with what is missing."""
    assert specstep.call("get_usage") == specstep.call("get-usage")
    for operation, arguments, said in (
        ("get_usag", (), "Did you mean get_usage"),
        (5, (), "not an operation"),
        (get_generation.sync, (), "not an operation"),
        ("get_generation", (), "missing a required argument: 'id'"),
        (get_generation, (1, 2, 3), "too many positional arguments"),
    ):
        with pytest.raises(errors.UsageError, match=said):
            specstep.call(operation, *arguments)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"brief": b"A shop."}, "`brief`"),
        ({"brief": None}, "`brief`"),
        ({"brief": ["A shop.", 5]}, "`brief`"),
        ({"brief": {"A": "shop"}}, "`brief`"),
        ({"brief": "brief.md"}, r"Path\('brief.md'\)"),
        ({"brief": "./plans"}, "the name of a file"),
        ({"brief": Path("nowhere.md")}, "cannot be read"),
        ({"brief": Path()}, "is a folder"),
        ({"attachments": 5}, "`attachments`"),
        ({"attachments": [5]}, "not a path"),
        ({"attachments": "nowhere.md"}, "nowhere.md cannot be read"),
        ({"output": 5}, "not a path"),
        ({"profile": 5}, "profile must be a string"),
        ({"unpack": "no"}, "unpack must be True or False"),
        ({"remember": "this"}, "remember must be a dict"),
        ({"run_id": 5}, "cannot be a run id"),
        ({"run_id": "sf_0123456789abcdef0123456789"}, "form of an API key"),
        ({"on_question": "defaults"}, "`on_question` must be a function"),
        ({"on_question": {"Which?": "That."}}, "`on_question` must be a function"),
        ({"on_question": ProposedDefaults}, r"did you mean ProposedDefaults\(\)\?"),
        ({"respondent": "no"}, "`respondent` must be a function"),
        ({"confirm": True}, "`confirm` must be a function"),
        ({"on_event": 5}, "`on_event` must be a function"),
        ({"on_question": lambda: {"Which?": "That."}}, "is called with the questions"),
        ({"respondent": lambda reply: None}, "is called with the reply and the interview"),
        ({"timeout": "soon"}, "timeout must be"),
        ({"timeout": "90"}, "timeout must be"),
        ({"wait_paused": "1h30"}, "wait_paused must be"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    wrong: dict[str, Any], said: str, specstep: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an error of ours that names the argument: not by a TypeError, and not in minute 20, when it was paid for."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.UsageError, match=said):
        run(specstep, tmp_path, **wrong)
    assert list(sandbox.requests) == []
    assert specstep.runs() == []


def test_steps_refuse_the_same(specstep: Any, sandbox: Sandbox) -> None:
    """What is called or said later is checked when it is given."""

    async def policy(questions: Any) -> None:
        """A coroutine function, which this client could not await."""

    some_id = "5b0f7a52-8a55-4c4e-9f0e-0c6b8d3f1a11"
    doors: list[Callable[[], object]] = [
        lambda: specstep.wait_for_generation(some_id, on_question="defaults"),
        lambda: specstep.wait_for_generation(some_id, on_question=policy),
        lambda: specstep.resume("r", on_question="defaults"),
        lambda: specstep.answer("r", "defaults"),
        lambda: specstep.say(some_id, 5),
        lambda: FirstOf(ProposedDefaults(), "defaults"),  # type: ignore[arg-type]
        lambda: FirstOf(policy),  # type: ignore[arg-type]
        lambda: AnswersFile.load(None),  # type: ignore[arg-type]
        lambda: AnswersFile.load("nowhere.yaml"),
        lambda: SpecStep(sandbox.api_key, api_url=sandbox.url, store=5).runs(),  # type: ignore[arg-type]
    ]
    for door in doors:
        with pytest.raises(errors.UsageError):
            door()
    assert list(sandbox.requests) == []


def test_a_whole_object_is_no_id(specstep: Any, tmp_path: Path) -> None:
    """Of what is given in place of an id, the message shows a few words and says what is meant."""
    result = run(specstep, tmp_path)
    generation = specstep.get_generation(result.generation_id)
    doors: list[tuple[Callable[[], object], str]] = [
        (lambda: specstep.wait_for_generation(generation), "give its id"),
        (lambda: specstep.resume(result), "give its run_id"),
    ]
    for work, said in doors:
        with pytest.raises(errors.UsageError, match=said) as caught:
            work()
        assert len(str(caught.value)) < 200
    with pytest.raises(errors.SettingsError, match=r"\(argument\)"):
        SpecStep(5)  # type: ignore[arg-type]


def test_profiles_that_an_editor_offers_are_the_documented_ones() -> None:
    """Any other name is taken as well: the service may have more."""
    literal, other = get_args(models.Profile)

    assert set(get_args(literal)) == DOCUMENTED_PROFILES
    assert other is str


def test_any_callable_is_a_callback(specstep: Any, tmp_path: Path) -> None:
    """Builtins, methods, partials and mocks, whatever their signatures tell."""
    events: list[Any] = []
    listeners: list[Any] = [print, events.append, functools.partial(print, end=""), Mock()]
    for listener in listeners:
        run(specstep, tmp_path, on_event=listener, on_question=Mock(side_effect=ProposedDefaults()))
    assert len(events) > 10


def test_the_async_client_refuses_the_same(sandbox: Sandbox) -> None:
    """And takes coroutine functions."""

    async def go() -> None:
        async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory()) as client:
            wrong: Any = "defaults"
            for work in (
                client.run("A shop.", on_question=wrong),
                client.run("brief.md"),
                client.wait_for_generation("5b0f7a52-8a55-4c4e-9f0e-0c6b8d3f1a11", on_question=wrong),
            ):
                with pytest.raises(errors.UsageError, match=r"on_question|brief"):
                    await work

    asyncio.run(go())
    assert list(sandbox.requests) == []


def test_a_taken_output_is_told_in_arguments(specstep: Any, tmp_path: Path) -> None:
    """Whoever calls a method has no options to give."""
    (tmp_path / "taken.zip").write_text("")

    with pytest.raises(errors.UsageError, match=r"another `output`, or `force=True`"):
        run(specstep, tmp_path, output=tmp_path / "taken.zip", force=False)


def first_of(result: Any) -> Any:
    """A list is fetched when its first row is wanted."""
    return next(result) if isinstance(result, Rows) else result


def test_a_closed_client_says_so_whatever_it_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each method of it; and so does its store."""
    specstep = SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path)
    store = specstep.store
    specstep.close()
    given: dict[str, Any] = {"on_question": ProposedDefaults(), "message": "A.", "path": __file__, "answers": {}}
    given |= {"brief": "A shop.", "name": "a", "operation": "get_usage", "run_id": "r", "intake_id": ""}
    identifier = "5b0f7a52-8a55-4c4e-9f0e-0c6b8d3f1a11"
    called = 0
    for name, method in inspect.getmembers(specstep, inspect.ismethod):
        if name.startswith("_") or name == "close":
            continue
        parameters = inspect.signature(method).parameters.values()
        needed = [one for one in parameters if one.default is one.empty]
        values = [given.get(one.name) or identifier for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
        by_name = {one.name: None for one in needed if one.kind is one.KEYWORD_ONLY}
        with pytest.raises(errors.UsageError, match="client is closed"):
            first_of(method(*values, **by_name))
        called += 1
    assert called > 30
    assert list(sandbox.requests) == []
    with pytest.raises(errors.StoreError, match="store is closed"):
        store.all()


def test_runs_are_short_to_look_at(specstep: Any, tmp_path: Path) -> None:
    """In a console and in a notebook, whatever a record holds, and however many there are."""
    run(specstep, tmp_path, "A <b>shop</b>. " + "Very long. " * 500, run_id="portal")

    runs = specstep.runs()

    assert isinstance(runs, RunList)
    assert repr(runs).startswith("[RunRecord(run_id='portal', stage='done', generation_state='Complete', cost_usd=")
    assert len(repr(runs)) < 250
    assert runs[0].updated_at >= runs[0].created_at
    page = runs._repr_html_()
    assert "portal" in page
    assert "<b>" not in page
    many = type(runs)(list(runs) * 50)
    assert len(repr(many).splitlines()) == 31
    assert "and 20 more" in repr(many)
    assert many._repr_html_().count("<tr>") == 31


@pytest.mark.parametrize("client", [SpecStep, AsyncSpecStep])
def test_a_key_or_an_address_beside_settings_is_the_one_that_is_used(client: Any) -> None:
    """An argument comes first, here too: otherwise another account would pay than the one that was named."""
    settings = Settings(api_key="sf_of_the_settings", api_url="http://localhost:1", settle_seconds=7, clock_speed=60)

    opened = client("sf_of_the_call", api_url="http://127.0.0.1:2", settings=settings).settings

    assert (opened.api_key, opened.api_url, opened.settle_seconds) == ("sf_of_the_call", "http://127.0.0.1:2", 7)
    assert opened.sources["api_key"] == "argument"
    assert client(settings=settings).settings is settings
    with pytest.raises(errors.SettingsError, match="only works with a service on loopback"):
        client(api_url="https://specstep.com", settings=settings)
