from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.generation_conversation import GenerationConversation
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: UUID,
    *,
    take: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["take"] = take

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/generations/{id}/conversation".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | GenerationConversation | Problem | None:
    if response.status_code == 200:
        response_200 = GenerationConversation.from_dict(response.json())

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
) -> Response[Any | GenerationConversation | Problem]:
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
    take: int | Unset = UNSET,
) -> Response[Any | GenerationConversation | Problem]:
    """Get the conversation of the agents

     What the agents do, call by call, told for people.

    Args:
        id (UUID): The generation.
        take (int | Unset): How many of the latest calls to return; all when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | GenerationConversation | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        take=take,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    take: int | Unset = UNSET,
) -> Any | GenerationConversation | Problem | None:
    """Get the conversation of the agents

     What the agents do, call by call, told for people.

    Args:
        id (UUID): The generation.
        take (int | Unset): How many of the latest calls to return; all when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | GenerationConversation | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        take=take,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    take: int | Unset = UNSET,
) -> Response[Any | GenerationConversation | Problem]:
    """Get the conversation of the agents

     What the agents do, call by call, told for people.

    Args:
        id (UUID): The generation.
        take (int | Unset): How many of the latest calls to return; all when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | GenerationConversation | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        take=take,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    take: int | Unset = UNSET,
) -> Any | GenerationConversation | Problem | None:
    """Get the conversation of the agents

     What the agents do, call by call, told for people.

    Args:
        id (UUID): The generation.
        take (int | Unset): How many of the latest calls to return; all when it is left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | GenerationConversation | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            take=take,
        )
    ).parsed
