"""A package comes to disk in one way: found, downloaded, verified, named, unpacked."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from specstep_flows import errors, events
from specstep_flows._paths import part_of
from specstep_flows.engine.effects import Reply
from specstep_flows.flows.delivery import (
    IDLE_BEFORE_WHOLE,
    MOST_IDLE_ATTEMPTS,
    MOST_SLOW_ATTEMPTS,
    deliver,
    download_package,
    find_package,
)
from specstep_flows.models import Generation
from tests.kit.disk import CONTENT, OUT, Disk
from tests.kit.stage import Stage

PACKAGE, GENERATION = UUID(int=1), UUID(int=2)
PATH = OUT / "portal.zip"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def service(request: Any) -> Any:
    """A package with a signed address."""
    if request.operation == "get_package_zip":
        return Reply(302, httpx.Headers({"location": "https://blob.example/zip"}), b"")
    return 200, {"id": str(PACKAGE), "generation_id": str(GENERATION)}


def test_a_package_is_downloaded_verified_named_and_unpacked(stage: type[Stage]) -> None:
    """Its digest is recorded before it gets its name, so that whoever resumes knows it again."""
    acting, disk = stage(service), Disk()
    there = acting.play(deliver(PACKAGE, PATH, disk, unpack=True))

    assert disk.files == {PATH: CONTENT}
    assert disk.log == ["fetch", "place", "unpack"]
    assert (there.path, there.sha256, there.size_bytes) == (PATH, SHA256, len(CONTENT))
    assert there.unpacked_to == OUT / "portal"
    assert acting.remembered == {"sha256": SHA256, "size_bytes": len(CONTENT)}
    assert [type(event) for event in acting.told] == [events.PackageSaved, events.Unpacked]


def test_what_an_earlier_attempt_delivered_is_not_downloaded_again(stage: type[Stage]) -> None:
    """Only what was left of its download is removed."""
    acting, disk = stage(service), Disk()
    disk.files = {PATH: CONTENT, part_of(PATH): b"left"}
    there = acting.play(deliver(PACKAGE, PATH, disk, known_sha256=SHA256))

    assert there.unpacked_to is None
    assert disk.files == {PATH: CONTENT}
    assert acting.count("get_package_zip") == 0


def test_what_is_no_longer_on_disk_is_downloaded_again(stage: type[Stage]) -> None:
    """Somebody deleted it."""
    acting, disk = stage(service), Disk()
    acting.play(deliver(PACKAGE, PATH, disk, known_sha256=SHA256))

    assert disk.files == {PATH: CONTENT}


@pytest.mark.parametrize("times", [1, 2])
def test_a_damaged_package_is_downloaded_once_more(stage: type[Stage], times: int) -> None:
    """It costs nothing, and its final name never holds a damaged one."""
    contents = [b"damaged"] * times + [CONTENT]
    acting, disk = stage(service), Disk(lambda url: contents.pop(0))
    if times > 1:
        with pytest.raises(errors.DamagedPackage):
            acting.play(deliver(PACKAGE, PATH, disk))
        assert disk.files == {}
    else:
        acting.play(deliver(PACKAGE, PATH, disk))
        assert disk.files == {PATH: CONTENT}


def test_a_download_that_breaks_gets_a_fresh_address(stage: type[Stage]) -> None:
    """The signed one may have expired; without a new byte, it is given up after some attempts."""

    def broken(url: str) -> bytes:
        raise errors.DownloadError("The connection broke.")

    acting = stage(service)
    with pytest.raises(errors.DownloadError):
        acting.play(deliver(PACKAGE, PATH, Disk(broken)))

    assert acting.count("get_package_zip") == MOST_IDLE_ATTEMPTS + 1


def test_what_a_setting_has_to_mend_is_not_tried_again(stage: type[Stage]) -> None:
    """A certificate that is not trusted is told of at once."""

    def distrust(url: str) -> bytes:
        failure = errors.DownloadError("Its certificate is not trusted.")
        failure.may_clear = False
        raise failure

    acting = stage(service)
    with pytest.raises(errors.DownloadError):
        acting.play(deliver(PACKAGE, PATH, Disk(distrust)))

    assert acting.count("get_package_zip") == 1
    assert acting.told == []


def test_a_host_that_never_sends_the_rest_is_asked_for_the_whole(stage: type[Stage]) -> None:
    """Once, after some downloads that brought nothing."""
    acting = stage(service)

    def serve(url: str) -> bytes:
        if disk.log[-1] != "fetch whole":
            raise errors.DownloadError("The connection broke.")
        return CONTENT

    disk = Disk(serve)
    acting.play(deliver(PACKAGE, PATH, disk))

    assert disk.log[:-1] == [*["fetch"] * (IDLE_BEFORE_WHOLE + 1), "fetch whole"]
    assert disk.files == {PATH: CONTENT}


@pytest.mark.parametrize(("gain", "most"), [(0, MOST_IDLE_ATTEMPTS + 1), (1, MOST_SLOW_ATTEMPTS)])
def test_a_host_that_makes_no_headway_is_given_up(stage: type[Stage], gain: int, most: int) -> None:
    """Not a single byte more, or a few each time: neither goes on for as long as the package is large."""
    acting = stage(service)

    def drip(url: str) -> bytes:
        disk.files[part_of(PATH)] = bytes(gain * disk.log.count("fetch"))
        raise errors.DownloadError("The connection broke.")

    disk = Disk(drip)
    with pytest.raises(errors.DownloadError):
        acting.play(deliver(PACKAGE, PATH, disk))
    assert acting.count("get_package_zip") == most


def test_a_host_that_makes_headway_may_break_off_any_number_of_times(stage: type[Stage]) -> None:
    """A large package over a bad line arrives in the end."""
    acting, breaks = stage(service), 200

    def serve(url: str) -> bytes:
        if disk.log.count("fetch") > breaks:
            return CONTENT
        disk.sizes = disk.log.count("fetch") << 20
        raise errors.DownloadError("The connection broke.")

    class Large(Disk):
        sizes = 0

        def size(self, path: Path) -> int:
            return self.sizes

    disk = Large(serve)
    acting.play(deliver(PACKAGE, PATH, disk))
    assert acting.count("get_package_zip") == breaks + 1


def test_a_package_by_its_own_id(stage: type[Stage]) -> None:
    """The output is checked before anything is sent."""
    acting, disk = stage(service), Disk()
    there = acting.play(download_package(PACKAGE, disk))

    assert disk.log[0] == "check"
    assert there.package.generation_id == GENERATION
    assert there.path == OUT / f"{PACKAGE}.zip"


@pytest.mark.parametrize("looks", [0, 3, 99])
def test_a_package_that_is_recorded_late_is_waited_for(stage: type[Stage], looks: int) -> None:
    """For a minute; then it is said that nothing more is spent."""
    missing: list[Any] = [(404, {})] * looks

    def late(request: Any) -> Any:
        return missing.pop() if missing else service(request)

    acting = stage(late)
    flow = find_package(Generation(GENERATION, "Complete"))
    if looks > 5:
        with pytest.raises(errors.DownloadError, match="Nothing more is spent"):
            acting.play(flow)
        assert acting.now <= 1_060.0
    else:
        assert acting.play(flow) == PACKAGE


def test_the_status_body_names_the_package(stage: type[Stage]) -> None:
    """Then nothing is asked."""
    acting = stage(service)
    assert acting.play(find_package(Generation(GENERATION, "Complete", package_id=PACKAGE))) == PACKAGE
    assert acting.sent == []
