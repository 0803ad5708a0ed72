"""Calls and downloads through proxies of every kind, and what is said where one stands in the way."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors
from specstep_flows.package.download import fetch_to_part
from specstep_flows.sandbox import ManualClock
from tests.kit.blob_host import PACKAGE
from tests.kit.raw_server import answering, certificate, raw_server, tunnelling, without_end

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="did not run: openssl makes certificates")
API = "https://api.specstep.test"
ACCOUNT = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"plan": "Pro"}'


@pytest.fixture
def clock(turned: Any) -> Any:
    """One on which waits take no time, and are counted."""
    return turned(SimpleNamespace(clock=ManualClock()))


def ask_sync(clock: Any, url: str = API, **more: Any) -> Any:
    with SpecStep("sf_key", api_url=url, store=RunStore.in_memory(), clock=clock, **more) as specstep:
        return specstep.get_account()


def ask_async(clock: Any, url: str = API, **more: Any) -> Any:
    async def ask() -> Any:
        store = RunStore.in_memory()
        async with AsyncSpecStep("sf_key", api_url=url, store=store, clock=clock, **more) as specstep:
            return await specstep.get_account()

    return asyncio.run(ask())


both = pytest.mark.parametrize("ask", [ask_sync, ask_async])


@pytest.mark.parametrize(
    ("answer", "said", "is_final"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "407", True),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno go", "403", True),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502", False),
        (b"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n\r\n", "429", False),
        (b"", "connection was lost", False),
        (b"HTTP/1.1 20", "connection was lost", False),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "connection was lost", False),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "does not speak HTTP", True),
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal\r\nContent-Length: 0\r\n\r\n", "302", True),
        (b"HTTP/1.1 200 Established\r\n\r\nthis is no TLS", "Could not connect", False),
        # Closed or reset, as the system has it.
        (b"HTTP/1.1 200 Established\r\n\r\n", "Could not connect", False),
    ],
)
@both
def test_a_proxy_that_does_not_connect_us_is_named(
    ask: Callable[..., Any], answer: bytes, said: str, is_final: bool, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has left, so nothing was carried out; and where trying again cannot help, it is told at once."""
    with raw_server(answering(answer)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{port}")
        with pytest.raises(errors.NotConnected, match=said) as caught:
            ask(clock)

    assert f"the proxy http://127.0.0.1:{port} (HTTPS_PROXY)" in caught.value.message
    assert "secret" not in caught.value.message
    assert not caught.value.ambiguous
    assert caught.value.__cause__ is None
    assert sum(clock.slept) <= (0 if is_final else 30)
    assert bool(clock.slept) != is_final


@both
def test_a_proxy_that_goes_on_for_ever_sends_nothing(
    ask: Callable[..., Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer to CONNECT has an end, like any other, and is not one of the service's."""
    monkeypatch.setenv("SPECSTEP_REQUEST_TIMEOUT", "0.05")
    with raw_server(without_end(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setattr("specstep_flows.engine.retry.FIRST_PATIENCE_SECONDS", 0.0)
        with pytest.raises(errors.NotConnected, match="timed out"):
            ask(clock)


@both
def test_a_proxy_that_is_not_there_is_named(
    ask: Callable[..., Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by the proxy's port: the service is not to blame."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(errors.NotConnected, match=r"through the proxy http://127\.0\.0\.1"):
            ask(clock)


@both
def test_a_name_that_nobody_knows_is_told_soon(ask: Callable[..., Any], clock: Any) -> None:
    """At once: somebody waits, and it was probably misspelt."""
    with pytest.raises(errors.NotConnected, match=r"name api\.specstep\.invalid cannot be resolved"):
        ask(clock, "https://api.specstep.invalid")
    assert not clock.slept


@needs_openssl
@both
def test_a_certificate_that_is_not_trusted_is_told_at_once(ask: Callable[..., Any], clock: Any, tmp_path: Path) -> None:
    """No waiting makes it a trusted one."""
    _, context = certificate(tmp_path, "localhost")
    said = r"is not trusted .*SSL_CERT_FILE"
    with raw_server(answering(ACCOUNT), context) as port, pytest.raises(errors.NotConnected, match=said):
        ask(clock, f"https://localhost:{port}")
    assert not clock.slept


@needs_openssl
@pytest.mark.parametrize("scheme", ["http", "https"])
@both
def test_calls_and_downloads_take_the_same_way(
    ask: Callable[..., Any], scheme: str, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a proxy that is itself spoken to by TLS as well; its password goes along, the path of neither does."""
    made, context = certificate(tmp_path, "localhost", "api.specstep.test", "blobs.specstep.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    package = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: %d\r\n\r\n" % len(PACKAGE)
    asked: list[bytes] = []
    with raw_server(answering(ACCOUNT), context) as api, raw_server(answering(package, PACKAGE), context) as blobs:
        ports = {"api.specstep.test": api, "blobs.specstep.test": blobs}
        with raw_server(tunnelling(ports, asked), context if scheme == "https" else None) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:pass%40word@localhost:{proxy}")
            assert ask(clock).plan == "Pro"
            fetch_to_part("https://blobs.specstep.test/x.zip?sig=secret", tmp_path / "x.part")

    assert (tmp_path / "x.part").read_bytes() == PACKAGE
    assert [head.split()[1] for head in asked] == [b"api.specstep.test:443", b"blobs.specstep.test:443"]
    assert all(b"Basic bWU6cGFzc0B3b3Jk" in head for head in asked)
    assert b"secret" not in b"".join(asked)


@needs_openssl
@both
def test_https_on_this_machine_goes_past_the_proxy(
    ask: Callable[..., Any], clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy elsewhere could not reach it, and is not asked; not even whether it can be used."""
    made, context = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    with raw_server(answering(ACCOUNT), context) as port:
        for host in ("localhost", "127.0.0.1"):
            assert ask(clock, f"https://{host}:{port}").plan == "Pro"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n", b""])
@pytest.mark.parametrize("scheme", ["http", "https"])
@needs_openssl
def test_a_download_names_the_proxy_that_stands_in_its_way(
    answer: bytes, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its address and the number of its answer, and without its password."""
    made, context = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with raw_server(answering(answer), context if scheme == "https" else None) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:secret@localhost:{port}")
        with pytest.raises(errors.DownloadError, match="407" if answer else "proxy") as caught:
            fetch_to_part("https://blobs.specstep.test/x.zip", tmp_path / "x.part")
    assert f"the proxy {scheme}://localhost:{port} (HTTPS_PROXY)" in caught.value.message
    assert "secret" not in caught.value.message


@both
def test_a_run_that_no_download_could_end_is_not_started(
    ask: Callable[..., Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API itself is an exception to the proxy, but where the package lies nobody knows before it is paid for."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "api.specstep.test")
    store = RunStore.in_memory()

    def start_sync() -> None:
        with SpecStep("sf_key", api_url=API, store=store, clock=clock) as specstep:
            specstep.run("A shop for tea.", run_id="r")

    async def start_async() -> None:
        async with AsyncSpecStep("sf_key", api_url=API, store=store, clock=clock) as specstep:
            await specstep.run("A shop for tea.", run_id="r")

    with pytest.raises(errors.SettingsError, match="HTTPS_PROXY"):
        start_sync() if ask is ask_sync else asyncio.run(start_async())
    assert store.all() == []


@pytest.mark.parametrize(
    ("first", "again"),
    [(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x")],
    ids=["interim answers without end", "a head without end"],
)
def test_a_download_is_not_kept_by_a_proxy(
    first: bytes, again: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer to CONNECT may take twice as long as one read, and no longer."""
    with raw_server(without_end(first, again)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(errors.DownloadError, match=rf"through the proxy http://127\.0\.0\.1:{port}"):
            fetch_to_part("https://blobs.specstep.test/x.zip", tmp_path / "x.part", request_timeout=0.2)


@needs_openssl
def test_a_download_is_connected_by_any_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interim answer as well, as calls are."""
    made, context = certificate(tmp_path, "blobs.specstep.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    package = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: %d\r\n\r\n" % len(PACKAGE)
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with raw_server(answering(package, PACKAGE), context) as blobs:
        ports = {"blobs.specstep.test": blobs}
        with raw_server(tunnelling(ports, [], hint + b"HTTP/1.0 201 Here you are\r\nX: y\r\n\r\n")) as port:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
            fetch_to_part("https://blobs.specstep.test/x.zip", tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == PACKAGE
