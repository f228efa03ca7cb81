"""The proxy as a process, and raw sockets on both sides of it that record what arrives and when.

One thread drives all sockets of a probe: `Wire.run` reads and writes whichever is ready until what is waited for has
happened. Nothing sleeps; whatever does not happen within `SECONDS` fails the probe."""

import base64
import errno
import hashlib
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

SECONDS = 10
# For the proxy to start, which takes longest while everything else starts too.
STARTING = 60
RELAY = bool(os.environ.get("RELAY"))
# How the proxy announces its address on standard error.
LISTENING = re.compile(r"listening on wss?://(?:127\.0\.0\.1|\[::1\]):(\d+)/")

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


class Failed(Exception):
    """What a probe expected did not happen."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


# The proxy


def command(*arguments):
    """The command line of the proxy, or of its stand-in."""
    program = [sys.executable, str(Path(__file__).with_name("relay.py"))] if RELAY else [os.environ["WSCOPE"]]
    return [*program, "proxy", *map(str, arguments)]


class Proxy:
    """A proxy in front of `target`, a port on this machine or a URL; `port` is where clients connect to."""

    def __init__(self, *options, target, address="127.0.0.1:0", stdout=subprocess.DEVNULL, variables=()):
        url = target if isinstance(target, str) else f"ws://127.0.0.1:{target}/"
        self.process = subprocess.Popen(command(*options, address, url), stdin=subprocess.DEVNULL, stdout=stdout,
                                        stderr=subprocess.PIPE, env=os.environ | dict(variables))
        self.port, self.log = None, deque(maxlen=1000)
        self.announced = threading.Event()
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        if {"-q", "--quiet"} & set(options) and not RELAY:
            self.find_port()
        if not self.announced.wait(STARTING) or self.port is None:
            self.stop()
            raise Failed(f"the proxy does not say where it listens: {self.tail()}")

    def read_log(self):
        for line in self.process.stderr:
            line = line.decode(errors="replace").rstrip("\n")
            self.log.append(line)
            if self.port is None and (found := LISTENING.search(line)):
                self.port = int(found[1])
                self.announced.set()
        self.announced.set()

    def find_port(self):
        """Finds the port that it listens on: with --quiet it does not announce it."""
        deadline = time.monotonic() + STARTING
        while self.port is None and self.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
            own = set()
            for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
                try:
                    own.add(os.readlink(link))
                except OSError:
                    pass
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                    self.port = int(fields[1].split(":")[1], 16)
        self.announced.set()

    def tail(self):
        return " | ".join(list(self.log)[-5:]) or "(nothing on standard error)"

    def alive(self):
        return self.process.poll() is None

    def memory(self, name="VmRSS"):
        """Its memory in KiB: VmRSS now, VmHWM at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", status)[1])

    def forget_peak(self):
        """Makes VmHWM start anew at VmRSS."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(SECONDS)
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# Sockets


class End:
    """One end of a connection: what is to be sent, what was received and when, and how it ended."""

    def __init__(self, connection, name, keep=True):
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.name, self.keep = connection, name, keep
        self.received, self.count, self.digest = bytearray(), 0, hashlib.sha256()
        # (monotonic time, number of bytes) for each read.
        self.times = []
        # None, "fin" or "reset".
        self.end = None
        self.reading, self.open, self.broken = True, True, False
        self.waiting, self.sent, self.last = deque(), 0, False

    def send(self, data):
        """Queues bytes: `Wire.run` writes them."""
        if data:
            self.waiting.append(memoryview(bytes(data)))

    def finish(self):
        """Sends FIN once everything queued is written."""
        self.last = True

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.open = False
        self.waiting.clear()
        self.socket.close()

    def take(self, length=None):
        """Removes what was received, or its first bytes, and returns it."""
        length = len(self.received) if length is None else length
        taken = bytes(self.received[:length])
        del self.received[:length]
        return taken

    def wants(self):
        """What the selector is to watch it for."""
        if not self.open:
            return 0
        reads = selectors.EVENT_READ if self.reading and self.end is None else 0
        writes = selectors.EVENT_WRITE if self.waiting or self.last else 0
        return reads | writes

    def read(self):
        try:
            data = self.socket.recv(1 << 18)
        except (BlockingIOError, InterruptedError):
            return
        except (ConnectionResetError, BrokenPipeError):
            self.end = "reset"
            return
        if not data:
            self.end = "reset" if self.broken else "fin"
            return
        self.times.append((time.monotonic(), len(data)))
        self.count += len(data)
        if self.keep:
            self.received += data
        else:
            self.digest.update(data)

    def write(self):
        try:
            while self.waiting:
                written = self.socket.send(self.waiting[0])
                self.sent += written
                self.waiting[0] = self.waiting[0][written:]
                if not self.waiting[0]:
                    self.waiting.popleft()
            if self.last:
                self.last = False
                self.finish_sending()
        except (BlockingIOError, InterruptedError):
            pass
        except (ConnectionResetError, BrokenPipeError):
            # The kernel reports a reset once, here or to `read`, which may have data to read before it.
            self.broken = True
            self.waiting.clear()
            self.last = False

    def finish_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as why:
            # After a reset the socket is not connected any more.
            if why.errno != errno.ENOTCONN:
                raise

    def __repr__(self):
        shown = bytes(self.received[-80:])
        return f"{self.name}: {self.count} bytes received, end {self.end}, not taken (last 80): {shown!r}"


class Wire:
    """The sockets of one probe, on both sides of a proxy."""

    def __init__(self):
        self.ends, self.listener = [], None

    def listen(self, port=0, backlog=1024):
        """Makes the server's listening socket; returns its port."""
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(backlog)
        return self.listener.getsockname()[1]

    def connect(self, port, keep=True, receive_buffer=None, segment=None):
        """A client's connection; a small `segment` has the system keep little of what is sent to it."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if segment:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        connection.settimeout(SECONDS)
        connection.connect(("127.0.0.1", port))
        return self.add(End(connection, "client", keep))

    def accept(self, keep=True, receive_buffer=None):
        """The proxy's connection to the server; the other sockets go on meanwhile."""
        self.listener.setblocking(False)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        accepted = []

        def arrived():
            try:
                accepted.append(self.listener.accept()[0])
            except BlockingIOError:
                pass
            return bool(accepted)

        self.run(arrived, "the proxy connects to the server", also=self.listener)
        return self.add(End(accepted[0], "server", keep))

    def add(self, end):
        self.ends.append(end)
        return end

    def run(self, until, what, seconds=SECONDS, also=None):
        """Reads and writes until a condition holds. The condition is checked whenever something has happened."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            watched = {}
            if also:
                selector.register(also, selectors.EVENT_READ)
            while not until():
                self.watch(selector, watched)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failed(f"did not happen within {seconds} s: {what}; " + "; ".join(map(repr, self.ends[:4])))
                for key, events in selector.select(left):
                    end = key.data
                    if end is None:
                        continue
                    if events & selectors.EVENT_WRITE:
                        end.write()
                    if events & selectors.EVENT_READ:
                        end.read()

    def watch(self, selector, watched):
        """Brings the selector up to date with what the ends are waiting for."""
        for end in self.ends:
            wants, known = end.wants(), watched.get(end, 0)
            if wants == known:
                continue
            if not known:
                selector.register(end.socket, wants, end)
            elif wants:
                selector.modify(end.socket, wants, end)
            elif end.open:
                selector.unregister(end.socket)
            watched[end] = wants

    def quiet(self, silence, progress, seconds=60):
        """Reads and writes until `progress()` has not changed for `silence` seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = progress()
            try:
                self.run(lambda: progress() != before, "", silence)
            except Failed:
                return
        raise Failed(f"still in progress after {seconds} s")

    def receive(self, end, data, what):
        """Waits until exactly these bytes have arrived next."""
        same = lambda: len(end.received) >= len(data) or end.end or not data.startswith(end.received)
        self.run(same, f"{end.name} receives {what}")
        got = end.take(min(len(data), len(end.received)))
        if got != data:
            at = next((at for at in range(min(len(got), len(data))) if got[at] != data[at]), min(len(got), len(data)))
            start = max(0, at - 20)
            raise Failed(f"{end.name} received something else than {what}, from byte {at} of {len(data)} on: "
                         f"{got[start:at + 60]!r} instead of {data[start:at + 60]!r} (end: {end.end})")

    def transfer(self, source, destination, data, what):
        """Sends bytes from one end to the other and compares them."""
        source.send(data)
        self.receive(destination, data, what)

    def await_end(self, end, how, what):
        """Waits until one direction has ended, and compares how, and that nothing more has arrived."""
        self.run(lambda: end.end, what)
        expect(end.end == how, f"{what}: {end.name} sees {end.end}, not {how}")
        expect(not end.received, f"{what}: {end.name} received {bytes(end.received[:100])!r} besides")

    def receive_head(self, end, what):
        """Waits for a head, up to its empty line, and returns it."""
        self.run(lambda: b"\r\n\r\n" in end.received or end.end, f"{end.name} receives {what}")
        expect(b"\r\n\r\n" in end.received, f"{end.name} received no complete {what}: {end!r}")
        return end.take(end.received.index(b"\r\n\r\n") + 4)

    def close(self):
        for end in self.ends:
            if end.open:
                end.close()
        if self.listener:
            self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# WebSocket


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def request(host, target="/", *more):
    """The head of an opening handshake."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def switching(*more):
    """The head of the answer that accepts it."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {ACCEPT}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def rewritten(head, before, after):
    """A head as it reaches the server: the stand-in rewrites nothing."""
    return head if RELAY else head.replace(before.encode(), after.encode())


def frame(opcode, payload=b"", mask=None, fin=True, reserved=0, length_bytes=None):
    """A frame. `length_bytes` (0, 2 or 8) chooses how the length is encoded; without it as RFC 6455 section 5.2 asks."""
    length = len(payload)
    if length_bytes is None:
        length_bytes = 0 if length < 126 else 2 if length < 1 << 16 else 8
    short = {0: length, 2: 126, 8: 127}[length_bytes]
    header = bytes([fin << 7 | reserved << 4 | opcode, (mask is not None) << 7 | short])
    header += length.to_bytes(length_bytes, "big") if length_bytes else b""
    return header + (mask + masked(payload, mask) if mask is not None else payload)


def masked(payload, mask):
    if not payload:
        return b""
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


def opened(wire, proxy, target, client_extra=(), server_extra=(), **sizes):
    """Opens a WebSocket through the proxy; returns both ends after the handshake, with nothing received yet."""
    client = wire.connect(proxy.port, **sizes)
    head = request(f"127.0.0.1:{proxy.port}", "/", *client_extra)
    client.send(head)
    server = wire.accept(**sizes)
    wire.receive(server, rewritten(head, f"127.0.0.1:{proxy.port}", f"127.0.0.1:{target}"), "the request")
    answer = switching(*server_extra)
    wire.transfer(server, client, answer, "the 101")
    return client, server
