"""One run for a whole web application, with FastAPI: its states as server-sent events, and its keys as POST requests.

    pip install fastapi uvicorn websockets
    uvicorn --app-dir examples web_api:app
    curl -N localhost:8000/states
    curl -X POST localhost:8000/pause

A browser reads `/states` with `new EventSource("/states")`, or the websocket `/live`.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from stream_adam import Transport, broadcast, stream

SOURCE, STRATEGY = "swinging_soft() + normal(0.5)", "adam"
transport = Transport(rate=20)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The run lasts as long as the application; it begins with the first who looks on."""
    async with broadcast(stream(SOURCE, STRATEGY, seed=1, transport=transport)) as hub:
        app.state.hub = hub
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/states")
async def states() -> StreamingResponse:
    """Every state from now on, an event each."""

    async def events() -> AsyncIterator[str]:
        async for state in app.state.hub.reader():
            yield f"data: {json.dumps(state.asdict())}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


@app.websocket("/live")
async def live(socket: WebSocket) -> None:
    """The same, a message each."""
    await socket.accept()
    try:
        async for state in app.state.hub.reader():
            await socket.send_json(state.asdict())
    except WebSocketDisconnect:
        pass


@app.post("/pause")
async def pause() -> None:
    """Hold the run, for everybody."""
    transport.pause()


@app.post("/play")
async def play() -> None:
    """Let it go on."""
    transport.play()
