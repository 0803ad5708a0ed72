from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.retention_preference import RetentionPreference
from ...models.update_retention_preference_request import (
    UpdateRetentionPreferenceRequest,
)
from ...types import Response


def _get_kwargs(
    *,
    body: UpdateRetentionPreferenceRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/users/me/retention-preference",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | RetentionPreference | None:
    if response.status_code == 200:
        response_200 = RetentionPreference.from_dict(response.json())

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
) -> Response[Any | Problem | RetentionPreference]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: UpdateRetentionPreferenceRequest,
) -> Response[Any | Problem | RetentionPreference]:
    """Update the retention preference

     Says how long new packages are kept. Existing ones are not touched. Added 2026-05-14.

    Args:
        body (UpdateRetentionPreferenceRequest): How long new packages are to be kept. Added
            2026-05-14.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | RetentionPreference]
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
    body: UpdateRetentionPreferenceRequest,
) -> Any | Problem | RetentionPreference | None:
    """Update the retention preference

     Says how long new packages are kept. Existing ones are not touched. Added 2026-05-14.

    Args:
        body (UpdateRetentionPreferenceRequest): How long new packages are to be kept. Added
            2026-05-14.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | RetentionPreference
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: UpdateRetentionPreferenceRequest,
) -> Response[Any | Problem | RetentionPreference]:
    """Update the retention preference

     Says how long new packages are kept. Existing ones are not touched. Added 2026-05-14.

    Args:
        body (UpdateRetentionPreferenceRequest): How long new packages are to be kept. Added
            2026-05-14.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | RetentionPreference]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: UpdateRetentionPreferenceRequest,
) -> Any | Problem | RetentionPreference | None:
    """Update the retention preference

     Says how long new packages are kept. Existing ones are not touched. Added 2026-05-14.

    Args:
        body (UpdateRetentionPreferenceRequest): How long new packages are to be kept. Added
            2026-05-14.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | RetentionPreference
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
