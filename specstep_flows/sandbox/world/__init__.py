"""The world behind the sandbox: everything that a SpecStep would keep, in memory, as a function of virtual time.

It knows nothing of HTTP. `World.settle(now)` lets everything happen that was due by then; the other modules here hold
one thing each.
"""

from .errors import Refusal
from .world import World

__all__ = ["Refusal", "World"]
