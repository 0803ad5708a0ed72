"""What the tests of flows share: a stage to play them on, and an answer that was lost."""

from __future__ import annotations

import pytest

from specstep_flows import errors
from tests.kit.stage import Stage


@pytest.fixture
def stage() -> type[Stage]:
    """Makes a stage from a service."""
    return Stage


@pytest.fixture
def lost() -> errors.ConnectionLost:
    """An answer that was lost: the request may have been carried out."""
    return errors.ConnectionLost("The connection broke.", operation="any")
