"""What runs leave for later ones, outside of the checkout: generated packages, and what the type checker knows.

Each stands under the digest of everything that it comes from, down to the versions of all that is installed, so that
it is found only where making it again would give the same. It can be deleted at any time; where nothing can be written,
nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import openapi_python_client

_GENERATOR: Final = Path(openapi_python_client.__file__).parent
_OURS: Final = Path(__file__).parent
#: Of each kind so many are kept, those that were used last.
_MOST: Final = {"client": 60, "types": 4}
_SOURCE: Final = (".py", ".jinja")
_DIGEST_LENGTH: Final = 64


def place() -> Path:
    """Where everything is kept; tests have a place of their own."""
    chosen = os.environ.get("SPECSTEP_REGENERATION_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "specstep-flows" / "regeneration"


def digest_of(*parts: bytes, files: Iterable[Path] = (), folders: Iterable[Path] = ()) -> str:
    """The digest of some bytes, of files, of all source and templates below folders, each with its name, and of the
    interpreter and all that is installed for it."""
    installed = sorted(path.name for path in _GENERATOR.parent.glob("*.dist-info"))
    stated = [sys.version.encode(), sys.platform.encode(), "\n".join(installed).encode(), *parts]
    named = [(path.name, path) for path in files]
    for folder in folders:
        found = sorted(path for path in folder.rglob("*") if path.suffix in _SOURCE)
        named += [(path.relative_to(folder).as_posix(), path) for path in found]
    hashed = hashlib.sha256()
    for part in [*stated, *(content for name, path in named for content in (name.encode(), path.read_bytes()))]:
        hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.hexdigest()


def client_digest(aligned: Path, settings: Path, templates: Path) -> str:
    """The digest of all that a generated and inspected package comes from."""
    return digest_of(files=[aligned, settings], folders=[templates, _OURS, _GENERATOR])


def keep(kind: str, digest: str, made: Path) -> None:
    """Keep a folder under a digest: ``client``, a package that has passed inspection, or ``types``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(made.rglob("*")):
            if path.is_file():
                packed.writestr(path.relative_to(made).as_posix(), path.read_bytes())
    content = archive.getvalue()
    among = place() / kind
    with contextlib.suppress(OSError):
        among.mkdir(mode=0o700, parents=True, exist_ok=True)
        among.chmod(0o700)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=among) as draft:
            Path(draft, digest).touch(0o600)
            Path(draft, digest).write_bytes(hashlib.sha256(content).hexdigest().encode() + content)
            Path(draft, digest).replace(among / digest)
        listed = [path for path in among.iterdir() if path.is_file()]
        for old in sorted(listed, key=lambda path: path.stat().st_mtime)[: -_MOST[kind]]:
            old.unlink()


def take(kind: str, digest: str, target: Path) -> bool:
    """Put the folder that was kept under a digest into a new one; False where there is none that is whole."""
    kept = place() / kind / digest
    try:
        if not (_is_ours(kept.parent) and _is_ours(kept)):
            return False
        stored = kept.read_bytes()
        os.utime(kept)
    except OSError:
        return False
    stated, content = stored[:_DIGEST_LENGTH], stored[_DIGEST_LENGTH:]
    if hashlib.sha256(content).hexdigest().encode() != stated:
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(target)
    return True


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written there: what is taken becomes code of the checkout."""
    found = path.stat()
    return sys.platform == "win32" or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)
