"""A webhook that is registered for as long as somebody listens, and is removed whatever ends the listening.

It is written down before it is registered. What a crash has left is found by that at the next start, and removed: by
its id, or, if the crash came before that was known, as the one of its address that the key did not have before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import attrs

from specstep_flows import errors
from specstep_flows.client import SpecStep
from specstep_flows.models import Webhook
from specstep_flows.runs.deliveries import StoredSubscription


class Subscription:
    """One webhook of a key; the steps below are for whoever ``held`` it.

    POST, GET /v1/api-keys/{apiKeyId}/webhooks, DELETE …/{webhookId}
    """

    def __init__(self, client: SpecStep, *, key_id: str, url: str, events: Sequence[str]) -> None:
        self._client, self._events = client, tuple(events)
        self._deliveries = client.store.deliveries
        api_url = client.settings.api_url
        # One listener for each address: its webhook from before is its own.
        token = hashlib.sha256(f"{api_url}\n{key_id}\n{url}".encode()).hexdigest()[:16]
        self._row = StoredSubscription(token, api_url, key_id, url, ())
        #: The signing secrets that deliveries may be signed with; the service shows one when it registers a webhook.
        self.secrets: list[str] = []

    @property
    def webhook_id(self) -> str | None:
        """The webhook's id while it is registered."""
        return self._row.webhook_id

    @property
    def is_recorded(self) -> bool:
        """Whether there is a webhook to remove, or may be."""
        return any(row.token == self._row.token for row in self._deliveries.subscriptions(self._row.api_url))

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
            return self._client.store.hold(f"webhook-{token}")
        except errors.RunBusy:
            return None

    def remove_left(self) -> Iterator[str]:
        """Remove what listeners that are gone have left at the service, and say so."""
        for row in self._deliveries.subscriptions(self._row.api_url):
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
        known = tuple(str(one.id) for one in self._listed(self._row.key_id))
        row = self._row = attrs.evolve(self._row, webhook_id=None, known=known)
        self._deliveries.keep_subscription(row)
        try:
            made = self._client.create_webhook(row.key_id, row.url, self._events)
            if not made.signing_secret:
                raise errors.UnexpectedResponse(
                    "The service registered a webhook, but its answer has no signing secret.",
                    operation="create_webhook",
                    field="signing_secret",
                )
        except errors.RequestError as error:
            if error.ambiguous:
                self._remove(row, is_doubtful=True)
            else:
                self._deliveries.drop_subscription(row.token)
            raise
        self._row = attrs.evolve(row, webhook_id=str(made.id))
        self._deliveries.keep_subscription(self._row)
        self.secrets = [*self.secrets[-1:], made.signing_secret]

    def renew(self) -> str | None:
        """Register the webhook again if it is gone at the service; what there is to say, if anything."""
        own = next((one for one in self._listed(self._row.key_id) if str(one.id) == self._row.webhook_id), None)
        if own is None:
            self.register()
            return "The webhook was gone at the service, and is registered again."
        if own.last_http_code is not None and own.last_http_code >= 400:
            reason = own.last_status or "no reason given"
            return f"The last delivery did not arrive: the service got status {own.last_http_code} ({reason})."
        return None

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
                self._client.delete_webhook(row.key_id, webhook_id)
        if found or not is_doubtful:
            self._deliveries.drop_subscription(row.token)
        return None

    def _made(self, row: StoredSubscription) -> list[str]:
        return [str(one.id) for one in self._listed(row.key_id) if one.url == row.url and str(one.id) not in row.known]

    def _listed(self, key_id: str) -> list[Webhook]:
        """The key's webhooks; none of a key that is gone."""
        try:
            return self._client.list_webhooks(key_id)
        except errors.NotFound:
            return []
