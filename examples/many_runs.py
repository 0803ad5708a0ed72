"""Many runs at once, in one process, on one event loop.

    python examples/many_runs.py briefs/*.md

All runs of a key share its limits by themselves. One that fails stops no other, and each can be resumed by its id: call
it again with the same briefs.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from specstep_flows import AsyncSpecStep, ProposedDefaults, RunResult, errors


async def one(specstep: AsyncSpecStep, brief: Path) -> RunResult | errors.SpecStepError:
    try:
        return await specstep.run(
            brief, run_id=brief.stem, profile="Fast", on_question=ProposedDefaults(), output=f"{brief.stem}.zip"
        )
    except errors.SpecStepError as error:
        return error


async def main(briefs: list[Path]) -> int:
    async with AsyncSpecStep() as specstep:
        results = await asyncio.gather(*(one(specstep, brief) for brief in briefs))
    for brief, result in zip(briefs, results, strict=True):
        print(f"{brief.stem}: {result.path if isinstance(result, RunResult) else result.message}")
    return 0 if all(isinstance(result, RunResult) for result in results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main([Path(name) for name in sys.argv[1:]])))
