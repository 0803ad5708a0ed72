"""The package (walkthrough, step 6): find it, download it, verify it, give it its final name, unpack it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import SOON, Fetch, Flow, Recall, Remember, Report, Sleep
from specstep_flows.models import PackageChanges, PackageOnDisk
from specstep_flows.runs.records import StepRecord

if TYPE_CHECKING:
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: The package of a Complete generation may be recorded a moment late: wait this long between looks.
PACKAGE_LOOKS: Final = (2.0, 4.0, 8.0, 15.0, 30.0)
#: Give up after this many downloads that broke without a single new byte.
MOST_IDLE_ATTEMPTS: Final = 6
#: After this many of them the package is asked for from its start as well: some hosts never send the rest.
IDLE_BEFORE_WHOLE: Final = 3
#: Give up after this many downloads in a row that brought little: a host that sends a byte at a time has no end.
MOST_SLOW_ATTEMPTS: Final = 30
LITTLE_BYTES: Final = 1 << 20
#: A package that arrives damaged is downloaded once more, which costs nothing.
MOST_DAMAGED: Final = 2

#: How to learn where a zip is, by the id of what it holds.
Link: TypeAlias = Callable[[UUID], Flow[gateway.ZipLink]]


class Files(Protocol):
    """The file operations of a run. Every method blocks.

    A ``path`` is a file's, or the URL of an object (``ObjectUrl``): then it has names and folders, and opens nothing.
    """

    def attachment(self, name: str) -> Path:
        """The file with a reference document, by what the record calls it."""
        ...

    def part_for(self, path: Path) -> Path:
        """The file that a package's bytes are written to before it gets its final name."""
        ...

    def choose(self, record: RunRecord, generation_id: UUID) -> Path:
        """The package's final name. Raises ``UsageError`` when that is taken."""
        ...

    def choose_for(self, package_id: UUID) -> Path:
        """The same for a package that no run manages."""
        ...

    def path_for(self, name: str) -> Path:
        """Where a file that the service calls ``name`` goes."""
        ...

    def refuse_taken(self, path: Path) -> None:
        """Raise ``UsageError`` when a final name is taken, or nothing can be written there."""
        ...

    def write(self, part: Path, content: bytes) -> None:
        """Write a part file whole."""
        ...

    def compare(self, before: Path, after: Path) -> PackageChanges:
        """What differs between two packages."""
        ...

    def check(self) -> None:
        """Raise ``UsageError`` when the output folder cannot be written, before anything costs."""
        ...

    def fetch(self, link: gateway.ZipLink, part: Path, should_stop: Callable[[], bool], or_whole: bool = False) -> None:
        """Download the rest of the bytes to ``part``; with ``or_whole``, all of them if nothing of the rest comes."""
        ...

    def verify(self, part: Path) -> str:
        """The digest of a whole, harmless zip. Raises ``PackageError``."""
        ...

    def place(self, part: Path, path: Path) -> None:
        """Give the part its final name, durably, unless that is taken. Raises ``OutputError``."""
        ...

    def tidy(self, part: Path) -> None:
        """Remove what is left of a download that has its final name."""
        ...

    def digest(self, path: Path) -> str | None:
        """The SHA-256 of a file, or None when there is none."""
        ...

    def size(self, path: Path) -> int:
        """A file's size in bytes; 0 when there is none."""
        ...

    def unpack(self, path: Path) -> tuple[Path, int]:
        """Unpack beside ``path``; the folder and the number of files. Raises ``HostilePackage``."""
        ...


@attrs.frozen
class Delivered:
    """A package under its final name. ``unpacked_to`` is set when it was unpacked now."""

    path: Path
    sha256: str
    size_bytes: int
    unpacked_to: Path | None = None


async def find_package(generation: Generation) -> UUID:
    """The package of a complete generation: from its status body, else from GET /v1/generations/{id}/package.

    Raises:
        DownloadError: no package is recorded, not even a minute later: it is late, or it was deleted.
    """
    if generation.package_id is not None:
        return generation.package_id
    for wait in (*PACKAGE_LOOKS, 0.0):
        try:
            return (await gateway.get_generation_package(generation.id)).id
        except errors.NotFound:
            await Sleep(wait)
    raise errors.DownloadError(
        f"Generation {generation.id} is complete, but the service has no package for it: it may be late, or was "
        "deleted. Nothing more is spent; resume the run later to look again."
    )


async def fetch_package(
    package_id: UUID,
    path: Path,
    files: Files,
    link: Link = gateway.get_package_zip,
) -> str:
    """Download a package to ``path``, which is never half-written; its SHA-256 in hexadecimal.

    The bytes are written to a part file, where a later attempt continues. The signed address is kept for this call
    only.

    GET /v1/packages/{id}/zip, then the storage host

    Raises:
        DownloadError: the bytes did not all arrive; those that did are kept.
        DamagedPackage, HostilePackage: what arrived is not what it should be.
    """
    part: Path = await Fetch(lambda _: files.part_for(path))
    damaged = 0
    while True:
        try:
            await _fetch_part(package_id, part, files, link)
            digest = await Fetch(lambda _: files.verify(part), is_long=True)
        except errors.DamagedPackage as error:
            damaged += 1
            if damaged >= MOST_DAMAGED:
                raise
            await Report(events.Notice(f"{error.message} It is downloaded once more."))
            continue
        break
    await Remember({"sha256": digest})
    await Fetch(lambda _: files.place(part, path), is_long=True)
    return digest


async def deliver(
    package_id: UUID,
    path: Path,
    files: Files,
    *,
    known_sha256: str | None = None,
    unpack: bool = False,
    link: Link = gateway.get_package_zip,
) -> Delivered:
    """Put a package at ``path``, whole and verified, and unpack it beside the zip if asked to.

    ``known_sha256`` is what an earlier attempt recorded: a file with that digest is not downloaded again. ``link``
    finds out where its zip is.

    Raises:
        DownloadError, DamagedPackage, HostilePackage, OutputError: whatever had the final name is unchanged.
    """
    digest: str | None = None
    if known_sha256 is not None:
        digest = await Fetch(lambda _: files.digest(path), is_long=True)
    is_known = digest is not None and digest == known_sha256
    if digest is None or not is_known:
        digest = await fetch_package(package_id, path, files, link)
    else:
        # An earlier process may have died just after the package got its name.
        await Fetch(lambda _: files.tidy(files.part_for(path)))
    size = await Fetch(lambda _: files.size(path))
    if not is_known:
        await Remember({"size_bytes": size}, SOON)
    await Report(events.PackageSaved(path, size, digest))
    return Delivered(path, digest, size, (await unpack_beside(path, files)) if unpack else None)


async def unpack_beside(path: Path, files: Files) -> Path:
    """Unpack a package beside itself; the folder. Raises ``HostilePackage``, ``OutputError``."""
    folder, count = await Fetch(lambda _: files.unpack(path), is_long=True)
    await Report(events.Unpacked(folder, count))
    return folder


async def download_package(package_id: UUID, files: Files, *, unpack: bool = False) -> PackageOnDisk:
    """Put a package on disk by its own id, whichever way it was made.

    GET /v1/packages/{id}, GET /v1/packages/{id}/zip, then the storage host
    """
    await Fetch(lambda _: files.check())
    package = await gateway.get_package(package_id)
    path = await Fetch(lambda _: files.choose_for(package_id))
    there = await deliver(package_id, path, files, unpack=unpack)
    return PackageOnDisk(package, there.path, there.sha256, there.size_bytes, there.unpacked_to)


async def place_of_step(name: str, files: Files) -> tuple[Path, str | None]:
    """Where a file of a step goes, and its digest if an earlier attempt has put it there.

    Raises:
        UsageError: something else has the name.
    """
    path: Path = await Fetch(lambda _: files.path_for(name))
    record: RunRecord | StepRecord | None = await Recall()
    if isinstance(record, StepRecord) and record.file == str(path) and record.sha256 is not None:
        return path, record.sha256
    await Fetch(lambda _: files.refuse_taken(path))
    await Remember({"file": str(path), "sha256": None})
    return path, None


async def save(content: bytes, path: Path, files: Files) -> Delivered:
    """Put bytes under their final name, whole and durably."""
    part: Path = await Fetch(lambda _: files.part_for(path))
    digest = hashlib.sha256(content).hexdigest()
    await Remember({"sha256": digest, "size_bytes": len(content)})
    await Fetch(lambda _: files.write(part, content))
    await Fetch(lambda _: files.place(part, path))
    await Report(events.PackageSaved(path, len(content), digest))
    return Delivered(path, digest, len(content))


def _fetch(files: Files, link: gateway.ZipLink, part: Path, or_whole: bool, stop: Callable[[], bool]) -> None:
    files.fetch(link, part, stop, or_whole)


async def _fetch_part(package_id: UUID, part: Path, files: Files, get_link: Link) -> None:
    idle = slow = 0
    size = last = -1
    while True:
        link: gateway.ZipLink = await get_link(package_id)
        or_whole = idle == IDLE_BEFORE_WHOLE
        try:
            fetch = partial(_fetch, files, link, part, or_whole)
            await Fetch(fetch, is_long=True)
        except errors.DownloadError as error:
            grown = await Fetch(lambda _: files.size(part))
            idle = idle + 1 if grown <= size else 0
            slow = slow + 1 if grown < last + LITTLE_BYTES else 0
            last = grown if slow == 0 else last
            size = max(size, grown)
            if not error.may_clear or idle >= MOST_IDLE_ATTEMPTS or slow >= MOST_SLOW_ATTEMPTS:
                raise
            wait = min(30.0, 2.0**idle)
            await Report(events.Waiting(error.message, wait))
            await Sleep(wait)
        else:
            return
