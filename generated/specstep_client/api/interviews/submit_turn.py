from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.submit_turn_response_200 import SubmitTurnResponse200
from ...models.turn_job import TurnJob
from ...models.turn_mode import TurnMode
from ...models.turn_request import TurnRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: UUID,
    *,
    body: TurnRequest,
    mode: TurnMode | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    x_spec_step_turn_mode: TurnMode | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(x_spec_step_turn_mode, Unset):
        headers["X-SpecStep-Turn-Mode"] = str(x_spec_step_turn_mode)

    params: dict[str, Any] = {}

    json_mode: str | Unset = UNSET
    if not isinstance(mode, Unset):
        json_mode = mode.value

    params["mode"] = json_mode

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/interviews/{id}/turns".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | SubmitTurnResponse200 | TurnJob | None:
    if response.status_code == 200:
        response_200 = SubmitTurnResponse200.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = TurnJob.from_dict(response.json())

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | Problem | SubmitTurnResponse200 | TurnJob]:
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
    body: TurnRequest,
    mode: TurnMode | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    x_spec_step_turn_mode: TurnMode | Unset = UNSET,
) -> Response[Any | Problem | SubmitTurnResponse200 | TurnJob]:
    """Submit a turn

     Says something in an interview. The message is committed at once and answered in the background:
    poll the job at `Location`. With an `Idempotency-Key` the same message may be sent again: while the
    first is in flight the answer is 409, afterwards 200 with status cached_replay.

    Args:
        id (UUID): The interview.
        mode (TurnMode | Unset): How the reply to a turn is waited for.
        idempotency_key (str | Unset): Any token that names this message and no other: 1 to 128
            characters of `A-Z a-z 0-9 . _ : -`. Sending the same message again with it never says it
            twice.
        x_spec_step_turn_mode (TurnMode | Unset): How the reply to a turn is waited for.
        body (TurnRequest): What the user says next.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | SubmitTurnResponse200 | TurnJob]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        mode=mode,
        idempotency_key=idempotency_key,
        x_spec_step_turn_mode=x_spec_step_turn_mode,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: TurnRequest,
    mode: TurnMode | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    x_spec_step_turn_mode: TurnMode | Unset = UNSET,
) -> Any | Problem | SubmitTurnResponse200 | TurnJob | None:
    """Submit a turn

     Says something in an interview. The message is committed at once and answered in the background:
    poll the job at `Location`. With an `Idempotency-Key` the same message may be sent again: while the
    first is in flight the answer is 409, afterwards 200 with status cached_replay.

    Args:
        id (UUID): The interview.
        mode (TurnMode | Unset): How the reply to a turn is waited for.
        idempotency_key (str | Unset): Any token that names this message and no other: 1 to 128
            characters of `A-Z a-z 0-9 . _ : -`. Sending the same message again with it never says it
            twice.
        x_spec_step_turn_mode (TurnMode | Unset): How the reply to a turn is waited for.
        body (TurnRequest): What the user says next.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | SubmitTurnResponse200 | TurnJob
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        mode=mode,
        idempotency_key=idempotency_key,
        x_spec_step_turn_mode=x_spec_step_turn_mode,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: TurnRequest,
    mode: TurnMode | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    x_spec_step_turn_mode: TurnMode | Unset = UNSET,
) -> Response[Any | Problem | SubmitTurnResponse200 | TurnJob]:
    """Submit a turn

     Says something in an interview. The message is committed at once and answered in the background:
    poll the job at `Location`. With an `Idempotency-Key` the same message may be sent again: while the
    first is in flight the answer is 409, afterwards 200 with status cached_replay.

    Args:
        id (UUID): The interview.
        mode (TurnMode | Unset): How the reply to a turn is waited for.
        idempotency_key (str | Unset): Any token that names this message and no other: 1 to 128
            characters of `A-Z a-z 0-9 . _ : -`. Sending the same message again with it never says it
            twice.
        x_spec_step_turn_mode (TurnMode | Unset): How the reply to a turn is waited for.
        body (TurnRequest): What the user says next.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | SubmitTurnResponse200 | TurnJob]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        mode=mode,
        idempotency_key=idempotency_key,
        x_spec_step_turn_mode=x_spec_step_turn_mode,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: TurnRequest,
    mode: TurnMode | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    x_spec_step_turn_mode: TurnMode | Unset = UNSET,
) -> Any | Problem | SubmitTurnResponse200 | TurnJob | None:
    """Submit a turn

     Says something in an interview. The message is committed at once and answered in the background:
    poll the job at `Location`. With an `Idempotency-Key` the same message may be sent again: while the
    first is in flight the answer is 409, afterwards 200 with status cached_replay.

    Args:
        id (UUID): The interview.
        mode (TurnMode | Unset): How the reply to a turn is waited for.
        idempotency_key (str | Unset): Any token that names this message and no other: 1 to 128
            characters of `A-Z a-z 0-9 . _ : -`. Sending the same message again with it never says it
            twice.
        x_spec_step_turn_mode (TurnMode | Unset): How the reply to a turn is waited for.
        body (TurnRequest): What the user says next.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | SubmitTurnResponse200 | TurnJob
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            mode=mode,
            idempotency_key=idempotency_key,
            x_spec_step_turn_mode=x_spec_step_turn_mode,
        )
    ).parsed
