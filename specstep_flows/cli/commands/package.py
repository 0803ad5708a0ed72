"""``specstep package …``: packages at the service, and what is in them."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._paths import file_word, shell_word
from specstep_flows._text import heading
from specstep_flows.cli.agreement import Agreement
from specstep_flows.cli.any_operation import ask_rows, ask_service, rows_in
from specstep_flows.cli.arguments import STANDARD_INPUT, given_brief
from specstep_flows.cli.migrating import Wanted, migrate_documents, show_migration
from specstep_flows.cli.options import Force, Unpack, Yes, amount, file_path, given, output_path
from specstep_flows.cli.output import show_facts, show_rows
from specstep_flows.cli.session import Call, open_client, told_at_end
from specstep_flows.cli.verbs import group, verb
from specstep_flows.models import EXPLANATION_FORMS as FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specstep_flows.cli.arguments import GivenBrief
    from specstep_flows.models import SavedFile

Package = Annotated[str, typer.Argument(metavar="PACKAGE", help="The package's id.")]
Audience = Annotated[str, typer.Argument(metavar="AUDIENCE", help="executive, investor, new-engineer, ...")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="md, txt, pdf or docx (default: as --output ends).")
]
MaxPrice = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", parser=amount, help="Send nothing if it may cost more than this."),
]
_OUTPUT: Any = {"metavar": "PATH", "parser": output_path}
ZipOutput = Annotated[
    PurePath | None,
    typer.Option("--output", "-o", **_OUTPUT, help="Also save its zip: a file name, or a folder for it."),
]
ZipPath = Annotated[
    PurePath | None,
    typer.Option("--output", "-o", **_OUTPUT, help="File name of the zip, or a folder for it (default: here)."),
]
TextOutput = Annotated[
    PurePath | None,
    typer.Option("--output", "-o", **_OUTPUT, help="Save it: a file name that ends in the format, or a folder for it."),
]
TextPath = Annotated[
    PurePath | None,
    typer.Option(
        "--output", "-o", **_OUTPUT, help="A file name that ends in the format, or a folder for it (default: here)."
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Another one, and pay for it, even if it is there already.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most N.")]


@verb
def list_(
    call: Call,
    limit: Limit = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the recycle bin instead.")] = False,
) -> int:
    """List the account's packages."""
    found = ask_rows(call, "list_deleted_packages" if deleted else "list_packages", "packages", limit=limit)
    columns = ("id", "project_name", "version", "generation_state", "addenda_count")
    return show_rows(call, found, columns, "packages")


@verb
def show(call: Call, package: Package) -> int:
    """Show a package's record."""
    return show_facts(call, ask_service(call, "get_package", id=package), "package")


@verb
def files(call: Call, package: Package) -> int:
    """List the files in a package."""
    return show_rows(call, ask_rows(call, "list_package_files", "files", id=package), ("path", "size_bytes"), "files")


@verb
def file(
    call: Call,
    package: Package,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The file's path in the package.")],
) -> int:
    """Write one file of a package to stdout.

    Unchanged. Files above 256 KB are only in the whole package.
    """
    answer = ask_service(call, "get_package_file", id=package, path=path)
    content = answer if isinstance(answer, bytes) else str(answer or "").encode()
    if call.json:
        call.terminal.document({"path": path, "text": content.decode("utf-8", "replace")})
    else:
        call.terminal.result_bytes(content)
    return 0


@verb
def search(
    call: Call,
    words: Annotated[str, typer.Argument(metavar="QUERY", help='Words, "quoted phrases", OR, and -without.')],
    package: Annotated[str | None, typer.Option("--package", metavar="ID", help="Only in this package.")] = None,
    limit: Limit = None,
) -> int:
    """Search the text of all packages, or of one."""
    if package is not None:
        found = ask_rows(call, "search_package", "results", id=package, q=words, limit=limit)
        return show_rows(call, _unmarked(found), ("file_path", "snippet"), "results")
    hits = [
        {"package_id": row.get("package_id"), "project_name": row.get("project_name"), **hit}
        for row in ask_rows(call, "search_packages", "results", q=words, limit=limit)
        for hit in (rows_in(row["files"], "search_packages", "files") if row.get("files") else ())
    ]
    return show_rows(call, _unmarked(hits), ("package_id", "project_name", "file_path", "snippet"), "results")


@verb
def addenda(call: Call, package: Package) -> int:
    """List the change addenda of a package."""
    columns = ("id", "title", "cost_usd", "created_at")
    return show_rows(call, ask_rows(call, "list_addenda", "addenda", id=package), columns, "addenda")


@verb
def addendum(
    call: Call,
    package: Package,
    change: Annotated[
        str | None, typer.Argument(metavar="[CHANGE]", help="The change in full: text, a file, or - for stdin.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="CHANGE is the text itself.")] = False,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="The change in one line (default: CHANGE's first).")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="The same as CHANGE with --text.")
    ] = None,
    output: ZipOutput = None,
    unpack: Unpack = None,
    force: Force = None,
    max_cost: MaxPrice = None,
    again: Again = False,
    yes: Yes = False,
) -> int:
    """Draft a change addendum to a package.

    One change, in about 30 seconds. It costs about $0.50. Its id is written to stdout, or with --output the path of its
    zip. The same change of the same package is drafted and paid for once: the same command again settles what became of
    it, and shows it.
    """
    if change is not None and description is not None:
        raise errors.UsageError("CHANGE and --description are the same thing: give one of them. Nothing was sent.")
    is_file = description is None and not text
    whole = given_brief(
        call,
        change if description is None else description,
        is_text=not is_file,
        what="change",
        missing="Say what to change",
    )
    described = whole.messages[0].strip()
    line = title or _title_of(described)
    options = _typed(title=title, output=output, unpack=unpack, force=force, max_cost=max_cost, again=again)
    call.same_again = f"package addendum {package} {_typed_change(whole)}{options} --yes"
    call.changeable = "the package's id, the title or the change"
    what = f"Draft the addendum {call.terminal.line(repr(line))} to package {package}"
    agreement = Agreement(call, what, yes, "It costs about $0.50.")
    with open_client(call) as client, told_at_end(again):
        made = client.add_addendum(
            package,
            line,
            described,
            output=file_path(output) or "." if output is not None or unpack else None,
            unpack=bool(unpack),
            force=bool(force),
            again=again,
            confirm=agreement,
            max_cost_usd=max_cost,
        )
        document = {name: value for name, value in as_json(made).items() if name not in ("id", "saved")}
        _finish_saved(call, made.saved, str(made.id), {"addendum": {"addendum_id": str(made.id), **document}})
    agreement.tell(made.cost_usd)
    return 0


@verb
def download_addendum(
    call: Call,
    package: Package,
    addendum: Annotated[str, typer.Argument(metavar="ADDENDUM", help="The addendum's id.")],
    output: ZipPath = None,
    unpack: Unpack = None,
    force: Force = None,
) -> int:
    """Download an addendum's zip.

    It is verified before it gets its name, and its path is written to stdout. It costs nothing.
    """
    with open_client(call) as client:
        saved = client.download_addendum(
            package, addendum, output=file_path(output), unpack=bool(unpack), force=bool(force)
        )
    _finish_saved(call, saved, None, {})
    return 0


@verb
def audiences(call: Call) -> int:
    """List explanation audiences."""
    columns = ("slug", "display_name", "description")
    return show_rows(call, ask_rows(call, "list_explain_audiences", "audiences"), columns, "audiences")


@verb
def explain(
    call: Call,
    package: Package,
    audience: Audience,
    form: Format = None,
    output: TextOutput = None,
    force: Force = None,
    max_cost: MaxPrice = None,
    yes: Yes = False,
) -> int:
    """Explain a package to an audience.

    The first one for each audience costs about $0.05. It is written to stdout as Markdown; with --output or --format it
    is saved, and its path is. The same command again settles what became of an answer that was lost, and pays once.
    """
    chosen = _chosen_form(form, output)
    cost = "It costs about $0.05, unless this audience has an explanation already."
    agreement = Agreement(call, f"Explain package {package} to {call.terminal.line(audience)}", yes, cost)
    options = _typed(format=form, output=output, force=force, max_cost=max_cost)
    call.same_again = f"package explain {package} {shell_word(audience)}{options} --yes"
    call.changeable = "the package's id, or the audience (`specstep package audiences` lists them)"
    with open_client(call) as client:
        made = client.explain_package(
            package,
            audience,
            output=None if form is None and output is None else file_path(output) or ".",
            format=chosen,
            force=bool(force),
            confirm=agreement,
            max_cost_usd=max_cost,
        )
    document = {name: value for name, value in as_json(made).items() if name != "saved"}
    _finish_saved(call, made.saved, made.markdown, {"explanation": document})
    agreement.tell(made.cost_usd)
    return 0


@verb
def download_explanation(
    call: Call,
    package: Package,
    audience: Audience,
    form: Format = None,
    output: TextPath = None,
    force: Force = None,
) -> int:
    """Save an explanation that exists already.

    Its path is written to stdout. It costs nothing; `specstep package explain` has one written.
    """
    with open_client(call) as client:
        saved = client.download_explanation(
            package, audience, format=_chosen_form(form, output), output=file_path(output), force=bool(force)
        )
    _finish_saved(call, saved, None, {})
    return 0


@verb
def migrate(
    call: Call,
    archive: Annotated[Path, typer.Argument(metavar="ZIP", help="Existing documents, at most 16 MB.")],
    overrides: Annotated[
        Path | None,
        typer.Option("--overrides", metavar="FILE", help="Where files go instead, as YAML or JSON: FROM: TO."),
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="X.Y.Z", help="The package's version (default: 1.0.0).")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="ID", help="The project (default: your default project).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show where each file would go.")] = False,
    again: Again = False,
    yes: Yes = False,
) -> int:
    """Make a package of existing documents.

    First it is shown where each file would go, and how sure the service is of it. Where several files claim one place,
    or no package can have a file of that name, you are asked; off a terminal --overrides says it. Then the package is
    made, and its id is written to stdout. No generation is run. The same command again makes nothing twice: it settles
    what became of an answer that was lost.
    """
    wanted = Wanted(archive, overrides, version, project, again)
    return show_migration(call, wanted) if dry_run else migrate_documents(call, wanted, yes)


@verb
def explanations(call: Call, package: Package) -> int:
    """List a package's existing explanations."""
    columns = ("id", "audience", "cost_usd", "created_at")
    return show_rows(call, ask_rows(call, "list_explanations", "explanations", id=package), columns, "explanations")


@verb
def deliver(call: Call, package: Package) -> int:
    """Deliver a package as a pull request.

    On a new branch of the repository that is set up at the service.
    """
    return show_facts(call, ask_service(call, "deliver_package", id=package), "delivery")


def _typed(**options: object) -> str:
    """Options as they are typed: what was not given is left out, and what is True has no value."""
    return "".join(
        f" --{name.replace('_', '-')}" + ("" if value is True else f" {shell_word(value)}")
        for name, value in given(options).items()
    )


def _typed_change(whole: GivenBrief) -> str:
    """The change as it is typed again: its file, or its text."""
    if whole.source is not None:
        return "-" if whole.source == STANDARD_INPUT else file_word(whole.source)
    text = shell_word(whole.messages[0])
    return f"--description {text}" if whole.messages[0].startswith("-") else f"{text} --text"


def _title_of(description: str) -> str:
    """A change in one line: its first, as far as a title may go (walkthrough, step 6.5)."""
    from specstep_flows.flows.addendum import LONGEST_TITLE

    first = heading(description.partition("\n")[0]) or heading(description)
    return first if len(first) <= LONGEST_TITLE else f"{first[: LONGEST_TITLE - 1]}…"


def _chosen_form(form: str | None, output: PurePath | None) -> str:
    """The form that was asked for, else the one that the file's name ends in, else Markdown."""
    if form is not None:
        return form.casefold()
    ending = "" if output is None else output.suffix.lstrip(".").lower()
    return ending if ending in FORMS else "md"


def _finish_saved(call: Call, saved: SavedFile | None, text: str | None, document: Mapping[str, Any]) -> None:
    """The result: the path of what was saved, else ``text``."""
    if saved is None:
        call.finish(text, {"code": "done", **document})
    else:
        call.finish(str(saved.path), {"code": "done", **document, **as_json(saved)}, is_exact=True)


def _unmarked(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Snippets without the service's ``<mark>``."""
    return [
        {**row, "snippet": str(row.get("snippet") or "").replace("<mark>", "").replace("</mark>", "")} for row in rows
    ]


package = group(
    "List, read and search packages at the service.",
    *(list_, show, files, file, search, addenda, addendum, download_addendum),
    *(audiences, explain, explanations, download_explanation, migrate, deliver),
)
