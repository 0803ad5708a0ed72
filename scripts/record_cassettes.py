"""Records tests/cassettes/whole_run.yaml: one whole run as it goes over the wire, with every secret taken out.

    python scripts/record_cassettes.py                  from the sandbox: no key, no cost
    python scripts/record_cassettes.py --live --yes     from the service that SPECSTEP_API_URL and SPECSTEP_API_KEY name

A live recording is a real Fast run: it costs what such a run costs, and takes some minutes. Look at the cassette before
you commit it: what the agents say is kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from recording.cassettes import record

from specstep_flows import Settings, SpecStepError

CASSETTES = Path(__file__).parents[1] / "tests" / "cassettes"
SPEED = 600.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog="See the head of this file for more."
    )
    parser.add_argument("--live", action="store_true", help="record from the live service; this costs")
    parser.add_argument("--yes", action="store_true", help="agree to pay for a live recording")
    parser.add_argument("--output", type=Path, help="the cassette (default: in tests/cassettes)")
    arguments = parser.parse_args()
    if arguments.live and not arguments.yes:
        parser.error("a live recording is a real run, which costs: add --yes to agree. Nothing was sent")
    target = arguments.output or CASSETTES / ("whole_run_live.yaml" if arguments.live else "whole_run.yaml")
    try:
        if arguments.live:
            _record(target, Settings.load())
        else:
            _record_from_sandbox(target)
    except (SpecStepError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(target)
    return 0


def _record_from_sandbox(target: Path) -> None:
    from specstep_flows.sandbox import Sandbox

    with Sandbox(speed=SPEED) as sandbox:
        _record(target, Settings(api_key=sandbox.api_key, api_url=sandbox.url, clock_speed=SPEED))


def _record(target: Path, settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        record(target, settings, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
