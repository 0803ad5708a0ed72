"""Generating a client from a pulled document in a scratch folder, and trying it out in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from regeneration.align import Aligned, align
from regeneration.emit import to_json
from regeneration.generator import generate_client, inspect_client
from regeneration.names import NamesLock

Json = Any
ROOT = Path(__file__).parents[3]
NOTHING_DOCUMENTED: Json = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}


def generated(folder: Path, pulled: Json | None, documented: Json = NOTHING_DOCUMENTED) -> Aligned:
    """Align, generate ``folder/specstep_client`` and inspect it."""
    aligned = align(documented, pulled, NamesLock())
    (folder / "aligned.json").write_text(to_json(aligned.document))
    client = folder / "specstep_client"
    openapi = ROOT / "openapi"
    generate_client(folder / "aligned.json", openapi / "generator.yaml", openapi / "templates", client)
    inspect_client(client, aligned.document)
    return aligned


def tried_out(folder: Path) -> list[str]:
    """What a generated client does wrong with fit values, with none, and with unfit ones."""
    program = Path(__file__).parent / "roundtrip.py"
    run = subprocess.run([sys.executable, "-B", str(program), str(folder)], capture_output=True, text=True, check=False)
    if run.returncode:
        return [run.stderr[-2000:]]
    complaints: list[str] = json.loads(run.stdout)
    return complaints


def run_in(folder: Path, program: str) -> str:
    """What a program prints that can import the client in ``folder``."""
    command = [sys.executable, "-B", "-W", "error", "-c", program]
    environment = {"PYTHONPATH": str(folder), "PATH": ""}
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=folder
    ).stdout.strip()
