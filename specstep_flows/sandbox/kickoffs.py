"""What starts paid work: kickoffs, retries and updates, and what limits them (walkthrough, steps 4 and 5.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.generations import get_generation
from specstep_flows.sandbox.generations import routes as generations
from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.records import Artifact
from specstep_flows.sandbox.refusals import Refusal, conflict, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, choice, identifier, text
from specstep_flows.sandbox.simulation import Generation, plan, work_seconds
from specstep_flows.sandbox.world import World

PROFILES = ("Fast", "Normal", "Extensive", "Researcher")
PROJECT_TYPES = ("WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool")
#: The two that the pages name; the live list may be longer.
MIRRORS = ("None", "ClaudeMd")
CHILD_PROFILES = ("Fast", "Normal", "Extensive")

routes = Routes(
    "Generations",
    names={"id": "generationId"},
    records={
        "CreateGenerationRequest": (
            "intake_id:uuid review_profile?:@GenerationProfile? project_type?:@TargetKind? schema_version?:text? "
            "mirror_selection?:@MirrorFileSelection? has_ui?:flag?"
        ),
        "CreateGenerationResponse": "id:uuid state:@GenerationStateDto download_url:text? package_id:uuid?",
        "UpdateGenerationFromInterviewRequest": "intake_id:uuid",
    },
    enums={
        "GenerationProfile": " ".join(PROFILES),
        "TargetKind": " ".join(PROJECT_TYPES),
        "MirrorFileSelection": " ".join(MIRRORS),
    },
)


def start(
    world: World, owner: str, artifact: Artifact, order: dict[str, Any], now: float, updates: str | None = None
) -> Generation:
    """Start a generation of `order` (profile, type, mirror); Researcher starts three more."""
    profile = order.get("review_profile") or "Normal"
    _check_plan(world.options, profile)
    _check_limits(world, owner, now)
    world.kickoffs += 1
    if profile != "Researcher":
        return _launch(world, owner, artifact, order, profile, now, updates=updates)
    options = world.options
    parent = None
    if options.researcher_answer == "parent":
        parent = _launch(world, owner, artifact, order, profile, now, updates=updates)
    children = [
        _launch(
            world,
            owner,
            artifact,
            order,
            CHILD_PROFILES[number % len(CHILD_PROFILES)],
            now,
            parent_id=parent.id if parent else "researcher",
        )
        for number in range(options.researcher_children)
    ]
    if parent is None:
        return children[0]
    parent.children = children
    return parent


def _launch(
    world: World,
    owner: str,
    artifact: Artifact,
    order: dict[str, Any],
    profile: str,
    now: float,
    *,
    parent_id: str | None = None,
    updates: str | None = None,
) -> Generation:
    options = world.options
    interview = world.interviews.get(artifact.interview_id)
    messages = interview.messages if interview else []
    run = Generation(
        id=world.ids.uuid(now),
        owner=owner,
        intake_id=artifact.id,
        interview_id=artifact.interview_id,
        profile=profile,
        project_type=order.get("project_type"),
        mirror=order.get("mirror_selection") or "None",
        schema_version=order.get("schema_version") or "1.0.0",
        project_name=artifact.project_name,
        description=_shortened(_prose(messages)),
        steps=plan(profile, world.kickoffs, options),
        base_seconds=work_seconds(profile, world.kickoffs, options) or 1.0,
        cost_usd=options.profile_cost_usd[profile],
        ordinal=world.kickoffs,
        created_at=now,
        record=world.record_event,
        tick_seconds=options.dispatcher_tick_seconds,
        source_channel=order.get("source_channel") or "Api",
        parent_id=parent_id,
        updates=updates,
    )
    world.generations[run.id] = run
    world.open_generations[run.id] = run
    return run


def _retry(world: World, run: Generation, now: float) -> Generation:
    """Start the same order again; only what failed by itself can be retried."""
    if run.parent_id is not None or run.profile == "Researcher":
        raise conflict("RESEARCHER_CHILD_NOT_RETRYABLE", "Runs of a Researcher fan-out cannot be retried one by one.")
    if run.state != "Failed":
        raise conflict("GENERATION_NOT_FAILED", f"Only a failed generation can be retried; this one is {run.state}.")
    return start(world, run.owner, world.artifacts[run.intake_id], _order_of(run), now)


def _update(world: World, run: Generation, artifact: Artifact, now: float) -> Generation:
    """Start a generation that takes over a finished one with a newer interview."""
    if run.state != "Complete":
        raise conflict(
            "GENERATION_NOT_COMPLETE", f"Only a complete generation can be updated; this one is {run.state}."
        )
    return start(world, run.owner, artifact, _order_of(run), now, updates=run.id)


def _order_of(run: Generation) -> dict[str, Any]:
    return {
        "review_profile": run.profile,
        "project_type": run.project_type,
        "mirror_selection": run.mirror,
        "schema_version": run.schema_version,
    }


def _check_plan(options: SandboxOptions, profile: str) -> None:
    if profile not in options.plan_profiles.get(options.plan, (profile,)):
        raise Refusal(
            400, "FEATURE_NOT_ALLOWED", f"The review profile {profile} is not included in the plan {options.plan}."
        )


def _check_limits(world: World, owner: str, now: float) -> None:
    options = world.options
    used = world.used_this_month(owner, now)
    if options.monthly_quota is not None and used >= options.monthly_quota:
        raise quota_exceeded(world, used, now)
    running = sum(1 for run in world.open_generations.values() if run.owner == owner and run.parent_id is None)
    if options.concurrency_cap is not None and running >= options.concurrency_cap:
        raise conflict("CONCURRENCY_CAP_REACHED", f"{running} generations are already in flight.")


def quota_exceeded(world: World, used: int, now: float) -> Refusal:
    """The 402 of a month that is used up, with its four headers."""
    _, reset = world.month(now)
    limit = world.options.monthly_quota
    return Refusal(
        world.options.quota_status,
        "QUOTA_EXCEEDED",
        f"This month's quota of {limit} generations is used up.",
        headers={
            "X-Quota-Tier": world.options.plan,
            "X-Quota-Limit": str(limit),
            "X-Quota-Used": str(used),
            "X-Quota-Reset": timestamp(reset),
        },
    )


def _prose(messages: Sequence[str]) -> str:
    """What was said without the headings of Markdown, which name the project and are no part of a description."""
    lines = [line for message in messages for line in message.splitlines() if not line.startswith("#")]
    return " ".join(" ".join(lines).split()) or " ".join(messages)


def _shortened(text: str) -> str | None:
    """At most 280 characters, as the walkthrough says of descriptions."""
    if not text:
        return None
    return text if len(text) <= 280 else text[:279] + "…"


def _artifact(call: Call, body: dict[str, Any]) -> Artifact:
    artifact = call.world.artifacts.get(identifier(body, "intake_id"))
    if artifact is None or artifact.owner != call.owner:
        raise not_found("intake artifact")
    return artifact


def _started(run: Generation) -> Answer:
    body = {"id": run.id, "state": run.state, "download_url": None, "package_id": run.package_id}
    return Answer(202, body, {"Location": generations.path_to(get_generation, run.id)})


@routes.add(
    "POST /v1/generations",
    "202:=CreateGenerationResponse 400 402 409",
    body="@CreateGenerationRequest",
    named="KickOffGeneration",
    limit="kickoff",
)
def start_generation(call: Call) -> Answer:
    """The kickoff: paid work begins. There is no idempotency key; each call starts another."""
    body = call.json()
    order = {
        "review_profile": choice(body, "review_profile", PROFILES),
        "project_type": choice(body, "project_type", PROJECT_TYPES),
        "mirror_selection": choice(body, "mirror_selection", MIRRORS),
        "schema_version": text(body, "schema_version", required=False),
    }
    if order["project_type"] is None and call.options.require_project_type:
        raise invalid("project_type is required.")
    if order["schema_version"] not in (None, "1.0.0"):
        raise invalid("schema_version must be 1.0.0.")
    return _started(start(call.world, call.owner, _artifact(call, body), order, call.now))


@routes.add("POST /v1/generations/{id}/retry", "202:=CreateGenerationResponse 400 404 409", limit="kickoff")
def retry_generation(call: Call) -> Answer:
    """Run a failed generation's order again."""
    run = call.world.find_generation(call.owner, call.id())
    return _started(_retry(call.world, run, call.now))


@routes.add(
    "POST /v1/generations/{id}/update",
    "202:=CreateGenerationResponse 400 404 409",
    body="@UpdateGenerationFromInterviewRequest",
    limit="kickoff",
)
def update_generation(call: Call) -> Answer:
    """Take over a complete generation with a newer interview."""
    run = call.world.find_generation(call.owner, call.id())
    return _started(_update(call.world, run, _artifact(call, call.json()), call.now))
