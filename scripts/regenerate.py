#!/usr/bin/env python3
"""Regenerate ``generated/specstep_client``; ``openapi/README.md`` tells how and why, ``--help`` what it takes."""

from __future__ import annotations

import sys

from regeneration.command import main

if __name__ == "__main__":
    sys.exit(main())
