"""A run with everything in it, carried out against the sandbox on a turned clock, and its report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from specstep_flows.report import collect
from specstep_flows.sandbox import HostRestart, ProviderRetry
from tests.kit.reported_runs import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows import SpecStep
    from specstep_flows.report import Collected

#: Files that try to be more than text once they are on a page.
HOSTILE_FILES = {
    "README.md": b"# Portal\n\n<script>alert(1)</script> <img src=x onerror=alert(2)>\n\n"
    b"![secret](http://tracker.example/pixel.png) [run](javascript:alert(3)) [web](https://example.com/a?b=1&c=2)\n\n"
    b"See [milestones](docs/03-plan/01-milestones.md#one) and [nothing](docs/none.md).\n\n"
    b"| a | b |\n|---|---|\n| 1 | 2 |\n",
    "docs/03-plan/01-milestones.md": "# Milestones\n\nBack to [the start](../../README.md). \u202etxet\n".encode(),
    "docs/<b>bold</b>.md": b"# </details></section><script>alert(4)</script>\n",
    "evil.html": b"<html><script>alert(5)</script></html>",
    "data.json": b'{"closing": "</pre></script>"}',
    "art/logo.png": b"\x89PNG\r\n\x1a\n",
}

BRIEF = ["A portal <script>alert(6)</script> for feedback & more.\nIt must work on a phone.", "Shops use it."]


@pytest.fixture(scope="session")
def client() -> Iterator[SpecStep]:
    """A client of a sandbox in which everything happens to a generation that a report tells of."""
    with opened(
        package_files=HOSTILE_FILES,
        provider_retries=(ProviderRetry(), ProviderRetry(state="FreshEyes")),
        host_restarts=(HostRestart(fraction=0.3),),
        replies=("Who will use it?\n\n- **owners**\n- <script>alert(7)</script>",),
    ) as (specstep, _):
        yield specstep


@pytest.fixture(scope="session")
def collected(client: SpecStep, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    """The report's data of a whole run."""
    result = client.run(
        BRIEF,
        output=tmp_path_factory.mktemp("report") / "portal.zip",
        run_id="portal-1",
        on_question=lambda questions: {question.question: "Forms, <b>no</b> REST." for question in questions},
    )
    return collect(client.store.get(result.run_id), client)


@pytest.fixture
def when() -> datetime:
    """The moment at which reports are written here."""
    return datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def fan_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    """The report's data of a Researcher run: one kickoff, a parent, and three children whose packages are all here."""
    with opened(package_files=HOSTILE_FILES) as (specstep, _):
        specstep.run(
            BRIEF,
            profile="Researcher",
            output=tmp_path_factory.mktemp("fan") / "portal.zip",
            run_id="fan-1",
            on_question=lambda questions: {question.question: "Forms." for question in questions},
        )
        yield collect(specstep.store.get("fan-1"), specstep)
