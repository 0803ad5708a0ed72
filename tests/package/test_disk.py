"""Where a run's package goes, and who is sent the key for it."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.effects import Observe
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Shared
from specstep_flows.gateway import ZipLink
from specstep_flows.models import Generation, RunOptions
from specstep_flows.package.disk import RunFiles, package_path
from specstep_flows.runs.records import RunRecord
from specstep_flows.settings import Settings
from tests.kit.blob_host import PACKAGE, BlobHost
from tests.kit.zips import FILES, make_zip, on_disk

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")
RUN = RunRecord("portal", "https://specstep.example", 0.0, 0.0)


async def unobserved(effect: Observe) -> Generation:
    """The disk looks at no generation."""
    raise AssertionError(effect)


def files(output: Path | None, *, force: bool = False, api_url: str = "https://specstep.example") -> RunFiles:
    """A run's files with an output, against a service."""
    shared = Shared(SystemClock(), MemoryLimiter(), observe=unobserved, random=random.Random(0))
    options = RunOptions(output=None if output is None else str(output), force=force)
    return RunFiles(options, Settings(api_key="sf_key", api_url=api_url), shared)


def test_a_name_that_ends_in_zip_is_the_file_and_anything_else_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is a folder of that name; without an output it is the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.zip").mkdir()

    assert package_path("portal.ZIP", ID) == Path("portal.ZIP")
    assert package_path("packages", ID) == Path("packages") / f"{ID}.zip"
    assert package_path("old.zip", ID) == Path("old.zip") / f"{ID}.zip"
    assert package_path(None, ID) == tmp_path / f"{ID}.zip"


def test_an_output_is_tried_before_anything_costs(tmp_path: Path) -> None:
    """Its folders are made; a file in its place, or under a folder's name, is refused."""
    files(tmp_path / "new" / "packages").check()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["packages"]

    (tmp_path / "taken.zip").write_text("mine")
    with pytest.raises(errors.UsageError, match="already exists"):
        files(tmp_path / "taken.zip").check()
    files(tmp_path / "taken.zip", force=True).check()
    with pytest.raises(errors.UsageError, match="cannot be written"):
        files(tmp_path / "taken.zip" / "below").check()
    assert (tmp_path / "taken.zip").read_text() == "mine"


def test_a_name_that_was_taken_meanwhile_is_refused_without_force(tmp_path: Path) -> None:
    """The package is paid for and ready: the sentence says which run to resume."""
    taken = tmp_path / "portal.zip"
    taken.write_text("mine")

    with pytest.raises(errors.UsageError, match="resume run portal"):
        files(taken).choose(RUN, ID)
    with pytest.raises(errors.UsageError, match="already exists"):
        files(taken).choose_for(ID)
    assert files(taken, force=True).choose(RUN, ID) == taken


def test_the_key_goes_to_the_api_alone(host: BlobHost, part: Path) -> None:
    """A signed address on another host is asked for without it; the API's own addresses need it."""
    elsewhere = files(part, api_url="http://127.0.0.1:1")
    elsewhere.fetch(ZipLink(host.url, is_direct=False), part, lambda: False)
    assert part.read_bytes() == PACKAGE
    part.unlink()

    files(part, api_url=host.origin).fetch(ZipLink("/v1/packages/7/zip", is_direct=True), part, lambda: False)

    assert [headers.get("Authorization") for _, headers in host.seen] == [None, "Bearer sf_key"]
    with pytest.raises(errors.PackageError, match="another host"):
        elsewhere.fetch(ZipLink(host.url, is_direct=True), part, lambda: False)


def test_only_a_service_on_this_machine_may_send_us_here(host: BlobHost, part: Path) -> None:
    """An https service's own host may resolve to wherever the user wants; any other name here is not asked."""
    for url in (host.url, host.url.replace("http:", "https:"), "https://localhost/x.zip"):
        with pytest.raises(errors.PackageError, match="this machine"):
            files(part).fetch(ZipLink(url, is_direct=False), part, lambda: False)
    own = f"https://localhost:{host.server_port}"
    with pytest.raises(errors.DownloadError):
        files(part, api_url=own).fetch(ZipLink(f"{own}/x.zip", is_direct=False), part, lambda: False)
    assert host.seen == []


def test_a_package_is_checked_named_and_unpacked_beside_itself(part: Path) -> None:
    """The digest is the file's; what is not there has neither digest nor size."""
    mine, final = files(part.with_suffix("")), part.with_suffix("")
    part.write_bytes(make_zip(FILES))

    digest = mine.verify(part)
    mine.place(part, final)

    assert mine.digest(final) == digest
    assert mine.size(final) == len(make_zip(FILES))
    assert mine.unpack(final) == (final.with_suffix(""), len(FILES))
    assert on_disk(final.with_suffix("")) == FILES
    assert (mine.digest(part), mine.size(part)) == (None, 0)


def test_no_traceback_shows_the_key(part: Path) -> None:
    """It is in no repr of what a download is made with."""
    assert "sf_key" not in repr(files(part)._headers_for(ZipLink("/v1/packages/7/zip", is_direct=True)))
    assert "sig=" not in repr(ZipLink("https://blobs.example/x?sig=1", is_direct=False))
