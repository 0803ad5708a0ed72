"""Generations: listing, reading and the recycle bin (walkthrough, steps 5 and 7.7)."""

from collections.abc import Iterable

from ..clock import timestamp
from ..options import RUNNING_STATES
from ..world.errors import conflict
from ..world.generations import TERMINAL, Generation
from ..world.packages import package_body
from ..world.projection import generation_body, generation_row
from .call import Answer, Call, listed, text
from .routing import Routes

routes = Routes()

ROLL_UPS = {
    # All but one, says walkthrough, step 5.
    "in_progress": tuple(state for state in RUNNING_STATES if state != "Refining"),
    "complete": ("Complete",),
    "failed": ("Failed",),
    "cancelled": ("Cancelled",),
    "paused": ("Paused", "PausedAwaitingClarification"),
}
"""The walkthrough's sets. It does not spell out `paused`; both paused states are taken for it."""


def _filtered(call: Call, runs: Iterable[Generation]) -> list[Generation]:
    wanted = call.query.get("status")
    rows = sorted(runs, key=lambda run: run.created_at)
    if wanted and wanted.strip():
        states: set[str] = set()
        for token in wanted.split(","):
            word = token.strip().lower()
            states |= {state.lower() for state in ROLL_UPS.get(word, (word,))}
        rows = [run for run in rows if run.state.lower() in states]
    return call.page(call.ordered(rows))


@routes.add("GET /v1/generations")
def list_generations(call: Call) -> Answer:
    """The caller's generations, newest first."""
    lag = call.options.visible_after_seconds
    runs = (
        run
        for run in call.world.generations.values()
        if run.owner == call.owner and run.deleted_at is None and run.created_at + lag <= call.now
    )
    rows = [generation_row(call.world, run, call.now) for run in _filtered(call, runs)]
    return Answer(body=listed(call.options, "generations", rows))


@routes.add("GET /v1/generations/deleted")
def list_deleted_generations(call: Call) -> Answer:
    """The recycle bin."""
    runs = (run for run in call.world.generations.values() if run.owner == call.owner and run.deleted_at is not None)
    rows = [generation_row(call.world, run, call.now) for run in _filtered(call, runs)]
    return Answer(body=listed(call.options, "generations", rows))


@routes.add("GET /v1/generations/{id}")
def get_generation(call: Call) -> Answer:
    """The status of a generation."""
    run = call.world.find_generation(call.owner, call.id())
    return Answer(body=generation_body(call.world, run, call.now))


@routes.add("GET /v1/generations/{id}/events")
def get_generation_events(call: Call) -> Answer:
    """Each change of state, oldest first."""
    run = call.world.find_generation(call.owner, call.id())
    rows = [
        {
            "type": "state_changed",
            "occurred_at": timestamp(event.at),
            "state": event.to_state,
            "detail": event.detail,
        }
        for event in run.events
    ]
    return Answer(body=listed(call.options, "events", rows))


_AGENTS = {
    "Drafting": ("Architect", "Archie", "drafted the sections"),
    "SpecialistReview": ("Specialist", "Argus", "read the sections of the specialty"),
    "Reviewing": ("Critic", "Cora", "looked for blocking issues"),
    "FreshEyes": ("FreshEyes", "Iris", "read everything anew"),
    "RiskReview": ("RiskReviewer", "Rhea", "weighed the risks"),
    "SecurityReview": ("SecurityReviewer", "Hush", "looked for holes"),
    "Assembling": ("Orchestrator", "Otto", "put the package together"),
    "Refining": ("Refiner", "Fay", "closed gaps and contradictions"),
}


@routes.add("GET /v1/generations/{id}/conversation")
def get_generation_conversation(call: Call) -> Answer:
    """Who did what, oldest first; `take` asks for the newest few."""
    run = call.world.find_generation(call.owner, call.id())
    ends = [event.at for event in run.events[1:]]
    items = []
    for number, event in enumerate(run.events):
        if event.to_state not in _AGENTS:
            continue
        role, name, done = _AGENTS[event.to_state]
        ended = ends[number] if number < len(ends) else None
        items.append(
            {
                "invocation_id": event.id,
                "agent_role": role,
                "character_name": name,
                "display_name": f"{name} ({role})",
                "asset_slug": name.lower(),
                "accent_hex": "#336699",
                "action": event.to_state,
                "narration": f"{name} {done}." if ended is not None else f"{name} is at work.",
                "status": "running" if ended is None else "completed",
                "started_at": timestamp(event.at),
                "ended_at": None if ended is None else timestamp(ended),
                "duration_ms": None if ended is None else round((ended - event.at) * 1000),
                "cost_usd": None if ended is None else round(run.running_cost(ended) - run.running_cost(event.at), 4),
            }
        )
    take = call.number("take", len(items) or 1, 1 << 31)
    return Answer(body={"items": items[-take:]})


@routes.add("PATCH /v1/generations/{id}/name")
def rename_generation(call: Call) -> Answer:
    """Set the display name, or clear it with null or blank."""
    run = call.world.find_generation(call.owner, call.id())
    name = text(call.json(), "name", required=False)
    run.name = name.strip() if name and name.strip() else None
    return Answer(204)


@routes.add("GET /v1/generations/{id}/package")
def get_generation_package(call: Call) -> Answer:
    """The newest package of the generation; 404 while there is none."""
    run = call.world.find_generation(call.owner, call.id())
    package = call.world.find_package(call.owner, run.package_id or "")
    return Answer(body=package_body(package, call.origin))


@routes.add("DELETE /v1/generations/{id}")
def delete_generation(call: Call) -> Answer:
    """Move a run that has ended to the recycle bin."""
    run = call.world.find_generation(call.owner, call.id(), deleted=True)
    if run.state not in TERMINAL:
        raise conflict("GENERATION_IN_FLIGHT", f"The generation is {run.state}; cancel it first.")
    run.deleted_at = run.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/generations/{id}/restore")
def restore_generation(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_generation(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/generations/{id}/permanent")
def purge_generation(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    run = call.world.find_generation(call.owner, call.id(), deleted=True)
    if run.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted generation can be removed for good.")
    del call.world.generations[run.id]
    return Answer(204)
