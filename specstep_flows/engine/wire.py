"""What a caller wants of single requests: other time limits, more headers, the raw responses, and spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from specstep_flows import errors
from specstep_flows._text import without_secrets

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Request
    from specstep_flows.models import RawResponse


class Span(Protocol):
    """Something that takes a while: a run in this process, or one attempt of a request."""

    @property
    def traceparent(self) -> str | None:
        """The W3C header that names it, for spans that continue it elsewhere."""
        ...

    def end(self, error: BaseException | None = None, **facts: object) -> None:
        """It is over; with what is known of it now."""
        ...


class Tracer(Protocol):
    """What makes spans; ``specstep_flows.otel`` has one for OpenTelemetry."""

    def run(self, run_id: str, traceparent: str | None, **facts: object) -> Span:
        """A run begins or continues in this process; ``traceparent`` is of the process in which it began."""
        ...

    def attempt(self, request: Request, number: int, run: Span | None) -> Span:
        """A request is sent, for the ``number``-th time."""
        ...


@attrs.frozen
class Wire:
    """Options of single requests. None, or nothing, is what the client's settings say."""

    #: Seconds on the clock for a whole call with all its attempts, and for one attempt of it.
    timeout: float | None = None
    request_timeout: float | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    on_response: Callable[[RawResponse], Any] | None = None
    tracer: Tracer | None = None


#: Headers of requests that are the client's own: they say who asks, whom, and how the message is to be read.
_OWN_HEADERS: Final = frozenset(
    {"authorization", "cookie", "host", "idempotency-key", "accept", "accept-encoding", "connection", "keep-alive"}
    | {"content-encoding", "content-length", "content-type", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
    | {"forwarded", "x-original-url", "x-rewrite-url", "http2-settings"}
)
#: Words in the names of headers that carry credentials, or that make another request of it.
_OWN_WORDS: Final = (
    "proxy-",
    "api-key",
    "apikey",
    "idempotency",
    "token",
    "secret",
    "method",
    "x-forwarded",
    "session",
)
_CREDENTIALS: Final = re.compile(r"auth(?!or)|credential|password|key$")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE: Final = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")


def check_headers(headers: Mapping[str, str], api_key: str | None) -> dict[str, str]:
    """The headers, if they may be sent with a request.

    Raises:
        UsageError: one of them is not a header, could carry or replace the key, or changes what is asked.
    """
    if not isinstance(headers, Mapping):
        raise errors.UsageError("headers must be a mapping of names to values. Nothing was sent.")
    for name, value in headers.items():
        folded = str(name).replace("_", "-").casefold()
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise errors.UsageError(f"{without_secrets(repr(name))} is not the name of a header. Nothing was sent.")
        if folded in _OWN_HEADERS or any(word in folded for word in _OWN_WORDS) or _CREDENTIALS.search(folded):
            raise errors.UsageError(
                f"The header {name} cannot be given: it could carry or replace the key, or change what the request "
                "does. Nothing was sent."
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise errors.UsageError(
                f"The value of the header {name} must be printable ASCII characters, with no spaces around them. "
                "Nothing was sent."
            )
        if (api_key and api_key in value) or without_secrets(value) != value:
            raise errors.UsageError(
                f"The header {name} holds something in the form of a key or a signed address. Nothing was sent."
            )
    return dict(headers)
