"""``specstep webhook …``: where the service reports what happens to generations."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Final

import typer

from specstep_flows import errors
from specstep_flows.cli.agreement import Confirmed, agree_to_operation
from specstep_flows.cli.any_operation import ask_object, ask_service, bind
from specstep_flows.cli.output import rows_of, show_facts, show_rows
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import group, verb

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
    return show_rows(call, ask_service(call, "list_webhooks", api_key_id=key), ("id", "url", "events"), "webhooks")


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
    return _secret(call, ask_object(call, "create_webhook", "signing_secret", api_key_id=key, url=url, events=events))


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
    return _secret(
        call, ask_object(call, "rotate_webhook_secret", "signing_secret", api_key_id=key, webhook_id=webhook)
    )


@verb
def test(call: Call, key: Key, webhook: Webhook) -> int:
    """Send a test event now.

    The outcome of the delivery is shown; the exit code is 1 if it failed.
    """
    answer = ask_service(call, "test_webhook", api_key_id=key, webhook_id=webhook)
    show_facts(call, answer, "delivery")
    return 0 if isinstance(answer, dict) and answer.get("success") is True else 1


def _agree(call: Call, operation: str, what: str, key: str, webhook: str, yes: bool) -> None:
    """Ask, with the address that the webhook has, if it can be read."""
    whole = f"{what} {webhook}"
    bound = bind(operation, {"api_key_id": key, "webhook_id": webhook})
    if call.terminal.is_interactive and not yes:
        with contextlib.suppress(errors.TransportError, errors.ServerError):
            rows = rows_of(ask_service(call, "list_webhooks", api_key_id=key))
            found = [row.get("url") for row in rows if row.get("id") == str(bound.arguments["webhook_id"])]
            whole += f" ({found[0]})" if found else ""
    agree_to_operation(call, operation, whole, yes)


def _secret(call: Call, answer: dict[str, Any]) -> int:
    call.finish(str(answer["signing_secret"]), {"webhook": answer})
    call.terminal.say(f"Webhook {answer.get('id')}: store the secret now, it is not shown again.")
    return 0


webhook = group(
    "Manage the webhooks of an API key.",
    *(list_, create, delete, rotate, test),
)
