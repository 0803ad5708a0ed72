#!/usr/bin/env python3
"""Build the documentation site in build/site/html: the pages of docs/, with the README as their home.

    .venv/bin/python scripts/build_site.py            # with the extra docs; fails on any link that leads nowhere
    .venv/bin/python -m http.server -d build/site/html

Links to files that are in the repository and not on the site lead to the repository.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SITE: Final = ROOT / "build" / "site"
#: Beside the package itself, the modules whose names are public: docs/versioning.md promises them.
PUBLIC: Final = ("answers", "errors", "events", "fleet", "models", "otel", "report", "sandbox", "webhooks")
#: Links and pictures: the text in brackets, and where it leads.
LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)")
#: They are loaded from elsewhere, and say what a page of the site knows.
BADGE: Final = re.compile(r"^\[!\[.*\n", re.MULTILINE)
#: What makes a browser ask another host by itself, the theme's count of a repository's stars among it.
ELSEWHERE: Final = re.compile(
    r"""<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=["']?https?:|data-md-component=["']?source\b"""
)
#: Links to a page's own address, which search engines read and nobody loads.
CANONICAL: Final = re.compile(r"""<link\b[^>]*\brel=["']?(?:canonical|prev|next)\b[^>]*>""")
ZENSICAL: Final = Path(sys.executable).parent / "zensical"
#: What is no text stays as it is.
CODE: Final = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def main() -> int:
    """Put the pages together and build the site; the exit code."""
    if shutil.which(ZENSICAL) is None:
        install = f"{sys.executable} -m pip install --editable '.[docs]'"
        print(f"The site is built with the extra docs, which is not installed here: {install}", file=sys.stderr)
        return 2
    shutil.rmtree(SITE, ignore_errors=True)
    put_together(SITE)
    done = subprocess.run([ZENSICAL, "build", "--clean", "--strict"], cwd=SITE, check=False)
    if done.returncode != 0:
        return done.returncode
    for what, names in (
        ("Names that no page describes", missing_names(SITE / "html" / "objects.inv")),
        ("Private names that a page describes", private_names(SITE / "html" / "objects.inv")),
        ("Pages that ask another host", asking_elsewhere(SITE / "html")),
    ):
        if names:
            print(f"{what}: {', '.join(names)}", file=sys.stderr)
            return 1
    print(SITE / "html" / "index.html")
    return 0


def described_names(inventory: Path) -> set[str]:
    """All names that the reference has an entry for."""
    head = 4
    packed = inventory.read_bytes().split(b"\n", head)[head]
    return {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}


def private_names(inventory: Path) -> list[str]:
    """Those among them that are nobody's to use. A class may be in a module of ours all the same."""
    return sorted(name for name in described_names(inventory) if re.search(r"\._(?!_)\w+$", name))


def asking_elsewhere(site: Path) -> list[str]:
    """The pages that load something from another host, or have the theme do so: readers were told of none."""
    return sorted(
        page.relative_to(site).as_posix()
        for page in site.rglob("*.html")
        if ELSEWHERE.search(CANONICAL.sub("", page.read_text("utf-8")))
    )


def missing_names(inventory: Path) -> list[str]:
    """The public names that the reference has no entry for."""
    there = described_names(inventory)
    public = []
    for name in PUBLIC:
        home = importlib.import_module(f"specstep_flows.{name}")
        # What several modules export is described where it is from.
        public += [(f"{home.__name__}.{one}", getattr(home, one)) for one in home.__all__]
    return [
        path
        for path, thing in public
        if path not in there and f"{getattr(thing, '__module__', '')}.{path.rpartition('.')[2]}" not in there
    ]


def put_together(site: Path) -> None:
    """The folder that the site is built from."""
    pages = site / "docs"
    shutil.copytree(ROOT / "docs", pages)
    home = (ROOT / "README.md").read_text("utf-8")
    (pages / "index.md").write_text(BADGE.sub("", home), "utf-8")
    for page in pages.rglob("*.md"):
        place = ROOT if page == pages / "index.md" else ROOT / "docs" / page.relative_to(pages).parent
        page.write_text(with_links(page.read_text("utf-8"), place, page.parent.relative_to(pages)), "utf-8")
    shutil.copy(ROOT / "zensical.toml", site)


def with_links(text: str, home: Path, folder: Path) -> str:
    """A page with the site's links: ``home`` is its folder in the clone, ``folder`` the one on the site."""
    kept = CODE.findall(text)
    parts = [LINK.sub(lambda found: led(found[1], home, folder), part) for part in CODE.split(text)]
    return "".join(part + code for part, code in zip(parts, [*kept, ""], strict=True))


def led(target: str, home: Path, folder: Path) -> str:
    """Where a link leads on the site.

    Raises:
        FileNotFoundError: it leads to nothing, in the clone either.
    """
    file = (home / target).resolve()
    if not file.exists():
        raise FileNotFoundError(f"{target}: a link of a page in {home} leads nowhere")
    if file == ROOT / "README.md":
        return os.path.relpath("index.md", folder)
    if file.is_relative_to(ROOT / "docs"):
        return os.path.relpath(file.relative_to(ROOT / "docs"), folder)
    kind = "tree" if file.is_dir() else "blob"
    return f"{repository()}/{kind}/main/{file.relative_to(ROOT).as_posix()}"


def repository() -> str:
    """The address of the project."""
    address: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
    return address


if __name__ == "__main__":
    sys.exit(main())
