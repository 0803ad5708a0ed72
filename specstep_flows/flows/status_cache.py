"""The current state of generations, read together: one list page serves all runs that are due for a look.

A list row has no forecast, billing state or package. So the whole status body is read at the end, and once when the
work has begun, because there is no forecast before; and, while there are few runs, at the first look and at every
change of state.

Where several processes share a store, they share the page, too (``runs.pages``): one of them reads it, and how many
generations are watched is what all of them watch with the key.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import gateway
from specstep_flows.engine.effects import Fetch, Now, Observe, Sleep
from specstep_flows.models import Generation
from specstep_flows.runs.pages import Page
from specstep_flows.states import is_known, is_one_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.models import GenerationRow
    from specstep_flows.runs.pages import Pages

#: A page younger than this, in seconds, serves every run that is due for a look.
FRESH_SECONDS: Final = 15.0
#: Further than this from a run's likely end, a page may be older.
FAR_SECONDS: Final = 90.0
FAR_FRESH_SECONDS: Final = 24.0
#: From so many runs on, a page is read instead of one status body for each.
WORTH_A_PAGE: Final = 3
#: From so many runs on, a change of state alone is not worth a request: 60 a minute are for all of them.
MANY: Final = 6
#: For so long after many runs were watched, it counts as many: they end one after the other.
CROWD_SECONDS: Final = 600.0
#: A run that has not looked for so long (the longest wait, and a margin) is no longer watched, and a reader that takes
#: so long has given up.
FORGOTTEN_SECONDS: Final = 150.0

#: About how often all that wait for a page together look whether it is there.
LOOKS_A_SECOND: Final = 10.0
#: How often a process looks whether the page is there that another one reads.
ASK_SECONDS: Final = 1.0


class StatusCache:
    """What is known of the generations that one client's runs watch.

    Runs in several threads share it. It needs no lock: the driver never runs two flows of ``observe`` at the same time,
    so the code between two awaits is never interrupted by another one's. ``pages`` is what other processes with the
    same key share with it, if there may be any.
    """

    def __init__(self, pages: Pages | None = None) -> None:
        self._pages = pages
        #: How many generations other processes watch, and when they were asked last.
        self._elsewhere = 0
        self._counted_at: float | None = None
        self._looked_at: dict[UUID, float] = {}
        self._detailed_at: dict[UUID, float] = {}
        self._asked_for_forecast: set[UUID] = set()
        self._page: Page | None = None
        self._crowded_at: float | None = None
        self._reading_since: float | None = None
        #: How many wait for the page that another one reads.
        self._waiting = 0

    async def observe(self, wanted: Observe) -> Generation:
        """The state of one generation: from a page that others share, or from its own status body."""
        now = await Now()
        watched = await self._with_others(self._note_look(wanted.generation_id, now), now)
        last = wanted.last
        if wanted.detail or watched < WORTH_A_PAGE or (last is None and watched < MANY):
            return await self._detail(wanted.generation_id)
        if last is None:
            # What was started a moment ago is on no page that was read before; among many it can wait for the next.
            await Sleep(FRESH_SECONDS)
        row = await self._row(wanted.generation_id, now if last is None else now - _fresh_seconds(last))
        if row is None or _may_be_over(row) or self._wants_forecast(row, last):
            return await self._detail(wanted.generation_id)
        if last is None:
            return _of_row(row)
        if row.state != last.state and watched < MANY:
            return await self._detail(wanted.generation_id)
        return self._updated(last, row, (await Now()))

    def _wants_forecast(self, row: GenerationRow, last: Generation | None) -> bool:
        """Whether to look for a forecast: once, when there can be one (walkthrough, step 5: null while queued)."""
        if (last is not None and last.estimated_time_remaining_seconds is not None) or is_one_of(row.state, "queued"):
            return False
        is_first = row.id not in self._asked_for_forecast
        self._asked_for_forecast.add(row.id)
        return is_first

    def _note_look(self, generation_id: UUID, now: float) -> int:
        """How many generations are watched, this one included."""
        # The last to look is the last in it, so whoever has not looked for long is found at its beginning.
        self._looked_at.pop(generation_id, None)
        self._looked_at[generation_id] = now
        while now - self._looked_at[oldest := next(iter(self._looked_at))] > FORGOTTEN_SECONDS:
            self._forget(oldest)
        return len(self._looked_at)

    async def _with_others(self, own: int, now: float) -> int:
        """How many are watched with the key, of which ``own`` here; the others are counted again now and then."""
        pages = self._pages
        if pages is not None and (self._counted_at is None or not 0 <= now - self._counted_at < FRESH_SECONDS):
            self._counted_at = now
            self._elsewhere = await Fetch(lambda _: pages.watch(own, now))
        watched = own + self._elsewhere
        if watched >= MANY:
            self._crowded_at = now
        return watched

    def is_crowded(self, now: float) -> bool:
        """Whether many generations are watched, or were a moment ago."""
        return self._crowded_at is not None and now - self._crowded_at < CROWD_SECONDS

    def _forget(self, generation_id: UUID) -> None:
        self._looked_at.pop(generation_id, None)
        self._detailed_at.pop(generation_id, None)
        self._asked_for_forecast.discard(generation_id)

    async def _detail(self, generation_id: UUID) -> Generation:
        generation = await gateway.get_generation(generation_id)
        now = await Now()
        self._detailed_at[generation_id] = now
        if generation.estimated_time_remaining_seconds is not None:
            self._asked_for_forecast.add(generation_id)
        if generation.is_terminal:
            self._forget(generation_id)
        return generation

    def _updated(self, last: Generation, row: GenerationRow, now: float) -> Generation:
        """What was seen last, with the row's state and cost; what only the status body knows is aged or left out."""
        age = now - self._detailed_at.get(last.id, now)
        self._detailed_at[last.id] = now
        left = last.estimated_time_remaining_seconds
        changes: dict[str, Any] = {
            "state": row.state,
            "running_cost_usd": row.cost_usd if row.cost_usd is not None else last.running_cost_usd,
            "estimated_time_remaining_seconds": None if left is None or left < age else left - age,
        }
        if row.state != last.state:
            changes |= {"phase_detail": None, "progress_explanation": None, "active_specialist": None}
        return attrs.evolve(last, **changes)

    async def _row(self, generation_id: UUID, not_before: float) -> GenerationRow | None:
        """This generation's row of a page read since then; one of the runs reads the page, the others wait for it."""
        while True:
            now = await Now()
            page = self._page
            # A page with a time in the future was read before the machine's clock was set back.
            if page is not None and not_before <= page.read_at <= now:
                return page.rows.get(generation_id)
            if self._reading_since is None or now - self._reading_since > FORGOTTEN_SECONDS:
                self._reading_since = now
                return (await self._next_page(not_before, now)).rows.get(generation_id)
            # The more wait, the longer does each: together they look a few times a second.
            self._waiting += 1
            try:
                await Sleep(1.0 + self._waiting / LOOKS_A_SECOND)
            finally:
                self._waiting -= 1

    async def _next_page(self, not_before: float, now: float) -> Page:
        """For all that wait here: the page that another process has read since then, or else our own."""
        try:
            page = await (_read_page() if self._pages is None else _shared_page(self._pages, not_before, now))
        except BaseException:
            self._reading_since = None
            raise
        self._page, self._reading_since = page, None
        return page


async def _read_page() -> Page:
    rows = await gateway.list_generations(first_page=True)
    return Page(await Now(), {row.id: row for row in rows})


async def _shared_page(pages: Pages, not_before: float, now: float) -> Page:
    """A page that all processes share: whoever is to read it, does; the others wait for it."""
    while True:
        found = await Fetch(partial(_ask, pages, not_before, now))
        if isinstance(found, Page):
            return found
        if found:
            break
        await Sleep(ASK_SECONDS)
        now = await Now()
    try:
        page = await _read_page()
    except Exception:
        await Fetch(lambda _: pages.give_up())
        raise
    await Fetch(lambda _: pages.put(page))
    return page


def _ask(pages: Pages, not_before: float, now: float, _: Callable[[], bool]) -> Page | bool:
    return pages.ask(not_before, now)


def _fresh_seconds(last: Generation) -> float:
    """How old a page may be at the next look. Nothing queued is near its end."""
    left = last.estimated_time_remaining_seconds
    is_far = is_one_of(last.state, "queued") if left is None else left > FAR_SECONDS
    return FAR_FRESH_SECONDS if is_far else FRESH_SECONDS


def _may_be_over(row: GenerationRow) -> bool:
    """Whether the status body must tell what a row cannot: its end, or whether an unknown state is one."""
    return row.is_terminal or (row.completed_at is not None and not is_known(row.state))


def _of_row(row: GenerationRow) -> Generation:
    """A generation as far as its row tells."""
    return Generation(
        row.id,
        row.state,
        review_profile=row.review_profile,
        current_round=row.current_round,
        started_at=row.started_at,
        running_cost_usd=row.cost_usd,
        project_name=row.project_name,
    )
