"""Downloads a package into ``<name>.part``, resumes it, verifies it, and renames it in one step.

Everything here blocks; the async driver runs it in a thread. ``blob_host`` does the network part, ``part_file`` keeps
what has arrived, ``archive`` checks it.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import re
import sys
from collections.abc import Callable, Mapping
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from specstep_flows.errors import (
    DamagedPackage,
    DownloadError,
    HostilePackage,
    OutputError,
    PackageError,
    SignedUrlExpired,
)
from specstep_flows.package.archive import UnpackLimits, check
from specstep_flows.package.blob_host import Address, SecretHeaders, from_network, get, read_into
from specstep_flows.package.inspection import Inspection
from specstep_flows.package.part_file import PartFile, Version, forget_version

_LARGEST: Final = 4 << 30
#: No package has a size of more digits, and Python reads no number of thousands of them.
_CONTENT_RANGE: Final = re.compile(r"bytes (?:([0-9]{1,18})-[0-9]{1,18}|\*)/([0-9]{1,18}|\*)")
_ZIP_START: Final = b"PK\x03\x04"
#: Encodings that change bytes. Other labels ("aws-chunked", "utf-8", nothing) stand on a package as it is.
_ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd", "dcb", "dcz"})
_EXPIRED: Final = frozenset({401, 403, 404, 410})
_PASSING: Final = frozenset({408, 425, 429})
#: Of Linux's renameat2: AT_FDCWD and RENAME_NOREPLACE.
_WORKING_FOLDER: Final = -100
_NO_REPLACE: Final = 1
_PAGES: Final = (
    "text/html",
    "application/xhtml",
    "application/json",
    "application/problem",
    "application/xml",
    "text/xml",
)


@attrs.frozen
class Fetched:
    """A complete part file. ``resumed_from``: how many bytes were there before."""

    size_bytes: int
    resumed_from: int


@attrs.frozen
class Verified:
    """A verified package: its SHA-256 in hexadecimal, its size, and the number of its files."""

    sha256: str
    size_bytes: int
    files: int


def fetch_to_part(
    url: str,
    part: Path,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int | None], None] | None = None,
    headers: Mapping[str, str] | SecretHeaders | None = None,
    request_timeout: float = 75.0,
    max_bytes: int = _LARGEST,
    may_be_here: bool = True,
    or_whole: bool = False,
    inspection: Inspection | None = None,
) -> Fetched:
    """Stream a package into its part file, continuing an earlier attempt if it is the same package.

    Args:
        url: the signed URL; https, or http on loopback.
        part: the part file, which is kept whatever happens. ``<part>.json`` next to it identifies its version.
        should_stop: called every quarter of a second.
        on_progress: called with the bytes on disk, and the total if the host states it.
        headers: sent only to the first host, for when the API itself sends the package.
        request_timeout: seconds that the host may be silent.
        max_bytes: a larger package is refused.
        may_be_here: whether this machine may be asked: only a service on loopback may say so.
        or_whole: if not a byte of the rest comes, ask for the whole at once. What arrived is kept until the host sends
            the package from its start, so a host that is down costs nothing.
        inspection: reads the file while it grows; ``verify`` then has little left to do.

    Raises:
        SignedUrlExpired: the host refuses the URL (401, 403, 404, 410): ask the service for a new one.
        DownloadError: the download is incomplete; the next attempt continues it.
        DamagedPackage: the host sent a page instead of a package.
        HostilePackage: more than ``max_bytes``.
        OutputError: the file cannot be written, or another process is writing it.
        PackageError: the URL cannot be used, or the response makes no sense. Trying again will not help.
        Detached: ``should_stop`` returned true.
    """
    try:
        address = Address.parse(url)
    finally:
        del url  # So that a traceback with local variables does not show it.
    ask = partial(
        get,
        address,
        own_headers=headers or {},
        timeout=request_timeout,
        should_stop=should_stop,
        may_be_here=may_be_here,
    )
    with PartFile.open(part) as file:
        report = on_progress or (lambda received, total: None)
        download = _Download(ask, file, max_bytes, report, should_stop, inspection or Inspection())
        arrived, version = file.resume()
        if version is not None:
            try:
                fetched = download.fetch_rest(arrived, version)
            except DownloadError:
                if not or_whole or file.resume()[0] > arrived:
                    raise
            else:
                if fetched is not None:
                    return fetched
        # A host that refuses the rest may still give the whole.
        with ask({}) as (response, host):
            return download.receive_all(response, host)


@attrs.frozen
class _Download:
    """A part file, and where its bytes come from."""

    _ask: Callable[[dict[str, str]], contextlib.AbstractContextManager[tuple[http.client.HTTPResponse, str]]]
    _file: PartFile
    _max_bytes: int
    _report: Callable[[int, int | None], None]
    _should_stop: Callable[[], bool]
    _inspection: Inspection

    def fetch_rest(self, arrived: int, version: Version) -> Fetched | None:
        """The rest of a package, or the whole if the host sends that; None if it refuses such requests."""
        with self._ask({"Range": f"bytes={arrived}-", "If-Range": version.value}) as (response, host):
            start, total = _content_range(response.headers)
            is_same = version.is_that_of(response.headers, total)
            total = total or version.total
            if response.status == 416 and is_same and total == arrived:
                return Fetched(arrived, arrived)
            if response.status == 206 and is_same and start == arrived:
                return Fetched(self._receive(response, host, arrived, total), arrived)
            return self.receive_all(response, host) if _is_answer_to_all(response.status) else None

    def receive_all(self, response: http.client.HTTPResponse, host: str) -> Fetched:
        """Receive a package from its first byte on; what arrived before is dropped as soon as the host sends it."""
        _check_answer(response, host)
        total = _content_range(response.headers)[1] if response.status == 206 else _length(response)
        if total is not None and total > self._max_bytes:
            raise HostilePackage(f"The package has {total:,} bytes; at most {self._max_bytes:,} are allowed.")
        self._file.start_over(Version.of(response.headers, total))
        return Fetched(self._receive(response, host, 0, total), 0)

    def _receive(self, response: http.client.HTTPResponse, host: str, offset: int, total: int | None) -> int:
        received, most = offset, self._max_bytes
        self._report(received, total)
        with self._inspection.following(self._file, offset, self._should_stop) as growth:
            while count := from_network(host, partial(read_into, growth.room, response)):
                received += count
                if received > most:
                    raise HostilePackage(f"The package has more than {most:,} bytes, the most that are allowed.")
                self._file.write(growth.room[:count])
                growth.grew_by(count)
                self._report(received, total)
            if total is not None and received != total:
                raise DownloadError(f"{host} sent {received:,} of {total:,} bytes. What arrived is kept.")
        return received


def _is_answer_to_all(status: int) -> bool:
    """Whether a request for the rest got an answer that one for the whole would get, too."""
    return status in (200, 203) or status in _EXPIRED | _PASSING or (status >= 500 and status not in (501, 505))


def verify(part: Path, limits: UnpackLimits | None = None, inspection: Inspection | None = None) -> Verified:
    """Check a package's structure, names and checksums. A bad one is downloaded from the start next time.

    What ``inspection`` read while the package arrived is not read again, as long as the file is what it was then.

    Raises:
        DamagedPackage: not a zip, truncated, or a checksum that does not match.
        HostilePackage: it would write outside its folder, or exceeds a limit.
        OutputError: the file cannot be read.
    """
    try:
        found = (inspection or Inspection(limits)).finish(part)
        entries = check(part, limits, found.checksums)
    except PackageError:
        forget_version(part)
        raise
    except OSError as error:
        raise OutputError(f"{part} cannot be read ({error.strerror}).") from error
    return Verified(found.sha256, found.size_bytes, sum(not entry.is_folder for entry in entries))


def place(part: Path, final: Path, *, force: bool = False) -> None:
    """Rename a verified package to its final name, durably. Nothing is overwritten without ``force``.

    Raises:
        OutputError: the name is taken, or the folder cannot be written. The part file stays as it is.
    """
    try:
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        if force:
            os.replace(part, final)
        else:
            rename_to_free_name(part, final)
        sync_folder(final.parent)
    except FileExistsError:
        raise OutputError(f"{final} already exists and was not changed. The package is kept as {part}.") from None
    except OSError as error:
        raise OutputError(
            f"The package cannot be saved as {final} ({error.strerror}); it is kept as {part}."
        ) from error
    with contextlib.suppress(OSError):
        forget_version(part)


def tidy(part: Path) -> None:
    """Remove what a process leaves behind if it dies between the rename and the clean-up."""
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
        forget_version(part)


def _length(response: http.client.HTTPResponse) -> int | None:
    """The length of a response, if it states one. (In a response that vcrpy replays, it is a string.)"""
    return None if response.length is None else int(response.length)


def _content_range(headers: Message) -> tuple[int | None, int | None]:
    """The offset of a partial response and the total size, as far as it states them."""
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if match is None:
        return None, None
    start, total = match.groups()
    return (None if start is None else int(start)), (None if total == "*" else int(total))


def _check_answer(response: http.client.HTTPResponse, host: str) -> None:
    """Raise an error unless the response is a package from its first byte on."""
    status, headers = response.status, response.headers
    if status in _EXPIRED:
        raise SignedUrlExpired(f"{host} no longer accepts the URL of the package ({status}).")
    if status in _PASSING or status >= 500:
        raise DownloadError(f"{host} could not send the package ({status}). What arrived is kept.")
    if status not in (200, 203) and not (status == 206 and _content_range(headers)[0] == 0):
        raise PackageError(f"{host} responded with {status} instead of the package.")
    kind = headers.get_content_type()
    encodings = {word.strip().lower() for word in ",".join(headers.get_all("Content-Encoding", [])).split(",")}
    is_page, is_encoded = kind.startswith(_PAGES), not _ENCODINGS.isdisjoint(encodings)
    # Labels can be wrong: what starts like a zip is taken, and its checksums tell the rest.
    if (is_page or is_encoded) and not _starts_like_a_zip(response, host):
        if is_encoded:
            raise PackageError(f"{host} sent the package in an encoding that was not requested.")
        raise DamagedPackage(f"{host} sent a page ({kind}) instead of a package.")


def _starts_like_a_zip(response: http.client.HTTPResponse, host: str) -> bool:
    start = from_network(host, lambda: response.peek(len(_ZIP_START)))[: len(_ZIP_START)]
    return bool(start) and _ZIP_START.startswith(start)


def rename_to_free_name(part: Path, final: Path) -> None:
    """Rename unless the name is taken. A hard link fails then, where a rename would overwrite."""
    if sys.platform == "win32":
        os.rename(part, final)
        return
    try:
        os.link(part, final)
    except FileExistsError:
        # The same file: a process was killed here, between the link and the removal.
        if os.path.islink(final) or not os.path.samefile(part, final):
            raise
    except OSError:
        # A file system without links, such as that of a memory stick.
        if not _renamed_in_one_step(part, final):
            # Check, then rename, which leaves a moment in between.
            if os.path.lexists(final):
                raise FileExistsError from None
            os.rename(part, final)
        return
    os.unlink(part)


def _renamed_in_one_step(part: Path, final: Path) -> bool:
    """Rename unless the name is taken, where the system has a call for that. Raises ``FileExistsError``."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    rename.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if rename(_WORKING_FOLDER, os.fsencode(part), _WORKING_FOLDER, os.fsencode(final), _NO_REPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number))


def sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
