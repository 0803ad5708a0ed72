"""The account, its usage and what the service accepts (walkthrough, steps 1 and 3.5, and Account & usage)."""

from collections import Counter

from ..clock import timestamp
from ..document import openapi_document
from ..world import kickoffs
from .call import Answer, Call
from .routing import Routes

routes = Routes()


@routes.add("GET /v1/me")
def get_me(call: Call) -> Answer:
    """Who the key belongs to."""
    user = call.key.user
    return Answer(
        body={
            "id": user.id,
            "display_name": user.name.capitalize(),
            "email": user.email,
            "plan": user.plan,
        }
    )


@routes.add("GET /v1/usage")
def get_usage(call: Call) -> Answer:
    """This month's quota."""
    used = call.world.used_this_month(call.owner, call.now)
    limit = call.options.monthly_quota
    _, until = call.world.month(call.now)
    return Answer(
        body={
            "tier": call.key.user.plan,
            "generations_limit": limit,
            "generations_used": used,
            "generations_remaining": None if limit is None else max(0, limit - used),
            "reset_at": timestamp(until),
        }
    )


@routes.add("GET /v1/me/analytics")
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


@routes.add("GET /sandbox", auth="anonymous")
def get_sandbox(call: Call) -> Answer:
    """About the sandbox itself; the service has no such thing."""
    from .table import not_implemented

    return Answer(body={"now": timestamp(call.now), "not_implemented": not_implemented()})


@routes.add("GET /v1/openapi.json", auth="anonymous")
def get_openapi_document(call: Call) -> Answer:
    """The document that describes all this, in other words than ours."""
    return Answer(body=openapi_document(call.origin))


@routes.add("GET /v1/capabilities", auth="anonymous")
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
