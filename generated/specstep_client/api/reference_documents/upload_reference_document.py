from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.reference_document import ReferenceDocument
from ...models.reference_document_upload import ReferenceDocumentUpload
from ...types import Response


def _get_kwargs(
    interview_id: UUID,
    *,
    body: ReferenceDocumentUpload,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/interviews/{interview_id}/reference-documents".format(
            interview_id=quote(str(interview_id), safe=""),
        ),
    }

    _kwargs["files"] = body.to_multipart()

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | ReferenceDocument | None:
    if response.status_code == 201:
        response_201 = ReferenceDocument.from_dict(response.json())

        return response_201

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
) -> Response[Any | Problem | ReferenceDocument]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    interview_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReferenceDocumentUpload,
) -> Response[Any | Problem | ReferenceDocument]:
    """Upload a reference document

     Attaches a document to an interview, as context for the agents.

    Args:
        interview_id (UUID): The interview that the documents are attached to.
        body (ReferenceDocumentUpload): A document that gives the interview more context.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | ReferenceDocument]
    """

    kwargs = _get_kwargs(
        interview_id=interview_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    interview_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReferenceDocumentUpload,
) -> Any | Problem | ReferenceDocument | None:
    """Upload a reference document

     Attaches a document to an interview, as context for the agents.

    Args:
        interview_id (UUID): The interview that the documents are attached to.
        body (ReferenceDocumentUpload): A document that gives the interview more context.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | ReferenceDocument
    """

    return sync_detailed(
        interview_id=interview_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    interview_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReferenceDocumentUpload,
) -> Response[Any | Problem | ReferenceDocument]:
    """Upload a reference document

     Attaches a document to an interview, as context for the agents.

    Args:
        interview_id (UUID): The interview that the documents are attached to.
        body (ReferenceDocumentUpload): A document that gives the interview more context.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | ReferenceDocument]
    """

    kwargs = _get_kwargs(
        interview_id=interview_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    interview_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReferenceDocumentUpload,
) -> Any | Problem | ReferenceDocument | None:
    """Upload a reference document

     Attaches a document to an interview, as context for the agents.

    Args:
        interview_id (UUID): The interview that the documents are attached to.
        body (ReferenceDocumentUpload): A document that gives the interview more context.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | ReferenceDocument
    """

    return (
        await asyncio_detailed(
            interview_id=interview_id,
            client=client,
            body=body,
        )
    ).parsed
