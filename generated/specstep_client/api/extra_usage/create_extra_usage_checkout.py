from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.extra_usage_checkout import ExtraUsageCheckout
from ...models.extra_usage_checkout_request import ExtraUsageCheckoutRequest
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: ExtraUsageCheckoutRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/me/extra-usage/checkout",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ExtraUsageCheckout | Problem | None:
    if response.status_code == 200:
        response_200 = ExtraUsageCheckout.from_dict(response.json())

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

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | ExtraUsageCheckout | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ExtraUsageCheckoutRequest,
) -> Response[Any | ExtraUsageCheckout | Problem]:
    """Create a checkout

     Begins to pay for more balance: the answer says where. Added 2026-05-14.

    Args:
        body (ExtraUsageCheckoutRequest): How much to add to the balance.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExtraUsageCheckout | Problem]
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
    body: ExtraUsageCheckoutRequest,
) -> Any | ExtraUsageCheckout | Problem | None:
    """Create a checkout

     Begins to pay for more balance: the answer says where. Added 2026-05-14.

    Args:
        body (ExtraUsageCheckoutRequest): How much to add to the balance.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExtraUsageCheckout | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ExtraUsageCheckoutRequest,
) -> Response[Any | ExtraUsageCheckout | Problem]:
    """Create a checkout

     Begins to pay for more balance: the answer says where. Added 2026-05-14.

    Args:
        body (ExtraUsageCheckoutRequest): How much to add to the balance.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ExtraUsageCheckout | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ExtraUsageCheckoutRequest,
) -> Any | ExtraUsageCheckout | Problem | None:
    """Create a checkout

     Begins to pay for more balance: the answer says where. Added 2026-05-14.

    Args:
        body (ExtraUsageCheckoutRequest): How much to add to the balance.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ExtraUsageCheckout | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
