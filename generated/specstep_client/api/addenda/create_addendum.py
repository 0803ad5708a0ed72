from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.addendum_created import AddendumCreated
from ...models.create_addendum_request import CreateAddendumRequest
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    id: UUID,
    *,
    body: CreateAddendumRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/packages/{id}/addenda".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AddendumCreated | Any | Problem | None:
    if response.status_code == 200:
        response_200 = AddendumCreated.from_dict(response.json())

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
) -> Response[AddendumCreated | Any | Problem]:
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
    body: CreateAddendumRequest,
) -> Response[AddendumCreated | Any | Problem]:
    """Create an addendum

     Describes one focused change to a finished package in five documents. The call takes about 30
    seconds and costs about 0.40 to 0.50 US dollars; the package keeps its version.

    Args:
        id (UUID): The package.
        body (CreateAddendumRequest): One focused change to a finished package.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AddendumCreated | Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: CreateAddendumRequest,
) -> AddendumCreated | Any | Problem | None:
    """Create an addendum

     Describes one focused change to a finished package in five documents. The call takes about 30
    seconds and costs about 0.40 to 0.50 US dollars; the package keeps its version.

    Args:
        id (UUID): The package.
        body (CreateAddendumRequest): One focused change to a finished package.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AddendumCreated | Any | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: CreateAddendumRequest,
) -> Response[AddendumCreated | Any | Problem]:
    """Create an addendum

     Describes one focused change to a finished package in five documents. The call takes about 30
    seconds and costs about 0.40 to 0.50 US dollars; the package keeps its version.

    Args:
        id (UUID): The package.
        body (CreateAddendumRequest): One focused change to a finished package.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AddendumCreated | Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: CreateAddendumRequest,
) -> AddendumCreated | Any | Problem | None:
    """Create an addendum

     Describes one focused change to a finished package in five documents. The call takes about 30
    seconds and costs about 0.40 to 0.50 US dollars; the package keeps its version.

    Args:
        id (UUID): The package.
        body (CreateAddendumRequest): One focused change to a finished package.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AddendumCreated | Any | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
