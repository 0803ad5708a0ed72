"""The scheduled workflow: what its script does, with a real repository, a real server and a ``gh`` that takes notes."""

from __future__ import annotations

import copy
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from regeneration import propose

from tests.kit.platforms import POSIX_ONLY
from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, disguised
from tests.kit.regeneration.servers import Answer, serving

Json = Any
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "api-drift.yml"

#: A forge with one file of pull requests; what it was asked stands in another one.
FAKE_GH = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

command, *rest = sys.argv[2:]
given = dict(zip(rest, rest[1:]))
state = Path(os.environ["GH_STATE"])
with open(os.environ["GH_NOTES"], "a") as notes:
    print("pr", command, *rest, file=notes)
if os.environ.get("GH_REFUSES") == command:
    sys.exit(os.environ["GH_SAYS"])
pulls = json.loads(state.read_text("utf-8")) if state.exists() else []
named = [pull for pull in pulls if rest and str(pull["number"]) == rest[0]]
body = Path(given["--body-file"]).read_text("utf-8") if "--body-file" in given else None
if command == "list":
    print(json.dumps([pull for pull in pulls if pull["headRefName"] == given["--head"]]))
elif command == "create":
    number = len(pulls) + 1
    pulls.insert(0, dict(number=number, state="OPEN", body=body, headRefName=given["--head"], isCrossRepository=False))
elif command == "edit":
    named[0]["body"] = body
elif command == "close":
    named[0]["state"] = "CLOSED"
state.write_text(json.dumps(pulls))
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


class Forge:
    """A bare remote with a fake ``gh`` beside it, and clones of it as a workflow's checkout makes them."""

    def __init__(self, folder: Path, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.checkout = checkout
        self.origin = folder / "origin.git"
        self.monkeypatch = monkeypatch
        self.nights = 0

    def night(self, document: Json) -> int:
        """Run the workflow's script in a fresh shallow clone, against a server with a document."""
        self.nights += 1
        clone = self.folder / f"night-{self.nights}"
        git(self.folder, "clone", "--quiet", "--depth=1", "--branch=main", self.origin.as_uri(), clone.name)
        with serving(Answer(document if isinstance(document, bytes) else json.dumps(document).encode())) as server:
            self.monkeypatch.setenv("SPECSTEP_API_URL", server.url)
            return propose.main(clone)

    def take_over(self, document: Json) -> None:
        """Let main have a document that was pulled."""
        root = self.checkout.project.root
        assert self.checkout.pull(document) == 0
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", "pulled")
        git(root, "push", "--quiet", "origin", "main")

    def push(self, branch: str, name: str, content: str, message: str = "by hand") -> None:
        """Let a maintainer push a file to a branch."""
        hand = self.folder / "maintainer"
        if not hand.exists():
            git(self.folder, "clone", "--quiet", self.origin.as_uri(), hand.name)
        git(hand, "fetch", "--quiet")
        git(hand, "switch", "--quiet", "--detach", f"origin/{branch}")
        (hand / name).write_text(content)
        git(hand, "add", name)
        git(hand, "commit", "--quiet", "--message", message)
        git(hand, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    def merge(self) -> None:
        """Let a maintainer merge the pull request as one commit."""
        tree = git(self.origin, "rev-parse", f"{propose.BRANCH}^{{tree}}")
        commit = git(self.origin, "commit-tree", tree, "-p", "main", "-m", "merged")
        git(self.origin, "update-ref", "refs/heads/main", commit)
        self.decide("MERGED")

    def decide(self, state: str) -> None:
        """Let a maintainer close or merge the newest pull request."""
        pulls = self.pulls
        pulls[0]["state"] = state
        (self.folder / "state").write_text(json.dumps(pulls))

    @property
    def tip(self) -> str:
        """The commit at the end of the branch."""
        return git(self.origin, "rev-parse", propose.BRANCH)

    @property
    def pulls(self) -> Json:
        """The pull requests, the newest first."""
        state = self.folder / "state"
        return json.loads(state.read_text("utf-8")) if state.exists() else []

    @property
    def asked(self) -> list[str]:
        """What ``gh`` was asked, but for lists."""
        notes = self.folder / "notes"
        lines = notes.read_text("utf-8").splitlines() if notes.exists() else []
        return [line for line in lines if not line.startswith("pr list")]

    @property
    def summary(self) -> str:
        """The page of the workflow's runs."""
        return (self.folder / "summary.md").read_text("utf-8")


@pytest.fixture
def forge(small_checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forge:
    """The small checkout as the branch main of a remote, and a fake ``gh`` on the path."""
    root = small_checkout.project.root
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "tester@example.invalid")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "main", "origin.git")
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "start")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(root, "push", "--quiet", "origin", "main")
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    gh.write_text(FAKE_GH)
    gh.chmod(gh.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{gh.parent}{os.pathsep}{os.environ['PATH']}")
    for variable, name in (("GH_NOTES", "notes"), ("GH_STATE", "state"), ("GITHUB_STEP_SUMMARY", "summary.md")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    return Forge(tmp_path, small_checkout, monkeypatch)


def coloured(document: Json, *fields: str) -> Json:
    """What a server would serve for the small contract with fields more."""
    wider = copy.deepcopy(document)
    for field in fields or ("colour",):
        wider["components"]["schemas"]["Widget"]["properties"][field] = {"type": "string"}
    return disguised(wider, ASPNET)


@pytest.mark.slow
def test_pull_request(forge: Forge, small: Json) -> None:
    """A changed document is pushed as a branch and proposed, with the drift report as its body; main stays."""
    main = git(forge.origin, "rev-parse", "main")

    assert forge.night(coloured(small)) == 0

    [pull] = forge.pulls
    assert [line.partition(" --body-file")[0] for line in forge.asked] == [
        "pr create --head api-drift --title Take over what changed in the API"
    ]
    assert "# API drift" in pull["body"]
    assert "colour" in pull["body"]
    assert forge.summary in pull["body"]
    changed = git(forge.origin, "diff", "--name-only", "main", "api-drift").splitlines()
    assert {
        "openapi/pulled.json",
        "openapi/aligned.json",
        "openapi/drift.md",
        "generated/specstep_client/models/widget.py",
    } <= set(changed)
    assert all(name.startswith(("openapi/", "generated/")) for name in changed)
    assert git(forge.origin, "rev-parse", "main", "api-drift^") == f"{main}\n{main}"
    assert git(forge.folder / "night-1", "branch", "--show-current") == "main"


@pytest.mark.slow
def test_the_same_the_next_night(forge: Forge, small: Json) -> None:
    """A document that is proposed already, in whatever order and of whatever build, gives no push and no edit."""
    document = coloured(small)
    assert forge.night(document) == 0
    tip, asked = forge.tip, forge.asked

    assert forge.night(document) == 0
    document["info"]["version"] = "2026.11.29"
    assert forge.night(json.loads(json.dumps(document, sort_keys=True))) == 0

    assert (forge.tip, forge.asked) == (tip, asked)


@pytest.mark.slow
def test_a_later_change(forge: Forge, small: Json) -> None:
    """What changes later is put on top of what was pushed, by no force, and the open pull request tells it."""
    git(forge.origin, "config", "receive.denyNonFastForwards", "true")
    assert forge.night(coloured(small)) == 0
    tip = forge.tip
    forge.push("main", "NEWS", "main goes on")

    assert forge.night(coloured(small, "colour", "taste")) == 0

    assert git(forge.origin, "rev-parse", "api-drift^1") == tip
    assert git(forge.origin, "merge-base", "api-drift", "main") == git(forge.origin, "rev-parse", "main")
    [pull] = forge.pulls
    assert "taste" in pull["body"]


@pytest.mark.slow
def test_commits_of_others(forge: Forge, small: Json, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is pushed over a maintainer's commit: not for the same document, not for another one, not to close."""
    assert forge.night(coloured(small)) == 0
    forge.push(propose.BRANCH, "fix.py", "fixed = True")
    tip, asked = forge.tip, forge.asked

    assert forge.night(coloured(small)) == 0
    assert forge.night(coloured(small, "colour", "taste")) == 1
    said = capsys.readouterr().err
    assert forge.night(disguised(small, ASPNET)) == 0

    assert (forge.tip, forge.asked) == (tip, asked)
    assert "stopped: api-drift at origin has commits of others" in said
    assert "by tester" in said
    assert "Nothing was proposed" in forge.summary


@pytest.mark.slow
def test_amended_commit(forge: Forge, small: Json) -> None:
    """A commit of ours that somebody amended is one of others."""
    assert forge.night(coloured(small)) == 0
    forge.push(propose.BRANCH, "fix.py", "fixed = True", git(forge.origin, "log", "-1", "--format=%B", "api-drift"))
    tip = forge.tip

    assert forge.night(coloured(small, "taste")) == 1

    assert forge.tip == tip


@pytest.mark.slow
def test_closed_pull_request(forge: Forge, small: Json) -> None:
    """One that was closed without merging stays closed until what the API has is another thing."""
    document = coloured(small)
    assert forge.night(document) == 0
    forge.decide("CLOSED")
    document["info"]["version"] = "2"

    assert forge.night(document) == 0
    git(forge.origin, "update-ref", "-d", "refs/heads/api-drift")
    assert forge.night(document) == 0
    assert [pull["state"] for pull in forge.pulls] == ["CLOSED"]
    assert forge.night(coloured(small, "taste")) == 0

    assert [pull["state"] for pull in forge.pulls] == ["OPEN", "CLOSED"]
    assert forge.night(document) == 0
    assert [pull["state"] for pull in forge.pulls] == ["CLOSED", "CLOSED"]
    assert forge.night(coloured(small, "taste")) == 0
    assert [pull["state"] for pull in forge.pulls] == ["OPEN", "CLOSED", "CLOSED"]


@pytest.mark.slow
def test_back_to_what_main_has(forge: Forge, small: Json) -> None:
    """A pull request that proposes what is not true any more is closed, and opened anew should it be true again."""
    forge.take_over(disguised(small, ASPNET))
    assert forge.night(coloured(small)) == 0

    assert forge.night(disguised(small, ASPNET)) == 0
    assert [pull["state"] for pull in forge.pulls] == ["CLOSED"]
    assert forge.night(disguised(small, ASPNET)) == 0
    assert forge.night(coloured(small)) == 0

    assert [pull["state"] for pull in forge.pulls] == ["OPEN", "CLOSED"]


@pytest.mark.slow
def test_nothing_that_the_client_has(forge: Forge, small: Json) -> None:
    """Another build number, another order: nothing is proposed, and the report of the last pull stays on main."""
    document = disguised(small, ASPNET)
    forge.take_over(document)
    document["info"]["version"] = "2"

    assert forge.night(document) == 0
    assert forge.night(json.loads(json.dumps(document, sort_keys=True))) == 0

    assert git(forge.origin, "branch", "--list") == "* main"
    assert forge.asked == []


@pytest.mark.slow
def test_pull_requests_of_forks(forge: Forge, small: Json) -> None:
    """What somebody proposes out of a branch of the same name in a fork is nobody's word about ours."""
    assert forge.night(coloured(small)) == 0
    [ours] = forge.pulls
    fork = {**ours, "state": "CLOSED", "isCrossRepository": True}
    (forge.folder / "state").write_text(json.dumps([fork]))

    assert forge.night(coloured(small)) == 0

    assert [pull["state"] for pull in forge.pulls] == ["OPEN", "CLOSED"]


@pytest.mark.slow
def test_breaking_while_one_is_open(forge: Forge, small: Json) -> None:
    """An open pull request says once that the document of the day stops regeneration, until it does not any more."""
    assert forge.night(coloured(small)) == 0
    breaking = copy.deepcopy(small)
    del breaking["paths"]["/v1/widgets/{id}"]

    assert forge.night(disguised(breaking, ASPNET)) == 1
    assert forge.night(disguised(breaking, ASPNET)) == 1
    [pull] = forge.pulls
    assert pull["body"].count("# Regeneration stopped") == 1
    assert "GET /v1/widgets/{id} is not in the pulled document" in pull["body"]
    assert len([line for line in forge.asked if line.startswith("pr edit")]) == 1
    assert forge.night(b"<html>Sign in</html>") == 1
    assert len([line for line in forge.asked if line.startswith("pr edit")]) == 1

    assert forge.night(coloured(small)) == 0
    [pull] = forge.pulls
    assert "# Regeneration stopped" not in pull["body"]


@pytest.mark.slow
def test_operation_that_cannot_be_generated(forge: Forge, small: Json) -> None:
    """It is a line of the pull request, not a failure every night; and merged, it is known."""
    document = disguised(small, ASPNET)
    forge.take_over(document)
    body = {"content": {"text/csv": {"schema": {"type": "string"}}}}
    document["paths"]["/v1/upload"] = {"post": {"requestBody": body, "responses": {}}}

    assert forge.night(document) == 0
    assert "POST /v1/upload" in forge.pulls[0]["body"]
    assert "not generated" in forge.pulls[0]["body"]
    forge.merge()

    assert forge.night(document) == 0
    assert [pull["state"] for pull in forge.pulls] == ["MERGED"]


class TestWhatIsRefused:
    """Whatever git or the forge refuse is a sentence with what can be done, and exit code 1."""

    def said(self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str]) -> str:
        assert forge.night(coloured(small)) == 1
        said = capsys.readouterr().err
        [stopped] = [line for line in said.splitlines() if line.startswith("stopped: ")]
        assert stopped.removeprefix("stopped: ") in forge.summary
        return stopped

    @pytest.mark.slow
    def test_pull_requests_by_workflows(
        self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """New repositories let no workflow open a pull request; once they do, the next run opens it."""
        monkeypatch.setenv("GH_REFUSES", "create")
        sentence = "GitHub Actions is not permitted to create or approve pull requests (createPullRequest)"
        monkeypatch.setenv("GH_SAYS", f"pull request create failed: GraphQL: {sentence}")

        stopped = self.said(forge, small, capsys)

        assert f"gh pr create was refused: pull request create failed: GraphQL: {sentence}. Allow it under" in stopped
        tip = forge.tip
        monkeypatch.delenv("GH_REFUSES")
        assert forge.night(coloured(small)) == 0
        assert forge.tip == tip
        assert [pull["state"] for pull in forge.pulls] == ["OPEN"]

    @pytest.mark.slow
    def test_branches_below(self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str]) -> None:
        """Where a branch api-drift/x is, none can be called api-drift."""
        git(forge.origin, "update-ref", "refs/heads/api-drift/x", "main")

        assert "If the remote has branches under api-drift/" in self.said(forge, small, capsys)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            ("error: GH006: Protected branch update failed", "in the repository's rules"),
            # A number within a commit's name says nothing.
            ("error: GH006: Protected branch update failed for 9f403e1", "in the repository's rules"),
            ("Write access to repository not granted. fatal: 403", "contents: write"),
            ("something that nobody has seen", ""),
        ],
    )
    def test_pushing(
        self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str], words: str, hint: str
    ) -> None:
        """A push that the remote refuses is told with its reason."""
        hook = forge.origin / "hooks" / "update"
        hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
        hook.chmod(0o755)

        stopped = self.said(forge, small, capsys)

        assert f"git push was refused: remote: {words}" in stopped
        assert hint in stopped

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("says", "hint"),
        [
            ("To get started with GitHub CLI, please run:  gh auth login", "Give the workflow a token"),
            ("error connecting to api.github.com", "Check the network"),
            ("GraphQL: Resource not accessible by integration", "pull-requests: write"),
        ],
    )
    def test_listing(self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str], says: str, hint: str) -> None:
        """So is a forge that does not answer."""
        self_refuses = {"GH_REFUSES": "list", "GH_SAYS": says}
        for name, value in self_refuses.items():
            forge.monkeypatch.setenv(name, value)

        stopped = self.said(forge, small, capsys)

        assert says.split(":")[0] in stopped
        assert hint in stopped

    @pytest.mark.slow
    def test_no_gh(self, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str]) -> None:
        """Without ``gh`` it is said."""
        (forge.folder / "bin" / "gh").unlink()

        assert "gh can't be run" in self.said(forge, small, capsys)

    @pytest.mark.slow
    def test_remote_out_of_reach(
        self, small_checkout: Checkout, forge: Forge, small: Json, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A remote that cannot be reached is named without the token in its address."""
        root = small_checkout.project.root
        git(root, "remote", "set-url", "origin", "http://x:ghs_secret@127.0.0.1:9/a.git")

        with serving(Answer(json.dumps(coloured(small)).encode())) as server:
            forge.monkeypatch.setenv("SPECSTEP_API_URL", server.url)
            assert propose.main(root) == 1

        said = capsys.readouterr().err
        assert "git ls-remote was refused: fatal: unable to access" in said
        assert "ghs_secret" not in said + forge.summary


@pytest.mark.slow
def test_keys_stay_here(forge: Forge, small: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the API is nothing that git, its hooks or ``gh`` see."""
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_secret")
    # Nobody listens there: first contact says so, and the rest is proposed all the same.
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")
    gh = forge.folder / "bin" / "gh"
    gh.write_text(FAKE_GH.replace("command, *rest", "assert 'SPECSTEP_API_KEY' not in os.environ\ncommand, *rest", 1))

    assert forge.night(coloured(small)) == 0


@pytest.mark.slow
def test_nothing_changed(forge: Forge, small_served: Json) -> None:
    """When nothing changed since the committed pull, nothing is proposed, and nobody is asked."""
    forge.take_over(small_served)

    assert forge.night(small_served) == 0

    assert not (forge.folder / "notes").exists()


@POSIX_ONLY
def test_stopped(forge: Forge, small: Json) -> None:
    """When the flows cannot follow, the job fails and its page says why; nothing is pushed."""
    del small["paths"]["/v1/widgets/{id}"]

    assert forge.night(disguised(small, ASPNET)) == 1

    assert "# Regeneration stopped" in forge.summary
    assert "GET /v1/widgets/{id} is not in the pulled document, and it is used by watch." in forge.summary
    assert "# API drift" in forge.summary
    assert git(forge.origin, "branch", "--list") == "* main"
    assert not (forge.folder / "notes").exists()


def test_long_report() -> None:
    """A report that is longer than a pull request's body may be is cut at a line, and says where the rest is."""
    body = propose._shortened("<details>\n" + "x" * 90 + "\n" + "a line\n" * 20_000 + "</details>\n")

    assert len(body) < 61_000
    assert body.count("<details>") == body.count("</details>") == 1
    assert body.endswith("The rest is in `openapi/drift.md` on the branch.\n")


def test_workflow_runs_this_script() -> None:
    """The workflow pulls on a schedule with the rights to push and to propose, and does nothing but this script."""
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    steps = workflow["jobs"]["propose"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]

    assert "schedule" in workflow[True]
    assert workflow["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert commands[-1] == "python -m regeneration.propose"
    assert steps[-1]["env"]["PYTHONPATH"] == "scripts"
    assert len(commands) == 2


@pytest.mark.slow
def test_against_the_sandbox(forge: Forge, small_checkout: Checkout) -> None:
    """The workflow's script, run as the workflow runs it, on the whole contract and the document of the sandbox."""
    from specstep_flows.sandbox import Sandbox

    root = small_checkout.project.root
    for name in ("openapi", "generated"):
        shutil.rmtree(root / name)
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "pulled*.json"))
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "the whole contract")
    with Sandbox() as sandbox:
        forge.monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        forge.monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        assert propose.main(root) == 0

    assert "pr create" in forge.asked[0]
    body = forge.pulls[0]["body"]
    assert "breaking for the flows" in body
    # With a key the service was asked as well, and what it showed is in the ledger that is proposed.
    assert "# First contact" in body
    assert "assumptions: 0 refuted" in body
    assert "state: confirmed" in (root / "openapi" / "assumptions.yaml").read_text("utf-8")
