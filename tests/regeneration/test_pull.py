"""Getting a document: what the key is sent with, what is refused, and what a person is told about it."""

from __future__ import annotations

import contextlib
import gzip
import json
import socketserver
import threading
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from regeneration import pull as pull_module
from regeneration.document import MOST_BYTES
from regeneration.errors import RegenerationError
from regeneration.pull import pull

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.servers import Answer, serving

Json = Any
KEY = "sf_0123456789abcdef"


def refused(*arguments: str | None) -> str:
    """The sentence that refuses to pull."""
    with pytest.raises(RegenerationError) as stopped:
        pull(*arguments)
    return str(stopped.value)


def test_key_goes_to_the_api(served: Json) -> None:
    """The API's own document is asked for with the key."""
    with serving(Answer(json.dumps(served).encode())) as server:
        pulled = pull(None, server.url, KEY)

    assert json.loads(pulled.content) == served
    [(path, headers)] = server.asked
    assert path == "/v1/openapi.json"
    assert headers["authorization"] == f"Bearer {KEY}"


def test_key_goes_nowhere_else(served: Json) -> None:
    """Another origin, be it another port of the same machine, gets no key."""
    with serving(Answer(json.dumps(served).encode())) as server:
        pull(server.url + "/v1/openapi.json", "https://specstep.com", KEY)
        pull(server.url.replace("127.0.0.1", "localhost") + "/x", server.url, KEY)

    assert all("authorization" not in headers for _, headers in server.asked)


def test_no_key() -> None:
    """Without a key none is sent."""
    with serving(Answer(b"{}")) as server:
        pull(None, server.url, None)

    assert "authorization" not in server.asked[0][1]


def test_redirects_are_not_followed() -> None:
    """A redirect is told, without its query, and the key goes no further."""
    with serving(Answer(b"{}")) as elsewhere:
        target = elsewhere.url + "/v1/openapi.json?sig=secret"
        with serving(Answer(status=302, headers={"Location": target})) as server:
            sentence = refused(None, server.url, KEY)

    assert "redirects to" in sentence
    assert "--source" in sentence
    assert "secret" not in sentence
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=302, headers={"Location": "/docs/v2.json?sig=secret"}), "redirects to {url}/docs/v2.json. "),
        (Answer(status=308, headers={"Location": "v2.json"}), "redirects to {url}/v1/v2.json. "),
        (Answer(status=301, headers={"Location": "//api.example/x"}), "redirects to http://api.example/x. "),
        (Answer(status=302, headers={"Location": "https://[::1"}), "not a valid URL"),
        (Answer(status=302), "answers 302 instead of a document"),
        (Answer(status=302, headers={"Location": ""}), "answers 302 instead of a document"),
        (Answer(status=300), "answers 300 instead of a document"),
        (Answer(status=304), "answers 304 instead of a document"),
    ],
)
def test_redirect_of_any_form(answer: Answer, words: str) -> None:
    """Where it leads is told as a URL that can be given; an answer that leads nowhere is no redirect."""
    with serving(answer) as server:
        sentence = refused(None, server.url, KEY)

    assert words.format(url=server.url) in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("url", ["specstep.com", "localhost:5000", "127.0.0.1:5000/api", "//specstep.com", "https:"])
def test_address_without_a_scheme(url: str) -> None:
    """It is not taken for a file, and the sentence names the setting."""
    assert refused(None, url, KEY).startswith(f"SPECSTEP_API_URL is {url}, which is no URL")


@pytest.mark.parametrize(
    "url",
    [
        "http://specstep.com/v1/openapi.json",
        "http://10.0.0.1/x",
        "ftp://localhost/x",
        "http://localhost.evil.example/x",
    ],
)
def test_plain_http_is_refused(url: str) -> None:
    """Plain http is for this machine alone."""
    assert "is not https" in refused(url, None, KEY)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401), "answers 401; check SPECSTEP_API_KEY"),
        (Answer(status=403), "answers 403; check SPECSTEP_API_KEY"),
        (Answer(status=404), "answers 404 instead"),
        (Answer(b"<html>", status=504), "answers 504 instead"),
        (Answer(b"x" * (MOST_BYTES + 1)), "more than 16 MB"),
        (Answer(gzip.compress(b" " * (MOST_BYTES + 1)), headers={"Content-Encoding": "gzip"}), "more than 16 MB"),
        (
            Answer(b"xx", headers={"Content-Encoding": "gzip"}),
            "says that its answer is compressed, but it can't be decompressed",
        ),
        (
            Answer(gzip.compress(b"{}" * 99)[:-9], headers={"Content-Encoding": "gzip"}),
            "broke off its answer; pull again",
        ),
        (
            Answer(b"xx", headers={"Content-Encoding": "br"}),
            "sends its answer compressed as br, which was not asked for",
        ),
        (Answer(b"{", headers={"Content-Length": "9"}), "broke off its answer; pull again"),
        (Answer(b"<html>Sign in</html>", status=401, headers={"Content-Type": "text/html"}), "answers 401; check"),
    ],
)
def test_no_document(answer: Answer, words: str) -> None:
    """What is no document is refused in a sentence, before it is all there."""
    with serving(answer) as server:
        assert words in refused(None, server.url, KEY)


def test_nobody_answers() -> None:
    """An address where nobody is gives a sentence."""
    with serving(Answer()) as server:
        url = server.url
    assert "can't be reached" in refused(url + "/x", None, None)


def test_packed_answer(served: Json) -> None:
    """An answer that is packed though nobody asked for it is read all the same."""
    content = json.dumps(served).encode()
    with serving(Answer(gzip.compress(content), headers={"Content-Encoding": "gzip"})) as server:
        assert pull(None, server.url, None).content == content


def deflated(content: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", lambda content: gzip.compress(content[:99]) + gzip.compress(b"") + gzip.compress(content[99:])),
        ("x-gzip", lambda content: gzip.compress(content) + bytes(512)),
        ("deflate", lambda content: deflated(content, zlib.MAX_WBITS)),
        ("deflate", lambda content: deflated(content, -zlib.MAX_WBITS)),
        ("deflate", gzip.compress),
    ],
)
def test_packed_in_any_form(served: Json, encoding: str, pack: Any) -> None:
    """Of several parts, with padding behind it, and with or without the head that it should have."""
    content = json.dumps(served).encode()
    with serving(Answer(pack(content), headers={"Content-Encoding": encoding})) as server:
        assert pull(None, server.url, None).content == content


def test_many_small_parts_that_are_too_much() -> None:
    """The bound holds over all parts together, and a part that breaks off is noticed."""
    many = gzip.compress(b" " * 1_000_000) * 17
    with serving(Answer(many, headers={"Content-Encoding": "gzip"})) as server:
        assert "more than 16 MB" in refused(None, server.url, None)
    with serving(
        Answer(gzip.compress(b"{}") + gzip.compress(b"{}")[:9], headers={"Content-Encoding": "gzip"})
    ) as server:
        assert "broke off its answer" in refused(None, server.url, None)


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Drip: "])
def test_slow_answer(monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    """An answer that drips in for ever is given up, be it in its body or before it."""
    monkeypatch.setattr(pull_module, "TIME_LIMIT", 0.4)

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.sendall(beginning)
                while not done.wait(0.02):
                    self.request.sendall(b" ")

    done = threading.Event()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            sentence = refused(f"http://127.0.0.1:{server.server_address[1]}/x", None, None)
        finally:
            done.set()
            server.shutdown()
            thread.join()

    assert "didn't finish its answer within" in sentence


@pytest.mark.parametrize("url", ["https://[::1", "http://127.0.0.1:99999/x", "https://exa mple/x"])
def test_broken_url(url: str) -> None:
    """A URL that is none gives a sentence."""
    assert refused(url, None, KEY)


class TestFiles:
    def test_read(self, tmp_path: Path) -> None:
        """A file is read as it is, and known by its name alone."""
        (tmp_path / "served.json").write_bytes(b"{}")

        pulled = pull(str(tmp_path / "served.json"), None, KEY)

        assert pulled.content == b"{}"
        assert pulled.source == "served.json"

    def test_by_url(self, tmp_path: Path) -> None:
        """A file may be given as a URL too."""
        (tmp_path / "as served.json").write_bytes(b"{}")

        pulled = pull((tmp_path / "as served.json").as_uri(), None, KEY)

        assert (pulled.content, pulled.source) == (b"{}", "as served.json")

    def test_missing(self, tmp_path: Path) -> None:
        """A file that is not there gives a sentence."""
        assert refused(str(tmp_path / "no.json"), None, None) == "no.json can't be read: No such file or directory."

    def test_too_large(self, tmp_path: Path) -> None:
        """A file is not read when it is too large."""
        with (tmp_path / "large.json").open("wb") as file:
            file.truncate(60_000_000)

        assert "larger than 16 MB" in refused(str(tmp_path / "large.json"), None, None)


def test_provenance() -> None:
    """Provenance has source, date and checksum, and no secret of the URL."""
    with serving(Answer(b"{}")) as server:
        url = server.url.replace("http://", "http://user:password@") + "/v1/openapi.json?sig=secret#x"
        pulled = pull(url, None, None)

    facts = json.loads(pulled.provenance(datetime(2026, 5, 30, 10, 0, tzinfo=UTC)))

    assert facts == {
        "source": server.url + "/v1/openapi.json",
        "pulled_at": "2026-05-30T10:00:00Z",
        "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "bytes": 2,
    }


def test_external_references_are_never_fetched(small: Json, served: Json) -> None:
    """A reference that leads out of the document is noted and left untyped; nobody is asked."""
    from regeneration.align import align
    from regeneration.names import NamesLock

    with serving(Answer(b'{"type": "string"}')) as server:
        schema = {"type": "object", "properties": {"x": {"$ref": server.url + "/x.json"}, "y": {"$ref": "y.json#/a"}}}
        served["paths"]["/v1/x"] = {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
        }
        aligned = align(small, served, NamesLock())

    assert server.asked == []
    assert sum("leads out of the document" in line for line in aligned.notes.lines) == 2
    assert aligned.document["components"]["schemas"]["GetXResponse200"]["properties"] == {"x": {}, "y": {}}


def test_whole_pull(small_checkout: Checkout, small_served: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulling keeps the document verbatim, with its provenance beside it; pulling it again changes nothing."""
    content = json.dumps(small_served, indent=3).encode() + b"\n"
    with serving(Answer(content)) as server:
        monkeypatch.setenv("SPECSTEP_API_URL", server.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", KEY)
        assert small_checkout.run("--pull") == 0
        said = small_checkout.said()
        first = small_checkout.files()
        assert small_checkout.run("--pull") == 0

    assert small_checkout.project.pulled.read_bytes() == content
    assert json.loads(small_checkout.project.provenance.read_text("utf-8"))["source"] == server.url + "/v1/openapi.json"
    assert small_checkout.files() == first
    assert "Nothing changed." in small_checkout.said()
    assert KEY not in said + "".join(content.decode("utf-8", "replace") for content in first.values())
