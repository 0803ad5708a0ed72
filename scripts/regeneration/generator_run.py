"""Runs openapi-python-client on an aligned document: the program of a child process, with its memory bounded.

Usage: ``python -m regeneration.generator_run ALIGNED CONFIG TEMPLATES OUTPUT``. Warnings and errors of the generator
go to stderr, and any of them makes the exit code 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from regeneration.identifiers import reserve_template_names
from regeneration.limits import bound_memory


def main(arguments: list[str]) -> int:
    """Generate, and say what the generator didn't like."""
    document, settings, templates, output = (Path(argument) for argument in arguments)
    bound_memory()
    reserve_template_names()
    config = Config.from_sources(
        ConfigFile.load_from_path(settings),
        meta_type=MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=False,
        output_path=output,
    )
    problems = generate(config=config, custom_template_path=templates)
    for problem in problems:
        lines = [problem.header, problem.detail or ""]
        print(" ".join(" ".join(lines).split()), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
