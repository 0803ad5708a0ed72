"""Getting a document: from a server, over https and with the key for the API's own origin alone, or from a file."""

from __future__ import annotations

import asyncio
import json
import zlib
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

import httpx
from attrs import frozen

from regeneration.document import MOST_BYTES
from regeneration.errors import RegenerationError
from regeneration.report import sha256
from regeneration.text import shown

#: Seconds for the whole answer, however slowly it drips in.
TIME_LIMIT: Final = 30.0
DOCUMENT_PATH: Final = "/v1/openapi.json"
DEFAULT_ORIGIN: Final = "https://specstep.com"


@frozen
class Pulled:
    """A document as it came."""

    content: bytes
    #: Where it came from, without user names, passwords, queries and folders of this machine.
    source: str

    def provenance(self, when: datetime) -> str:
        """The text of the file beside it."""
        facts = {
            "source": self.source,
            "pulled_at": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sha256": sha256(self.content),
            "bytes": len(self.content),
        }
        return json.dumps(facts, indent=1, ensure_ascii=True) + "\n"


def pull(source: str | None, api_url: str | None, key: str | None) -> Pulled:
    """Get the document from ``source``, or from the API when there is none.

    Args:
        source: a URL or the path of a file.
        api_url: the API's address; the key is sent to its origin and to no other.
        key: the API key, if there is one.

    Raises:
        RegenerationError: it cannot be had, in a sentence.
    """
    api = _split(api_url or DEFAULT_ORIGIN)
    if source is None and not (api.scheme and api.netloc):
        raise RegenerationError(
            f"SPECSTEP_API_URL is {shown(str(api_url))}, which is no URL; write it with https:// before it."
        )
    target = source or urlunsplit((api.scheme, api.netloc, api.path.rstrip("/") + DOCUMENT_PATH, "", ""))
    if "://" not in target:
        return _from_file(Path(target))
    parts = _split(target)
    if parts.scheme == "file":
        return _from_file(Path(unquote(parts.path)))
    shown_source = _without_secrets(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts)):
        raise RegenerationError(f"{shown_source} is not https, and only a server on this machine may do without.")
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if key and _origin(parts) == _origin(api):
        headers["Authorization"] = f"Bearer {key}"
    return Pulled(_download(target, headers, shown_source), shown_source)


def _from_file(path: Path) -> Pulled:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RegenerationError(f"{path.name} can't be read: {error.strerror}.") from None
    if len(content) > MOST_BYTES:
        raise RegenerationError(
            f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; no API needs that to describe itself."
        )
    return Pulled(content, path.name)


def _download(url: str, headers: dict[str, str], name: str) -> bytes:
    try:
        return asyncio.run(_answer(url, headers, name))
    except httpx.TimeoutException:
        raise RegenerationError(f"{name} doesn't answer.") from None
    except TimeoutError:
        raise RegenerationError(f"{name} didn't finish its answer within {TIME_LIMIT:.0f} seconds.") from None
    except (httpx.RemoteProtocolError, httpx.ReadError) as error:
        if "location" in str(error).lower():
            raise RegenerationError(f"{name} redirects to something that is not a valid URL.") from None
        raise RegenerationError(f"{name} broke off its answer; pull again.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if "certificate" in str(error).lower():
            raise RegenerationError(f"{name} shows a certificate that is not trusted here.") from None
        cause = shown(str(error), 120).rstrip(".") if isinstance(error, httpx.ConnectError) else type(error).__name__
        raise RegenerationError(f"{name} can't be reached: {cause}.") from None


async def _answer(url: str, headers: dict[str, str], name: str) -> bytes:
    """The whole answer; asynchronous, since nothing else bounds the time that headers take to drip in."""
    content = bytearray()
    async with (
        asyncio.timeout(TIME_LIMIT),
        httpx.AsyncClient(timeout=10.0, follow_redirects=False, trust_env=url.startswith("https:")) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        _check_status(response, name)
        unpacker = _Unpacker(response.headers.get("Content-Encoding", ""), name)
        async for chunk in response.aiter_raw():
            content += unpacker.unpacked(chunk, MOST_BYTES + 1 - len(content))
            if len(content) > MOST_BYTES:
                raise RegenerationError(f"{name} gives more than {MOST_BYTES // 1_000_000} MB; no API needs that.")
    unpacker.finish()
    return bytes(content)


class _Unpacker:
    """Undoes a compression that was not asked for, never giving more bytes than are wanted."""

    def __init__(self, encoding: str, name: str) -> None:
        self._name = name
        plain = encoding.strip().lower()
        if plain not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise RegenerationError(
                f"{name} sends its answer compressed as {shown(plain, 20)}, which was not asked for."
            )
        self._packed = None if plain in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)
        #: Some servers leave out the head that "deflate" should have.
        self._may_be_raw = plain == "deflate"

    def unpacked(self, chunk: bytes, most: int) -> bytes:
        if self._packed is None:
            return chunk
        try:
            return self._members(chunk, most)
        except zlib.error:
            raise RegenerationError(
                f"{self._name} says that its answer is compressed, but it can't be decompressed."
            ) from None

    def _members(self, chunk: bytes, most: int) -> bytes:
        """What a chunk holds; a gzip file may consist of several, and ends where no further one begins."""
        found = bytearray()
        while chunk and len(found) < most and self._packed is not None:
            if self._packed.eof:
                if not chunk.startswith(b"\x1f"):
                    break
                self._packed = zlib.decompressobj(zlib.MAX_WBITS | 32)
            found += self._first(chunk, most - len(found))
            chunk = self._packed.unused_data
        return bytes(found)

    def _first(self, chunk: bytes, most: int) -> bytes:
        assert self._packed is not None
        try:
            return self._packed.decompress(chunk, most)
        except zlib.error:
            if not self._may_be_raw:
                raise
            self._packed = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._packed.decompress(chunk, most)
        finally:
            self._may_be_raw = False

    def finish(self) -> None:
        if self._packed is not None and not self._packed.eof:
            raise RegenerationError(f"{self._name} broke off its answer; pull again.")


def _check_status(response: httpx.Response, name: str) -> None:
    location = str(response.headers.get("location", ""))
    if response.has_redirect_location and location:
        target = shown(_without_secrets(_split(_absolute(location, str(response.url)))))
        raise RegenerationError(
            f"{name} redirects to {target}. Redirects are not followed; give that URL with --source."
        )
    if response.status_code in (401, 403):
        raise RegenerationError(f"{name} answers {response.status_code}; check SPECSTEP_API_KEY.")
    if response.status_code != 200:
        raise RegenerationError(f"{name} answers {response.status_code} instead of a document.")


def _absolute(location: str, asked: str) -> str:
    try:
        return urljoin(asked, location)
    except ValueError:
        return location


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise RegenerationError("The URL of the document is not a valid URL.") from None


def _without_secrets(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if _port(parts) and parts.port else ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise RegenerationError("The URL of the document has an invalid port.") from None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", _port(parts) or {"https": 443, "http": 80}.get(parts.scheme, 0)


def _is_loopback(parts: SplitResult) -> bool:
    return parts.hostname in ("localhost", "127.0.0.1", "::1")
