from http import HTTPStatus
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import File, Response


def _get_kwargs(
    id: UUID,
    path: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/packages/{id}/files/{path}".format(
            id=quote(str(id), safe=""),
            path=quote(str(path), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | File | Problem | None:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = cast(Any, None)
        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | File | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: UUID,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | File | Problem]:
    """Get a file of a package

     The bytes of one file of at most 256 KB; a larger one is refused with 400, and the zip has to be
    downloaded. The path keeps its slashes: the service takes everything after `files/`.

    Args:
        id (UUID): The package.
        path (str): Where the file lies in the package, with its slashes. `..` is refused.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        path=path,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Any | File | Problem | None:
    """Get a file of a package

     The bytes of one file of at most 256 KB; a larger one is refused with 400, and the zip has to be
    downloaded. The path keeps its slashes: the service takes everything after `files/`.

    Args:
        id (UUID): The package.
        path (str): Where the file lies in the package, with its slashes. `..` is refused.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return sync_detailed(
        id=id,
        path=path,
        client=client,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | File | Problem]:
    """Get a file of a package

     The bytes of one file of at most 256 KB; a larger one is refused with 400, and the zip has to be
    downloaded. The path keeps its slashes: the service takes everything after `files/`.

    Args:
        id (UUID): The package.
        path (str): Where the file lies in the package, with its slashes. `..` is refused.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        path=path,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    path: str,
    *,
    client: AuthenticatedClient,
) -> Any | File | Problem | None:
    """Get a file of a package

     The bytes of one file of at most 256 KB; a larger one is refused with 400, and the zip has to be
    downloaded. The path keeps its slashes: the service takes everything after `files/`.

    Args:
        id (UUID): The package.
        path (str): Where the file lies in the package, with its slashes. `..` is refused.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            path=path,
            client=client,
        )
    ).parsed
