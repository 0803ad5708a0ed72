from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.package_search_results import PackageSearchResults
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: UUID,
    *,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["q"] = q

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/packages/{id}/search".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | PackageSearchResults | Problem | None:
    if response.status_code == 200:
        response_200 = PackageSearchResults.from_dict(response.json())

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
) -> Response[Any | PackageSearchResults | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Response[Any | PackageSearchResults | Problem]:
    """Search a package

     Finds words in the files of one package.

    Args:
        id (UUID): The package.
        limit (int | Unset): How many files to return, at most 50. The server takes 20 when it is
            left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackageSearchResults | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        limit=limit,
        q=q,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Any | PackageSearchResults | Problem | None:
    """Search a package

     Finds words in the files of one package.

    Args:
        id (UUID): The package.
        limit (int | Unset): How many files to return, at most 50. The server takes 20 when it is
            left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackageSearchResults | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        limit=limit,
        q=q,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Response[Any | PackageSearchResults | Problem]:
    """Search a package

     Finds words in the files of one package.

    Args:
        id (UUID): The package.
        limit (int | Unset): How many files to return, at most 50. The server takes 20 when it is
            left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackageSearchResults | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        limit=limit,
        q=q,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Any | PackageSearchResults | Problem | None:
    """Search a package

     Finds words in the files of one package.

    Args:
        id (UUID): The package.
        limit (int | Unset): How many files to return, at most 50. The server takes 20 when it is
            left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackageSearchResults | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            limit=limit,
            q=q,
        )
    ).parsed
