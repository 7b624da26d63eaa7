"""Rude visitors, in a process of their own: ``python crowd.py KIND URL COUNT SECONDS``."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from tornado.websocket import WebSocketClosedError

sys.path.insert(0, str(Path(__file__).parent.parent))

from page_client import PageClient

GREEDY = "?rate=100000&window=100000&strategy=adam&strategy=sgd"
JUNK = (
    "",
    "{",
    "null",
    "[]",
    '{"msgtype": "PATCH-DOC"}',
    '{"msgid": "1", "msgtype": "NONE"}',
    "\0" * 1000,
    "x" * 100_000,
)
GETS_AT_ONCE = 10


async def lie(url: str, _number: int) -> None:
    """Ask for as much as there is, and say at once of every frame that it and more are painted."""
    client = await PageClient.open(url + GREEDY)
    await client.see()
    while "painted" not in client.ids:
        await client.receive()
    painted = 0
    while (part := await client.socket.read_message()) is not None:
        if isinstance(part, str) and '"PATCH-DOC"' in part[:200]:
            painted += 10
            await client.change("painted", "value", painted)


async def renew(url: str, number: int) -> None:
    """Ask for another run, built from nothing, as soon as there is one."""
    client = await PageClient.open(url + GREEDY)
    await client.see()
    frames = client.frames()
    for seed in range(number, 1_000_000):
        await anext(frames)
        await client.change("seed", "value", seed)


async def stay(url: str, number: int) -> None:
    """Look on as a person does, one after another."""
    await asyncio.sleep(0.1 * number)
    client = await PageClient.open(f"{url}?rate=20")
    await client.see()
    async for _ in client.frames():
        pass


async def send_junk(url: str, number: int) -> None:
    """Join sessions, and send what is no message, again and again."""
    draw = random.Random(number)
    while True:
        client = await PageClient.open(url)
        with suppress(WebSocketClosedError):
            for _ in range(10):
                junk = draw.choice(JUNK)
                await client.socket.write_message(junk, binary=draw.random() < 0.5)
        with suppress(ConnectionError):
            while True:
                await client.receive()


async def get(url: str, number: int) -> None:
    """A plain GET, ten at a time."""
    await asyncio.sleep(number // GETS_AT_ONCE * 0.05)
    await asyncio.to_thread(lambda: urlopen(url).read())


async def main(kind: str, url: str, count: int, seconds: float) -> None:
    """So many of them, for so long."""
    act = {"lie": lie, "renew": renew, "stay": stay, "junk": send_junk, "get": get}[kind]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(act(url, number) for number in range(count)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
