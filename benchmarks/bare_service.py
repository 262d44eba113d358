"""A FastAPI endpoint that returns a constant: what HTTP alone costs. `python -m … PORT`."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()
ANSWER = b'{"priority": "P1"}'


@app.post("/v1/triage")
async def triage(request: Request) -> Response:
    """Read the body and answer the same whatever it says."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
