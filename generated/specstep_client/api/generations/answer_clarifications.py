from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.answers_accepted import AnswersAccepted
from ...models.clarification_answers import ClarificationAnswers
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    id: UUID,
    *,
    body: ClarificationAnswers,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/generations/{id}/clarifications/answers".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AnswersAccepted | Any | Problem | None:
    if response.status_code == 202:
        response_202 = AnswersAccepted.from_dict(response.json())

        return response_202

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
) -> Response[AnswersAccepted | Any | Problem]:
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
    body: ClarificationAnswers,
) -> Response[AnswersAccepted | Any | Problem]:
    """Answer the clarifications

     Answers all open questions at once, each repeated letter for letter, and lets the generation go on
    at the next tick. Until then it stays paused.

    Args:
        id (UUID): The generation.
        body (ClarificationAnswers): The answers to all open questions at once.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnswersAccepted | Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: ClarificationAnswers,
) -> AnswersAccepted | Any | Problem | None:
    """Answer the clarifications

     Answers all open questions at once, each repeated letter for letter, and lets the generation go on
    at the next tick. Until then it stays paused.

    Args:
        id (UUID): The generation.
        body (ClarificationAnswers): The answers to all open questions at once.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnswersAccepted | Any | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: ClarificationAnswers,
) -> Response[AnswersAccepted | Any | Problem]:
    """Answer the clarifications

     Answers all open questions at once, each repeated letter for letter, and lets the generation go on
    at the next tick. Until then it stays paused.

    Args:
        id (UUID): The generation.
        body (ClarificationAnswers): The answers to all open questions at once.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnswersAccepted | Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: ClarificationAnswers,
) -> AnswersAccepted | Any | Problem | None:
    """Answer the clarifications

     Answers all open questions at once, each repeated letter for letter, and lets the generation go on
    at the next tick. Until then it stays paused.

    Args:
        id (UUID): The generation.
        body (ClarificationAnswers): The answers to all open questions at once.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnswersAccepted | Any | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
