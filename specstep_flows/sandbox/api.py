"""The ASGI application: each request is settled, authenticated, counted, handled and answered in this order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from specstep_flows.sandbox.clock import Clock, http_date
from specstep_flows.sandbox.connections import KEY_ID, SERVED_AT
from specstep_flows.sandbox.document import OPERATIONS
from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.records import Key
from specstep_flows.sandbox.refusals import Refusal, invalid
from specstep_flows.sandbox.routing import Answer, Call, Operation, Upload
from specstep_flows.sandbox.world import World

#: The pages speak of a session cookie and do not name it.
SESSION_COOKIE = "specstep_session"


class Api:
    """The API server's application over one world."""

    def __init__(
        self, world: World, clock: Clock, blob_origin: Callable[[], str], answered: Callable[[], None]
    ) -> None:
        self.world = world
        self.clock = clock
        self.limits = Limits(world.options)
        self._blob_origin = blob_origin
        self._answered = answered
        self.app = Starlette(
            routes=[
                Route(
                    operation.path.replace("{*path}", "{path:path}"),
                    self._endpoint(operation),
                    methods=[operation.method],
                )
                for operation in OPERATIONS
            ],
            exception_handlers={404: _nothing_here, 405: _nothing_here},
        )

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            at = request.scope.get(SERVED_AT)
            now = self.clock.now() if at is None else float(at)
            headers: dict[str, str] = {"Date": http_date(now)}
            try:
                form = await _form(request)
                self.world.settle(now)
                caller = self._authenticate(operation, request, now)
                request.scope[KEY_ID] = None if caller is None else caller.id
                if operation.limit is not None and caller is not None:
                    headers |= self.limits.take(operation.limit, caller.limiter, now)
                call = Call(
                    self.world,
                    now,
                    str(request.base_url).rstrip("/"),
                    self._blob_origin(),
                    request.path_params,
                    request.query_params,
                    request.headers,
                    body,
                    form,
                    caller,
                )
                answer = await self._handle(operation, call)
            except Refusal as refusal:
                answer = problem(refusal)
            self._answered()
            answer.headers = headers | answer.headers
            return _response(answer)

        return endpoint

    def _authenticate(self, operation: Operation, request: Request, now: float) -> Key | None:
        if operation.auth == "anonymous":
            return None
        address = request.client.host if request.client else "unknown"
        self.limits.check_address(address, now)
        session = request.cookies.get(SESSION_COOKIE)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        by_session = not scheme and session is not None
        token = session if by_session and session is not None else token.strip()
        key = self.world.key_of(token) if by_session or scheme.lower() == "bearer" else None
        if key is None or key.is_session != by_session:
            self.limits.failed(address, now)
            raise Refusal(401, "", "", headers={"WWW-Authenticate": "Bearer"})
        key.last_used_at = now
        if (operation.auth == "cookie" and not by_session) or (operation.auth == "person" and not key.is_person):
            raise Refusal(403, "FORBIDDEN_FOR_ACTOR_TYPE", "This operation is for people in a browser session.")
        return key

    async def _handle(self, operation: Operation, call: Call) -> Answer:
        with call.world.lock:
            answer = operation.handler(call)
        return answer if isinstance(answer, Answer) else await answer


def problem(refusal: Refusal) -> Answer:
    """problem+json; a failed authentication has no body at all."""
    if refusal.status == 401:
        return Answer(401, None, refusal.headers)
    body: dict[str, Any] = {
        "type": refusal.type,
        "title": refusal.type.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.detail,
        **refusal.members,
    }
    return Answer(refusal.status, body, refusal.headers, "application/problem+json")


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    if isinstance(answer.body, (bytes, dict, list)):
        return Response(answer.encoded(), answer.status, answer.headers, answer.content_type)
    return StreamingResponse(answer.body, answer.status, answer.headers, answer.content_type)


async def _form(request: Request) -> dict[str, str | Upload]:
    """The fields of a form by their names in lower case, which ASP.NET does not tell from others."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return {}
    try:
        async with request.form() as form:
            return {
                name.lower(): Upload(value.filename or "", value.content_type or "", await value.read())
                if isinstance(value, UploadFile)
                else value
                for name, value in form.items()
            }
    except MultiPartException:
        raise invalid("The multipart body cannot be read.") from None


async def _nothing_here(request: Request, error: Exception) -> Response:
    """An address without a route: ASP.NET answers with an empty body."""
    return Response(status_code=getattr(error, "status_code", 404))


WINDOW = 60.0
AUTH_WINDOW = 300.0


class Limits:
    """Counts requests by key (programs) or user (people), and failures by address."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._taken: dict[tuple[str, str], deque[float]] = {}
        self._failures: dict[str, deque[float]] = {}

    def cap(self, limit: str) -> int | None:
        """How many requests a minute the limit allows."""
        return self._options.kickoffs_per_minute if limit == "kickoff" else self._options.requests_per_minute

    def take(self, limit: str, who: str, now: float) -> dict[str, str]:
        """Count a request and return the headers to send; a kickoff takes nothing from the standard limit."""
        cap = self.cap(limit)
        if cap is None:
            return {}
        taken = self._taken.setdefault((limit, who), deque())
        _forget(taken, now - WINDOW)
        refused = len(taken) >= cap
        if not refused:
            taken.append(now)
        reset = math.ceil(taken[0] + WINDOW - now) if taken else 0
        headers = {
            "RateLimit-Limit": str(cap),
            "RateLimit-Remaining": str(max(0, cap - len(taken))),
            "RateLimit-Reset": str(reset),
        }
        if refused:
            raise Refusal(
                429,
                "RATE_LIMITED",
                f"At most {cap} such requests a minute.",
                headers={**headers, "Retry-After": str(max(1, reset))},
            )
        return headers

    def check_address(self, address: str, now: float) -> None:
        """Refuse an address that failed too often, before its key is even looked at."""
        most = self._options.auth_failures
        failures = self._failures.get(address)
        if most is None or failures is None:
            return
        _forget(failures, now - AUTH_WINDOW)
        if len(failures) >= most:
            # The same bare challenge as a wrong key gets: the two cannot be told apart (the auth page).
            raise Refusal(401, "", "", headers={"WWW-Authenticate": "Bearer"})

    def failed(self, address: str, now: float) -> None:
        """Count a failed authentication."""
        self._failures.setdefault(address, deque()).append(now)


def _forget(moments: deque[float], until: float) -> None:
    while moments and moments[0] <= until:
        moments.popleft()
