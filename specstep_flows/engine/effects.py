"""The protocol between flows and drivers: a flow awaits an effect and gets its result.

A flow is a coroutine, but no event loop is involved: a driver sends the results in. So a call that is not awaited is an
error for the type checker and a warning at run time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Coroutine, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast

import attrs

from specstep_flows import errors

if TYPE_CHECKING:
    from uuid import UUID

    import httpx

    from specstep_flows.events import Event
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import (
        Intent,
        RunRecord,  # noqa: F401 - named in a generic base
    )

T = TypeVar("T")
R = TypeVar("R")

_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")

#: What sending a request twice would do (``x-kind`` in openapi/documented.yaml); see ``engine.retry``.
Kind: TypeAlias = Literal["read", "keyed", "idempotent", "unsafe", "harmless"]

#: The longest that changes wait to be written, in seconds, where whoever resumes the run can read them again.
SOON: Final = 60.0

#: Changes to a run's record: column name to new value.
Changes: TypeAlias = Mapping[str, Any]


class Effect(Generic[T]):
    """Something that a flow wants done. ``await`` gives the result; the type parameter is its type."""

    __slots__ = ()

    def __await__(self) -> Generator[Effect[T], Any, T]:
        return cast("T", (yield self))


#: A running flow: what calling an ``async def`` that awaits effects returns.
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
    headers: Mapping[str, str] | None = attrs.field(default=None)
    #: Multipart form: each field with its file name (None if it is not a file), bytes and content type.
    files: Sequence[tuple[str, tuple[str | None, bytes, str | None]]] | None = None
    #: Which of the service's two rolling limits it counts against.
    bucket: Literal["standard", "kickoff"] = "standard"
    #: It needs no key, and so says nothing about it.
    is_anonymous: bool = False
    #: It stops spending, or shows that it did: it does not queue behind a hold that other requests earned.
    is_urgent: bool = False
    #: How long the service may work on it, in seconds: one attempt lasts at least that long.
    works_seconds: float = 0.0
    #: The body is not read when it is not JSON (a package that comes without a redirect).
    leaves_body: bool = False
    #: Whether what has come of the body is all that is wanted, of a stream that may be kept open.
    is_enough: Callable[[bytes], bool] | None = None

    #: What it is to do, and what its path names, for sentences: ``cancel a generation``, ``generation``, ``0195...``.
    about: str = ""
    noun: str = ""
    name: str = ""

    @property
    def thing(self) -> str:
        """What its path names, such as ``generation 0195...``; empty where that is nothing."""
        return f"{self.noun} {self.name}" if self.name else ""

    @property
    def aim(self) -> str:
        """What it is to do, with what its path names: ``cancel generation 0195...``."""
        about = self.about or f"carry out {self.operation}"
        if not self.name:
            return about
        named, count = re.subn(rf"\ban? (?:failed )?{re.escape(self.noun)}\b", lambda _: self.thing, about, count=1)
        return named if count else f"{about} ({self.thing})"

    @headers.validator
    def _check_headers(self, _: Any, headers: Mapping[str, object] | None) -> None:
        for name, value in (headers or {}).items():
            if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
                raise errors.UsageError(
                    f"{name} cannot be {value!r:.100}: a header takes printable ASCII characters, and no spaces around "
                    "them. Nothing was sent."
                )


@attrs.define(eq=False)
class Reply:
    """A whole response of the service."""

    status: int
    headers: httpx.Headers = attrs.field(repr=False)  # a redirect's Location is a secret
    content: bytes = attrs.field(repr=False)
    #: The JSON in ``content``, once somebody has read it. (``null`` is read again.)
    document: Any = attrs.field(default=None, init=False, repr=False)


@attrs.define(eq=False)
class Send(Effect[T]):
    """Send one request, as often as its kind allows, and read its 2xx (or 3xx) response with ``parse``.

    The engine writes the intent to the run's record before it sends an unsafe or keyed request. ``about`` is stored
    with the intent, for whoever has to settle it. ``outcome`` turns the parsed response into changes of the record,
    which are written in one transaction with the end of the intent. If ``resend`` is false, an ambiguous failure is
    raised at once, because the flow settles it by reading the service's state. ``is_first`` marks the first request of
    a session, which is given up sooner than later ones. ``look`` is a flow that runs before the request is sent again
    after an attempt that may have been carried out: if it finds the outcome (not None), that is the result.
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
    """Read the current state of a generation. Many that are due at the same time are read from one list page.

    ``last`` is what was read before; with ``detail`` the whole status body is read, never a row of the list.
    """

    generation_id: UUID
    last: Generation | None = None
    detail: bool = False


@attrs.define(eq=False)
class Crowded(Effect[bool]):
    """Whether this client watches so many generations that what only refines a record is not worth a request."""


@attrs.frozen
class Deliveries:
    """What webhook deliveries say: the body of the newest about each generation, None where it was not kept."""

    #: Up to where deliveries were read, for the next ``CheckDeliveries``.
    position: int
    #: Whether somebody receives deliveries for this store.
    is_served: bool
    bodies: Mapping[UUID, bytes | None]


@attrs.define(eq=False)
class CheckDeliveries(Effect[Deliveries]):
    """The webhook deliveries about these generations that came since ``after``; none without it. Nothing is sent."""

    generation_ids: Collection[UUID]
    after: int | None


@attrs.define(eq=False)
class Remember(Effect["RunRecord | None"]):
    """Make changes to the run's record durable before anything else happens.

    With ``latest`` they may wait for the run's next write, for so many seconds at most, or until the user is asked
    something: for what a kill may lose, because whoever resumes the run finds it out again. Whatever is sent that has
    an intent takes them along. Nothing that money hangs on may wait.
    """

    changes: Changes
    latest: float = 0.0


@attrs.define(eq=False)
class Recall(Effect["RunRecord | None"]):
    """The run's record as it is now; whoever answers its questions beside this process may have added to it.

    (A step's record: ``flows.steps.current_step``.)
    """


@attrs.define(eq=False)
class Ask(Effect[Any]):
    """Call a callback of the user (a policy, a respondent), sync or async, and get what it returns."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@attrs.define(eq=False)
class Report(Effect[None]):
    """Pass an event to the user's ``on_event``."""

    event: Event


@attrs.define(eq=False)
class Sleep(Effect[None]):
    """Wait, in seconds on the run's clock. The overall deadline cuts the wait short and raises ``WaitTimeout``."""

    seconds: float


@attrs.define(eq=False)
class Now(Effect[float]):
    """The time in seconds on the run's clock, which all processes of a machine share."""


@attrs.define(eq=False)
class Passed(Effect[float]):
    """The seconds that have certainly passed since a request was sent, however the machine's clock was set since."""

    since: Intent


@attrs.define(eq=False)
class NewKey(Effect[str]):
    """A fresh Idempotency-Key."""


@attrs.define(eq=False)
class Fetch(Effect[T]):
    """Work on files, or a download from outside the API.

    ``work`` blocks, so the async driver runs it in a thread. It is called with a function that says whether to stop.
    ``is_long`` is what may take minutes, so that nothing short waits behind it.
    """

    work: Callable[[Callable[[], bool]], T]
    is_long: bool = False
