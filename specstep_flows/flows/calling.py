"""Any operation of the API: what costs is looked for in its list before it is sent a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from specstep_flows import errors, events, gateway, models
from specstep_flows.engine import retry
from specstep_flows.engine.effects import Fetch, Report, Sleep
from specstep_flows.runs.attachments import read_attachment, sent_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from specstep_flows.engine.effects import Reply
    from specstep_flows.gateway.any_operation import AnyCall

M = TypeVar("M")
T = TypeVar("T")

#: An addendum takes about 30 seconds (walkthrough, step 6.5), and is listed when it is there.
MADE_WITHIN_SECONDS: Final = 45.0


async def call(operation: Any, *args: Any, **arguments: Any) -> Any:
    """Call an operation by its generated module; its 2xx body as the generated client parses it.

    What is refused for now (a 429) and must not be done twice is sent once more, after the wait, if the list of what
    such calls make shows nothing new; without such a list it is not sent again.

    Raises:
        OutcomeUnknown: it was refused, and something new is listed.
    """
    return (await _carry_out(gateway.prepare(operation, *args, **arguments))).body


async def call_as_sent(operation: Any, **arguments: Any) -> Any:
    """The same, its answer as the JSON that came, None if it is empty, or the bytes of a file."""
    return (await _carry_out(gateway.prepare_as_sent(operation, **arguments))).body


async def read(
    model: type[M],
    operation: str,
    *names: object,
    body: Mapping[str, Any] | None = None,
    known: Mapping[str, object] | None = None,
    **query: object,
) -> M:
    """Call an operation as ``call`` does; its answer as one of our models.

    ``names`` are the parameters of its path, ``body`` the fields of its body, ``query`` the rest; None is left out.
    ``known`` is what the answer need not say.
    """
    whole = gateway.as_model(model, operation, known)
    return await _carry_out(gateway.prepare_to_read(operation, whole, names, body, query))


async def read_list(model: type[M], operation: str, member: str, *names: object, **query: object) -> list[M]:
    """The rows of a list that has no pages, an array or the ``member`` of an object."""
    rows = gateway.as_rows(model, operation, member)
    return await _carry_out(gateway.prepare_to_read(operation, rows, names, query=query))


async def read_organization() -> models.Organization | None:
    """The caller's organization; None where the service says that there is none (204). GET /v1/me/organization"""
    whole = gateway.as_model(models.Organization, "get_my_organization")

    def parse(reply: Reply) -> models.Organization | None:
        # Some servers write nothing, or null, as 200.
        return None if reply.status < 300 and reply.content.strip() in (b"", b"null") else whole(reply)

    return await _carry_out(gateway.prepare_to_read("get_my_organization", parse, ()))


async def read_document(operation: str, *names: object) -> dict[str, Any]:
    """An answer that is a JSON object of any form."""
    return await _carry_out(gateway.prepare_to_read(operation, gateway.as_object(operation), names))


async def read_package_file(package_id: object, path: str) -> models.PackageFileContent:
    """One file of a package. GET /v1/packages/{id}/files/{path}"""
    return await _carry_out(
        gateway.prepare_to_read("get_package_file", gateway.as_file("get_package_file", path), (package_id, path))
    )


async def preview_migration(path: Path) -> models.MigrationPreview:
    """What a migration of an archive would give. POST /v1/doc-migrations/preview

    Raises:
        UsageError: the file cannot be read, or is empty; nothing was sent.
    """
    content = await Fetch(lambda _: read_attachment(path, "archive"))
    return await preview_archive(sent_name(path), content)


async def preview_archive(name: str, content: bytes) -> models.MigrationPreview:
    """What a migration of an archive would give. An answer that does not say where its files would go is none."""
    operation = "preview_doc_migration"
    document, whole = gateway.as_object(operation), gateway.as_model(models.MigrationPreview, operation)

    def parse(reply: Reply) -> models.MigrationPreview:
        if not isinstance(document(reply).get("mapping"), list):
            raise errors.UnexpectedResponse(
                "The service's preview of the migration does not say where the files would go. It made nothing.",
                operation=operation,
                field="mapping",
            )
        return whole(reply)

    archive = gateway.SentFile(name, content)
    return await _carry_out(gateway.prepare_to_read(operation, parse, (), {"file": archive}))


async def change(operation: str, *names: object, body: Mapping[str, Any] | None = None) -> None:
    """Call an operation of whose answer only the success matters."""
    await _carry_out(gateway.prepare_to_read(operation, gateway.success_only, names, body))


async def remove(operation: str, *names: object) -> None:
    """Delete something. Where the answer to an earlier attempt was lost, that it is not there is a success."""
    is_again = False

    async def look() -> None:
        nonlocal is_again
        is_again = True

    try:
        await gateway.prepare_to_read(operation, gateway.success_only, names).send(look)
    except errors.NotFound:
        if not is_again:
            raise


async def _carry_out(prepared: AnyCall[T]) -> T:
    if prepared.request.kind != "unsafe":
        return await prepared.send()
    before = await _listed(prepared)
    try:
        return await prepared.send()
    except errors.RequestError as error:
        wait = None if isinstance(error, errors.NotConnected) else retry.refusal_wait(error)
        if error.ambiguous or (wait is not None and before is None):
            error.add("It may have been carried out, so it is not sent again. Check before you repeat it.")
        if prepared.listed is None or before is None or wait is None:
            raise
        refusal = error
    wait = max(wait, MADE_WITHIN_SECONDS)
    await Report(events.Waiting(refusal.message, wait))
    await Sleep(wait)
    new = sorted((await prepared.listed()) - before)
    if new:
        raise errors.OutcomeUnknown(
            f"{refusal.message} Something new is listed all the same ({', '.join(new)}), so nothing was sent again: "
            "look at it before you pay once more."
        )
    return await prepared.send()


async def _listed(prepared: AnyCall[T]) -> frozenset[str] | None:
    """What such calls have made so far; None where nothing lists it."""
    if prepared.listed is None:
        return None
    try:
        return await prepared.listed()
    except errors.AuthenticationError:
        raise
    except (errors.APIError, errors.UnexpectedResponse):
        return None
