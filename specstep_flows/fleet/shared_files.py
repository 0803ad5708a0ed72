"""Where a fleet keeps its packages, and the documents that travel to its workers, so that every host has them.

A package is downloaded to this process's own folder, verified there, and then put under its name in one step, unless
something has that name. Whoever finds the name taken by the same bytes takes them for its own: another process was
there first. Documents are kept by their digests.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors
from specstep_flows._network import check_downloads
from specstep_flows._paths import ObjectUrl, part_of, place_of
from specstep_flows.fleet.scratch import Scratch
from specstep_flows.package.disk import RunFiles, named_path

if TYPE_CHECKING:
    from io import BufferedWriter
    from uuid import UUID

    from specstep_flows.engine.session import Shared
    from specstep_flows.models import PackageChanges, RunOptions
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings

#: A document is in memory as a whole when it is sent.
LARGEST_CONTENT: Final = 512 << 20
#: What a record calls a document that travels: its digest, and the name under which it is sent.
_REFERENCE: Final = re.compile(r"content:([0-9a-f]{64})/([^/\x00]+)")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
CHUNK_BYTES: Final = 1 << 20
#: A link is good for at most so long (what object stores sign).
LONGEST_LINK_SECONDS: Final = 7 * 86_400
_PROBE_NAME: Final = ".specstep-fleet"
_PROBE: Final = b"specstep-flows: nothing is put over this\n"


class FleetFiles(ABC):
    """What is kept under names below ``root``, a folder or the URL of an object store. Every method blocks.

    Given to a client as ``files``, it makes the file operations of each run.
    """

    def __init__(self, root: Path, scratch: Path | None = None) -> None:
        self.root = root
        self.scratch = Scratch(scratch)
        self._is_checked = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.root)!r})"

    def __call__(
        self,
        options: RunOptions,
        settings: Settings,
        shared: Shared,
        on_progress: Callable[[int, int | None], None] | None = None,
        *,
        is_paid_for: bool = False,
    ) -> RunFilesOfFleet:
        """The file operations of a run."""
        return RunFilesOfFleet(self, options, settings, shared, on_progress, is_paid_for=is_paid_for)

    def close(self) -> None:
        """Remove what is left of this process's own files."""
        self.scratch.close()

    def check(self) -> None:
        """Check, once in a process, that files can be kept here, and that nothing is ever put over another.

        Raises:
            SettingsError: they cannot, or it is: two workers could then change each other's packages.
        """
        if self._is_checked:
            return
        file = self._written(_PROBE)
        try:
            self._put(_PROBE_NAME, file)
            is_put_over = self._put(_PROBE_NAME, file)
            is_there = self.digest(_PROBE_NAME) is not None
        except (errors.OutputError, errors.DownloadError) as error:
            raise errors.SettingsError(error.message) from None
        finally:
            file.unlink(missing_ok=True)
        if not is_there:
            raise errors.SettingsError(f"What is kept in {self.root} is not found there again. Nothing was sent.")
        if is_put_over:
            raise errors.SettingsError(
                f"{self.root} puts a file over another where it was told not to (If-None-Match is ignored), so two "
                "workers could change each other's packages. Nothing was sent; choose another place for the files."
            )
        self._is_checked = True

    def put_content(self, content: bytes | Path) -> str:
        """Keep a document by its digest (SHA-256 in hexadecimal), which is returned.

        Raises:
            UsageError: it cannot be read, or is too large.
            OutputError: it cannot be kept.
        """
        file, digest = self._taken(content)
        try:
            name = _content_name(digest)
            if not self._put(name, file) and self.digest(name) != digest:
                # What has this name and is not this is damaged.
                self._put(name, file, force=True)
        finally:
            file.unlink(missing_ok=True)
        return digest

    def get_content(self, digest: str, name: str = "content") -> Path:
        """A file on this machine, called ``name``, with the document of that digest.

        Raises:
            UsageError: there is none, or what is there has another digest or is too large.
            DownloadError: the place cannot be reached.
        """
        if not _DIGEST.fullmatch(digest):
            raise errors.UsageError(f"{digest!r} is not the digest of a document.")
        local = self.scratch.folder(f"content/{digest}") / name
        if local.exists():
            return local
        size = self.size(_content_name(digest))
        if size is None:
            raise errors.UsageError(f"The document with the digest {digest} is not among the files in {self.root}.")
        if size > LARGEST_CONTENT:
            raise errors.UsageError(f"What {self.root} has for the digest {digest} is too large to be a document.")
        arriving = self._fetched(_content_name(digest), most=LARGEST_CONTENT)
        try:
            if _digest_of(arriving) != digest:
                raise errors.UsageError(
                    f"What {self.root} has for the digest {digest} has another: it is damaged, or was changed. Nothing "
                    "was sent; submit the document again."
                )
            arriving.replace(local)
        except OSError as error:
            raise errors.OutputError(f"{local} cannot be written ({error.strerror}).") from None
        finally:
            arriving.unlink(missing_ok=True)
        return local

    def package_url(self, file: str, seconds: float = 300.0) -> str:
        """A link by which a reader gets a package for a while, from what its record calls ``file``. Keep it nowhere.

        Raises:
            UsageError: there is none for such a place, or the time makes no sense.
        """
        if not 1 <= seconds <= LONGEST_LINK_SECONDS:
            raise errors.UsageError(f"A link is good for 1 to {LONGEST_LINK_SECONDS:,} seconds, not {seconds!r}.")
        name = self.name_of(place_of(file))
        if name is None:
            raise errors.UsageError(f"{file} is not among the files in {self.root}.")
        return self._link(name, seconds)

    def name_of(self, path: Path) -> str | None:
        """The name below ``root`` of what a record calls a file; None if it is elsewhere."""
        root = self.root.parts
        parts = path.parts
        is_here = isinstance(path, ObjectUrl) == isinstance(self.root, ObjectUrl) and parts[: len(root)] == root
        return "/".join(parts[len(root) :]) if is_here and len(parts) > len(root) and ".." not in parts else None

    def place(self, name: str, file: Path, *, force: bool = False) -> None:
        """Put a file under a name, unless something else has it; the same bytes were put there by another process.

        Raises:
            OutputError: the name is taken.
        """
        if not self._put(name, file, force=force) and self.digest(name) != _digest_of(file):
            raise errors.OutputError(f"{self.root / name} already exists and was not changed.")

    def digest(self, name: str) -> str | None:
        """The SHA-256 of what has a name, in hexadecimal, or None. Raises ``DownloadError``."""
        with self._reading(name) as chunks:
            if chunks is None:
                return None
            hashed = hashlib.sha256()
            for chunk in chunks:
                hashed.update(chunk)
            return hashed.hexdigest()

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy of what has a name in a file on this machine, for as long as the context."""
        file = self._fetched(name)
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _fetched(self, name: str, most: int | None = None) -> Path:
        with self._reading(name) as chunks, self._arriving() as (file, writer):
            for chunk in chunks or ():
                writer.write(chunk)
                if most is not None and writer.tell() > most:
                    break
        return file

    def _taken(self, content: bytes | Path) -> tuple[Path, str]:
        """A copy of a document that nobody changes any more, and its digest."""
        hashed, size = hashlib.sha256(), 0
        with self._arriving() as (file, writer):
            for chunk in (content,) if isinstance(content, bytes) else _chunks_of(content):
                size += len(chunk)
                if size > LARGEST_CONTENT:
                    what = content if isinstance(content, Path) else "A document"
                    raise errors.UsageError(
                        f"{what} is larger than {LARGEST_CONTENT:,} bytes, more than a document may have. Nothing was "
                        "sent."
                    )
                hashed.update(chunk)
                writer.write(chunk)
        return file, hashed.hexdigest()

    def _written(self, content: bytes) -> Path:
        with self._arriving() as (file, writer):
            writer.write(content)
        return file

    @contextlib.contextmanager
    def _arriving(self) -> Iterator[tuple[Path, BufferedWriter]]:
        """A new file of this process's own, which is removed if it is not written to its end."""
        file = self.scratch.folder("arriving") / secrets.token_hex(8)
        try:
            with file.open("xb") as writer:
                yield file, writer
        except OSError as error:
            file.unlink(missing_ok=True)
            raise errors.OutputError(f"{file} cannot be written ({error.strerror}).") from None
        except BaseException:
            file.unlink(missing_ok=True)
            raise

    @abstractmethod
    def size(self, name: str) -> int | None:
        """The size of what has a name, in bytes, or None. Raises ``DownloadError``."""

    @abstractmethod
    def _put(self, name: str, file: Path, *, force: bool = False) -> bool:
        """Put a file under a name, whole and durably, in one step; False if it is taken. Raises ``OutputError``."""

    @abstractmethod
    def _reading(self, name: str) -> contextlib.AbstractContextManager[Iterator[bytes] | None]:
        """What has a name, in chunks; None if there is nothing. Raises ``DownloadError``."""

    @abstractmethod
    def _link(self, name: str, seconds: float) -> str:
        """A link to what has a name. Raises ``UsageError``."""


def _chunks_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be read ({error.strerror}). Nothing was sent.") from None


def _content_name(digest: str) -> str:
    return f"content/{digest}"


def _digest_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def reference_to(digest: str, name: str) -> str:
    """What a record calls a document that travels."""
    return f"content:{digest}/{name}"


def read_reference(reference: str) -> tuple[str, str]:
    """The digest of a document that travels, and its name. Raises ``UsageError``: no other file is ever sent."""
    found = _REFERENCE.fullmatch(reference)
    if found is None or found[2] in (".", "..") or Path(found[2]).name != found[2]:
        raise errors.UsageError(
            f"{reference!r} is a file of another machine, and no document that was submitted to a fleet. Nothing was "
            "sent."
        )
    return found[1], found[2]


def refuse_elsewhere(fleet: FleetFiles, options: RunOptions) -> None:
    """Refuse what cannot become of a package that is kept among the fleet's files. Raises ``UsageError``."""
    if options.unpack:
        raise errors.UsageError("A fleet keeps its packages as they are. Nothing was sent; leave `unpack` out.")
    if options.output is not None and fleet.name_of(named_path(options.output, "x.zip")) is None:
        raise errors.UsageError(
            f"{options.output} is not among the files of this fleet, which are in {fleet.root}. Nothing was sent; "
            "leave `output` out, or choose one there."
        )


class RunFilesOfFleet(RunFiles):
    """The file operations of one run of a fleet."""

    def __init__(
        self,
        fleet: FleetFiles,
        options: RunOptions,
        settings: Settings,
        shared: Shared,
        on_progress: Callable[[int, int | None], None] | None = None,
        *,
        is_paid_for: bool = False,
    ) -> None:
        super().__init__(options, settings, shared, on_progress, is_paid_for=is_paid_for)
        self._fleet = fleet
        self._options = options

    def check(self) -> None:
        """Check that the package can be kept and the storage host reached, before anything is paid for."""
        refuse_elsewhere(self._fleet, self._options)
        self._fleet.check()
        check_downloads(self._settings.api_url)

    def attachment(self, name: str) -> Path:
        """A file with a document that was submitted: fetched by its digest, under its own name."""
        digest, own = read_reference(name)
        return self._fleet.get_content(digest, own)

    def part_for(self, path: Path) -> Path:
        """A file of this process's own: the part of a process that is stopped cannot be continued."""
        return self._fleet.scratch.folder("parts") / part_of(path).name

    def choose(self, record: RunRecord, generation_id: UUID) -> Path:
        """The package's final place. What is there already may be this package: that is found out when it is put."""
        return self.path_for(f"{generation_id}.zip")

    def choose_for(self, package_id: UUID) -> Path:
        """The final place of a package that belongs to no run, as ``choose``."""
        return self.path_for(f"{package_id}.zip")

    def path_for(self, name: str) -> Path:
        """Where a file that the service calls ``name`` goes."""
        return self._fleet.root / name if self._output is None else named_path(self._output, name)

    def refuse_taken(self, path: Path) -> None:
        """Check that a file can get this name. Raises ``UsageError``."""
        if not self._force and self.digest(path) is not None:
            raise errors.UsageError(f"{path} already exists and was not changed. Nothing was sent.")

    def place(self, part: Path, path: Path) -> None:
        """Put the part where all hosts see it. Raises ``OutputError`` if something else has the name."""
        name = self._named(path)
        if name is None:
            raise errors.OutputError(f"{path} is not among the files of this fleet, which are in {self._fleet.root}.")
        self._fleet.place(name, part, force=self._force)
        self.tidy(part)

    def digest(self, path: Path) -> str | None:
        """The SHA-256 of a file in hexadecimal, or None if it does not exist."""
        name = self._named(path)
        return super().digest(path) if name is None else self._fleet.digest(name)

    def size(self, path: Path) -> int:
        """The size of a file in bytes; 0 if it does not exist."""
        name = self._named(path)
        return super().size(path) if name is None else self._fleet.size(name) or 0

    def compare(self, before: Path, after: Path) -> PackageChanges:
        """What differs between two packages, of which copies are read. Raises ``PackageError``."""
        with contextlib.ExitStack() as stack:
            files = [
                path if (name := self._named(path)) is None else stack.enter_context(self._fleet.local(name))
                for path in (before, after)
            ]
            return super().compare(*files)

    def unpack(self, path: Path) -> tuple[Path, int]:
        """Refused: ``check`` has said so before anything was paid for."""
        raise errors.UsageError(f"A fleet keeps its packages as they are; {path} is not unpacked.")

    def _named(self, path: Path) -> str | None:
        return self._fleet.name_of(path)
