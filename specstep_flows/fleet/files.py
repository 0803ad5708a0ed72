"""A fleet's files in a folder: one that every host sees, or that of one host."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from specstep_flows import errors
from specstep_flows._paths import ObjectUrl, place_of, user_path
from specstep_flows.fleet import NO_OBJECTS
from specstep_flows.fleet.shared_files import CHUNK_BYTES, FleetFiles
from specstep_flows.package.download import rename_to_free_name, sync_folder

#: What a process left behind that was killed while it copied is removed when it is so old.
_STALE_SECONDS: Final = 86_400.0
_INCOMING: Final = ".incoming"


class FileStore(FleetFiles):
    """A fleet's files in a folder that every host sees under the same path, or that of one host."""

    def __init__(self, folder: Path | str, *, scratch: Path | None = None) -> None:
        """Use a folder, which is made when something is kept in it; ``scratch`` is where this process's own may be."""
        super().__init__(user_path(folder), scratch)

    def check(self) -> None:
        """As in every store; what was left half-copied a day ago is removed."""
        super().check()
        with contextlib.suppress(OSError):
            for left in self.root.rglob(f".*{_INCOMING}"):
                if left.stat().st_mtime < time.time() - _STALE_SECONDS:
                    left.unlink()

    def size(self, name: str) -> int | None:
        """The size of a file in bytes, or None."""
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unread(name, error) from None

    def _put(self, name: str, file: Path, *, force: bool = False) -> bool:
        final = self.root / name
        # Beside its final name: only there can it be renamed in one step.
        incoming = final.with_name(f".{final.name[:64]}.{secrets.token_hex(8)}{_INCOMING}")
        try:
            os.makedirs(final.parent, exist_ok=True)
        except OSError as error:
            raise errors.OutputError(f"{final} cannot be written ({error.strerror}).") from None
        try:
            try:
                with file.open("rb") as source, incoming.open("xb") as target:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
                    target.flush()
                    os.fsync(target.fileno())
                if force:
                    os.replace(incoming, final)
                else:
                    rename_to_free_name(incoming, final)
            finally:
                with contextlib.suppress(OSError):
                    incoming.unlink(missing_ok=True)
            sync_folder(final.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise errors.OutputError(f"{final} cannot be written ({error.strerror}).") from None
        return True

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[Iterator[bytes] | None]:
        try:
            opened = (self.root / name).open("rb")
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise self._unread(name, error) from None
        with opened:
            yield self._chunks(name, opened.read)

    def _chunks(self, name: str, read: Callable[[int], bytes]) -> Iterator[bytes]:
        try:
            while chunk := read(CHUNK_BYTES):
                yield chunk
        except OSError as error:
            raise self._unread(name, error) from None

    def _unread(self, name: str, error: OSError) -> errors.DownloadError:
        return errors.DownloadError(f"{self.root / name} cannot be read ({error.strerror}).")

    def _link(self, name: str, seconds: float) -> str:
        raise errors.UsageError(f"There is no link to a file in a folder: the package is at {self.root / name}.")


def files_at(place: Path | str, *, scratch: Path | None = None) -> FleetFiles:
    """A fleet's files in a folder, or in an object store that a URL names (``s3://bucket/folder``).

    Raises:
        SettingsError: the URL cannot be used, or the extra ``fleet-s3`` is missing.
    """
    if not isinstance(place_of(str(place)), ObjectUrl):
        return FileStore(place, scratch=scratch)
    try:
        from specstep_flows.fleet.objects import ObjectFiles
    except ModuleNotFoundError as error:
        if error.name != "obstore":
            raise
        raise errors.SettingsError(NO_OBJECTS) from None
    return ObjectFiles(str(place), scratch=scratch)
