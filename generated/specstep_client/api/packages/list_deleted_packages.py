from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.package_list import PackageList
from ...models.problem import Problem
from ...models.sort_order import SortOrder
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order: SortOrder | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["offset"] = offset

    json_order: str | Unset = UNSET
    if not isinstance(order, Unset):
        json_order = order.value

    params["order"] = json_order

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/packages/deleted",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | PackageList | Problem | None:
    if response.status_code == 200:
        response_200 = PackageList.from_dict(response.json())

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
) -> Response[Any | PackageList | Problem]:
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
    offset: int | Unset = UNSET,
    order: SortOrder | Unset = UNSET,
) -> Response[Any | PackageList | Problem]:
    """List the deleted packages

     The packages in the recycle bin.

    Args:
        limit (int | Unset): How many packages to return. The server takes 50 when it is left out.
        offset (int | Unset): How many rows to skip. The server takes 0 when it is left out.
        order (SortOrder | Unset): In which order rows come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackageList | Problem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        offset=offset,
        order=order,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order: SortOrder | Unset = UNSET,
) -> Any | PackageList | Problem | None:
    """List the deleted packages

     The packages in the recycle bin.

    Args:
        limit (int | Unset): How many packages to return. The server takes 50 when it is left out.
        offset (int | Unset): How many rows to skip. The server takes 0 when it is left out.
        order (SortOrder | Unset): In which order rows come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackageList | Problem
    """

    return sync_detailed(
        client=client,
        limit=limit,
        offset=offset,
        order=order,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order: SortOrder | Unset = UNSET,
) -> Response[Any | PackageList | Problem]:
    """List the deleted packages

     The packages in the recycle bin.

    Args:
        limit (int | Unset): How many packages to return. The server takes 50 when it is left out.
        offset (int | Unset): How many rows to skip. The server takes 0 when it is left out.
        order (SortOrder | Unset): In which order rows come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | PackageList | Problem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        offset=offset,
        order=order,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order: SortOrder | Unset = UNSET,
) -> Any | PackageList | Problem | None:
    """List the deleted packages

     The packages in the recycle bin.

    Args:
        limit (int | Unset): How many packages to return. The server takes 50 when it is left out.
        offset (int | Unset): How many rows to skip. The server takes 0 when it is left out.
        order (SortOrder | Unset): In which order rows come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | PackageList | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            offset=offset,
            order=order,
        )
    ).parsed
