#!/usr/bin/env python3
"""Regenerate ``generated/specstep_client``; ``openapi/README.md`` tells how and why, ``--help`` what it takes."""

from __future__ import annotations

import sys

sys.dont_write_bytecode = True  # a run that stops leaves nothing behind, not even what Python keeps of this script

from regeneration.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
