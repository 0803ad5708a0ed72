from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.external_folder_list import ExternalFolderList
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    pending_id: UUID,
    *,
    parent: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["parent"] = parent

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/external-connectors/pending/{pending_id}/folders".format(
            pending_id=quote(str(pending_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ExternalFolderList | Problem | None:
    if response.status_code == 200:
        response_200 = ExternalFolderList.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = cast(Any, None)
        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | ExternalFolderList | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    parent: str | Unset = UNSET,
) -> Response[Any | ExternalFolderList | Problem]:
    """List the folders at a provider

     One level of folders, for a picker.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        parent (str | Unset): The folder whose folders to list; the root when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExternalFolderList | Problem]
    """

    kwargs = _get_kwargs(
        pending_id=pending_id,
        parent=parent,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    parent: str | Unset = UNSET,
) -> Any | ExternalFolderList | Problem | None:
    """List the folders at a provider

     One level of folders, for a picker.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        parent (str | Unset): The folder whose folders to list; the root when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExternalFolderList | Problem
    """

    return sync_detailed(
        pending_id=pending_id,
        client=client,
        parent=parent,
    ).parsed


async def asyncio_detailed(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    parent: str | Unset = UNSET,
) -> Response[Any | ExternalFolderList | Problem]:
    """List the folders at a provider

     One level of folders, for a picker.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        parent (str | Unset): The folder whose folders to list; the root when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExternalFolderList | Problem]
    """

    kwargs = _get_kwargs(
        pending_id=pending_id,
        parent=parent,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    parent: str | Unset = UNSET,
) -> Any | ExternalFolderList | Problem | None:
    """List the folders at a provider

     One level of folders, for a picker.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        parent (str | Unset): The folder whose folders to list; the root when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExternalFolderList | Problem
    """

    return (
        await asyncio_detailed(
            pending_id=pending_id,
            client=client,
            parent=parent,
        )
    ).parsed
