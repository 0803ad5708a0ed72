"""A run's hands on the disk: where the package goes, how its bytes get there, and how it is unpacked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from specstep_flows import errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.engine.session import Shared
    from specstep_flows.gateway.packages import ZipLink
    from specstep_flows.models import RunOptions
    from specstep_flows.package.blob_host import SecretHeaders
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings

__all__ = ["RunFiles", "package_path"]


def package_path(output: str | None, generation_id: UUID) -> Path:
    """The zip's name for an output: a name that ends in ``.zip`` is the file, anything else the folder it goes in."""
    folder = Path(output) if output is not None else _working_folder()
    if output is not None and folder.suffix.lower() == ".zip" and not folder.is_dir():
        return folder
    return folder / f"{generation_id}.zip"


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise errors.UsageError(
            "The working folder is no longer there, so the package has no place: go on elsewhere, or choose an --output."
        ) from None


class RunFiles:
    """What ``flows.job`` asks of the disk, for one run. Every method blocks."""

    def __init__(
        self,
        options: RunOptions,
        settings: Settings,
        shared: Shared,
        on_progress: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self._output = options.output
        self._force = options.force
        self._settings = settings
        self._shared = shared
        self._on_progress = on_progress

    def check(self) -> None:
        """Try the output folder before anything costs. Raises ``UsageError``."""
        output = Path(self._output) if self._output is not None else _working_folder()
        is_file = output.suffix.lower() == ".zip" and not output.is_dir()
        if is_file and output.exists() and not self._force:
            raise errors.UsageError(f"{output} exists already; choose another --output, or --force to replace it.")
        folder = output.parent if is_file else output
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise errors.UsageError(
                f"The folder {folder} cannot be written ({error.strerror}). Nothing was started; choose another --output."
            ) from None

    def choose(self, record: RunRecord, generation_id: UUID) -> Path:
        """The package's final name. Raises ``UsageError`` when something else stands there."""
        path = package_path(self._output, generation_id)
        if path.exists() and not self._force:
            raise errors.UsageError(
                f"{path} exists already and was not touched. The package is ready: resume run {record.run_id} with another "
                "--output, or with --force."
            )
        return path

    def choose_for(self, package_id: UUID) -> Path:
        """The final name of a package that no run manages. Raises ``UsageError`` when something else stands there."""
        path = package_path(self._output, package_id)
        if path.exists() and not self._force:
            raise errors.UsageError(
                f"{path} exists already and was not touched: choose another --output, or --force to replace it."
            )
        return path

    def fetch(self, link: ZipLink, part: Path, should_stop: Callable[[], bool]) -> None:
        """Bring a package's bytes to ``part``. Only the API's own origin is sent the key, and only when it has to be."""
        from specstep_flows.package.download import fetch_to_part

        # No local variable holds the address or the key: tracebacks may show those.
        fetch_to_part(
            urljoin(f"{self._settings.api_url}/", link.url),
            part,
            should_stop=should_stop,
            on_progress=self._on_progress,
            headers=self._headers_for(link),
            request_timeout=self._shared.real_timeout,
        )

    def _headers_for(self, link: ZipLink) -> SecretHeaders:
        from specstep_flows.package.blob_host import SecretHeaders

        api, there = urlsplit(self._settings.api_url), urlsplit(urljoin(f"{self._settings.api_url}/", link.url))
        is_ours = there[:2] == api[:2]
        # The API asks for the key at each of its own addresses (walkthrough, step 1), at that of the bytes as well.
        needs_key = link.is_direct or (is_ours and there.path.startswith("/v1/"))
        del there
        if link.is_direct and not is_ours:
            raise errors.PackageError("The service names another host for a package that only it can give.")
        return SecretHeaders({"Authorization": f"Bearer {self._settings.require_key()}"} if needs_key else {})

    def verify(self, part: Path) -> str:
        """The SHA-256 of a whole, harmless zip. Raises ``PackageError``."""
        from specstep_flows.package.download import verify

        return verify(part).sha256

    def place(self, part: Path, path: Path) -> None:
        """Give the part its final name, durably. Raises ``OutputError`` when the name is taken."""
        from specstep_flows.package.download import place

        place(part, path, force=self._force)

    def tidy(self, part: Path) -> None:
        """Remove what was left of a download that has its final name."""
        from specstep_flows.package.download import tidy

        tidy(part)

    def digest(self, path: Path) -> str | None:
        """The SHA-256 of a file in hexadecimal, or None when there is none."""
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def size(self, path: Path) -> int:
        """A file's size in bytes; 0 when there is none."""
        return os.stat(path).st_size if path.exists() else 0

    def unpack(self, path: Path) -> tuple[Path, int]:
        """Unpack beside the zip; the folder and the number of files. Raises ``HostilePackage``, ``OutputError``."""
        from specstep_flows.package.unpack import unpack

        folder = path.with_suffix("")
        files = unpack(path, folder, force=self._force)
        return folder, len(files)
