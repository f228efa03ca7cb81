"""What the proxy does when a server is down, silent, wrong or back again, when it points to itself, and when it is stopped."""

import json
import signal
import socket
import tempfile
import time

from peers import CLOSE, SECONDS, TEXT, Failed, Proxy, Wire, expect, frame, opened, request
from registry import Path, check_health, path, probe


def answer(lab, what):
    """Sends a handshake, and returns the status and the whole answer, which ends with the connection or its length."""
    client = lab.wire.connect(lab.proxy.port)
    client.send(request(lab.host))
    head = lab.wire.receive_head(client, f"answer when {what}").decode()
    length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), None)
    done = lambda: client.end or (length is not None and len(client.received) >= length)
    lab.wire.run(done, f"the body of the answer when {what}")
    return head.split(" ")[1], client.take().decode(errors="replace")


@probe(proxy_only=True)
def server_down():
    """A server that is down is a 502 with the reason, and works again once it is back."""
    with path() as lab:
        lab.wire.listener.close()
        for _ in range(3):
            status, body = answer(lab, "the server is down")
            expect(status == "502", f"status {status} when the server is down")
            expect("refused" in body.lower(), f"the body does not name the reason: {body!r}")
        lab.wire.listen(lab.target)
        client, server = lab.opened()
        lab.wire.transfer(client, server, frame(TEXT, b"back again", b"abcd"), "a frame after the restart")


@probe()
def server_restarted():
    """A server that ends takes its connections with it, and new ones work once it is back."""
    with path() as lab:
        client, server = lab.opened()
        lab.wire.listener.close()
        server.reset()
        lab.wire.await_end(client, "reset", "after the server's crash")
        lab.wire.listen(lab.target)
        client, server = lab.opened()
        lab.wire.transfer(server, client, frame(TEXT, b"back again"), "a frame after the restart")


@probe(proxy_only=True)
def server_silent():
    """A server that accepts and never answers is a 504 after --connect-timeout."""
    with path("--connect-timeout", "300ms") as lab:
        start = time.monotonic()
        status, body = answer(lab, "the server is silent")
        taken = time.monotonic() - start
        expect(status == "504", f"status {status} when the server is silent: {body!r}")
        expect(0.25 < taken < 3, f"the 504 came after {taken:.2f} s")


@probe(proxy_only=True)
def server_wrong():
    """A server that answers garbage, half a head or nothing at all is a 502, and the proxy lives on."""
    for what, data in (("garbage", b"\x16\x03\x01\x00\xa5 not HTTP at all\r\n\r\n"), ("half a head", b"HTTP/1.1 101 Swit"), ("nothing", b""),
                       ("a head without end", b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 300_000)):
        with path() as lab:
            client = lab.wire.connect(lab.proxy.port)
            client.send(request(lab.host))
            server = lab.wire.accept()
            lab.wire.receive_head(server, "request")
            server.send(data)
            server.finish()
            head = lab.wire.receive_head(client, f"answer to {what}").decode()
            expect(head.split(" ")[1] == "502", f"{what}: {head!r}")
            client, server = lab.opened()
            lab.wire.transfer(server, client, frame(TEXT, b"lives on"), f"a frame after {what}")


@probe(proxy_only=True)
def client_gone_early():
    """A client that goes away before its answer does not leave a connection to the server behind."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        client.send(request(lab.host))
        server = lab.wire.accept()
        lab.wire.receive_head(server, "request")
        client.reset()
        lab.wire.run(lambda: server.end, "the server sees the end of its connection")


@probe(proxy_only=True)
def loop_refused():
    """A proxy whose target is its own address refuses to start, or refuses the request; it does not spin."""
    for host in ("127.0.0.1", "localhost"):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        try:
            proxy = Proxy("--json", target=f"ws://{host}:{port}/", address=f"127.0.0.1:{port}")
        except Failed:
            continue
        with Wire() as wire, proxy:
            status, _ = answer(Path(wire, proxy, port), "the target is the proxy itself")
            expect(status[0] in "45", f"status {status} for a loop")
            expect(proxy.open_files() < 40, f"{proxy.open_files()} open files for a loop")
            check_health(proxy)


@probe(proxy_only=True)
def stopped_at_rest():
    """SIGTERM closes both sides with 1001 within a second, and the exit status is 0."""
    with Wire() as wire:
        target = wire.listen()
        with Proxy("--json", target=target) as proxy:
            client, server = opened(wire, proxy, target)
            wire.transfer(client, server, frame(TEXT, b"at rest", b"abcd"), "a frame")
            start = time.monotonic()
            proxy.process.send_signal(signal.SIGTERM)
            wire.run(lambda: len(client.received) >= 4 and len(server.received) >= 8, "both sides receive a Close frame")
            expect(client.received[:4] == frame(CLOSE, b"\x03\xe9")[:1] + client.received[1:2] + b"\x03\xe9", f"the client received {client!r}")
            expect(server.received[0] == 0x80 | CLOSE and server.received[1] & 0x80, f"the server received {server!r}")
            client.send(frame(CLOSE, b"\x03\xe9", b"abcd")), server.send(frame(CLOSE, b"\x03\xe9"))
            wire.run(lambda: client.end and server.end, "both connections end")
            status = proxy.process.wait(SECONDS)
            expect(time.monotonic() - start < 2, "the end took more than two seconds")
            expect(status == 0, f"the exit status is {status}")


@probe(proxy_only=True)
def stopped_within_a_frame():
    """SIGTERM within a frame puts no Close frame into it: the connection ends within a second."""
    with Wire() as wire:
        target = wire.listen()
        with Proxy("--json", target=target) as proxy:
            client, server = opened(wire, proxy, target)
            half = frame(TEXT, b"half of a frame", b"abcd")[:9]
            wire.transfer(client, server, half, "half of a frame")
            proxy.process.send_signal(signal.SIGTERM)
            wire.run(lambda: server.end, "the server sees the end")
            expect(not server.received, f"within a frame the server received {server!r}")
            wire.run(lambda: client.end, "the client sees the end")
            expect(proxy.process.wait(SECONDS) == 0, f"the exit status is {proxy.process.returncode}")


@probe(proxy_only=True)
def events():
    """--json has an open, the messages and one close for each connection, with its number and directions."""
    with tempfile.TemporaryFile() as output, Wire() as wire:
        target = wire.listen()
        with Proxy("--json", target=target, stdout=output) as proxy:
            for number in range(3):
                client, server = opened(wire, proxy, target)
                wire.transfer(client, server, frame(TEXT, b"from client %d" % number, b"abcd"), "a frame")
                wire.transfer(server, client, frame(TEXT, b"from server %d" % number), "a frame")
                wire.transfer(server, client, frame(CLOSE, b"\x0f\xa0done"), "the Close frame")
                wire.transfer(client, server, frame(CLOSE, b"\x0f\xa0done", b"abcd"), "its answer")
                server.finish(), client.finish()
                wire.await_end(client, "fin", "after Close")
                wire.await_end(server, "fin", "after Close")
        output.seek(0)
        found = [json.loads(line) for line in output]
    for number in (1, 2, 3):
        own = [event for event in found if event.get("connection") == number]
        kinds = [event["event"] for event in own]
        expect(kinds.count("open") == 1 and kinds.count("close") == 1, f"connection {number} has the events {kinds}")
        said = [(event["direction"], event["data"]) for event in own if event["event"] == "message"]
        expect(said == [("client", f"from client {number - 1}"), ("server", f"from server {number - 1}")], f"connection {number} has the messages {said}")
        close = next(event for event in own if event["event"] == "close")
        expect((close["code"], close["reason"], close["initiator"]) == (4000, "done", "server"), f"connection {number} has the close {close}")
    expect(all("connection" in event for event in found), "an event has no connection")
