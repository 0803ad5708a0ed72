"""Where existing documents go in a package, and files that say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.cli.placement import Placement, load_overrides, wrong_place
from specstep_flows.models import MigrationMapping, MigrationPreview

FILES = ("api.md", "notes/my-vision.md", "photo.png", "vision.md")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("notes/my-vison.md: docs/x.md", "Did you mean 'notes/my-vision.md'?"),
        ("vision.md: ../x.md", "not inside the package"),
        ("vision.md: specstep.yaml", "the service writes that file itself"),
        ("vision.md: [a]", "line 1, column 12"),
        ("vision.md: a.md\nvision.md: b.md", "line 2"),
        ("- vision.md", "one line for each file"),
        ("{", "line 1"),
    ],
)
def test_overrides_that_cannot_be_meant(tmp_path: Path, text: str, says: str) -> None:
    """Said with its line, or with the nearest name."""
    path = tmp_path / "to.yaml"
    path.write_text(text)
    placement = Placement(MigrationPreview(mapping=tuple(MigrationMapping(name) for name in FILES)))

    with pytest.raises(errors.SpecStepError) as raised:
        placement.correct(load_overrides(path), "to.yaml")

    assert isinstance(raised.value, errors.UsageError)
    assert says in str(raised.value)
    assert placement.overrides == {}


@pytest.mark.parametrize(
    ("target", "is_right"),
    [("docs/a.md", True), ("a", True), ("ä b.md", True), ("", False), ("/etc/passwd", False), ("a/../../b", False),
     ("a//b", False), ("./a", False), ("C:/a", False), ("a\\b", False), ("a/", False), ("a\nb", False)],
)  # fmt: skip
def test_places_inside_a_package(target: str, is_right: bool) -> None:
    """A plain relative path."""
    assert (wrong_place(target) is None) is is_right


def test_corrections_can_make_conflicts_of_their_own() -> None:
    """They are what is looked at, and not what the service said."""
    rows = tuple(MigrationMapping(name, target_path=f"docs/{name}") for name in ("a", "b", "c"))
    placement = Placement(MigrationPreview(mapping=(*rows, MigrationMapping("d"))))
    assert placement.conflicts == {}
    assert placement.target(placement.preview.mapping[3]) == "_source/d"

    placement.correct({"a": "docs/b"}, "to.yaml")

    assert [row.source_path for row in placement.conflicts["docs/b"]] == ["a", "b"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A sentence with its name."""
    with pytest.raises(errors.UsageError, match=r"nothing\.yaml cannot be read"):
        load_overrides(tmp_path / "nothing.yaml")
