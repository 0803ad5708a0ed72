"""The protocol between flows and drivers: a flow awaits an effect, and gets what came of it.

A flow is a coroutine, and no event loop is involved: a driver sends results in. So a call that is not awaited is an error
of the type checker and a warning at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

import attrs

if TYPE_CHECKING:
    from uuid import UUID

    import httpx

    from specstep_flows.events import Event
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord  # noqa: F401 - named in a generic base

T = TypeVar("T")
R = TypeVar("R")

#: What sending a request twice would mean (``x-kind`` in openapi/documented.yaml); see ``engine.retry``.
Kind: TypeAlias = Literal["read", "keyed", "idempotent", "unsafe", "harmless"]

#: Changes to a run's record: column name to new value.
Changes: TypeAlias = Mapping[str, Any]


class Effect(Generic[T]):
    """Something that a flow wants done. ``await`` gives what came of it; the parameter is its type."""

    __slots__ = ()

    def __await__(self) -> Generator[Effect[T], Any, T]:
        return cast("T", (yield self))


#: A flow under way: what an ``async def`` that awaits effects gives back when it is called.
Flow: TypeAlias = Coroutine[Any, Any, R]


@attrs.define(eq=False)
class Request:
    """One request to the API. ``path`` is relative to the API's origin; ``kind`` decides what may be sent again."""

    operation: str
    kind: Kind
    method: str
    path: str
    params: Mapping[str, Any] | None = None
    json: Any = None
    headers: Mapping[str, str] | None = None
    #: Multipart form: each field's name with its file name, bytes and content type; a field that is no file has no file name.
    files: Sequence[tuple[str, tuple[str | None, bytes, str | None]]] | None = None
    #: Which of the service's two rolling limits it counts against.
    bucket: Literal["standard", "kickoff"] = "standard"
    #: The answer's body is left unread when it is not JSON (a package that comes without a redirect).
    leaves_body: bool = False


@attrs.define(eq=False)
class Reply:
    """A service's whole answer."""

    status: int
    headers: httpx.Headers = attrs.field(repr=False)  # a redirect's Location is a secret
    content: bytes = attrs.field(repr=False)


@attrs.define(eq=False)
class Send(Effect[T]):
    """Send one request, as often as its kind allows, and read its 2xx (or 3xx) answer with ``parse``.

    The driver writes the intent to the run's record before an unsafe or keyed request leaves. ``about`` is kept with
    the intent, for whoever must settle it. ``outcome`` turns the parsed answer into changes of the record, written in
    one transaction with the end of the intent. With ``resend`` false an ambiguous failure is raised at once, because
    the flow settles it by reading the service's state. ``is_first`` is a session's first request, which is given up
    sooner than those of a job under way. ``look`` is a flow that is gone through before the request is sent once more
    after an attempt that may have been carried out: what it finds to have come of it, if not None, is the result.
    """

    request: Request
    parse: Callable[[Reply], T]
    about: Mapping[str, Any] | None = None
    outcome: Callable[[T], Changes] | None = None
    resend: bool = True
    is_first: bool = False
    look: Callable[[], Flow[T | None]] | None = None


@attrs.define(eq=False)
class Observe(Effect["Generation"]):
    """The present state of a generation. Many that are due together are read with one list page.

    ``last`` is what was seen before; with ``detail`` the whole status body is read, never a row.
    """

    generation_id: UUID
    last: Generation | None = None
    detail: bool = False


@attrs.define(eq=False)
class Remember(Effect["RunRecord | None"]):
    """Make changes to the run's record durable before anything else happens."""

    changes: Changes


@attrs.define(eq=False)
class Ask(Effect[Any]):
    """Call something of the user's (a policy, a respondent), sync or async, and take its answer."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@attrs.define(eq=False)
class Report(Effect[None]):
    """Tell whoever watches."""

    event: Event


@attrs.define(eq=False)
class Sleep(Effect[None]):
    """Wait, in seconds on the run's clock; cut short by the overall deadline, which raises ``WaitTimeout``."""

    seconds: float


@attrs.define(eq=False)
class Now(Effect[float]):
    """Seconds on the run's clock, which all processes of one machine share."""


@attrs.define(eq=False)
class NewKey(Effect[str]):
    """A fresh Idempotency-Key."""


@attrs.define(eq=False)
class Fetch(Effect[T]):
    """Work on files and bytes outside the API: a download, a check, an unpacking, the reading of an attachment.

    ``work`` blocks, so the async driver runs it in a thread; it is given a function that says whether to stop.
    """

    work: Callable[[Callable[[], bool]], T]
