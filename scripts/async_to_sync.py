"""Makes ``specstep_flows/client.py`` from ``client_async.py``, so that the two clients cannot differ.

    python scripts/async_to_sync.py            # write it
    python scripts/async_to_sync.py --check    # exit 1 when it is not what the async one gives

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
SOURCE: Final = ROOT / "specstep_flows" / "client_async.py"
TARGET: Final = ROOT / "specstep_flows" / "client.py"

#: Names of the async client, and what stands for them in the other.
TWINS: Final = {
    "Confirm": "SyncConfirm",
    "Policy": "SyncPolicy",
    "Respondent": "SyncRespondent",
    "AsyncRuntime": "Runtime",
    "AsyncSpecStep": "SpecStep",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "open_http_async": "open_http",
    "load_async": "load",
}
#: The same in prose and examples.
PROSE: Final = (
    (r"``async with``", "``with``"),
    (r"\basync with\b", "with"),
    (r"\(await ([^()]*\([^()]*\))\)", r"\1"),
    (r"\bawait ", ""),
    (r"for code on an event loop", "for code that blocks"),
    (r"With ``AsyncSpecStep`` the callables may be coroutine functions", "The callables are plain functions"),
    (r"\s*With ``AsyncSpecStep`` it may be a coroutine\s+function\.", ""),
)
DOCUMENTATION: Final = '''"""SpecStep: the service for code that blocks, every method written out.

Made from ``client_async.py`` by ``scripts/async_to_sync.py``: never edit it, change that one and run the script.
"""
'''


def in_prose(text: str) -> str:
    """A string or a comment as the other client has it."""
    for pattern, replacement in PROSE:
        text = re.sub(pattern, replacement, text)
    return re.sub(rf"\b({'|'.join(TWINS)})\b", lambda name: TWINS[name[0]], text)


def to_sync(source: str) -> str:
    """The text of ``client.py``, not yet formatted."""
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
    return DOCUMENTATION + made[made.index("\nfrom __future__") :]


def formatted(text: str) -> str:
    """``text`` as the formatter leaves it."""
    ruff = Path(sys.executable).with_name("ruff")
    # The twins of names are sorted otherwise than they.
    for command in (["check", "--select", "I", "--fix-only", "--quiet"], ["format"]):
        text = subprocess.run(
            [ruff, *command, "--stdin-filename", str(TARGET), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def main() -> int:
    """Write the sync client, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when client.py is not up to date")
    is_check = parser.parse_args().check
    wanted = formatted(to_sync(SOURCE.read_text(encoding="utf-8")))
    if not is_check:
        TARGET.write_text(wanted, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == wanted:
        return 0
    print("specstep_flows/client.py is not what client_async.py gives: run scripts/async_to_sync.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
