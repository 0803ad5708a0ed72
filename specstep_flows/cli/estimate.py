"""Before paying: the quota that is left, and what a generation of that profile may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows import errors
from specstep_flows._course import course
from specstep_flows._json import as_json
from specstep_flows._text import counted, duration, money
from specstep_flows.models import Capabilities
from specstep_flows.states import DEFAULT_PROFILE, is_one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from specstep_flows.client import SpecStep
    from specstep_flows.models import GenerationRow, ServiceEstimate, Usage
    from specstep_flows.runs.records import RunRecord


@attrs.frozen
class Range:
    """The median of what was seen, and its ends."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Range | None:
        """None where there is nothing to go by."""
        import statistics

        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1]) if found else None


@attrs.frozen
class Estimate:
    """What ``count`` completed generations of ``profile`` took, out of the user's own past. Not a forecast.

    ``seconds`` is how long ``working_count`` of them worked, where runs here have seen that; else from start to end,
    with all that they waited for somebody.
    """

    profile: str
    count: int
    cost_usd: Range | None
    seconds: Range | None
    working_count: int = 0

    def words(self) -> str:
        """In a sentence, labelled as what it is."""
        past = (
            f"your last {self.count} {self.profile} generations" if self.count > 1 else f"your one {self.profile} run"
        )
        parts = [
            _typical(found, self.count, words)
            for found, words in ((self.cost_usd, money), (self.seconds, duration))
            if found is not None
        ]
        pauses = " without pauses" if self.working_count else ""
        some = f" (of {self.working_count} that ran from here)" if 0 < self.working_count < self.count else ""
        return f"Estimate from {past}: {', '.join(parts)}{pauses}{some}."


def _typical(found: Range, count: int, words: Callable[[float], str]) -> str:
    """The median, with the ends where they say more."""
    median, low, high = words(found.median), words(found.low), words(found.high)
    typical = f"typically {median}" if count > 1 else median
    return typical if low == high else f"{typical} ({low} to {high})"


def estimate(
    rows: Iterable[GenerationRow], profile: str, find: Callable[[UUID], RunRecord | None] = lambda _: None
) -> Estimate | None:
    """From a list of generations; None when none of them says anything. ``find`` gives the run of a generation.

    A row has no pauses, and what one user took to answer says nothing of the next generation.
    """
    alike = [row for row in rows if is_one_of(row.state, "complete") and row.review_profile == profile]
    cost = Range.of(row.cost_usd for row in alike if row.cost_usd is not None)
    worked = [seconds for row in alike if (seconds := _worked(find, row.id)) is not None]
    took = Range.of(
        worked
        or [
            (row.completed_at - row.started_at).total_seconds()
            for row in alike
            if row.completed_at is not None and row.started_at is not None and row.completed_at >= row.started_at
        ]
    )
    return Estimate(profile, len(alike), cost, took, len(worked)) if cost is not None or took is not None else None


def _worked(find: Callable[[UUID], RunRecord | None], generation_id: UUID) -> float | None:
    """How long a generation worked; None where no run has seen all of it."""
    try:
        record = find(generation_id)
    except errors.StoreError:
        return None
    if record is None:
        return None
    found = course(record.history, generation_id=generation_id)
    is_whole = found.is_over and found.duration.unwatched_seconds < 1.0
    return found.duration.working_seconds or None if is_whole else None


def service_words(found: ServiceEstimate) -> str:
    """The service's estimate in a sentence, or why there is none."""
    if found.text is not None and found.cost_usd is None and found.seconds is None:
        return f"The service says: {found.text}"
    if found.cost_usd is None and found.seconds is None:
        return f"No estimate from the service. {found.reason or ''}".rstrip()
    parts = []
    if found.cost_usd is not None:
        ends = found.low_usd is not None and found.high_usd is not None
        between = f" ({money(found.low_usd)} to {money(found.high_usd)})" if ends else ""
        parts.append(f"typically {money(found.cost_usd)}{between}")
    if found.seconds is not None:
        parts.append(duration(found.seconds))
    past = "" if found.sample_size is None else f", from {counted(found.sample_size, 'generation')}"
    return f"Estimate from the service: {', '.join(parts)}{past}."


def usage_words(usage: Usage) -> str | None:
    """The quota in a sentence; None when nothing of it could be read."""
    parts = []
    if usage.remaining is not None:
        of = f" of {usage.limit:g}" if usage.limit is not None else ""
        parts.append(f"{usage.remaining:g}{of} generations left")
    elif usage.used is not None:
        of = f" of {usage.limit:g}" if usage.limit is not None else ""
        parts.append(f"{usage.used:g}{of} generations used")
    if usage.resets_at:
        parts.append(f"resets {usage.resets_at:%b} {usage.resets_at.day}")
    return f"Quota: {', '.join(parts)}." if parts else None


def accepted(client: SpecStep) -> Capabilities:
    """What the service says that it accepts; nothing, where it does not say."""
    try:
        return client.get_capabilities()
    except errors.APIError as error:
        if error.is_not_offered:
            return Capabilities()
        raise


def read_before_paying(client: SpecStep, profile: str | None) -> tuple[list[str], dict[str, Any]]:
    """The quota and the estimate, two requests: as sentences, and as a document.

    What cannot be read is said and stops nothing, but for a key that is refused.

    GET /v1/usage, GET /v1/generations

    Raises:
        AuthenticationError: the key was refused.
    """
    chosen = profile or DEFAULT_PROFILE
    lines: list[str] = []
    usage: Usage | None = None
    expected: Estimate | None = None
    try:
        usage = client.get_usage()
        lines.append(usage_words(usage) or "The quota could not be read from the service's answer.")
    except errors.AuthenticationError:
        raise
    except errors.RequestError as error:
        lines.append(f"The quota could not be read. {error.message}")
    try:
        # The newest page alone: it is one request, and older ones say less about today's prices.
        expected = estimate(client.list_generations(first_page=True), chosen, client.store.find_generation)
        lines.append(
            expected.words() if expected is not None else f"No estimate yet: you have no completed {chosen} generation."
        )
    except errors.AuthenticationError:
        raise
    except errors.RequestError as error:
        lines.append(f"No estimate: your past generations could not be read. {error.message}")
    return lines, {"usage": None if usage is None else dict(usage.raw), "estimate": as_json(expected)}
