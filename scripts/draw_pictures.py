"""Draws the pictures of the pages, docs/pictures: the live display, a recording of it, a report, and a notebook.

All of one run against a sandbox::

    .venv/bin/python scripts/draw_pictures.py

The command runs in a pseudo-terminal, as a person has it; the report and what a notebook shows of the run are opened in
Chromium (``SPECSTEP_CHROMIUM``).
"""

from __future__ import annotations

import argparse
import html
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text
from terminal_svg import Frame, animated

from specstep_flows.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COLUMNS, LINES = 100, 40
SPEED: Final = 60.0
#: The display is drawn when it has come so far.
WHEN: Final = re.compile(r"\b6\d%")
COMMAND: Final = "run brief.md --run-id portal --on-question defaults --output portal.zip --yes"
#: How a recording begins, how long that is to be seen, and how long each later frame at least.
PROMPT: Final = Text(f"$ specstep {COMMAND}", style="bold")
FIRST_SECONDS: Final = 1.5
FRAME_SECONDS: Final = 0.4
REPORT_WIDTH, REPORT_HEIGHT = 1000, 760
#: What pyte calls otherwise than rich.
COLOURS: Final = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}


def main(arguments: list[str] | None = None) -> int:
    """Draw both."""
    parser = argparse.ArgumentParser(description="Draws the pictures of the pages.")
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
        draw_display(folder, environment, output)
        draw_report(folder, environment, browser, output / "report.png")
        draw_notebook(folder, environment, browser, output / "notebook.png")
    return 0


def draw_display(folder: Path, environment: dict[str, str], output: Path) -> None:
    """Run the command to its end: its screen as it is somewhere in the middle, and a recording of all of it."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    child = pexpect.spawn(
        "specstep", COMMAND.split(), cwd=folder, env=environment, dimensions=(LINES, COLUMNS), encoding="utf-8"
    )
    drawn = None
    frames = [Frame(0.0, (PROMPT,))]
    began = time.monotonic()
    while True:
        try:
            stream.feed(child.read_nonblocking(65536, timeout=120))
        except pexpect.EOF:
            break
        if drawn is None and WHEN.search("\n".join(screen.display)):
            drawn = picture(screen)
        if len(frames) == 1:
            # How long the machine took to begin is of no interest.
            began = time.monotonic() - FIRST_SECONDS
        if (at := time.monotonic() - began) - frames[-1].at >= FRAME_SECONDS:
            frames.append(Frame(at, (PROMPT, *rows_of(screen))))
    frames.append(Frame(time.monotonic() - began, (PROMPT, *rows_of(screen))))
    child.close()
    if drawn is None or child.exitstatus != 0:
        raise RuntimeError(f"the run ended with {child.exitstatus}:\n" + "\n".join(screen.display))
    (output / "display.svg").write_text(drawn, encoding="utf-8")
    recording = animated(frames, COLUMNS, "specstep run: from the brief to the package").replace(
        str(folder), "/home/me"
    )
    (output / "recording.svg").write_text(recording, encoding="utf-8")


def rows_of(screen: Any) -> list[Text]:
    """The rows of a screen, down to the last one that is not empty."""
    rows = [row_of(screen, number) for number in range(LINES)]
    while rows and not rows[-1].plain.strip():
        rows.pop()
    return rows


def picture(screen: Any) -> str:
    """A terminal's screen as SVG, which loads nothing."""
    rows = rows_of(screen)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(PROMPT, *rows, sep="\n", no_wrap=True, crop=True)
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
    page.write_text(page.read_text("utf-8").replace(str(folder), "/home/me"), "utf-8")
    photograph(browser, folder, page, REPORT_WIDTH, REPORT_HEIGHT, file)


#: What a reader types into a notebook, and how that looks there.
CELLS: Final = (
    "from specstep_flows import SpecStep\n\nspecstep = SpecStep()\n"
    'specstep.run("…", run_id="portal", output="portal.zip")',
    "specstep.get_generation(_.generation_id)",
)
SHOWN: Final = """
import pathlib, sys
from specstep_flows import SpecStep
with SpecStep() as specstep:
    result = specstep.resume("portal")
    for number, shown in enumerate((result, specstep.get_generation(result.generation_id))):
        pathlib.Path(f"cell-{number}.html").write_text(shown._repr_html_(), encoding="utf-8")
"""
CELL: Final = """<div style="display: grid; grid-template-columns: 4.5em 1fr; margin: .6em 0; align-items: baseline">
<code style="color: #307fc1">[{number}]:</code>
<pre style="margin: 0; padding: .6em; background: #f5f5f5; border: 1px solid #e0e0e0">{code}</pre>
<code style="color: #bf5b3d">[{number}]:</code>
<div style="font: 14px system-ui, sans-serif; padding: .4em .6em">{shown}</div></div>"""
NOTEBOOK_WIDTH, NOTEBOOK_HEIGHT = 900, 470


def draw_notebook(folder: Path, environment: dict[str, str], browser: str, file: Path) -> None:
    """What a notebook shows of the run: its result, and its generation."""
    subprocess.run([sys.executable, "-c", SHOWN], cwd=folder, env=environment, capture_output=True, check=True)
    cells = [
        CELL.format(
            number=number + 1, code=html.escape(code), shown=(folder / f"cell-{number}.html").read_text("utf-8")
        )
        for number, code in enumerate(CELLS)
    ]
    page = folder / "notebook.html"
    body = "".join(cells).replace(str(folder), "/home/me")
    page.write_text(f'<!doctype html><meta charset="utf-8"><body style="font-size: 14px">{body}', "utf-8")
    photograph(browser, folder, page, NOTEBOOK_WIDTH, NOTEBOOK_HEIGHT, file)


def photograph(browser: str, folder: Path, page: Path, width: int, height: int, file: Path) -> None:
    """A picture of the first screen of a page, in light colours."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
    size = f"--window-size={width},{height}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *options, "--blink-settings=preferredColorScheme=1", size, profile, f"--screenshot={file}"]
    subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120, check=True)


if __name__ == "__main__":
    sys.exit(main())
