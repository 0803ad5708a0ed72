"""``specstep webhook …``: where the service reports what happens to generations."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from specstep_flows import errors
from specstep_flows.cli import exits, listening
from specstep_flows.cli.agreement import Confirmed, agree_to_operation
from specstep_flows.cli.any_operation import ask_object, ask_rows, ask_service, bind
from specstep_flows.cli.failures import tell
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.output import show_facts, show_rows
from specstep_flows.cli.session import Call, open_client, open_store
from specstep_flows.cli.verbs import group, verb
from specstep_flows.gateway.reading import optional_uuid
from specstep_flows.runs.telling import NotHandedOver

#: What ``listen`` subscribes to: everything that is told of a generation.
_EVENTS: Final = (
    "generation.state_changed",
    "generation.paused_awaiting_clarification",
    "generation.completed",
    "generation.failed",
)
_ANY_AGE: Final = 1e11
#: The most general event (walkthrough, step 7.5: "subscribe here when in doubt").
DEFAULT_EVENT: Final = "generation.state_changed"

Key = Annotated[
    str,
    typer.Argument(metavar="KEY_ID", help="The id of the API key it belongs to (see `specstep api list_api_keys`)."),
]
Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id.")]


@verb
def list_(call: Call, key: Key) -> int:
    """List a key's webhooks."""
    found = ask_rows(call, "list_webhooks", "webhooks", api_key_id=key)
    return show_rows(call, found, ("id", "url", "events"), "webhooks")


@verb
def create(
    call: Call,
    key: Key,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where deliveries go; https only.")],
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event", metavar="NAME", help=f"An event to subscribe to (repeatable; default: {DEFAULT_EVENT})."
        ),
    ] = None,
) -> int:
    """Register a webhook.

    Its signing secret is written to stdout and never shown again.
    """
    events = events or [DEFAULT_EVENT]
    return _secret(call, key, _ask_secret(call, "create_webhook", api_key_id=key, url=url, events=events))


@verb
def delete(call: Call, key: Key, webhook: Webhook, yes: Confirmed = False) -> int:
    """Delete a webhook."""
    _agree(call, "delete_webhook", "Delete webhook", key, webhook, yes)
    ask_service(call, "delete_webhook", api_key_id=key, webhook_id=webhook)
    call.finish(webhook, {"code": "done", "webhook_id": webhook})
    return 0


@verb
def rotate(call: Call, key: Key, webhook: Webhook, yes: Confirmed = False) -> int:
    """Give a webhook a new signing secret.

    The new secret is written to stdout and never shown again; the old one stops working at once.
    """
    _agree(call, "rotate_webhook_secret", "Rotate the secret of webhook", key, webhook, yes)
    return _secret(call, key, _ask_secret(call, "rotate_webhook_secret", api_key_id=key, webhook_id=webhook))


@verb
def test(call: Call, key: Key, webhook: Webhook) -> int:
    """Send a test event now.

    The outcome of the delivery is shown; the exit code is 1 if it failed.
    """
    answer = ask_service(call, "test_webhook", api_key_id=key, webhook_id=webhook)
    if not isinstance(answer, dict) or not isinstance(answer.get("success"), bool):
        raise errors.UnexpectedResponse(
            "The service accepted the test, but does not say whether the event was delivered. Look at what the address "
            "received.",
            operation="test_webhook",
            field="success",
        )
    call.verdict = 0 if answer["success"] else 1
    show_facts(call, answer, "delivery")
    return call.verdict


@verb
def listen(
    call: Call,
    public_url: Annotated[
        str,
        typer.Option(
            "--public-url", metavar="URL", help="Where the service reaches this machine (https): a tunnel, a proxy."
        ),
    ],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 picks a free one.")
    ] = 8788,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    forward: Annotated[
        str | None, typer.Option("--forward", metavar="URL", help="Send each delivery on to an application as it came.")
    ] = None,
    prints: Annotated[bool, typer.Option("--print", help="Write each delivery to stdout as a line of JSON.")] = False,
    show_secret: Annotated[
        bool, typer.Option("--show-secret", help="Print the signing secret, for the application's own check.")
    ] = False,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="NAME", help="An event to subscribe to (repeatable; default: all of them)."),
    ] = None,
    key_id: Annotated[
        str | None, typer.Option("--key-id", metavar="ID", help="The key to register with (default: the one in use).")
    ] = None,
) -> int:
    """Register a webhook and receive its deliveries until Ctrl-C.

    Runs that wait on this machine are woken by them and look at the service seldom. The webhook is removed at the end;
    what a crash has left is removed at the next start.
    """
    public_url = listening.checked_url("--public-url", public_url, is_public=True)
    if forward is not None:
        listening.checked_url("--forward", forward, is_public=False)
    try:
        from specstep_flows.webhooks.listener import ListeningServer
    except ImportError:
        raise errors.UsageError(listening.NO_SERVER) from None
    from specstep_flows.webhooks.receiver import Receiver
    from specstep_flows.webhooks.subscription import Subscription
    from specstep_flows.webhooks.verify import TOLERANCE_SECONDS

    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        client = stack.enter_context(open_client(call))
        stack.enter_context(listening.failures_told_once())
        settings = client.settings
        key_id = key_id or listening.own_key(client)
        subscription = Subscription(client, key_id=key_id, url=public_url, events=events or _EVENTS)
        shown = listening.Deliveries(call, forward, prints)
        receiver = Receiver(
            shown.take,
            lambda: subscription.secrets,
            store=client.store,
            # A clock that is sped up, on loopback, is not the one that deliveries are stamped by.
            tolerance=TOLERANCE_SECONDS if settings.clock_speed == 1.0 else _ANY_AGE,
            # Nobody has said that a delivery has another id for each webhook that gets it.
            name=f"listen {public_url}",
        )
        stack.enter_context(receiver)
        try:
            server = stack.enter_context(ListeningServer(receiver, host.removeprefix("[").removesuffix("]"), port))
        except OSError as error:
            raise errors.UsageError(
                f"It is not possible to listen on {host}, port {port} ({error.strerror or error}). Nothing was "
                "registered."
            ) from None
        stack.enter_context(subscription.held())
        for said in subscription.remove_left():
            call.terminal.say(said)
        stack.callback(_remove, call, subscription)
        subscription.register()
        _announce(call, subscription, public_url, f"{host}:{server.port}", show_secret)
        listening.tried(call, client, key_id, str(subscription.webhook_id), shown)
        with contextlib.suppress(KeyboardInterrupt):
            listening.serve(call, subscription, interrupts, settings.clock_speed, shown)
    return 0


def _ask_secret(call: Call, operation: str, **arguments: Any) -> dict[str, Any]:
    return ask_object(
        call,
        operation,
        "signing_secret",
        "`specstep webhook list` shows whether the webhook is there; `specstep webhook rotate` gives it another one.",
        **arguments,
    )


def _agree(call: Call, operation: str, what: str, key: str, webhook: str, yes: bool) -> None:
    """Ask, with the address that the webhook has, if it can be read."""
    whole = f"{what} {webhook}"
    bound = bind(operation, {"api_key_id": key, "webhook_id": webhook})
    if call.terminal.is_interactive and not yes:
        with contextlib.suppress(errors.TransportError, errors.ServerError, errors.UnexpectedResponse):
            rows = ask_rows(call, "list_webhooks", "webhooks", api_key_id=key)
            found = [row.get("url") for row in rows if optional_uuid(row.get("id")) == bound.arguments["webhook_id"]]
            whole += f" ({found[0]})" if found else ""
    agree_to_operation(call, operation, whole, yes)


def _announce(call: Call, subscription: Any, public_url: str, address: str, show_secret: bool) -> None:
    secret = {"signing_secret": subscription.secrets[-1]} if show_secret else {}
    if call.json:
        call.terminal.document(
            {"code": "serving", "webhook_id": subscription.webhook_id, "url": public_url, "address": address, **secret}
        )
    call.terminal.say(f"Webhook {subscription.webhook_id} delivers to {public_url}; listening on {address}.")
    if secret and not call.json:
        call.terminal.tell(f"Signing secret: {subscription.secrets[-1]}")


def _remove(call: Call, subscription: Any) -> None:
    """At the end: what cannot be removed now is removed at the next start."""
    try:
        if not subscription.is_recorded:
            return
        call.terminal.say("Removing the webhook.")
        said = subscription.remove()
    except errors.SpecStepError as error:
        said = f"The webhook could not be removed ({error.message}) The next `specstep webhook listen` does that."
    if said is not None:
        call.terminal.tell(said)


@verb
def deliveries(call: Call) -> int:
    """List the deliveries that were received on this machine."""
    with open_store(call) as store:
        found = store.deliveries.all()
    rows = [
        {
            "delivery_id": one.id,
            "received_at": datetime.fromtimestamp(one.received_at, UTC).isoformat(timespec="seconds"),
            "event": one.event,
            "generation_id": None if one.generation_id is None else str(one.generation_id),
            "receiver": one.receiver,
            "outcome": one.state,
            "attempts": one.attempts,
        }
        for one in found
    ]
    return show_rows(call, rows, ("delivery_id", "received_at", "event", "generation_id", "outcome"), "deliveries")


@verb
def resend(
    call: Call,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id (see `specstep webhook deliveries`).")],
    to: Annotated[str, typer.Option("--to", metavar="URL", help="The application that it is sent to.")],
) -> int:
    """Send a delivery that was received here to an application again.

    It is sent as it came. An application that checks its age refuses that after five minutes: with
    SPECSTEP_WEBHOOK_SECRET set to the application's secret, it is dated and signed again.
    """
    import asyncio

    listening.checked_url("--to", to, is_public=False, undone="sent")
    with open_store(call) as store:
        found = store.deliveries.find(delivery)
    if found is None or found.body is None:
        known = "is not kept here" if found is None else "was received, but its body is not kept"
        raise errors.UsageError(f"Delivery {delivery} {known}: `specstep webhook deliveries` lists them.")
    body, headers = found.body, found.headers
    if secret := os.environ.get("SPECSTEP_WEBHOOK_SECRET"):
        body, headers = listening.signed_again(found.id, body, secret)
    try:
        status = asyncio.run(listening.send_on(to, body, headers))
    except errors.SpecStepError as error:
        # As an error it is for the service, which would send it again or not.
        return tell(call, error.message, "not_delivered", exits.FAILED)
    call.finish(str(status), {"code": "done", "delivery_id": found.id, "status": status})
    return 0


def _secret(call: Call, key: str, answer: dict[str, Any]) -> int:
    try:
        call.finish(str(answer["signing_secret"]), {"webhook": answer})
    except NotHandedOver as error:
        another = call.command(f"webhook rotate {key} {answer.get('id')}")
        error.add(f"Nobody has seen the secret of webhook {answer.get('id')}, and `{another}` gives it another one.")
        raise
    call.terminal.say(f"Webhook {answer.get('id')}: store the secret now, it is not shown again.")
    return 0


webhook = group(
    "Manage the webhooks of an API key.",
    *(list_, create, delete, rotate, test, listen, deliveries, resend),
)
