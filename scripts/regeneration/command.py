"""The command line of ``scripts/regenerate.py``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from regeneration.pipeline import Wish, regenerate, stale
from regeneration.project import Project
from regeneration.stops import Stop


def main(arguments: list[str] | None = None, root: Path | None = None) -> int:
    """Run; 0 when done, 1 when something stands in the way."""
    options = _parser().parse_args(arguments)
    project = Project((root or Path(__file__).parents[2]).resolve())
    wish = Wish(check=options.check, strict=options.strict, flows=not options.without_flows)
    try:
        changed = regenerate(project, wish, _say)
        if options.check and changed:
            raise stale(changed)
    except Stop as stop:
        for sentence in stop.sentences:
            _say(f"stopped: {sentence}")
        _say("The working tree is as it was.")
        return 1
    _say(f"changed: {', '.join(changed)}" if changed else "nothing changed")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regenerate.py", description="Regenerate generated/specstep_client.")
    parser.add_argument("--check", action="store_true", help="fail when the committed files are not up to date")
    parser.add_argument("--strict", action="store_true", help="fail when an operation can't be generated")
    parser.add_argument("--without-flows", action="store_true", help="don't hold specstep_flows against the new client")
    return parser
