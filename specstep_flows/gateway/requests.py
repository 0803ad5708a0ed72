"""Helpers for the gateway: requests from generated modules, paged lists, unparsed objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import unquote

import attrs

from specstep_flows import errors
from specstep_flows._json import json_bytes, read_json, storable
from specstep_flows.engine.effects import Reply, Request, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway._operations import OPERATIONS, Operation
from specstep_flows.gateway.reading import optional
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


T = TypeVar("T")

#: The page size in the walkthrough's examples.
PAGE_ROWS: Final = 50
#: A page shorter than this, the smallest documented page size, is the last one. Others may just be capped.
SHORT_PAGE_ROWS: Final = 20
#: What stops spending. (A retry, a resume or a deletion does not.)
STOPS_SPENDING: Final = frozenset({"cancel_generation", "pause_generation", "cancel_turn_job"})
#: What the parts of a path are collections of, where that is not the word without its "s".
NOUNS: Final = {"addenda": "addendum", "api-keys": "API key", "turns": "turn job", "pending": "connector"}
#: No account has more pages; a longer list never ends.
MOST_PAGES: Final = 400


def request_of(
    operation: str,
    kwargs: Mapping[str, Any],
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    is_urgent: bool = False,
    **more: Any,
) -> Request:
    """The request that ``_get_kwargs`` of a generated module describes, with its kind from the contract.

    Its texts may come from anywhere; what UTF-8 cannot hold of them is replaced here.

    Raises:
        UsageError: a value of the body is nothing that JSON can hold.
    """
    stated = stated_operation(operation, kwargs["method"])
    noun, name = _named(stated.path, kwargs["url"])
    params = {**kwargs.get("params", {}), **(params or {})}
    return Request(
        operation,
        stated.kind,
        kwargs["method"].upper(),
        kwargs["url"],
        params=storable(params) if params else params,
        json=_sendable(kwargs.get("json"), operation),
        headers=headers,
        files=_form(kwargs.get("files")),
        bucket=stated.bucket,
        is_anonymous=stated.anonymous,
        is_urgent=is_urgent or operation in STOPS_SPENDING,
        about=stated.about,
        noun=noun,
        name=name,
        **more,
    )


def _named(template: str, url: str) -> tuple[str, str]:
    """What the last parameter of a path names: its noun, from the part before it, and its value."""
    before, found, _ = template.rpartition("{")
    part = before.rstrip("/").rpartition("/")[2]
    if not found or part.startswith("{"):
        return "", ""
    if template.endswith("{version}"):
        # No package is called 1.0.0.
        part = "version"
    value = url.split("/", before.count("/"))[-1]
    name = value if template.endswith("}") else value.partition("/")[0]
    return NOUNS.get(part, part.replace("-", " ").removesuffix("s")), unquote(name)


def _sendable(body: Any, operation: str) -> Any:
    if body is None:
        return None
    try:
        body = storable(body)
        json_bytes(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.UsageError(f"The body of {operation} cannot be JSON ({error}). Nothing was sent.") from None
    return body


def stated_operation(name: str, method: str) -> Operation:
    """The contract's entry for an operation. One that it lacks may be repeated only if it is a GET."""
    known = OPERATIONS.get(name)
    return known or Operation(method.upper(), "", "read" if method.upper() in ("GET", "HEAD") else "unsafe")


def _form(files: Any) -> list[tuple[str, tuple[str | None, bytes, str | None]]] | None:
    """The fields of a form as bytes: a stream could be sent only once."""
    if not files:
        return None
    return [(field, (storable(name), _content(content), kind)) for field, (name, content, kind) in files]


def _content(content: Any) -> bytes:
    """A field of a form: bytes, an id that the generated client leaves as text, or a file."""
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes) else content.read()


def success_only(reply: Reply) -> None:
    """Accept a response of which only the success matters; but no page, redirect or broken JSON."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip()
    if reply.status >= 300 or "html" in kind:
        raise errors.UnexpectedResponse(
            f"The service responded with status {reply.status} and {kind or 'no content'}, perhaps a sign-in page."
        )
    if "json" in kind and reply.content.strip():
        try:
            read_json(reply.content)
        except ValueError:
            raise errors.UnexpectedResponse(
                f"The service responded with status {reply.status} and something that is not JSON ({kind})."
            ) from None


def field_of(entry: object, name: str, kind: type[T]) -> T | None:
    """A displayed field of an object, parsed or not."""
    if isinstance(entry, dict):
        entry = Loose(entry)
    return optional(entry, name, kind)  # type: ignore[type-var]


@attrs.frozen
class Loose:
    """An object that the generated client has not parsed."""

    additional_properties: dict[str, Any]


@attrs.define
class Pages(Generic[T]):
    """How far a list with ``limit`` and ``offset`` has been read, or one that has a ``limit`` alone."""

    request: Callable[[dict[str, Any]], Request]
    parse: Callable[[Reply], list[T]]
    #: How many rows a page may have.
    most: int = PAGE_ROWS
    is_paged: bool = True
    is_done: bool = False
    _offset: int = 0
    _count: int = 0
    _seen: set[Any] = attrs.field(factory=set)

    async def read_next(self, wanted: int | None = None) -> list[T]:
        """The rows of the next page that no page before had. After the last page, ``is_done`` is set."""
        if self._count == MOST_PAGES:
            raise errors.UnexpectedResponse("A list of the service has too many pages.")
        wanted = wanted or self.most
        params = {"limit": wanted, **({"offset": self._offset} if self.is_paged else {})}
        rows, reply = await Send(self.request(params), lambda reply: (self.parse(reply), reply))
        new = {identity: row for row in rows if (identity := _identity(row)) not in self._seen}
        self._seen |= new.keys()
        self._count += 1
        self._offset += len(rows)
        # A service that ignores ``offset`` sends the same page again.
        is_last = len(rows) < min(wanted, SHORT_PAGE_ROWS) and not _announces_more(reply, self._offset)
        self.is_done = not new or is_last or not self.is_paged
        return list(new.values())


def _identity(row: Any) -> Any:
    """What distinguishes a row: its id, or all that was sent of it."""
    return getattr(row, "id", None) or repr(getattr(row, "raw", row))


async def all_pages(
    request: Callable[[dict[str, Any]], Request],
    parse: Callable[[Reply], list[T]],
    until: Callable[[T], bool] = lambda _: False,
) -> list[T]:
    """Every row of a list with ``limit`` and ``offset``; stops after a page with a row that ``until`` accepts."""
    pages: Pages[T] = Pages(request, parse)
    found: list[T] = []
    while not pages.is_done:
        new = await pages.read_next()
        found += new
        if any(until(row) for row in new):
            break
    return found


def _announces_more(reply: Reply, seen: int) -> bool:
    """Whether the (undocumented) envelope of a list says that there are more than ``seen`` rows."""
    document = reading.document(reply, "a list")
    if not isinstance(document, dict):
        return False
    said = {fold(name): value for name, value in document.items()}
    total = str(said.get("total", said.get("totalcount")))
    return (
        said.get("hasmore") is True
        or said.get("nextoffset") not in (None, False, "")
        or (total.isdecimal() and len(total) < 12 and int(total) > seen)
    )
