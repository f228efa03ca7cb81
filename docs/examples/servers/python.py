"""Prices of shares, on Python's `websockets`: a snapshot in binary, then twenty updates a second.

    PORT   the port (default: any free one; the address is printed)
    TOKEN  the token, in the query of the URL (default: letmein)
    BREAK  a defect, by the names below: .ci/examples shows that the scenario finds each of them
"""

import asyncio
import json
import os
import struct
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

TOKEN = os.environ.get("TOKEN", "letmein")
SHARES = {"ACME": 1200, "INIT": 455, "ZETA": 990}  # in cents


def broken(defect):
    return os.environ.get("BREAK") == defect


def admit(connection, request):
    """Refuses a request without the token."""
    if broken("status-503"):
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "starting\n")
    if parse_qs(urlsplit(request.path).query).get("token") != [TOKEN]:
        return connection.respond(HTTPStatus.FORBIDDEN, "the token is wrong or missing\n")
    return None


async def feed(socket):
    """Takes one subscription, sends its prices, ends when asked to."""
    try:
        symbols = json.loads(await socket.recv())["subscribe"]
    except ConnectionClosed:
        return
    unknown = [symbol for symbol in symbols if symbol not in SHARES]
    if unknown:
        await socket.close(4004, f"unknown symbol: {', '.join(unknown)}")
        return
    await socket.send(snapshot(symbols))
    updates = asyncio.create_task(update(socket, symbols))
    try:
        async for message in socket:
            if json.loads(message).get("unsubscribe"):
                break
    finally:
        updates.cancel()
    if broken("close"):
        socket.transport.close()
    else:
        await socket.close(1000, "goodbye")


def snapshot(symbols):
    """The version, the number of prices, and each as name and cents, big-endian."""
    prices = b"".join(struct.pack(">4sI", symbol.encode(), SHARES[symbol]) for symbol in symbols)
    head = struct.pack(">BB", 2 if broken("version") else 1, len(symbols))
    return (head + prices).decode("latin-1") if broken("text") else head + prices


async def update(socket, symbols):
    """One update every 50 ms, for each symbol in turn, and a heartbeat after every fifth."""
    for number in range(1, 10_000):
        symbol = symbols[number % len(symbols)]
        price = -1 if broken("negative") and number == 7 else SHARES[symbol] / 100 + number % 5
        await socket.send(json.dumps({"symbol": symbol, "price": price, "number": number}))
        if number % 5 == 0:
            await socket.send('{"heartbeat":true}')
        await asyncio.sleep(0.8 if broken("gap") and number == 4 else 0.05)


async def main():
    async with serve(feed, "127.0.0.1", int(os.environ.get("PORT", "0")), process_request=admit) as server:
        host, port = server.sockets[0].getsockname()
        print(f"listening on {host}:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
