"""What is kept back: the key that a service repeats, and signed addresses in the logs of the HTTP library."""

from __future__ import annotations

import asyncio
import base64
import http.server
import importlib.metadata
import json
import logging
import pkgutil
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows._text import plain_text
from specstep_flows.engine import transport
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.engine.refusals import refusal
from specstep_flows.engine.secrecy import _LOGGERS, hush_logs, reply_of

SIGNATURE = "c2lnbmVkLXNlY3JldA"


class Redirecting(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.server.location)  # type: ignore[attr-defined]
        self.send_header("X-Debug", f"it's {SIGNATURE}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


LOCATIONS = [
    f"https://blobs.example.com/x.zip?se=2026&sig={SIGNATURE}",
    f"https://blobs.example.com/{SIGNATURE}/x.zip",
    f"https://blobs.example.com/x.zip;sig={SIGNATURE}",
    f"https://blobs.example.com/x.zip#sig={SIGNATURE}",
    f"https://blobs.example.com/x.zip%3Fsig%3D{SIGNATURE}",
    f"https://{SIGNATURE}@blobs.example.com/x.zip",
    f"/blob/x.zip?sig={SIGNATURE}",
    f"/{SIGNATURE}/x.zip",
    f"x'\"; sig={SIGNATURE}",
]


@pytest.fixture(params=LOCATIONS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    server.location = request.param  # type: ignore[attr-defined]
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/packages/7/zip"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_signed_redirect_is_not_logged(url: str, is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level, sync and async, the head of the answer is logged without what may be secret."""
    caplog.set_level(logging.DEBUG)
    hush_logs()
    hush_logs()
    if is_async:

        async def get() -> httpx.Response:
            async with httpx.AsyncClient() as client:
                return await client.get(url)

        response = asyncio.run(get())
    else:
        with httpx.Client() as client:
            response = client.get(url)

    assert SIGNATURE in response.headers["location"]
    assert "(b'Location', b'…')" in caplog.text, "httpcore logged the head"
    assert "b'Content-Length', b'0'" in caplog.text
    assert SIGNATURE not in caplog.text


def test_every_logger_of_httpcore_is_covered() -> None:
    """A new version of httpcore with another logger must not pass unnoticed."""
    named = set()
    for module in pkgutil.walk_packages(httpcore.__path__, "httpcore."):
        spec = module.module_finder.find_spec(module.name, None)
        assert spec is not None
        source = spec.loader.get_source(module.name)  # type: ignore[union-attr]
        named |= set(re.findall(r"getLogger\(\"(.*?)\"\)", source or ""))
    assert named == set(_LOGGERS), f"httpcore {importlib.metadata.version('httpcore')}"


def test_what_a_garbled_answer_quotes_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """httpcore logs the exception, and that what could not be read."""
    caplog.set_level(logging.DEBUG)
    hush_logs()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer = server.accept()[0]
            with peer:
                peer.recv(65536)
                peer.sendall(f"HTTP/1.1 302 {SIGNATURE}\r\nLocation {SIGNATURE}\r\n\r\n".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        with httpx.Client() as client, pytest.raises(errors.ConnectionLost) as caught:
            transport.attempt(client, Request("any", "read", "GET", f"http://127.0.0.1:{server.getsockname()[1]}"), 5.0)
        thread.join()

    assert "receive_response_headers.failed" in caplog.text
    assert SIGNATURE not in caplog.text
    assert caught.value.__context__ is None


def test_the_status_line_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    """A front door may say anything there."""
    hush_logs()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").info(
        'HTTP Request: %s %s "%s %d %s"', "GET", "https://x.y/v1/me", "HTTP/1.1", 200, "sf_key"
    )
    assert caplog.messages == ['HTTP Request: GET https://x.y/v1/me "HTTP/1.1 200"']


KEY = "sf_0123456789abcdefABCDEF"
KEYS = [KEY, "oat_a.b-c~d+e/f=g_0123456789", "sf_short"]


def reply(content: bytes, key: str = KEY, **headers: str) -> Reply:
    """A response to a request that was sent with a key."""
    return reply_of(httpx.Response(400, headers=headers), content, httpx.Headers({"Authorization": f"Bearer {key}"}))


WAYS_TO_WRITE: dict[str, Callable[[str], str]] = {
    "as it is": lambda character: character,
    "JSON": lambda character: f"\\u{ord(character):04x}",
    "JSON in JSON": lambda character: f"\\\\u{ord(character):04X}",
    "a URL": lambda character: f"%{ord(character):02x}",
    "a URL in a URL": lambda character: f"%25{ord(character):02X}",
    "HTML": lambda character: f"&#{ord(character)};",
    "HTML, hexadecimal": lambda character: f"&#x{ord(character):X};",
    "JSON's slash": lambda character: "\\/" if character == "/" else character,
    "broken up": lambda character: f"{character}\u200b",
    "broken up, escaped": lambda character: f"{character}\\u200b\\u001b",
    "UTF-16": lambda character: f"\0{character}",
}


@pytest.mark.parametrize("key", KEYS)
@given(data=st.data())
def test_the_key_is_taken_out_however_it_is_written(key: str, data: st.DataObject) -> None:
    """Escaped in part or as a whole, broken up by what is not shown: nothing that reads the answer finds it."""
    ways = st.sampled_from(sorted(WAYS_TO_WRITE))
    written = "".join(WAYS_TO_WRITE[data.draw(ways)](character) for character in key)
    before, after = data.draw(st.text("ab %", max_size=5)), data.draw(st.text("ab %", max_size=5))
    content = reply(f"{before}{written}{after}".encode(), key).content.decode("utf-8", "replace")

    assert "REDACTED" in content
    assert content.startswith(before) or content == "REDACTED"
    for read in (content, re.sub(r"\\+u([0-9a-fA-F]{4})", lambda one: chr(int(one[1], 16)), content)):
        assert key not in plain_text(read.replace("\\", ""))


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32"]))
def test_answers_without_the_key_are_as_they_came(content: bytes, encoding: str) -> None:
    """Byte for byte; with the key in another encoding of Unicode, the key alone is missing."""
    assert reply(content).content == content
    assert KEY not in reply(f'{{"detail": "{KEY}"}}'.encode(encoding)).content.decode(encoding, "replace")


def test_headers_and_the_rest_of_a_key_count_as_well() -> None:
    """A redirect, a quota, a debugging header; and a key whose prefix was cut off."""
    seen = reply(b"", **{"X-Quota-Tier": f"for {KEY}", "Location": f"/x?key={KEY}", "Retry-After": "5"})
    assert KEY not in repr(seen.headers.raw)
    assert seen.headers["retry-after"] == "5"
    assert reply(KEY.removeprefix("sf_").encode()).content == b"REDACTED"
    assert reply_of(httpx.Response(200), KEY.encode(), httpx.Headers()).content == KEY.encode(), "nobody's key"


@pytest.mark.parametrize("key", KEYS[:2])
@pytest.mark.parametrize("way", sorted(WAYS_TO_WRITE))
def test_no_header_hides_the_key_in_the_next_one(key: str, way: str) -> None:
    """They are looked through together, and what one ends with could begin an escape of the other's first sign."""
    written = "".join(map(WAYS_TO_WRITE[way], key))
    for end in ("", "\\", "\\u00", "\\u003", "%", "%2", "%3", "%25", "&#", "&#x", "&#4"):
        headers = [(b"X-First", end.encode()), (b"X-Second", written.encode()), (b"X-Third", b"as it was")]
        seen = reply_of(
            httpx.Response(200, headers=headers), b"", httpx.Headers({"Authorization": f"Bearer {key}"})
        ).headers
        assert "REDACTED" in seen["x-second"]
        assert (seen["x-first"], seen["x-third"]) == (end, "as it was")


@pytest.mark.parametrize("key", KEYS[:2])
@pytest.mark.parametrize("before", ["", "Bearer ", "Bearer", "user:", "a", "\u00e9"])
@pytest.mark.parametrize("is_escaped", [False, True])
def test_a_key_in_base64_or_hexadecimal_is_taken_out(key: str, before: str, is_escaped: bool) -> None:
    """As a gateway repeats credentials: one step takes it back, wherever in the packed text the key begins."""
    whole = f"{before}{key}".encode()
    forms = (
        base64.b64encode(whole),
        base64.urlsafe_b64encode(whole),
        whole.hex().encode(),
        whole.hex().upper().encode(),
    )
    for packed in forms:
        said = packed.replace(b"/", b"\\/") if is_escaped else packed
        seen = reply(b'{"detail": "%b!"}' % said, key).content
        assert b"REDACTED" in seen
        assert packed not in seen.replace(b"\\", b"")
        left = json.loads(seen)["detail"].replace("REDACTED", "")
        assert len(left) < len(packed) - 4 * len(key) // 3 + 12, "but for its first and last digits"


ADDRESSES = [
    *LOCATIONS[:6],
    LOCATIONS[6],
    f"https%3A%2F%2Fblobs.example.com%2Fx.zip%3Fsig%3D{SIGNATURE}",
    f"http://127.0.0.1/{SIGNATURE}",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("is_escaped", [False, True])
def test_a_signed_address_in_a_problem_is_in_no_error(address: str, is_escaped: bool) -> None:
    """Neither in the sentence nor in the document that programs get, whichever member names it."""
    problem = {
        "type": "BLOB_FAILED",
        "title": f'Not at "{address}"\n',
        "detail": f"Could not send ({address}), see https://specstep.com/docs/errors.",
        "errors": {address: [address]},
        "more": {"deep": [{"url": address}]},
        "retryable": True,
    }
    content = json.dumps(problem)
    if is_escaped:
        content = content.replace("/", "\\/").replace("?", "\\u003f").replace(":", "\\u003a").replace('"\\u003a', '":')
    for answer in (
        Reply(500, httpx.Headers({"content-type": "application/problem+json"}), content.encode()),
        Reply(500, httpx.Headers({"content-type": "text/plain"}), f"Not at {address}!".encode()),
    ):
        error = refusal(Request("get_package_zip", "read", "GET", "/v1/packages/7/zip"), answer, 0.0)
        assert SIGNATURE not in f"{error} {error!r} {vars(error)}"
        if answer.headers["content-type"] != "text/plain":
            assert error.is_retryable
            assert "https://specstep.com/docs/errors" in error.message
