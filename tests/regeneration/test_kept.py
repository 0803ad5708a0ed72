"""What a run leaves for later ones: used for the very same, and for nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from regeneration import kept
from regeneration.errors import RegenerationError

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.programs import Programs

Json = Any
ONCE = ["python -c", "regeneration.generator", "ruff"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is kept: nothing is there yet."""
    place = tmp_path / "kept"
    monkeypatch.setenv("SPECSTEP_REGENERATION_CACHE", str(place))
    return place


def test_nothing_is_generated_twice(small_checkout: Checkout, small_served: Json, started: Programs) -> None:
    """A run generates once; one of the same starts nothing, gives the same, and finds what was done by hand."""
    client, before = small_checkout.project.client, small_checkout.files()
    assert small_checkout.run() == 0
    assert started.so_far() == ONCE
    assert small_checkout.pull(small_served) == 0
    (client / "models" / "widget.py").write_text("# edited by hand\n")
    assert small_checkout.run("--check") == 1
    shutil.rmtree(client)
    assert small_checkout.run() == 0

    assert started.so_far() == []
    after = small_checkout.files()
    assert {name: after[name] for name in before if name.startswith("generated/")} == {
        name: content for name, content in before.items() if name.startswith("generated/")
    }


@pytest.mark.slow
def test_damaged_is_not_used(small_checkout: Checkout, place: Path, started: Programs) -> None:
    """What was kept and changed since is made again."""
    assert small_checkout.run("--check") == 0
    [entry] = (place / "client").iterdir()
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.write_bytes(content)
    started.so_far()

    assert small_checkout.run("--check") == 0
    assert started.so_far() == ONCE


@pytest.mark.slow
def test_only_what_passed_inspection(
    small_checkout: Checkout, started: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that inspection refuses is not kept: the next run generates and inspects."""

    def refuse(*_: object) -> None:
        raise RegenerationError("refused")

    with monkeypatch.context() as patch:
        patch.setattr("regeneration.pipeline.inspect_client", refuse)
        assert small_checkout.run("--check") == 1
    started.so_far()

    assert small_checkout.run("--check") == 0
    assert started.so_far() == ONCE


class TestDigest:
    @pytest.fixture
    def inputs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder with all that a client comes from: document, settings, templates, generator, scripts, versions."""
        own = ["aligned.json", "generator.yaml", "templates/a.jinja", "scripts/ours.py"]
        for name in (*own, "site/tool-1.dist-info/x", "site/generator/a.py", "site/generator/deep/b.py.jinja"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x")
        monkeypatch.setattr(kept, "_GENERATOR", tmp_path / "site" / "generator")
        monkeypatch.setattr(kept, "_OURS", tmp_path / "scripts")
        return tmp_path

    def digest(self, inputs: Path) -> str:
        return kept.client_digest(inputs / "aligned.json", inputs / "generator.yaml", inputs / "templates")

    @pytest.mark.parametrize(
        "name",
        ["aligned.json", "generator.yaml", "templates/a.jinja", "scripts/ours.py", "site/generator/a.py",
         "site/generator/deep/b.py.jinja"],
    )  # fmt: skip
    def test_other_bytes(self, inputs: Path, name: str) -> None:
        """Whatever has other bytes makes it another client, though size and time are the same."""
        before, stamp = self.digest(inputs), (inputs / name).stat()
        (inputs / name).write_text("y")
        os.utime(inputs / name, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

        assert self.digest(inputs) != before

    @pytest.mark.parametrize(
        "new", ["templates/b.jinja", "templates/deep/a.jinja", "scripts/b.py", "scripts/deep/b.py"]
    )
    def test_files_more(self, inputs: Path, new: str) -> None:
        """So does a file that was not there."""
        before = self.digest(inputs)
        (inputs / new).parent.mkdir(exist_ok=True)
        (inputs / new).write_text("x")

        assert self.digest(inputs) != before

    def test_other_versions(self, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """So does another version of anything installed, or of Python."""
        before = self.digest(inputs)
        assert self.digest(inputs) == before
        (inputs / "site" / "tool-1.dist-info").rename(inputs / "site" / "tool-2.dist-info")
        other_tool = self.digest(inputs)
        monkeypatch.setattr("sys.version", "3.99")

        assert len({before, other_tool, self.digest(inputs)}) == 3

    def test_where_files_meet(self, inputs: Path) -> None:
        """No part can be taken for another: bytes that move from one file to the next make another digest."""
        (inputs / "aligned.json").write_text("xgenerator.yaml")
        before = self.digest(inputs)
        (inputs / "aligned.json").write_text("x")
        (inputs / "generator.yaml").write_text("generator.yamlx")

        assert self.digest(inputs) != before


class TestPlace:
    @pytest.fixture
    def made(self, tmp_path: Path) -> Path:
        (tmp_path / "made" / "inner").mkdir(parents=True)
        (tmp_path / "made" / "inner" / "a.py").write_bytes(b"\r\n\xff")
        return tmp_path / "made"

    def test_as_it_was(self, made: Path, tmp_path: Path) -> None:
        """A folder comes back as it was, under its digest alone."""
        kept.keep("client", "a" * 64, made)

        assert kept.take("client", "a" * 64, tmp_path / "taken")
        assert (tmp_path / "taken" / "inner" / "a.py").read_bytes() == b"\r\n\xff"
        assert not kept.take("client", "b" * 64, tmp_path / "other")
        assert not kept.take("types", "a" * 64, tmp_path / "other")
        assert not (tmp_path / "other").exists()

    def test_nowhere_to_write(self, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where nothing can be kept, nothing is, and nobody minds."""
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("SPECSTEP_REGENERATION_CACHE", str(tmp_path / "file"))
        kept.keep("client", "a" * 64, made)

        assert not kept.take("client", "a" * 64, tmp_path / "taken")

    @pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
    def test_only_its_owner_writes_there(self, made: Path, place: Path, tmp_path: Path) -> None:
        """What is taken becomes code of the checkout: what others could have put there is made again."""
        before = os.umask(0)
        try:
            kept.keep("client", "a" * 64, made)
        finally:
            os.umask(before)
        assert kept.take("client", "a" * 64, tmp_path / "taken")
        for path, mode in (place / "client" / ("a" * 64), 0o622), (place / "client", 0o777):
            path.chmod(mode)
            assert not kept.take("client", "a" * 64, tmp_path / "other")
            kept.keep("client", "a" * 64, made)
            assert kept.take("client", "a" * 64, tmp_path / f"taken again {mode}")

    def test_it_does_not_grow(self, made: Path, place: Path) -> None:
        """Those that were used last are kept, a few of each kind."""
        for number in range(8):
            kept.keep("types", str(number), made)
            os.utime(place / "types" / str(number), (number, number))
        kept.take("types", "4", made / "again")
        kept.keep("types", "new", made)

        assert {path.name for path in (place / "types").iterdir()} == {"new", "4", "6", "7"}
