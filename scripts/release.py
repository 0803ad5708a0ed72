"""Makes a release ready, step by step; what publishes it is .github/workflows/release.yml, which a tag starts.

    .venv/bin/python scripts/release.py prepare 0.2.0    set the version, close the changelog's section: commit that
    .venv/bin/python scripts/release.py tag              check everything in a clean clone, then make the tag v0.2.0
    .venv/bin/python scripts/release.py notes 0.2.0      the changelog's section, as the release page shows it

``tag`` refuses a tree with changes, another branch than main, a version that does not agree with itself, a changelog
that says nothing of it or has entries above it, pages or messages that install a clone, as if it were not on PyPI, a
version without its run store, and a commit whose checks fail. The tag is made on the commit that was checked. It pushes
nothing: it prints how.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
UNRELEASED: Final = "## Unreleased"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
#: What comes before a version on a page that installs it: a wheel, a requirement, an image.
_INSTALLED: Final = re.compile(rf"(specstep(?:[-_]flows)?(?:\[[\w,-]+\])?(?:-|==|:))({_VERSION.pattern})(?![\w.]*\d)")
#: What will be wrong once it is there: the words, and a clone that is installed in its place.
_NOT_ON_PYPI: Final = re.compile(r"\bnot\s+(?:yet\s+)?on\s+PyPI\b|\bpip install [\"'`]?\.(?=[\[\"'`\s])", re.IGNORECASE)
#: The page that names older versions on purpose.
_HISTORY: Final = "docs/versioning.md"


class Refused(Exception):
    """Why nothing is released. The message is for whoever releases."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    for name, about in (("prepare", "set the version"), ("notes", "print what the changelog says of a version")):
        steps.add_parser(name, help=about).add_argument("version")
    steps.add_parser("tag", help="check everything, and make the tag")
    given = parser.parse_args(arguments)
    project = Project(root)
    try:
        if given.step == "prepare":
            print(project.prepare(given.version, datetime.datetime.now(datetime.UTC).date()))
        elif given.step == "notes":
            print(project.notes(given.version))
        else:
            print(project.tag(passes_everything))
    except Refused as refusal:
        print(f"Not released: {refusal}", file=sys.stderr)
        return 1
    return 0


@dataclasses.dataclass(frozen=True)  # without attrs: the workflow has nothing installed
class Project:
    """A checkout of the project."""

    root: Path

    @property
    def version(self) -> str:
        """The version in pyproject.toml."""
        version: str = tomllib.loads(self._read("pyproject.toml"))["project"]["version"]
        return version

    def prepare(self, version: str, today: datetime.date) -> str:
        """Set a version wherever it is written down, and close the changelog's section; what to do next.

        Raises:
            Refused: it is no version, or the changelog has nothing for it.
        """
        if not _VERSION.fullmatch(version):
            raise Refused(f"{version!r} is not a version such as 0.2.0 or 0.2.0rc1.")
        before = self.version
        changed = {"CHANGELOG.md": self._closed(version, today)}
        for name, key in (("pyproject.toml", "version"), ("specstep_flows/_version.py", "__version__")):
            line, text = f'{key} = "{before}"', self._read(name)
            if line not in text:
                raise Refused(f"{name} has no line {line!r}.")
            changed[name] = text.replace(line, f'{key} = "{version}"', 1)
        for name, text in self._pages().items():
            changed[name] = _INSTALLED.sub(rf"\g<1>{version}", text)
        for name, text in changed.items():
            if text != self._read(name):
                self._write(name, text)
        steps = [f"{version} is set. Record its run store (scripts/record_store.py) and look at `git diff`."]
        if places := self._not_on_pypi():
            steps.append(_rewrite(places))
        return "\n".join([*steps, "Commit, merge to main, and then: scripts/release.py tag"])

    def _closed(self, version: str, today: datetime.date) -> str:
        """The changelog with what is unreleased under a version and its date; or, of a first release, with its date."""
        text = self._read("CHANGELOG.md")
        heading = f"## {version} ({today.isoformat()})"
        if any(_is_of(line, version) for line in text.splitlines()):
            if f"## {version}" not in text.splitlines() or self._section(UNRELEASED):
                raise Refused(f"the changelog has a section of {version} already: choose the next version.")
            return re.sub(rf"^## {re.escape(version)}$", heading, text, count=1, flags=re.MULTILINE)
        if not self._section(UNRELEASED):
            raise Refused(f"the changelog has nothing under {UNRELEASED!r}.")
        return text.replace(UNRELEASED, f"{UNRELEASED}\n\n{heading}", 1)

    def notes(self, version: str) -> str:
        """What the changelog says of a version. Raises ``Refused`` if that is nothing."""
        heading = next((line for line in self._read("CHANGELOG.md").splitlines() if _is_of(line, version)), None)
        notes = "" if heading is None else self._section(heading)
        if not notes:
            raise Refused(f"the changelog says nothing of {version}: write a section '## {version} (date)'.")
        return notes

    def tag(self, checks: Callable[[Path], bool]) -> str:
        """Make the tag of this version, once a clean clone of this commit has passed every check.

        Raises:
            Refused: anything is not as it must be; nothing was tagged.
        """
        commit = self._refuse_unready()
        version = self.version
        name = f"v{version}"
        if f'__version__ = "{version}"' not in self._read("specstep_flows/_version.py"):
            raise Refused(f"specstep_flows/_version.py does not say {version}, which pyproject.toml says.")
        self._refuse_other_pages(version)
        if not (self.root / "tests" / "runs" / "stores" / version).is_dir():
            raise Refused(f"{version} has kept no run store for later versions: scripts/record_store.py makes it.")
        notes = self.notes(version)
        self._refuse_entries_above(version)
        self._refuse_another_remote()
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            clone = Path(folder) / "clone"
            self._git("clone", "--quiet", "--no-checkout", str(self.root), str(clone))
            self._git("-C", str(clone), "checkout", "--quiet", "--detach", commit)
            if not checks(clone):
                raise Refused("the checks failed in a clean clone of this commit.")
        if (now := self._refuse_unready()) != commit:
            raise Refused(f"main is {now} now, and {commit} was checked. Start again.")
        self._git("tag", "--annotate", name, "--cleanup=verbatim", "--message", f"{version}\n\n{notes}", commit)
        return f"{name} is made. Publish it: git push --atomic origin main {name}"

    def _refuse_unready(self) -> str:
        """Anything but a commit of main without changes, whose version has no tag; the commit."""
        if changed := self._git("status", "--porcelain"):
            raise Refused(f"the tree has changes, which would be in no release:\n{changed}")
        if (branch := self._git("rev-parse", "--abbrev-ref", "HEAD")) != "main":
            raise Refused(f"this is {branch}; releases are made of main.")
        name = f"v{self.version}"
        if self._git("tag", "--list", name):
            raise Refused(f"the tag {name} exists. A release is never made again: choose the next version.")
        return self._git("rev-parse", "HEAD")

    def _refuse_entries_above(self, version: str) -> None:
        """What is above a version's section is shipped with it, and its notes would not say so."""
        lines = self._read("CHANGELOG.md").splitlines()
        first = next(n for n, line in enumerate(lines) if line.startswith("## "))
        own = next(n for n, line in enumerate(lines) if _is_of(line, version))
        if above := [line for line in lines[first:own] if line.strip() and line != UNRELEASED]:
            raise Refused(
                f"the changelog has entries above {version}, which would be released and be in no notes: move them "
                f"into the section of {version}, or prepare the next version.\n" + "\n".join(above)
            )

    def _refuse_other_pages(self, version: str) -> None:
        """Pages that install another version, or say that there is none to install."""
        if others := [
            f"{name}: {found[0]}"
            for name, text in self._pages().items()
            for found in _INSTALLED.finditer(text)
            if found[2] != version
        ]:
            raise Refused(f"pages install another version than {version}:\n" + "\n".join(others))
        if places := self._not_on_pypi():
            raise Refused(_rewrite(places))

    def _not_on_pypi(self) -> list[str]:
        """Where README.md (the project's page on PyPI), docs/ and messages say that the project is not there."""
        code = sorted(self.root.glob("specstep_flows/**/*.py"))
        messages = {name: self._read(name) for name in (path.relative_to(self.root).as_posix() for path in code)}
        return [
            f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
            for name, text in {**self._pages(), **messages}.items()
            for found in _NOT_ON_PYPI.finditer(text)
        ]

    def _pages(self) -> dict[str, str]:
        """What users read, but for what tells of older versions, by its name."""
        paths = [*self.root.glob("README.md"), *sorted(self.root.glob("docs/**/*.md"))]
        names = [path.relative_to(self.root).as_posix() for path in paths]
        return {name: self._read(name) for name in names if name != _HISTORY}

    def _refuse_another_remote(self) -> None:
        """The addresses that the package carries must be where it comes from."""
        stated = tomllib.loads(self._read("pyproject.toml"))["project"].get("urls", {}).get("Repository")
        remotes = self._git("remote").splitlines()
        if stated is None or "origin" not in remotes:
            raise Refused("there is no remote called origin to compare Repository of [project.urls] with.")
        origin = self._git("remote", "get-url", "origin")
        if _place(origin) != _place(stated):
            raise Refused(f"the package would say that it comes from {stated}, and origin is {origin}.")

    def _section(self, heading: str) -> str:
        lines = self._read("CHANGELOG.md").splitlines()
        try:
            start = lines.index(heading) + 1
        except ValueError:
            return ""
        end = next((n for n, line in enumerate(lines[start:], start) if line.startswith("## ")), len(lines))
        return "\n".join(lines[start:end]).strip()

    def _read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def _write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, "utf-8", newline="\n")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
        return done.stdout.strip()


def _is_of(line: str, version: str) -> bool:
    return line == f"## {version}" or line.startswith(f"## {version} (")


def _rewrite(places: list[str]) -> str:
    return (
        "Pages or messages say that this is not on PyPI yet, or install a clone, which will be wrong: "
        f"{', '.join(places)}. Rewrite them: "
        '`pip install "specstep-flows[…]"` in place of a clone or a wheel.'
    )


def _place(address: str) -> str:
    """Host and path of a repository, however it is reached."""
    bare = re.sub(r"^(?:\w+://)?(?:[^@/]*@)?", "", address.strip())
    return re.sub(r"(?:\.git)?/*$", "", bare.replace(":", "/", 1)).lower()


def passes_everything(clone: Path) -> bool:
    """Whether what CI runs passes in a clone, and its site can be built, if what builds it can be installed."""
    if subprocess.run(["bash", ".ci/run"], cwd=clone).returncode != 0:
        return False
    if subprocess.run(["bash", "-c", "source scripts/environment.sh && setup docs"], cwd=clone).returncode != 0:
        print("The site was NOT built: its tools (the extra docs) could not be installed here.", file=sys.stderr)
        return True
    return subprocess.run([".venv/bin/python", "scripts/build_site.py"], cwd=clone).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
