from http import HTTPStatus
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.explanation_format import ExplanationFormat
from ...models.problem import Problem
from ...types import UNSET, File, Response


def _get_kwargs(
    id: UUID,
    *,
    audience: str,
    format_: ExplanationFormat,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["audience"] = audience

    json_format_ = format_.value
    params["format"] = json_format_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/packages/{id}/explain/download".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | File | Problem | None:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

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
) -> Response[Any | File | Problem]:
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
    audience: str,
    format_: ExplanationFormat,
) -> Response[Any | File | Problem]:
    """Download an explanation

     An explanation that has been written, as a file named `specstep-explanation-<audience>.<ext>`.
    Nothing is written by this call.

    Args:
        id (UUID): The package.
        audience (str): The slug of the audience.
        format_ (ExplanationFormat): In which form an explanation is downloaded.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        audience=audience,
        format_=format_,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    audience: str,
    format_: ExplanationFormat,
) -> Any | File | Problem | None:
    """Download an explanation

     An explanation that has been written, as a file named `specstep-explanation-<audience>.<ext>`.
    Nothing is written by this call.

    Args:
        id (UUID): The package.
        audience (str): The slug of the audience.
        format_ (ExplanationFormat): In which form an explanation is downloaded.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        audience=audience,
        format_=format_,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    audience: str,
    format_: ExplanationFormat,
) -> Response[Any | File | Problem]:
    """Download an explanation

     An explanation that has been written, as a file named `specstep-explanation-<audience>.<ext>`.
    Nothing is written by this call.

    Args:
        id (UUID): The package.
        audience (str): The slug of the audience.
        format_ (ExplanationFormat): In which form an explanation is downloaded.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        audience=audience,
        format_=format_,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    audience: str,
    format_: ExplanationFormat,
) -> Any | File | Problem | None:
    """Download an explanation

     An explanation that has been written, as a file named `specstep-explanation-<audience>.<ext>`.
    Nothing is written by this call.

    Args:
        id (UUID): The package.
        audience (str): The slug of the audience.
        format_ (ExplanationFormat): In which form an explanation is downloaded.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            audience=audience,
            format_=format_,
        )
    ).parsed
