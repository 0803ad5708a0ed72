"""The workflows and forms of the repository, as far as they can be checked without GitHub."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.platforms import POSIX_ONLY
from tests.kit.repositories import git

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
#: What GitHub lets an element of a form be, and which keys each may have besides.
ELEMENTS = {
    "markdown": {"value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "input": {"label", "description", "placeholder", "value"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}


def read(path: Path) -> dict[Any, Any]:
    document = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(document, dict)
    # YAML 1.1 takes a bare "on" for true.
    return {"on" if name is True else name: value for name, value in document.items()}


def steps_of(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


def exceeding(asked: dict[str, str], granted: dict[str, str]) -> dict[str, str]:
    """The permissions that a called workflow asks for and its caller does not have to give."""
    return {name: kind for name, kind in asked.items() if granted.get(name) not in (kind, "write")}


def versions(job: dict[str, Any]) -> set[str]:
    matrix = job.get("strategy", {}).get("matrix", {})
    return {*matrix.get("python", ()), *(one["python"] for one in matrix.get("include", ()) if "python" in one)}


def systems(job: dict[str, Any]) -> set[str]:
    matrix = job.get("strategy", {}).get("matrix", {})
    named = {*matrix.get("os", ()), *(one["os"] for one in matrix.get("include", ()) if "os" in one)}
    return {name.partition("-")[0] for name in named or {job["runs-on"]}}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_refers_to_what_there_is(path: Path) -> None:
    """Jobs that others need, files of the checkout that it calls, pins, time limits, and the least permissions."""
    workflow = read(path)
    jobs = workflow["jobs"]
    assert workflow["on"]
    assert set(workflow["permissions"].values()) <= {"read", "write"}
    for name, job in jobs.items():
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= {*jobs} - {name}, name
        if "uses" in job:
            called_one = read(ROOT / job["uses"])
            assert "workflow_call" in called_one["on"], name
            # Otherwise GitHub starts nothing at all, even if that job would be skipped.
            granted = job.get("permissions", workflow["permissions"])
            for one in called_one["jobs"].values():
                assert not exceeding(one.get("permissions", called_one["permissions"]), granted), name
        else:
            assert job["timeout-minutes"] <= 60
        taken = set(re.findall(r"matrix\.(\w+)", yaml.safe_dump(job)))
        matrix = job.get("strategy", {}).get("matrix", {})
        assert taken <= {*matrix, *(key for one in matrix.get("include", ()) for key in one)}, name
    for step in steps_of(workflow):
        assert len({"uses", "run"} & set(step)) == 1
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[\w./-]+", step.get("uses", "a/b@v1"))
        for called in re.findall(r"(?:python3?|bash) ((?:scripts|\.ci)/[\w./-]+)", step.get("run", "")):
            assert (ROOT / called).is_file(), called
        if (folder := step.get("env", {}).get("PYTHONPATH")) is not None:
            (module,) = re.findall(r"python -m ([\w.]+)", step["run"])
            assert (ROOT / folder / module.replace(".", "/")).with_suffix(".py").is_file()


def test_what_is_tested_and_tried_is_what_is_promised() -> None:
    """The versions of Python in the classifiers, from the least that can be installed, on three systems."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    promised = {name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)}
    least = min(promised, key=lambda version: int(version.partition(".")[2]))
    ci = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    tried = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["try"]

    assert project["requires-python"] == f">={least}"
    assert set().union(*map(versions, ci.values())) == versions(tried) == promised
    assert set().union(*map(systems, ci.values())) == systems(tried) == {"ubuntu", "windows", "macos"}
    assert tried["strategy"]["matrix"]["kind"] == ["whl", "tar.gz"]


def test_every_extra_is_tried() -> None:
    """But for those of development; what the site takes is installed where it is built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    commands = "\n".join(
        step.get("run", "") for step in read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["try"]["steps"]
    )
    tried = {name for group in re.findall(r"\)\[([\w,-]+)\]", commands) for name in group.split(",")}
    site = read(ROOT / ".github" / "workflows" / "site.yml")["jobs"]["build"]["steps"]

    assert tried == set(project["optional-dependencies"]) - {"dev", "docs"}
    assert any('".[docs]"' in step.get("run", "") for step in site)


def test_a_release_needs_no_secret_and_is_published_last() -> None:
    """Trusted publishing: the job that uploads may have a token made for it, has nothing of the checkout, and waits."""
    path = ROOT / ".github" / "workflows" / "release.yml"
    workflow = read(path)
    jobs = workflow["jobs"]
    assert "secrets." not in path.read_text("utf-8")
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
    assert set(jobs["publish"]["needs"]) == {"checks", "site", "build", "try"}
    assert jobs["site"] == {"uses": "./.github/workflows/site.yml"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"]["name"] == "pypi"
    used = [step.get("uses", "").partition("@")[0] for step in jobs["publish"]["steps"]]
    assert used == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
    assert {"actions/attest-build-provenance", "actions/attest-sbom"} <= {
        step.get("uses", "").partition("@")[0] for step in jobs["build"]["steps"]
    }
    given = [step["with"]["name"] for step in jobs["build"]["steps"] if "upload-artifact" in step.get("uses", "")]
    taken = [step["with"].get("name") for step in steps_of(workflow) if "download-artifact" in step.get("uses", "")]
    assert set(filter(None, taken)) <= set(given)


def test_what_somebody_has_to_set_up_and_do_is_written_down() -> None:
    """The environments of a release, its files and its steps, in their order, and what other pages rely on."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Releasing")[2]
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    environments = {job["environment"]["name"] for job in jobs.values() if "environment" in job}
    order = ["release.py prepare", "record_store.py", "Commit", "release.py tag", "git push --atomic origin main"]

    assert all(f"environment `{name}`" in text for name in environments)
    assert "workflow `release.yml`" in text
    assert "GitHub Actions" in text
    assert "private vulnerability reporting" in text
    assert [text.index(step) for step in order] == sorted(text.index(step) for step in order)


@POSIX_ONLY
@pytest.mark.parametrize(("branch", "is_released"), [("main", True), ("idea", False)])
def test_a_tag_that_is_not_on_main_is_not_released(branch: str, is_released: bool, tmp_path: Path) -> None:
    """By the job's own step, in a clone such as its checkout makes."""
    build = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["build"]["steps"]
    (checkout,) = [step for step in build if step.get("uses", "").startswith("actions/checkout@")]
    (step,) = [step for step in build if "GITHUB_SHA" in step.get("run", "")]
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
    git(origin, "commit", "--quiet", "--allow-empty", "--message=First")
    git(origin, "switch", "--quiet", "--create", "idea")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=Second")
    git(origin, "tag", "v0.1.0", branch)
    git(origin, "switch", "--quiet", "main")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=Third")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    git(clone, "switch", "--quiet", "--detach", "v0.1.0")
    environ = os.environ | {"GITHUB_SHA": git(clone, "rev-parse", "v0.1.0^{commit}")}

    done = subprocess.run(["bash", "-ec", step["run"]], cwd=clone, env=environ, check=False)

    assert (done.returncode == 0) is is_released
    # Without it, there is no other commit than the tag's.
    assert checkout["with"]["fetch-depth"] == 0
    assert build.index(checkout) < build.index(step) < [step.get("run") for step in build].index("python -m build")


@pytest.mark.slow
def test_what_is_tried_of_a_release_works_here(environment: Any, tmp_path: Path) -> None:
    """The steps of that job which install nothing, in an environment that has the wheel, with the job's own shell."""
    job = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["try"]
    extras = re.compile(r"pip |specstep fleet|specstep_flows\.fleet|again\.zip")
    commands = [step["run"] for step in job["steps"] if "run" in step and not extras.search(step["run"])]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP", "PYTHON"))}
    environ |= {"PATH": f"{environment.python.parent}{os.pathsep}{environ['PATH']}", "HOME": str(tmp_path / "home")}
    assert len(commands) == 4
    for command in commands:
        done = subprocess.run(["bash", "-ec", command], cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "package").is_dir()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_shows(path: Path) -> None:
    """By the rules of its pages: names, kinds of elements, their keys, ids that differ, and something to fill in."""
    form = read(path)
    if path.stem == "config":
        assert set(form) <= {"blank_issues_enabled", "contact_links"}
        for link in form["contact_links"]:
            assert set(link) == {"name", "url", "about"}
            assert link["url"].startswith("https://")
        return
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "projects", "type", "body"}
    assert 3 < len(form["name"]) <= 200
    assert 3 < len(form["description"]) <= 200
    kinds = [element["type"] for element in form["body"]]
    ids = [element["id"] for element in form["body"] if "id" in element]
    labels = [element["attributes"].get("label") for element in form["body"] if element["type"] != "markdown"]
    assert set(kinds) - {"markdown"}
    assert len(set(ids)) == len(ids)
    assert len(set(labels)) == len(labels)
    for element in form["body"]:
        attributes = element["attributes"]
        assert set(element) <= {"type", "id", "attributes", "validations"}
        assert set(attributes) <= ELEMENTS[element["type"]]
        assert attributes.get("value") if element["type"] == "markdown" else attributes["label"]
        assert set(element.get("validations", {})) <= {"required"}
        assert re.fullmatch(r"[A-Za-z0-9_-]+", element.get("id", "x"))
        options = attributes.get("options", ["one"])
        assert len(set(options)) == len(options) > 0
        # GitHub takes this word for its own.
        assert "none" not in [str(option).casefold() for option in options]
