#!/usr/bin/env python3
"""Regenerate ``generated/specstep_client``. ``scripts/regenerate`` calls it with everything installed that it needs.

``openapi/README.md`` explains how it works; ``--help`` lists the options.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True  # a run that stops leaves nothing behind, not even what Python keeps of this script

try:
    from regeneration.errors import RegenerationError
    from regeneration.pipeline import Options, regenerate
    from regeneration.project import Project
    from regeneration.report import MOST_SENTENCES
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed in this environment. Use scripts/regenerate, which sets one up.")

#: The file in the folder of ``--report`` that says why a run stopped.
STOPPED = "stopped.txt"
EPILOG = """openapi/README.md explains each file, what to do when the run stops, and how to take over a renamed field.
 The key in SPECSTEP_API_KEY is sent to the origin of SPECSTEP_API_URL and to no other."""


def main(arguments: list[str] | None = None, root: Path | None = None) -> int:
    """Run; 0 when done, 1 when it cannot."""
    given = argument_parser().parse_args(arguments)
    project = Project((root or Path(__file__).parents[1]).resolve())
    options = Options(
        pull=given.pull or given.source is not None,
        source=given.source,
        check=given.check,
        strict=given.strict,
        flows=not given.without_flows,
        report=given.report,
    )
    try:
        changed = regenerate(project, options, _say).changed
        if options.check and changed:
            raise RegenerationError(
                [f"{name} is not what scripts/regenerate makes of openapi/; run it." for name in changed]
            )
    except RegenerationError as error:
        _refuse(error, options.report)
        return 1
    _say(f"changed: {', '.join(changed)}" if changed else "Nothing changed.")
    return 0


def _refuse(error: RegenerationError, report: Path | None) -> None:
    """Say why the run stopped, in a few lines whatever the document is, and where the rest of it is."""
    more = len(error.sentences) - MOST_SENTENCES
    for sentence in error.sentences[:MOST_SENTENCES]:
        _say(f"stopped: {sentence}")
    if more > 0:
        _say(f"and {more} more reasons")
    if error.counts:
        _say(f"Changes in all: {error.counts}.")
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / STOPPED).write_text("\n".join(error.sentences) + "\n", encoding="utf-8")
        _say(f"{report / ('drift.md' if error.counts else STOPPED)} has all of it.")
    elif error.counts or more > 0:
        _say("Run it with --report FOLDER to have all of it in FOLDER.")
    _say("The working tree is as it was.")


def argument_parser() -> argparse.ArgumentParser:
    """The options of ``scripts/regenerate``."""
    parser = argparse.ArgumentParser(
        prog="regenerate", description="Regenerate generated/specstep_client.", epilog=EPILOG
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
        help="fail when an operation can't be generated that openapi/drift.json does not name; the default in CI",
    )
    parser.add_argument(
        "--without-flows",
        action="store_true",
        help="don't check specstep_flows against the new client: for the time while both are being changed",
    )
    parser.add_argument("--report", metavar="FOLDER", type=Path, help="write the drift report here too, come what may")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Millions of small objects live until the end; looking at them again and again for circles takes a tenth of a run.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    sys.exit(main())
