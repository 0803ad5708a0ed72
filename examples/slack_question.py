"""A message in Slack when a run waits for an answer. The program ends, and the run waits for days if it must.

    SLACK_URL=https://hooks.slack.com/services/... python examples/slack_question.py brief.md

Whoever reads it answers with the command in the message, and this program, started again, carries on. Post it to a
channel whose members may see the brief.
"""

from __future__ import annotations

import html
import os
import sys
from pathlib import Path

import httpx

from specstep_flows import SpecStep, errors


def escaped(text: str) -> str:
    """Text as Slack shows it: <!channel> in a question would call everybody."""
    return html.escape(text, quote=False).replace("\n", "\n> ")


def message(error: errors.AnswersNeeded) -> str:
    asked = [
        f"> {escaped(one.question)}\nproposed: _{escaped(one.proposed_default or 'nothing')}_"
        for one in error.questions
    ]
    ending = f"`specstep answer {error.run_id}`, then `specstep resume {error.run_id}`"
    return "\n".join([f"*Run {error.run_id} waits.* Nothing is spent meanwhile.", *asked, ending])


def main(brief: Path) -> int:
    with SpecStep() as specstep:
        try:
            result = specstep.run(brief, run_id=brief.stem, profile="Fast", output=f"{brief.stem}.zip")
        except errors.AnswersNeeded as error:
            httpx.post(os.environ["SLACK_URL"], json={"text": message(error)}, timeout=10.0).raise_for_status()
            return 5
    print(result.path)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
