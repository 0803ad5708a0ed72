"""Takes the official samples out of the service's own page at run time; nothing of them is kept here."""

import os
from pathlib import Path

import pytest

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
