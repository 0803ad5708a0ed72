"""A stateful local SpecStep: written from the service's pages, with a clock you can turn and faults you can script.

```python
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions

with Sandbox(clock=ManualClock()) as sandbox:
    ...  # requests to sandbox.url with sandbox.api_key; sandbox.clock.advance(60)
```

Needs the extra `sandbox` (starlette, uvicorn, python-multipart).
"""

from .clock import ManualClock, ScaledClock
from .faults import Fault, Faults, load_faults
from .options import (
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
from .serve import serve
from .server import Sandbox

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
