"""What the scheduled workflow does: pull, regenerate, and open a pull request when the API has drifted.

Usage: ``PYTHONPATH=scripts python -m regeneration.propose``, in a checkout with a remote called origin, with ``git``
and GitHub's ``gh`` at hand. The pull request's body is the drift report, so it can be judged without running anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from regenerate import STOPPED
from regenerate import main as regenerate

BRANCH: Final = "api-drift"
TITLE: Final = "Take over what changed in the API"
WATCHED: Final = ("openapi", "generated", "specstep_flows/gateway/_operations.py")
#: GitHub takes 65,536 characters.
LONGEST_BODY: Final = 60_000


def main(root: Path | None = None) -> int:
    """Propose what changed; 0 when there is a pull request or nothing to propose, 1 when regeneration stopped."""
    folder = root or Path.cwd()
    with tempfile.TemporaryDirectory() as scratch:
        reports = Path(scratch)
        stopped = regenerate(["--pull", "--strict", "--report", scratch], folder)
        page = reports / "drift.md"
        body = _shortened(page.read_text(encoding="utf-8")) if page.exists() else "No drift report was made.\n"
        if stopped:
            _summarise("# Regeneration stopped\n\n```\n" + (reports / STOPPED).read_text(encoding="utf-8") + "```\n\n")
        _summarise(body)
        if stopped:
            return 1
        if not _git(folder, "status", "--porcelain", "--", *_watched(folder)):
            print("Nothing changed.")
            return 0
        (reports / "body.md").write_text(body, encoding="utf-8")
        _push(folder)
        _open_pull_request(folder, reports / "body.md")
    return 0


def _push(folder: Path) -> None:
    _git(folder, "switch", "--force-create", BRANCH)
    _git(folder, "add", "--", *_watched(folder))
    _git(folder, "commit", "--quiet", "--message", TITLE, "--", *_watched(folder))
    _git(folder, "push", "--quiet", "--force", "origin", BRANCH)


def _watched(folder: Path) -> list[str]:
    return [name for name in WATCHED if (folder / name).exists()]


def _open_pull_request(folder: Path, body: Path) -> None:
    """Open one, or bring the open one up to date."""
    listed = _run(
        folder, "gh", "pr", "list", "--head", BRANCH, "--state", "open", "--json", "number", "--jq", ".[].number"
    )
    if listed:
        _run(folder, "gh", "pr", "edit", listed.split()[0], "--body-file", str(body))
    else:
        _run(folder, "gh", "pr", "create", "--head", BRANCH, "--title", TITLE, "--body-file", str(body))


def _summarise(body: str) -> None:
    """Show the report on the page of the workflow's run, also when the run stopped."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(body)


def _shortened(page: str) -> str:
    if len(page) <= LONGEST_BODY:
        return page
    return page[:LONGEST_BODY].rsplit("\n", 1)[0] + "\n\nThe rest is in `openapi/drift.md` on the branch.\n"


def _git(folder: Path, *arguments: str) -> str:
    return _run(folder, "git", *arguments)


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
