"""What a client's HTTP connection is opened with, and that waiting on it ends."""

from __future__ import annotations

import asyncio
import ssl
from types import SimpleNamespace
from typing import Any

import httpcore
import httpx
import pytest

from specstep_flows import Settings, _http, errors
from specstep_flows._http import open_http, open_http_async

#: No address: it only has to be https and not on this machine.
ELSEWHERE = Settings("sf_key", "https://specstep.example")


def context_of(client: Any) -> ssl.SSLContext:
    context: ssl.SSLContext = client._transport._pool._ssl_context
    return context


@pytest.mark.parametrize("opened", [open_http, open_http_async])
def test_certificates_are_checked_wherever_there_are_any(opened: Any) -> None:
    """Over https the usual ones. On loopback there are none to check, and should one come, it is not trusted."""
    https = context_of(opened(ELSEWHERE, is_anonymous=False))
    assert https.verify_mode is ssl.CERT_REQUIRED
    assert https.check_hostname
    assert https.get_ca_certs()

    http = context_of(opened(Settings("sf_key", "http://127.0.0.1:1"), is_anonymous=False))
    assert http.verify_mode is ssl.CERT_REQUIRED
    assert http.get_ca_certs() == []


@pytest.mark.parametrize("opened", [open_http, open_http_async])
def test_the_key_goes_nowhere_by_itself(opened: Any) -> None:
    """No redirect is followed, and an anonymous client has no key; any other needs one."""
    client = opened(ELSEWHERE, is_anonymous=False)
    assert client.headers["Authorization"] == "Bearer sf_key"
    assert client.follow_redirects is False
    assert "Authorization" not in opened(Settings(), is_anonymous=True).headers
    with pytest.raises(errors.SettingsError):
        opened(Settings(), is_anonymous=False)


def test_no_cookie_is_kept() -> None:
    """A session that a cookie names would be another actor than the key's."""
    with httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers={"Set-Cookie": "session=theirs"}))
    ) as client:
        _http.refuse_cookies(client.cookies)
        client.get("https://specstep.example/")

        assert not client.cookies


class _Silent(httpcore.NetworkStream):
    """A connection on which each read and write notes how long it may take."""

    def __init__(self) -> None:
        self.allowed: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.allowed.append(timeout)
        return b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.allowed.append(timeout)

    def start_tls(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        return self

    def close(self) -> None:
        """Nothing."""

    def get_extra_info(self, info: str) -> Any:
        return info


def test_no_read_or_write_goes_on_after_the_end() -> None:
    """Each may take its own time-out, or what is left; encrypted like plain. Without a limit, nothing changes."""
    inner = _Silent()
    stream = _http._Stream(inner).start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    left = iter([10.0, 3.0, 0.0, -1.0])
    _http.THREAD.exchange = SimpleNamespace(
        seconds_left=lambda: next(left), is_direct=True, is_sent=False, first_look=None, last_look=None
    )
    try:
        stream.read(1, 5.0)
        stream.write(b".", None)
        with pytest.raises(httpx.ReadTimeout):
            stream.read(1, 5.0)
        with pytest.raises(httpx.WriteTimeout):
            stream.write(b".", 5.0)
    finally:
        _http.THREAD.exchange = None
    stream.read(1, 5.0)
    stream.close()

    assert inner.allowed == [5.0, 3.0, 5.0]
    assert stream.get_extra_info("socket") == "socket"


class _SilentAsync(_Silent):
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # type: ignore[override]
        self.allowed.append(timeout)

    aclose = _Silent.close


@pytest.mark.parametrize("is_direct", [True, False])
def test_a_connection_notes_when_a_request_is_begun(is_direct: bool) -> None:
    """With its first byte. Where a proxy is asked first, only httpcore knows which byte that is."""

    def exchange() -> Any:
        return SimpleNamespace(
            seconds_left=lambda: 9.0, is_direct=is_direct, is_sent=False, first_look=None, last_look=None
        )

    async def go(mine: Any) -> None:
        stream = _http._AsyncStream(_SilentAsync())
        _http.exchange_of_task().set(mine)
        await stream.write(b"")
        assert not mine.is_sent
        await stream.write(b"GET", 5.0)
        assert mine.is_sent is is_direct

    asyncio.run(go(exchange()))
    mine = _http.THREAD.exchange = exchange()
    try:
        stream = _http._Stream(_Silent())
        stream.write(b"")
        assert not mine.is_sent
        stream.write(b"GET", 5.0)
        assert mine.is_sent is is_direct
    finally:
        _http.THREAD.exchange = None


def test_whoever_notes_it_is_every_direct_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other: a transport of somebody else's, or a way through a proxy, is asked of httpcore."""
    for opened in (open_http, open_http_async):
        assert _http.is_direct(opened(ELSEWHERE, is_anonymous=False))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for opened in (open_http, open_http_async):
        assert not _http.is_direct(opened(ELSEWHERE, is_anonymous=False))
    assert not _http.is_direct(httpx.Client())


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_the_limit_is_on_every_connection_of_a_client(proxy: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx has no argument for it: a version that keeps its pool elsewhere must not pass unnoticed."""
    if proxy is not None:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    with open_http(ELSEWHERE, is_anonymous=False) as client:
        pool: Any = client._transport._pool  # type: ignore[attr-defined]
        connection = pool.create_connection(httpcore.Origin(b"https", b"specstep.example", 443))
        inner = connection if proxy is None else connection._connection
        assert isinstance(inner._network_backend, _http._Backend)
