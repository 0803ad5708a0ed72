"""What ``scripts/first_contact.py --write`` does to the contract: each kind for each field, alone and together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from regeneration.document import load_documented
from regeneration.project import Project
from regeneration.takeover import Contract, readers, write

from specstep_flows.contact.compare import Difference, Kind

ROOT = Path(__file__).parents[2]
DAY = "2026-12-01"


def differs(kind: Kind, name: str, observed: str) -> Difference:
    return Difference(kind, "get_me", "200", name.rpartition(".")[2], observed, name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "openapi" / "documented.yaml", tmp_path))


@pytest.fixture(scope="module")
def before() -> Any:
    return load(ROOT / "openapi" / "documented.yaml")


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def fields(document: Any) -> Iterator[tuple[str, str]]:
    for name, schema in document["components"]["schemas"].items():
        yield from ((name, field) for field in schema.get("properties", {}))


@pytest.mark.slow
def test_renaming_every_field(path: Path, before: Any) -> None:
    """Each gets its name, with its old one and the day; what is required moves with it; all else stays."""
    taken = write([differs("renamed", f"{name}.{one}", f"{one}_x") for name, one in fields(before)], path, DAY)

    expected = deepcopy(before)
    for schema in expected["components"]["schemas"].values():
        if "properties" in schema:
            schema["properties"] = {
                f"{one}_x": {"x-was": one, "x-seen": DAY}
                | {key: value for key, value in held.items() if key not in ("x-assumption", "x-was", "x-seen")}
                for one, held in schema["properties"].items()
            }
            if "required" in schema:
                schema["required"] = [f"{one}_x" for one in schema["required"]]
    assert len(taken) == len(list(fields(before)))
    assert load(path) == expected


@pytest.mark.slow
def test_null_for_every_field(path: Path, before: Any) -> None:
    """A type gets it beside it, a reference as an alternative; the day is written down; all else stays."""
    write([differs("null", f"{name}.{one}", "null") for name, one in fields(before)], path, DAY)

    after = load(path)
    for name, one in fields(before):
        old = dict(before["components"]["schemas"][name]["properties"][one])
        new = after["components"]["schemas"][name]["properties"].pop(one)
        if new != old:
            assert new.pop("x-seen") == DAY
            if "$ref" in old:
                assert new.pop("oneOf") == [{"$ref": old.pop("$ref")}, {"type": "null"}]
            else:
                was = old.pop("type")
                assert new.pop("type") == [*([was] if isinstance(was, str) else was), "null"]
            old.pop("x-seen", None)
            assert new == old


@pytest.mark.slow
def test_all_kinds_together_twice(path: Path) -> None:
    """One field that is null and called otherwise; words that YAML takes for something else; each only once."""
    differences = [
        differs("renamed", "Account.display_name", "no"),
        differs("null", "Account.id", "null"),
        differs("renamed", "Account.id", "user_id"),
        differs("envelope", "GenerationList.generations", "an object with items"),
        differs("word", "TurnStatus", "on, too-late"),
        differs("word", "TurnStatus", "too-late"),
        # Two of one name cannot be.
        differs("renamed", "Account.email", "plan"),
        # Not mechanical: a bare array, rows that are a level deeper, a whole answer in another object.
        differs("envelope", "InterviewList.interviews", "a bare array"),
        differs("envelope", "PackageList.packages", "an object with data.items"),
        differs("envelope", "", "in data"),
    ]

    taken = write(differences, path, DAY)

    schemas = load_documented(path)["components"]["schemas"]
    assert len(taken) == 5
    assert schemas["Account"]["properties"]["no"]["x-was"] == "display_name"
    assert schemas["Account"]["properties"]["user_id"]["type"] == ["string", "null"]
    assert schemas["Account"]["properties"]["user_id"]["x-was"] == "id"
    assert list(schemas["GenerationList"]["properties"]) == ["items"]
    assert schemas["TurnStatus"]["enum"][-2:] == ["on", "too-late"]
    assert schemas["TurnStatus"]["x-seen"] == DAY
    text = path.read_text(encoding="utf-8")
    assert write(differences, path, "2026-12-02") == []
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_what_is_in_a_list_is_not_the_list(path: Path) -> None:
    """A null among an array's items is a null there; where it stands otherwise, nothing is changed."""
    contract = Contract(path)
    name = "Capabilities.review_profiles"
    assert contract.of(f"{name}[]")[1] is not contract.of(name)[1]
    before = load(path)["components"]["schemas"]["Capabilities"]["properties"]["review_profiles"]

    write([differs("null", f"{name}[]", "null")], path, DAY)

    after = load(path)["components"]["schemas"]["Capabilities"]["properties"]["review_profiles"]
    assert after["type"] == before["type"]


def test_readers_read_that_field() -> None:
    """Many schemas have a field of one name: what is named reads the one that differs."""
    project = Project(ROOT)
    found = readers(differs("renamed", "Account.id", "user_id"), project)

    assert found
    for place in found:
        file, _, number = place.partition(":")
        assert file.endswith("gateway/account.py")
        assert '"id"' in (ROOT / file).read_text("utf-8").splitlines()[int(number) - 1]
