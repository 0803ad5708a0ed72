"""Packages: signed URLs, ranges, single files, large archives, search, addenda, explanations."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import Any

import httpx
import pytest

from specstep_flows.sandbox.zips import Padding, build_zip
from tests.kit.api import op, path_of


def location(call: Any, package: str) -> Any:
    """The signed URL of a package."""
    answer = call(op("get_package_zip", package))
    assert (answer.status_code, answer.content) == (302, b"")
    return answer.headers["location"]


def test_signed_url_needs_no_key_and_refuses_one(start: Any) -> None:
    """The blob server is another origin: no key, no other header of ours, and any Authorization is an error."""
    call = start()
    url = location(call, call.package())

    assert url.startswith(call.sandbox.blob_url)
    assert httpx.get(url).status_code == 200
    assert httpx.get(url, headers={"Authorization": "Bearer x"}).status_code == 400
    assert httpx.get(url[:-4] + "0000").status_code == 403
    assert httpx.get(url.replace("se=", "se=9")).status_code == 403


def test_signed_url_expires(start: Any) -> None:
    """After its time the URL is refused; another request gives another one."""
    call = start(url_seconds=60)
    package = call.package()
    url = location(call, package)
    call.pass_time(60)
    assert httpx.get(url).status_code == 200
    call.pass_time(1)

    assert httpx.get(url).status_code == 403
    assert httpx.get(location(call, package)).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "status", "span"),
    [
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999999", 206, slice(0, None)),
        ("bytes=99999999-", 416, None),
        ("bytes=9-3", 416, None),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_ranges(start: Any, wanted: Any, status: Any, span: Any) -> None:
    """One range is served, one beyond the end is refused, anything else is answered with the whole."""
    call = start()
    package = call.package()
    content = call.sandbox.state.packages[package].zip.content()

    answer = httpx.get(location(call, package), headers={"Range": wanted})

    assert answer.status_code == status
    if span is not None:
        assert answer.content == content[span]
        assert answer.headers["content-length"] == str(len(content[span]))
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(content)}")
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(content)}"


def test_if_range(start: Any) -> None:
    """A part is sent only of the version that the rest is of."""
    call = start()
    url = location(call, call.package())
    etag = httpx.head(url).headers["etag"]

    assert httpx.get(url, headers={"Range": "bytes=5-", "If-Range": etag}).status_code == 206
    assert httpx.get(url, headers={"Range": "bytes=5-", "If-Range": '"other"'}).status_code == 200
    modified = httpx.head(url).headers["last-modified"]
    assert httpx.get(url, headers={"Range": "bytes=5-", "If-Range": modified}).status_code == 206


def test_large_package_is_never_held(start: Any) -> None:
    """An archive of 40 MB is sound, is listed with its sizes, and is served without being built."""
    call = start(package_bytes=40 << 20)
    tracemalloc.start()
    package = call.package()
    url = location(call, package)
    received = 0
    with httpx.stream("GET", url) as answer:
        for piece in answer.iter_raw():
            received += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert received == int(answer.headers["content-length"]) > 40 << 20
    assert peak < 16 << 20
    files = call(op("list_package_files", package)).json()["files"]
    assert {row["path"] for row in files} > {"appendix/recording-001.bin", "handoff.md"}
    assert call(op("get_package_file", package, "appendix/recording-001.bin")).status_code == 400


def test_padded_zip_is_a_zip() -> None:
    """Stored noise, deflated text, and a directory that Python's own reader accepts, at any offset."""
    blob = build_zip({"a.md": b"# A\n" * 100}, pad_to=3_000_000)
    content = blob.content()

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {entry.filename: entry.file_size for entry in archive.infolist()} == blob.entries
    assert b"".join(blob.read(1_048_570, 1_048_590)) == content[1_048_570:1_048_590]
    assert b"".join(Padding(10).read(2, 5)) == b"".join(Padding(10).read(0, 10))[2:5]


def test_single_files(start: Any) -> None:
    """Text with its own type, nothing above 256 KB, and no way out of the package."""
    call = start(package_files={"a.md": b"# A", "b.png": b"\x89PNG", "big.txt": b"x" * 300_000})
    package = call.package()

    assert call(op("get_package_file", package, "a.md")).headers["content-type"].startswith("text/markdown")
    assert call(op("get_package_file", package, "b.png")).headers["content-type"] == "image/png"
    assert call(op("get_package_file", package, "big.txt")).status_code == 400
    assert call(op("get_package_file", package, "docs/%2e%2e/a.md")).status_code == 400


@pytest.mark.parametrize(
    ("query", "files"),
    [
        ("sailing", ["boats.md"]),
        ("SAIL", ["boats.md"]),
        ('"old harbour"', ["boats.md"]),
        ('"harbour old"', []),
        ("boat -harbour", ["rowing.md"]),
        ("harbour OR oars", ["boats.md", "rowing.md"]),
        ("", []),
        ("noise", []),
    ],
)
def test_search(start: Any, query: Any, files: Any) -> None:
    """Stems, phrases, alternatives and exclusions; binary files are not searched."""
    contents = {
        "boats.md": b"Boats sail from the old harbour.",
        "rowing.md": b"A boat with oars.",
        "noise.bin": b"noise",
    }
    call = start(package_files=contents)
    package = call.package()

    answer = call.http.get(path_of("search_package", package), params={"q": query}).json()

    assert answer["query"] == query
    assert sorted(hit["file_path"] for hit in answer["results"]) == files
    assert all("<mark>" in hit["snippet"] for hit in answer["results"])
    across = call.http.get(path_of("search_packages"), params={"q": query}).json()["results"]
    assert [hit["total_hit_count"] for hit in across] == ([len(files)] if files else [])


def test_addenda_are_paid_for_each_time(start: Any) -> None:
    """An addendum has no idempotency key: asked twice, there are two."""
    call = start()
    package = call.package()
    change = {"title": "French", "description": "Localize it."}
    first = call(op("create_addendum", package), json=change).json()
    call(op("create_addendum", package), json=change)

    rows = call(op("list_addenda", package)).json()["addenda"]
    assert len(rows) == 2
    with zipfile.ZipFile(io.BytesIO(httpx.get(first["download_url"]).content)) as archive:
        assert len(archive.namelist()) == 5
    assert call(op("list_packages")).json()["packages"][0]["addenda_count"] == 2


def test_explanations_are_paid_for_once(start: Any) -> None:
    """One audience is one cached explanation; there is nothing to download before it was made."""
    call = start()
    package = call.package()
    download = op("download_explanation", package) + "?audience=executive&format=txt"
    assert call(download).status_code == 404

    first = call(op("explain_package", package), json={"audience": "executive"}).json()
    second = call(op("explain_package", package), json={"audience": "executive"}).json()

    assert (first["cached"], second["cached"], second["cost_usd"]) == (False, True, 0)
    assert call(download).headers["content-disposition"].endswith('"specstep-explanation-executive.txt"')
    assert (
        call(op("explain_package", package), json={"audience": "nobody"}).json()["type"] == "EXPLAIN_AUDIENCE_UNKNOWN"
    )
    assert call(op("explain_package", package), json={"audience": " "}).json()["type"] == "MISSING_AUDIENCE"
