"""What a status read costs, held by counting function calls beside bare httpx: a count does not waver as times do.

``scripts/benchmark.py calls`` measures the same in time, on the same body.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import httpx
import pytest
from benchmarking.loopback import GENERATION, serving
from specstep_client.models.generation import Generation as GeneratedGeneration
from specstep_client.types import UNSET

from specstep_flows import AsyncSpecStep, SpecStep, _json
from specstep_flows.runs.store import RunStore
from tests.kit.api import path_of

ROOT = Path(__file__).parents[1]
KEY = "sf_counting_0123456789abcdef"
ID = json.loads(GENERATION)["id"]
#: Calls of our own functions for one status read, which makes some 150 to 180, each wake of a coroutine counted.
#: Parsing the generated class alone would be 100 more.
MOST_CALLS_OF_OURS = 200


@attrs.define
class Counted:
    """Calls that were made, in Python and in C; those of the library's own functions; threads that were handed work."""

    calls: int = 0
    ours: int = 0
    handed_over: int = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1
        if event == "call":
            file = frame.f_code.co_filename
            self.ours += file.startswith((f"{ROOT}/specstep_flows/", f"{ROOT}/generated/"))
            self.handed_over += frame.f_code.co_name == "run_in_executor"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of canned answers in a process of its own."""
    with serving(tmp_path_factory.mktemp("package")) as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run store that nobody has written to for a while."""
    store = RunStore(tmp_path)
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    return store


def counted_sync(service: str, store: RunStore, limits: Any) -> tuple[Counted, Counted]:
    """What a warm call of ours and of bare httpx take."""
    with (
        SpecStep(KEY, api_url=service, store=store, limits=limits) as client,
        httpx.Client(base_url=service, headers={"Authorization": f"Bearer {KEY}"}) as bare,
    ):
        return (
            _counted(lambda: client.get_generation(ID)),
            _counted(lambda: bare.get(path_of("get_generation", ID)).json()),
        )


def counted_async(service: str, store: RunStore, limits: Any) -> tuple[Counted, Counted]:
    """The same on an event loop."""

    async def go() -> tuple[Counted, Counted]:
        async with (
            AsyncSpecStep(KEY, api_url=service, store=store, limits=limits) as client,
            httpx.AsyncClient(base_url=service, headers={"Authorization": f"Bearer {KEY}"}) as bare,
        ):

            async def get() -> Any:
                return (await bare.get(path_of("get_generation", ID))).json()

            return await _counted_async(lambda: client.get_generation(ID)), await _counted_async(get)

    return asyncio.run(go())


def _counted(call: Callable[[], object]) -> Counted:
    for _ in range(2):
        call()
    counted = Counted()
    sys.setprofile(counted)
    try:
        call()
    finally:
        sys.setprofile(None)
    return counted


async def _counted_async(call: Callable[[], Awaitable[object]]) -> Counted:
    for _ in range(2):
        await call()
    counted = Counted()
    sys.setprofile(counted)
    try:
        await call()
    finally:
        sys.setprofile(None)
    return counted


FREE = {"standard": None, "kickoff": None}
COUNT = pytest.mark.parametrize("count", [counted_sync, counted_async], ids=["sync", "async"])


@COUNT
def test_a_status_read_makes_no_more_calls_than_bare_httpx(service: str, store: RunStore, count: Any) -> None:
    """With the store on: what is ours costs no more than what httpx does again each time; and no thread is needed."""
    ours, bare = count(service, store, FREE)

    assert ours.calls <= bare.calls
    assert ours.ours <= MOST_CALLS_OF_OURS
    assert ours.handed_over == 0


@COUNT
def test_with_the_shared_limits_a_status_read_makes_few_more(service: str, store: RunStore, count: Any) -> None:
    """A place in the count that processes share is one statement, for which no thread is handed work."""
    ours, bare = count(service, store, {"standard": 1000})

    assert ours.calls <= 1.1 * bare.calls
    assert ours.handed_over == 0


@pytest.mark.slow
def test_a_status_read_leaves_nothing_to_the_garbage_collector(service: str, store: RunStore) -> None:
    """It would stop everything sooner, and for longer: bare httpx leaves 33 objects a call that it has to find."""

    async def read(count: int, client: AsyncSpecStep) -> None:
        for _ in range(count):
            await client.get_generation(ID)

    async def garbage_of_async() -> int:
        async with AsyncSpecStep(KEY, api_url=service, store=store, limits={"standard": 1000}) as client:
            await read(2, client)
            gc.collect()
            await read(5, client)
            return gc.collect()

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with SpecStep(KEY, api_url=service, store=store, limits={"standard": 1000}) as client:
            client.get_generation(ID)
            gc.collect()
            for _ in range(5):
                client.get_generation(ID)
            assert gc.collect() == 0
        assert asyncio.run(garbage_of_async()) == 0
    finally:
        if was_enabled:
            gc.enable()


def test_a_status_is_parsed_once(service: str, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its JSON once, and not into a generated class of which the model keeps a third."""
    parsed: list[object] = []

    def noting(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def noted(given: Any) -> Any:
            parsed.append(name)
            return parse(given)

        return noted

    monkeypatch.setattr(_json, "_loads", noting("json", _json._loads))
    monkeypatch.setattr(GeneratedGeneration, "from_dict", noting("class", GeneratedGeneration.from_dict))

    with SpecStep(KEY, api_url=service, store=store, limits=FREE) as client:
        generation = client.get_generation(ID)

    assert parsed == ["json"]
    assert generation.raw == json.loads(GENERATION)


def test_the_body_has_every_documented_field_filled() -> None:
    """Or it would be the cost of a body that no service sends."""
    assert list(_gaps(GeneratedGeneration.from_dict(json.loads(GENERATION)), "Generation")) == []


def _gaps(value: Any, name: str) -> Iterator[str]:
    if value is None or value is UNSET or value in ("", [], {}):
        yield name
    for each in value if isinstance(value, list) else ():
        yield from _gaps(each, f"{name}[]")
    if attrs.has(type(value)):
        yield from (f"{name}.{extra} is not documented" for extra in value.additional_properties)
        for field in attrs.fields(type(value)):
            if field.name != "additional_properties":
                yield from _gaps(getattr(value, field.name), f"{name}.{field.name}")
