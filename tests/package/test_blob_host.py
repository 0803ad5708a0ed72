"""One GET to the storage host: redirects, silence, certificates, proxies, and no signed address anywhere."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.errors import (
    Detached,
    DownloadError,
    PackageError,
    SettingsError,
)
from specstep_flows.package import blob_host
from specstep_flows.package.blob_host import Address, SecretHeaders
from specstep_flows.package.download import fetch_to_part
from tests.kit.blob_host import (
    PACKAGE,
    SIGNATURE,
    BlobHost,
    Handler,
    break_off,
    fetch,
    raw_answer,
    serving,
    stalling,
)


def test_no_header_of_ours_is_sent(host: BlobHost, part: Path) -> None:
    """What the host sees is the bare request, at the exact address."""
    fetch(host, part)
    path, headers = host.seen[0]
    assert path == f"/packages/a%20b.zip?se=2026&sig={SIGNATURE}"
    assert headers == {"Host": f"127.0.0.1:{host.server_port}", "Accept-Encoding": "identity"}


@pytest.mark.parametrize(
    "head", ["", "SSH-2.0-OpenSSH_9.6\n\n", "HTTP/1.1 two hundred\n\n", "HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n"]
)
def test_what_is_not_http_is_a_failed_download(host: BlobHost, part: Path, head: str) -> None:
    """A connection closed at once, another protocol, a head without end: no bare exception of the library's."""
    host.raw = raw_answer(head)
    with pytest.raises(DownloadError):
        fetch(host, part)


def test_redirects_are_followed_without_our_headers(host: BlobHost, part: Path) -> None:
    """Own headers go to the first host alone; a relative address is relative to the last."""
    host.answers = [
        (302, {"Location": f"{host.origin}/there?sig={SIGNATURE}"}, b""),
        (307, {"Location": "../packages/x.zip?sig=2"}, b""),
    ]
    fetch_to_part(f"{host.origin}/v1/packages/7/zip", part, headers={"Authorization": "Bearer sf_key"})

    assert [path for path, _ in host.seen] == ["/v1/packages/7/zip", f"/there?sig={SIGNATURE}", "/packages/x.zip?sig=2"]
    assert [headers.get("Authorization") for _, headers in host.seen] == ["Bearer sf_key", None, None]
    assert part.read_bytes() == PACKAGE


def test_redirects_end(host: BlobHost, part: Path) -> None:
    """Five are followed, a sixth is not."""
    host.answers = [(302, {"Location": f"/{number}"}, b"") for number in range(5)]
    assert fetch(host, part).size_bytes == len(PACKAGE)
    host.answers = [(302, {"Location": f"/{number}"}, b"") for number in range(6)]
    with pytest.raises(PackageError, match="more than 5 times"):
        fetch(host, part)


@pytest.mark.parametrize(
    "location",
    [
        None,
        "http://example.com/x.zip",
        "ftp://example.com/x.zip",
        "file:///etc/passwd",
        "https://user:password@example.com/x.zip",
        "https://[::1/x.zip",
        "https://exa mple.com/x.zip",
        "https://example.com:port/x.zip",
        "https://exämple.com/x.zip",
        "https:///x.zip",
    ],
)
def test_redirects_that_lead_astray_are_not_followed(host: BlobHost, part: Path, location: str | None) -> None:
    """Plain http beyond loopback, other schemes, user names, nonsense."""
    host.answers = [(302, {} if location is None else {"Location": location}, b"")]
    with pytest.raises(PackageError) as caught:
        fetch(host, part)
    assert type(caught.value) is PackageError
    assert "password" not in str(caught.value)


def test_a_host_elsewhere_cannot_send_us_to_this_machine() -> None:
    """A redirect from the internet to loopback would let it call what only we can reach."""
    there = Address.parse("https://blobs.example.com/x.zip?sig=1")
    assert there.redirected("/y.zip") == Address("https", "blobs.example.com", None, "/y.zip")
    assert there.redirected("//other.example.com:444") == Address("https", "other.example.com", 444, "/")
    for location in ("http://127.0.0.1:8787/x", "https://localhost/x", "https://[::1]/x"):
        with pytest.raises(PackageError, match="this machine"):
            there.redirected(location)
    here = Address.parse("http://[::1]:8788/x.zip?sig=1")
    assert here.redirected("?sig=2") == Address("http", "::1", 8788, "/x.zip?sig=2")


@pytest.mark.parametrize(
    "host_name",
    [
        "127.0.0.1",
        "127.8.8.8",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST.",
        "sub.localhost",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::ffff:0:7f00:1]",
        "[fe80::1]",
        "169.254.169.254",
    ],
)
def test_a_service_elsewhere_cannot_send_us_to_this_machine(host_name: str, part: Path) -> None:
    """In no spelling, at the first address and behind a redirect; and nothing is sent to find out."""
    url = f"https://{host_name}:1/x.zip?sig=1"
    with pytest.raises(PackageError, match="this machine"):
        fetch_to_part(url, part, may_be_here=False)
    with pytest.raises(PackageError, match="this machine"):
        Address.parse("https://blobs.example.com/x.zip?sig=1").redirected(url)


@pytest.mark.parametrize(
    "host_name", ["10.0.0.1", "192.168.1.1", "[fd00::1]", "1.1.1.1", "localhost.example", "0x", ""]
)
def test_other_hosts_are_not_taken_for_this_machine(host_name: str) -> None:
    """A service in a private network may keep its packages there."""
    assert not blob_host.is_this_machine(host_name.strip("[]"))


def test_a_name_of_this_machine_is_told_by_what_it_resolves_to(
    host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it means something else at the second look: no byte is sent."""
    look_up = socket.getaddrinfo
    answers = ["127.0.0.1"]

    def resolve(name: str, port: int, *rest: Any, **more: Any) -> Any:
        return look_up(answers.pop(0) if name == "inside.example" else name, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"https://inside.example:{host.server_port}/x.zip?sig={SIGNATURE}"
    for answers in (["127.0.0.1"], ["192.0.2.1", "127.0.0.1"]):
        with pytest.raises(PackageError, match="this machine"):
            fetch_to_part(url, part, may_be_here=False)
        assert answers == []
    assert host.seen == []


@pytest.mark.parametrize("interim", ["103 Early Hints", "102 Processing", "100 Continue", "199 Odd"])
@pytest.mark.parametrize("arrived", [0, 1000])
@pytest.mark.parametrize("times", [1, 2, 20])
def test_interim_answers_are_read_past(host: BlobHost, part: Path, interim: str, arrived: int, times: int) -> None:
    """Any 1xx before the whole, before the rest, and several of them."""
    if arrived:
        break_off(host, part, arrived)

    def serve(handler: Handler) -> None:
        handler.wfile.write(f"HTTP/1.1 {interim}\r\nLink: </x.css>; rel=preload\r\n\r\n".encode() * times)
        handler.send_package()

    host.raw = serve
    assert fetch(host, part).resumed_from == arrived
    assert part.read_bytes() == PACKAGE


@pytest.mark.parametrize("head", ["HTTP/1.1 103 Early Hints\n\n" * 50, "HTTP/1.1 200 OK\n" + "X: y\n" * 120 + "\n"])
def test_a_head_that_is_too_large_is_said(host: BlobHost, part: Path, head: str) -> None:
    """Interim answers without end, or more headers than any host sends."""
    host.raw = raw_answer(head)
    with pytest.raises(DownloadError, match="head of the response is too large"):
        fetch(host, part)


def test_a_switch_of_protocols_is_no_interim_answer(host: BlobHost, part: Path) -> None:
    """Nothing of HTTP comes after a 101."""
    host.raw = raw_answer("HTTP/1.1 101 Switching Protocols\n\n")
    with pytest.raises(PackageError, match="101"):
        fetch(host, part)


def test_trailers_without_end_are_given_up(host: BlobHost, part: Path) -> None:
    """However fast they come: http.client itself reads for as long as a host sends them."""

    def serve(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nP\r\n0\r\n")
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"X-More: y\r\n" * 100)

    host.raw = serve
    with pytest.raises(DownloadError):
        fetch(host, part)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_host_that_drips_is_given_up(host: BlobHost, part: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps no download alive."""
    turned = iter(range(0, 10**9, 30))
    monkeypatch.setattr("specstep_flows.package.blob_host.time.monotonic", lambda: float(next(turned)))
    monkeypatch.setattr(blob_host, "LEAST_BYTES", 1 << 30)

    def serve(handler: Handler) -> None:
        with contextlib.suppress(OSError):
            if where == "body":
                handler.answer(200, handler.server.headers, b"")
            else:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                handler.wfile.write(b"y" * 100)

    host.raw = serve
    if where == "head":
        monkeypatch.setattr(blob_host, "LEAST_BYTES", 1)
    with pytest.raises(DownloadError, match=r"took longer|less than"):
        fetch(host, part)


def test_an_address_that_is_not_escaped_is_escaped(host: BlobHost, part: Path) -> None:
    """Spaces, quotes and raw UTF-8 in a redirect, as browsers and curl take it; what is escaped stays so."""
    host.answers = [
        (302, {"Location": '/a b/caf\xc3\xa9%20.zip?rscd=attachment; filename="My {shop}.zip"&sig=x%2By'}, b"")
    ]
    fetch(host, part)
    assert host.seen[1][0] == (
        "/a%20b/caf%C3%A9%20.zip?rscd=attachment;%20filename=%22My%20%7Bshop%7D.zip%22&sig=x%2By"
    )


def test_a_silent_host_is_given_up(host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds without a byte; what arrived is kept."""
    monkeypatch.setattr(blob_host, "SLICE_SECONDS", 0.01)
    host.raw = stalling(1000)
    with pytest.raises(DownloadError, match=r"nothing arrived for 0\.05 s"):
        fetch(host, part, request_timeout=0.05)
    assert part.read_bytes() == PACKAGE[:1000]


def test_a_stalled_download_can_be_stopped(host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the host's silence to end; the next attempt goes on."""
    monkeypatch.setattr(blob_host, "SLICE_SECONDS", 0.01)
    host.raw = stalling(1000)
    asked = iter([False] * 5 + [True])
    with pytest.raises(Detached):
        fetch(host, part, should_stop=lambda: part.stat().st_size == 1000 and next(asked))
    host.raw = None
    assert fetch(host, part).resumed_from == 1000


def test_a_host_that_is_not_there_is_a_failed_download(part: Path) -> None:
    """Refused connections and unknown names are network errors in our own words."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 failed"):
        fetch_to_part(f"http://127.0.0.1:{port}/x", part)
    with pytest.raises(DownloadError, match="host name is unknown"):
        fetch_to_part("https://specstep-flows.invalid/x", part)


def everything_said(error: BaseException | None) -> str:
    """All that a traceback with local variables shows of an error and of what came before it."""
    said = ""
    while error is not None:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        said += repr(error) + str(vars(error)) + "".join(shown.format(chain=False))
        error = error.__cause__ or error.__context__
    return said


FAULTS: dict[str, Callable[[BlobHost], None]] = {
    "none": lambda host: None,
    "cut": lambda host: host.cuts.append(1000),
    "expired": lambda host: host.answers.append((403, {}, b"")),
    "failing": lambda host: host.answers.append((503, {}, b"")),
    "page": lambda host: host.answers.append((200, {"Content-Type": "text/html"}, b"")),
    "no http": lambda host: setattr(host, "raw", raw_answer(f"{SIGNATURE}\n\n")),
    "closed": lambda host: setattr(host, "raw", raw_answer("")),
    "redirect": lambda host: host.answers.append((302, {"Location": f"/x?sig={SIGNATURE}"}, b"")),
    "bad redirect": lambda host: host.answers.append((302, {"Location": f"http://example.com/x?sig={SIGNATURE}"}, b"")),
    "odd redirect": lambda host: host.answers.append((302, {"Location": f"https://[::1/x?sig={SIGNATURE}"}, b"")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_signed_address_is_nowhere(
    host: BlobHost,
    part: Path,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not in a log at any level, on no stream, in no file, in no error, its causes and the variables of its frames."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, name)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    FAULTS[fault](host)
    said = ""
    try:
        fetch(host, part)
    except PackageError as error:
        # The test's own frame does know the address.
        error.__traceback__ = error.__traceback__.tb_next.tb_next if error.__traceback__ else None  # type: ignore[union-attr]
        said = everything_said(error)

    assert (said == "") == (fault in ("none", "redirect"))
    assert SIGNATURE not in said
    assert SIGNATURE not in caplog.text
    out, err = capfd.readouterr()
    assert SIGNATURE not in out + err
    for path in part.parent.iterdir():
        assert SIGNATURE.encode() not in path.read_bytes()
    assert SIGNATURE not in repr(Address.parse(host.url))


@pytest.mark.parametrize(
    "url",
    [
        f"http://example.com/x?sig={SIGNATURE}",
        f"https://me:{SIGNATURE}@example.com/x",
        f"https://example.com:port/x?sig={SIGNATURE}",
        f"https://[::1/x?sig={SIGNATURE}",
        f"https://example.com/\t{SIGNATURE}",
        f"https://example.com/x?sig={SIGNATURE}\0",
        f"https://127.0.0.1/x?sig={SIGNATURE}",
    ],
)
def test_an_address_that_is_refused_is_nowhere(part: Path, url: str) -> None:
    """Not even in the frames that refused it."""
    key = SecretHeaders({"Authorization": "Bearer sf_key"})
    with pytest.raises(PackageError) as caught:
        fetch_to_part(url, part, headers=key, may_be_here=False)
    assert caught.value.__traceback__ is not None
    caught.value.__traceback__ = caught.value.__traceback__.tb_next

    assert SIGNATURE not in everything_said(caught.value)
    assert "sf_key" not in everything_said(caught.value)
    assert dict(key) == {"Authorization": "Bearer sf_key"}
    assert not isinstance(key, Mapping)


def tls_context(folder: Path, name: str) -> ssl.SSLContext:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    extension = f"subjectAltName=DNS:{name},IP:127.0.0.1" if name == "localhost" else f"subjectAltName=DNS:{name}"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, "-addext", extension, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="did not run: openssl makes the test's certificate")
def test_certificates_are_checked(host: BlobHost, part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown certificate is refused in a sentence; one that the environment trusts is taken."""
    host.socket = tls_context(tmp_path, "localhost").wrap_socket(host.socket, server_side=True)
    monkeypatch.setattr(host, "handle_error", lambda *_: None)
    url = f"https://127.0.0.1:{host.server_port}/x.zip?sig={SIGNATURE}"
    with pytest.raises(DownloadError, match=r"certificate is not trusted.*set SSL_CERT_FILE") as caught:
        fetch_to_part(url, part)
    assert not caught.value.may_clear

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    break_url = url.replace("127.0.0.1", "localhost")
    host.cuts = [1000]
    with pytest.raises(DownloadError):
        fetch_to_part(break_url, part)
    assert fetch_to_part(break_url, part).resumed_from == 1000
    assert part.read_bytes() == PACKAGE


class ConnectProxy(http.server.ThreadingHTTPServer):
    """A proxy that connects everything to one host, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, target_port: int) -> None:
        super().__init__(("127.0.0.1", 0), ConnectHandler)
        self.target_port = target_port
        self.asked: list[tuple[str, str | None]] = []


class ConnectHandler(http.server.BaseHTTPRequestHandler):
    server: ConnectProxy

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        with socket.create_connection(("127.0.0.1", self.server.target_port)) as there:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=self.copy, args=(there, self.connection))
            back.start()
            self.copy(self.connection, there)
            back.join()

    @staticmethod
    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="did not run: openssl makes the test's certificate")
def test_the_proxy_of_the_environment_is_used(
    host: BlobHost, part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees the host's name and its own credentials, never the path; NO_PROXY goes past it."""
    host.socket = tls_context(tmp_path, "blobs.example.test").wrap_socket(host.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    proxy = ConnectProxy(host.server_port)
    with serving(proxy):
        monkeypatch.setenv("https_proxy", f"http://me:pass%40word@127.0.0.1:{proxy.server_port}")
        fetch_to_part(f"https://blobs.example.test/x.zip?sig={SIGNATURE}", part)
        monkeypatch.setenv("no_proxy", "blobs.example.test")
        with pytest.raises(DownloadError, match="host name is unknown"):
            fetch_to_part("https://blobs.example.test/x.zip", part)
    assert part.read_bytes() == PACKAGE
    assert proxy.asked == [("blobs.example.test:443", "Basic bWU6cGFzc0B3b3Jk")]


def test_a_proxy_that_cannot_be_used_is_said(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the setting that it is, without showing its password."""
    monkeypatch.setenv("https_proxy", "socks5://me:password@127.0.0.1:1080")
    with pytest.raises(SettingsError, match="https_proxy is a socks5 proxy") as caught:
        fetch_to_part("https://blobs.example.test/x.zip", part)
    assert "password" not in str(caught.value)
