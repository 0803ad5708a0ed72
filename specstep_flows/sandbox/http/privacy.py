"""Requests about personal data, and the prepaid balance: mostly for browser sessions only."""

from typing import Any

from ..clock import timestamp
from ..signing import signed_url
from ..world.errors import invalid, not_found
from .call import Answer, Call, listed
from .routing import Routes

routes = Routes()

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
    return {
        "request_id": request["request_id"],
        "status": status,
        "requested_at": timestamp(request["requested_at"]),
    }


@routes.add("POST /v1/users/me/data-export-request", auth="cookie")
def request_data_export(call: Call) -> Answer:
    """Ask for everything about oneself."""
    return _requested(call, "export")


@routes.add("GET /v1/users/me/data-export-request")
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


@routes.add("POST /v1/users/me/deletion-request", auth="cookie")
def request_account_deletion(call: Call) -> Answer:
    """Ask to be forgotten. The sandbox notes it and forgets nobody."""
    return _requested(call, "deletion")


@routes.add("GET /v1/users/me/deletion-request")
def get_deletion_request(call: Call) -> Answer:
    """How the request to be forgotten stands."""
    return Answer(body=_standing(call, "deletion", DELETION_SECONDS))


def _balance(call: Call) -> dict[str, Any]:
    user = call.key.user
    return {"enabled": user.extra_usage, "balance_usd": 0, "last_topup_at": None}


@routes.add("GET /v1/me/extra-usage", auth="cookie")
def get_extra_usage(call: Call) -> Answer:
    """The prepaid balance, and whether it is used."""
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/enable", auth="cookie")
def enable_extra_usage(call: Call) -> Answer:
    """Use the balance when the quota is used up."""
    call.key.user.extra_usage = True
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/disable", auth="cookie")
def disable_extra_usage(call: Call) -> Answer:
    """Keep the balance and leave it untouched."""
    call.key.user.extra_usage = False
    return Answer(body=_balance(call))


@routes.add("POST /v1/me/extra-usage/checkout", auth="cookie")
def create_extra_usage_checkout(call: Call) -> Answer:
    """A page on which to pay; nobody ever does here, so the balance stays."""
    amount = call.json().get("amount_usd")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise invalid("amount_usd must be a whole number of at least 1.")
    return Answer(body={"checkout_url": f"https://checkout.example/session/{call.world.ids.token('cs_')}"})


@routes.add("GET /v1/me/extra-usage/transactions", auth="cookie")
def list_extra_usage_transactions(call: Call) -> Answer:
    """What was paid in and used; nothing here."""
    return Answer(body=listed(call.options, "transactions", call.page([])))
