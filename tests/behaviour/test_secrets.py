"""The key and the signed address of a package are nowhere: no log, error, traceback with its variables, repr or file.

Every test in this folder is searched in the same way at its end (``conftest``). Here are the ones that end badly: an
error holds the frames that it went through, and what an error reporter shows of them must not be a secret.
"""

from __future__ import annotations

import asyncio
import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, SpecStep, errors
from specstep_flows.sandbox import Fault
from specstep_flows.settings import Settings
from tests.kit.api import op
from tests.kit.bench import Bench
from tests.kit.secrets import Secrets, texts_of

API_STEPS = (
    op("get_me"),
    op("start_interview"),
    op("submit_turn"),
    op("get_turn_job"),
    op("complete_interview"),
    op("list_generations"),
    op("start_generation"),
    op("get_generation"),
    op("answer_clarifications"),
    op("get_package_zip"),
)
API_TROUBLES: dict[str, dict[str, Any]] = {
    "reset": {"kind": "reset"},
    "malformed": {"kind": "malformed"},
    "403": {"kind": "status", "status": 403},
    "401": {"kind": "status", "status": 401},
    "login page": {"kind": "html", "status": 200},
    "truncated": {"kind": "truncated"},
}
BLOB_TROUBLES = (
    {"kind": "reset"},
    {"kind": "truncated", "keep": 0.3, "hard": True},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
    {"kind": "status", "status": 418},
    {"kind": "status", "status": 503},
    {"kind": "html", "status": 200},
    {"kind": "zip_not"},
    {"kind": "zip_flipped"},
    {"kind": "zip_dotdot"},
    {"kind": "zip_bomb"},
)


#: What these do is carried out although no answer can be read, and is found by reading the service's state.
SETTLED = {
    (operation, trouble)
    for operation in (
        op("submit_turn"),
        op("complete_interview"),
        op("start_generation"),
        op("answer_clarifications"),
        op("get_package_zip"),
    )
    for trouble in ("malformed", "truncated")
}


def last_error(bench: Any) -> errors.SpecStepError:
    """What the run ends with while the trouble goes on."""
    with pytest.raises(errors.SpecStepError) as caught:
        bench.attempt()
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("trouble", API_TROUBLES)
@pytest.mark.parametrize("operation", API_STEPS)
def test_an_error_of_the_api_holds_no_secret(bench: Bench, secrets: Secrets, operation: Any, trouble: Any) -> None:
    """Errors of requests, with their causes and all that the frames on the way held."""
    bench.sandbox.faults.add(Fault(operation, times=None, **API_TROUBLES[trouble]))
    if (operation, trouble) in SETTLED:
        bench.judge(bench.attempt())
        return

    assert secrets.found_in(texts_of(last_error(bench))) == []


@pytest.mark.parametrize("trouble", BLOB_TROUBLES, ids=lambda trouble: " ".join(map(str, trouble.values())))
def test_an_error_of_a_download_holds_no_secret(bench: Bench, secrets: Secrets, trouble: Any) -> None:
    """A download knows the signed address; its errors do not, and neither do their frames."""
    bench.sandbox.faults.add(Fault("GET /blob/{name}", times=None, **trouble))

    error = last_error(bench)

    assert secrets.found_in(texts_of(error)) == []
    assert secrets.found_under(bench.folder) == []
    assert error.run_id == "proof"


def test_an_address_that_has_expired_for_good_is_not_shown(bench: Bench, secrets: Secrets) -> None:
    """The error says that the address is no longer good, and not which it was."""
    bench.sandbox.faults.add(Fault(op("get_package_zip"), "expired_url", times=None))

    assert secrets.found_in(texts_of(last_error(bench))) == []


def test_nothing_that_a_client_is_made_of_shows_its_key(bench: Bench, secrets: Secrets) -> None:
    """The repr of a client, and of all that it holds, however deep a debugger goes."""

    def look(client: Any) -> Any:
        seen: set[int] = set()
        waiting, found = [client], []
        while waiting:
            thing = waiting.pop()
            if id(thing) in seen or not type(thing).__module__.startswith("specstep_flows"):
                continue
            seen.add(id(thing))
            found.append(repr(thing))
            names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
            waiting += [getattr(thing, name, None) for name in names]
        return found

    async def look_async() -> Any:
        async with AsyncSpecStep(settings=bench.settings(), clock=bench.clock) as client:
            await client.get_account()
            return look(client)

    if bench.is_async:
        texts = asyncio.run(look_async())
    else:
        with SpecStep(settings=bench.settings(), clock=bench.clock) as client:
            client.get_account()
            texts = look(client)

    assert len(texts) > 5
    assert secrets.found_in(texts) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"SPECSTEP_API_URL": "http://specstep.example"},
        {"SPECSTEP_API_URL": "https://user:password@specstep.example"},
        {"SPECSTEP_CLOCK_SPEED": "7"},
        {"SPECSTEP_SETTLE_SECONDS": "soon"},
        {"SPECSTEP_API_KEY": "sf_one two_0123456789"},
    ],
)
def test_a_setting_that_does_not_fit_does_not_show_the_key(secrets: Secrets, tmp_path: Path, wrong: Any) -> None:
    """The error names the setting and where it came from; the key beside it stays out of the message."""
    key = "sf_settings_0123456789abcdef"
    secrets.keys |= {key, "sf_one two_0123456789"}
    environ = {"SPECSTEP_API_KEY": key, **wrong}

    with pytest.raises(errors.SettingsError) as caught:
        Settings.load(environ=environ, file=None if "SPECSTEP_CONFIG" in environ else _empty(tmp_path))

    shown = [str(caught.value), repr(caught.value), repr(caught.value.args), repr(vars(caught.value))]
    assert secrets.found_in(shown) == []


def _empty(folder: Any) -> Any:
    path = folder / "config.toml"
    path.touch()
    return path


def test_an_error_can_be_copied_and_pickled(bench: Bench) -> None:
    """Task queues send errors between processes: none breaks on the way, and the run's id goes with it."""
    bench.sandbox.faults.add(Fault(op("start_generation"), "status", status=402, times=None))
    error = last_error(bench)

    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(other), other.run_id, vars(other).keys()) == (str(error), "proof", vars(error).keys())
