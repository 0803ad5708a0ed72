"""A webhook that is registered for as long as somebody listens, and is removed whatever ends the listening.

It is written down before it is registered. What a crash has left is found by that at the next start, and removed: by
its id, or, if the crash came before that was known, as the one of its address that the key did not have before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import attrs

from specstep_flows import errors
from specstep_flows.runs.deliveries import StoredSubscription
from specstep_flows.runs.store import RunStore


class Ask(Protocol):
    """Carries an operation of the API out; its answer as JSON has it."""

    def __call__(self, operation: str, **arguments: Any) -> Any: ...


class Subscription:
    """One webhook of a key; the steps below are for whoever ``held`` it.

    POST, GET /v1/api-keys/{apiKeyId}/webhooks, DELETE …/{webhookId}
    """

    def __init__(
        self, ask: Ask, store: RunStore, *, api_url: str, key_id: str, url: str, events: Sequence[str]
    ) -> None:
        self._ask, self._store, self._events = ask, store, list(events)
        # One listener for each address: its webhook from before is its own.
        token = hashlib.sha256(f"{api_url}\n{key_id}\n{url}".encode()).hexdigest()[:16]
        self._row = StoredSubscription(token, api_url, key_id, url, ())
        #: The signing secrets that deliveries may be signed with; the service tells one when it registers a webhook.
        self.secrets: list[str] = []

    @property
    def webhook_id(self) -> str | None:
        """The webhook's id while it is registered."""
        return self._row.webhook_id

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with this address. Raises ``UsageError`` if another listener on this store has it."""
        let_go = self._hold(self._row.token)
        if let_go is None:
            raise errors.UsageError(f"Another process listens for {self._row.url} already. Nothing was registered.")
        try:
            yield
        finally:
            let_go()

    def _hold(self, token: str) -> Callable[[], None] | None:
        try:
            return self._store.hold(f"webhook-{token}")
        except errors.RunBusy:
            return None

    def remove_left(self) -> Iterator[str]:
        """Remove what listeners that are gone have left at the service, and say so."""
        for row in self._store.deliveries.subscriptions(self._row.api_url):
            let_go = None if row.token == self._row.token else self._hold(row.token)
            if row.token != self._row.token and let_go is None:
                continue
            try:
                yield self._remove(row) or f"Removed the webhook for {row.url} that an earlier listener had left."
            except errors.RequestError as error:
                yield f"The webhook for {row.url}, which an earlier listener left, is still there: {error.message}"
            finally:
                if let_go is not None:
                    let_go()

    def register(self) -> None:
        """Register the webhook; its secret is the last of ``secrets``.

        Raises:
            RequestError: the service refused, or it is not known what it did; then what it made is removed.
        """
        row = attrs.evolve(self._row, webhook_id=None, known=tuple(row["id"] for row in self._listed(self._row)))
        self._row = row
        self._store.deliveries.keep_subscription(row)
        try:
            made = self._ask("create_webhook", api_key_id=row.key_id, url=row.url, events=self._events)
        except errors.RequestError as error:
            if error.ambiguous:
                self._remove(row, is_doubtful=True)
            else:
                self._store.deliveries.drop_subscription(row.token)
            raise
        webhook_id, secret = made.get("id"), made.get("signing_secret")
        del made  # It holds the secret, which a traceback with local variables would show.
        self._row = attrs.evolve(row, webhook_id=str(webhook_id) if webhook_id else None)
        self._store.deliveries.keep_subscription(self._row)
        if not webhook_id or not secret:
            raise errors.UnexpectedResponse(
                "The service registered a webhook, but its answer has no id or no signing secret.",
                operation="create_webhook",
            )
        self.secrets = [*self.secrets[-1:], str(secret)]

    def renew(self) -> str | None:
        """Register the webhook again if it is gone at the service; what there is to say, if anything."""
        rows = {row["id"]: row for row in self._listed(self._row)}
        own = rows.get(self._row.webhook_id)
        if own is None:
            self.register()
            return "The webhook was gone at the service, and is registered again."
        code, status = own.get("last_http_code"), own.get("last_status")
        if isinstance(code, int) and code >= 400:
            return f"The last delivery did not arrive: the service got status {code} ({status or 'no reason given'})."
        return None

    @property
    def is_recorded(self) -> bool:
        """Whether there is a webhook to remove, or may be."""
        return any(row.token == self._row.token for row in self._store.deliveries.subscriptions(self._row.api_url))

    def remove(self) -> str | None:
        """Remove the webhook; a sentence if that is not done for sure."""
        return self._remove(self._row)

    def _remove(self, row: StoredSubscription, *, is_doubtful: bool = False) -> str | None:
        """Delete a webhook and forget it. With ``is_doubtful`` it may be made yet, and so is not forgotten."""
        found = [row.webhook_id] if row.webhook_id is not None else self._made(row)
        if len(found) > 1:
            return (
                f"There are {len(found)} webhooks for {row.url}, and it is not known which of them this command made: "
                f"look at `specstep webhook list {row.key_id}`."
            )
        for webhook_id in found:
            # It may be gone already, or its key may be.
            with suppress(errors.NotFound):
                self._ask("delete_webhook", api_key_id=row.key_id, webhook_id=webhook_id)
        if found or not is_doubtful:
            self._store.deliveries.drop_subscription(row.token)
        return None

    def _made(self, row: StoredSubscription) -> list[str]:
        return [one["id"] for one in self._listed(row) if one.get("url") == row.url and one["id"] not in row.known]

    def _listed(self, row: StoredSubscription) -> list[dict[str, Any]]:
        """The key's webhooks; none of a key that is gone."""
        try:
            document = self._ask("list_webhooks", api_key_id=row.key_id)
        except errors.NotFound:
            return []
        rows = document.get("webhooks", document) if isinstance(document, dict) else document
        if not isinstance(rows, list):
            raise errors.UnexpectedResponse(
                "The response to list_webhooks contains no list.", operation="list_webhooks"
            )
        return [one for one in rows if isinstance(one, dict) and isinstance(one.get("id"), str)]
