"""The command line of ``scripts/regenerate.py``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from regeneration.pipeline import Wish, regenerate
from regeneration.project import Project
from regeneration.stops import Stop

STOPPED = "stopped.txt"
"""The file in the folder of ``--report`` that says why a run stopped."""
EPILOG = """openapi/README.md tells what each file is, what to do when the run stops, and how to take over a renamed
field. The key in SPECSTEP_API_KEY is sent to the origin of SPECSTEP_API_URL and to no other."""


def main(arguments: list[str] | None = None, root: Path | None = None) -> int:
    """Run; 0 when done, 1 when something stands in the way."""
    options = _parser().parse_args(arguments)
    project = Project((root or Path(__file__).parents[2]).resolve())
    wish = Wish(
        pull=options.pull or options.source is not None,
        source=options.source,
        check=options.check,
        strict=options.strict,
        flows=not options.without_flows,
        report=options.report,
    )
    try:
        changed = regenerate(project, wish, _say).changed
        if wish.check and changed:
            raise Stop([f"{name} is not what scripts/regenerate.py makes of openapi/; run it." for name in changed])
    except Stop as stop:
        for sentence in stop.sentences:
            _say(f"stopped: {sentence}")
        if wish.report is not None:
            wish.report.mkdir(parents=True, exist_ok=True)
            (wish.report / STOPPED).write_text("\n".join(stop.sentences) + "\n", encoding="utf-8")
        _say("The working tree is as it was.")
        return 1
    _say(f"changed: {', '.join(changed)}" if changed else "Nothing changed.")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="regenerate.py", description="Regenerate generated/specstep_client.", epilog=EPILOG
    )
    parser.add_argument(
        "--pull", action="store_true", help="take the document of SPECSTEP_API_URL (https://specstep.com)"
    )
    parser.add_argument("--source", metavar="URL|FILE", help="take the document from here instead")
    parser.add_argument("--check", action="store_true", help="fail when the committed files are not up to date")
    parser.add_argument(
        "--strict",
        action=argparse.BooleanOptionalAction,
        default=os.environ.get("CI", "").lower() not in ("", "0", "false"),
        help="fail when an operation can't be generated; the default in CI",
    )
    parser.add_argument(
        "--without-flows",
        action="store_true",
        help="don't hold specstep_flows against the new client: for the time while both are being changed",
    )
    parser.add_argument("--report", metavar="FOLDER", type=Path, help="write the drift report here too, come what may")
    return parser
