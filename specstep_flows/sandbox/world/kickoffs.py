"""What starts paid work: kickoffs, retries and updates, with the quota and the concurrency cap in their way."""

from typing import TYPE_CHECKING, Any

from ..clock import timestamp
from .errors import Refusal, conflict
from .generations import Generation
from .interviews import Artifact
from .plan import plan, work_seconds

if TYPE_CHECKING:
    from .world import World

PROFILES = ("Fast", "Normal", "Extensive", "Researcher")
PROJECT_TYPES = ("WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool")
MIRRORS = ("None", "ClaudeMd")
"""The two that the pages name; the live list may be longer."""
CHILD_PROFILES = ("Fast", "Normal", "Extensive")


def start(
    world: "World", owner: str, artifact: Artifact, order: dict[str, Any], now: float, updates: str | None = None
) -> Generation:
    """Start a generation of `order` (profile, type, mirror); Researcher starts three more."""
    _check_limits(world, owner, now)
    world.kickoffs += 1
    profile = order.get("review_profile") or "Normal"
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
    world: "World",
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
        description=_shortened(" ".join(messages)),
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


def retry(world: "World", run: Generation, now: float) -> Generation:
    """Start the same order anew; only what failed by itself can be retried."""
    if run.parent_id is not None or run.profile == "Researcher":
        raise conflict("RESEARCHER_CHILD_NOT_RETRYABLE", "Runs of a Researcher fan-out cannot be retried one by one.")
    if run.state != "Failed":
        raise conflict("GENERATION_NOT_FAILED", f"Only a failed generation can be retried; this one is {run.state}.")
    return start(world, run.owner, world.artifacts[run.intake_id], _order_of(run), now)


def update(world: "World", run: Generation, artifact: Artifact, now: float) -> Generation:
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


def _check_limits(world: "World", owner: str, now: float) -> None:
    options = world.options
    used = world.used_this_month(owner, now)
    if options.monthly_quota is not None and used >= options.monthly_quota:
        raise quota_exceeded(world, used, now)
    running = sum(1 for run in world.open_generations.values() if run.owner == owner and run.parent_id is None)
    if options.concurrency_cap is not None and running >= options.concurrency_cap:
        raise conflict("CONCURRENCY_CAP_REACHED", f"{running} generations are already in flight.")


def quota_exceeded(world: "World", used: int, now: float) -> Refusal:
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


def _shortened(text: str) -> str | None:
    """At most 280 characters, as the walkthrough says of descriptions."""
    if not text:
        return None
    return text if len(text) <= 280 else text[:279] + "…"
