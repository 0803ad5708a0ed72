"""The key and the signed address of a package are nowhere: no log, error, traceback with its variables, repr or file.

Every test in this folder is searched in the same way at its end (``conftest``). Here are the ones that end badly: an
error holds the frames that it went through, and what an error reporter shows of them must not be a secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import http.server
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows import AsyncSpecStep, SpecStep, errors
from specstep_flows.sandbox import Fault
from specstep_flows.settings import Settings
from tests.kit.api import op
from tests.kit.bench import Bench
from tests.kit.blob_host import serving
from tests.kit.secrets import Secrets, texts_of
from tests.kit.tiers import one_in

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


@pytest.mark.parametrize("trouble", one_in(3, BLOB_TROUBLES), ids=lambda trouble: " ".join(map(str, trouble.values())))
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


SIGNED = "https://blobs.example/packages/sig=c2lnbmVkLXNlY3JldA/x.zip?se=2026&sig=c2lnbmVkLXNlY3JldA"
#: What changes an answer: the request's key, the path, and status, headers and body as the sandbox has them.
Change = Callable[[str, str, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@contextlib.contextmanager
def front(origin: str, change: Change) -> Iterator[str]:
    """A front door before the sandbox that changes answers; where it says more than it sends, it breaks off."""

    class Door(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            reply = inside.request(self.command, f"{origin}{self.path}", headers=kept, content=body)
            dropped = ("content-length", "content-encoding", "transfer-encoding", "connection")
            headers = {name: value for name, value in reply.headers.items() if name.lower() not in dropped}
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, headers, content = change(key, self.path, reply.status_code, headers, reply.content)
            self.send_response(status)
            self.close_connection = "Content-Length" in headers
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    with httpx.Client(verify=False, timeout=30.0, trust_env=False) as inside, serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_service_that_repeats_the_key_does_not_spread_it(bench: Bench, secrets: Secrets) -> None:
    """In texts that are shown, told and recorded, in headers, in any spelling: a run keeps it out of everything."""
    spelled: list[Callable[[str], str]] = [str, "\u200b".join, lambda key: key.replace("_", "%5F")]
    shown = {"project_name", "phase_detail", "progress_explanation", "agent_reply", "why", "proposed_default"}

    def repeat(value: Any, key: str) -> Any:
        if isinstance(value, list):
            return [repeat(item, key) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            name: f"{item} {' '.join(spell(key) for spell in spelled)}"
            if name in shown and isinstance(item, str)
            else repeat(item, key)
            for name, item in value.items()
        }

    def change(key: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
        if key and "json" in headers.get("content-type", ""):
            body = json.dumps(repeat(json.loads(body), key)).encode()
        return status, {**headers, **({"X-Debug": f"Bearer {key}"} if key else {})}, body

    with front(bench.sandbox.url, change) as bench.api_url:
        result = bench.attempt()

    assert "REDACTED" in str(result.project_name)
    assert secrets.found_in(map(repr, [result, *bench.events])) == []


@pytest.mark.parametrize("kind", ["application/problem+json", "text/plain", "text/plain; charset=utf-16"])
def test_a_refusal_that_repeats_the_key_does_not_show_it(bench: Bench, secrets: Secrets, kind: str) -> None:
    """Debugging front doors do; the error, its document and the run's record do not."""

    def change(key: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
        said = f"Token {key} lacks the scope; see {SIGNED}."
        text = said if kind.startswith("text") else json.dumps({"type": key, "detail": said, "token": [{"of": key}]})
        return 400, {"Content-Type": kind, "X-Quota-Tier": key}, text.encode("utf-16" if "16" in kind else "utf-8")

    with front(bench.sandbox.url, change) as bench.api_url:
        error = last_error(bench)

    assert secrets.found_in(texts_of(error)) == []


def test_a_failure_that_quotes_a_signed_address_does_not_show_it(bench: Bench, secrets: Secrets) -> None:
    """What the service says of why a generation failed may be an exception's text."""

    def change(key: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
        if path.startswith("/v1/generations/") and b'"state"' in body:
            failed = {"state": "Failed", "failure_category": "Odd", "failure_reason": f"404 at {SIGNED}."}
            body = json.dumps({**json.loads(body), **failed}).encode()
        return status, headers, body

    with front(bench.sandbox.url, change) as bench.api_url:
        error = last_error(bench)

    assert "404 at https://blobs.example/…" in error.message
    assert secrets.found_in([*texts_of(error), *map(repr, bench.events)]) == []


@pytest.mark.parametrize(
    "kind",
    [
        "problem",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("broken off", "page", "redirect with a body")),
    ],
)
def test_a_signed_address_in_an_answer_is_in_no_error(bench: Bench, secrets: Secrets, kind: str) -> None:
    """Not in what was read before the connection broke, nor in a problem, wherever an error reporter looks."""

    def change(key: str, path: str, status: int, headers: dict[str, str], body: bytes) -> Any:
        if not path.endswith("/zip"):
            return status, headers, body
        page = f"<h2>Object moved to <a href='{SIGNED}'>here</a></h2>".encode()
        match kind:
            case "broken off":
                return 302, {"Location": SIGNED, "Content-Length": "9999"}, page
            case "problem":
                problem = json.dumps({"detail": f"no blob at {SIGNED}", "type": SIGNED, "instance": SIGNED})
                return 500, {"Content-Type": "application/problem+json"}, problem.encode()
            case "page":
                return 200, {"Content-Type": "text/html"}, page
        return 302, {"Location": "https://[::1/x?sig=c2lnbmVkLXNlY3JldA"}, page

    with front(bench.sandbox.url, change) as bench.api_url:
        error = last_error(bench)

    assert secrets.found_in(texts_of(error)) == []
