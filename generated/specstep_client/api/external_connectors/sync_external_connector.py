from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.connector_synced import ConnectorSynced
from ...models.problem import Problem
from ...models.sync_connector_request import SyncConnectorRequest
from ...types import Response


def _get_kwargs(
    connector_id: UUID,
    *,
    body: SyncConnectorRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/external-connectors/{connector_id}/sync".format(
            connector_id=quote(str(connector_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ConnectorSynced | Problem | None:
    if response.status_code == 200:
        response_200 = ConnectorSynced.from_dict(response.json())

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
) -> Response[Any | ConnectorSynced | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    connector_id: UUID,
    *,
    client: AuthenticatedClient,
    body: SyncConnectorRequest,
) -> Response[Any | ConnectorSynced | Problem]:
    """Synchronise a connected folder

     Reads a connected folder into an interview again.

    Args:
        connector_id (UUID): The connector.
        body (SyncConnectorRequest): Into which interview to synchronise a folder.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorSynced | Problem]
    """

    kwargs = _get_kwargs(
        connector_id=connector_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    connector_id: UUID,
    *,
    client: AuthenticatedClient,
    body: SyncConnectorRequest,
) -> Any | ConnectorSynced | Problem | None:
    """Synchronise a connected folder

     Reads a connected folder into an interview again.

    Args:
        connector_id (UUID): The connector.
        body (SyncConnectorRequest): Into which interview to synchronise a folder.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorSynced | Problem
    """

    return sync_detailed(
        connector_id=connector_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    connector_id: UUID,
    *,
    client: AuthenticatedClient,
    body: SyncConnectorRequest,
) -> Response[Any | ConnectorSynced | Problem]:
    """Synchronise a connected folder

     Reads a connected folder into an interview again.

    Args:
        connector_id (UUID): The connector.
        body (SyncConnectorRequest): Into which interview to synchronise a folder.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorSynced | Problem]
    """

    kwargs = _get_kwargs(
        connector_id=connector_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    connector_id: UUID,
    *,
    client: AuthenticatedClient,
    body: SyncConnectorRequest,
) -> Any | ConnectorSynced | Problem | None:
    """Synchronise a connected folder

     Reads a connected folder into an interview again.

    Args:
        connector_id (UUID): The connector.
        body (SyncConnectorRequest): Into which interview to synchronise a folder.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorSynced | Problem
    """

    return (
        await asyncio_detailed(
            connector_id=connector_id,
            client=client,
            body=body,
        )
    ).parsed
