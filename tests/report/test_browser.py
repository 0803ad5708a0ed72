"""The report in a real browser: no error in its console, nothing loaded, every picture described; and screenshots.

With SPECSTEP_CAPTURES set to a folder, the screenshots (light, dark, phone) and the printed page are kept there, to be
looked at. Without a Chromium on the machine these tests say that they did not run.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specstep_flows.report import write_report

if TYPE_CHECKING:
    from specstep_flows.report import Collected

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"


@pytest.fixture
def chromium() -> str:
    """A browser, if the machine has one."""
    found = os.environ.get("SPECSTEP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium is installed, so the report was not opened in a browser")
    return found


@pytest.fixture
def report(collected: Collected, tmp_path: Path) -> Path:
    """The page on disk."""
    return write_report(collected, tmp_path / "report.html")


def browse(chromium: str, folder: Path, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open the page headless, in a profile of its own, and close the browser."""
    profile = folder / "profile"
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={profile}",
        *options,
        page.as_uri(),
    ]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    finally:
        shutil.rmtree(profile, ignore_errors=True)


def console(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the page made the browser say in its console, refusals of the page's own policy among it."""
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def kept(path: Path) -> Path:
    """A copy where a person can look at it, if a folder was named for that."""
    if folder := os.environ.get("SPECSTEP_CAPTURES"):
        shutil.copy(path, folder)
    return path


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [("light", (1000, 2400), LIGHT), ("dark", (1000, 2400), DARK), ("phone", (390, 2400), LIGHT)],
)
def test_the_page_opens_without_a_word_in_the_console(
    chromium: str, report: Path, tmp_path: Path, name: str, size: tuple[int, int], scheme: str
) -> None:
    """In light, in dark and on a phone: no error, no refusal, and a picture of the wanted size."""
    picture = tmp_path / f"report-{name}.png"
    done = browse(chromium, tmp_path, report, scheme, f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}")

    assert console(done) == []
    assert struct.unpack(">II", kept(picture).read_bytes()[16:24]) == size


def test_light_and_dark_differ(chromium: str, report: Path, tmp_path: Path) -> None:
    """The page follows the reader's choice."""
    pictures = []
    for number, scheme in enumerate((LIGHT, DARK)):
        picture = tmp_path / f"{number}.png"
        browse(chromium, tmp_path, report, scheme, "--window-size=600,600", f"--screenshot={picture}")
        pictures.append(picture.read_bytes())

    assert pictures[0] != pictures[1]


def test_the_browsers_own_tree_holds_no_script_and_no_picture_without_words(
    chromium: str, report: Path, tmp_path: Path
) -> None:
    """What the browser made of the page, not what was written: every graphic is described or hidden from readers."""
    tree = browse(chromium, tmp_path, report, "--dump-dom").stdout

    assert "<script" not in tree
    assert "<img" not in tree
    for graphic in re.findall(r"<svg[^>]*>", tree):
        assert 'aria-hidden="true"' in graphic or "aria-labelledby" in graphic
    for marked in re.findall(r'<span[^>]*role="img"[^>]*>', tree):
        assert "aria-label=" in marked


def test_the_page_prints_with_every_file_unfolded(chromium: str, report: Path, tmp_path: Path) -> None:
    """On paper nothing can be clicked, so what is folded on the screen is printed."""
    printed = tmp_path / "report.pdf"
    done = browse(chromium, tmp_path, report, "--no-pdf-header-footer", f"--print-to-pdf={printed}")

    assert console(done) == []
    assert kept(printed).read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
        assert "[image: secret]" in text
        assert '"closing"' in text


def test_a_console_error_would_be_noticed(chromium: str, tmp_path: Path) -> None:
    """The check itself works: a page that breaks its own policy is heard."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><script>alert(1)</script>', "utf-8"
    )
    done = browse(chromium, tmp_path, page, "--dump-dom")

    assert console(done) != []
