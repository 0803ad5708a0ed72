"""Getting a document: from a server, over https and with the key for the API's own origin alone, or from a file."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from regeneration.documents import MOST_BYTES
from regeneration.drift import sha256
from regeneration.stops import Stop
from regeneration.text import shown

TIME_LIMIT: Final = 30.0
"""Seconds for the whole answer, however slowly it drips in."""
DOCUMENT_PATH: Final = "/v1/openapi.json"
DEFAULT_ORIGIN: Final = "https://specstep.com"


@dataclass(frozen=True, slots=True)
class Pulled:
    """A document as it came."""

    content: bytes
    source: str
    """Where it came from, without user names, passwords, queries and folders of this machine."""

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
        Stop: it can't be had, in a sentence.
    """
    api = _split(api_url or DEFAULT_ORIGIN)
    target = source or urlunsplit((api.scheme, api.netloc, api.path.rstrip("/") + DOCUMENT_PATH, "", ""))
    if "://" not in target:
        return _from_file(Path(target))
    parts = _split(target)
    shown_source = _without_secrets(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts)):
        raise Stop(f"{shown_source} is not https, and only a server on this machine may do without.")
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if key and _origin(parts) == _origin(api):
        headers["Authorization"] = f"Bearer {key}"
    return Pulled(_download(target, headers, shown_source), shown_source)


def _from_file(path: Path) -> Pulled:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Stop(
                f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; no API needs that to describe itself."
            )
        return Pulled(path.read_bytes(), path.name)
    except OSError as error:
        raise Stop(f"{path.name} can't be read: {error.strerror}.") from None


def _download(url: str, headers: dict[str, str], name: str) -> bytes:
    deadline = time.monotonic() + TIME_LIMIT
    content = bytearray()
    try:
        with (
            httpx.Client(timeout=10.0, follow_redirects=False, trust_env=url.startswith("https:")) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            _check_status(response, name)
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Stop(f"{name} gives more than {MOST_BYTES // 1_000_000} MB; no API needs that.")
                if time.monotonic() > deadline:
                    raise Stop(f"{name} didn't finish its answer within {TIME_LIMIT:.0f} seconds.")
    except httpx.TimeoutException:
        raise Stop(f"{name} doesn't answer.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Stop(f"{name} can't be reached: {shown(type(error).__name__)}.") from None
    return bytes(content)


def _check_status(response: httpx.Response, name: str) -> None:
    if response.is_redirect:
        target = _without_secrets(_split(str(response.headers.get("location", ""))))
        raise Stop(
            f"{name} points elsewhere ({shown(target)}). Redirects are not followed; give that URL with --source."
        )
    if response.status_code in (401, 403):
        raise Stop(f"{name} answers {response.status_code}; check SPECSTEP_API_KEY.")
    if response.status_code != 200:
        raise Stop(f"{name} answers {response.status_code} instead of a document.")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Stop("The URL of the document is no URL.") from None


def _without_secrets(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if _port(parts) and parts.port else ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise Stop("The URL of the document has a port that is none.") from None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", _port(parts) or {"https": 443, "http": 80}.get(parts.scheme, 0)


def _is_loopback(parts: SplitResult) -> bool:
    return parts.hostname in ("localhost", "127.0.0.1", "::1")
