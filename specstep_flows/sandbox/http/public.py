"""What needs no key, or no world: the status pages and the JSON schemas (walkthrough, step 8 and schema retrieval)."""

import re
from collections import deque
from typing import Any

from ..clock import timestamp
from ..world.errors import Refusal, invalid, not_found
from .call import Answer, Call, required_text
from .routing import Routes

routes = Routes()

SERVICES = ("API", "Interviews", "Generations", "Downloads")
SUBSCRIBE_WINDOW = 900
SUBSCRIBE_MOST = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@routes.add("GET /v1/status/summary", auth="anonymous")
def get_status_summary(call: Call) -> Answer:
    """How the service is; here always well."""
    return Answer(
        body={
            "overall": "operational",
            "services": [{"name": name, "status": "operational"} for name in SERVICES],
            "active_incidents": [],
            "generated_at": timestamp(call.now),
        }
    )


@routes.add("GET /v1/status/uptime", auth="anonymous")
def get_status_uptime(call: Call) -> Answer:
    """Uptime over the last days."""
    days = call.number("days", 30, 365)
    rows = [{"name": name, "uptime_percent": 100.0} for name in SERVICES]
    return Answer(body={"days": days, "services": rows})


@routes.add("GET /v1/status/history", auth="anonymous")
def get_status_history(call: Call) -> Answer:
    """Incidents of late; none."""
    return Answer(body={"incidents": call.page([])})


@routes.add("POST /v1/status/subscribe", auth="anonymous")
def subscribe_to_status(call: Call) -> Answer:
    """Take an address; whether it was known already is not said. Five requests in 15 minutes at most."""
    email = required_text(call.json(), "email")
    if not _EMAIL.fullmatch(email):
        raise invalid("email must be an e-mail address.")
    record = call.world.records.setdefault("subscription", {}).setdefault("moments", {})
    moments: deque[float] = record.setdefault("all", deque())
    while moments and moments[0] <= call.now - SUBSCRIBE_WINDOW:
        moments.popleft()
    if len(moments) >= SUBSCRIBE_MOST:
        wait = str(int(moments[0] + SUBSCRIBE_WINDOW - call.now) + 1)
        raise Refusal(429, "RATE_LIMITED", "Too many subscriptions.", headers={"Retry-After": wait})
    moments.append(call.now)
    return Answer(body={"message": "Check your email for a confirmation link."})


def _schema(title: str, members: dict[str, Any]) -> Answer:
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": members,
    }
    return Answer(body=document, content_type="application/schema+json")


@routes.add("GET /v1/schema/intake/{version}")
def get_intake_schema(call: Call) -> Answer:
    """The JSON schema of intake artifacts."""
    if call.params["version"] != "1.0.0":
        raise not_found("schema version")
    return _schema("Intake artifact", {"projectName": {"type": "string"}, "summary": {"type": "string"}})


@routes.add("GET /v1/schema/package/{version}")
def get_package_schema(call: Call) -> Answer:
    """The JSON schema of packages."""
    if call.params["version"] != "1.0.0":
        raise not_found("schema version")
    return _schema("Specification package", {"kind": {"const": "specification"}, "schema_version": {"type": "string"}})
