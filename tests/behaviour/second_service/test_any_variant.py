"""Choices of all kinds at once, with a trouble or two: whatever comes together, a run ends well and is paid for
once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.behaviour.second_service.bench import run_library
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import OPTIONAL, Variant

#: What each choice may be. What is left out stays plain, or is an ending of its own.
CHOICES: dict[str, list[Any]] = {
    "start_status": [200, 201],
    "turn_status": [200, 202],
    "complete_status": [200, 202, 204],
    "complete_has_body": [False, True],
    "kickoff_status": [200, 201, 202],
    "kickoff_has_id": [False, True],
    "answers_status": [200, 202, 204],
    "location": [None, "absolute", "relative"],
    "transcript": [None, "turns", "messages", "history", "transcript"],
    "entries": [("role", "content", "agent"), ("speaker", "text", "Otto"), ("author", "message", "assistant")],
    "reply": [None, "agent_reply", "opening_turn"],
    "words": ["title", "upper", "lower", "snake"],
    "has_detected_type": [False, True],
    "agent_completes_at": [None, None, 1, 2],
    "artifact_seconds": [0.0, 3.0, 30.0],
    "artifact_on_interview": [True, True, False],
    "turn_seconds": [0.0, 8.0, 70.0],
    "job_words": ["lower", "upper", "title"],
    "job_in_body": [False, True],
    "turn_body": ["full", "spare", "nameless"],
    "in_flight": ["problem", "header", "nothing"],
    "snapshot_in_job": [False, True],
    "first_job": [None, None, "retryable", "late_reply"],
    "requires_project_type": [False, True],
    "future_states": [False, True],
    "state_words": ["title", "upper", "snake"],
    "lean_status": [False, True],
    "package_in_status": [False, True],
    "package_seconds": [0.0, 20.0],
    "pauses": [0, 1, 2],
    "questions": [1, 3],
    "lingers": [False, True],
    "tick_seconds": [0.0, 20.0, 100.0],
    "envelope": ["array", "items", "named"],
    "rows_name_interview": [False, True],
    "older_generations": [0, 3, 20],
    "page_rows": [None, 5, 20],
    "ignores_offset": [False, False, True],
    "dates": ["z", "seven", "naive", "offset"],
    "numbers_as_text": [False, True],
    "upper_ids": [False, True],
    "extras": [False, True],
    "leaves_nulls_out": [False, True],
    "marks_utf8": [False, True],
    "rate_headers": [None, "RateLimit-", "ratelimit-", "X-RateLimit-"],
    "problems": ["problem", "uri", "text", "empty"],
    "hangs_up": [False, True],
    "missing": [frozenset(), frozenset({"usage", "deleted"}), OPTIONAL - {"intake-artifacts"}],
    "missing_status": [404, 405, 501],
    "zip_answer": ["elsewhere", "same_origin", "with_key", "direct"],
    "zip_status": [301, 302, 303, 307, 308],
    "ranges": [False, True],
    "says_length": [False, True],
    "etag": [None, "strong", "weak"],
}
VARIANTS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})
TROUBLES = st.none() | st.builds(
    Trouble,
    at=st.integers(1, 45),
    kind=st.sampled_from(["reset", "cut", "empty", "500", "502", "503", "504", "429", "late"]),
    after=st.booleans(),
    times=st.just(1),
)


@pytest.mark.slow
@settings(max_examples=60, derandomize=True)
@given(choices=VARIANTS, trouble=TROUBLES, in_async=st.booleans())
def test_any_choices_with_any_trouble(choices: Any, trouble: Any, in_async: Any) -> None:
    """Independent choices for everything that the pages leave open, and one request that goes wrong."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_library(Path(folder), Variant(**choices), trouble, in_async=in_async)

        assert outcome.failures == []
        outcome.check()
