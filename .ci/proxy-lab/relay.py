#!/usr/bin/env python3
"""A relay that passes on bytes, ends and resets, and knows no protocol: the stand-in for the proxy that shows whether a
part of the suite fails because of the suite itself (`RELAY=1 .ci/proxy`).

    relay.py proxy [OPTIONS] 127.0.0.1:0 ws://127.0.0.1:PORT/      all options are ignored"""

import asyncio
import socket
import struct
import sys
from urllib.parse import urlsplit


class Half(asyncio.Protocol):
    """One of the two connections; `other` is the one that what is received here is written to."""

    def __init__(self):
        self.other, self.transport, self.early, self.ended = None, None, [], False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def join(self, other):
        """Connects this half with another one, and hands over what came before."""
        self.other, other.other = other, self
        for data in self.early:
            other.transport.write(data)

    def data_received(self, data):
        if self.other:
            self.other.transport.write(data)
        else:
            self.early.append(data)

    def eof_received(self):
        self.ended = True
        if self.other and self.other.transport.can_write_eof() and not self.other.transport.is_closing():
            self.other.transport.write_eof()
        if self.other and self.other.ended:
            self.other.transport.close()
            return False
        return True

    def connection_lost(self, error):
        if error and self.other and not self.other.transport.is_closing():
            reset(self.other.transport)

    def pause_writing(self):
        self.other.transport.pause_reading()

    def resume_writing(self):
        self.other.transport.resume_reading()


class Accepted(Half):
    """The client's half, which opens that of the server."""

    target = None

    def connection_made(self, transport):
        super().connection_made(transport)
        self.opening = asyncio.get_running_loop().create_task(self.open())

    async def open(self):
        try:
            _, server = await asyncio.get_running_loop().create_connection(Half, *self.target)
        except OSError as error:
            print(f"no connection to {self.target}: {error}", file=sys.stderr, flush=True)
            self.transport.close()
            return
        if self.transport.is_closing():
            server.transport.close()
            return
        self.join(server)
        if self.ended:
            server.transport.write_eof()


def reset(transport):
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def main():
    address, url = sys.argv[-2:]
    host, port = address.rsplit(":", 1)
    Accepted.target = (urlsplit(url).hostname, urlsplit(url).port)
    server = await asyncio.get_running_loop().create_server(Accepted, host, int(port), backlog=2048)
    print("relay: listening on ws://%s:%d/" % server.sockets[0].getsockname()[:2], file=sys.stderr, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
