"""The account: keys, webhooks, organization, balance, notifications and personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows._text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


def _without_secrets(said: str | None) -> str | None:
    """Why something failed at the service: an exception's text, which may quote a signed address."""
    return None if said is None else without_secrets(said, is_foreign=True)


@attrs.frozen
class Analytics:
    """Figures about the caller's own generations. Their names are not documented: ``raw`` is the whole answer."""

    generation_count: int | None = None
    average_duration_seconds: float | None = None
    #: How many generations ran under each review profile.
    review_profile_distribution: Mapping[str, int] = attrs.field(factory=dict)
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class ApiKey:
    """An API key without its secret. ``scopes`` is None for a key that may do everything its owner may."""

    id: UUID
    name: str | None = None
    #: Its first characters, for showing.
    prefix: str | None = None
    scopes: tuple[str, ...] | None = None
    project_id: UUID | None = None
    organization_id: UUID | None = None
    created_at: datetime | None = None
    last_rotated_at: datetime | None = None
    #: The key itself, which is shown once: by ``create_api_key`` and ``rotate_api_key``.
    raw_key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Permission:
    """Something that a key may be allowed to do; ``code`` is the word that ``scopes`` takes."""

    code: str
    description: str | None = None


@attrs.frozen
class Webhook:
    """A subscription of an API key to events, and how its last delivery went."""

    id: UUID
    url: str | None = None
    events: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_delivery_at: datetime | None = None
    last_status: str | None = None
    last_http_code: int | None = None
    #: What deliveries are signed with, which is shown once: by ``create_webhook`` and ``rotate_webhook_secret``.
    signing_secret: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class WebhookTest:
    """How the delivery of a test event went. ``success`` is None if the service does not say."""

    success: bool | None = None
    http_status: int | None = None
    failure_reason: str | None = attrs.field(default=None, converter=_without_secrets)
    latency_ms: float | None = None
    delivery_id: UUID | None = None


@attrs.frozen
class Organization:
    """The organization that the caller belongs to."""

    id: UUID
    name: str | None = None
    primary_contact_user_id: UUID | None = None
    address_line1: str | None = attrs.field(default=None, repr=False)
    address_line2: str | None = attrs.field(default=None, repr=False)
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone_number: str | None = attrs.field(default=None, repr=False)
    member_count: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen
class ProviderKey:
    """A key of the user's own for a provider of language models; nobody can read its secret."""

    provider: str
    created_at: datetime | None = None


@attrs.frozen
class ExtraUsage:
    """The prepaid balance."""

    enabled: bool | None = None
    balance_usd: float | None = None
    last_topup_at: datetime | None = None


@attrs.frozen
class ExtraUsageCheckout:
    """A checkout at the payment provider: nothing is paid before somebody completes it in a browser."""

    #: A capability: whoever has it can complete the checkout.
    checkout_url: str = attrs.field(repr=False)


@attrs.frozen
class ExtraUsageTransaction:
    """A change of the prepaid balance. Its fields are not documented: ``raw`` is the whole entry."""

    id: UUID | None = None
    kind: str | None = None
    amount_usd: float | None = None
    created_at: datetime | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class Notification:
    """A message of the service to the user. Its fields are not documented: ``raw`` is the whole entry."""

    id: UUID | None = None
    title: str | None = None
    body: str | None = None
    created_at: datetime | None = None
    read_at: datetime | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class NotificationPreferences:
    """How the user wants to be told. Its fields are not documented: ``raw`` is the whole answer."""

    email: bool | None = None
    sms: bool | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class RetentionPreference:
    """After how many days new packages are deleted; None is never."""

    default_retention_days: int | None = None


@attrs.frozen
class DataExportRequest:
    """The latest request for an export of the account's data. ``status`` ends as ``completed`` or ``failed``."""

    request_id: UUID
    status: str
    requested_at: datetime | None = None
    #: A signed address, which needs no key: whoever has it can download the data.
    download_url: str | None = attrs.field(default=None, repr=False)
    download_url_expires_at: datetime | None = None


@attrs.frozen
class DeletionRequest:
    """A request for the deletion of the account. ``status`` ends as ``completed`` or ``failed``."""

    request_id: UUID
    status: str
    requested_at: datetime | None = None


@attrs.frozen
class ServiceEstimate:
    """What the service expects a generation of ``profile`` to cost (the MCP tool ``estimate_generation_cost``).

    The tool's answer is not documented: figures are found by their names, ``raw`` is its whole object, and ``text`` is
    what it says where it has none. Without either, ``reason`` is a sentence about why there is no estimate.
    """

    profile: str
    cost_usd: float | None = None
    #: The quarter of the cheapest and of the dearest generations begins here.
    low_usd: float | None = None
    high_usd: float | None = None
    seconds: float | None = None
    #: How many generations it was computed from.
    sample_size: int | None = None
    text: str | None = None
    reason: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
