"""What is kept of a run, as plain data."""

from __future__ import annotations

import subprocess
import sys

import attrs
import pytest

from specstep_flows.runs.records import Intent, RunRecord

RUN = RunRecord("portal", "https://specstep.example", 1.0, 1.0)


def test_a_run_is_finished_when_its_package_is_on_disk() -> None:
    """Whatever else is known of it."""
    assert not RUN.is_finished
    assert not attrs.evolve(RUN, stage="downloading", file="portal.zip").is_finished
    assert attrs.evolve(RUN, stage="done").is_finished


def test_a_record_does_not_change() -> None:
    """Changes go through the store, which makes them durable."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RUN.stage = "done"  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Intent("start_generation", 0.0).sent_at = 1.0  # type: ignore[misc]


def test_records_load_no_database() -> None:
    """Flows read records, and do no input or output."""
    found = "import sys, specstep_flows.runs.records; print({'sqlite3', 'httpx', 'filelock'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True).stdout == "set()\n"
