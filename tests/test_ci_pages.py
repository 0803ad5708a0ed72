"""The workflows of the pages about CI are run, by a GitHub and a GitLab of which only what the pages rely on is there:
a fresh checkout for each job, a cache, and steps in a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from specstep_flows import RunStore
from specstep_flows.sandbox import ClarificationRound, Sandbox, SandboxOptions
from tests.kit.platforms import POSIX_ONLY
from tests.test_examples import ASKED, started
from tests.test_readme import BIN, ROOT, SPEED, blocks_of

pytestmark = [pytest.mark.slow, POSIX_ONLY]
HOW_TO = ROOT / "docs" / "how-to"
ANSWERS = '{answers: {"Which database?": "PostgreSQL 16."}, default: {use: proposed}}'


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    """One whose generations ask."""
    options = SandboxOptions(clarifications=(ClarificationRound(ASKED),), kickoffs_per_minute=None)
    with Sandbox(speed=SPEED, options=options) as sandbox:
        yield sandbox


@attrs.define
class Runner:
    """Runs the shell steps of jobs, each in a fresh checkout. Nothing is installed: what is tested is there."""

    service: Sandbox
    home: Path
    caches: dict[str, Path] = attrs.field(factory=dict)
    repository: dict[str, str] = attrs.field(factory=lambda: {"brief.md": "A shop for tea."})

    @property
    def folder(self) -> Path:
        """Where jobs work: both services have one place for each repository."""
        return self.home / "checkout"

    def checkout(self) -> None:
        """The folder has what is committed, and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, text in self.repository.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def restore(self, key: str) -> None:
        shutil.copytree(self.caches[key], self.folder / "state")

    def save(self, key: str) -> None:
        self.caches[key] = self.home / f"cache-{len(list(self.home.iterdir()))}"
        shutil.copytree(self.folder / "state", self.caches[key])

    def shell(self, script: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """As both services run one: it stops at the first command that fails."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP", "PYTEST"))}
        environ |= {
            "SPECSTEP_API_URL": self.service.url,
            "SPECSTEP_CLOCK_SPEED": str(SPEED),
            "HOME": str(self.home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        script = re.sub(r"^pip install .*$", "", script, flags=re.MULTILINE)
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**environ, **variables},
            capture_output=True,
            text=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    @property
    def has_package(self) -> bool:
        return (self.folder / "package.zip").is_file()


@pytest.fixture
def runner(service: Sandbox, tmp_path: Path) -> Runner:
    return Runner(service, tmp_path)


@attrs.define
class GitHub:
    """Saved caches do not change; they are found by their key, then by the beginnings of keys, the newest first."""

    runner: Runner
    job: dict[str, Any]

    def run(self, number: str, attempt: int, run_id: str, answers: str = "") -> str:
        """One attempt at a job: its summary."""
        known = {
            "github.run_id": number,
            "github.run_attempt": str(attempt),
            "inputs.run_id": run_id,
            "inputs.answers": answers,
            "secrets.SPECSTEP_API_KEY": self.runner.service.api_key,
        }

        def filled(values: Mapping[str, str]) -> dict[str, str]:
            pattern = r"\$\{\{ (\S+) \}\}"
            return {name: re.sub(pattern, lambda found: known[found[1]], text) for name, text in values.items()}

        self.runner.checkout()
        outputs, summary = (self.runner.folder / name for name in ("outputs", "summary.md"))
        environ = {**filled(self.job["env"]), "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
        for step in self.job["steps"]:
            action, parameters = step.get("uses", ""), filled(step.get("with", {}))
            if action.startswith("actions/cache/restore@"):
                self.restore(parameters["key"], parameters["restore-keys"])
            elif action.startswith("actions/cache/save@") and parameters["key"] not in self.runner.caches:
                self.runner.save(parameters["key"])
            elif "run" in step:
                done = self.runner.shell(step["run"], environ)
                assert done.returncode == 0, done.stderr
        return summary.read_text("utf-8") if summary.exists() else ""

    def restore(self, *beginnings: str) -> None:
        """The newest cache of the first beginning that any has."""
        found = (key for one in beginnings for key in reversed(self.runner.caches) if key.startswith(one))
        if (key := next(found, None)) is not None:
            self.runner.restore(key)


def workflow(page: str) -> dict[str, Any]:
    """The jobs of the page's workflow."""
    (document,) = [
        document
        for block in blocks_of(HOW_TO / page)
        if block.language == "yaml" and {"jobs", "package"} & set(document := yaml.safe_load(block.text))
    ]
    job: dict[str, Any] = document.get("jobs", document)["package"]
    return job


def test_github_actions_start_today_and_answer_tomorrow(runner: Runner) -> None:
    """Jobs, attempts and days are one run that is paid for once; the store of ``shop-2`` is none of ``shop``'s."""
    github = GitHub(runner, workflow("github-actions.md"))
    before = started(runner.service)

    assert "Which database?" in github.run("1", 1, "shop-2")
    assert "Which database?" in github.run("2", 1, "shop")
    assert {record.run_id for record in RunStore(runner.folder / "state").all()} == {"shop"}
    assert "Which database?" in github.run("2", 2, "shop")
    assert github.run("3", 1, "shop", ANSWERS) == ""
    assert runner.has_package
    assert started(runner.service) == before + 2
    assert len(runner.caches) == 4, "each attempt saves what it has done"


@attrs.define
class GitLab:
    """A saved cache replaces the one before it. A retried job has the files of its commit."""

    runner: Runner
    job: dict[str, Any]

    def run(self) -> tuple[int, str]:
        """A job of the commit that there is now: its exit code and its log."""
        runner = self.runner
        runner.checkout()
        cache, script = self.job["cache"], "\n".join(self.job["script"])
        assert (cache["paths"], cache["when"]) == (["state"], "always")
        if cache["key"] in runner.caches:
            runner.restore(cache["key"])
        known = {"CI_PROJECT_DIR": str(runner.folder)}
        variables = {
            name: re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
            for name, value in self.job["variables"].items()
        }
        done = runner.shell(script, {**variables, "SPECSTEP_API_KEY": runner.service.api_key})
        runner.save(cache["key"])
        return done.returncode, done.stdout + done.stderr


def test_gitlab_answers_with_a_commit(runner: Runner) -> None:
    """A question is a warning with the questions in the log; the commit with the answers resumes the same run."""
    job = workflow("gitlab.md")
    gitlab = GitLab(runner, job)
    before = started(runner.service)

    code, log = gitlab.run()
    assert code in job["allow_failure"]["exit_codes"]
    assert (code, "Which database?" in log, "SQLite" in log) == (5, True, True)
    runner.repository["answers.yaml"] = ANSWERS
    for _ in range(2):
        assert gitlab.run()[0] == 0
        assert runner.has_package
    assert started(runner.service) == before + 1
