"""A fleet's files in an object store: S3 and what speaks its language, Google's, Azure's (the extra ``fleet-s3``).

Credentials are found as each store's own tools find them (``AWS_ACCESS_KEY_ID``, a role, ...). No message has an
address that a request was sent to: some stores have a signature in it. A package is in memory while it is put: no
store takes "unless it is there" together with a file in several parts.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, S3Store, from_url

from specstep_flows import errors
from specstep_flows._paths import place_of
from specstep_flows.fleet.shared_files import CHUNK_BYTES, FleetFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import ObjectStore

#: The schemes of URLs that a fleet's files may have. (The last two are for one host, and for tests.)
SCHEMES: Final = ("s3", "gs", "az", "file", "memory")
#: A store that answers nothing is tried for so long; a run that needed it is driven again later.
RETRY_TIMEOUT: Final = timedelta(seconds=30)
#: What can fail, by what a person can do about it; anything else is said by its kind.
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (PermissionError, "permission denied"),
    (exceptions.PermissionDeniedError, "permission denied"),
    (exceptions.UnauthenticatedError, "the credentials are refused"),
    (exceptions.NotFoundError, "there is no such bucket"),
    (FileNotFoundError, "there is no such bucket"),
    (exceptions.NotSupportedError, "the store cannot do that"),
)
_FAILURES: Final = (exceptions.BaseError, OSError)
_MISSING: Final = (exceptions.NotFoundError, FileNotFoundError)
_TAKEN: Final = (exceptions.AlreadyExistsError, exceptions.PreconditionError, FileExistsError)


class ObjectFiles(FleetFiles):
    """A fleet's files below a URL: ``s3://bucket/folder``, ``gs://``, ``az://``."""

    def __init__(
        self, url: str, *, scratch: Path | None = None, store: ObjectStore | None = None, **options: Any
    ) -> None:
        """Use what a URL names.

        Args:
            url: without credentials; its path is a folder.
            scratch: where this process's own files may be.
            store: an obstore store for exactly that folder, instead of one that is made here.
            options: what ``obstore.store.from_url`` takes besides (``config``, ``client_options``, ``retry_config``).

        Raises:
            SettingsError: the URL cannot be used.
        """
        super().__init__(place_of(_checked(url)), scratch)
        self._store = store if store is not None else _opened(url, options)

    def size(self, name: str) -> int | None:
        """The size of an object in bytes, or None."""
        try:
            return int(obstore.head(self._store, name)["size"])
        except _MISSING:
            return None
        except _FAILURES as error:
            raise self._unread(name, error) from None

    def _put(self, name: str, file: Path, *, force: bool = False) -> bool:
        try:
            if force:
                obstore.put(self._store, name, file)
            else:
                obstore.put(self._store, name, file, mode="create")
        except _TAKEN:
            return False
        except _FAILURES as error:
            raise errors.OutputError(f"{self.root / name} cannot be written ({_reason(error)}).") from None
        return True

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[Iterator[bytes] | None]:
        try:
            found = obstore.get(self._store, name)
        except _MISSING:
            yield None
            return
        except _FAILURES as error:
            raise self._unread(name, error) from None
        yield self._chunks(name, iter(found.stream(min_chunk_size=CHUNK_BYTES)))

    def _chunks(self, name: str, stream: Iterator[Any]) -> Iterator[bytes]:
        try:
            for chunk in stream:
                yield bytes(chunk)
        except _FAILURES as error:
            raise self._unread(name, error) from None

    def _unread(self, name: str, error: Exception) -> errors.DownloadError:
        return errors.DownloadError(f"{self.root / name} cannot be read ({_reason(error)}).")

    def _link(self, name: str, seconds: float) -> str:
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            raise errors.UsageError(f"There is no link to what is kept here: the package is at {self.root / name}.")
        try:
            return obstore.sign(self._store, "GET", name, timedelta(seconds=seconds))
        except _FAILURES as error:
            raise errors.UsageError(f"No link to {self.root / name} can be signed ({_reason(error)}).") from None


def _checked(url: str) -> str:
    """A URL as records may keep it. Raises ``SettingsError``."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise errors.SettingsError(f"A fleet keeps files in a folder, or at {'://, '.join(SCHEMES)}://, not there.")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise errors.SettingsError(
            f"The {parts.scheme}: URL of the fleet's files is kept in every run's record, so it must hold no "
            "credentials, no query and no fragment: give the store's own variables instead (AWS_ACCESS_KEY_ID, ...)."
        )
    if bool(parts.netloc) != (parts.scheme not in ("file", "memory")):
        raise errors.SettingsError(f"{url} is no place for files: write {_EXAMPLES[parts.scheme]}.")
    return url.rstrip("/") if parts.path.strip("/") else url


_EXAMPLES: Final = {
    "s3": "s3://bucket/folder",
    "gs": "gs://bucket/folder",
    "az": "az://container/folder",
    "file": "file:///folder",
    "memory": "memory:///",
}


def _opened(url: str, options: dict[str, Any]) -> ObjectStore:
    scheme = url.partition(":")[0]
    if scheme == "file":
        options = {"mkdir": True, **options}
    elif scheme != "memory":
        options = {"retry_config": {"max_retries": 4, "retry_timeout": RETRY_TIMEOUT}, **options}
    try:
        return from_url(url, **options)
    except (*_FAILURES, ValueError, TypeError) as error:
        # What obstore says of a setting has no value in it, and may span many lines.
        reason = str(error).partition("\n")[0]
        raise errors.SettingsError(f"The fleet's files at {url} cannot be used ({reason}).") from None


def _reason(error: Exception) -> str:
    found = next((words for kind, words in _REASONS if isinstance(error, kind)), None)
    return found or "it cannot be reached, or refuses"
