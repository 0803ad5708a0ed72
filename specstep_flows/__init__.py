"""SpecStep from Python: a brief becomes an interview, a generation and a documentation package on disk.

    from specstep_flows import SpecStep

    with SpecStep() as specstep:
        result = specstep.run("A customer-feedback portal for small shops.", output="package.zip")
        print(result.path)

Names are imported when they are first used, so that importing the package costs almost nothing.

PYTEST_DONT_REWRITE: pytest, whose plugin this package has, may be started by a program that has imported it already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specstep_flows import errors, events, models
    from specstep_flows._version import __version__
    from specstep_flows.answers import AnswersFile, ProposedDefaults
    from specstep_flows.callbacks import Brief
    from specstep_flows.client import SpecStep
    from specstep_flows.client_async import AsyncSpecStep
    from specstep_flows.errors import SpecStepError
    from specstep_flows.models import Answer, Clarification, Generation, Interview, RunResult
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore
    from specstep_flows.settings import Settings
    from specstep_flows.webhooks import verify_webhook

__all__ = [
    "Answer",
    "AnswersFile",
    "AsyncSpecStep",
    "Brief",
    "Clarification",
    "Generation",
    "Interview",
    "ProposedDefaults",
    "RunRecord",
    "RunResult",
    "RunStore",
    "Settings",
    "SpecStep",
    "SpecStepError",
    "__version__",
    "errors",
    "events",
    "models",
    "verify_webhook",
]

_HOMES = {
    "Answer": "models",
    "AnswersFile": "answers",
    "AsyncSpecStep": "client_async",
    "Brief": "callbacks",
    "Clarification": "models",
    "Generation": "models",
    "Interview": "models",
    "ProposedDefaults": "answers",
    "RunRecord": "runs.records",
    "RunResult": "models",
    "RunStore": "runs.store",
    "Settings": "settings",
    "SpecStep": "client",
    "SpecStepError": "errors",
    "__version__": "_version",
    "verify_webhook": "webhooks",
}


def __getattr__(name: str) -> object:
    import importlib

    if name in ("errors", "events", "models"):
        return importlib.import_module(f"{__name__}.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
