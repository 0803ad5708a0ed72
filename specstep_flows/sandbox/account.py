"""The account, its usage, and what the service tells everybody: capabilities, schemas, status, support."""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import Any

from specstep_flows.sandbox import kickoffs
from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.refusals import Refusal, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, required_text

routes = Routes(
    "SpecStep.Api",
    names={"version": "schemaVersion"},
    records={
        "CapabilitiesResponse": (
            "schema_version:text rubric_version:text quality_rubric_version:text review_profiles:[text] "
            "project_types:[text] mirror_selections:[text]"
        ),
        "MeResponse": "id:uuid display_name:text? email:text plan:text",
        "AnalyticsResponse": ("generation_count:int average_duration_seconds:num? review_profile_distribution:{int}"),
        "OpenTicketRequest": "subject:text message:text",
        "TicketResponse": "id:uuid status:text",
        "ServiceHealth": "name:text status:text",
        "IncidentDto": "id:text title:text status:text started_at:date resolved_at:date?",
        "StatusSummaryResponse": (
            "overall:text services:[@ServiceHealth] active_incidents:[@IncidentDto] generated_at:date"
        ),
        "IncidentHistoryResponse": "incidents:[@IncidentDto]",
        "SubscribeRequest": "email:text",
    },
)


@routes.add("GET /v1/me", "200:@MeResponse", named="WhoAmI")
def get_me(call: Call) -> Answer:
    """Who the key belongs to."""
    user = call.key.user
    name, plan = user.name.capitalize(), call.options.plan
    return Answer(body={"id": user.id, "display_name": name, "email": user.email, "plan": plan})


@routes.add("GET /v1/usage", "200")
def get_usage(call: Call) -> Answer:
    """This month's quota."""
    used = call.world.used_this_month(call.owner, call.now)
    limit = call.options.monthly_quota
    _, until = call.world.month(call.now)
    return Answer(
        body={
            "tier": call.options.plan,
            "generations_limit": limit,
            "generations_used": used,
            "generations_remaining": None if limit is None else max(0, limit - used),
            "reset_at": timestamp(until),
        }
    )


@routes.add("GET /v1/me/analytics", "200:@AnalyticsResponse")
def get_my_analytics(call: Call) -> Answer:
    """Counts and averages of the caller's own generations."""
    runs = [run for run in call.world.generations.values() if run.owner == call.owner]
    spans = [run.ended_at - run.created_at for run in runs if run.state == "Complete" and run.ended_at is not None]
    return Answer(
        body={
            "generation_count": len(runs),
            "average_duration_seconds": round(sum(spans) / len(spans), 1) if spans else None,
            "review_profile_distribution": dict(Counter(run.profile for run in runs)),
        }
    )


@routes.add("GET /v1/capabilities", "200:=CapabilitiesResponse", auth="anonymous")
def get_capabilities(call: Call) -> Answer:
    """What the service accepts at present."""
    return Answer(
        body={
            "schema_version": "1.0.0",
            "rubric_version": "1.0.0",
            "quality_rubric_version": "1.0.0",
            "review_profiles": list(kickoffs.PROFILES),
            "project_types": list(kickoffs.PROJECT_TYPES),
            "mirror_selections": list(kickoffs.MIRRORS),
        }
    )


SERVICES = ("API", "Interviews", "Generations", "Downloads")
SUBSCRIBE_WINDOW = 900
SUBSCRIBE_MOST = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@routes.add("GET /v1/status/summary", "200:@StatusSummaryResponse", auth="anonymous")
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


@routes.add("GET /v1/status/uptime", "200", query="days:int", auth="anonymous")
def get_status_uptime(call: Call) -> Answer:
    """Uptime over the last days."""
    days = call.number("days", 30, 365)
    rows = [{"name": name, "uptime_percent": 100.0} for name in SERVICES]
    return Answer(body={"days": days, "services": rows})


@routes.add("GET /v1/status/history", "200:@IncidentHistoryResponse", query="limit:int", auth="anonymous")
def get_status_history(call: Call) -> Answer:
    """Incidents of late; none."""
    return Answer(body={"incidents": call.page([])})


@routes.add("POST /v1/status/subscribe", "200 400 429", body="@SubscribeRequest", auth="anonymous")
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


@routes.add("GET /v1/schema/intake/{version}", "200 404")
def get_intake_schema(call: Call) -> Answer:
    """The JSON schema of intake artifacts."""
    if call.params["version"] != "1.0.0":
        raise not_found("schema version")
    return _schema("Intake artifact", {"projectName": {"type": "string"}, "summary": {"type": "string"}})


@routes.add("GET /v1/schema/package/{version}", "200 404")
def get_package_schema(call: Call) -> Answer:
    """The JSON schema of packages."""
    if call.params["version"] != "1.0.0":
        raise not_found("schema version")
    return _schema("Specification package", {"kind": {"const": "specification"}, "schema_version": {"type": "string"}})


@routes.add("POST /v1/support/ticket", "201:@TicketResponse 400", body="@OpenTicketRequest")
def create_support_ticket(call: Call) -> Answer:
    """Ask for help."""
    body = call.json()
    id_ = call.world.ids.uuid(call.now)
    record = {"subject": required_text(body, "subject"), "message": required_text(body, "message")}
    call.world.keep("ticket", id_, {"_owner": call.owner, **record})
    return Answer(201, {"id": id_, "status": "open"})
