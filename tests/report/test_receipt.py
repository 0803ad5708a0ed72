"""The receipt of a run for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs
import pytest

from specstep_flows.report import page, receipt

if TYPE_CHECKING:
    from specstep_flows.report import Collected


def test_the_receipt_has_ids_costs_answers_and_digests(collected: Collected) -> None:
    """A program finds everything that identifies the run, and what it cost."""
    found = receipt(collected)
    record = collected.record

    assert next(iter(found)) == "schema_version"
    assert found["generation_id"] == str(record.generation_id)
    assert found["package"]["sha256"] == record.sha256
    assert found["package"]["is_unchanged_on_disk"] is True
    assert found["cost"]["total_usd"] == pytest.approx(3.6375)
    assert found["answers"][0]["answer"] == "Forms, <b>no</b> REST."
    assert json.loads(json.dumps(found)) == found


def test_a_fan_outs_packages_are_all_in_the_receipt(collected: Collected) -> None:
    """The page shows the first one's files; program and reader find the others by name."""
    others = ({"file": "/out/portal-2.zip", "sha256": "ab", "generation_id": "g2"},)
    fan_out = attrs.evolve(collected, record=attrs.evolve(collected.record, packages=others))

    assert receipt(fan_out)["packages"] == [dict(others[0])]
    assert "/out/portal-2.zip" in page(fan_out)
