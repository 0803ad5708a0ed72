"""Settings of the caller's own, requests about personal data, and the prepaid balance."""

from __future__ import annotations

from typing import Any

from specstep_flows.sandbox.blobs import signed_url
from specstep_flows.sandbox.clock import timestamp, timestamp_or_none
from specstep_flows.sandbox.refusals import Refusal, conflict, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, listed, required_text, text

routes = Routes(
    "Settings",
    names={"provider": "providerName"},
    records={
        "OrganizationDto": (
            "id:uuid name:text primary_contact_user_id:uuid address_line1:text? address_line2:text? city:text? "
            "region:text? postal_code:text? country:text? phone_number:text? member_count:int created_at:date "
            "updated_at:date?"
        ),
        "FoundOrganizationRequest": (
            "name:text address_line1?:text? address_line2?:text? city?:text? region?:text? postal_code?:text? "
            "country?:text? phone_number?:text?"
        ),
        "ProviderKeyDto": "provider:text created_at:date?",
        "ProviderKeysResponse": "keys:[@ProviderKeyDto]",
        "UpsertProviderKeyRequest": "secret:text",
        "PrepaidBalanceResponse": "enabled:flag balance_usd:num last_topup_at:date?",
        "TopUpRequest": "amount_usd:int",
        "TopUpResponse": "checkout_url:text",
        "BalanceTransactionDto": "id:uuid kind:text amount_usd:num created_at:date",
        "BalanceTransactionsResponse": "transactions:[@BalanceTransactionDto]",
        "NotificationPreferencesDto": "email?:flag? sms?:flag?",
        "RetentionDto": "default_retention_days:int?",
        "DeliveryTargetDto": "repository?:text? base_branch?:text?",
        "PrivacyJobAccepted": "request_id:uuid status:@PrivacyJobStatus",
        "DataExportStatusResponse": (
            "request_id:uuid status:@PrivacyJobStatus requested_at:date download_url:text? "
            "download_url_expires_at:date?"
        ),
        "DeletionStatusResponse": "request_id:uuid status:@PrivacyJobStatus requested_at:date",
    },
    enums={"PrivacyJobStatus": "queued processing completed failed"},
)


TEAMS_PLANS = ("Team", "Teams", "Enterprise")
PROVIDERS = ("anthropic", "openai")
_ADDRESS = ("address_line1", "address_line2", "city", "region", "postal_code", "country", "phone_number")


@routes.add("GET /v1/me/organization", "200:@OrganizationDto 204")
def get_my_organization(call: Call) -> Answer:
    """The caller's organization, or 204 without one."""
    organization = call.key.user.organization
    return Answer(204) if organization is None else Answer(body=organization)


@routes.add("POST /v1/me/organization", "201:@OrganizationDto 400 403 409", body="@FoundOrganizationRequest")
def create_organization(call: Call) -> Answer:
    """Found an organization, which the plan must allow and which one may do once."""
    user = call.key.user
    body = call.json()
    name = required_text(body, "name")
    address = {member: text(body, member, required=False) for member in _ADDRESS}
    if call.options.plan not in TEAMS_PLANS:
        raise Refusal(403, "TEAMS_TIER_REQUIRED", "The Teams plan is required.", code="TEAMS_TIER_REQUIRED")
    if user.organization is not None:
        raise conflict(
            "ALREADY_HAS_ORGANIZATION", "You belong to an organization already.", code="ALREADY_HAS_ORGANIZATION"
        )
    now = timestamp(call.now)
    user.organization = {
        "id": call.world.ids.uuid(call.now),
        "name": name,
        "primary_contact_user_id": user.id,
        **address,
        "member_count": 1,
        "created_at": now,
        "updated_at": now,
    }
    return Answer(201, user.organization)


@routes.add("GET /v1/me/provider-keys", "200:@ProviderKeysResponse")
def list_provider_keys(call: Call) -> Answer:
    """For which providers a key is kept; never the key."""
    rows = [{"provider": provider, "created_at": timestamp(at)} for provider, at in call.key.user.provider_keys.items()]
    return Answer(body=listed(call.options, "keys", rows))


def _provider(call: Call) -> str:
    provider = call.params["provider"].lower()
    if provider not in PROVIDERS:
        raise not_found("provider")
    return provider


@routes.add("PATCH /v1/me/provider-keys/{provider}", "204 400 404", body="@UpsertProviderKeyRequest")
def set_provider_key(call: Call) -> Answer:
    """Keep a provider's key. What it says is forgotten at once here."""
    provider = _provider(call)
    required_text(call.json(), "secret")
    call.key.user.provider_keys[provider] = call.now
    return Answer(204)


@routes.add("DELETE /v1/me/provider-keys/{provider}", "204 404")
def delete_provider_key(call: Call) -> Answer:
    """Forget a provider's key."""
    if call.key.user.provider_keys.pop(_provider(call), None) is None:
        raise not_found("provider key")
    return Answer(204)


@routes.add("GET /v1/notifications", "200")
def list_notifications(call: Call) -> Answer:
    """One for each of the caller's generations that has ended, newest first."""
    ended = [run for run in call.world.generations.values() if run.owner == call.owner and run.ended_at is not None]
    rows = [
        {
            "id": run.events[-1].id,
            "title": f"Generation {run.state}",
            "body": run.name or run.project_name,
            "created_at": timestamp_or_none(run.ended_at),
            "read_at": None,
        }
        for run in sorted(ended, key=lambda run: -(run.ended_at or 0))
    ]
    return Answer(body=listed(call.options, "notifications", rows))


@routes.add("GET /v1/notification-preferences", "200:@NotificationPreferencesDto")
def get_notification_preferences(call: Call) -> Answer:
    """By which ways the caller is notified."""
    return Answer(body=call.key.user.notification_preferences)


@routes.add(
    "PUT /v1/notification-preferences", "200:@NotificationPreferencesDto 400", body="@NotificationPreferencesDto"
)
def update_notification_preferences(call: Call) -> Answer:
    """Choose the ways."""
    body = call.json()
    for way in ("email", "sms"):
        if body.get(way) is not None:
            if not isinstance(body[way], bool):
                raise invalid(f"{way} must be true or false.")
            call.key.user.notification_preferences[way] = body[way]
    return Answer(body=call.key.user.notification_preferences)


@routes.add("GET /v1/users/me/retention-preference", "200:@RetentionDto")
def get_retention_preference(call: Call) -> Answer:
    """How long new packages are kept; null means for ever."""
    return Answer(body={"default_retention_days": call.key.user.retention_days})


@routes.add("PUT /v1/users/me/retention-preference", "200:@RetentionDto 400", body="@RetentionDto")
def update_retention_preference(call: Call) -> Answer:
    """Choose 1 to 3650 days, or null."""
    body = call.json()
    days = body.get("default_retention_days")
    whole = isinstance(days, int) and not isinstance(days, bool)
    if "default_retention_days" not in body or not (days is None or (whole and 1 <= days <= 3650)):
        raise invalid("default_retention_days must be null or a whole number from 1 to 3650.")
    call.key.user.retention_days = days
    return Answer(body={"default_retention_days": days})


def _target(target: dict[str, Any] | None) -> dict[str, Any]:
    return {"repository": None, "base_branch": None} | (target or {})


@routes.add("GET /v1/source-control/preferences/installation", "200:@DeliveryTargetDto")
def get_source_control_preferences(call: Call) -> Answer:
    """Where packages are delivered to."""
    return Answer(body=_target(call.key.user.source_control))


@routes.add("PUT /v1/source-control/preferences/installation", "200:@DeliveryTargetDto 400", body="@DeliveryTargetDto")
def update_source_control_preferences(call: Call) -> Answer:
    """Choose where packages are delivered to."""
    body = call.json()
    call.key.user.source_control = {name: text(body, name, required=False) for name in ("repository", "base_branch")}
    return Answer(body=_target(call.key.user.source_control))


EXPORT_SECONDS = 30
EXPORT_URL_SECONDS = 7 * 86400
DELETION_SECONDS = 30


def _requested(call: Call, kind: str) -> Answer:
    request = {"request_id": call.world.ids.uuid(call.now), "requested_at": call.now}
    call.key.user.requests[kind] = request
    return Answer(202, {"request_id": request["request_id"], "status": "queued"})


def _standing(call: Call, kind: str, seconds: float) -> dict[str, Any]:
    request = call.key.user.requests.get(kind)
    if request is None:
        raise not_found("request")
    waited = call.now - request["requested_at"]
    status = "completed" if waited >= seconds else "processing" if waited > 1 else "queued"
    return {"request_id": request["request_id"], "status": status, "requested_at": timestamp(request["requested_at"])}


@routes.add("POST /v1/users/me/data-export-request", "202:@PrivacyJobAccepted 403", auth="cookie")
def request_data_export(call: Call) -> Answer:
    """Ask for everything about oneself."""
    return _requested(call, "export")


@routes.add("GET /v1/users/me/data-export-request", "200:@DataExportStatusResponse 404")
def get_data_export_request(call: Call) -> Answer:
    """How the newest export stands."""
    body = _standing(call, "export", EXPORT_SECONDS)
    body |= {"download_url": None, "download_url_expires_at": None}
    if body["status"] == "completed":
        until = call.key.user.requests["export"]["requested_at"] + EXPORT_SECONDS + EXPORT_URL_SECONDS
        name = f"exports/{body['request_id']}.zip"
        body["download_url"] = signed_url(call.blob_origin, name, until)
        body["download_url_expires_at"] = timestamp(until)
        call.world.blobs.setdefault(name, call.world.export_of(call.key.user))
    return Answer(body=body)


@routes.add("POST /v1/users/me/deletion-request", "202:@PrivacyJobAccepted 403", auth="cookie")
def request_account_deletion(call: Call) -> Answer:
    """Ask to be forgotten. The sandbox notes it and forgets nobody."""
    return _requested(call, "deletion")


@routes.add("GET /v1/users/me/deletion-request", "200:@DeletionStatusResponse 404")
def get_deletion_request(call: Call) -> Answer:
    """How the request to be forgotten stands."""
    return Answer(body=_standing(call, "deletion", DELETION_SECONDS))


def _balance(call: Call) -> dict[str, Any]:
    user = call.key.user
    return {"enabled": user.extra_usage, "balance_usd": 0, "last_topup_at": None}


@routes.add("GET /v1/me/extra-usage", "200:@PrepaidBalanceResponse 403", auth="cookie")
def get_extra_usage(call: Call) -> Answer:
    """The prepaid balance, and whether it is used."""
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/enable", "200:@PrepaidBalanceResponse 403", auth="cookie")
def enable_extra_usage(call: Call) -> Answer:
    """Use the balance when the quota is used up."""
    call.key.user.extra_usage = True
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/disable", "200:@PrepaidBalanceResponse 403", auth="cookie")
def disable_extra_usage(call: Call) -> Answer:
    """Keep the balance and leave it untouched."""
    call.key.user.extra_usage = False
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/checkout", "200:@TopUpResponse 400 403", body="@TopUpRequest", auth="cookie")
def create_extra_usage_checkout(call: Call) -> Answer:
    """A page on which to pay; nobody ever does here, so the balance stays."""
    amount = call.json().get("amount_usd")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise invalid("amount_usd must be a whole number of at least 1.")
    return Answer(body={"checkout_url": f"https://checkout.example/session/{call.world.ids.token('cs_')}"})


@routes.add(
    "GET /v1/me/extra-usage/transactions",
    "200:@BalanceTransactionsResponse 403",
    query="limit:int offset:int",
    auth="cookie",
)
def list_extra_usage_transactions(call: Call) -> Answer:
    """What was paid in and used; nothing here."""
    return Answer(body=listed(call.options, "transactions", call.page([])))
