"""A headless Chromium: opens a page as a reader's screen shows it, takes its picture, prints it, and asks axe about it.

``SPECSTEP_CHROMIUM`` names the browser and ``SPECSTEP_AXE`` axe-core's ``axe.min.js`` where they are not found by
themselves. With ``SPECSTEP_CAPTURES`` set to a folder, what is drawn is kept there, to be looked at.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import attrs

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_AXE: Final = Path(__file__).parents[1] / "report" / "node_modules" / "axe-core" / "axe.min.js"
#: No window of a headless Chromium is narrower; a phone is a frame of its own width in a wider window.
LEAST_WIDTH: Final = 500

#: Unfolds everything, asks axe, and leaves what it found in the page; a frame hands it to the page around it.
_ASK: Final = """
for (const folded of document.querySelectorAll("details")) folded.open = true;
const show = (found) => {
  const place = document.createElement("pre");
  place.id = "found";
  place.textContent = found;
  document.body.append(place);
};
axe.run({resultTypes: ["violations"]}).then(({violations}) => {
  const wrong = violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html)]);
  const extra = document.documentElement.scrollWidth - innerWidth;
  if (extra > 0) wrong.push(["sideways", `The page is ${extra} px wider than the screen`, []]);
  const found = JSON.stringify(wrong);
  if (window === parent) show(found); else parent.postMessage(found, "*");
});
"""


def find_chromium() -> str | None:
    """The browser, if the machine has one."""
    return os.environ.get("SPECSTEP_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def find_axe() -> Path | None:
    """axe-core as ``npm ci --prefix tests/report`` installs it."""
    path = Path(os.environ.get("SPECSTEP_AXE") or _AXE)
    return path if path.is_file() else None


@attrs.frozen
class Screen:
    """How wide the reader's window is, and which colours the reader has chosen."""

    width: int
    is_dark: bool = False

    @property
    def name(self) -> str:
        """For the names of pictures."""
        return f"{self.width}-{'dark' if self.is_dark else 'light'}"

    @property
    def options(self) -> tuple[str, ...]:
        """The browser's options."""
        scheme = 0 if self.is_dark else 1
        return (f"--blink-settings=preferredColorScheme={scheme}", f"--window-size={self.window},{HEIGHT}")

    @property
    def window(self) -> int:
        """The width of the window that has such a page in it."""
        return max(self.width, LEAST_WIDTH)


HEIGHT: Final = 2400


@attrs.frozen
class Browser:
    """A Chromium with a folder for its profile and for what is written."""

    command: str
    folder: Path

    def open(self, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Open a page in a profile of its own, do what the options say, and close the browser."""
        profile = self.folder / "profile"
        command = [
            self.command,
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
            return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=True)
        finally:
            shutil.rmtree(profile, ignore_errors=True)

    def picture(self, page: Path, screen: Screen, name: str) -> tuple[Path, list[str]]:
        """A picture of the page on such a screen, and what was said in the console."""
        path = self.folder / f"{name}.png"
        done = self.open(self._on(page, screen), *screen.options, f"--screenshot={path}")
        return kept(path), console(done)

    def print(self, page: Path, name: str) -> tuple[Path, list[str]]:
        """The page as a PDF, and what was said in the console."""
        path = self.folder / f"{name}.pdf"
        done = self.open(page, "--no-pdf-header-footer", f"--print-to-pdf={path}")
        return kept(path), console(done)

    def violations(self, page: Path, screen: Screen, axe: Path) -> list[Any]:
        """What axe finds wrong with the page on such a screen, with everything unfolded."""
        # The page's own policy forbids every script, axe's too.
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
        asking = self.folder / f"{page.stem}-asking.html"
        script = f"<script>{axe.read_text('utf-8')}</script><script>{_ASK}</script>"
        asking.write_text(text.replace("</body>", f"{script}</body>"), "utf-8")
        # Timers run at once until the budget is used up: the answer is there long before.
        done = self.open(self._on(asking, screen), *screen.options, "--virtual-time-budget=60000", "--dump-dom")
        found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found is not None, (console(done), done.stdout[-2000:])
        violations: list[Any] = json.loads(html.unescape(found[1]))
        return violations

    def _on(self, page: Path, screen: Screen) -> Path:
        """The page, or one with a frame as wide as the screen and the page in it."""
        if screen.width >= LEAST_WIDTH:
            return page
        framing = self.folder / f"{page.stem}-framed.html"
        framing.write_text(
            '<!doctype html><html lang="en"><title>A phone</title><body style="margin: 0">'
            f'<iframe src="{page.as_uri()}" style="border: 0; width: {screen.width}px; height: {HEIGHT}px"></iframe>'
            "<script>onmessage = ({data}) => { const place = document.createElement('pre'); place.id = 'found';"
            " place.textContent = data; document.body.append(place); };</script>",
            "utf-8",
        )
        return framing


def console(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the page made the browser say in its console, refusals of the page's own policy among it."""
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def kept(path: Path) -> Path:
    """A copy where a person can look at it, if a folder was named for that."""
    if folder := os.environ.get("SPECSTEP_CAPTURES"):
        shutil.copy(path, folder)
    return path
