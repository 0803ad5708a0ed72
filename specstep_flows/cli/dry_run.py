"""``specstep run --dry-run``: everything is checked and told, and nothing is sent that costs or leaves a trace."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._network import check_downloads
from specstep_flows._paths import user_path, working_folder
from specstep_flows._text import counted, money
from specstep_flows.cli import exits
from specstep_flows.cli.estimate import accepted, read_before_paying
from specstep_flows.cli.options import OnQuestion
from specstep_flows.cli.questions import load_answers
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specstep_flows.cli.arguments import GivenBrief
    from specstep_flows.cli.driver import Driver
    from specstep_flows.cli.options import KickoffOptions, RunningOptions


#: What each way of answering questions does.
_ON_QUESTION: Final = {
    OnQuestion.ask: "ask you",
    OnQuestion.defaults: "take the proposed default",
    OnQuestion.detach: "stop and exit 5",
    OnQuestion.fail: "fail and exit 5",
}


def rehearse(
    driver: Driver,
    brief: GivenBrief,
    attachments: Sequence[Path],
    kickoff: KickoffOptions,
    running: RunningOptions,
    run_id: str | None,
) -> int:
    """Check what ``run`` would check, and say what it would do.

    GET /v1/me, GET /v1/usage, GET /v1/generations, GET /v1/capabilities

    Raises:
        SpecStepError: what ``run`` would raise before it pays.
    """
    from specstep_flows.flows.job import spelled_choices
    from specstep_flows.runs.opening import new_record, new_run_id, run_options

    client, call = driver.client, driver.call
    options = run_options(**kickoff.given(), **running.given())
    record = new_record(brief.messages, attachments, options, run_id or new_run_id(), client.settings.api_url)
    load_answers(driver.answers)
    target = _target(running.output, bool(running.force))
    where = f"save the package {'as' if target.suffix == '.zip' else 'in'} {target}"
    if driver.is_piped:
        where = "write the package to stdout"
    check_downloads(client.settings.api_url)
    account = client.get_account()
    if options.profile is None:
        options = attrs.evolve(options, profile=client.settings.profile)
    options = spelled_choices(options, accepted(client))
    profile = options.profile or DEFAULT_PROFILE
    lines, document = read_before_paying(client, profile)
    turns = counted(len(record.messages), "turn")
    documents = f" and {counted(len(record.attachments), 'document')}" if record.attachments else ""
    limit = f" (cancelled above {money(options.max_cost_usd)})" if options.max_cost_usd else ""
    from_file = "answer from the file, else " if driver.answers else ""
    plan = [
        f"API key accepted ({account.display_name or account.user_id or 'no name given'}, "
        f"plan {account.plan or 'unknown'}).",
        *lines,
        f"{brief.words()}.",
        f"Would run an interview of {turns}{documents}, start one {profile} generation{limit}, and {where}.",
        f"If asked a question: {from_file}{_ON_QUESTION[driver.on_question]}.",
        "Dry run: nothing was started or charged.",
    ]
    call.finish(
        "\n".join(plan),
        {
            "code": "dry_run",
            "account": as_json(account),
            **document,
            "brief": {"source": brief.source, "characters": len(brief.messages[0])},
            "turns": len(record.messages),
            "attachments": list(record.attachments),
            "profile": profile,
            "output": "-" if driver.is_piped else str(target),
        },
    )
    return exits.DONE


def _target(output: PurePath | None, force: bool) -> Path:
    """Where the package would go, if that can be written. Nothing is made."""
    from specstep_flows.package.disk import LONGEST_ENDING, refuse_taken

    target = working_folder() if output is None else user_path(output)
    is_file = target.suffix.lower() == ".zip" and not os.path.isdir(target)
    if is_file:
        refuse_taken(target, force, ". Choose another --output, or --force to replace it.")
    folder = target.parent if is_file else target
    there = next(parent for parent in (folder, *folder.parents) if os.path.lexists(parent))
    if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
        raise errors.UsageError(f"The folder {folder} cannot be written; choose another --output. Nothing was started.")
    names = [*folder.relative_to(there).parts, f"{target.name}{LONGEST_ENDING}" if is_file else "."]
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.lstat(there / name)
    except OSError as error:
        raise errors.UsageError(
            f"{target} cannot be written ({error.strerror}); choose another --output. Nothing was started."
        ) from None
    return target
