"""``--dry-run``: everything is checked and told, and nothing is sent that costs or leaves a trace."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._network import check_downloads
from specstep_flows._paths import place_of, user_path, working_folder
from specstep_flows._text import counted, money
from specstep_flows.cli import exits
from specstep_flows.cli.estimate import accepted, read_before_paying
from specstep_flows.cli.options import OnQuestion
from specstep_flows.cli.output import status_of
from specstep_flows.cli.questions import load_answers
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specstep_flows._paths import ObjectUrl
    from specstep_flows.cli.arguments import GivenBrief, Target
    from specstep_flows.cli.driver import Driver
    from specstep_flows.cli.options import KickoffOptions, RunningOptions
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Account
    from specstep_flows.runs.records import RunRecord

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

    client = driver.client
    options = run_options(**kickoff.given(), **running.given())
    record = new_record(brief.messages, attachments, options, run_id or new_run_id(), client.settings.api_url)
    with contextlib.suppress(errors.RunNotFound):
        # A fleet may have the run of that id.
        client.store.get(record.run_id)
    load_answers(driver.answers)
    target = _target(running.output, bool(running.force))
    account = _account(client)
    if options.profile is None:
        options = attrs.evolve(options, profile=client.settings.profile)
    options = spelled_choices(options, accepted(client))
    profile = options.profile or DEFAULT_PROFILE
    limit = f" (cancelled above {money(options.max_cost_usd)})" if options.max_cost_usd else ""
    what = f"Would run an interview of {_said(record)}, start one {profile} generation{limit}"
    return _tell(driver, brief, account, record, profile, target, what)


def rehearse_update(
    driver: Driver,
    target: Target,
    brief: GivenBrief,
    attachments: Sequence[Path],
    running: RunningOptions,
    run_id: str | None,
    again: bool,
) -> int:
    """The same for ``update``, which the same command may have begun already.

    GET /v1/me, GET /v1/generations/{id}, GET /v1/usage, GET /v1/generations

    Raises:
        SpecStepError: what ``update`` would raise before it pays.
    """
    from specstep_flows.runs import opening

    client = driver.client
    options = opening.run_options(**running.given())
    before, generation_id = target.record, target.generation_id
    if before is not None:
        opening.at_service(before, client.settings.api_url)
        generation_id = generation_id or opening.generation_to_update(before)
    assert generation_id is not None
    wanted = opening.update_record(brief.messages, attachments, options, generation_id, run_id, client.settings.api_url)
    wanted, is_there = opening.find_update(client.store, wanted, run_id, again)
    load_answers(driver.answers)
    account = _account(client)
    if is_there:
        known = client.store.get(wanted.run_id)
        opening.check_same(known, wanted)
        wanted = attrs.evolve(wanted, options=attrs.evolve(wanted.options, output=options.output or known.file))
        what = f"Would resume run {known.run_id}, which is this update ({status_of(known)})"
    else:
        wanted = opening.new_update(client.get_generation(generation_id), before, wanted)
        limit = f" (cancelled above {money(options.max_cost_usd)})" if options.max_cost_usd else ""
        what = f"Would run an interview of {_said(wanted)}, update generation {generation_id} from it{limit}"
    profile = wanted.options.profile or DEFAULT_PROFILE
    place = place_of(wanted.options.output) if wanted.options.output else working_folder()
    if isinstance(place, Path) and not is_there:
        place = _target(place, bool(running.force))
    more = {"generation_id": str(generation_id), "run_id": wanted.run_id if is_there else None}
    return _tell(driver, brief, account, wanted, profile, place, what, more)


def _account(client: SpecStep) -> Account:
    check_downloads(client.settings.api_url)
    return client.get_account()


def _said(record: RunRecord) -> str:
    documents = f" and {counted(len(record.attachments), 'document')}" if record.attachments else ""
    return f"{counted(len(record.messages), 'turn')}{documents}"


def _tell(
    driver: Driver,
    brief: GivenBrief,
    account: Account,
    record: RunRecord,
    profile: str,
    target: Path | ObjectUrl,
    what: str,
    more: Mapping[str, object] | None = None,
) -> int:
    """The plan: ``what`` is done before the package arrives, ``more`` is for programs."""
    lines, document = read_before_paying(driver.client, profile)
    where = f"save the package {'as' if str(target).endswith('.zip') else 'in'} {target}"
    if driver.is_piped:
        where = "write the package to stdout"
    from_file = "answer from the file, else " if driver.answers else ""
    plan = [
        f"API key accepted ({account.display_name or account.user_id or 'no name given'}, "
        f"plan {account.plan or 'unknown'}).",
        *lines,
        f"{brief.words()}.",
        f"{what}, and {where}.",
        f"If asked a question: {from_file}{_ON_QUESTION[driver.on_question]}.",
        "Dry run: nothing was started or charged.",
    ]
    driver.call.finish(
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
            **(more or {}),
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
