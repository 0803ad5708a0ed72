"""Which paths of two documents are the same, and which are no paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regeneration.paths import UnusablePath, parse_route


@pytest.mark.parametrize(
    "other",
    [
        "/v1/packages/{packageId}/files/{name}",
        "/v1/packages/{id:guid}/files/{*path}",
        "/v1/packages/{id:regex(^[a-z]{{1,3}}$)}/files/{**path}",
        "/V1/Packages/{ID}/Files/{path?}/",
        "/v1/packages/{id=5}/files/{path:minlength(1)}",
    ],
)
def test_same_place(other: str) -> None:
    """Constraints, catch-alls, names, letter case and a slash at the end make no other path."""
    assert parse_route(other).shape == parse_route("/v1/packages/{id}/files/{*path}").shape


@pytest.mark.parametrize(
    "other",
    ["/v1/packages/{id}/file/{path}", "/v1/packages/{id}/files", "/v1/packages/files/{path}", "/v1/a/{id}.json"],
)
def test_other_place(other: str) -> None:
    """Another word, another length, or text beside a parameter makes another path."""
    assert parse_route(other).shape != parse_route("/v1/packages/{id}/files/{path}").shape


@pytest.mark.parametrize(
    "path",
    [
        "v1/x", "", "/v1/../admin", "/v1/%2e%2E/x", "/v1/{a", "/v1/a}", '/v1/"+x+"', "/v1/a b", "/v1/a\nb", "/v1/a\\b",
        "/v1/{}", "/v1/{a b}", "/v1/{0}", "/v1/{a!r}", "/v1/{a.__class__}x{", "/v1/x?y=1", "/v1/x#y", "/" + "x" * 1001,
        "/" + "{a}" * 21, "/v1/\u202ex",
    ],
)  # fmt: skip
def test_unusable(path: str) -> None:
    """What no client could send a request to is refused with a reason."""
    with pytest.raises(UnusablePath, match="path"):
        parse_route(path)


def test_written_back() -> None:
    """A path is written with the names of whoever writes it."""
    route = parse_route("/v1/files/{name:alpha}.{kind}/")

    assert route.parameters == ("name", "kind")
    assert route.with_parameters(["a", "b"]) == "/v1/files/{a}.{b}"


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Any text is a path or is refused; what passes has nothing in it that a format string would act on."""
    try:
        route = parse_route("/" + text)
    except UnusablePath:
        return
    assert route.blanked.replace("{}", "").isascii()
    assert not {"{", "}", '"', "\\", "\n"} & set(route.blanked.replace("{}", ""))
