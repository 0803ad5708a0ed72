"""The report in a real browser: no error in its console, nothing loaded, nothing that axe finds; and its pictures.

With SPECSTEP_CAPTURES set to a folder, the pictures of every run on every screen and the printed pages are kept there,
to be looked at. Without a Chromium on the machine these tests say that they did not run.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from specstep_flows.report import write_report
from tests.kit.browser import HEIGHT, Browser, Screen, console, find_axe, find_chromium
from tests.kit.reported_runs import STORIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.report import Collected

pytestmark = pytest.mark.slow

PHONE, TABLET, DESK = 390, 768, 1200
#: Each width and each colour once; pictures to be looked at are of every pair.
SCREENS = (
    [Screen(width, is_dark) for width in (PHONE, TABLET, DESK) for is_dark in (False, True)]
    if "SPECSTEP_CAPTURES" in os.environ
    else [Screen(PHONE, True), Screen(DESK)]
)


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """A browser, if the machine has one."""
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium is installed, so the report was not opened in a browser")
    return Browser(found, tmp_path)


@pytest.fixture
def axe() -> Path:
    """axe-core, if it is installed."""
    found = find_axe()
    if found is None:
        pytest.skip("axe-core is not installed (npm ci --prefix tests/report), so nobody asked it about the report")
    return found


@pytest.fixture
def report(collected: Collected, tmp_path: Path) -> Path:
    """The page on disk."""
    return write_report(collected, tmp_path / "report.html")


@pytest.fixture(scope="session", params=STORIES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run, of each kind of ending."""
    folder = tmp_path_factory.mktemp(request.param)
    story: Callable[[Path], Collected] = STORIES[request.param]
    return write_report(story(folder), folder / f"{request.param}.html")


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_axe_finds_nothing(browser: Browser, axe: Path, told: Path, screen: Screen) -> None:
    """Contrast, names, landmarks, headings, tables: on a phone and on a desk, light and dark, with all unfolded."""
    assert browser.violations(told, screen, axe) == []


def test_axe_finds_nothing_whatever_the_words_are(browser: Browser, axe: Path, collected: Collected) -> None:
    """Hostile files, a state without end, names without a blank: on a phone nothing sticks out, and all can be read."""
    long = "A" * 400
    assert collected.generation is not None
    changed = attrs.evolve(
        collected,
        record=attrs.evolve(
            collected.record,
            run_id=long[:60],
            error=long,
            history=(*collected.record.history[:-1], {**collected.record.history[-1], "state": long}),
            answers=({"question": long, "answer": long, "rule": long},),
            file=f"/{long}.zip",
        ),
        events=(),
        generation=attrs.evolve(collected.generation, state=long, project_name=long, description=long),
    )
    page = write_report(changed, browser.folder / "long.html")

    assert browser.violations(page, Screen(PHONE), axe) == []
    assert browser.violations(page, Screen(DESK, True), axe) == []


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_the_page_opens_without_a_word_in_the_console(browser: Browser, told: Path, screen: Screen) -> None:
    """In light and dark, on a phone and on a desk: no error, no refusal, and a picture of the wanted size."""
    picture, said = browser.picture(told, screen, f"{told.stem}-{screen.name}")

    assert said == []
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (screen.window, HEIGHT)


def test_light_and_dark_differ(browser: Browser, report: Path) -> None:
    """The page follows the reader's choice."""
    pictures = [browser.picture(report, Screen(600, is_dark), str(is_dark))[0] for is_dark in (False, True)]

    assert pictures[0].read_bytes() != pictures[1].read_bytes()


def test_the_browsers_own_tree_holds_no_script_and_no_picture_without_words(browser: Browser, report: Path) -> None:
    """What the browser made of the page, not what was written: every graphic is described or hidden from readers."""
    tree = browser.open(report, "--dump-dom").stdout

    assert "<script" not in tree
    assert "<img" not in tree
    for graphic in re.findall(r"<svg[^>]*>", tree):
        assert 'aria-hidden="true"' in graphic or "aria-labelledby" in graphic
    for marked in re.findall(r'<span[^>]*role="img"[^>]*>', tree):
        assert "aria-label=" in marked


def test_the_page_prints_with_every_file_unfolded(browser: Browser, report: Path) -> None:
    """On paper nothing can be clicked, so what is folded on the screen is printed."""
    printed, said = browser.print(report, "report")

    assert said == []
    assert printed.read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
        assert "[image: secret]" in text
        assert '"closing"' in text


def test_every_run_prints(browser: Browser, told: Path) -> None:
    """Whatever its ending."""
    printed, said = browser.print(told, told.stem)

    assert said == []
    assert printed.read_bytes().startswith(b"%PDF-")


def test_a_console_error_would_be_noticed(browser: Browser, tmp_path: Path) -> None:
    """The check itself works: a page that breaks its own policy is heard."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><script>alert(1)</script>', "utf-8"
    )

    assert console(browser.open(page, "--dump-dom")) != []


@pytest.mark.parametrize("screen", [Screen(PHONE), Screen(DESK)], ids=lambda screen: screen.name)
def test_what_is_wrong_with_a_page_would_be_noticed(
    browser: Browser, axe: Path, tmp_path: Path, screen: Screen
) -> None:
    """axe is really asked, in a phone's frame, too: about contrast, names, and what is wider than the screen."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Bad</title>'
        '</head><body><main><h1>Bad</h1><p style="color: #ccc; width: 1300px">Pale</p>'
        "<details><summary>More</summary><svg role='img'></svg></details></main></body></html>",
        "utf-8",
    )
    found = {name for name, *_ in browser.violations(page, screen, axe)}

    assert found == {"color-contrast", "svg-img-alt", "sideways"}
