from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.doc_migration_preview import DocMigrationPreview
from ...models.doc_migration_upload import DocMigrationUpload
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: DocMigrationUpload,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/doc-migrations/preview",
    }

    _kwargs["files"] = body.to_multipart()

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | DocMigrationPreview | Problem | None:
    if response.status_code == 200:
        response_200 = DocMigrationPreview.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = cast(Any, None)
        return response_401

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | DocMigrationPreview | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: DocMigrationUpload,
) -> Response[Any | DocMigrationPreview | Problem]:
    """Preview a migration

     Says where the files of an archive would go in a package. Nothing is kept. Added 2026-05-27.

    Args:
        body (DocMigrationUpload): Existing documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | DocMigrationPreview | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: DocMigrationUpload,
) -> Any | DocMigrationPreview | Problem | None:
    """Preview a migration

     Says where the files of an archive would go in a package. Nothing is kept. Added 2026-05-27.

    Args:
        body (DocMigrationUpload): Existing documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | DocMigrationPreview | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: DocMigrationUpload,
) -> Response[Any | DocMigrationPreview | Problem]:
    """Preview a migration

     Says where the files of an archive would go in a package. Nothing is kept. Added 2026-05-27.

    Args:
        body (DocMigrationUpload): Existing documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | DocMigrationPreview | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: DocMigrationUpload,
) -> Any | DocMigrationPreview | Problem | None:
    """Preview a migration

     Says where the files of an archive would go in a package. Nothing is kept. Added 2026-05-27.

    Args:
        body (DocMigrationUpload): Existing documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | DocMigrationPreview | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
