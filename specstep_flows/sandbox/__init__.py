"""A stateful local SpecStep: written from the service's pages, with a clock you can turn and faults you can script.

```python
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions

with Sandbox(clock=ManualClock()) as sandbox:
    ...  # requests to sandbox.url with sandbox.api_key; sandbox.clock.advance(60)
```

Needs the extra `sandbox` (starlette, uvicorn, python-multipart).
"""

from __future__ import annotations

try:
    from specstep_flows.sandbox.clock import ManualClock, ScaledClock
    from specstep_flows.sandbox.faults import Fault, Faults, load_faults
    from specstep_flows.sandbox.options import (
        ClarificationRound,
        ExtraState,
        Failure,
        HostRestart,
        Pause,
        ProviderRetry,
        Question,
        SandboxOptions,
        TurnFailure,
    )
    from specstep_flows.sandbox.server import Sandbox, serve
except ModuleNotFoundError as error:
    # This package is on no package index, so people must not be sent to one, where anyone could take the name.
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise ModuleNotFoundError(
        "The local sandbox needs the extra `sandbox` of specstep-flows: pip install '.[sandbox]' in a clone, or add "
        "[sandbox] to the wheel's name.",
        name=error.name,
    ) from None

__all__ = [
    "ClarificationRound",
    "ExtraState",
    "Failure",
    "Fault",
    "Faults",
    "HostRestart",
    "ManualClock",
    "Pause",
    "ProviderRetry",
    "Question",
    "Sandbox",
    "SandboxOptions",
    "ScaledClock",
    "TurnFailure",
    "load_faults",
    "serve",
]
