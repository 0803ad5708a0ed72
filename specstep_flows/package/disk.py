"""File operations of a run: where the package goes, how it is downloaded, and how it is unpacked."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from specstep_flows import errors
from specstep_flows._network import check_downloads
from specstep_flows._paths import ObjectUrl, part_of, place_of, working_folder
from specstep_flows.settings import is_loopback
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.engine.session import Shared
    from specstep_flows.gateway.packages import ZipLink
    from specstep_flows.models import PackageChanges, RunOptions
    from specstep_flows.package.blob_host import SecretHeaders
    from specstep_flows.package.inspection import Inspection
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings


#: What the longest name beside a package's ends with: the note on its part file.
LONGEST_ENDING: Final = ".part.json"
#: What ``tempfile`` adds to a name.
_RANDOM_LETTERS: Final = 8
#: Names that end so are meant as files: nobody calls a folder so that is not there yet.
FILE_ENDINGS: Final = frozenset(
    {
        *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".md", ".txt", ".pdf", ".docx", ".doc", ".odt"),
        *(".rtf", ".html", ".htm", ".json"),
    }
)


def package_path(output: str | None, generation_id: UUID) -> Path:
    """The path of the zip for an output: a name that ends in ``.zip`` is the file, anything else is its folder."""
    return named_path(output, f"{generation_id}.zip")


def named_path(output: str | None, name: str) -> Path:
    """The path of a file that the service calls ``name``: an output that ends as that does is the file itself.

    Anything else is its folder. Raises ``UsageError`` for what is meant as a file of another kind.
    """
    folder, ending = place_of(output) if output is not None else working_folder(), Path(name).suffix
    if _is_file(output, folder, ending):
        return folder
    if any(_is_file(output, folder, other) for other in FILE_ENDINGS):
        raise errors.UsageError(
            f"{folder} looks like a file, but what is saved is a {ending} file: give `output` a name that ends in "
            f"{ending}, or a folder (one that is called so must exist). Nothing was saved."
        )
    return folder / name


def _is_file(output: str | None, path: Path, ending: str = ".zip") -> bool:
    # Path.is_dir raises for a name that is too long, or in a folder that is closed to us.
    return output is not None and path.suffix.lower() == ending and not os.path.isdir(path)


def refuse_taken(path: Path, force: bool, ending: str) -> None:
    """Raise ``UsageError`` if something stands at ``path``, be it a link to nowhere: what placing refuses."""
    if os.path.isdir(path) or (os.path.lexists(path) and not force):
        raise errors.UsageError(f"{path} already exists{ending}")


def check_place(path: Path, *, room: int = 0) -> None:
    """Check that a file can be written at ``path`` and beside it, under names ``room`` characters longer than its own.

    Folders on the way are made. Raises ``UsageError``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path.with_name(f"{path.name}{'~' * room}"))
        # A file without a name, where the system has such: whoever is killed here leaves nothing behind. Elsewhere its
        # name is as long as the longest: Windows says of one that is too long for it only that nothing is there.
        with tempfile.TemporaryFile(dir=path.parent, prefix="~" * (len(path.name) + room - _RANDOM_LETTERS)):
            pass
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: Exception) -> errors.UsageError:
    is_name = isinstance(error, ValueError) or getattr(error, "errno", None) == errno.ENAMETOOLONG
    what = path if is_name else path.parent
    reason = getattr(error, "strerror", None) or "no such name can exist"
    return errors.UsageError(f"{what} cannot be written ({reason}). Nothing was sent; choose another `output`.")


class RunFiles:
    """The file operations of one run. Every method blocks."""

    def __init__(
        self,
        options: RunOptions,
        settings: Settings,
        shared: Shared,
        on_progress: Callable[[int, int | None], None] | None = None,
        *,
        is_paid_for: bool = False,
    ) -> None:
        self._output = options.output
        self._force = options.force
        # A package that exists may be in its folder already. One that is yet to be made is not.
        self._unpacks_again = options.unpack and not is_paid_for
        self._is_fan_out = is_fan_out(options.profile)
        self._settings = settings
        self._shared = shared
        self._on_progress = on_progress
        # What was read of the part files that arrive.
        self._inspections: dict[Path, Inspection] = {}

    def check(self) -> None:
        """Check that the output can be written and the storage host reached, before anything is paid for.

        Raises ``UsageError``, or ``SettingsError`` for a proxy that cannot be used.
        """
        if self._output is not None and isinstance(place_of(self._output), ObjectUrl):
            raise errors.UsageError(
                f"{self._output} is in an object store, and this run puts its package on disk. Nothing was sent; "
                "choose a folder or a zip's name as `output`."
            )
        # Any generation's name is as long as any other's.
        path = package_path(self._output, uuid4())
        is_file = _is_file(self._output, path)
        if is_file:
            refuse_taken(path, self._force, ". Choose another `output`, or `force=True` to replace it.")
        # Further packages of a fan-out get a number.
        check_place(path, room=len(LONGEST_ENDING) + len("-99") * self._is_fan_out)
        if is_file:
            self._check_beside(path)
        check_downloads(self._settings.api_url)

    def _check_beside(self, path: Path) -> None:
        """Check what an output with a name of its own has beside it: part file, and folder to unpack into."""
        for ending in (".part", LONGEST_ENDING):
            beside = path.with_name(f"{path.name}{ending}")
            if os.path.lexists(beside) and not (stat.S_ISREG(os.lstat(beside).st_mode) and os.access(beside, os.W_OK)):
                raise errors.UsageError(
                    f"{beside} is where the download would be kept, and is not a file that can be written. Nothing was "
                    "sent; remove it, or choose another `output`."
                )
        if self._unpacks_again:
            from specstep_flows.package.unpack import check_target

            try:
                check_target(path.with_suffix(""), self._force)
            except errors.OutputError as error:
                raise errors.UsageError(f"{error.message} Nothing was sent; choose another `output`.") from None

    def attachment(self, name: str) -> Path:
        """The file with a reference document: its name in the record is its path."""
        return Path(name)

    def part_for(self, path: Path) -> Path:
        """The file that a package's bytes are written to before it gets its final name."""
        return part_of(path)

    def choose(self, record: RunRecord, generation_id: UUID) -> Path:
        """The package's final path. Raises ``UsageError`` if it exists."""
        path = package_path(self._output, generation_id)
        refuse_taken(
            path,
            self._force,
            f" and was not changed. The package is ready: resume run {record.run_id} with another `output`, or with "
            "`force=True`.",
        )
        return path

    def choose_for(self, package_id: UUID) -> Path:
        """The final path of a package that belongs to no run. Raises ``UsageError`` if it exists."""
        path = package_path(self._output, package_id)
        refuse_taken(path, self._force, " and was not changed. Choose another `output`, or `force=True` to replace it.")
        return path

    def path_for(self, name: str) -> Path:
        """Where a file that the service calls ``name`` goes."""
        return named_path(self._output, name)

    def refuse_taken(self, path: Path) -> None:
        """Check that a file can get this name. Raises ``UsageError``."""
        refuse_taken(path, self._force, " and was not changed. Choose another `output`, or `force=True` to replace it.")
        check_place(path, room=len(LONGEST_ENDING))

    def write(self, part: Path, content: bytes) -> None:
        """Write a part file whole. Raises ``OutputError``."""
        try:
            part.write_bytes(content)
        except OSError as error:
            raise errors.OutputError(f"{part} cannot be written ({error.strerror}).") from None

    def compare(self, before: Path, after: Path) -> PackageChanges:
        """What differs between two packages. Raises ``PackageError``."""
        from specstep_flows.package.compare import compare

        return compare(before, after)

    def fetch(self, link: ZipLink, part: Path, should_stop: Callable[[], bool], or_whole: bool = False) -> None:
        """Download a package to ``part``. The key goes only to the API's origin, and only if it is needed."""
        from specstep_flows.package.download import fetch_to_part
        from specstep_flows.package.inspection import Inspection

        # No local variable holds the URL or the key: tracebacks may show local variables.
        fetch_to_part(
            urljoin(f"{self._settings.api_url}/", link.url),
            part,
            should_stop=should_stop,
            on_progress=self._on_progress,
            headers=self._headers_for(link),
            request_timeout=self._shared.real_timeout,
            # A service elsewhere must not make this machine ask itself. The service's own host is the user's choice.
            may_be_here=is_loopback(self._settings.api_url) or self._is_at_the_service(link),
            or_whole=or_whole,
            inspection=self._inspections.setdefault(part, Inspection()),
        )

    def _is_at_the_service(self, link: ZipLink) -> bool:
        api = self._settings.api_url
        return urlsplit(urljoin(f"{api}/", link.url))[:2] == urlsplit(api)[:2]

    def _headers_for(self, link: ZipLink) -> SecretHeaders:
        from specstep_flows.package.blob_host import SecretHeaders

        there = urlsplit(urljoin(f"{self._settings.api_url}/", link.url))
        is_ours = self._is_at_the_service(link)
        # All API paths need the key (walkthrough, step 1), and so does one that sends the package itself.
        needs_key = link.is_direct or (is_ours and there.path.startswith("/v1/"))
        del there
        if link.is_direct and not is_ours:
            raise errors.PackageError(
                "The service names another host for a package that only the service itself can send."
            )
        return SecretHeaders({"Authorization": f"Bearer {self._settings.require_key()}"} if needs_key else {})

    def verify(self, part: Path) -> str:
        """Check the zip and return its SHA-256. Raises ``PackageError``."""
        from specstep_flows.package.download import verify

        return verify(part, inspection=self._inspections.pop(part, None)).sha256

    def place(self, part: Path, path: Path) -> None:
        """Rename the part file to its final name. Raises ``OutputError`` if the name is taken."""
        from specstep_flows.package.download import place

        place(part, path, force=self._force)

    def tidy(self, part: Path) -> None:
        """Remove what is left of a download that was renamed."""
        from specstep_flows.package.download import tidy

        tidy(part)

    def digest(self, path: Path) -> str | None:
        """The SHA-256 of a file in hexadecimal, or None if it does not exist."""
        # What cannot be read is downloaded again; placing that says what is wrong.
        with contextlib.suppress(OSError), path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def size(self, path: Path) -> int:
        """The size of a file in bytes; 0 if it does not exist."""
        with contextlib.suppress(OSError):
            return os.stat(path).st_size
        return 0

    def unpack(self, path: Path) -> tuple[Path, int]:
        """Unpack next to the zip; returns the folder and the number of files. Raises ``PackageError``."""
        from specstep_flows.package.unpack import unpack

        folder = path.with_suffix("")
        files = unpack(path, folder, force=self._force)
        return folder, len(files)
