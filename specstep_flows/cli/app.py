"""The command line as a whole: every verb and group, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from specstep_flows.cli import interview_command as interview
from specstep_flows.cli import report_command as report
from specstep_flows.cli.commands import adopt, answer, api, doctor, generation, package, run, runs, sandbox, webhook

__all__ = ["app"]

app = typer.Typer(
    name="specstep",
    help="SpecStep from the command line: a brief becomes a documentation package on disk.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from specstep_flows import __version__

        typer.echo(f"specstep {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """SpecStep from the command line: a brief becomes a documentation package on disk."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for family in (run, interview, runs, adopt, answer, report, generation, package, webhook, api, sandbox, doctor):
    family.register(app)
