from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.status_subscribe_request import StatusSubscribeRequest
from ...models.status_subscription import StatusSubscription
from ...types import Response


def _get_kwargs(
    *,
    body: StatusSubscribeRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/status/subscribe",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | StatusSubscription | None:
    if response.status_code == 200:
        response_200 = StatusSubscription.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | StatusSubscription]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: StatusSubscribeRequest,
) -> Response[Problem | StatusSubscription]:
    """Subscribe to the status

     Sends news about the service to an address, once it is confirmed. The answer does not tell whether
    the address was known. At most 5 requests in 15 minutes from one IP address.

    Args:
        body (StatusSubscribeRequest): Where to send news about the service.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StatusSubscription]
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
    client: AuthenticatedClient | Client,
    body: StatusSubscribeRequest,
) -> Problem | StatusSubscription | None:
    """Subscribe to the status

     Sends news about the service to an address, once it is confirmed. The answer does not tell whether
    the address was known. At most 5 requests in 15 minutes from one IP address.

    Args:
        body (StatusSubscribeRequest): Where to send news about the service.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StatusSubscription
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: StatusSubscribeRequest,
) -> Response[Problem | StatusSubscription]:
    """Subscribe to the status

     Sends news about the service to an address, once it is confirmed. The answer does not tell whether
    the address was known. At most 5 requests in 15 minutes from one IP address.

    Args:
        body (StatusSubscribeRequest): Where to send news about the service.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StatusSubscription]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: StatusSubscribeRequest,
) -> Problem | StatusSubscription | None:
    """Subscribe to the status

     Sends news about the service to an address, once it is confirmed. The answer does not tell whether
    the address was known. At most 5 requests in 15 minutes from one IP address.

    Args:
        body (StatusSubscribeRequest): Where to send news about the service.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StatusSubscription
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
