"""A step of CI: start a run, or carry on with it; never wait for a person, and say in the summary what is missing.

    python examples/ci_step.py brief.md package.zip

The id is made of the brief's content, so another commit with the same brief resumes the same run, and a changed brief
is a new one. Keep SPECSTEP_STATE in the cache between jobs. It ends with 0 when the package is there, or when it is
only a matter of time or of an answer: the next job carries on.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from specstep_flows import AnswersFile, SpecStep, errors

ANSWERS = Path("answers.yaml")


def main(brief: Path, output: Path) -> int:
    run_id = f"ci-{hashlib.sha256(brief.read_bytes()).hexdigest()[:12]}"
    policy = AnswersFile.load(ANSWERS) if ANSWERS.exists() else None
    with SpecStep() as specstep:
        try:
            result = specstep.run(
                brief,
                run_id=run_id,
                profile="Fast",
                on_question=policy,
                max_cost_usd=5.0,
                timeout="50m",
                output=output,
                force=True,
            )
        except errors.AnswersNeeded as error:
            asked = "".join(f"- {question.question}\n" for question in error.questions)
            return summary(f"Run {run_id} waits for answers in {ANSWERS}, and costs nothing meanwhile:\n\n{asked}")
        except errors.Detached:
            return summary(f"Run {run_id} is still at work: run this job again.")
    return summary(f"{result.path} ({result.size_bytes:,} bytes, {result.project_name})")


def summary(text: str) -> int:
    """On the page of the job, or on stdout."""
    if (page := os.environ.get("GITHUB_STEP_SUMMARY")) is not None:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    print(text)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
