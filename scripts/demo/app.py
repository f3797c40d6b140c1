"""app.py - the demo application: a small shop with real routes, some slow and some failing."""
# SPDX-License-Identifier: MIT
import asyncio
import itertools
import random
import uuid

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse

import tasks

app = FastAPI(title="Demo shop", version="1.0.0", docs_url=None, redoc_url=None)
ITEMS = {number: {"id": number, "name": f"item {number}", "price_cents": 100 + 37 * number}
         for number in range(1, 41)}
flaky_calls = itertools.count(1)


@app.get("/")
async def index():
    return {"shop": "demo", "items": len(ITEMS)}


@app.get("/v1/items")
async def list_items():
    return list(ITEMS.values())


@app.get("/v1/items/{number}")
async def get_item(number: int):
    if number not in ITEMS:
        raise HTTPException(404, "no such item")
    return ITEMS[number]


@app.get("/v1/orders/{order}")
async def get_order(order: uuid.UUID):
    await asyncio.sleep(random.uniform(0.005, 0.03))
    return {"id": str(order), "state": "shipped"}


@app.post("/v1/orders", status_code=201)
async def create_order():
    return {"id": str(uuid.uuid4()), "state": "new"}


@app.get("/v1/slow")
async def slow():
    await asyncio.sleep(0.7)
    return {"slept_ms": 700}


@app.get("/v1/flaky")
async def flaky():
    """Fails every fifth time, so that there is an error rate to look at."""
    if next(flaky_calls) % 5 == 0:
        return JSONResponse({"error": "the demo fails here on purpose"}, 500)
    return {"luck": True}


@app.post("/v1/report", status_code=202)
@app.get("/v1/report", status_code=202)
def enqueue_report():
    """A plain function, run by a thread: the broker may take its time."""
    try:
        tasks.report.apply_async(retry=False)
    except tasks.app.connection_for_write().connection_errors as error:
        raise HTTPException(503, "the broker does not answer") from error
    return {"queued": True}


@app.get("/internal/health")
async def health():
    """Touches no dependency: whether this process serves, and nothing else."""
    return {"status": "ok"}
