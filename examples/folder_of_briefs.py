"""A batch that can be stopped at any moment: one run for each brief of a folder, one after the other.

    python examples/folder_of_briefs.py briefs packages

A package that is there is left alone. A run that was begun is resumed by its name, whatever ended the program that
began it, and is never paid for twice. A brief that changed after its run began is refused, not paid for again: give the
new one another name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from specstep_flows import ProposedDefaults, SpecStep, errors


def main(briefs: Path, packages: Path) -> int:
    left = 0
    with SpecStep() as specstep:
        for brief in sorted(briefs.glob("*.md")):
            package = packages / f"{brief.stem}.zip"
            if package.exists():
                continue
            try:
                result = specstep.run(
                    brief, run_id=brief.stem, profile="Fast", on_question=ProposedDefaults(), output=package
                )
            except (errors.AuthenticationError, errors.QuotaExceeded):
                raise  # no other brief would fare better
            except errors.SpecStepError as error:
                left += 1
                print(f"{brief.stem}: {error.message}", file=sys.stderr)
            else:
                print(f"{brief.stem}: {result.path}")
    return 1 if left else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
