"""Commands where files are those of Windows, as far as another system can be told to be like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.platforms import LINUX_ONLY
from tests.kit.windows import behave_as_windows


@LINUX_ONLY
@pytest.mark.slow
def test_a_run_its_report_and_its_packages(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is renamed, replaced or removed while it is open."""
    Path("brief.md").write_text("A portal for customer feedback.", encoding="utf-8")
    behave_as_windows(monkeypatch)
    begin = ("run", "brief.md", "--yes", "--profile", "Fast", "--unpack", "--on-question", "defaults")
    first = specstep(*begin, "--run-id", "one", "--output", "portal.zip")
    second = specstep(*begin, "--run-id", "two", "--output", "portal.zip", "--force")
    again = specstep("resume", "two")
    page = specstep("report", "two")
    once_more = specstep("report", "two", "--force")
    compared = specstep("diff", "portal.zip", "portal")
    assert [one.code for one in (first, second, again, page, once_more, compared)] == [0] * 6
    assert Path("portal.zip").is_file()
    assert any(Path("portal").iterdir())
    assert not [path.name for path in Path().iterdir() if "part" in path.name or path.name.startswith(".")]
