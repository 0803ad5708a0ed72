"""Our own and the generated classes as JSON has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from specstep_client.models import CancelRequest

from specstep_flows._json import as_json
from specstep_flows.models import Account, Answer


def test_ids_paths_moments_and_objects_become_what_json_has() -> None:
    """Whatever is nested in whatever, ``json.dumps`` takes the result."""
    value = {
        "ids": {UUID(int=1)},
        "path": Path("a.zip"),
        "at": datetime(2026, 6, 1, tzinfo=UTC),
        "answers": (Answer("REST?", "No", generation_id=UUID(int=2)),),
    }

    assert json.loads(json.dumps(as_json(value))) == {
        "ids": [str(UUID(int=1))],
        "path": "a.zip",
        "at": "2026-06-01T00:00:00+00:00",
        "answers": [{"question": "REST?", "answer": "No", "rule": "given", "generation_id": str(UUID(int=2))}],
    }


def test_what_a_repr_keeps_out_is_kept_out() -> None:
    """An address and a raw answer reach neither a log nor a document."""
    assert not {"email", "raw"} & as_json(Account(email="ann@example.com")).keys()


def test_a_generated_class_is_written_as_it_is_sent() -> None:
    """With the service's names, and without what was not set."""
    request = CancelRequest.from_dict({"reason": "Wrong brief."})

    assert as_json(request) == request.to_dict()
