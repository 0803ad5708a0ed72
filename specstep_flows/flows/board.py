"""The present state of generations, read together: one list page answers all runs whose look is due.

A list row has no forecast, billing posture or package, so the whole status body is read at the first look, when the
state changed, near the forecast's end and whenever a row is not enough.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import gateway
from specstep_flows.engine.effects import Flow, Now, Observe, Sleep, do

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.models import Generation, GenerationRow

__all__ = ["Board"]

#: A page younger than this, in seconds, answers every run whose look is due.
FRESH_SECONDS: Final = 10.0
#: From so many runs on, a page is read instead of one status body for each.
WORTH_A_PAGE: Final = 3
#: This near the forecast's end, the status body is read for its forecast.
NEAR_THE_END_SECONDS: Final = 20.0


@attrs.define
class _Page:
    """A page of the list, or one that is being read."""

    read_at: float
    rows: dict[UUID, GenerationRow]


class Board:
    """What is known of the generations that one client's runs watch. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[UUID, float] = {}
        self._page: _Page | None = None
        self._reading_since: float | None = None

    def observe(self, wanted: Observe) -> Flow[Generation]:
        """The state of one generation: from a page that others share, or from its own status body."""
        now = yield from do(Now())
        if not self._is_shared(wanted, now):
            return (yield from self._detail(wanted))
        row = yield from self._row(wanted, now)
        last = wanted.last
        if row is None or last is None or row.state != last.state or row.is_terminal:
            return (yield from self._detail(wanted))
        left = last.estimated_time_remaining_seconds
        if left is not None:
            now = yield from do(Now())
            left = max(0.0, left - (now - self._watched.get(wanted.generation_id, now)))
        cost = row.cost_usd if row.cost_usd is not None else last.running_cost_usd
        return attrs.evolve(last, running_cost_usd=cost)

    def _is_shared(self, wanted: Observe, now: float) -> bool:
        with self._lock:
            self._watched[wanted.generation_id] = now
            for generation_id, seen in list(self._watched.items()):
                if now - seen > 120.0:
                    del self._watched[generation_id]
            return not wanted.detail and wanted.last is not None and len(self._watched) >= WORTH_A_PAGE

    def _detail(self, wanted: Observe) -> Flow[Generation]:
        generation = yield from gateway.get_generation(wanted.generation_id)
        if generation.is_terminal:
            with self._lock:
                self._watched.pop(wanted.generation_id, None)
        return generation

    def _row(self, wanted: Observe, now: float) -> Flow[GenerationRow | None]:
        while True:
            with self._lock:
                page = self._page
                if page is not None and now - page.read_at < FRESH_SECONDS:
                    return page.rows.get(wanted.generation_id)
                is_mine = self._reading_since is None or now - self._reading_since > 60.0
                if is_mine:
                    self._reading_since = now
            if is_mine:
                break
            yield from do(Sleep(0.5))
            now = yield from do(Now())
        try:
            rows = yield from gateway.list_generations(first_page=True)
        except Exception:
            with self._lock:
                self._reading_since = None
            raise
        now = yield from do(Now())
        with self._lock:
            self._page = _Page(now, {row.id: row for row in rows})
            self._reading_since = None
            return self._page.rows.get(wanted.generation_id)
