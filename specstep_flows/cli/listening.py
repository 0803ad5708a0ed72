"""What ``specstep webhook listen`` does with deliveries: it shows them, and sends them on as they came."""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs

from specstep_flows import errors
from specstep_flows._text import duration, plain_line
from specstep_flows.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from specstep_flows.cli.interrupts import Interrupts
    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.webhooks.subscription import Subscription
    from specstep_flows.webhooks.verify import WebhookDelivery

#: The extra is part of this package, which is on no package index.
NO_SERVER: Final = (
    "`specstep webhook listen` needs the extra `webhooks` of specstep-flows: pip install '.[webhooks]' in a clone, or "
    "add [webhooks] to the wheel's name."
)
#: How often it is checked that the webhook is still registered, in seconds on the service's clock.
RENEW_SECONDS: Final = 300.0
#: How long the application that deliveries are sent on to may take, in seconds: the service waits meanwhile.
FORWARD_SECONDS: Final = 10.0
#: How often it is looked whether deliveries can still be printed, in seconds.
LOOK_SECONDS: Final = 0.5
#: Headers of a connection, not of a delivery.
_OF_CONNECTIONS: Final = frozenset(
    ("host", "content-length", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect")
)


def checked_url(name: str, url: str, *, is_public: bool, undone: str = "registered") -> str:
    """An address that deliveries can go to. Raises ``UsageError``; nothing was sent then."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address:
        raise errors.UsageError(f"{name} {url!r} is not an http or https address. Nothing was {undone}.")
    if is_public and parts.scheme != "https" and not is_loopback(url):
        raise errors.UsageError(f"{name} must be https: the service delivers to nothing else. Nothing was registered.")
    return url


def own_key(client: SpecStep) -> str:
    """The id of the key that is in use: the service shows its first characters.

    Raises:
        UsageError: several keys, or none, may be it.
    """
    keys, used = client.list_api_keys(), client.settings.require_key()
    fitting = [one for one in keys if one.prefix and used.startswith(one.prefix.rstrip(".…*"))]
    found = fitting if fitting else keys
    if len(found) != 1:
        names = ", ".join(f"{one.id} ({plain_line(one.name or 'no name')})" for one in found) or "none"
        raise errors.UsageError(
            f"It cannot be told which of your keys is in use: give its id with --key-id. Possible: {names}."
        )
    return str(found[0].id)


@attrs.define
class Deliveries:
    """Shows each delivery, and sends it on."""

    call: Call
    forward: str | None
    is_printed: bool
    #: Whether any has come.
    has_come: bool = attrs.field(default=False, init=False)
    #: Why nothing can be printed any more.
    unprinted: BrokenPipeError | errors.SpecStepError | None = attrs.field(default=None, init=False)

    def take(self, delivery: WebhookDelivery) -> Awaitable[None] | None:
        """The receiver's callback; what it returns is awaited.

        Raises:
            WebhookRejected: the application refused it for good (4xx).
            SpecStepError: it did not take it; the service sends it again.
        """
        self.has_come = True
        generation = delivery.generation or {}
        about = " ".join(plain_line(generation[name]) for name in ("id", "state") if generation.get(name))
        line = f"{datetime.now():%H:%M:%S}  {delivery.event}  {about}".rstrip()
        if self.is_printed:
            try:
                self.call.terminal.document({"event": delivery.event, "delivery_id": delivery.id, "body": delivery.raw})
            except (BrokenPipeError, errors.SpecStepError) as error:
                self.unprinted = error
                raise
        if self.forward is None:
            self.call.terminal.say(line)
            return None
        return self._send_on(self.forward, line, delivery)

    async def _send_on(self, url: str, line: str, delivery: WebhookDelivery) -> None:
        import asyncio

        try:
            status = await send_on(url, delivery.body, delivery.headers)
        except errors.SpecStepError as error:
            await asyncio.to_thread(self.call.terminal.say, f"{line}: {error.message}")
            raise
        await asyncio.to_thread(self.call.terminal.say, f"{line}: taken ({status})")


async def send_on(url: str, body: bytes, headers: Sequence[tuple[str, str]]) -> int:
    """Send a delivery to an application as it came; its status.

    Raises:
        WebhookRejected: the application refused it (4xx), which is final.
        SpecStepError: it cannot be reached, does not answer in time, or answered with anything but 2xx.
    """
    import asyncio
    import ssl

    import httpx

    from specstep_flows._network import tls_context

    # As they came: a front door may add headers that are not ASCII.
    kept = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in headers
        if name.lower() not in _OF_CONNECTIONS
    ]
    is_plain = url.casefold().startswith("http:")
    # Reading the usual certificates takes longer than all the rest, and plain http needs none.
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else await asyncio.to_thread(tls_context)
    # One client a delivery: what the application sets with one does not come back with the next.
    client = httpx.AsyncClient(timeout=None, trust_env=False, verify=trusted)  # noqa: S113 - there is a limit to it all
    try:
        async with asyncio.timeout(FORWARD_SECONDS), client as http:
            # The delivery's own, and no others.
            for name in [*http.headers]:
                del http.headers[name]
            # Nobody needs what the application says beside its status, however much that is.
            async with http.stream("POST", url, content=body, headers=kept) as response:
                status = response.status_code
    except TimeoutError:
        raise errors.SpecStepError(f"{url} did not answer within {duration(FORWARD_SECONDS)}.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        from specstep_flows.engine.transport import reason_of

        host = urlsplit(url).hostname or url
        raise errors.SpecStepError(f"{url} cannot be reached: {reason_of(error, host, 'the address')[0]}.") from None
    if 400 <= status < 500:
        raise errors.WebhookRejected(f"The application refused it with status {status}.")
    if not 200 <= status < 300:
        raise errors.SpecStepError(f"The application answered with status {status}.")
    return status


def signed_again(delivery_id: str, body: bytes, secret: str) -> tuple[bytes, list[tuple[str, str]]]:
    """A delivery with today's date and another signature; its id stays, so that it passes for the same."""
    from specstep_flows._json import read_json
    from specstep_flows.webhooks.sign import sign_webhook

    document = {name: value for name, value in read_json(body).items() if name != "delivered_at"}
    signed = sign_webhook(document, secret, now=time.time(), delivery_id=delivery_id)
    return signed.body, list(signed.headers.items())


@contextlib.contextmanager
def failures_told_once() -> Iterator[None]:
    """What fails at the application is shown with its delivery, and so is not logged as well."""
    log = logging.getLogger("specstep_flows.webhooks")
    log.addFilter(_is_no_failed_call)
    try:
        yield
    finally:
        log.removeFilter(_is_no_failed_call)


def _is_no_failed_call(record: logging.LogRecord) -> bool:
    return record.exc_info is None


def serve(call: Call, subscription: Subscription, interrupts: Interrupts, speed: float, deliveries: Deliveries) -> None:
    """Wait until an interrupt, and see now and then that the webhook is still registered.

    It ends by itself when nobody reads what is printed.

    Raises:
        SpecStepError: what is printed cannot be written.
    """
    told: str | None = None
    while True:
        renew_at = time.monotonic() + RENEW_SECONDS / speed
        while (left := renew_at - time.monotonic()) > 0:
            if deliveries.unprinted is not None:
                if isinstance(deliveries.unprinted, errors.SpecStepError):
                    raise deliveries.unprinted
                call.terminal.say("Nothing reads the deliveries any longer, so listening ends.")
                return
            with interrupts.idle():
                # Not an event's wait, which Ctrl-C does not end on Windows.
                time.sleep(min(left, LOOK_SECONDS))
        try:
            said = subscription.renew()
        except errors.SpecStepError as error:
            said = f"It could not be checked whether the webhook is still registered: {error.message}"
        if said is not None and said != told:
            call.terminal.say(said)
        told = said


def tried(call: Call, client: SpecStep, key_id: str, webhook_id: str, deliveries: Deliveries) -> None:
    """Have the service send a test delivery, and say how it went: nothing else shows that the address leads here."""
    try:
        outcome = client.test_webhook(key_id, webhook_id)
    except errors.SpecStepError as error:
        call.terminal.say(f"The test delivery could not be sent: {error.message}")
        return
    if outcome.success and deliveries.has_come:
        call.terminal.say("The test delivery arrived. Runs on this store are woken by deliveries. Ctrl-C ends it.")
        return
    said = plain_line(outcome.failure_reason or "no reason given")
    call.terminal.tell(
        f"The test delivery did not arrive: {'something else has taken it.' if outcome.success else said} "
        "Check that the public address leads to this port. Listening all the same."
    )
