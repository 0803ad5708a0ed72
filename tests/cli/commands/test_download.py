"""``specstep download``: a package that was left at the service."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from specstep_flows._paths import shell_word
from specstep_flows.sandbox import Fault
from tests.kit.api import op


def test_download_of_anything(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """A package comes home by its generation's id, by its own, and by the run's; elsewhere too when asked for."""
    early = specstep("download", elsewhere, "--json")
    specstep("watch", elsewhere)
    by_generation = specstep("download", elsewhere)
    package = specstep("package", "list", "--json").document["packages"][0]["id"]
    by_package = specstep("download", package, "-o", "elsewhere", "--unpack")
    run = specstep("runs", "--json").document["runs"][0]["run_id"]
    by_run = specstep("download", run)

    assert early.code == 3
    assert by_generation.out == f"{home / elsewhere}.zip\n"
    assert by_package.out == by_run.out == f"{home / 'elsewhere' / elsewhere}.zip\n"
    assert (home / "elsewhere" / elsewhere).is_dir()
    assert sandbox.requests.count(op("start_generation")) == 1


@pytest.fixture
def migrated(specstep: Any, sandbox: Any, home: Path) -> str:
    """The id of a package that was made of documents that existed before."""
    with zipfile.ZipFile(home / "docs.zip", "w") as archive:
        archive.writestr("README.md", "# A shop")
    made = specstep("api", "commit_doc_migration", "file=@docs.zip", "--json")
    return str(made.document["answer"]["package_id"])


def test_download_of_migrated_documents(specstep: Any, home: Path, migrated: str) -> None:
    """A package that came of no generation comes by its own id: path, document and events as for any, and no run."""
    plain = specstep("download", migrated)
    again = specstep("download", migrated, "--json")
    document = specstep("download", migrated, "-o", "other.zip", "--unpack", "--json").document
    events = specstep("download", migrated, "--force", "--events").out.splitlines()

    assert plain.out == f"{home / migrated}.zip\n"
    assert "Saved" in plain.err
    assert again.code == 2
    assert "was not changed" in again.document["message"]
    assert again.document["resume_command"] is None
    assert document["path"] == str(home / "other.zip")
    assert (document["generation_id"], document["run_id"]) == (None, None)
    assert (home / "other" / "specstep.yaml").is_file()
    assert json.loads(events[-1])["event"] == "finished"
    assert specstep("runs", "--json").document["runs"] == []


def test_a_download_that_fails_names_the_line_that_goes_on(
    specstep: Any, sandbox: Any, home: Path, migrated: str
) -> None:
    """What no run manages is gone on with by the same command, and what came is kept."""
    sandbox.faults.add(Fault(op("get_package_zip"), "status", status=503, times=None))
    failed = specstep("download", migrated, "-o", "my docs.zip", "--json")
    sandbox.faults.clear()

    assert failed.code == 7
    assert (
        failed.document["resume_command"] == f"specstep download {migrated} --output {shell_word(home / 'my docs.zip')}"
    )
    assert specstep("download", migrated, "-o", "my docs.zip").code == 0


def test_one_package_of_a_fan_out_is_had_under_the_name_that_was_given(specstep: Any, sandbox: Any, home: Path) -> None:
    """By its generation or by its own id; the run's id means all of them, and its record stays as it is."""
    sandbox.options.clarifications = ()
    assert specstep("run", "A shop.", "--yes", "--profile", "Researcher", "--run-id", "tea", "-o", "out").code == 0
    packages = specstep("show", "tea", "--json").document["packages"]
    for number, package in enumerate(packages):
        for named in (package["generation_id"], package["package_id"]):
            path = home / f"{number}-{named}.zip"
            had = specstep("download", named, "--output", path)

            assert (had.code, had.out) == (0, f"{path}\n")
            assert path.read_bytes() == Path(package["file"]).read_bytes()
    assert specstep("show", "tea", "--json").document["packages"] == packages
    all_of_them = specstep("download", "tea", "--output", "all")
    refused = specstep("generation", "retry", packages[1]["generation_id"], "--yes")

    assert len({Path(package["file"]).read_bytes() for package in packages}) == 3
    assert len(list(home.glob("*.zip"))) == 6
    assert len(all_of_them.out.splitlines()) == 3
    assert refused.code == 2
    assert "cannot be retried by themselves" in refused.err
    assert "--retry-failed" not in refused.err
