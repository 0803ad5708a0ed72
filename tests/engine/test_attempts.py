"""What is taken out of a response before it is handed out, and what is left as it came."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.engine.attempts import raw_response
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.models import RawResponse

SIGNED = "https://blob.example/p/a.zip?sv=2024&sig=abc%3D"


def handed_out(content: bytes, *headers: tuple[str, str], kind: str = "application/json") -> RawResponse:
    reply = Reply(200, httpx.Headers([("content-type", kind), *headers]), content)
    return raw_response(Request("get_x", "read", "GET", "/x"), reply, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signing_secret", "whsec_1"),
        ("rawKey", "opaque"),
        ("access_token", "opaque"),
        ("key", "sf_live_aaaaaaaaaaaaaaa1"),
        ("download_url", SIGNED),
        ("note", f"see {SIGNED} now"),
        ("note", "/zips/a.zip?sig=abc%3D"),
        ("note", 'a \\"quoted\\" key sf_aaaaaaaaaaaaaaa1'.replace("sf_", "https://h.example/?token=")),
    ],
)
def test_secrets_of_a_body(name: str, value: str) -> None:
    """By the name of their member, or because they are signed; what stands around them stays valid JSON."""
    found = handed_out(json.dumps({"before": [1, "x"], name: value, "after": {"deep": [value]}}).encode())

    text = found.content.decode()
    for secret in ("whsec_1", "abc%3D", "aaaaaaaaaaaaaaa1") + (("opaque",) if name != "note" else ()):
        assert secret not in text.replace('"deep": ["opaque"]', "").replace('"deep": ["whsec_1"]', "")
    assert found.json()["before"] == [1, "x"]


@pytest.mark.parametrize("kind", ["application/JSON", "text/plain; charset=utf-8", ""])
def test_secrets_of_a_body_whose_type_says_less(kind: str) -> None:
    """What is read as JSON is JSON; some write ``&`` in it as an escape."""
    found = handed_out(b' {"signing_secret": "whsec_1", "href": "https://h.example/?a=1\\u0026sig=abc%3D"}', kind=kind)

    assert found.content == ' {"signing_secret": "REDACTED", "href": "https://h.example/…"}'.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "application/xml"])
def test_secrets_of_a_body_in_another_encoding(kind: str, encoding: str) -> None:
    """Whatever is read as JSON, whatever it says it is, and however it is written, which it still is afterwards."""
    text = '{"name": "größer", "signing_secret": "whsec_1", "raw_key": "sf_aaaaaaaaaaaaaaa1"}'
    found = handed_out(text.encode(encoding), kind=kind)

    assert found.json() == {"name": "größer", "signing_secret": "REDACTED", "raw_key": "REDACTED"}
    assert found.content == json.dumps(found.json(), ensure_ascii=False).encode(encoding)


def test_a_body_that_is_no_json_takes_no_longer() -> None:
    """Nor is it changed; with a string that has no end, each quotation mark could begin another one."""
    content = b'{"a": "b", "' + b'\\"' * 200_000 + b"\\"

    assert handed_out(content).content == content
    assert handed_out(b'{"signing_secret": "whsec_1').content == b'{"signing_secret": "REDACTED'


def test_headers_that_are_secret() -> None:
    """A redirect's target is cut to its host, a cookie is gone, the rest is as it came, twice where it came twice."""
    found = handed_out(
        b"{}", ("Location", SIGNED), ("Set-Cookie", "a=b"), ("X-CSRF-Token", "b"), ("X-A", "1"), ("X-A", "2")
    )

    assert found.header("location") == "https://blob.example/…"
    assert found.header("set-cookie") == found.header("x-csrf-token") == "REDACTED"
    assert [value for name, value in found.headers if name.lower() == "x-a"] == ["1", "2"]
    assert SIGNED not in repr(found)


def test_a_files_bytes_are_as_they_are() -> None:
    """A package's file may hold anything; it is the user's own."""
    content = b'\xff\x00{"secret": "a"} https://h.example/?sig=1'

    assert handed_out(content, kind="application/octet-stream").content == content


@settings(max_examples=15, derandomize=True)
@given(st.recursive(st.none() | st.integers() | st.text(alphabet='ab"\\:,{}[]é\n '), lambda inner: st.lists(inner)
                    | st.dictionaries(st.text(alphabet='ab"\\:'), inner), max_leaves=12))  # fmt: skip
def test_what_holds_no_secret_is_untouched(value: object) -> None:
    """Byte for byte, whatever its strings look like."""
    content = json.dumps(value).encode()

    assert handed_out(content).content == content
