"""The script as a whole, on scratch checkouts: what it writes, what it leaves alone, when it stops."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from regeneration.errors import RegenerationError
from regeneration.generator import check_tools
from regeneration.project import Project
from regeneration.swap import READY, TARGETS, staging

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, SWASHBUCKLE, Disguise, disguised

Json = Any
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_committed_client_is_up_to_date(checkout: Checkout) -> None:
    """The committed files are what regeneration makes of the committed contract."""
    assert checkout.run("--check") == 0


@pytest.mark.slow
def test_second_run_changes_nothing(small_checkout: Checkout, small_served: Json) -> None:
    """Pulling the same document again touches no file."""
    assert small_checkout.pull(small_served) == 0
    stamps = {path: path.stat().st_mtime_ns for path in small_checkout.project.root.rglob("*.*")}
    assert small_checkout.pull(small_served) == 0

    after = {path: path.stat().st_mtime_ns for path in small_checkout.project.root.rglob("*.*")}
    assert {
        path for path in stamps if path.suffix in (".py", ".json", ".md") and after.get(path) != stamps[path]
    } == set()
    assert "Nothing changed." in small_checkout.said()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda client: (client / "models" / "widget.py").write_text("# edited by hand\n"),
        pytest.param(lambda client: (client / "models" / "stale.py").write_text(""), marks=pytest.mark.slow),
        pytest.param(lambda client: (client / "py.typed").unlink(), marks=pytest.mark.slow),
    ],
    ids=["edited", "added", "deleted"],
)
def test_check_finds_what_was_done_by_hand(small_checkout: Checkout, spoil: Any) -> None:
    """``--check`` fails when a generated file was edited, added or deleted, and changes nothing itself."""
    spoil(small_checkout.project.client)
    before = small_checkout.files()

    assert small_checkout.run("--check") == 1
    assert "generated/specstep_client is not what scripts/regenerate makes" in small_checkout.said()
    assert small_checkout.files() == before


@pytest.mark.slow
def test_check_finds_a_changed_contract(small_checkout: Checkout, small: Json) -> None:
    """``--check`` fails when the documented contract was edited and nobody regenerated."""
    small["components"]["schemas"]["Widget"]["properties"]["colour"] = {"type": "string"}
    small_checkout.project.documented.write_text(json.dumps(small))

    assert small_checkout.run("--check") == 1
    said = small_checkout.said()
    assert "openapi/aligned.json" in said
    assert "generated/specstep_client" in said


@pytest.mark.slow
def test_interpreters_leave_traces(small_checkout: Checkout) -> None:
    """What interpreters leave in the generated package is no difference."""
    cache = small_checkout.project.client / "models" / "__pycache__"
    cache.mkdir()
    (cache / "widget.cpython-311.pyc").write_bytes(b"x")

    assert small_checkout.run("--check") == 0


@pytest.mark.slow
def test_other_emitters_give_the_same_code(checkout: Checkout, contract: Json) -> None:
    """ASP.NET Core and Swashbuckle, renamed, reordered, inlined: byte-identical generated code."""
    assert checkout.pull(disguised(contract, Disguise(inlined=1.0, seed=9))) == 0
    first = {name: content for name, content in checkout.files().items() if name.startswith("generated")}
    for disguise in (ASPNET, SWASHBUCKLE):
        assert checkout.pull(disguised(contract, disguise)) == 0
        assert {name: content for name, content in checkout.files().items() if name.startswith("generated")} == first

    committed = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "generated").rglob("*.py")}
    assert {name: content for name, content in first.items() if name.endswith(".py")} == committed


@pytest.mark.slow
def test_new_things_only_add(small_checkout: Checkout, small: Json) -> None:
    """New operations and fields give new files and new lines: no line of the old client changes or goes."""
    before = small_checkout.files()
    wider = copy.deepcopy(small)
    wider["components"]["schemas"]["Widget"]["properties"]["colour"] = {"type": "string"}
    wider["components"]["schemas"]["Gadget"] = {"type": "object", "properties": {"size": {"type": "integer"}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gadget"}}}}
    wider["paths"]["/v1/gadgets"] = {"get": {"responses": {"200": answer}}}

    assert small_checkout.pull(disguised(wider, SWASHBUCKLE)) == 0

    after = small_checkout.files()
    changed = {name for name in before if before[name] != after.get(name) and name.startswith("generated")}
    assert {Path(name).name for name in changed} == {"__init__.py", "widget.py"}
    for name in changed:
        lines = after[name].decode().splitlines()
        assert all(line in lines for line in before[name].decode().splitlines() if "widgets" not in line)
    new = {name for name in after if name not in before and name.startswith("generated")}
    assert {Path(name).name for name in new} == {"__init__.py", "get_gadgets.py", "get_gadgets_response_200.py"}


@pytest.mark.slow
def test_shown_field_is_reported_only(small_checkout: Checkout, small: Json) -> None:
    """A field that is only shown may go: it is reported, and the client is regenerated without it."""
    del small["components"]["schemas"]["Widget"]["properties"]["label"]

    assert small_checkout.pull(disguised(small, ASPNET)) == 0

    said = small_checkout.said()
    assert "breaking for users of the generated client: POST /v1/widgets" in said
    assert "field gone" in said
    assert "label" not in (small_checkout.project.client / "models" / "widget.py").read_text("utf-8")
    assert ".label" in small_checkout.project.drift_page.read_text("utf-8")


@pytest.mark.slow
def test_drift_of_the_last_pull_is_kept(small_checkout: Checkout, small: Json) -> None:
    """The comparison with the document before stays in the report, though that document is gone from the tree."""
    assert small_checkout.pull(disguised(small, ASPNET)) == 0
    small["components"]["schemas"]["Widget"]["properties"]["colour"] = {"type": "string"}
    assert small_checkout.pull(disguised(small, SWASHBUCKLE)) == 0

    def kept() -> Json:
        return json.loads(small_checkout.project.drift_data.read_text("utf-8"))["last_to_pulled"]

    assert {change["place"] for change in kept()} >= {"200.colour"}
    assert small_checkout.run() == 0
    assert {change["place"] for change in kept()} >= {"200.colour"}
    assert small_checkout.run("--check") == 0
    later = disguised(small, SWASHBUCKLE)
    later["info"]["version"] = "another build"
    assert small_checkout.pull(later) == 0
    assert {change["place"] for change in kept()} >= {"200.colour"}
    assert small_checkout.run("--check") == 0


class TestWhatCannotBeGenerated:
    def odd(self, small: Json) -> Json:
        pulled = disguised(small, ASPNET)
        body = {"content": {"application/xml": {"schema": {"type": "string"}}}}
        pulled["paths"]["/v1/xml"] = {"post": {"requestBody": body, "responses": {}}}
        pulled["paths"]["/v1/a b"] = {"get": {"responses": {}}}
        pulled["paths"]["/v1/c/{d}"] = {"get": {"responses": {}}}
        pulled["paths"]["/v1/c/{e}"] = {"get": {"responses": {}}}
        return pulled

    def test_named_with_the_reason(self, small_checkout: Checkout, small: Json) -> None:
        """An operation that cannot be generated is named in the report with the reason; the others are generated."""
        assert small_checkout.pull(self.odd(small), "--no-strict") == 0

        said = small_checkout.said()
        assert "not generated: POST /v1/xml: its body can only be sent as application/xml" in said
        assert "not generated: GET /v1/a b: its path has characters that no path has" in said
        assert "not generated: GET /v1/c/{e}: GET /v1/c/{d} is the same path" in said
        assert "POST /v1/xml" in small_checkout.project.drift_page.read_text("utf-8")
        assert (small_checkout.project.client / "api" / "c" / "get_c_item.py").exists()

    def test_strict(self, small_checkout: Checkout, small: Json) -> None:
        """With ``--strict`` it is a failure, and nothing is touched."""
        before = small_checkout.files()

        assert small_checkout.pull(self.odd(small), "--strict") == 1

        assert "POST /v1/xml can't be generated: its body can only be sent as application/xml" in small_checkout.said()
        assert small_checkout.files() == before

    @pytest.mark.slow
    def test_strict_about_what_is_new(self, small_checkout: Checkout, small: Json) -> None:
        """What the committed report names as not generated was accepted; another one is a failure again."""
        pulled = self.odd(small)
        assert small_checkout.pull(pulled, "--no-strict") == 0

        assert small_checkout.run("--check", "--strict") == 0
        assert small_checkout.pull(pulled, "--strict") == 0
        pulled["paths"]["/v1/csv"] = {"post": pulled["paths"]["/v1/xml"]["post"]}
        small_checkout.said()
        assert small_checkout.pull(pulled, "--strict") == 1
        stopped = [line for line in small_checkout.said().splitlines() if line.startswith("stopped: ")]
        assert [line.split(" can't")[0] for line in stopped] == ["stopped: POST /v1/csv"]

    def test_strict_is_short(self, small_checkout: Checkout, small: Json) -> None:
        """However many operations it is about, and for however many reasons, they are told in few lines."""
        pulled = disguised(small, ASPNET)
        for number in range(100):
            body = {"content": {f"application/x-{number % 30}": {"schema": {"type": "string"}}}}
            pulled["paths"][f"/v1/odd/{number}"] = {"post": {"requestBody": body, "responses": {}}}

        assert small_checkout.pull(pulled, "--strict") == 1

        said = small_checkout.said().splitlines()
        assert any(
            "and 1 more can't be generated: its body can only be sent as application/x-0" in line for line in said
        )
        assert "and 20 more reasons" in said
        assert len(said) <= 20

    def test_strict_in_ci(self, small_checkout: Checkout, small: Json, monkeypatch: pytest.MonkeyPatch) -> None:
        """In CI strict is the default."""
        monkeypatch.setenv("CI", "true")

        assert small_checkout.pull(self.odd(small)) == 1


@pytest.mark.parametrize(
    "content", [b"<html>Sign in</html>", b'{"openapi": "3.2.0", "paths": {"/a": {}}}', b'{"openapi":']
)
def test_no_document_touches_nothing(small_checkout: Checkout, content: bytes) -> None:
    """What is no document stops the run before anything is written."""
    before = small_checkout.files()

    assert small_checkout.pull(content) == 1
    assert "stopped: served.json gives" in small_checkout.said()
    assert small_checkout.files() == before


def test_the_document_of_another_api_is_refused_in_one_sentence(small_checkout: Checkout, small: Json) -> None:
    """Not in one for each operation that the flows miss: the address was wrong, or all paths moved."""
    small["paths"] = {f"/api{path}": item for path, item in small["paths"].items()}
    before = small_checkout.files()

    assert small_checkout.pull(disguised(small, ASPNET)) == 1
    [stopped] = [line for line in small_checkout.said().splitlines() if line.startswith("stopped")]
    assert "None of the" in stopped
    assert "it has GET /api/v1/" in stopped
    assert small_checkout.files() == before


def test_report_folder(small_checkout: Checkout, small: Json, tmp_path: Path) -> None:
    """``--report`` gets the drift report and the reason also when the run stops."""
    del small["paths"]["/v1/widgets/{id}"]

    assert small_checkout.pull(disguised(small, ASPNET), "--report", str(tmp_path / "reports")) == 1

    assert "GET /v1/widgets/{id}" in (tmp_path / "reports" / "drift.md").read_text("utf-8")
    assert "is used by watch" in (tmp_path / "reports" / "stopped.txt").read_text("utf-8")


def test_one_run_at_a_time(small_checkout: Checkout) -> None:
    """A second run in the same checkout is refused while the first is running."""
    with staging(small_checkout.project):
        assert small_checkout.run("--check") == 1

    assert "Another regeneration is running" in small_checkout.said()


def test_nothing_is_left_behind(small_checkout: Checkout, small: Json) -> None:
    """A run that stops leaves every file as it was, with its times and rights, and nothing of its own; so does one
    that changes nothing."""
    root = small_checkout.project.root

    def tree() -> Json:
        paths = [path for path in root.rglob("*") if path != root]
        return {
            path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.stat().st_mode, path.is_file())
            for path in paths
        }

    before = tree()
    assert small_checkout.pull(disguised({**small, "paths": {"/v1/x": {"get": {"responses": {}}}}}, ASPNET)) == 1
    assert tree() == before
    assert small_checkout.run("--check") == 0
    assert tree() == before
    assert small_checkout.pull(b"<html>") == 1
    assert tree() == before
    assert not small_checkout.project.staging.exists()


def test_staging_of_a_run(small_checkout: Checkout) -> None:
    """While a run is running git does not see its staging, and afterwards it is gone."""
    with staging(small_checkout.project) as scratch:
        (scratch / "x").write_text("x")
        assert (small_checkout.project.staging / ".gitignore").read_text("utf-8") == "*\n"

    assert not small_checkout.project.staging.exists()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["pulled", "aligned", "generated", "changed"])
def test_killed_script(small_checkout: Checkout, small: Json, moment: str) -> None:
    """The script killed with SIGKILL at any moment leaves a tree that is old or new once ``--check`` has settled it."""
    before = small_checkout.files()
    small["components"]["schemas"]["Widget"]["properties"]["colour"] = {"type": "string"}
    root = small_checkout.project.root
    source = root.parent / "served.json"
    source.write_text(json.dumps(disguised(small, ASPNET)))
    program = "import sys; from pathlib import Path; from regenerate import main; main(sys.argv[2:], Path(sys.argv[1]))"
    command = [sys.executable, "-c", program, str(root), "--source", str(source)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stderr or ():
            if line.startswith(moment):
                process.kill()
                break

    assert small_checkout.run("--check") == 0

    is_new = (root / "openapi" / "pulled.json").exists()
    assert is_new or small_checkout.files() == before
    assert ("colour" in (small_checkout.project.client / "models" / "widget.py").read_text("utf-8")) == is_new
    assert is_new or moment != "changed"


def test_check_finishes_a_swap(small_checkout: Checkout) -> None:
    """``--check`` too first finishes a swap that was interrupted after its commit point."""
    project = small_checkout.project
    ready = project.staging / READY
    ready.mkdir(parents=True)
    project.aligned.rename(ready / "0")
    (ready / TARGETS).write_text(json.dumps({"openapi/aligned.json": "0"}))

    assert small_checkout.run("--check") == 0
    assert project.aligned.exists()


def test_pinned_tools(small_checkout: Checkout) -> None:
    """Another version of the generator or the formatter is refused, since it writes another text."""
    check_tools(small_checkout.project.pyproject)
    pyproject = small_checkout.project.pyproject
    pyproject.write_text(
        re.sub(r"openapi-python-client==[\d.]+", "openapi-python-client==0.1.0", pyproject.read_text("utf-8"))
    )

    with pytest.raises(RegenerationError, match=r"is made with 0\.1\.0"):
        check_tools(pyproject)


def test_missing_contract(small_checkout: Checkout) -> None:
    """Without the documented contract there is a sentence."""
    small_checkout.project.documented.unlink()

    assert small_checkout.run() == 1
    assert "openapi/documented.yaml is missing" in small_checkout.said()


@pytest.mark.slow
def test_as_a_program() -> None:
    """``scripts/regenerate.py`` runs from any folder and tells what it takes."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "regenerate.py"), "--help"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )

    for option in ("--pull", "--source", "--check", "--strict", "--report", "--without-flows"):
        assert option in run.stdout


@pytest.mark.slow
def test_the_flows_follow_the_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hand-written package fits the client of the sandbox's document: its types, and its contract tests on it."""
    from specstep_flows.sandbox.document import openapi_document

    root = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", ".regeneration", ".*_cache", ".hypothesis", "__pycache__", "build", "dist"
    )
    shutil.copytree(ROOT, root, ignore=ignored)
    checkout = Checkout(Project(root), lambda: capsys.readouterr().err)

    assert checkout.pull(openapi_document("https://api.example"), "--strict") == 0, checkout.said()

    assert "checking the flows against the new client" in checkout.said()


@pytest.mark.slow
def test_the_sandbox(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document that the sandbox serves, under other names than ours, gives a client that the flows can use."""
    from specstep_flows.sandbox import Sandbox

    with Sandbox() as sandbox:
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        assert checkout.run("--pull", "--strict") == 0

    said = checkout.said()
    assert "not generated" not in said
    assert "breaking for the flows" not in said
    assert checkout.run("--check") == 0
