from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.packages_search_results import PackagesSearchResults
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
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
        "url": "/v1/packages/search",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | PackagesSearchResults | Problem | None:
    if response.status_code == 200:
        response_200 = PackagesSearchResults.from_dict(response.json())

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
) -> Response[Any | PackagesSearchResults | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Response[Any | PackagesSearchResults | Problem]:
    """Search all packages

     Finds words in the files of all packages of the caller.

    Args:
        limit (int | Unset): How many packages to return, at most 25. The server takes 10 when it
            is left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackagesSearchResults | Problem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        q=q,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Any | PackagesSearchResults | Problem | None:
    """Search all packages

     Finds words in the files of all packages of the caller.

    Args:
        limit (int | Unset): How many packages to return, at most 25. The server takes 10 when it
            is left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackagesSearchResults | Problem
    """

    return sync_detailed(
        client=client,
        limit=limit,
        q=q,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Response[Any | PackagesSearchResults | Problem]:
    """Search all packages

     Finds words in the files of all packages of the caller.

    Args:
        limit (int | Unset): How many packages to return, at most 25. The server takes 10 when it
            is left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackagesSearchResults | Problem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        q=q,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    q: str | Unset = UNSET,
) -> Any | PackagesSearchResults | Problem | None:
    """Search all packages

     Finds words in the files of all packages of the caller.

    Args:
        limit (int | Unset): How many packages to return, at most 25. The server takes 10 when it
            is left out.
        q (str | Unset): What to search for: quoted phrases, `OR` for alternatives, `-` before a
            word to exclude it. Case does not matter, and English words are found in all their forms.
            An empty query finds nothing.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackagesSearchResults | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            q=q,
        )
    ).parsed
