"""The first run: a brief in, a package out.

    python examples/first_run.py brief.md

The run's id is the brief's name, so the same command again resumes what was begun, and pays for nothing twice. It needs
SPECSTEP_API_KEY, or a sandbox (`specstep sandbox` prints what to set).
"""

from __future__ import annotations

import sys
from pathlib import Path

from specstep_flows import SpecStep, errors


def main(brief: Path) -> int:
    with SpecStep() as specstep:
        try:
            result = specstep.run(brief, run_id=brief.stem, profile="Fast", output=f"{brief.stem}.zip", unpack=True)
        except errors.AnswersNeeded as error:
            # Without a policy, a question ends the program and not the run: it waits, and costs nothing.
            for question in error.questions:
                print(question.question)
            print(f"Answer with: specstep answer {error.run_id}")
            return 5
        except errors.SpecStepError as error:
            print(error.message, file=sys.stderr)
            return 1
    print(f"{result.path}, with {len(list(Path(result.unpacked_to or '.').rglob('*.md')))} pages")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
