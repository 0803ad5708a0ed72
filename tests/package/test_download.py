"""Downloads over real HTTP on loopback: resumed, never joined wrongly, verified, and with no signed address
anywhere."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import http.server
import io
import json
import logging
import os
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.errors import (
    DamagedPackage,
    Detached,
    DownloadError,
    HostilePackage,
    OutputError,
    PackageError,
    SignedUrlExpired,
)
from specstep_flows.package import blob_host
from specstep_flows.package.blob_host import Address
from specstep_flows.package.download import Fetched, fetch_to_part, finish, place, verify
from specstep_flows.package.part_file import PartFile

SIGNATURE = "c2lnbmVkLXNlY3JldA"
ETAG = '"0x8DC0FFEE"'


def make_package(seed: int = 1) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(4):
            noise = hashlib.sha512(f"{seed}/{number}".encode()).digest() * 200
            archive.writestr(f"docs/{number}.md", noise)
    return buffer.getvalue()


PACKAGE = make_package()


class BlobHost(http.server.ThreadingHTTPServer):
    """A host for one package, which keeps the rules of HTTP for ranges unless a test tells it otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = PACKAGE
        self.headers: dict[str, str] = {"ETag": ETAG, "Content-Type": "application/zip"}
        self.heeds_if_range = True
        self.heeds_range = True
        self.states_length = True
        #: Bytes after which the connection is cut, for each request to come.
        self.cuts: list[int] = []
        #: Instead of the package, for each request to come: status, headers, body.
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        #: Instead of anything: a function that writes to the connection itself.
        self.raw: Callable[[Handler], None] | None = None
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/packages/a%20b.zip?se=2026&sig={SIGNATURE}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: BlobHost
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.server
        host.seen.append((self.path, dict(self.headers.items())))
        self.close_connection = True
        if host.raw is not None:
            host.raw(self)
        elif host.answers:
            status, headers, body = host.answers.pop(0)
            self.answer(status, {"Content-Length": str(len(body)), **headers}, body)
        else:
            self.send_package()

    def send_package(self) -> None:
        host, size, start = self.server, len(self.server.content), 0
        wanted = self.headers.get("Range")
        if wanted and host.heeds_range and not (host.heeds_if_range and self.is_another()):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= size:
                self.answer(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0", **host.headers}, b"")
                return
        headers = dict(host.headers)
        if host.states_length:
            headers["Content-Length"] = str(size - start)
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        body = host.content[start:]
        self.answer(206 if start else 200, headers, body[: host.cuts.pop(0)] if host.cuts else body)

    def is_another(self) -> bool:
        return self.headers.get("If-Range") not in (
            self.server.headers.get("ETag"),
            self.server.headers.get("Last-Modified"),
        )

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at ``seen``."""


@contextlib.contextmanager
def serving(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host() -> Iterator[BlobHost]:
    server = BlobHost()
    with serving(server):
        yield server
        server.released.set()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "portal.zip.part"


def fetch(host: BlobHost, part: Path, **options: Any) -> Fetched:
    return fetch_to_part(host.url, part, **options)


def break_off(host: BlobHost, part: Path, after: int) -> None:
    """Have a download break off after so many bytes."""
    host.cuts = [after]
    with pytest.raises(DownloadError):
        fetch(host, part)
    assert part.read_bytes() == host.content[:after]


def test_a_package_arrives_and_gets_its_name(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """The bytes, the digest and the count are right, and only the package is left."""
    told: list[tuple[int, int | None]] = []
    assert fetch(host, part, on_progress=lambda *now: told.append(now)) == Fetched(len(PACKAGE), 0)

    verified = finish(part, tmp_path / "portal.zip")

    assert (tmp_path / "portal.zip").read_bytes() == PACKAGE
    assert verified.sha256 == hashlib.sha256(PACKAGE).hexdigest()
    assert (verified.size_bytes, verified.files) == (len(PACKAGE), 4)
    assert [path.name for path in tmp_path.iterdir()] == ["portal.zip"]
    assert told == sorted(told)
    assert told[0] == (0, len(PACKAGE))
    assert told[-1] == (len(PACKAGE), len(PACKAGE))


def test_no_header_of_ours_is_sent(host: BlobHost, part: Path) -> None:
    """What the host sees is the bare request, at the exact address."""
    fetch(host, part)
    path, headers = host.seen[0]
    assert path == f"/packages/a%20b.zip?se=2026&sig={SIGNATURE}"
    assert headers == {"Host": f"127.0.0.1:{host.server_port}", "Accept-Encoding": "identity"}


def test_a_broken_download_goes_on_where_it_stopped(host: BlobHost, part: Path) -> None:
    """The second attempt asks for the rest of the same version, and is told by another address."""
    break_off(host, part, 1000)

    url = host.url.replace(SIGNATURE, "a-new-signature")
    assert fetch_to_part(url, part) == Fetched(len(PACKAGE), 1000)

    assert part.read_bytes() == PACKAGE
    assert host.seen[1][1]["Range"] == "bytes=1000-"
    assert host.seen[1][1]["If-Range"] == ETAG


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, len(PACKAGE) - 1), max_size=6), heeds_range=st.booleans())
def test_any_number_of_breaks_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], heeds_range: bool
) -> None:
    """Wherever it breaks, however often, with ranges or without: the package is whole at the end."""
    part = tmp_path_factory.mktemp("breaks") / "portal.zip.part"
    host = BlobHost()
    host.heeds_range, host.cuts = heeds_range, list(cuts)
    with serving(host):
        for _ in range(len(cuts) + 1):
            try:
                fetch(host, part)
            except DownloadError:
                continue
            break
    assert part.read_bytes() == PACKAGE


def test_a_new_version_is_fetched_from_the_start(host: BlobHost, part: Path) -> None:
    """If-Range makes the host send the whole of a package that changed."""
    break_off(host, part, 1000)
    host.content, host.headers["ETag"] = make_package(2), '"another"'

    assert fetch(host, part).resumed_from == 0
    assert part.read_bytes() == make_package(2)
    break_off_after_that = json.loads(part.with_name(f"{part.name}.json").read_text())
    assert break_off_after_that["value"] == '"another"'


@pytest.mark.parametrize("change", ["etag", "size"])
def test_a_host_that_ignores_if_range_does_not_get_versions_joined(host: BlobHost, part: Path, change: str) -> None:
    """The part that it sends says its version or its size, which is compared."""
    break_off(host, part, 1000)
    host.heeds_if_range = False
    host.content = make_package(2) + b"!"
    host.headers = {"ETag": '"another"'} if change == "etag" else {}

    assert fetch(host, part).resumed_from == 0
    assert part.read_bytes() == make_package(2) + b"!"
    assert [headers.get("Range") for _, headers in host.seen] == [None, "bytes=1000-", None]


def test_a_host_that_ignores_range_is_read_from_the_start(host: BlobHost, part: Path) -> None:
    """A 200 to a request for the rest is the whole."""
    break_off(host, part, 1000)
    host.heeds_range = False
    assert fetch(host, part) == Fetched(len(PACKAGE), 0)
    assert part.read_bytes() == PACKAGE


@pytest.mark.parametrize("content_range", ["bytes 999-{last}/{size}", "bytes 0-{last}/{size}", "nonsense", None])
def test_another_range_than_asked_for_is_not_used(host: BlobHost, part: Path, content_range: str | None) -> None:
    """A 206 with the wrong place, or without one, is dropped, and the package fetched whole."""
    break_off(host, part, 1000)
    headers = {"ETag": ETAG}
    if content_range:
        headers["Content-Range"] = content_range.format(last=len(PACKAGE) - 1, size=len(PACKAGE))
    host.answers = [(206, headers, PACKAGE[999:])]
    assert fetch(host, part) == Fetched(len(PACKAGE), 0)
    assert part.read_bytes() == PACKAGE


def test_a_part_that_is_whole_is_not_fetched_again(host: BlobHost, part: Path) -> None:
    """A process that died between the last byte and the check: the host says that nothing is missing."""
    fetch(host, part)
    assert fetch(host, part) == Fetched(len(PACKAGE), len(PACKAGE))
    assert host.seen[1][1]["Range"] == f"bytes={len(PACKAGE)}-"


def test_a_part_longer_than_the_package_is_dropped(host: BlobHost, part: Path) -> None:
    """A 416 for another size means that something else lies there."""
    fetch(host, part)
    with part.open("ab") as file:
        file.write(b"more")
    assert fetch(host, part) == Fetched(len(PACKAGE), 0)
    assert part.read_bytes() == PACKAGE


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": 'W/"weak"'}, None),
        ({}, None),
        ({"Last-Modified": "Sat, 30 May 2026 12:00:00 GMT", "Date": "Sat, 30 May 2026 12:00:30 GMT"}, None),
        ({"Last-Modified": "Sat, 30 May 2026 12:00:00 GMT"}, None),
        ({"Last-Modified": "yesterday", "Date": "Sat, 30 May 2026 12:01:00 GMT"}, None),
        (
            {"Last-Modified": "Sat, 30 May 2026 12:00:00 GMT", "Date": "Sat, 30 May 2026 12:01:00 GMT"},
            "Sat, 30 May 2026 12:00:00 GMT",
        ),
        (
            {
                "ETag": 'W/"weak"',
                "Last-Modified": "Sat, 30 May 2026 12:00:00 GMT",
                "Date": "Sun, 31 May 2026 12:01:00 GMT",
            },
            "Sat, 30 May 2026 12:00:00 GMT",
        ),
    ],
)
def test_only_a_strong_validator_is_gone_on_from(
    host: BlobHost, part: Path, headers: dict[str, str], validator: str | None
) -> None:
    """Without one, bytes of two versions could be joined: the download starts over."""
    host.headers = headers
    break_off(host, part, 1000)
    assert fetch(host, part).resumed_from == (1000 if validator else 0)
    assert host.seen[1][1].get("If-Range") == validator
    assert part.read_bytes() == PACKAGE


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        "{}",
        '{"kind": "Cookie", "value": "x", "total": 9}',
        '{"kind": "ETag", "value": "a\\r\\nHost: evil", "total": null}',
        '{"kind": "ETag", "value": 7, "total": null}',
        '{"kind": "ETag", "value": "x", "total": "many"}',
        "[" * 100_000,
    ],
)
def test_a_note_that_makes_no_sense_is_ignored(host: BlobHost, part: Path, note: str) -> None:
    """The file beside the part is read with care; without it the download starts over."""
    break_off(host, part, 1000)
    part.with_name(f"{part.name}.json").write_text(note)
    assert fetch(host, part) == Fetched(len(PACKAGE), 0)
    assert "Range" not in host.seen[1][1]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_address_is_told_apart(host: BlobHost, part: Path, status: int) -> None:
    """The caller asks for a new one, and what arrived is kept for it."""
    break_off(host, part, 1000)
    host.answers = [(status, {"Content-Type": "application/xml"}, b"<Error><Code>AuthenticationFailed</Code></Error>")]
    with pytest.raises(SignedUrlExpired, match=str(status)):
        fetch(host, part)
    assert fetch(host, part).resumed_from == 1000


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_a_failing_host_can_be_tried_again(host: BlobHost, part: Path, status: int) -> None:
    """Its page is not taken for the package, and what arrived is kept."""
    break_off(host, part, 1000)
    host.answers = [(status, {}, b"<html>")]
    with pytest.raises(DownloadError) as caught:
        fetch(host, part)
    assert not isinstance(caught.value, SignedUrlExpired)
    assert fetch(host, part).resumed_from == 1000


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 405, 409, 412])
def test_an_answer_that_makes_no_sense_ends_it(host: BlobHost, part: Path, status: int) -> None:
    """Trying again would not help: it is no DownloadError."""
    host.answers = [(status, {}, b"")]
    with pytest.raises(PackageError, match=str(status)) as caught:
        fetch(host, part)
    assert type(caught.value) is PackageError


@pytest.mark.parametrize(
    "kind", ["text/html", "text/html; charset=utf-8", "application/json", "application/problem+json"]
)
def test_a_page_is_no_package(host: BlobHost, part: Path, kind: str) -> None:
    """A 200 with a page in it says so at once, and does not cost what arrived before."""
    break_off(host, part, 1000)
    host.answers = [(200, {"Content-Type": kind}, b"<html>Sign in</html>")]
    with pytest.raises(DamagedPackage, match="a page"):
        fetch(host, part)
    assert fetch(host, part).resumed_from == 1000


def test_an_encoding_that_was_not_asked_for_is_refused(host: BlobHost, part: Path) -> None:
    """Its bytes would not be the package's."""
    host.answers = [(200, {"Content-Encoding": "gzip"}, b"...")]
    with pytest.raises(PackageError, match="encoding"):
        fetch(host, part)


def raw_answer(head: str, body: bytes = b"") -> Callable[[Handler], None]:
    return lambda handler: (handler.wfile.write(head.replace("\n", "\r\n").encode() + body), None)[1]


def test_lengths_may_be_missing(host: BlobHost, part: Path) -> None:
    """Chunked bodies, and bodies that end with the connection, arrive whole; only the progress lacks a total."""
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(PACKAGE[at : at + 999]), PACKAGE[at : at + 999]) for at in range(0, len(PACKAGE), 999)
    )
    host.raw = raw_answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", chunks + b"0\r\n\r\n")
    totals: set[int | None] = set()
    assert fetch(host, part, on_progress=lambda _, total: totals.add(total)).size_bytes == len(PACKAGE)
    assert part.read_bytes() == PACKAGE
    assert totals == {None}

    host.raw = raw_answer("HTTP/1.0 200 OK\n\n", PACKAGE)
    assert fetch(host, part).size_bytes == len(PACKAGE)

    host.raw = raw_answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", chunks[:5000])
    with pytest.raises(DownloadError, match="connection was cut"):
        fetch(host, part)


@pytest.mark.parametrize(
    "head", ["", "SSH-2.0-OpenSSH_9.6\n\n", "HTTP/1.1 two hundred\n\n", "HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n"]
)
def test_what_is_not_http_is_a_failed_download(host: BlobHost, part: Path, head: str) -> None:
    """A connection closed at once, another protocol, a head without end: no bare exception of the library's."""
    host.raw = raw_answer(head)
    with pytest.raises(DownloadError):
        fetch(host, part)


@pytest.mark.parametrize("states_length", [True, False])
def test_a_package_too_large_is_refused(host: BlobHost, part: Path, states_length: bool) -> None:
    """By what the host says, or by what arrives; exactly as many bytes as allowed are."""
    host.states_length = states_length
    with pytest.raises(HostilePackage):
        fetch(host, part, max_bytes=len(PACKAGE) - 1)
    assert fetch(host, part, max_bytes=len(PACKAGE)).size_bytes == len(PACKAGE)


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


def test_a_silent_host_is_given_up(host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds without a byte; what arrived is kept."""
    monkeypatch.setattr(blob_host, "SLICE_SECONDS", 0.01)
    host.raw = stalling(1000)
    with pytest.raises(DownloadError, match=r"nothing came for 0\.05 s"):
        fetch(host, part, request_timeout=0.05)
    assert part.read_bytes() == PACKAGE[:1000]


def stalling(after: int) -> Callable[[Handler], None]:
    def serve(handler: Handler) -> None:
        host = handler.server
        handler.answer(200, {**host.headers, "Content-Length": str(len(PACKAGE))}, PACKAGE[:after])
        host.released.wait()

    return serve


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
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 broke off"):
        fetch_to_part(f"http://127.0.0.1:{port}/x", part)
    with pytest.raises(DownloadError, match="name is not known"):
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


def test_a_damaged_package_is_not_named_and_not_gone_on_from(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """It stays under its part name, and the next attempt fetches all of it."""
    host.content = PACKAGE[:2000] + b"\0" + PACKAGE[2001:]
    fetch(host, part)
    with pytest.raises(DamagedPackage):
        finish(part, tmp_path / "portal.zip")

    assert not (tmp_path / "portal.zip").exists()
    host.content = PACKAGE
    assert fetch(host, part).resumed_from == 0
    assert finish(part, tmp_path / "portal.zip").files == 4


def test_a_hostile_package_is_not_named(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """What would write outside its folder does not get the name of a package either."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    host.content = buffer.getvalue()
    fetch(host, part)
    with pytest.raises(HostilePackage):
        finish(part, tmp_path / "portal.zip")
    assert not (tmp_path / "portal.zip").exists()


def test_nothing_is_overwritten_without_force(part: Path, tmp_path: Path) -> None:
    """Files, folders and even dangling links keep their name; with force a file is replaced."""
    part.write_bytes(PACKAGE)
    final = tmp_path / "portal.zip"
    final.write_text("mine")
    with pytest.raises(OutputError, match="exists already and was not touched"):
        finish(part, final)
    assert final.read_text() == "mine"
    assert part.read_bytes() == PACKAGE

    final.unlink()
    final.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists already"):
        place(part, final)
    assert final.is_symlink()

    finish(part, final, force=True)
    assert final.read_bytes() == PACKAGE
    assert not final.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="hard links are how it is done elsewhere")
def test_a_death_between_link_and_removal_is_mended(part: Path, tmp_path: Path) -> None:
    """Both names for one file: the second attempt only takes the part's name away."""
    part.write_bytes(PACKAGE)
    os.link(part, tmp_path / "portal.zip")
    place(part, tmp_path / "portal.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["portal.zip"]


@pytest.mark.skipif(os.name == "nt", reason="hard links are how it is done elsewhere")
def test_a_disk_without_links_still_overwrites_nothing(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a memory stick."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    part.write_bytes(PACKAGE)
    (tmp_path / "taken.zip").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        place(part, tmp_path / "taken.zip")
    place(part, tmp_path / "portal.zip")
    assert (tmp_path / "portal.zip").read_bytes() == PACKAGE
    assert not part.exists()


def test_a_place_that_cannot_be_written_is_said(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """A missing folder, a folder under the part's name, a file where a folder should be: the download is kept."""
    part.write_bytes(PACKAGE)
    with pytest.raises(OutputError, match="cannot be saved"):
        place(part, tmp_path / "nowhere" / "portal.zip")
    assert part.exists()
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(host, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(host, part / "portal.zip.part")
    with pytest.raises(OutputError, match="cannot be read"):
        verify(tmp_path / "nowhere.part")


def test_a_full_disk_is_said(part: Path) -> None:
    """The sentence is the disk's, not the network's."""
    if not Path("/dev/full").exists():
        pytest.skip("did not run: this machine has no /dev/full")
    with io.FileIO("/dev/full", "r+") as full, pytest.raises(OutputError, match="No space left"):
        PartFile(part, full).write(b"bytes")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform cannot refuse links")
def test_a_link_under_the_parts_name_is_not_followed(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """Somebody who can write to the folder cannot have us write elsewhere."""
    (tmp_path / "precious").write_text("precious")
    part.symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError):
        fetch(host, part)
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.skipif(os.name == "nt", reason="locks are POSIX")
def test_two_downloads_into_one_file_do_not_mix(host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one says so and leaves the first alone."""
    monkeypatch.setattr(blob_host, "SLICE_SECONDS", 0.01)
    host.raw = stalling(1000)
    refused: list[str] = []

    def stop() -> bool:
        if part.stat().st_size < 1000:
            return False
        with pytest.raises(OutputError, match="Another process") as caught:
            fetch(host, part)
        refused.append(str(caught.value))
        return True

    with pytest.raises(Detached):
        fetch(host, part, should_stop=stop)
    assert len(refused) == 1
    assert part.stat().st_size == 1000


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
    with pytest.raises(DownloadError, match="certificate is not trusted"):
        fetch_to_part(url, part)

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
        with pytest.raises(DownloadError, match="name is not known"):
            fetch_to_part("https://blobs.example.test/x.zip", part)
    assert part.read_bytes() == PACKAGE
    assert proxy.asked == [("blobs.example.test:443", "Basic bWU6cGFzc0B3b3Jk")]


def test_a_proxy_that_cannot_be_used_is_said(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without showing its password."""
    monkeypatch.setenv("https_proxy", "socks5://me:password@127.0.0.1:1080")
    with pytest.raises(PackageError, match="socks5") as caught:
        fetch_to_part("https://blobs.example.test/x.zip", part)
    assert "password" not in str(caught.value)
