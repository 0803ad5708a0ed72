"""What the scheduled workflow does: pull, regenerate, and keep one pull request that proposes what changed in the API.

Usage: ``PYTHONPATH=scripts python -m regeneration.propose``, in a checkout with a remote called origin, with ``git``
and GitHub's ``gh`` at hand. The pull request's body is the drift report, so it can be judged without running anything.
The checkout stays on its branch: what is pushed is a commit of a tree of its own, and nothing is ever forced.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import frozen
from first_contact import main as first_contact
from regenerate import STOPPED
from regenerate import main as regenerate

from regeneration.text import shown

BRANCH: Final = "api-drift"
TITLE: Final = "Take over what changed in the API"
WATCHED: Final = (
    "openapi",
    "README.md",
    "generated",
    "specstep_flows/gateway/_operations.py",
    "specstep_flows/contact/contract.json",
)
#: Lines of a reason for stopping that a page shows before it counts the rest.
MOST_REASONS: Final = 20
#: Lines of what first contact showed.
MOST_CONTACT_LINES: Final = 60
#: GitHub takes 65,536 characters.
LONGEST_BODY: Final = 45_000
#: The line of a commit by which a later run knows that the commit is its own and as it was pushed.
OURS: Final = "Proposed-Tree"
#: The end of a body, by which a later run knows what was proposed.
MARK: Final = "<!-- api-drift: {} -->"
#: The end of what is put before a body while the document of the day stops regeneration.
STOP_MARK: Final = MARK.format("stopped")
STALE: Final = "The default branch has the client of what the API is now, so there is nothing to take over."

#: What git or GitHub say → what can be done about it.
HINTS: Final = (
    ("not permitted to create", "Allow it under Settings, Actions, General, Workflow permissions: Allow GitHub Actions "
     "to create and approve pull requests. The branch is pushed; the next run opens the pull request."),
    ("file conflict|cannot lock ref|unable to create", f"If the remote has branches under {BRANCH}/, none can be "
     f"called {BRANCH}: rename or delete them."),
    ("non-fast-forward|fetch first|stale info", "Somebody else pushed at the same time; run it again."),
    (r"\b403\b|denied|not accessible", "The token needs the permissions contents: write and pull-requests: write."),
    (r"protected|hook declined|rule violation|\bGH0", f"Let the workflow push to {BRANCH} in the repository's rules."),
    ("auth login|GH_TOKEN|Authentication failed|Bad credentials|could not read Username|HTTP 401",
     "Give the workflow a token: GH_TOKEN for gh, and one that checkout leaves for git."),
    ("resolve host|unable to access|error connecting|timed out|Could not read from remote",
     "Check the network and the remote called origin, and run it again."),
    ("tell me who you are|empty ident", "Set NAME and EMAIL of GIT_AUTHOR_ and of GIT_COMMITTER_."),
)  # fmt: skip


class Refused(Exception):
    """Git or the forge did not do what it was asked; the text says what, why, and what to do."""


@frozen
class PullRequest:
    """A pull request of the branch."""

    number: int
    is_open: bool
    is_merged: bool
    body: str

    def has(self, mark: str) -> bool:
        """Whether its body has a mark of ours as a line, which no text from a document is."""
        return mark in [line.strip() for line in self.body.splitlines()]


def main(root: Path | None = None) -> int:
    """Propose what changed; 0 when it is proposed or nothing is to be done, 1 when something prevents it."""
    folder = root or Path.cwd()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return _propose(folder, Path(scratch))
        except Refused as refused:
            print(f"stopped: {refused}", file=sys.stderr)
            _summarise(f"# Nothing was proposed\n\n{refused}\n")
            return 1


def _propose(folder: Path, scratch: Path) -> int:
    stopped = regenerate(["--pull", "--no-strict", "--report", str(scratch)], folder)
    page = scratch / "drift.md"
    report = page.read_text(encoding="utf-8") if page.exists() else "No drift report was made.\n"
    if stopped:
        sentences = [shown(line, 250) for line in (scratch / STOPPED).read_text(encoding="utf-8").splitlines()]
        more = [f"and {len(sentences) - MOST_REASONS} more"] if len(sentences) > MOST_REASONS else []
        reason = "\n".join(["# Regeneration stopped", "", "```", *sentences[:MOST_REASONS], *more, "```", "", ""])
        _summarise(reason + _shortened(report, "`scripts/regenerate --pull --report FOLDER` writes the rest"))
        if page.exists():
            _warn(_Remote(folder, scratch), reason)
        return 1
    body = _shortened(report) + _first_contact(folder)
    _summarise(body)
    remote = _Remote(folder, scratch)
    tree = remote.tree_of_the_checkout()
    digest = remote.digest(tree)
    if digest == remote.digest("HEAD"):
        print("Nothing changed in the client.")
        _close(remote, STALE)
    else:
        mark = MARK.format(digest)
        print(_bring_up_to_date(remote, tree, mark, f"{body}\n{mark}\n"))
    return 0


def _first_contact(folder: Path) -> str:
    """With a key, ask the service what it does and write that into the ledger; what came of it, for the page."""
    if not os.environ.get("SPECSTEP_API_KEY"):
        return ""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        first_contact(["--source", str(folder / "openapi" / "pulled.json")], folder)
    lines = [shown(line, 250) for line in said.getvalue().splitlines()]
    return "\n".join(["", "# First contact", "", "```", *lines[:MOST_CONTACT_LINES], "```", ""])


def _bring_up_to_date(remote: _Remote, tree: str, mark: str, body: str) -> str:
    """Push and propose as far as that is not done yet; what was done, in a sentence."""
    pulls = remote.pull_requests()
    proposed = next((pull for pull in pulls if pull.is_open), None)
    closed = [pull for pull in pulls if not pull.is_open and not pull.is_merged and pull.has(mark)]
    if closed and (proposed is None or not proposed.has(mark)):
        refused = f"Pull request {closed[0].number} proposed what the API is now, and was closed."
        if proposed is not None and MARK.partition("{")[0] in proposed.body:
            _close(remote, refused)
        return f"{refused} Nothing is proposed."
    is_told = proposed is not None and proposed.has(mark) and not proposed.has(STOP_MARK)
    if not remote.has(tree):
        if remote.has_commits_of_others and is_told:
            return f"{BRANCH} has commits of others, and what they are about has not changed."
        remote.push(tree)
    if proposed is None:
        remote.gh("pr", "create", "--head", BRANCH, "--title", TITLE, "--body-file", remote.file(body))
        return "Opened a pull request."
    if is_told:
        return f"Pull request {proposed.number} proposes just this."
    remote.gh("pr", "edit", str(proposed.number), "--body-file", remote.file(body))
    return f"Brought pull request {proposed.number} up to date."


def _close(remote: _Remote, why: str) -> None:
    """Close a pull request that proposes what is not true any more; without its mark it does not count as refused."""
    for pull in remote.pull_requests() if remote.tip else ():
        if pull.is_open and remote.has_commits_of_others:
            print(f"Pull request {pull.number} is out of date, but has commits of others: close it by hand. {why}")
        elif pull.is_open:
            remote.gh("pr", "edit", str(pull.number), "--body-file", remote.file(f"{why}\n"))
            remote.gh("pr", "close", str(pull.number), "--comment", why)
            print(f"Closed pull request {pull.number}.")


def _warn(remote: _Remote, reason: str) -> None:
    """Say in an open pull request that the document of the day is another one, and cannot be taken over."""
    for pull in remote.pull_requests() if remote.tip else ():
        known = pull.body.replace("\r\n", "\n").strip()
        before = known.rpartition(f"{STOP_MARK}\n\n")[2]
        body = f"The API has changed since this was proposed.\n\n{reason}{STOP_MARK}\n\n{before}"
        if pull.is_open and body != known:
            remote.gh("pr", "edit", str(pull.number), "--body-file", remote.file(body))


class _Remote:
    """The branch at the remote called origin, and its pull requests."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        self._scratch = scratch
        #: The commit at the end of the branch; empty when there is no branch.
        self.tip = ""
        self.has_commits_of_others = False
        if self.git("ls-remote", "origin", f"refs/heads/{BRANCH}"):
            self.git("fetch", "--quiet", "origin", f"refs/heads/{BRANCH}")
            self.tip, tree = self.git("rev-parse", "FETCH_HEAD", "FETCH_HEAD^{tree}").split()
            is_ours = f"{OURS}: {tree}" in self.git("show", "--no-patch", "--format=%B", self.tip).splitlines()
            self.has_commits_of_others = not is_ours and bool(self.git("rev-list", "-1", f"HEAD..{self.tip}"))

    def pull_requests(self) -> list[PullRequest]:
        """Every pull request of the branch, the newest first; of those from forks none."""
        fields = "number,state,body,isCrossRepository"
        said = self.gh("pr", "list", "--head", BRANCH, "--state", "all", "--limit", "100", "--json", fields)
        try:
            return [
                PullRequest(
                    entry["number"], entry["state"] == "OPEN", entry["state"] == "MERGED", entry.get("body") or ""
                )
                for entry in json.loads(said or "[]")
                if not entry.get("isCrossRepository")
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refused(f"gh pr list answers something that can't be read: {shown(said)}") from None

    def tree_of_the_checkout(self) -> str:
        """The tree that a commit of what regeneration wrote has, made beside the index of the checkout."""
        index = str(self._scratch / "index")
        self.git("read-tree", "HEAD", index=index)
        self.git("add", "--all", "--", *(name for name in WATCHED if (self._folder / name).exists()), index=index)
        return self.git("write-tree", index=index)

    def digest(self, tree: str) -> str:
        """What names a proposal: the client of a tree, the operations that it is known not to have, and what is known
        of the assumptions."""
        try:
            aligned = self.git("rev-parse", f"{tree}:openapi/aligned.json")
            lost: Any = json.loads(self.git("show", f"{tree}:openapi/drift.json"))["not_generated"]
        except (Refused, ValueError, KeyError, TypeError):
            return ""  # not a tree that regeneration wrote
        return hashlib.sha256(json.dumps([aligned, lost, self._known(tree)]).encode()).hexdigest()

    def _known(self, tree: str) -> dict[str, str]:
        """The state of each assumption that somebody has seen something of."""
        try:
            rows: Any = yaml.safe_load(self.git("show", f"{tree}:openapi/assumptions.yaml"))
            return {name: row["state"] for name, row in sorted(rows.items()) if row["state"] != "assumed"}
        except (Refused, yaml.YAMLError, KeyError, TypeError, AttributeError):
            return {}

    def has(self, tree: str) -> bool:
        """Whether the branch has all of a tree but dates, checksums and what else only the document has."""
        if not self.tip or self.digest(self.tip) != self.digest(tree):
            return False
        return not self.git("diff", "--name-only", self.tip, tree, "--", *WATCHED[1:])

    def push(self, tree: str) -> None:
        """Put a commit of a tree on top of the branch as it is, so that no push has to be forced."""
        if self.has_commits_of_others:
            author = shown(self.git("show", "--no-patch", "--format=%an", self.tip))
            raise Refused(
                f"{BRANCH} at origin has commits of others ({self.tip[:10]} by {author}), and nothing is pushed over "
                "them. Merge its pull request, or delete the branch; the next run then proposes what the API is now."
            )
        parents = [argument for parent in (self.tip, "HEAD") if parent for argument in ("-p", parent)]
        commit = self.git("commit-tree", tree, *parents, "-m", TITLE, "-m", f"{OURS}: {tree}")
        self.git("push", "--quiet", "origin", f"{commit}:refs/heads/{BRANCH}")

    def file(self, body: str) -> str:
        """A file with the body of a pull request."""
        path = self._scratch / "body.md"
        path.write_text(body, encoding="utf-8")
        return str(path)

    def git(self, *arguments: str, index: str = "") -> str:
        """Run git in the checkout."""
        return self._run("git", *arguments, **({"GIT_INDEX_FILE": index} if index else {}))

    def gh(self, *arguments: str) -> str:
        """Run GitHub's command in the checkout."""
        return self._run("gh", *arguments)

    def _run(self, *command: str, **added: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "SPECSTEP_API_KEY"}
        environment |= {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GH_PROMPT_DISABLED": "1", **added}
        name = " ".join(command[: 3 if command[0] == "gh" else 2])
        try:
            done = subprocess.run(
                command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError as error:
            raise Refused(f"{command[0]} can't be run ({error.strerror}); install it, or put it on the path.") from None
        if done.returncode:
            raise Refused(_refusal(name, (done.stderr or done.stdout).decode("utf-8", "replace")))
        return done.stdout.decode("utf-8", "replace").strip()


def _refusal(name: str, said: str) -> str:
    """A sentence of what git or gh said, without the address and its token."""
    said = re.sub(r"//[^/@\s]+@", "//", said)
    noise = re.compile(r"\s*(To \S+$|hint:|error: failed to push)")
    lines = [line.strip() for line in said.splitlines() if not noise.match(line)]
    reason = shown(" / ".join(filter(None, lines)), 400) or "it says nothing"
    hint = next((hint for words, hint in HINTS if re.search(words, said, re.IGNORECASE)), "")
    return f"{name} was refused: {reason.rstrip('.')}. {hint}".strip()


def _summarise(body: str) -> None:
    """Show the report on the page of the workflow's run, also when the run stopped."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(body)


def _shortened(page: str, rest: str = "The rest is in `openapi/drift.md` on the branch") -> str:
    if len(page) <= LONGEST_BODY:
        return page
    kept = page[:LONGEST_BODY].rsplit("\n", 1)[0]
    # What says where the rest is must not be folded away with what is.
    unfolded = "\n\n</details>" * (kept.count("<details>") - kept.count("</details>"))
    return f"{kept}{unfolded}\n\n{rest}.\n"


if __name__ == "__main__":
    sys.exit(main())
