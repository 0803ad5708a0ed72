"""A web backend: users order packages, a webhook of the service wakes their runs, and a restart loses none.

    SPECSTEP_WEBHOOK_SECRET=whsec_... uvicorn --app-dir examples web_backend:app

PUT /orders/{order} with the brief as its body starts a run once, however often it is sent; GET says how far it is. Only
starlette and uvicorn are needed, which the extra `sandbox` brings.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from specstep_flows import AsyncSpecStep, ProposedDefaults, RunStore, errors
from specstep_flows.webhooks import Receiver, WebhookDelivery

store = RunStore("state")
specstep = AsyncSpecStep(store=store)
driving: dict[str, asyncio.Task[None]] = {}


async def drive(order: str, brief: str | None) -> None:
    """From wherever the run is to its package. What fails here is resumed at the next start."""
    try:
        if brief is None:
            await specstep.resume(order, on_question=ProposedDefaults())
        else:
            await specstep.run(
                brief, run_id=order, profile="Fast", on_question=ProposedDefaults(), output=f"packages/{order}.zip"
            )
    except errors.SpecStepError as error:
        print(order, error.code, error.message)
    finally:
        driving.pop(order, None)


def start(order: str, brief: str | None = None) -> None:
    if order not in driving:
        driving[order] = asyncio.create_task(drive(order, brief))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """What an earlier process has left is resumed; what is under way at the end is left to the next."""
    for record in store.all():
        if not record.is_finished:
            start(record.run_id)
    async with specstep:
        yield
        for task in list(driving.values()):
            task.cancel()
        await asyncio.gather(*driving.values(), return_exceptions=True)


async def put(request: Request) -> JSONResponse:
    start(request.path_params["order"], (await request.body()).decode())
    return JSONResponse({"status": "accepted"}, status_code=202)


async def get(request: Request) -> JSONResponse:
    try:
        record = store.get(request.path_params["order"])
    except errors.RunNotFound:
        return JSONResponse({"status": "unknown"}, status_code=404)
    return JSONResponse({"is_done": record.is_finished, "state": record.generation_state, "file": record.file})


def on_delivery(delivery: WebhookDelivery) -> None:
    """The runs of this store are woken before this is called; it is for your own purposes."""
    print(delivery.event)


app = Starlette(
    routes=[
        Route("/orders/{order}", put, methods=["PUT"]),
        Route("/orders/{order}", get, methods=["GET"]),
        Route("/specstep-hook", Receiver(on_delivery, os.environ["SPECSTEP_WEBHOOK_SECRET"], store=store)),
    ],
    lifespan=lifespan,
)
