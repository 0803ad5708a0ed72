"""API keys, what they may do, webhooks, and connected folders.

Made from ``_surface_async/access.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base, given, words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from specstep_flows import models
    from specstep_flows.flows import calling
else:
    calling = LazyModule("specstep_flows.flows.calling")
    models = LazyModule("specstep_flows.models")


class AccessMethods(Base):
    """API keys, what they may do, webhooks, and connected folders."""

    def list_api_keys(self) -> list[models.ApiKey]:
        """Your API keys, without their secrets. GET /v1/api-keys"""
        return self._drive(calling.read_list(models.ApiKey, "list_api_keys", "keys"))

    def create_api_key(
        self,
        name: str | None = None,
        *,
        scopes: Iterable[str] | None = None,
        project_id: UUID | str | None = None,
    ) -> models.ApiKey:
        """Make an API key. ``raw_key`` is shown this once. POST /v1/api-keys

        ``scopes`` are codes of ``list_permissions``; without them, the key may do what you may. It is never sent twice
        on a guess: after a lost answer, ``list_api_keys`` shows whether it was made.

        Raises:
            PermissionDenied: it needs a person's token; an API key cannot make another.
        """
        body = given(name=name, scopes=None if scopes is None else words(scopes), project_id=project_id)
        return self._drive(calling.read(models.ApiKey, "create_api_key", body=body))

    def rotate_api_key(self, api_key_id: UUID | str) -> models.ApiKey:
        """Give an API key a new secret, ``raw_key``, which is shown this once. POST /v1/api-keys/{id}/rotate

        The old one stops working at once, wherever it is in use. It is never sent twice on a guess.

        Raises:
            PermissionDenied: it needs a person's token.
        """
        return self._drive(calling.read(models.ApiKey, "rotate_api_key", api_key_id, known={"id": api_key_id}))

    def update_api_key_scopes(self, api_key_id: UUID | str, scopes: Iterable[str] | None) -> None:
        """Replace what an API key may do; None is everything that you may. PATCH /v1/api-keys/{id}/scopes

        Raises:
            PermissionDenied: it needs a person's token.
        """
        self._drive(
            calling.change(
                "update_api_key_scopes", api_key_id, body={"scopes": None if scopes is None else words(scopes)}
            )
        )

    def list_permissions(self) -> list[models.Permission]:
        """The codes that an API key's ``scopes`` take. GET /v1/permissions"""
        return self._drive(calling.read_list(models.Permission, "list_permissions", "permissions"))

    def list_webhooks(self, api_key_id: UUID | str) -> list[models.Webhook]:
        """The webhooks of an API key, and how their last deliveries went. GET /v1/api-keys/{apiKeyId}/webhooks"""
        return self._drive(calling.read_list(models.Webhook, "list_webhooks", "webhooks", api_key_id))

    def create_webhook(self, api_key_id: UUID | str, url: str, events: Iterable[str]) -> models.Webhook:
        """Have events delivered to an HTTPS address. POST /v1/api-keys/{apiKeyId}/webhooks

        ``events`` are ``generation.state_changed``, ``generation.paused_awaiting_clarification``,
        ``generation.completed``, ``generation.failed``. The ``signing_secret`` is shown this once; ``verify_webhook``
        takes it. It is never sent twice on a guess: after a lost answer, ``list_webhooks`` shows whether it was made,
        and ``rotate_webhook_secret`` gives it a secret that you know.

        Raises:
            APIError: the address is not HTTPS, or an event is unknown (400).
        """
        body = {"url": url, "events": words(events)}
        return self._drive(calling.read(models.Webhook, "create_webhook", api_key_id, body=body))

    def delete_webhook(self, api_key_id: UUID | str, webhook_id: UUID | str) -> None:
        """Deliver nothing more to a webhook; its secret is gone. DELETE /v1/api-keys/{apiKeyId}/webhooks/{webhookId}"""
        self._drive(calling.remove("delete_webhook", api_key_id, webhook_id))

    def rotate_webhook_secret(self, api_key_id: UUID | str, webhook_id: UUID | str) -> models.Webhook:
        """Give a webhook a new ``signing_secret``, which is shown this once. The old one ends at once.

        It is never sent twice on a guess.

        POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/rotate-secret
        """
        known = {"id": webhook_id}
        return self._drive(calling.read(models.Webhook, "rotate_webhook_secret", api_key_id, webhook_id, known=known))

    def test_webhook(self, api_key_id: UUID | str, webhook_id: UUID | str) -> models.WebhookTest:
        """Deliver a ``webhook.test`` event now, and say how that went.

        POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/test
        """
        return self._drive(calling.read(models.WebhookTest, "test_webhook", api_key_id, webhook_id))

    def list_external_connectors(self) -> list[models.ExternalConnector]:
        """The connected folders. It needs a browser's session: a key gets 403. GET /v1/external-connectors"""
        return self._drive(calling.read_list(models.ExternalConnector, "list_external_connectors", "connectors"))

    def list_external_folders(
        self, pending_id: UUID | str, *, parent: str | None = None
    ) -> list[models.ExternalFolder]:
        """The folders at a provider that was signed in to; those in ``parent``, or the uppermost ones.

        It needs a browser's session: a key gets 403.

        GET /v1/external-connectors/pending/{pendingId}/folders
        """
        return self._drive(
            calling.read_list(models.ExternalFolder, "list_external_folders", "folders", pending_id, parent=parent)
        )
