"""The blob server: packages behind signed URLs, on an origin of its own that wants no key and refuses one."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from specstep_flows.sandbox.clock import Clock, http_date
from specstep_flows.sandbox.connections import BLOB_SWAP
from specstep_flows.sandbox.world import World
from specstep_flows.sandbox.zips import Blob

_SECRET = b"a secret of the sandbox's own, worth nothing"


def signature(blob: str, expires: int) -> str:
    """What a URL must carry for this blob and this last second."""
    return hmac.new(_SECRET, f"{blob}\n{expires}".encode(), hashlib.sha256).hexdigest()


def signed_url(origin: str, blob: str, expires: float) -> str:
    """A URL signed as a blob store signs its shared access signatures."""
    second = int(expires)
    query = urlencode({"sv": "2024-11-04", "sr": "b", "sp": "r", "se": second, "sig": signature(blob, second)})
    return f"{origin}/blob/{blob}?{query}"


#: One range; several at once, or anything else, are answered with the whole, as HTTP allows.
_SPAN = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
MODIFIED = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def blob_operation(method: str, path: str) -> str | None:
    """The one operation of the blob server."""
    return f"{method} /blob/{{name}}" if path.startswith("/blob/") else None


class BlobStore:
    """The blob server's application over one world."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self.clock = clock
        self.app = Starlette(routes=[Route("/blob/{name:path}", self.serve, methods=["GET"])])

    async def serve(self, request: Request) -> Response:
        """A blob or a part of it, if the URL is good for it."""
        name = request.path_params["name"]
        now = self.clock.now()
        if "authorization" in request.headers:
            return _refused(400, "InvalidAuthenticationInfo", "A shared access signature and a key were both given.")
        if not self._is_signed(request, name, now):
            return _refused(403, "AuthenticationFailed", "The signature is wrong or has expired.")
        blob = self.world.blobs.get(name)
        if blob is None:
            return _refused(404, "BlobNotFound", "The specified blob does not exist.")
        blob = request.scope.get(BLOB_SWAP, lambda real: real)(blob)
        return _content(request, blob, now)

    def _is_signed(self, request: Request, name: str, now: float) -> bool:
        expires = request.query_params.get("se", "")
        if not expires.isdigit() or now > int(expires):
            return False
        return hmac.compare_digest(signature(name, int(expires)), request.query_params.get("sig", ""))


def _content(request: Request, blob: Blob, now: float) -> Response:
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": blob.etag,
        "Last-Modified": http_date(MODIFIED),
        "Date": http_date(now),
    }
    length = blob.length
    part = _SPAN.fullmatch(request.headers.get("range", ""))
    if part is None or part[0] == "bytes=-" or not _still_the_same(request, blob):
        span, status = (0, length), 200
    else:
        span, status = _span(part[1], part[2], length), 206
        if span[0] >= span[1]:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{length}"})
        headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{length}"
    headers["Content-Length"] = str(span[1] - span[0])
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=blob.content_type)
    return StreamingResponse(_stream(blob, *span), status, headers, blob.content_type)


async def _stream(blob: Blob, start: int, stop: int) -> AsyncIterator[bytes]:
    for piece in blob.read(start, stop):
        yield piece


def _still_the_same(request: Request, blob: Blob) -> bool:
    """If-Range: a part is sent only of the version that the client has the rest of."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == blob.etag
    try:
        return parsedate_to_datetime(condition).timestamp() >= MODIFIED
    except ValueError:
        return False


def _span(first: str, last: str, length: int) -> tuple[int, int]:
    """The half-open span that a range asks for; empty if the blob has no such part."""
    if not first:
        return max(0, length - int(last)), length
    return int(first), min(length, int(last) + 1) if last else length


def _refused(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, {"x-ms-error-code": code}, "application/xml")
