"""What may be pulled instead of a document, each with a sentence of its own."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regeneration.document import DEEPEST_NESTING, MOST_BYTES, parse_document
from regeneration.errors import RegenerationError

Json = Any

GOOD = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {}}}}}


def said(content: bytes) -> str:
    """The sentence that refuses ``content``."""
    with pytest.raises(RegenerationError) as stopped:
        parse_document(content, "the server")
    return str(stopped.value)


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.1", "3.1.0-rc1"])
def test_good(version: str) -> None:
    """OpenAPI 3.0 and 3.1 are taken, with a byte order mark too."""
    document = {**GOOD, "openapi": version}

    assert parse_document(b"\xef\xbb\xbf" + json.dumps(document).encode(), "the server") == document


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty answer"),
        (b"  \n", "an empty answer"),
        (b"<!DOCTYPE html><title>Sign in</title><input type=password>", "a login page"),
        (b"<!DOCTYPE html><p>Loading SpecStep\xe2\x80\xa6", "still loading"),
        (b"<html>hello</html>", "an HTML page"),
        (b"<?xml version='1.0'?><a/>", "page or XML"),
        (b"<html><title>Swagger UI</title></html>", "URL of the JSON itself"),
        (b'{"openapi": "3.0.1", "paths": {"/a', "breaks off after 34 bytes"),
        (b'{"openapi": "3.0.1", "paths": {"/a": {}', "breaks off"),
        (b"openapi: 3.0.1\npaths: {}\n", "gives YAML"),
        (b"# ours\ncomponents: {}\nopenapi: 3.1.0\npaths: {}\n", "gives YAML"),
        (b'{"a": nope}', "not JSON (line 1)"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"paths": {"/a": {}, "/a": {}}}', 'the key /a twice'),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1, 2]", "JSON that is not an object"),
        (b'"hello"', "JSON that is not an object"),
        (b'{"hello": 1}', "doesn't say which version"),
        (b'{"swagger": "2.0", "paths": {}}', "Swagger 2.0"),
        (b'{"openapi": "3.2.0", "paths": {"/a": {}}}', "OpenAPI 3.2.0"),
        (b'{"openapi": "4.0.0", "paths": {"/a": {}}}', "OpenAPI 4.0.0"),
        (b'{"openapi": 3.1, "paths": {"/a": {}}}', "doesn't say which version"),
        (b'{"openapi": "3.1.0", "paths": {}}', "without any path"),
        (b'{"openapi": "3.1.0", "paths": []}', "without any path"),
        (b'{"openapi": "3.1.0", "webhooks": {}}', "without any path"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not JSON"),
    ],
)  # fmt: skip
def test_something_else(content: bytes, words: str) -> None:
    """Each thing that is not an OpenAPI document is called what it is."""
    assert words in said(content)


def test_too_much() -> None:
    """Size, depth and the number of values are bounded, whatever they say."""
    deep: Json = {}
    for _ in range(DEEPEST_NESTING):
        deep = {"a": deep}

    assert "16 MB" in said(b"{" + b" " * MOST_BYTES + b"}")
    assert "nested deeper" in said(json.dumps({**GOOD, "x": deep}).encode())
    assert "1,500,000 values" in said(b'{"x":[' + b"0," * 1_500_000 + b"0]}")


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Any bytes are a document or are refused with a sentence."""
    with contextlib.suppress(RegenerationError):
        parse_document(content, "the server")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["openapi", "paths", "swagger", "a"]), inner),
        max_leaves=8,
    )
)
def test_any_json(value: Json) -> None:
    """Any JSON is a document or is refused with a sentence."""
    with contextlib.suppress(RegenerationError):
        parse_document(json.dumps(value).encode(), "the server")
