"""Our product against a server that somebody else wrote from the public pages: real HTTP, on a turned clock."""

from __future__ import annotations

import sys
from pathlib import Path

# The other server stands beside the tests, under a name that nothing else has.
sys.path.insert(0, str(Path(__file__).parent))
