"""``scripts/release.py``: what it refuses to release, and what it makes of the changelog."""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import release
from release import Project, Refused

from tests.kit.platforms import POSIX_ONLY
from tests.kit.repositories import git

TODAY = datetime.date(2026, 12, 1)
CHANGELOG = """# Changelog

## Unreleased

## 0.1.0 (2026-11-29)

- The first release.
"""
MORE = CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- Something new.\n")
README = "# x\n\n    pip install ./specstep_flows-0.1.0-py3-none-any.whl\n"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that can be released: committed, on main, with the store of its version."""
    root = tmp_path_factory.mktemp("committed")
    files = {
        "CHANGELOG.md": CHANGELOG,
        "README.md": README,
        "pyproject.toml": '[project]\nname = "x"\nversion = "0.1.0"\n\n'
        '[project.urls]\nRepository = "https://example.com/ada/x"\n',
        "specstep_flows/_version.py": '"""The version."""\n\n__version__ = "0.1.0"\n',
        "tests/runs/stores/0.1.0/made_by.json": "{}\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8", newline="\n")
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    git(root, "remote", "add", "origin", "git@example.com:ada/x.git")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=First")
    return root


@pytest.fixture
def project(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it."""
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "Ada")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "ada@example.com")
    return Project(shutil.copytree(committed, tmp_path / "project"))


def commit(project: Project, name: str, text: str) -> None:
    (project.root / name).parent.mkdir(parents=True, exist_ok=True)
    (project.root / name).write_text(text, "utf-8", newline="\n")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=Change")


def test_a_checked_commit_gets_its_tag_with_the_notes(project: Project) -> None:
    """The checks are given a clone of the commit, in which nothing else lies about."""
    seen: list[list[str]] = []
    (project.root / ".gitignore").write_text("*.log\n")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=Ignore")
    (project.root / "left.log").write_text("not committed")

    def passes(clone: Path) -> bool:
        seen.append(sorted(path.name for path in clone.iterdir()))
        return True

    told = project.tag(passes)

    assert seen == [[".git", ".gitignore", "CHANGELOG.md", "README.md", "pyproject.toml", "specstep_flows", "tests"]]
    assert "git push --atomic origin main v0.1.0" in told
    assert git(project.root, "for-each-ref", "refs/tags", "--format=%(contents)") == "0.1.0\n\n- The first release."


def test_the_tag_is_on_the_commit_that_the_checks_were_given(project: Project) -> None:
    given: list[str] = []

    def passes(clone: Path) -> bool:
        given.append(git(clone, "rev-parse", "HEAD"))
        return True

    project.tag(passes)

    assert given == [git(project.root, "rev-parse", "v0.1.0^{commit}")]


@pytest.mark.slow
def test_a_tag_whose_main_is_rejected_is_not_published(project: Project, tmp_path: Path) -> None:
    """By the very command that is printed: a tag that is pushed alone would release what is on no branch."""
    origin = tmp_path / "origin.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(project.root), str(origin))
    git(project.root, "config", f"url.{origin.as_uri()}.pushInsteadOf", "git@example.com:ada/x.git")
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(origin), str(other))
    commit(Project(other), "theirs.py", "")
    git(other, "push", "--quiet", "origin", "main")
    before = git(origin, "for-each-ref")
    commit(project, "ours.py", "")

    command = project.tag(lambda clone: True).rpartition("Publish it: ")[2].split()

    assert command[:2] == ["git", "push"]
    assert subprocess.run(command, cwd=project.root, capture_output=True, check=False).returncode != 0
    assert git(origin, "for-each-ref") == before


def dirty(project: Project) -> None:
    (project.root / "pyproject.toml").write_text((project.root / "pyproject.toml").read_text("utf-8") + "# more\n")


def untracked(project: Project) -> None:
    (project.root / "new.py").write_text("")


def elsewhere(project: Project) -> None:
    git(project.root, "switch", "--quiet", "--create", "idea")


def tagged(project: Project) -> None:
    git(project.root, "tag", "v0.1.0")


def disagreeing(project: Project) -> None:
    commit(project, "specstep_flows/_version.py", '__version__ = "0.2.0"\n')


def unmentioned(project: Project) -> None:
    commit(project, "CHANGELOG.md", CHANGELOG.replace("0.1.0", "0.0.9"))


def with_more(project: Project) -> None:
    commit(project, "CHANGELOG.md", MORE)


def with_more_under_another_heading(project: Project) -> None:
    commit(project, "CHANGELOG.md", MORE.replace("## Unreleased", "## [Unreleased]"))


def installing_another(project: Project) -> None:
    commit(project, "docs/how-to/ci.md", "    pip install specstep-flows[fast]==0.0.9\n")


def not_on_pypi(project: Project) -> None:
    """Over the end of a line, too."""
    commit(project, "README.md", README + "It is not\non PyPI yet.\n")


def installing_a_clone(project: Project) -> None:
    commit(project, "docs/webhooks.md", "# Webhooks\n\n    $ pip install '.[webhooks]'\n")


def telling_to_install_a_clone(project: Project) -> None:
    """Whoever has the wheel alone would be sent to a clone by the command."""
    commit(project, "specstep_flows/cli/said.py", "SAID = \"pip install '.[sandbox]' in a clone\"\n")


def without_store(project: Project) -> None:
    git(project.root, "rm", "--quiet", "-r", "tests/runs/stores/0.1.0")
    git(project.root, "commit", "--quiet", "--message=Remove")


def from_a_fork(project: Project) -> None:
    git(project.root, "remote", "set-url", "origin", "https://example.com/mallory/x.git")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (dirty, "pyproject.toml"),
        (untracked, "new.py"),
        (elsewhere, "this is idea"),
        (tagged, "exists"),
        (disagreeing, "_version.py"),
        (unmentioned, "says nothing of 0.1.0"),
        (with_more, "- Something new"),
        (with_more_under_another_heading, "- Something new"),
        (installing_another, r"docs/how-to/ci.md: specstep-flows\[fast\]==0.0.9"),
        (not_on_pypi, "README.md:4"),
        (installing_a_clone, "docs/webhooks.md:3"),
        (telling_to_install_a_clone, "specstep_flows/cli/said.py:1"),
        (without_store, "record_store.py"),
        (from_a_fork, "mallory"),
    ],
)
def test_what_is_not_as_it_must_be_is_not_released(
    spoil: Callable[[Project], None], why: str, project: Project
) -> None:
    """It is said before anything is checked, and no tag is made."""
    spoil(project)
    before = git(project.root, "tag", "--list")

    with pytest.raises(Refused, match=why):
        project.tag(lambda clone: pytest.fail("nothing had to be checked"))

    assert git(project.root, "tag", "--list") == before


def commits(project: Project) -> None:
    commit(project, "late.py", "")


def goes_elsewhere(project: Project) -> None:
    git(project.root, "switch", "--quiet", "--create", "idea")
    commits(project)


def commits_instead(project: Project) -> None:
    git(project.root, "commit", "--quiet", "--amend", "--message=Other words")


@pytest.mark.parametrize("meanwhile", [commits, commits_instead, goes_elsewhere, dirty, untracked, tagged])
def test_only_what_was_checked_gets_the_tag(meanwhile: Callable[[Project], None], project: Project) -> None:
    """The checks take half an hour, in which somebody continues to work."""
    tags: list[str] = []

    def passes(clone: Path) -> bool:
        meanwhile(project)
        tags.append(git(project.root, "for-each-ref", "refs/tags"))
        return True

    with pytest.raises(Refused):
        project.tag(passes)

    assert [git(project.root, "for-each-ref", "refs/tags")] == tags


def test_a_commit_that_fails_its_checks_gets_no_tag(project: Project) -> None:
    with pytest.raises(Refused, match="checks failed"):
        project.tag(lambda clone: False)

    assert git(project.root, "tag", "--list") == ""


def test_preparing_sets_the_version_wherever_it_is_written_down(project: Project) -> None:
    """What was unreleased is the new version's, and the next changes have a place. History stays as it is."""
    commit(project, "CHANGELOG.md", MORE)
    commit(
        project, "docs/how-to/ci.md", 'pip install "specstep-flows[fast]==0.1.0" # httpx==0.1.0, specstep-flows==0.1.01'
    )
    commit(project, "docs/versioning.md", "pip install specstep-flows==0.1.0 leads back.")

    project.prepare("0.2.0", TODAY)

    def text(name: str) -> str:
        return (project.root / name).read_text("utf-8")

    assert project.version == "0.2.0"
    assert '__version__ = "0.2.0"' in text("specstep_flows/_version.py")
    assert "## Unreleased\n\n## 0.2.0 (2026-12-01)\n\n- Something new." in text("CHANGELOG.md")
    assert project.notes("0.2.0") == "- Something new."
    assert text("README.md") == README.replace("0.1.0", "0.2.0")
    assert text("docs/how-to/ci.md").startswith('pip install "specstep-flows[fast]==0.2.0" # httpx==0.1.0, ')
    assert "==0.1.0" in text("docs/versioning.md")


def test_what_is_prepared_and_has_its_store_is_released(project: Project) -> None:
    commit(project, "CHANGELOG.md", MORE)
    project.prepare("0.2.0", TODAY)
    commit(project, "tests/runs/stores/0.2.0/made_by.json", "{}\n")

    project.tag(lambda clone: True)

    assert git(project.root, "for-each-ref", "refs/tags", "--format=%(contents)") == "0.2.0\n\n- Something new."


def test_a_first_release_gets_its_date(project: Project) -> None:
    """It is the version from the beginning, with a section of its own."""
    commit(project, "CHANGELOG.md", CHANGELOG.replace(" (2026-11-29)", ""))

    project.prepare("0.1.0", TODAY)

    assert (project.root / "CHANGELOG.md").read_text("utf-8") == CHANGELOG.replace("2026-11-29", "2026-12-01")


def test_a_version_that_the_changelog_has_is_not_prepared_again(project: Project) -> None:
    commit(project, "CHANGELOG.md", MORE)

    with pytest.raises(Refused, match="already"):
        project.prepare("0.1.0", TODAY)

    assert git(project.root, "status", "--porcelain") == ""


def test_preparing_names_the_pages_that_the_release_will_make_wrong(project: Project) -> None:
    commit(project, "CHANGELOG.md", MORE)
    not_on_pypi(project)

    assert "README.md:4" in project.prepare("0.2.0", TODAY)


def test_preparing_leaves_no_older_version_in_this_project(tmp_path: Path) -> None:
    """On its own pages and in its own code, but where they tell of older versions."""
    for name in ("README.md", "CHANGELOG.md", "pyproject.toml", "zensical.toml"):
        shutil.copy(release.ROOT / name, tmp_path)
    for name in ("docs", "examples", "specstep_flows"):
        shutil.copytree(release.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    project = Project(tmp_path)
    before = project.version
    changelog = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    (tmp_path / "CHANGELOG.md").write_text(changelog.replace("## Unreleased", "## Unreleased\n\n- New."), "utf-8")

    project.prepare("98.7.6", TODAY)

    old = re.compile(rf"(?<![\w.]){re.escape(before)}(?![\w.]*\d)")
    texts = {path: path.read_text("utf-8") for path in tmp_path.rglob("*") if path.suffix in (".md", ".py", ".toml")}
    left = {path.relative_to(tmp_path).as_posix() for path, text in texts.items() if old.search(text)}
    assert left <= {"CHANGELOG.md", "docs/versioning.md"}


@pytest.mark.parametrize("version", ["0.2", "v0.2.0", "0.2.0 ", "latest", ""])
def test_only_a_version_is_prepared(version: str, project: Project) -> None:
    with pytest.raises(Refused, match="not a version"):
        project.prepare(version, TODAY)

    assert project.version == "0.1.0"


def test_the_script_says_in_one_line_why_nothing_was_released(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    tagged(project)

    assert release.main(["tag"], project.root) == 1
    assert release.main(["notes", "0.1.0"], project.root) == 0
    told = capsys.readouterr()
    assert told.err == "Not released: the tag v0.1.0 exists. A release is never made again: choose the next version.\n"
    assert told.out == "- The first release.\n"


@POSIX_ONLY
@pytest.mark.parametrize(
    ("ci", "tools", "site", "passes"), [(0, 0, 0, True), (1, 0, 0, False), (0, 0, 1, False), (0, 1, 1, True)]
)
def test_the_site_is_built_where_its_tools_can_be_had(
    ci: int, tools: int, site: int, passes: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where they cannot, it is said that it was not built."""
    scripts = {
        ".ci/run": f"exit {ci}",
        "scripts/environment.sh": f'setup() {{ [ "$1" = docs ] && return {tools}; return 9; }}',
        ".venv/bin/python": f'#!/bin/sh\necho "$@" >> ran\nexit {site}',
    }
    for name, text in scripts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n", "utf-8")
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)

    assert release.passes_everything(tmp_path) is passes

    is_built = (ci, tools) == (0, 0)
    assert (tmp_path / "ran").exists() is is_built
    assert not is_built or (tmp_path / "ran").read_text("utf-8") == "scripts/build_site.py\n"
    assert ("NOT built" in capfd.readouterr().err) is (tools == 1)


def test_this_project_has_what_its_next_release_needs() -> None:
    """A changelog with something to tell, and one version."""
    project = Project(release.ROOT)

    assert project.notes(project.version)
