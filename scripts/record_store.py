"""Keeps a run store of this version, made by its own code, for later versions to open: tests/runs/stores/VERSION/.

    python scripts/record_store.py            once for each version that is released; an existing one is not replaced

Runs against the sandbox: no key, no cost. A store that was released is never made again, because a later version's code
would make a later version's store.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from recording.stores import record

from specstep_flows import __version__

STORES = Path(__file__).parents[1] / "tests" / "runs" / "stores"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog="See the head of this file for more."
    )
    parser.add_argument("--output", type=Path, help="the folder (default: tests/runs/stores/VERSION)")
    target = parser.parse_args().output or STORES / __version__
    if target.exists():
        print(f"{target} exists: the store of a version is made once.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        print(record(target, Path(scratch)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
