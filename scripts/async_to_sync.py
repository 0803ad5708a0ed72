"""Makes ``client.py`` and ``_surface`` from ``client_async.py`` and ``_surface_async``: the two clients cannot differ.

    python scripts/async_to_sync.py            # write them
    python scripts/async_to_sync.py --check    # exit 1 when they are not what the async ones give

Words are replaced, token by token: ``await`` and ``async`` go, and a few names have a twin.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "specstep_flows"

#: Names of the async client, and what stands for them in the other.
TWINS: Final = {
    "Confirm": "SyncConfirm",
    "Policy": "SyncPolicy",
    "Respondent": "SyncRespondent",
    "AsyncRuntime": "Runtime",
    "AsyncSpecStep": "SpecStep",
    "AsyncRows": "Rows",
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
    "_surface_async": "_surface",
    "AsyncClient": "Client",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "open_http_async": "open_http",
    "load_async": "load",
    "Fleet": "SyncFleet",
    "Work": "SyncWork",
    "aside_async": "aside",
    "carried_out_async": "carried_out",
    "AsyncConnection": "Connection",
}
#: The same in prose and examples.
PROSE: Final = (
    (r"``async with``", "``with``"),
    (r"\basync (with|for)\b", r"\1"),
    (r"\(await ([^()]*\([^()]*\))\)", r"\1"),
    (r"\bawait ", ""),
    (r"for code on an event loop", "for code that blocks"),
    (r"With ``AsyncSpecStep`` the callables may be coroutine functions", "The callables are plain functions"),
    (r"\s*With ``AsyncSpecStep`` it may be a coroutine\s+function\.", ""),
)
#: What replaces the docstring of ``client_async.py``.
DOCUMENTATION: Final = """SpecStep: the service for code that blocks, every method written out.
"""
#: What follows the first paragraph of each made file's docstring.
MADE: Final = "Made from ``{source}`` by ``scripts/async_to_sync.py``: never edit it, edit that one."


def sources() -> dict[Path, Path]:
    """Every file that is made, with the one that it is made from."""
    found = {
        PACKAGE / "client.py": PACKAGE / "client_async.py",
        PACKAGE / "fleet" / "client_sync.py": PACKAGE / "fleet" / "client.py",
    }
    return found | {PACKAGE / "_surface" / path.name: path for path in (PACKAGE / "_surface_async").glob("*.py")}


def in_prose(text: str) -> str:
    """A string or a comment as the other client has it."""
    for pattern, replacement in PROSE:
        text = re.sub(pattern, replacement, text)
    return re.sub(rf"\b({'|'.join(TWINS)})\b", lambda name: TWINS[name[0]], text)


def to_sync(source: str, name: str) -> str:
    """The text of the sync twin of ``name``, not yet formatted."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    pieces: list[str] = []
    end = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        begin = starts[token.start[0] - 1] + token.start[1] if token.start[0] <= len(lines) else len(source)
        pieces.append(source[end:begin])
        end = begin + len(token.string)
        if token.type == tokenize.NAME and token.string in ("async", "await"):
            # Together with the space behind it.
            end += 1
        elif token.type == tokenize.NAME:
            pieces.append(TWINS.get(token.string, token.string))
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            pieces.append(in_prose(token.string))
        elif begin < len(source):
            pieces.append(source[begin:end])
    made = "".join(pieces)
    documented, end_of_it, rest = made.removeprefix('"""').partition('"""')
    first = DOCUMENTATION if name == "client_async.py" else documented.partition("\n")[0]
    return f'"""{first.strip()}\n\n{MADE.format(source=name)}\n{end_of_it}{rest}'


def formatted(text: str, target: Path) -> str:
    """``text`` as the formatter leaves it."""
    ruff = Path(sys.executable).with_name("ruff")
    # The twins of names are sorted otherwise than they.
    for command in (["check", "--select", "I", "--fix-only", "--quiet"], ["format"]):
        text = subprocess.run(
            [ruff, *command, "--stdin-filename", str(target), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def main() -> int:
    """Write the sync client's files, or compare them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when one is not up to date")
    is_check = parser.parse_args().check
    old = []
    for target, source in sources().items():
        name = str(source.relative_to(PACKAGE))
        wanted = formatted(to_sync(source.read_text(encoding="utf-8"), name), target)
        if is_check and not (target.is_file() and target.read_text(encoding="utf-8") == wanted):
            old.append(str(target.relative_to(ROOT)))
        elif not is_check:
            target.write_text(wanted, encoding="utf-8")
    for target in sorted(set((PACKAGE / "_surface").glob("*.py")) - set(sources())):
        old.append(str(target.relative_to(ROOT)))
        if not is_check:
            target.unlink()
    if not is_check or not old:
        return 0
    print(f"{', '.join(old)}: not what the async client gives; run scripts/async_to_sync.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
