"""``specstep package …``: packages at the service, and what is in them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli.agreement import agree_to_pay
from specstep_flows.cli.any_operation import ask_object, ask_service
from specstep_flows.cli.options import Yes
from specstep_flows.cli.output import rows_of, show_facts, show_rows
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import group, verb

Package = Annotated[str, typer.Argument(metavar="PACKAGE", help="The package's id.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most N.")]


@verb
def list_(
    call: Call,
    limit: Limit = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the recycle bin instead.")] = False,
) -> int:
    """List the account's packages."""
    answer = ask_service(call, "list_deleted_packages" if deleted else "list_packages", limit=limit)
    columns = ("id", "project_name", "version", "generation_state", "addenda_count")
    return show_rows(call, answer, columns, "packages")


@verb
def show(call: Call, package: Package) -> int:
    """Show a package's record."""
    return show_facts(call, ask_service(call, "get_package", id=package), "package")


@verb
def files(call: Call, package: Package) -> int:
    """List the files in a package."""
    return show_rows(call, ask_service(call, "list_package_files", id=package), ("path", "size_bytes"), "files")


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
        answer = ask_service(call, "search_package", id=package, q=words, limit=limit)
        return show_rows(call, _unmarked(answer), ("file_path", "snippet"), "results")
    answer = ask_service(call, "search_packages", q=words, limit=limit)
    hits = [
        {"package_id": row.get("package_id"), "project_name": row.get("project_name"), **hit}
        for row in rows_of(answer)
        for hit in row.get("files") or []
    ]
    return show_rows(call, _unmarked(hits), ("package_id", "project_name", "file_path", "snippet"), "results")


@verb
def addenda(call: Call, package: Package) -> int:
    """List the change addenda of a package."""
    columns = ("id", "title", "cost_usd", "created_at")
    return show_rows(call, ask_service(call, "list_addenda", id=package), columns, "addenda")


@verb
def addendum(
    call: Call,
    package: Package,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="The change in one line.")],
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="The change in full.")],
    yes: Yes = False,
) -> int:
    """Draft a change addendum to a package.

    The addendum's id is written to stdout. It costs about $0.50.
    """
    agree_to_pay(call, f"Draft an addendum to package {package}", yes, "It costs about $0.50.")
    try:
        answer = ask_object(call, "create_addendum", "addendum_id", id=package, title=title, description=description)
    except errors.RequestError as error:
        if error.ambiguous:
            error.add(f"`specstep package addenda {package}` shows whether the addendum is there; each one costs.")
        raise
    # Its download_url is signed and works for anyone, so it is shown nowhere.
    document = {name: answer.get(name) for name in ("addendum_id", "cost_usd")}
    call.finish(str(document["addendum_id"]), {"addendum": document})
    return 0


@verb
def audiences(call: Call) -> int:
    """List explanation audiences."""
    columns = ("slug", "display_name", "description")
    return show_rows(call, ask_service(call, "list_explain_audiences"), columns, "audiences")


@verb
def explain(
    call: Call,
    package: Package,
    audience: Annotated[str, typer.Argument(metavar="AUDIENCE", help="executive, investor, new-engineer, ...")],
    yes: Yes = False,
) -> int:
    """Explain a package to an audience.

    The explanation is written to stdout as Markdown. The first one for each audience costs about $0.05.
    """
    cost = "It costs about $0.05, unless this audience has an explanation already."
    agree_to_pay(call, f"Explain package {package} to {call.terminal.line(audience)}", yes, cost)
    answer = ask_object(call, "explain_package", "markdown", id=package, audience=audience)
    call.finish(str(answer["markdown"]), {"explanation": answer})
    return 0


@verb
def explanations(call: Call, package: Package) -> int:
    """List a package's existing explanations."""
    columns = ("id", "audience", "cost_usd", "created_at")
    return show_rows(call, ask_service(call, "list_explanations", id=package), columns, "explanations")


@verb
def deliver(call: Call, package: Package) -> int:
    """Deliver a package as a pull request.

    On a new branch of the repository that is set up at the service.
    """
    return show_facts(call, ask_service(call, "deliver_package", id=package), "delivery")


def _unmarked(answer: Any) -> list[dict[str, Any]]:
    """Snippets without the service's ``<mark>``."""
    return [
        {**row, "snippet": str(row.get("snippet") or "").replace("<mark>", "").replace("</mark>", "")}
        for row in rows_of(answer)
    ]


package = group(
    "List, read and search packages at the service.",
    *(list_, show, files, file, search, addenda, addendum, audiences, explain, explanations, deliver),
)
