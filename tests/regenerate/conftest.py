"""What the tests of regeneration share: the scripts on the path, the contract, and scratch checkouts."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
for folder in (ROOT / "scripts", Path(__file__).parent / "support"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
