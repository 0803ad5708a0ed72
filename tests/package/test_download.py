"""Downloads over real HTTP on loopback: resumed, never joined wrongly, verified, and given their name in one step."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.errors import (
    DamagedPackage,
    DownloadError,
    HostilePackage,
    OutputError,
    PackageError,
    SignedUrlExpired,
)
from specstep_flows.package.download import Fetched, Verified, fetch_to_part, place, verify
from tests.kit.blob_host import (
    ETAG,
    PACKAGE,
    SIGNATURE,
    BlobHost,
    Handler,
    break_off,
    fetch,
    make_package,
    raw_answer,
    serving,
)


def finish(part: Path, final: Path, *, force: bool = False) -> Verified:
    """Check a part file and give it its name, as a run does."""
    verified = verify(part)
    place(part, final, force=force)
    return verified


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
    break_off_after_that = json.loads(part.with_name(f"{part.name}.json").read_text("utf-8"))
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


@pytest.mark.parametrize(
    "status", [204, 304, 400, 405, 406, 409, 411, 412, 413, 414, 416, 417, 421, 422, 428, 431, 451, 501, 505]
)
def test_a_host_that_refuses_the_rest_is_asked_for_the_whole(host: BlobHost, part: Path, status: int) -> None:
    """Once, and at once; what arrived is dropped only when the whole is on its way."""
    break_off(host, part, 1000)
    host.answers = [(status, {}, b""), (503, {}, b"")]
    with pytest.raises(DownloadError):
        fetch(host, part)
    assert part.stat().st_size == 1000

    host.answers = [(status, {}, b"")]
    assert fetch(host, part).resumed_from == 0
    assert part.read_bytes() == PACKAGE
    assert ["Range" in headers for _, headers in host.seen] == [False, True, False, True, False]


@pytest.mark.parametrize("refusal", [403, 404, 500, 503, None])
def test_the_whole_can_be_asked_for_where_the_rest_does_not_come(
    host: BlobHost, part: Path, refusal: int | None
) -> None:
    """The caller's way out; as long as the host fails, what arrived is kept."""
    break_off(host, part, 1000)

    def serve(handler: Handler) -> None:
        if handler.headers.get("Range") is None and not is_down:
            handler.send_package()
        elif refusal is not None:
            handler.answer(refusal, {"Content-Length": "0"}, b"")

    host.raw, is_down = serve, True
    with pytest.raises(DownloadError):
        fetch(host, part, or_whole=True)
    is_down = False
    with pytest.raises(DownloadError):
        fetch(host, part)
    assert part.stat().st_size == 1000

    assert fetch(host, part, or_whole=True).resumed_from == 0
    assert part.read_bytes() == PACKAGE


def test_a_rest_that_comes_is_not_given_up_for_the_whole(host: BlobHost, part: Path) -> None:
    """Neither when it arrives nor when it breaks off again."""
    break_off(host, part, 1000)
    host.cuts = [500]
    with pytest.raises(DownloadError):
        fetch(host, part, or_whole=True)
    assert part.stat().st_size == 1500
    assert fetch(host, part, or_whole=True).resumed_from == 1500


@pytest.mark.parametrize(
    "labels",
    [
        {"Content-Encoding": ""},
        {"Content-Encoding": "identity"},
        {"Content-Encoding": "aws-chunked"},
        {"Content-Encoding": "identity, aws-chunked"},
        {"Content-Encoding": "utf-8"},
        {"Content-Encoding": "binary,"},
        {"Content-Encoding": "gzip"},
        {"Content-Type": "text/html"},
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": ""},
    ],
)
def test_a_zip_is_taken_whatever_the_labels_say(host: BlobHost, part: Path, labels: dict[str, str]) -> None:
    """Whole or continued: the bytes are the package's, and the checksums would tell if they were not."""
    host.headers = {**host.headers, **labels}
    break_off(host, part, 1000)
    assert fetch(host, part).resumed_from == 1000
    assert verify(part).files == 4


def test_a_whole_with_another_status_is_taken(host: BlobHost, part: Path) -> None:
    """A proxy's 203, and a 206 that begins at the first byte though nobody asked for a part."""
    size = len(PACKAGE)
    for status, headers in ((203, {}), (206, {"Content-Range": f"bytes 0-{size - 1}/{size}"})):
        host.answers = [(status, headers, PACKAGE)]
        assert fetch(host, part).size_bytes == size
    host.answers = [(206, {"Content-Range": f"bytes 0-999/{size}", **host.headers}, PACKAGE[:1000])]
    with pytest.raises(DownloadError, match="1,000 of"):
        fetch(host, part)
    assert fetch(host, part).resumed_from == 1000

    part.unlink()
    host.answers = [(206, {"Content-Range": f"bytes 5-{size - 1}/{size}"}, PACKAGE[5:])]
    with pytest.raises(PackageError, match="206"):
        fetch(host, part)


def test_numbers_of_any_length_are_no_lengths(host: BlobHost, part: Path) -> None:
    """Python reads none of thousands of digits: a host that writes one sends nothing of use, and crashes nothing."""
    for form in ("bytes 0-1/{}", "bytes {}-1/5", "bytes */{}"):
        break_off(host, part, 1000)
        host.answers = [(206, {"Content-Range": form.format("9" * 5000)}, b"x"), (200, host.headers, PACKAGE)]
        assert fetch(host, part).size_bytes == len(PACKAGE)
        part.unlink()


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
    with pytest.raises(DownloadError, match="connection was lost"):
        fetch(host, part)


@pytest.mark.parametrize("states_length", [True, False])
def test_a_package_too_large_is_refused(host: BlobHost, part: Path, states_length: bool) -> None:
    """By what the host says, or by what arrives; exactly as many bytes as allowed are."""
    host.states_length = states_length
    with pytest.raises(HostilePackage):
        fetch(host, part, max_bytes=len(PACKAGE) - 1)
    assert fetch(host, part, max_bytes=len(PACKAGE)).size_bytes == len(PACKAGE)


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
    with pytest.raises(OutputError, match="already exists and was not changed"):
        finish(part, final)
    assert final.read_text("utf-8") == "mine"
    assert part.read_bytes() == PACKAGE

    final.unlink()
    final.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="already exists"):
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
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_a_disk_without_links_still_overwrites_nothing(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """As on a memory stick, whether the system can rename without replacing or not."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def no_moment(_: object) -> bool:
        raise AssertionError("the name is looked at and then taken")

    if system == sys.platform == "linux":
        monkeypatch.setattr(os.path, "lexists", no_moment)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(os, "link", no_links)
    part.write_bytes(PACKAGE)
    (tmp_path / "taken.zip").write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
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
