#!/usr/bin/env python3
"""Holds conversations as a client: `clients-python.py KIND JOBS` prints what was observed in each, a line of JSON each.

KIND is a library, or wscope. JOBS is a file with a JSON array of
    {"url": …, "protocols": […], "seconds": …, "steps": […]}          with the steps
    ["text", TEXT], ["long-text", N], ["binary", N], ["bytes", [N…]]   send that; N bytes of a pattern
    ["ping"]                                                           await its pong, where the library can send one
    ["expect"], ["expect-like", REGEX]                                 await a message; what matches the hex of a binary one
    ["close", CODE, REASON], ["await-close"]
What was observed is {"protocol", "extensions", "received": [["text" | "binary", bytes, adler32] | …], "close": […]} or an
"error". converse.mjs does the same with the WebSocket of browsers."""

import asyncio
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
import zlib

LIMIT = 16 << 20


class Closed(Exception):
    """The connection has ended; `close` of the client says how."""


class Client:
    """A connection of one library; `receive` returns str or bytes, or raises Closed."""

    protocol, extensions, close = None, None, None

    def ping(self):
        """Sends a ping; whether its pong has come."""
        return None


class Websockets(Client):
    def __init__(self, url, protocols, seconds):
        from websockets.sync.client import connect

        self.socket, self.seconds = connect(url, subprotocols=protocols or None, max_size=LIMIT, proxy=None, open_timeout=seconds), seconds
        self.protocol, self.extensions = self.socket.subprotocol, self.socket.response.headers.get("Sec-WebSocket-Extensions")

    def send(self, data):
        self.socket.send(data)

    def receive(self):
        from websockets.exceptions import ConnectionClosed

        try:
            return self.socket.recv(self.seconds)
        except ConnectionClosed:
            self.close = [self.socket.close_code, self.socket.close_reason]
            raise Closed from None

    def ping(self):
        return self.socket.ping("are you there").wait(self.seconds)

    def shut(self, code, reason):
        self.socket.close(code, reason)


class Aiohttp(Client):
    def __init__(self, url, protocols, seconds):
        self.runner, self.seconds = asyncio.Runner(), seconds
        self.runner.run(self.open(url, protocols))
        self.protocol, self.extensions = self.socket.protocol, self.socket._response.headers.get("Sec-WebSocket-Extensions")

    async def open(self, url, protocols):
        import aiohttp

        self.kinds = aiohttp.WSMsgType
        self.session = aiohttp.ClientSession()
        self.socket = await self.session.ws_connect(url, protocols=protocols, compress=15, max_msg_size=LIMIT, autoping=False)

    def send(self, data):
        self.runner.run(self.socket.send_str(data) if isinstance(data, str) else self.socket.send_bytes(data))

    def receive(self):
        while True:
            message = self.runner.run(self.socket.receive(self.seconds))
            if message.type in (self.kinds.TEXT, self.kinds.BINARY):
                return message.data
            if message.type == self.kinds.PING:
                self.runner.run(self.socket.pong(message.data))
            elif message.type != self.kinds.PONG:
                reason = message.extra if message.type == self.kinds.CLOSE else None
                self.close = self.close or [self.socket.close_code, reason]
                raise Closed

    def ping(self):
        self.runner.run(self.socket.ping(b"are you there"))
        return self.runner.run(self.socket.receive(self.seconds)).type == self.kinds.PONG

    def shut(self, code, reason):
        self.runner.run(self.socket.close(code=code, message=reason.encode()))

    def end(self):
        self.runner.run(self.session.close())
        self.runner.close()


class WebsocketClient(Client):
    def __init__(self, url, protocols, seconds):
        from websocket import create_connection

        self.socket, self.closing = create_connection(url, timeout=seconds, subprotocols=protocols or None), False
        self.protocol, self.extensions = self.socket.subprotocol, self.socket.headers.get("sec-websocket-extensions")

    def send(self, data):
        self.socket.send(data) if isinstance(data, str) else self.socket.send_binary(data)

    def frame(self):
        from websocket import WebSocketConnectionClosedException

        try:
            return self.socket.recv_data_frame(control_frame=True)
        except (WebSocketConnectionClosedException, ConnectionError):
            self.close = self.close or [1006, ""]
            raise Closed from None

    def receive(self):
        while True:
            opcode, frame = self.frame()
            if opcode == 1:
                return frame.data.decode()
            if opcode == 2:
                return bytes(frame.data)
            if opcode == 8:
                self.close = [int.from_bytes(frame.data[:2], "big") if frame.data else 1005, frame.data[2:].decode()]
                raise Closed

    def ping(self):
        self.socket.ping("are you there")
        opcode, frame = self.frame()
        return opcode == 10 and frame.data == b"are you there"

    def shut(self, code, reason):
        self.socket.send(code.to_bytes(2, "big") + reason.encode(), 8)

    def end(self):
        self.socket.shutdown()


class Wscope(Client):
    """wscope itself, driven with lines of JSON."""

    def __init__(self, url, protocols, seconds):
        named = ["--subprotocol", ",".join(protocols)] if protocols else []
        command = [os.environ["WSCOPE"], "--json", "--input", "json", "--wait", "-1", "--no-proxy", "*", *named, url]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.events, self.seconds = queue.Queue(), seconds
        threading.Thread(target=self.read, daemon=True).start()
        opened = self.event("open")
        self.protocol, self.extensions = opened["protocol"], opened["extensions"]

    def read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))
        self.events.put(None)

    def event(self, *kinds):
        while (event := self.events.get(timeout=self.seconds)) is not None:
            if event["event"] == "close":
                self.close = [event["code"], event["reason"], event["was_clean"]]
            if event["event"] in kinds and event.get("direction") != "sent":
                return event
        if self.close is None:
            raise ValueError(self.process.stderr.read().decode(errors="replace"))
        raise Closed

    def write(self, **message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def send(self, data):
        if isinstance(data, str):
            self.write(type="text", data=data)
        else:
            self.write(type="binary", encoding="hex", data=data.hex())

    def receive(self):
        from base64 import b64decode

        event = self.event("message")
        return event["data"] if event["type"] == "text" else b64decode(event["data"])

    def ping(self):
        self.write(type="ping", data="are you there")
        return self.event("pong")["size"]

    def shut(self, code, reason):
        self.write(type="close", code=code, reason=reason)

    def end(self):
        self.process.kill()
        self.process.wait()


class Curl(Client):
    """libcurl. It answers no Close, so only what it receives is observed."""

    def __init__(self, url, protocols, seconds):
        import pycurl
        from io import BytesIO

        self.curl, self.pycurl, self.seconds, head = pycurl.Curl(), pycurl, seconds, BytesIO()
        headers = [f"Sec-WebSocket-Protocol: {', '.join(protocols)}"] if protocols else []
        for option, value in ((pycurl.URL, url), (pycurl.CONNECT_ONLY, 2), (pycurl.HTTPHEADER, headers), (pycurl.PROXY, ""),
                              (pycurl.TIMEOUT, int(seconds)), (pycurl.HEADERFUNCTION, head.write)):
            self.curl.setopt(option, value)
        self.curl.perform()
        found = dict(line.lower().split(": ", 1) for line in head.getvalue().decode().split("\r\n") if ": " in line)
        self.protocol, self.extensions = found.get("sec-websocket-protocol"), found.get("sec-websocket-extensions")

    def ready(self, write):
        import select

        active = self.curl.getinfo(self.pycurl.ACTIVESOCKET)
        if not any(select.select([] if write else [active], [active] if write else [], [], self.seconds)):
            raise TimeoutError("nothing from libcurl")

    def repeat(self, operation, write):
        while True:
            try:
                return operation()
            except BlockingIOError:
                self.ready(write)
            except self.pycurl.error as error:
                if error.args[0] != self.pycurl.E_AGAIN:
                    raise
                self.ready(write)

    def send(self, data, flag=None):
        kind = flag or (self.pycurl.WS_TEXT if isinstance(data, str) else self.pycurl.WS_BINARY)
        rest = data.encode() if isinstance(data, str) else data
        while True:
            sent = self.repeat(lambda: self.curl.ws_send(rest, kind), True)
            rest = rest[sent:]
            if not rest:
                return

    def receive(self):
        whole = b""
        while True:
            try:
                data, meta = self.repeat(lambda: self.curl.ws_recv(1 << 16), False)
            except self.pycurl.error:
                self.close = self.close or [1006, ""]
                raise Closed from None
            if meta.flags & self.pycurl.WS_CLOSE:
                self.close = [int.from_bytes(data[:2], "big") if data else 1005, data[2:].decode()]
                raise Closed
            if meta.flags & (self.pycurl.WS_TEXT | self.pycurl.WS_BINARY):
                whole += data
                if not meta.bytesleft and not meta.flags & self.pycurl.WS_CONT:
                    return whole.decode() if meta.flags & self.pycurl.WS_TEXT else whole

    def shut(self, code, reason):
        self.send(code.to_bytes(2, "big") + reason.encode(), self.pycurl.WS_CLOSE)

    def end(self):
        self.curl.close()


KINDS = {"websockets": Websockets, "aiohttp": Aiohttp, "websocket-client": WebsocketClient, "wscope": Wscope, "curl": Curl}


def converse(kind, job):
    received, client = [], None
    try:
        client = KINDS[kind](job["url"], job["protocols"], job["seconds"])
        for step, *given in job["steps"]:
            carry_out(client, step, given, received)
        return {"protocol": client.protocol, "extensions": client.extensions, "received": received, "close": client.close}
    except Exception as error:  # Whatever a library raises is what was observed.
        return {"error": f"{type(error).__name__}: {error}", "received": received, "close": client and client.close}
    finally:
        if client and hasattr(client, "end"):
            client.end()


def carry_out(client, step, given, received):
    match step:
        case "text":
            client.send(given[0])
        case "long-text":
            client.send(("0123456789abcdef" * (given[0] // 16 + 1))[: given[0]])
        case "binary":
            client.send((bytes(range(251)) * (given[0] // 251 + 1))[: given[0]])
        case "bytes":
            client.send(bytes(given[0]))
        case "ping":
            received.append(["pong", client.ping()])
        case "expect":
            data = client.receive()
            encoded = data.encode() if isinstance(data, str) else data
            received.append(["text" if isinstance(data, str) else "binary", len(encoded), zlib.adler32(encoded)])
        case "expect-like":
            data = client.receive()
            shown = data if isinstance(data, str) else data.hex()
            if not re.search(given[0], shown, re.S):
                raise ValueError(f"{shown!r} is not like {given[0]}")
            received.append(["like", given[0]])
        case "close":
            client.shut(*given)
        case "await-close":
            await_close(client)


def await_close(client):
    deadline = time.monotonic() + 10
    while client.close is None and time.monotonic() < deadline:
        try:
            client.receive()
        except Closed:
            return


def main():
    kind, file = sys.argv[1:]
    with open(file, encoding="utf-8") as jobs:
        for job in json.load(jobs):
            print(json.dumps(converse(kind, job)), flush=True)


if __name__ == "__main__":
    main()
