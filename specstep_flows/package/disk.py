"""File operations of a run: where the package goes, how it is downloaded, and how it is unpacked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from specstep_flows import errors
from specstep_flows._paths import working_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.engine.session import Shared
    from specstep_flows.gateway.packages import ZipLink
    from specstep_flows.models import RunOptions
    from specstep_flows.package.blob_host import SecretHeaders
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings


def package_path(output: str | None, generation_id: UUID) -> Path:
    """The path of the zip for an output: a name that ends in ``.zip`` is the file, anything else is its folder."""
    folder = Path(output) if output is not None else working_folder()
    if output is not None and folder.suffix.lower() == ".zip" and not folder.is_dir():
        return folder
    return folder / f"{generation_id}.zip"


class RunFiles:
    """The file operations of one run. Every method blocks."""

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
        """Check that the output can be written, before anything is paid for. Raises ``UsageError``."""
        output = Path(self._output) if self._output is not None else working_folder()
        is_file = output.suffix.lower() == ".zip" and not output.is_dir()
        if is_file and output.exists() and not self._force:
            raise errors.UsageError(f"{output} already exists. Choose another --output, or --force to replace it.")
        folder = output.parent if is_file else output
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise errors.UsageError(
                f"{folder} cannot be written ({error.strerror}). Nothing was paid for; choose another --output."
            ) from None

    def choose(self, record: RunRecord, generation_id: UUID) -> Path:
        """The package's final path. Raises ``UsageError`` if it exists."""
        path = package_path(self._output, generation_id)
        if path.exists() and not self._force:
            raise errors.UsageError(
                f"{path} already exists and was not changed. The package is ready: resume run {record.run_id} with "
                "another --output, or with --force."
            )
        return path

    def choose_for(self, package_id: UUID) -> Path:
        """The final path of a package that belongs to no run. Raises ``UsageError`` if it exists."""
        path = package_path(self._output, package_id)
        if path.exists() and not self._force:
            raise errors.UsageError(
                f"{path} already exists and was not changed. Choose another --output, or --force to replace it."
            )
        return path

    def fetch(self, link: ZipLink, part: Path, should_stop: Callable[[], bool]) -> None:
        """Download a package to ``part``. The key goes only to the API's origin, and only if it is needed."""
        from specstep_flows.package.download import fetch_to_part

        # No local variable holds the URL or the key: tracebacks may show local variables.
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

        return verify(part).sha256

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
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def size(self, path: Path) -> int:
        """The size of a file in bytes; 0 if it does not exist."""
        return os.stat(path).st_size if path.exists() else 0

    def unpack(self, path: Path) -> tuple[Path, int]:
        """Unpack next to the zip; returns the folder and the number of files. Raises ``PackageError``."""
        from specstep_flows.package.unpack import unpack

        folder = path.with_suffix("")
        files = unpack(path, folder, force=self._force)
        return folder, len(files)
