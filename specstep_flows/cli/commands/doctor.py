"""``specstep doctor``: what is set, where it came from, and whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows.cli import exits
from specstep_flows.cli.verbs import Call, verb

if TYPE_CHECKING:
    import typer

    from specstep_flows.cli.checks import Finding

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this verb to the command."""
    verb(app)(doctor)


def doctor(call: Call) -> int:
    """Check settings, store, key, quota and clock.

    It says where each setting came from, and what your own past generations cost. Nothing is sent that costs. The exit
    code is that of the first check that fails.
    """
    from specstep_flows.cli import checks

    try:
        settings = call.settings()
    except errors.SettingsError as error:
        return _report(call, [], [checks.Finding.failed("settings", error)])
    findings = [
        *checks.settings_findings(settings),
        checks.store_finding(settings),
        *checks.service_findings(settings),
    ]
    return _report(call, checks.setting_rows(settings), findings)


def _report(call: Call, rows: list[dict[str, Any]], findings: list[Finding]) -> int:
    from specstep_flows.cli.documents import plain
    from specstep_flows.cli.tables import table

    code = next((finding.code for finding in findings if finding.verdict == "fail"), exits.DONE)
    parts = [
        table(("SETTING", "VALUE", "FROM"), [(row["name"], row["value"], row["source"]) for row in rows])
        if rows
        else "",
        table(("CHECK", "", ""), [(finding.name, finding.verdict, finding.text) for finding in findings]),
    ]
    call.finish(
        "\n\n".join(part for part in parts if part),
        {
            "code": "ok" if code == exits.DONE else "failed",
            "exit_code": code,
            "settings": rows,
            "checks": [plain(finding) for finding in findings],
        },
    )
    return code
