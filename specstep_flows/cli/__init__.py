"""The ``specstep`` command: a thin layer over ``specstep_flows.client``."""

from __future__ import annotations

from specstep_flows.cli.main import main

__all__ = ["main"]
