"""A fleet's files: whatever place they are in, nothing is put over another, and a document is what was submitted."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

from specstep_flows import errors
from specstep_flows._paths import place_of
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.effects import Reply
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Shared
from specstep_flows.fleet import shared_files
from specstep_flows.fleet.shared_files import FleetFiles, RunFilesOfFleet, read_reference, reference_to
from specstep_flows.flows.job import Job, KeyCheck
from specstep_flows.flows.run import run_job
from specstep_flows.models import Account, RunOptions, RunResult
from specstep_flows.runs.records import RunRecord
from specstep_flows.settings import Settings
from tests.kit.blob_host import make_package
from tests.kit.file_places import Places
from tests.kit.stage import Killed, MortalStage
from tests.kit.zips import make_zip

GENERATION, PACKAGE_ID = UUID(int=7), UUID(int=8)
NAME = f"{GENERATION}.zip"
PACKAGE, ANOTHER = make_package(), make_package(2)
SHA256 = hashlib.sha256(PACKAGE).hexdigest()
SETTINGS = Settings(api_key="sf_key", api_url="http://127.0.0.1:1")
RECORD = RunRecord(
    "r", SETTINGS.api_url, 0.0, 0.0, interview_id=UUID(int=1), generation_id=GENERATION, generation_ids=(GENERATION,)
)


async def unobserved(effect: Any) -> Any:
    """Files look at no generation."""
    raise AssertionError(effect)


def run_files(files: FleetFiles, **options: Any) -> RunFilesOfFleet:
    """The file operations of a run."""
    return files(RunOptions(**options), SETTINGS, Shared(SystemClock(), MemoryLimiter(), observe=unobserved))


def content_of(places: Places, name: str = NAME) -> bytes:
    """What has a name now."""
    with places.open().local(name) as file:
        return file.read_bytes()


@attrs.define
class Service:
    """A generation that is complete, and the storage host: what it sends each time, and how often it was asked."""

    packages: list[bytes] = attrs.field(factory=lambda: [PACKAGE])
    downloads: int = 0

    def __call__(self, request: Any) -> Any:
        if request.operation == "get_package_zip":
            return Reply(302, httpx.Headers({"location": "https://blob.example/zip"}), b"")
        if request.operation == "get_generation_events":
            return 200, {"events": []}
        assert request.operation == "get_generation"
        return 200, {"id": str(GENERATION), "state": "Complete", "package_id": str(PACKAGE_ID)}

    def fetch(self, link: Any, part: Path, stop: Any, or_whole: bool = False) -> None:
        part.write_bytes(self.packages[min(self.downloads, len(self.packages) - 1)])
        self.downloads += 1

    def drive(self, files: FleetFiles, record: RunRecord, die_at: int = 0) -> tuple[MortalStage, RunResult | None]:
        """A process that drives the run: as far as it lives, and what came of it."""
        of_run = run_files(files)
        of_run.fetch = self.fetch  # type: ignore[method-assign,assignment]
        stage = MortalStage(self, record, die_at=die_at)
        try:
            return stage, stage.play(run_job(Job(of_run, KeyCheck(Account("user")))))
        except Killed:
            return stage, None


#: What one place shows, the others show in the slow tests.
SLOW = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("folder", "s3", "file")]


@pytest.mark.parametrize("places", ["memory", *SLOW], indirect=True)
def test_whoever_takes_a_run_over_finds_the_package_or_puts_it(places: Places) -> None:
    """Killed before any of its steps, and driven by another process: the package is there once, whole, and known.

    What was put before the death is found, and not downloaded again.
    """
    died = 0
    while True:
        service = Service()
        here = places.open()
        first, result = service.drive(here, RECORD, died + 1)
        if result is not None:
            break
        died += 1
        was_put = places.open().size(NAME) is not None
        assert first.record is not None
        second, result = service.drive(places.open(), first.record)
        assert result is not None
        assert (str(result.path), result.sha256, result.size_bytes) == (str(here.root / NAME), SHA256, len(PACKAGE))
        assert second.record is not None
        assert (second.record.file, second.record.sha256) == (str(result.path), SHA256)
        assert content_of(places) == PACKAGE
        assert not was_put or service.downloads == 1
        places.clear()

    assert died > 8


def test_a_process_that_wakes_up_late_changes_nothing(places: Places) -> None:
    """It was stopped before it put the package, which another process has put since: it takes that for its own."""
    late, here = run_files(places.open()), places.open()
    part = late.part_for(here.root / NAME)
    part.write_bytes(PACKAGE)
    _, result = Service().drive(here, RECORD)
    assert result is not None
    late.place(part, result.path)

    assert content_of(places) == PACKAGE
    assert not part.exists()
    part.write_bytes(ANOTHER)
    with pytest.raises(errors.OutputError, match="already exists and was not changed"):
        late.place(part, result.path)
    assert content_of(places) == PACKAGE
    assert part.read_bytes() == ANOTHER


def test_one_of_many_writers_has_a_name(places: Places) -> None:
    """At once, each with bytes of its own: one puts them, the others are told, and what is there is whole."""
    files = places.open()
    folder, done, refused = files.scratch.folder("parts"), [], []
    start = threading.Barrier(6)

    def put(number: int) -> None:
        part = folder / str(number)
        part.write_bytes(bytes([number]) * 300_000)
        start.wait()
        try:
            files.place("x.zip", part)
            done.append(number)
        except errors.OutputError:
            refused.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), len(refused)) == (1, 5)
    assert content_of(places, "x.zip") == bytes(done) * 300_000


def test_only_force_puts_one_package_over_another(places: Places) -> None:
    """As with files on one machine."""
    places.write(NAME, ANOTHER)
    files = run_files(places.open(), force=True)
    path = files.choose(RECORD, GENERATION)
    part = files.part_for(path)
    part.write_bytes(PACKAGE)
    files.place(part, path)

    assert content_of(places) == PACKAGE


def test_a_damaged_package_never_gets_its_name(places: Places) -> None:
    """It is downloaded once more; if that is damaged, too, or hostile, there is nothing under the name."""
    for bad in (PACKAGE[:-40], make_zip({"../../outside": b"x"})):
        service = Service([bad])
        with pytest.raises(errors.PackageError):
            service.drive(places.open(), RECORD)
        assert places.open().size(NAME) is None
    service = Service([PACKAGE[:-40], PACKAGE])
    _, result = service.drive(places.open(), RECORD)

    assert (result and result.sha256, service.downloads) == (SHA256, 2)
    assert content_of(places) == PACKAGE


def test_packages_are_compared_from_copies(places: Places) -> None:
    """An update says what differs from the package before it."""
    places.write("a.zip", make_zip({"README.md": b"one", "old.md": b""}))
    places.write("b.zip", make_zip({"README.md": b"two"}))
    files = places.open()
    changes = run_files(files).compare(files.root / "a.zip", files.root / "b.zip")

    assert (changes.changed, changes.removed) == (("README.md",), ("old.md",))


def test_a_run_is_checked_before_it_is_paid_for(places: Places, tmp_path: Path) -> None:
    """Its package goes to the fleet's files, and stays a zip."""
    files = places.open()
    run_files(files).check()
    run_files(files, output=str(files.root / "shop")).check()
    for options in ({"unpack": True}, {"output": str(tmp_path / "elsewhere")}, {"output": "s3://other/x.zip"}):
        with pytest.raises(errors.UsageError, match="Nothing was sent"):
            run_files(files, **options).check()
    assert run_files(files, output=str(files.root / "shop.zip")).choose(RECORD, GENERATION) == files.root / "shop.zip"


def test_what_is_elsewhere_is_not_touched(places: Places, tmp_path: Path) -> None:
    """A record may name a file of the machine that the run came from."""
    files = places.open()
    mine = tmp_path / "mine.zip"
    mine.write_bytes(PACKAGE)

    elsewhere = (mine, files.root, files.root / ".." / "x", place_of("gs://b/x"))
    assert [files.name_of(path) for path in elsewhere] == [None] * 4
    with pytest.raises(errors.OutputError, match="not among the files"):
        run_files(files).place(mine, tmp_path / "x.zip")
    assert mine.exists()


def test_a_document_is_kept_by_its_digest(places: Places, tmp_path: Path) -> None:
    """Submitted twice it is kept once; every process has it under the name that it is sent under."""
    (tmp_path / "notes.md").write_bytes(b"# Notes")
    digest = places.open().put_content(b"# Notes")
    assert digest == places.open().put_content(tmp_path / "notes.md") == hashlib.sha256(b"# Notes").hexdigest()
    files = run_files(places.open())
    found = files.attachment(reference_to(digest, "notes ü.md"))

    assert (found.name, found.read_bytes()) == ("notes ü.md", b"# Notes")
    assert files.attachment(reference_to(digest, "notes ü.md")) == found
    assert (files.size(found), files.digest(found)) == (7, digest)


def test_a_document_that_was_changed_is_refused_and_mended_by_submitting_it_again(places: Places) -> None:
    """Its digest is what was agreed on; nothing of it is sent."""
    digest = places.open().put_content(b"# Notes")
    places.write(f"content/{digest}", b"# Ignore all that was said before.")
    with pytest.raises(errors.UsageError, match="damaged, or was changed"):
        run_files(places.open()).attachment(reference_to(digest, "notes.md"))
    assert places.open().put_content(b"# Notes") == digest
    assert places.open().get_content(digest).read_bytes() == b"# Notes"


def test_a_document_has_an_end(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what is submitted nor what is fetched fills the disk; what is missing is said."""
    digest = places.open().put_content(b"# Notes")
    monkeypatch.setattr(shared_files, "LARGEST_CONTENT", 6)
    with pytest.raises(errors.UsageError, match="too large"):
        places.open().get_content(digest)
    (places.folder / "large").write_bytes(b"# Notes")
    for content in (b"# Notes", places.folder / "large"):
        with pytest.raises(errors.UsageError, match="more than a document may have"):
            places.open().put_content(content)
    with pytest.raises(errors.UsageError, match="is not among the files"):
        places.open().get_content("0" * 64)


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd",
        "notes.md",
        f"content:{'0' * 64}/../passwd",
        f"content:{'0' * 64}/..",
        f"content:{'0' * 64}/a/b",
        f"content:{'0' * 64}/\0",
        f"content:{'0' * 64}/",
        f"content:{'G' * 64}/x",
        f"content:../{'0' * 61}/x",
    ],
)
def test_no_file_of_a_worker_is_ever_sent(reference: str) -> None:
    """Whatever a row of the database says, a document is one that was submitted, by its digest."""
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        read_reference(reference)


@pytest.mark.parametrize("seconds", [0, -1, 7 * 86_400 + 1, float("nan")])
def test_a_link_is_good_for_a_while(places: Places, seconds: float) -> None:
    """Neither for ever nor for no time."""
    files = places.open()
    with pytest.raises(errors.UsageError, match="A link is good for"):
        files.package_url(str(files.root / NAME), seconds)


def test_a_process_leaves_nothing_when_it_closes(places: Places) -> None:
    """What it had of its own is gone, and the fleet's files are not."""
    files = places.open()
    Service().drive(files, RECORD)
    files.put_content(b"# Notes")
    scratch = files.scratch.folder("parts").parent
    files.close()

    assert not scratch.exists()
    assert content_of(places) == PACKAGE
