"""The contract check: the hand-written package is type-checked and tested against a client before it is swapped in."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from regeneration.errors import RegenerationError

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, disguised
from tests.kit.regeneration.programs import Programs

Json = Any

pytestmark = pytest.mark.slow

GATEWAY = '''"""A small gateway."""

from __future__ import annotations

from uuid import UUID

from specstep_client.api.widgets import get_widget, list_widgets
from specstep_client.models import MakeWidgetRequest, Widget, WidgetState


def weight_of(body: dict[str, object]) -> float | None:
    widget = Widget.from_dict(body)
    return widget.weight if isinstance(widget.weight, int | float) else None


def is_done(body: dict[str, object]) -> bool:
    return Widget.from_dict(body).state == WidgetState.DONE


def title_of(body: dict[str, object]) -> object:
    return Widget.from_dict(body).title


def name_of(body: dict[str, object]) -> object:
    return getattr(Widget.from_dict(body), "label", None)


def request_for(label: str) -> MakeWidgetRequest:
    return MakeWidgetRequest(label=label)


def page(limit: int) -> dict[str, object]:
    return {"list": list_widgets._get_kwargs(limit=limit), "one": get_widget._get_kwargs(UUID(int=0))}


def heavier(body: dict[str, object], other: float) -> float:
    weight = Widget.from_dict(body).weight
    assert not isinstance(weight, str)
    return other + (weight or 0.0)
'''

CONTRACT_TEST = """import pytest
import specstep_client
from little_flows import gateway


@pytest.mark.contract
def test_reads():
    assert "scratch-" in specstep_client.__file__
    assert gateway.weight_of({"weight": 2.5}) == 2.5


def test_that_is_no_contract_test():
    raise AssertionError
"""

PYPROJECT = """
[tool.pytest.ini_options]
addopts = "--import-mode=importlib --strict-markers"
markers = ["contract: a contract test"]
[tool.mypy]
strict = true
[[tool.mypy.overrides]]
module = "specstep_client.*"
ignore_errors = true
"""


@pytest.fixture
def with_flows(small_checkout: Checkout, small: Json, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A scratch checkout with a small hand-written package, under a name that nothing installed has."""
    root = small_checkout.project.root
    small["components"]["schemas"]["Widget"]["properties"]["title"] = {"type": "string"}
    small_checkout.project.documented.write_text(json.dumps(small))
    assert small_checkout.run() == 0
    small_checkout.said()
    monkeypatch.setattr("regeneration.project.FLOWS", "little_flows")
    (root / "little_flows").mkdir()
    (root / "little_flows" / "__init__.py").write_text("")
    (root / "little_flows" / "gateway.py").write_text(GATEWAY)
    (root / "tests").mkdir()
    (root / "tests" / "test_contract.py").write_text(CONTRACT_TEST)
    (root / "pyproject.toml").write_text(PYPROJECT)
    return small_checkout


def widget(document: Json) -> Json:
    return document["components"]["schemas"]["Widget"]["properties"]


def test_flows_that_fit(with_flows: Checkout, small: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that the flows fit is swapped in, also when a field is gone that they only show.

    The contract tests ran on the new client, in its scratch folder, and neither they nor the type check saw the key.
    """
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_secret")
    tests = with_flows.project.root / "tests" / "test_contract.py"
    no_key = "== 2.5\n    import os\n    assert 'SPECSTEP_API_KEY' not in os.environ"
    tests.write_text(CONTRACT_TEST.replace("== 2.5", no_key))
    del widget(small)["label"]

    assert with_flows.pull(disguised(small, ASPNET)) == 0
    assert "checking the flows against the new client" in with_flows.said()


def test_flows_that_do_not_fit(with_flows: Checkout, small: Json) -> None:
    """What the flows read, send or calculate with and that changed stops the run, each named with its operation."""
    widget(small)["weight"] = {"type": "object", "properties": {"grams": {"type": "number"}}}
    widget(small)["heading"] = widget(small).pop("title")
    request = small["components"]["schemas"]["MakeWidgetRequest"]
    request["properties"]["title"] = request["properties"].pop("label")
    request["required"] = []
    small["paths"]["/v1/widgets"]["get"]["parameters"][0]["name"] = "take"
    before = with_flows.files()

    assert with_flows.pull(disguised(small, ASPNET)) == 1

    said = with_flows.said()
    assert "stopped: POST /v1/widgets, GET /v1/widgets/{id}: Unsupported operand types" in said
    assert 'stopped: POST /v1/widgets, GET /v1/widgets/{id}: "Widget" has no attribute "title" (little_flows/' in said
    assert 'stopped: POST /v1/widgets: Unexpected keyword argument "label" for "MakeWidgetRequest"' in said
    assert 'stopped: Unexpected keyword argument "limit" for "_get_kwargs"' in said
    assert with_flows.files() == before


def test_misfits_are_in_the_report(with_flows: Checkout, small: Json, tmp_path: Path) -> None:
    """What the type check finds stands in the drift report as breaking for the flows."""
    small["paths"]["/v1/widgets/{id}"]["get"]["parameters"][0]["schema"] = {"type": "integer"}
    request = small["components"]["schemas"]["MakeWidgetRequest"]
    request["required"] = ["label", "state"]

    assert with_flows.pull(disguised(small, ASPNET), "--report", str(tmp_path / "report")) == 1

    said = with_flows.said()
    assert 'stopped: Argument 1 to "_get_kwargs"' in said
    assert 'stopped: POST /v1/widgets: Missing positional argument "state"' in said
    misfits = json.loads((tmp_path / "report" / "drift.json").read_text("utf-8"))["misfits"]
    assert len(misfits) == 2
    assert all(f"stopped: {misfit}" in said for misfit in misfits)
    assert "Breaking for the flows" in (tmp_path / "report" / "drift.md").read_text("utf-8")


def test_flows_that_import_what_is_gone(with_flows: Checkout, small: Json) -> None:
    """A module of the client that the flows import and that is not there any more is named with its operation."""
    for item in small["paths"].values():
        for operation in item.values():
            operation.pop("x-used-by")
    with_flows.project.documented.write_text(json.dumps(small))
    pulled = disguised(small, ASPNET)
    del pulled["paths"][next(path for path in pulled["paths"] if "{" in path)]
    before = with_flows.files()

    assert with_flows.pull(pulled) == 1

    said = with_flows.said()
    gone = "GET /v1/widgets/{id}: specstep_client.api.widgets has no get_widget any more (little_flows/gateway.py:7)"
    assert f"stopped: {gone}" in said
    assert with_flows.files() == before
    widget(small)["colour"] = {"type": "string"}
    assert with_flows.pull(disguised(small, ASPNET)) == 0, "it is there again, and what is kept must not deny that"


def test_failing_contract_test(with_flows: Checkout, small: Json) -> None:
    """A contract test that fails on the new client stops the run, with the tree as it was."""
    tests = with_flows.project.root / "tests" / "test_contract.py"
    tests.write_text(CONTRACT_TEST.replace("== 2.5", "== 3.5"))
    widget(small)["colour"] = {"type": "string"}
    before = with_flows.files()

    assert with_flows.pull(disguised(small, ASPNET)) == 1

    said = with_flows.said()
    assert "The contract tests fail with the new client:" in said
    assert "test_reads" in said
    assert with_flows.files() == before


def test_no_contract_test(with_flows: Checkout, small: Json) -> None:
    """Without any contract test nothing shows that the flows work, so the run stops."""
    (with_flows.project.root / "tests" / "test_contract.py").unlink()
    widget(small)["colour"] = {"type": "string"}

    assert with_flows.pull(disguised(small, ASPNET)) == 1
    assert "No test is marked `contract`" in with_flows.said()


def test_without_flows(with_flows: Checkout, small: Json) -> None:
    """While the flows and the contract are being changed together, the check can be put off."""
    widget(small)["mass"] = widget(small).pop("weight")
    (with_flows.project.root / "openapi" / "documented.yaml").write_text(json.dumps(small))

    assert with_flows.run() == 1
    assert with_flows.run("--without-flows") == 0


def test_unchanged_client_is_not_checked_again(with_flows: Checkout, small: Json) -> None:
    """When the client stays as it is, there is nothing to hold against it."""
    assert with_flows.pull(disguised(small, ASPNET)) == 0
    assert "checking the flows" not in with_flows.said()


def test_each_program_once(
    with_flows: Checkout, small: Json, started: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull starts generator, type checker and tests once each, and says what each took; the same again starts none.

    Where the tree is put back as it was, nothing is generated a second time, and the flows are checked again.
    """
    monkeypatch.setenv("SPECSTEP_REGENERATION_CACHE", str(tmp_path / "kept"))
    widget(small)["colour"] = {"type": "string"}
    served, before = disguised(small, ASPNET), tmp_path / "before"
    shutil.copytree(with_flows.project.root, before)

    assert with_flows.pull(served) == 0
    assert started.so_far() == ["mypy", "pytest", "python -c", "regeneration.generator", "ruff"]
    assert re.search(
        r"(?m)^\d+\.\d s: pull \d+\.\d, align \d+\.\d, generate \d+\.\d, inspect \d+\.\d, "
        r"types ahead \d+\.\d, types \d+\.\d, contract tests \d+\.\d, swap \d+\.\d "
        r"\(types ahead from the start; the checks side by side\)$",
        with_flows.said(),
    )
    after = with_flows.files()
    assert with_flows.pull(served) == 0
    assert started.so_far() == []
    shutil.rmtree(with_flows.project.root)
    before.rename(with_flows.project.root)
    assert with_flows.pull(served) == 0
    assert started.so_far() == ["mypy", "pytest"]
    assert {**with_flows.files(), "openapi/pulled.provenance.json": b""} == {
        **after, "openapi/pulled.provenance.json": b""
    }  # fmt: skip


def test_what_the_type_check_remembers(with_flows: Checkout, small: Json) -> None:
    """An edit of the flows is seen though it changes neither size nor time of a file that was checked before."""
    gateway = with_flows.project.root / "little_flows" / "gateway.py"
    stamp = gateway.stat()
    widget(small)["colour"] = {"type": "string"}
    assert with_flows.pull(disguised(small, ASPNET)) == 0
    gateway.write_text(GATEWAY.replace("WidgetState.DONE", "WidgetState.DENO"))
    os.utime(gateway, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert gateway.stat().st_size == stamp.st_size
    widget(small)["smell"] = {"type": "string"}

    assert with_flows.pull(disguised(small, ASPNET)) == 1
    assert '"type[WidgetState]" has no attribute "DENO"' in with_flows.said()


def test_what_is_checked_ahead_counts(
    with_flows: Checkout, small: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complaint about a module that does not depend on the client stops the run like any other, each time.

    So do those about what depends on it: through a package of its own, too, that is there only for the other check.
    """
    monkeypatch.setenv("SPECSTEP_REGENERATION_CACHE", str(tmp_path / "kept"))
    flows = with_flows.project.root / "little_flows"
    (flows / "apart.py").write_text("import json\n\nNUMBER: int = json.dumps(1)\n")
    (flows / "__init__.py").write_text("from little_flows.gateway import heavier as heavier\n")
    (flows / "report.py").write_text("from little_flows import heavier\n\nTEXT: str = heavier({}, 1.0)\n")
    request = small["components"]["schemas"]["MakeWidgetRequest"]
    request["required"] = ["label", "state"]
    served, before = disguised(small, ASPNET), with_flows.files()

    for ahead in (True, False):
        assert with_flows.pull(served) == 1
        said = with_flows.said()
        assert "(little_flows/apart.py:3)" in said
        assert "(little_flows/report.py:3)" in said
        assert 'stopped: POST /v1/widgets: Missing positional argument "state"' in said
        assert ("types ahead" in said) is ahead
        assert with_flows.files() == before


def test_a_client_that_is_refused_is_not_tried(
    with_flows: Checkout, small: Json, started: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a client is imported before it was looked at: the tests are not started, the type check is ended."""

    def refuse(*_: object) -> None:
        raise RegenerationError("it holds what no template writes")

    monkeypatch.setattr("regeneration.pipeline.inspect_client", refuse)
    widget(small)["taste"] = {"type": "string"}
    before = with_flows.files()

    assert with_flows.pull(disguised(small, ASPNET)) == 1
    assert "pytest" not in started.so_far()
    assert "stopped: it holds what no template writes" in with_flows.said()
    assert with_flows.files() == before
