from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.commit_connector_request import CommitConnectorRequest
from ...models.connector_committed import ConnectorCommitted
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    pending_id: UUID,
    *,
    body: CommitConnectorRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/external-connectors/pending/{pending_id}/commit".format(
            pending_id=quote(str(pending_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ConnectorCommitted | Problem | None:
    if response.status_code == 200:
        response_200 = ConnectorCommitted.from_dict(response.json())

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

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | ConnectorCommitted | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    body: CommitConnectorRequest,
) -> Response[Any | ConnectorCommitted | Problem]:
    """Commit a connector

     Connects the chosen folder and reads it for the first time.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        body (CommitConnectorRequest): Which folder to connect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorCommitted | Problem]
    """

    kwargs = _get_kwargs(
        pending_id=pending_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    body: CommitConnectorRequest,
) -> Any | ConnectorCommitted | Problem | None:
    """Commit a connector

     Connects the chosen folder and reads it for the first time.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        body (CommitConnectorRequest): Which folder to connect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorCommitted | Problem
    """

    return sync_detailed(
        pending_id=pending_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    body: CommitConnectorRequest,
) -> Response[Any | ConnectorCommitted | Problem]:
    """Commit a connector

     Connects the chosen folder and reads it for the first time.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        body (CommitConnectorRequest): Which folder to connect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorCommitted | Problem]
    """

    kwargs = _get_kwargs(
        pending_id=pending_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    pending_id: UUID,
    *,
    client: AuthenticatedClient,
    body: CommitConnectorRequest,
) -> Any | ConnectorCommitted | Problem | None:
    """Commit a connector

     Connects the chosen folder and reads it for the first time.

    Args:
        pending_id (UUID): The sign-in that waits for a folder; it expires after 15 minutes.
        body (CommitConnectorRequest): Which folder to connect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorCommitted | Problem
    """

    return (
        await asyncio_detailed(
            pending_id=pending_id,
            client=client,
            body=body,
        )
    ).parsed
