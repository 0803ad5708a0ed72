"""Draws the pictures of the README, in docs/pictures: the live display, and a report, of one run against a sandbox.

    .venv/bin/python scripts/draw_pictures.py

The command runs in a pseudo-terminal, as a person has it; the report is opened in Chromium (``SPECSTEP_CHROMIUM``).
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from specstep_flows.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COLUMNS, LINES = 100, 40
SPEED: Final = 60.0
#: The display is drawn when it has come so far.
WHEN: Final = re.compile(r"\b6\d%")
COMMAND: Final = "run brief.md --run-id portal --on-question defaults --output portal.zip --yes"
REPORT_WIDTH, REPORT_HEIGHT = 1000, 760
#: What pyte calls otherwise than rich.
COLOURS: Final = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}


def main(arguments: list[str] | None = None) -> int:
    """Draw both."""
    parser = argparse.ArgumentParser(description="Draws the pictures of the README.")
    parser.add_argument("--output", metavar="FOLDER", type=Path, default=PICTURES, help="default: docs/pictures")
    output: Path = parser.parse_args(arguments).output.absolute()
    browser = os.environ.get("SPECSTEP_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("No Chromium was found; set SPECSTEP_CHROMIUM.", file=sys.stderr)
        return 1
    output.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="portal-") as name, Sandbox(speed=SPEED) as sandbox:
        folder = Path(name)
        shutil.copy(ROOT / "scripts" / "sample-brief.md", folder / "brief.md")
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": name,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "SPECSTEP_API_URL": sandbox.url,
            "SPECSTEP_API_KEY": sandbox.api_key,
            "SPECSTEP_CLOCK_SPEED": f"{SPEED:g}",
        }
        draw_display(folder, environment, output / "display.svg")
        draw_report(folder, environment, browser, output / "report.png")
    return 0


def draw_display(folder: Path, environment: dict[str, str], file: Path) -> None:
    """Run the command to its end, and keep its screen as it is somewhere in the middle."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    child = pexpect.spawn(
        "specstep", COMMAND.split(), cwd=folder, env=environment, dimensions=(LINES, COLUMNS), encoding="utf-8"
    )
    drawn = None
    while True:
        try:
            stream.feed(child.read_nonblocking(65536, timeout=120))
        except pexpect.EOF:
            break
        if drawn is None and WHEN.search("\n".join(screen.display)):
            drawn = picture(screen)
    child.close()
    if drawn is None or child.exitstatus != 0:
        raise RuntimeError(f"the run ended with {child.exitstatus}:\n" + "\n".join(screen.display))
    file.write_text(drawn, encoding="utf-8")


def picture(screen: Any) -> str:
    """A terminal's screen as SVG, which loads nothing."""
    rows = [row_of(screen, number) for number in range(LINES)]
    while not rows[-1].plain.strip():
        rows.pop()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ specstep {COMMAND}", style="bold"), *rows, sep="\n", no_wrap=True, crop=True)
    svg = console.export_svg(title="specstep run", theme=DIMMED_MONOKAI, unique_id="display")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def row_of(screen: Any, number: int) -> Text:
    """A row of the screen with its colours."""
    row = Text()
    letters = [screen.buffer[number][place] for place in range(COLUMNS)]
    for style, alike in itertools.groupby(letters, style_of):
        row.append("".join(letter.data for letter in alike), style)
    row.rstrip()
    return row


def style_of(letter: Any) -> Style:
    """How a letter is written."""
    return Style(
        color=colour(letter.fg),
        bgcolor=colour(letter.bg),
        bold=letter.bold,
        italic=letter.italics,
        underline=letter.underscore,
        reverse=letter.reverse,
    )


def colour(name: str) -> str | None:
    """A colour of pyte's as rich names it."""
    if name in COLOURS:
        return COLOURS[name]
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return name.replace("bright", "bright_")


def draw_report(folder: Path, environment: dict[str, str], browser: str, file: Path) -> None:
    """The first screen of the run's report."""
    page = folder / "report.html"
    command = ["specstep", "report", "portal", "--output", str(page)]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
    size = f"--window-size={REPORT_WIDTH},{REPORT_HEIGHT}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *options, "--blink-settings=preferredColorScheme=1", size, profile, f"--screenshot={file}"]
    subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120, check=True)


if __name__ == "__main__":
    sys.exit(main())
