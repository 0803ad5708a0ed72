"""The account: its quota, its organization, its balance, its preferences and its data.

Made from ``_surface_async/account.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base, given

if TYPE_CHECKING:
    from datetime import datetime

    from specstep_flows import gateway, models
    from specstep_flows._surface.base import Rows
    from specstep_flows.flows import calling, estimate
    from specstep_flows.models import Profile
else:
    calling = LazyModule("specstep_flows.flows.calling")
    estimate = LazyModule("specstep_flows.flows.estimate")
    models = LazyModule("specstep_flows.models")
    gateway = LazyModule("specstep_flows.gateway")


class AccountMethods(Base):
    """The account: its quota, its organization, its balance, its preferences and its data."""

    def get_account(self) -> models.Account:
        """Whose key it is; the cheapest way to verify it. GET /v1/me"""
        return self._drive(gateway.get_me())

    def get_usage(self) -> models.Usage:
        """The quota: used, left, and when it resets. GET /v1/usage"""
        return self._drive(gateway.get_usage())

    def get_capabilities(self) -> models.Capabilities:
        """The profiles, project types and mirror selections that the service accepts. GET /v1/capabilities"""
        return self._drive(gateway.get_capabilities())

    def estimate_generation(self, profile: Profile | None = None) -> models.ServiceEstimate:
        """What the service expects a generation to cost, from your account's history; nothing is started.

        ``profile`` as for ``run``. REST has no estimate, so this asks the service's MCP endpoint with the same key. How
        that answers is an assumption: whatever it says that cannot be understood is an estimate without figures, whose
        ``reason`` says why.

        POST /mcp

        Raises:
            NotConnected: the service cannot be reached.
        """
        return self._drive(estimate.estimate_generation(profile or self.settings.profile))

    def get_my_analytics(self) -> models.Analytics:
        """Figures about your own generations. GET /v1/me/analytics"""
        return self._drive(calling.read(models.Analytics, "get_my_analytics"))

    def get_my_organization(self) -> models.Organization | None:
        """The organization that you belong to; None if there is none. GET /v1/me/organization"""
        return self._drive(calling.read_organization())

    def create_organization(
        self,
        name: str,
        *,
        address_line1: str | None = None,
        address_line2: str | None = None,
        city: str | None = None,
        region: str | None = None,
        postal_code: str | None = None,
        country: str | None = None,
        phone_number: str | None = None,
    ) -> models.Organization:
        """Create an organization with yourself as its first member. POST /v1/me/organization

        It is never sent twice on a guess: after a lost answer, ``get_my_organization`` shows whether it was created.

        Raises:
            PlanRequired: it needs the Teams plan.
            Conflict: you belong to an organization already.
        """
        body = given(
            name=name,
            address_line1=address_line1,
            address_line2=address_line2,
            city=city,
            region=region,
            postal_code=postal_code,
            country=country,
            phone_number=phone_number,
        )
        return self._drive(calling.read(models.Organization, "create_organization", body=body))

    def list_provider_keys(self) -> list[models.ProviderKey]:
        """Which of your own keys for providers of language models are set. GET /v1/me/provider-keys"""
        return self._drive(calling.read_list(models.ProviderKey, "list_provider_keys", "keys"))

    def set_provider_key(self, provider: str, secret: str) -> None:
        """Set your key for a provider of language models, who then bills you. PATCH /v1/me/provider-keys/{provider}

        One that is set already is replaced, and nobody can read it back. It needs the Developer role.
        """
        self._drive(calling.change("set_provider_key", provider, body={"secret": secret}))

    def delete_provider_key(self, provider: str) -> None:
        """Remove your key for a provider; nobody can read it back. DELETE /v1/me/provider-keys/{provider}"""
        self._drive(calling.remove("delete_provider_key", provider))

    # The prepaid balance: for a browser's session alone; a key gets 403.

    def get_extra_usage(self) -> models.ExtraUsage:
        """The prepaid balance. It needs a browser's session: a key gets 403. GET /v1/me/extra-usage"""
        return self._drive(calling.read(models.ExtraUsage, "get_extra_usage"))

    def enable_extra_usage(self) -> models.ExtraUsage:
        """Pay from the prepaid balance what exceeds the quota. POST /v1/me/extra-usage/enable

        From then on, what your plan would refuse is paid for. It needs a browser's session: a key gets 403.
        """
        return self._drive(calling.read(models.ExtraUsage, "enable_extra_usage"))

    def disable_extra_usage(self) -> models.ExtraUsage:
        """Stop paying from the prepaid balance, which is kept. POST /v1/me/extra-usage/disable

        It needs a browser's session: a key gets 403.
        """
        return self._drive(calling.read(models.ExtraUsage, "disable_extra_usage"))

    def create_extra_usage_checkout(self, amount_usd: int) -> models.ExtraUsageCheckout:
        """Open a checkout for whole US dollars; it is paid in a browser, or not. POST /v1/me/extra-usage/checkout

        It is never sent twice on a guess. It needs a browser's session: a key gets 403.
        """
        body = {"amount_usd": amount_usd}
        return self._drive(calling.read(models.ExtraUsageCheckout, "create_extra_usage_checkout", body=body))

    def list_extra_usage_transactions(
        self, *, limit: int | None = None, since: datetime | None = None
    ) -> Rows[models.ExtraUsageTransaction]:
        """What changed the prepaid balance, newest first, fetched page by page. GET /v1/me/extra-usage/transactions

        It needs a browser's session: a key gets 403.
        """
        return self._list(
            models.ExtraUsageTransaction, "list_extra_usage_transactions", "transactions", limit=limit, since=since
        )

    # Notifications and personal data.

    def list_notifications(self) -> list[models.Notification]:
        """What the service told you. GET /v1/notifications"""
        return self._drive(calling.read_list(models.Notification, "list_notifications", "notifications"))

    def get_notification_preferences(self) -> models.NotificationPreferences:
        """How you want to be told. GET /v1/notification-preferences"""
        return self._drive(calling.read(models.NotificationPreferences, "get_notification_preferences"))

    def update_notification_preferences(
        self, *, email: bool | None, sms: bool | None
    ) -> models.NotificationPreferences:
        """Set how you want to be told. The pages do not show these fields, so their names are an assumption.

        PUT /v1/notification-preferences
        """
        body = {"email": email, "sms": sms}
        return self._drive(
            calling.read(models.NotificationPreferences, "update_notification_preferences", body=body, known=body)
        )

    def get_retention_preference(self) -> models.RetentionPreference:
        """After how many days new packages are deleted. GET /v1/users/me/retention-preference"""
        return self._drive(calling.read(models.RetentionPreference, "get_retention_preference"))

    def update_retention_preference(self, default_retention_days: int | None) -> models.RetentionPreference:
        """Have new packages deleted after 1 to 3650 days, or never (None). Packages that are there stay as they are.

        PUT /v1/users/me/retention-preference
        """
        body = {"default_retention_days": default_retention_days}
        return self._drive(
            calling.read(models.RetentionPreference, "update_retention_preference", body=body, known=body)
        )

    def request_data_export(self) -> models.DataExportRequest:
        """Have your account's data put together for download. POST /v1/users/me/data-export-request

        It is never sent twice on a guess. It needs a browser's session: a key gets 403.
        """
        return self._drive(calling.read(models.DataExportRequest, "request_data_export"))

    def get_data_export_request(self) -> models.DataExportRequest:
        """The state of your latest export, with its ``download_url`` when it is done.

        GET /v1/users/me/data-export-request

        Raises:
            NotFound: none was requested.
        """
        return self._drive(calling.read(models.DataExportRequest, "get_data_export_request"))

    def request_account_deletion(self) -> models.DeletionRequest:
        """Delete your account and everything in it for good, about 30 seconds later. Nothing brings it back.

        Interviews, generations, packages, keys and tokens are gone, and so is your user. It is never sent twice on a
        guess. It needs a browser's session: a key gets 403.

        POST /v1/users/me/deletion-request
        """
        return self._drive(calling.read(models.DeletionRequest, "request_account_deletion"))

    def get_deletion_request(self) -> models.DeletionRequest:
        """The state of your request to delete the account. GET /v1/users/me/deletion-request

        Raises:
            NotFound: none was requested.
        """
        return self._drive(calling.read(models.DeletionRequest, "get_deletion_request"))
