"""``specstep report RUN``: a run as one HTML file, and its receipt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specstep_flows._paths import user_path
from specstep_flows.cli.options import complete_run
from specstep_flows.cli.session import Call, open_client, open_store
from specstep_flows.cli.verbs import verb
from specstep_flows.report import check_receipt, collect, default_path, receipt_path, write_receipt, write_report
from specstep_flows.settings import is_loopback

if TYPE_CHECKING:
    from specstep_flows.report import Collected
    from specstep_flows.runs.records import RunRecord


@verb
def report(
    call: Call,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.", autocompletion=complete_run)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File name of the report, or a folder (default: NAME-report.html next to NAME.zip).",
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the service; use only what this machine knows.")
    ] = False,
    receipt: Annotated[bool, typer.Option(help="Also write NAME-receipt.json next to the report.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a report of this run.")] = False,
) -> int:
    """Write a run's report and receipt.

    The report is one HTML file that needs no network: how long each stage took, the cost against the estimate, the
    interview, questions and answers, retries, the refinement audit and the package's files. The receipt is JSON for
    programs. The report's path is written to stdout. Nothing that costs is sent.
    """
    # What may fail here is the report: resuming the run would not help.
    call.run_id, call.is_resumable = run, False
    collected = _collected(call, run, is_offline=offline)
    record = collected.record
    page = None if output is None else user_path(output)
    if page is None or os.path.isdir(page):
        page = default_path(record, page)
    receipt_file = receipt_path(page) if receipt else None
    if receipt_file is not None:
        check_receipt(collected, receipt_file, force=force)
    written = write_report(collected, page, force=force)
    if receipt_file is not None:
        write_receipt(collected, receipt_file, force=force)
        call.terminal.say(f"Receipt: {receipt_file}")
    for gap in collected.gaps:
        call.terminal.say(f"Missing in the report: {gap}")
    call.finish(
        str(written),
        {
            "run_id": record.run_id,
            "report": str(written),
            "receipt": None if receipt_file is None else str(receipt_file),
            "gaps": list(collected.gaps),
        },
        is_exact=True,
    )
    return 0


def _collected(call: Call, run: str, *, is_offline: bool) -> Collected:
    with open_store(call) as store:
        record = store.get(run)
    if is_offline or not _can_ask(call, record):
        return collect(record)
    with open_client(call) as client:
        return collect(record, client)


def _can_ask(call: Call, record: RunRecord) -> bool:
    """Whether the service that this process would talk to is the run's own, with a key."""
    settings = call.settings()
    if settings.api_url != record.api_url:
        # A sandbox ends with its runs: that it is not asked goes without saying.
        if not is_loopback(record.api_url):
            call.terminal.say(f"The run belongs to {record.api_url}, so {settings.api_url} is not asked.")
        return False
    if settings.api_key is None:
        call.terminal.say("No key is set, so the service is not asked.")
        return False
    return True
