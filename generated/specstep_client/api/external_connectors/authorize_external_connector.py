from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.authorize_connector_request import AuthorizeConnectorRequest
from ...models.connector_authorization import ConnectorAuthorization
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    provider: str,
    *,
    body: AuthorizeConnectorRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/external-connectors/{provider}/authorize".format(
            provider=quote(str(provider), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ConnectorAuthorization | Problem | None:
    if response.status_code == 200:
        response_200 = ConnectorAuthorization.from_dict(response.json())

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
) -> Response[Any | ConnectorAuthorization | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    provider: str,
    *,
    client: AuthenticatedClient,
    body: AuthorizeConnectorRequest,
) -> Response[Any | ConnectorAuthorization | Problem]:
    """Authorize a connector

     Begins to connect a folder: the answer says where the user signs in with the provider.

    Args:
        provider (str): Whose folder to connect, in kebab case.
        body (AuthorizeConnectorRequest): For which interview a folder is connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorAuthorization | Problem]
    """

    kwargs = _get_kwargs(
        provider=provider,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    provider: str,
    *,
    client: AuthenticatedClient,
    body: AuthorizeConnectorRequest,
) -> Any | ConnectorAuthorization | Problem | None:
    """Authorize a connector

     Begins to connect a folder: the answer says where the user signs in with the provider.

    Args:
        provider (str): Whose folder to connect, in kebab case.
        body (AuthorizeConnectorRequest): For which interview a folder is connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorAuthorization | Problem
    """

    return sync_detailed(
        provider=provider,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    provider: str,
    *,
    client: AuthenticatedClient,
    body: AuthorizeConnectorRequest,
) -> Response[Any | ConnectorAuthorization | Problem]:
    """Authorize a connector

     Begins to connect a folder: the answer says where the user signs in with the provider.

    Args:
        provider (str): Whose folder to connect, in kebab case.
        body (AuthorizeConnectorRequest): For which interview a folder is connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ConnectorAuthorization | Problem]
    """

    kwargs = _get_kwargs(
        provider=provider,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    provider: str,
    *,
    client: AuthenticatedClient,
    body: AuthorizeConnectorRequest,
) -> Any | ConnectorAuthorization | Problem | None:
    """Authorize a connector

     Begins to connect a folder: the answer says where the user signs in with the provider.

    Args:
        provider (str): Whose folder to connect, in kebab case.
        body (AuthorizeConnectorRequest): For which interview a folder is connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ConnectorAuthorization | Problem
    """

    return (
        await asyncio_detailed(
            provider=provider,
            client=client,
            body=body,
        )
    ).parsed
