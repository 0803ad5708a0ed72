"""How a run, its result and a generation show themselves in a notebook: a small table, everything in it escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._facts import billing_words
from specstep_flows._text import duration, money, size, spaced
from specstep_flows.report.html import Child, Html, element

if TYPE_CHECKING:
    from specstep_flows.models import Generation, RunResult
    from specstep_flows.runs.records import RunRecord

__all__ = ["generation_html", "record_html", "result_html"]


def record_html(record: RunRecord) -> str:
    """A run as its record knows it."""
    return _card(
        record.project_name or f"Run {record.run_id}",
        [
            ("Run", _code(record.run_id)),
            ("Stage", spaced(record.stage)),
            ("State", spaced(record.generation_state) if record.generation_state else None),
            ("Profile", record.options.profile),
            ("Cost", None if record.cost_usd is None else money(record.spent_before_usd + record.cost_usd)),
            ("Generation", _code(record.generation_id)),
            ("Package", record.file if record.sha256 else None),
            ("Last error", record.error if not record.is_finished else None),
            ("Go on with", None if record.is_finished else _code(f"specstep resume {record.run_id}")),
        ],
    )


def result_html(result: RunResult) -> str:
    """What a run came to."""
    return _card(
        result.project_name or f"Run {result.run_id}",
        [
            ("Package", f"{result.path} ({size(result.size_bytes)})"),
            ("Unpacked to", None if result.unpacked_to is None else str(result.unpacked_to)),
            ("Cost", None if result.cost_usd is None else money(result.cost_usd)),
            ("Answers", len(result.answers) or None),
            ("Run", _code(result.run_id)),
            ("Generation", _code(result.generation_id)),
            ("SHA-256", _code(result.sha256)),
        ],
    )


def generation_html(generation: Generation) -> str:
    """A generation as it was when it was read."""
    left = generation.estimated_time_remaining_seconds
    forecast = generation.estimated_total_usd
    percent = None if generation.progress_percent is None else f"{generation.progress_percent:.0f} %"
    why = ": ".join(filter(None, (generation.failure_category, generation.failure_reason)))
    return _card(
        generation.project_name or f"Generation {generation.id}",
        [
            ("State", spaced(generation.phase_detail or generation.state)),
            ("Why", why or None),
            ("Progress", percent),
            ("Left", None if left is None else f"about {duration(left)}"),
            ("Cost", None if generation.running_cost_usd is None else money(generation.running_cost_usd)),
            ("Forecast", None if forecast is None else money(forecast)),
            ("Billing", billing_words(generation.billing_state)),
            ("Profile", generation.review_profile),
            ("Generation", _code(generation.id)),
        ],
    )


def _code(value: object) -> Html | None:
    return None if value is None else element("code", str(value))


def _card(title: str, facts: list[tuple[str, Child]]) -> str:
    rows = [
        element(
            "tr",
            element("th", name, scope="row", style="text-align:left"),
            element("td", value, style="text-align:left"),
        )
        for name, value in facts
        if value is not None
    ]
    return element(
        "table", element("caption", title, style="text-align:left;font-weight:bold"), element("tbody", *rows)
    )
