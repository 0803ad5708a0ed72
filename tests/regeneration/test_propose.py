"""The scheduled workflow: what its script does, with a real repository, a real server and a ``gh`` that takes notes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from regeneration import propose

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, disguised
from tests.kit.regeneration.servers import Answer, serving

Json = Any
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "api-drift.yml"

FAKE_GH = """#!/bin/sh
echo "$@" >> "$GH_NOTES"
if [ "$1 $2" = "pr list" ]; then cat "$GH_NOTES.open" 2>/dev/null; exit 0; fi
while [ $# -gt 0 ]; do [ "$1" = "--body-file" ] && cat "$2" > "$GH_NOTES.body"; shift; done
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(small_checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The small checkout in a repository with a remote, and a fake ``gh`` on the path."""
    root, notes = small_checkout.project.root, tmp_path / "notes"
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "tester@example.invalid")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "start")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    gh.write_text(FAKE_GH)
    gh.chmod(gh.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{gh.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GH_NOTES", str(notes))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return small_checkout


def proposed(repository: Checkout, document: Json, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the workflow's script against a server with a document."""
    with serving(Answer(json.dumps(document).encode())) as server:
        monkeypatch.setenv("SPECSTEP_API_URL", server.url)
        return propose.main(repository.project.root)


def test_pull_request(repository: Checkout, small: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed document is pushed as a branch and proposed, with the drift report as its body; later it is edited."""
    small["components"]["schemas"]["Widget"]["properties"]["colour"] = {"type": "string"}

    assert proposed(repository, disguised(small, ASPNET), monkeypatch) == 0

    notes = (tmp_path / "notes").read_text()
    body = (tmp_path / "notes.body").read_text()
    assert "pr create --head api-drift --title Take over what changed in the API" in notes
    assert "# API drift" in body
    assert "`200.colour`" in body
    assert (tmp_path / "summary.md").read_text() == body
    changed = git(tmp_path / "origin.git", "diff-tree", "--no-commit-id", "--name-only", "-r", "api-drift").splitlines()
    assert {
        "openapi/pulled.json",
        "openapi/aligned.json",
        "openapi/drift.md",
        "generated/specstep_client/models/widget.py",
    } <= set(changed)
    assert all(name.startswith(("openapi/", "generated/")) for name in changed)

    git(repository.project.root, "switch", "--quiet", "main")
    (tmp_path / "notes.open").write_text("7\n")
    assert proposed(repository, disguised(small, ASPNET), monkeypatch) == 0
    assert "pr edit 7 --body-file" in (tmp_path / "notes").read_text()


@pytest.mark.slow
def test_nothing_changed(
    repository: Checkout, small_served: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing changed since the committed pull, nothing is proposed."""
    assert repository.pull(small_served) == 0
    source = tmp_path / "served.json"
    git(repository.project.root, "add", ".")
    git(repository.project.root, "commit", "--quiet", "--message", "pulled")

    with serving(Answer(source.read_bytes())) as server:
        monkeypatch.setenv("SPECSTEP_API_URL", server.url)
        assert propose.main(repository.project.root) == 0

    assert not (tmp_path / "notes").exists()


def test_stopped(repository: Checkout, small: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the flows cannot follow, the job fails and its page says why; nothing is pushed."""
    del small["paths"]["/v1/widgets/{id}"]

    assert proposed(repository, disguised(small, ASPNET), monkeypatch) == 1

    summary = (tmp_path / "summary.md").read_text()
    assert "# Regeneration stopped" in summary
    assert "GET /v1/widgets/{id} is not in the pulled document, and it is used by watch." in summary
    assert "# API drift" in summary
    assert git(tmp_path / "origin.git", "branch", "--list") == ""
    assert not (tmp_path / "notes").exists()


def test_long_report() -> None:
    """A report that is longer than a pull request's body may be is cut at a line, and says where the rest is."""
    body = propose._shortened("x" * 90 + "\n" + "a line\n" * 20_000)

    assert len(body) < 61_000
    assert body.endswith("The rest is in `openapi/drift.md` on the branch.\n")


def test_workflow_runs_this_script() -> None:
    """The workflow pulls on a schedule with the rights to push and to propose, and does nothing but this script."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = workflow["jobs"]["propose"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]

    assert "schedule" in workflow[True]
    assert workflow["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert commands[-1] == "python -m regeneration.propose"
    assert steps[-1]["env"]["PYTHONPATH"] == "scripts"
    assert len(commands) == 2


@pytest.mark.slow
def test_against_the_sandbox(repository: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow's script, run as the workflow runs it, on the whole contract and the document of the sandbox."""
    from specstep_flows.sandbox import Sandbox

    root = repository.project.root
    for name in ("openapi", "generated"):
        shutil.rmtree(root / name)
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "pulled*.json"))
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "the whole contract")
    with Sandbox() as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        assert propose.main(root) == 0

    assert "pr create" in (tmp_path / "notes").read_text()
    assert "breaking for the flows" in (tmp_path / "notes.body").read_text()
