"""Where a run's package goes, and who is sent the key for it."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
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
from specstep_flows.package.part_file import PartFile, Version
from specstep_flows.runs.records import RunRecord
from specstep_flows.settings import Settings
from tests.kit.blob_host import PACKAGE, BlobHost
from tests.kit.platforms import POSIX_ONLY
from tests.kit.zips import FILES, make_zip, on_disk

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")
RUN = RunRecord("portal", "https://specstep.example", 0.0, 0.0)


async def unobserved(effect: Observe) -> Generation:
    """The disk looks at no generation."""
    raise AssertionError(effect)


def files(
    output: Path | None, *, force: bool = False, api_url: str = "https://specstep.example", **more: Any
) -> RunFiles:
    """A run's files with an output, against a service."""
    shared = Shared(SystemClock(), MemoryLimiter(), observe=unobserved, random=random.Random(0))
    options = RunOptions(output=None if output is None else str(output), force=force, **more)
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


@pytest.mark.parametrize("name", ["portal.odt", "portal.tar.gz", "portal.MD"])
def test_an_output_that_is_meant_as_a_file_of_another_kind_becomes_no_folder(name: str, tmp_path: Path) -> None:
    """It is said before anything is paid for; one that is a folder already is one."""
    with pytest.raises(errors.UsageError, match=r"ends in \.zip"):
        package_path(str(tmp_path / name), ID)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / name).mkdir()
    assert package_path(str(tmp_path / name), ID).parent == tmp_path / name
    assert package_path(str(tmp_path / "portal.v2"), ID).parent == tmp_path / "portal.v2"


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
    assert (tmp_path / "taken.zip").read_text("utf-8") == "mine"


#: What may stand at or beside an output, or be wrong with it, and whether it is refused without and with force.
PLACES: dict[str, tuple[bool, bool]] = {
    "nothing": (False, False),
    "a file": (True, False),
    "a link to a file": (True, False),
    "a link to nowhere": (True, False),
    "a link to itself": (True, False),
    "a pipe": (True, False),
    "a folder": (False, False),
    "a link to a folder": (False, False),
    "a file as its folder": (True, True),
    "a link to nowhere as its folder": (True, True),
    "a folder as its part": (True, True),
    "a link as its part": (True, True),
    "a pipe as its part": (True, True),
    "a folder as its note": (True, True),
    "a file as its part": (False, False),
}
#: Names that no file has, or whose part file or note no file system takes.
ODD_NAMES = {
    "a name too long": f"{'a' * 300}.zip",
    "a part's name too long": f"{'a' * 249}.zip",
    "a note's name too long": f"{'a' * 244}.zip",
    "a folder's name too long": f"{'a' * 300}/portal.zip",
    "a path too long": f"{'/'.join(['a' * 200] * 25)}/portal.zip",
    "a NUL in the name": "por\0tal.zip",
}
PLACES |= dict.fromkeys(ODD_NAMES, (True, True))


def arrange(place: str, folder: Path) -> Path:
    """The output, with what stands there."""
    (folder / "there").mkdir()
    (folder / "mine").write_text("mine")
    if place in ODD_NAMES:
        return folder / ODD_NAMES[place]
    kind, _, where = place.partition(" as its ")
    output = folder / ("below/portal.zip" if where == "folder" else "portal.zip")
    at = {"folder": output.parent, "part": folder / "portal.zip.part", "note": folder / "portal.zip.part.json"}.get(
        where, output
    )
    match kind:
        case "a file":
            at.write_text("old")
        case "a pipe":
            os.mkfifo(at)
        case "a folder":
            at.mkdir()
        case "a link" | "a link to nowhere":
            at.symlink_to(folder / "nowhere")
        case "a link to a file":
            at.symlink_to(folder / "mine")
        case "a link to a folder":
            at.symlink_to(folder / "there")
        case "a link to itself":
            at.symlink_to(at)
    return output


@pytest.mark.skipif(sys.platform == "win32", reason="did not run: links and pipes are those of POSIX")
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_the_check_before_paying_and_the_placing_agree(part: Path, tmp_path: Path, place: str, force: bool) -> None:
    """What cannot be placed is refused before, in a sentence; what passes can be written, placed and named."""
    output = arrange(place, tmp_path)
    mine = files(output, force=force)
    if PLACES[place][force]:
        with pytest.raises(errors.UsageError):
            mine.check()
        return

    mine.check()
    path = mine.choose_for(ID)
    with PartFile.open(path.with_name(f"{path.name}.part")) as file:
        file.start_over(Version("ETag", '"1"', 4))
        file.write(b"zip!")
    mine.place(path.with_name(f"{path.name}.part"), path)
    assert path.read_bytes() == b"zip!"
    assert (tmp_path / "mine").read_text("utf-8") == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="did not run: links are those of POSIX")
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("stands_there", ["nothing", "an empty folder", "a folder", "a file", "a link"])
def test_the_folder_to_unpack_into_is_looked_at_before_paying(tmp_path: Path, stands_there: str, force: bool) -> None:
    """As unpacking will look at it; a link is followed by neither."""
    folder, zip_path = tmp_path / "portal", tmp_path / "portal.zip"
    match stands_there:
        case "an empty folder" | "a folder":
            folder.mkdir()
        case "a file":
            folder.write_text("mine")
        case "a link":
            (tmp_path / "elsewhere").mkdir()
            folder.symlink_to(tmp_path / "elsewhere")
    if stands_there == "a folder":
        (folder / "mine").write_text("mine")
    refused = stands_there in ("a file", "a link") or (stands_there == "a folder" and not force)
    if refused:
        with pytest.raises(errors.UsageError, match="Nothing was sent"):
            files(zip_path, force=force, unpack=True).check()
    else:
        files(zip_path, force=force, unpack=True).check()
    files(zip_path, force=force).check()

    zip_path.write_bytes(make_zip(FILES))
    if refused:
        with pytest.raises(errors.OutputError):
            files(zip_path, force=force).unpack(zip_path)
    else:
        assert files(zip_path, force=force).unpack(zip_path) == (folder, len(FILES))


@POSIX_ONLY
def test_a_name_too_long_to_be_unpacked_is_refused_before_paying(tmp_path: Path) -> None:
    """The zip's name would do; the hidden folder that it is unpacked into first has a longer one."""
    output = tmp_path / f"{'a' * 240}.zip"
    files(output).check()
    with pytest.raises(errors.UsageError, match="too long"):
        files(output, unpack=True).check()
    with pytest.raises(errors.UsageError, match="too long"):
        files(tmp_path / f"{'a' * 239}.zip", profile="Researcher").check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="did not run: it becomes another user")
@pytest.mark.parametrize("output", ["locked/portal.zip", "locked/below/portal.zip", "locked", "locked/below"])
def test_a_folder_that_is_closed_to_us_is_said(tmp_path: Path, output: str) -> None:
    """Even looking at what stands there may be forbidden."""
    (tmp_path / "locked").mkdir(mode=0o700)
    looking = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from tests.package.test_disk import errors, files, Path\n"
        "mine = files(Path(sys.argv[1]))\n"
        "os.chdir('/'); os.setgroups([]); os.setgid(54321); os.setuid(54321)\n"
        "try: mine.check()\n"
        "except errors.UsageError as error: sys.exit(error.message)"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", looking, str(tmp_path / output), *sys.path], capture_output=True, text=True, check=False
    )
    assert done.stderr.count("\n") == 1, done.stderr
    assert "cannot be written (Permission denied). Nothing was sent" in done.stderr


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


def test_a_package_that_exists_may_be_in_its_folder_already(tmp_path: Path) -> None:
    """Downloaded again, it is unpacked there as if for the first time; anything else in the folder refuses it then."""
    output = tmp_path / "portal.zip"
    output.write_bytes(make_zip(FILES))
    files(output).unpack(output)
    content = output.read_bytes()
    output.unlink()
    shared = Shared(SystemClock(), MemoryLimiter(), observe=unobserved, random=random.Random(0))
    again = RunFiles(RunOptions(output=str(output), unpack=True), Settings(api_key="sf_key"), shared, is_paid_for=True)

    again.check()
    output.write_bytes(content)
    assert again.unpack(output) == (tmp_path / "portal", len(FILES))


def test_a_name_too_long_for_windows_is_found_before_paying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, a path of more than 259 characters is said not to be there, and nothing of a shorter one shows it."""

    def temporary(**given: Any) -> Any:
        if len(f"{given['dir']}/{given['prefix']}xxxxxxxx") > 259:
            raise FileNotFoundError(2, "The system cannot find the path specified")
        return contextlib.nullcontext()

    monkeypatch.setattr(tempfile, "TemporaryFile", temporary)
    folder = tmp_path / "deep"
    # What ends with ".part.json" is the longest name beside a package's.
    most = 259 - len(f"{folder}/.zip.part.json")
    files(folder / f"{'a' * most}.zip").check()
    with pytest.raises(errors.UsageError, match="cannot be written"):
        files(folder / f"{'a' * (most + 1)}.zip").check()
