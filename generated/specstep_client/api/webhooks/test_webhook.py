from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.webhook_test import WebhookTest
from ...types import Response


def _get_kwargs(
    api_key_id: UUID,
    webhook_id: UUID,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/api-keys/{api_key_id}/webhooks/{webhook_id}/test".format(
            api_key_id=quote(str(api_key_id), safe=""),
            webhook_id=quote(str(webhook_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | WebhookTest | None:
    if response.status_code == 200:
        response_200 = WebhookTest.from_dict(response.json())

        return response_200

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
) -> Response[Any | Problem | WebhookTest]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    api_key_id: UUID,
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Problem | WebhookTest]:
    """Test a webhook

     Sends a `webhook.test` event through the same signing and delivery as any other and says how it
    went.

    Args:
        api_key_id (UUID): The API key that the subscriptions belong to.
        webhook_id (UUID): The subscription.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | WebhookTest]
    """

    kwargs = _get_kwargs(
        api_key_id=api_key_id,
        webhook_id=webhook_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    api_key_id: UUID,
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Any | Problem | WebhookTest | None:
    """Test a webhook

     Sends a `webhook.test` event through the same signing and delivery as any other and says how it
    went.

    Args:
        api_key_id (UUID): The API key that the subscriptions belong to.
        webhook_id (UUID): The subscription.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | WebhookTest
    """

    return sync_detailed(
        api_key_id=api_key_id,
        webhook_id=webhook_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    api_key_id: UUID,
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Problem | WebhookTest]:
    """Test a webhook

     Sends a `webhook.test` event through the same signing and delivery as any other and says how it
    went.

    Args:
        api_key_id (UUID): The API key that the subscriptions belong to.
        webhook_id (UUID): The subscription.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | WebhookTest]
    """

    kwargs = _get_kwargs(
        api_key_id=api_key_id,
        webhook_id=webhook_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    api_key_id: UUID,
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Any | Problem | WebhookTest | None:
    """Test a webhook

     Sends a `webhook.test` event through the same signing and delivery as any other and says how it
    went.

    Args:
        api_key_id (UUID): The API key that the subscriptions belong to.
        webhook_id (UUID): The subscription.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | WebhookTest
    """

    return (
        await asyncio_detailed(
            api_key_id=api_key_id,
            webhook_id=webhook_id,
            client=client,
        )
    ).parsed
