"""Receives webhook deliveries: each is verified, taken once, and handed to a callback (walkthrough, step 7.5).

The status decides whether the service sends a delivery again: after a 5xx or a broken connection it does, 1, 4 and 16
seconds later; a 4xx ends it. So only what is this side's trouble is a 503, and whatever a stranger sends is a 4xx.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
import re
import secrets as random_tokens
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows.callbacks import check_callable
from specstep_flows.runs.deliveries import DeliveryLog
from specstep_flows.settings import Settings
from specstep_flows.webhooks.verify import (
    PREFIX,
    TOLERANCE_SECONDS,
    Headers,
    WebhookDelivery,
    check_seconds,
    signing_keys,
    verify_webhook,
)

if TYPE_CHECKING:
    from specstep_flows.runs.protocol import Deliveries, RunKeeper

#: The largest body that is read, in bytes. A delivery holds one generation's fields: some thousand.
MOST_BYTES: Final = 1 << 20
#: A body that takes longer than this to arrive, in seconds, is given up: a stranger must not hold connections open.
BODY_SECONDS: Final = 30.0
#: A receiver whose server starts and stops it (ASGI lifespan) says this often that it is there, in seconds, and for
#: how long that counts.
BEAT_SECONDS: Final = 20.0
ALIVE_SECONDS: Final = 60.0
#: One that is only called says so when it is made and with each delivery: it counts as there for this long.
PRESUMED_SECONDS: Final = 3600.0

Secrets: TypeAlias = str | bytes | Sequence[str | bytes]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

T = TypeVar("T")

_log = logging.getLogger("specstep_flows.webhooks")
_LENGTH: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@attrs.frozen
class WebhookResponse:
    """What to answer the service: a status, and a sentence for the body (none with 204)."""

    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


_TAKEN: Final = WebhookResponse(204)
_BUSY: Final = WebhookResponse(503, "This delivery is being worked on.")
_FAILED: Final = WebhookResponse(503, "The delivery could not be processed. Send it again.")
_HUGE: Final = WebhookResponse(413, "The body is too large.")
_ON_A_LOOP: Final = "The callback is a coroutine function: on an event loop, await receive_async."


class Receiver:
    """An ASGI application that receives deliveries; ``receive`` does the same for WSGI, Django or Lambda.

    ::

        receiver = Receiver(on_delivery, os.environ["SPECSTEP_WEBHOOK_SECRET"])
        app = FastAPI(routes=[Route("/specstep-hook", receiver)])

    What it answers: 204 for a delivery that was processed, now or before; 400 for one that is not the service's, too
    old or malformed; 405, 408 and 413 for a wrong method, a body that does not come, one that is too large; 503 if the
    callback raises or the store fails, upon which the service sends it again. A callback that raises
    ``WebhookRejected`` refuses the delivery for good (400).

    The callback is called at least once for each delivery that arrives; not again once it has returned, and not twice
    at a time (by two processes only if it takes longer than 15 s). Runs that wait on the same store (``SpecStep``,
    ``specstep``) are woken by a delivery, and meanwhile look at the service seldom.
    """

    def __init__(
        self,
        on_delivery: Callable[[WebhookDelivery], Any],
        secrets: Secrets | Callable[[], Secrets],
        *,
        store: RunKeeper | Path | str | None = None,
        path: str | None = None,
        most_bytes: int = MOST_BYTES,
        tolerance: float = TOLERANCE_SECONDS,
        now: Callable[[], float] = time.time,
        name: str = "app",
    ) -> None:
        """Make a receiver.

        Args:
            on_delivery: called with each delivery; a function, which is called in a thread, or a coroutine function.
            secrets: the signing secret, several during a rotation, or a function that returns them at each delivery.
            store: where deliveries are remembered: a ``RunStore``, a folder, or nothing for the user's own folder
                (``SPECSTEP_STATE``).
            path: the only path that is answered, others being 404; default: any, as an application that is mounted.
            most_bytes: the largest body that is read.
            tolerance: how many seconds a delivery may be old, or ahead of this machine's clock.
            now: the time in seconds since the epoch, for tests.
            name: receivers of different names that share a store each get a delivery that reaches them all.

        Raises:
            SettingsError: there is no signing secret.
            StoreError: the store cannot be used.
            UsageError: an argument is of the wrong kind; with such a one every delivery would be refused.
        """
        check_callable("on_delivery", on_delivery)
        _check_options(path, most_bytes, tolerance, name)
        if inspect.iscoroutinefunction(secrets):
            raise errors.UsageError("`secrets` must be an ordinary function, or the secrets themselves.")
        if not callable(secrets):
            signing_keys(secrets)
        self._on_delivery = on_delivery
        self._is_async = any(map(inspect.iscoroutinefunction, (on_delivery, getattr(on_delivery, "__call__", None))))  # noqa: B004 - an instance whose __call__ is async
        self._secrets = secrets
        self._path, self._most_bytes, self._tolerance, self._now, self._name = path, most_bytes, tolerance, now, name
        given: Any = store
        self._owns_log = not hasattr(given, "deliveries")
        self._deliveries: Deliveries = (
            DeliveryLog(given or Settings.load().state_folder()) if self._owns_log else given.deliveries
        )
        self._made = random_tokens.token_hex(8)
        self._is_beating = False
        self._running: set[str] = set()
        #: Deliveries that were processed, which the store could not write down.
        self._unrecorded: set[str] = set()
        self._lock = threading.Lock()
        self._said_at = -PRESUMED_SECONDS
        self._say_that_it_is_there()

    @property
    def _token(self) -> str:
        """What it is called among those that are there: one that was forked leaves without the others."""
        return f"{self._made}-{os.getpid()}"

    def _say_that_it_is_there(self) -> None:
        """Where no server starts and stops the application: now and then, as each time is a write."""
        now = time.monotonic()
        if not self._is_beating and now - self._said_at > PRESUMED_SECONDS / 2:
            self._deliveries.serve(self._token, PRESUMED_SECONDS)
            self._said_at = now

    def close(self) -> None:
        """Runs on this store no longer count on deliveries."""
        with contextlib.suppress(errors.StoreError):
            self._deliveries.leave(self._token)
        if self._owns_log:
            self._deliveries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def receive(self, body: bytes, headers: Headers) -> WebhookResponse:
        """Verify a delivery, call the callback if it is new, and say what to answer.

        ::

            response = receiver.receive(request.body, request.headers)
            return HttpResponse(response.text, status=response.status)

        Args:
            body: the raw bytes of the request, not a document that was parsed and serialized again.
            headers: as ``verify_webhook`` takes them.

        Raises:
            UsageError: the callback is a coroutine function and this is called on an event loop: use
                ``receive_async``.
        """
        if self._is_async and _is_on_a_loop():
            raise errors.UsageError(_ON_A_LOOP)
        begun = self._begin(body, headers)
        if isinstance(begun, WebhookResponse):
            return begun
        answer = self._call(begun)
        if isinstance(answer, WebhookResponse):
            return answer
        try:
            if _is_on_a_loop():
                _close(answer)
                raise errors.UsageError(_ON_A_LOOP)
            asyncio.run(_awaited(answer))
        except BaseException as error:
            response = self._end(begun, error)
            if not isinstance(error, Exception):
                raise
            return response
        return self._end(begun)

    async def receive_async(self, body: bytes, headers: Headers) -> WebhookResponse:
        """``receive``, on an event loop: what blocks is done in threads."""
        begun = await _in_thread(partial(self._begin, body, headers), self._give_back)
        if isinstance(begun, WebhookResponse):
            return begun
        if self._is_async:
            answer = self._call(begun)
        else:
            answer = await _in_thread(partial(self._call, begun), partial(self._drop, begun))
        if isinstance(answer, WebhookResponse):
            return answer
        try:
            await answer
        except asyncio.CancelledError as error:
            self._end(begun, error)
            raise
        except Exception as error:
            return await asyncio.to_thread(self._end, begun, error)
        return await asyncio.to_thread(self._end, begun)

    def _call(self, delivery: WebhookDelivery) -> WebhookResponse | Awaitable[Any]:
        """Call the callback and say what to answer, or return what is to be awaited first."""
        try:
            answer = self._on_delivery(delivery)
        except BaseException as error:
            response = self._end(delivery, error)
            if not isinstance(error, Exception):
                raise
            return response
        return answer if inspect.isawaitable(answer) else self._end(delivery)

    def _give_back(self, begun: object) -> None:
        """Nobody has processed it."""
        if isinstance(begun, WebhookDelivery):
            self._end(begun, asyncio.CancelledError())

    def _drop(self, delivery: WebhookDelivery, answer: WebhookResponse | Awaitable[Any]) -> None:
        """What is to be awaited is not awaited any more."""
        if not isinstance(answer, WebhookResponse):
            _close(answer)
            self._give_back(delivery)

    def _begin(self, body: bytes, headers: Headers) -> WebhookDelivery | WebhookResponse:
        """Verify a delivery and take it, or say what to answer instead."""
        if isinstance(body, bytes | bytearray | memoryview) and len(body) > self._most_bytes:
            return _HUGE
        try:
            secrets = self._secrets() if callable(self._secrets) else self._secrets
            delivery = verify_webhook(body, headers, secrets, now=self._now(), tolerance=self._tolerance)
        except errors.WebhookRejected as error:
            _log.info("A webhook delivery was refused: %s", error.message)
            return WebhookResponse(400, error.message)
        except Exception:
            # The secret is missing, or cannot be read.
            _log.exception("A webhook delivery could not be verified.")
            return _FAILED
        with self._lock:
            if delivery.id in self._running:
                return _BUSY
            self._running.add(delivery.id)
        if delivery.id in self._unrecorded:
            return self._end(delivery)
        answer = _FAILED
        try:
            self._say_that_it_is_there()
            claim = self._deliveries.claim(
                self._name,
                delivery.id,
                delivery.event,
                generation_of(delivery),
                _own_headers(delivery),
                delivery.body,
                self._now(),
            )
            if claim == "new":
                return delivery
            answer = _TAKEN if claim == "done" else _BUSY
        except errors.StoreError as error:
            _log.error("A webhook delivery could not be recorded: %s", error.message)
        self._running.discard(delivery.id)
        return answer

    def _end(self, delivery: WebhookDelivery, error: BaseException | None = None) -> WebhookResponse:
        """What to answer after the callback: what it raised means that the delivery may come again."""
        response = _TAKEN
        if isinstance(error, errors.WebhookRejected):
            response = WebhookResponse(400, error.message)
        elif error is not None:
            _log.error("The callback failed on webhook delivery %s (%s).", delivery.id, delivery.event, exc_info=error)
            response = _FAILED
        try:
            self._deliveries.settle(self._name, delivery.id, is_done=response is not _FAILED)
            self._unrecorded.discard(delivery.id)
        except errors.StoreError as failure:
            # The outcome counts all the same: a delivery that was processed is not handed on again.
            if response is not _FAILED:
                self._unrecorded.add(delivery.id)
            _log.error("What became of a webhook delivery could not be recorded: %s", failure.message)
        self._running.discard(delivery.id)
        return response

    # ASGI

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        match scope["type"]:
            case "http":
                response = await self._answer(scope, receive)
                if response is not None:
                    await _respond(response, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            case "lifespan":
                await self._live(receive, send)
            case other:
                raise ValueError(f"ASGI scope {other!r} is not supported")

    async def _answer(self, scope: Message, receive: Receive) -> WebhookResponse | None:
        """What to answer a request; None if whoever sent it has left."""
        if self._path is not None and _path_in(scope) != self._path:
            return WebhookResponse(404, "There is nothing here.")
        if scope["method"] != "POST":
            return WebhookResponse(405, "Deliveries are sent with POST.", (("Allow", "POST"),))
        lengths = {
            value.decode("latin-1").strip() for name, value in scope["headers"] if name.lower() == b"content-length"
        }
        if any(not _LENGTH.fullmatch(length) for length in lengths) or len(lengths) > 1:
            return WebhookResponse(400, "The Content-Length is malformed.")
        if any(int(length) > self._most_bytes for length in lengths):
            return _HUGE
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._read(receive)
        except TimeoutError:
            return WebhookResponse(408, "The body did not arrive.")
        if isinstance(body, bytes):
            return await self.receive_async(body, scope["headers"])
        return body

    async def _read(self, receive: Receive) -> bytes | WebhookResponse | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > self._most_bytes:
                return _HUGE
            if not message.get("more_body", False):
                return bytes(body)

    async def _live(self, receive: Receive, send: Send) -> None:
        beating: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._is_beating = True
                beating = asyncio.create_task(self._beat())
                await send({"type": "lifespan.startup.complete"})
            else:
                if beating is not None:
                    beating.cancel()
                    await asyncio.wait([beating])
                self._is_beating = False
                with contextlib.suppress(errors.StoreError):
                    await asyncio.to_thread(self._deliveries.leave, self._token)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(errors.StoreError):
                await asyncio.to_thread(self._deliveries.serve, self._token, ALIVE_SECONDS)
            await asyncio.sleep(BEAT_SECONDS)


def generation_of(delivery: WebhookDelivery) -> UUID | None:
    """The generation that a delivery is about."""
    try:
        return UUID(str((delivery.generation or {}).get("id")))
    except ValueError:
        return None


def _own_headers(delivery: WebhookDelivery) -> list[tuple[str, str]]:
    """The headers that belong to the delivery; a front door adds others, which may be anything."""
    kept = ("content-type", "user-agent")
    return [pair for pair in delivery.headers if pair[0].lower().startswith(PREFIX.lower()) or pair[0].lower() in kept]


def _path_in(scope: Message) -> str:
    """The path below where the application is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _check_options(path: str | None, most_bytes: int, tolerance: float, name: str) -> None:
    """Raises ``UsageError`` for what would have every delivery refused."""
    check_seconds(tolerance=tolerance)
    if tolerance < 0:
        raise errors.UsageError(f"tolerance must not be negative, as {tolerance!r:.50} is.")
    if path is not None and not (isinstance(path, str) and path.startswith("/")):
        raise errors.UsageError(f"path must begin with a slash, unlike {path!r:.50}.")
    if isinstance(most_bytes, bool) or not isinstance(most_bytes, int) or most_bytes < 1:
        raise errors.UsageError(f"most_bytes must be a whole number above 0, not {most_bytes!r:.50}.")
    if not isinstance(name, str):
        raise errors.UsageError(f"name must be a string, not {name!r:.50}.")


def _is_on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _close(answer: Awaitable[Any]) -> None:
    """Python warns of a coroutine that nobody awaits."""
    if inspect.iscoroutine(answer):
        answer.close()


async def _in_thread(work: Callable[[], T], give_back: Callable[[T], None]) -> T:
    """Do in a thread what blocks. It cannot be cancelled there: whoever leaves has what comes of it given back."""
    task = asyncio.ensure_future(asyncio.to_thread(work))

    def left(task: asyncio.Future[T]) -> None:
        if not task.cancelled() and task.exception() is None:
            give_back(task.result())

    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(left)
        raise


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


async def _respond(response: WebhookResponse, send: Send) -> None:
    body = response.text.encode()
    headers: Iterable[tuple[str, str]] = (
        *response.headers,
        *((("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))) if body else ()),
    )
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        }
    )
    await send({"type": "http.response.body", "body": body})
