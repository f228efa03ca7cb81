#!/usr/bin/env python3
"""Echo servers of many Python libraries: `servers-python.py KIND PORT`, and `servers-python.py kinds` for their names.

Each sends every message back as it came, chooses the subprotocol chat.v1 if it is offered, and closes with code and reason
after a text such as `close 4321 goodbye`."""

import asyncio
import sys

PROTOCOL = "chat.v1"
LIMIT = 16 << 20
KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def requested_close(message):
    """The code and the reason that the client asks for, if it does."""
    if isinstance(message, str) and message.startswith("close "):
        _, code, reason = message.split(" ", 2)
        return int(code), reason
    return None


# The websockets package, three times


@kind
def websockets_asyncio(port):
    from websockets.asyncio.server import serve

    async def echo(socket):
        async for message in socket:
            if close := requested_close(message):
                return await socket.close(*close)
            await socket.send(message)

    async def main():
        async with serve(echo, "127.0.0.1", port, subprotocols=[PROTOCOL], max_size=LIMIT) as server:
            await server.serve_forever()

    asyncio.run(main())


@kind
def websockets_sync(port):
    from websockets.sync.server import serve

    def echo(socket):
        for message in socket:
            if close := requested_close(message):
                return socket.close(*close)
            socket.send(message)

    with serve(echo, "127.0.0.1", port, subprotocols=[PROTOCOL], max_size=LIMIT) as server:
        server.serve_forever()


@kind
def websockets_legacy(port):
    from websockets.legacy.server import serve

    async def echo(socket):
        async for message in socket:
            if close := requested_close(message):
                return await socket.close(*close)
            await socket.send(message)

    async def main():
        async with serve(echo, "127.0.0.1", port, subprotocols=[PROTOCOL], max_size=LIMIT):
            await asyncio.Future()

    asyncio.run(main())


# Servers with an interface of their own


@kind
def aiohttp(port):
    from aiohttp import WSMsgType, web

    async def echo(request):
        socket = web.WebSocketResponse(protocols=[PROTOCOL], max_msg_size=LIMIT)
        await socket.prepare(request)
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            elif close := requested_close(message.data):
                await socket.close(code=close[0], message=close[1].encode())
            elif message.type == WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/", echo)
    web.run_app(application, host="127.0.0.1", port=port, print=None)


@kind
def tornado(port):
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        def check_origin(self, origin):
            return True

        def get_compression_options(self):
            return {}

        def select_subprotocol(self, offered):
            return PROTOCOL if PROTOCOL in offered else None

        def on_message(self, message):
            if close := requested_close(message):
                self.close(*close)
            else:
                self.write_message(message, binary=isinstance(message, bytes))

    async def main():
        Application([("/", Echo)], websocket_max_message_size=LIMIT).listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(main())


@kind
def autobahn_asyncio(port):
    from autobahn.asyncio.websocket import WebSocketServerFactory

    async def main():
        factory = WebSocketServerFactory(f"ws://127.0.0.1:{port}", protocols=[PROTOCOL])
        configure_autobahn(factory, "asyncio")
        server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(main())


@kind
def autobahn_twisted(port):
    from autobahn.twisted.websocket import WebSocketServerFactory
    from twisted.internet import reactor

    factory = WebSocketServerFactory(f"ws://127.0.0.1:{port}", protocols=[PROTOCOL])
    configure_autobahn(factory, "twisted")
    reactor.listenTCP(port, factory, interface="127.0.0.1")
    reactor.run()


def configure_autobahn(factory, network):
    from importlib import import_module

    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

    class Echo(import_module(f"autobahn.{network}.websocket").WebSocketServerProtocol):
        def onMessage(self, payload, isBinary):
            if not isBinary and (close := requested_close(payload.decode())):
                self.sendClose(*close)
            else:
                self.sendMessage(payload, isBinary)

    def accept(offers):
        return next((PerMessageDeflateOfferAccept(offer) for offer in offers if isinstance(offer, PerMessageDeflateOffer)), None)

    factory.protocol = Echo
    factory.setProtocolOptions(perMessageCompressionAccept=accept, maxMessagePayloadSize=LIMIT)


@kind
def gevent_websocket(port):
    from gevent.pywsgi import WSGIServer
    from geventwebsocket.handler import WebSocketHandler

    def application(environ, start_response):
        socket = environ["wsgi.websocket"]
        while (message := socket.receive()) is not None:
            if close := requested_close(message):
                socket.close(close[0], close[1].encode())
                break
            socket.send(message, binary=not isinstance(message, str))
        return []

    WSGIServer(("127.0.0.1", port), application, handler_class=WebSocketHandler, log=None).serve_forever()


@kind
def flask_sock(port):
    from flask import Flask
    from flask_sock import Sock

    application = Flask("echo")
    application.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": [PROTOCOL], "max_message_size": LIMIT}

    @Sock(application).route("/")
    def echo(socket):
        while True:
            message = socket.receive()
            if close := requested_close(message):
                socket.close(*close)
            else:
                socket.send(message)

    application.run(host="127.0.0.1", port=port, threaded=True)


@kind
def sanic(port):
    from sanic import Sanic

    application = Sanic("echo", configure_logging=False)
    application.config.WEBSOCKET_MAX_SIZE = LIMIT

    @application.websocket("/", subprotocols=[PROTOCOL])
    async def echo(request, socket):
        async for message in socket:
            if close := requested_close(message):
                return await socket.close(*close)
            await socket.send(message)

    application.run(host="127.0.0.1", port=port, single_process=True, motd=False, access_log=False)


@kind
def picows(port):
    from picows import WSListener, WSMsgType, ws_create_server

    class Echo(WSListener):
        def on_ws_frame(self, transport, frame):
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            elif frame.msg_type == WSMsgType.TEXT and (close := requested_close(frame.get_payload_as_utf8_text())):
                transport.send_close(close[0], close[1].encode())
            elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY):
                transport.send(frame.msg_type, frame.get_payload_as_bytes())

    async def main():
        server = await ws_create_server(lambda request: Echo(), "127.0.0.1", port, max_frame_size=LIMIT)
        await server.serve_forever()

    asyncio.run(main())


@kind
def trio_websocket(port):
    import trio
    from trio_websocket import ConnectionClosed, serve_websocket

    async def echo(request):
        socket = await request.accept(subprotocol=PROTOCOL if PROTOCOL in request.proposed_subprotocols else None)
        try:
            while True:
                message = await socket.get_message()
                if close := requested_close(message):
                    await socket.aclose(*close)
                await socket.send_message(message)
        except ConnectionClosed:
            pass

    trio.run(lambda: serve_websocket(echo, "127.0.0.1", port, ssl_context=None, max_message_size=LIMIT))


@kind
def websocket_server(port):
    from websocket_server import WebsocketServer

    server = WebsocketServer(host="127.0.0.1", port=port)

    def echo(client, server, message):
        if close := requested_close(message):
            client["handler"].send_close(close[0], close[1].encode())
        else:
            server.send_message(client, message)

    server.set_fn_message_received(echo)
    server.run_forever()


@kind
def robyn(port):
    from robyn import Robyn, WebSocketDisconnect

    application = Robyn(__file__)

    @application.websocket("/")
    async def echo(socket):
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnect:
            pass

    application.start(host="127.0.0.1", port=port)


# ASGI: one application, several servers; then several frameworks


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL if PROTOCOL in scope["subprotocols"] else None})
    while (event := await receive())["type"] == "websocket.receive":
        if close := requested_close(event.get("text")):
            await send({"type": "websocket.close", "code": close[0], "reason": close[1]})
            return
        await send({"type": "websocket.send", **{key: event[key] for key in ("text", "bytes") if event.get(key) is not None}})


def uvicorn_with(application, port, implementation):
    import uvicorn

    uvicorn.run(application, host="127.0.0.1", port=port, ws=implementation, ws_max_size=LIMIT, log_level="warning")


@kind
def uvicorn_websockets(port):
    uvicorn_with(asgi, port, "websockets-sansio")


@kind
def uvicorn_wsproto(port):
    uvicorn_with(asgi, port, "wsproto")


@kind
def hypercorn(port):
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind, config.websocket_max_message_size = [f"127.0.0.1:{port}"], LIMIT
    asyncio.run(serve(asgi, config))


@kind
def daphne(port):
    from daphne.server import Server

    Server(asgi, endpoints=[f"tcp:port={port}:interface=127.0.0.1"], signal_handlers=False).run()


@kind
def granian(port):
    from granian import Granian

    Granian("servers-python:asgi", address="127.0.0.1", port=port, interface="asgi").serve()


@kind
def starlette(port):
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute

    async def echo(socket):
        await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket["subprotocols"] else None)
        while (event := await socket.receive())["type"] == "websocket.receive":
            if close := requested_close(event.get("text")):
                return await socket.close(*close)
            if event.get("text") is not None:
                await socket.send_text(event["text"])
            else:
                await socket.send_bytes(event["bytes"])

    uvicorn_with(Starlette(routes=[WebSocketRoute("/", echo)]), port, "websockets-sansio")


@kind
def fastapi(port):
    from fastapi import FastAPI, WebSocket

    application = FastAPI()

    @application.websocket("/")
    async def echo(socket: WebSocket):
        await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket["subprotocols"] else None)
        while (event := await socket.receive())["type"] == "websocket.receive":
            if close := requested_close(event.get("text")):
                return await socket.close(*close)
            if event.get("text") is not None:
                await socket.send_text(event["text"])
            else:
                await socket.send_bytes(event["bytes"])

    uvicorn_with(application, port, "wsproto")


@kind
def quart(port):
    from quart import Quart, websocket

    application = Quart("echo")

    @application.websocket("/")
    async def echo():
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in websocket.requested_subprotocols else None)
        while True:
            message = await websocket.receive()
            if close := requested_close(message):
                return await websocket.close(*close)
            await websocket.send(message)

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind, config.websocket_max_message_size = [f"127.0.0.1:{port}"], LIMIT
    asyncio.run(serve(application, config))


def main():
    if sys.argv[1] == "kinds":
        print(*KINDS)
    else:
        KINDS[sys.argv[1]](int(sys.argv[2]))


if __name__ == "__main__":
    main()
