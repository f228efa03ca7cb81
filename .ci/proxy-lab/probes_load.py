"""Volume and numbers: large messages, readers that stop, a thousand clients, clients that never ask."""

import hashlib
import os
import socket
import time

from peers import BINARY, RELAY, TEXT, End, expect, frame, request, switching
from probes_http import check_peak, pump, start_peak
from registry import path, probe

MIB = 1 << 20
# What the kernel may keep on a loopback connection of which one side does not read: two times tcp_wmem and tcp_rmem.
STALLED = 24 * MIB
# The memory of the proxy for an idle client, in KiB.
# KiB; a build without optimization uses more of each thread's stack.
PER_CLIENT = 80 if "/debug/" in os.environ.get("WSCOPE", "") else 40
# The same for one that reads nothing of what it is sent, with and without --latency.
PER_STALLED = 600
# What a server sends to a client that does not read: more than the buffers between them take.
FLOOD = frame(BINARY, b"x" * 60_000) * 64
DOWNLOAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
# How long a round trip may take then, in seconds.
PROMPT = 1
# As many as --max-clients allows without being given.
CLIENTS = 1000


@probe(slow=True)
def large_message():
    """A message of 64 MiB in one frame goes through in flat memory, both ways."""
    block = bytes(range(256)) * 4096
    for direction in (0, 1):
        with path("-q") as lab:
            source, destination, masks = lab.both_ways()[direction]
            mask = b"\0\0\0\0" if masks else None
            header = frame(BINARY, b"", mask)[:1] + bytes([(0x80 if masks else 0) | 127]) + (64 * MIB).to_bytes(8, "big") + (mask or b"")
            blocks = [header, *[block] * 64]
            digest = hashlib.sha256(b"".join(blocks)).digest()
            before = start_peak(lab.proxy)
            pump(lab.wire, source, destination, blocks, digest, "a message of 64 MiB")
            check_peak(lab.proxy, before, "a message of 64 MiB")
            lab.wire.transfer(source, destination, frame(TEXT, b"after it", b"abcd" if masks else None), "a message after it")


@probe(slow=True)
def volume_in_flat_memory():
    """Messages of 200 MiB altogether go through in flat memory, both ways."""
    for direction in (0, 1):
        with path("-q") as lab:
            source, destination, masks = lab.both_ways()[direction]
            small = frame(TEXT, b"a message of sixty-four bytes, which is what most of them look like", b"abcd" if masks else None)
            block = small * (MIB // len(small))
            blocks = [block] * 200
            digest = hashlib.sha256()
            for part in blocks:
                digest.update(part)
            before = start_peak(lab.proxy)
            pump(lab.wire, source, destination, blocks, digest.digest(), "200 MiB of small messages")
            check_peak(lab.proxy, before, "200 MiB of small messages")


@probe()
def backpressure():
    """A reader that stops makes the writer stop, in flat memory, and others go on; then everything arrives."""
    for direction in (0, 1):
        with path("-q") as lab:
            source, destination, masks = lab.both_ways(receive_buffer=65536)[direction]
            other_client, other_server = lab.opened()
            data = frame(BINARY, b"x" * (MIB - 14), b"abcd" if masks else None)
            destination.reading, destination.keep = False, False
            before, sent = start_peak(lab.proxy), hashlib.sha256()
            for _ in range(128):
                source.waiting.append(memoryview(data))
                sent.update(data)
            lab.wire.quiet(0.3, lambda: source.sent)
            expect(source.sent < STALLED, f"the {source.name} could send {source.sent >> 20} MiB while the {destination.name} read nothing")
            check_peak(lab.proxy, before, "with a stalled reader")
            lab.wire.transfer(other_client, other_server, frame(TEXT, b"meanwhile", b"abcd"), "a frame of another client")
            lab.wire.transfer(other_server, other_client, frame(TEXT, b"meanwhile"), "a frame to another client")
            answer = frame(TEXT, b"the other direction", None if masks else b"abcd")
            lab.wire.transfer(destination, source, answer, "a frame in the other direction")
            destination.count, destination.digest, destination.reading = 0, hashlib.sha256(), True
            lab.wire.run(lambda: destination.count == 128 * len(data), "everything arrives once it is read again", 30)
            expect(destination.digest.digest() == sent.digest(), "other bytes arrived after the reader had stopped")


@probe()
def end_of_a_stalled_peer():
    """A reset while the other side does not read ends both connections, and frees what was kept."""
    for direction in (0, 1):
        with path("-q") as lab:
            source, destination, masks = lab.both_ways(receive_buffer=65536)[direction]
            before = lab.proxy.open_files()
            destination.reading = False
            source.waiting.append(memoryview(frame(BINARY, b"x" * 32 * MIB, b"\0\0\0\0" if masks else None)))
            lab.wire.quiet(0.3, lambda: source.sent)
            destination.reset()
            lab.wire.run(lambda: source.end, f"the {source.name} sees the end")
            expect(source.end == "reset", f"the {source.name} sees {source.end}")
            wait_for_files(lab, before - 2)


def wait_for_files(lab, most):
    """Waits until the proxy has at most so many open files: nothing announces that, so it is looked at repeatedly."""
    deadline = time.monotonic() + 5
    while lab.proxy.open_files() > most:
        expect(time.monotonic() < deadline, f"the proxy keeps {lab.proxy.open_files()} files open, more than {most}")
        lab.wire.quiet(0.02, lambda: 0)


@probe()
def thousand_clients():
    """1,000 idle clients cost less than 40 KiB each, and each of them works."""
    with path("-q") as lab:
        lab.opened()
        before, files = lab.proxy.memory(), lab.proxy.open_files()
        pairs = []
        while len(pairs) < CLIENTS - 1:
            pairs += open_many(lab, min(50, CLIENTS - 1 - len(pairs)))
        grown = (lab.proxy.memory() - before) / len(pairs)
        expect(grown < PER_CLIENT, f"{grown:.1f} KiB for each client")
        for number, (client, server) in enumerate(pairs):
            client.send(frame(TEXT, b"%d" % number, b"abcd")), server.send(frame(TEXT, b"%d" % number))
        lab.wire.run(lambda: all(client.received and server.received for client, server in pairs), "all have their message", 30)
        for number, (client, server) in enumerate(pairs):
            expect(client.take() == frame(TEXT, b"%d" % number), f"client {number} received another message")
            expect(server.take() == frame(TEXT, b"%d" % number, b"abcd"), f"the server of client {number} received another message")
            client.close(), server.close()
        wait_for_files(lab, files)


def open_many(lab, count, head=switching(), **sizes):
    """Opens connections at the same time; the path of the request tells the server's end which client it is of."""
    wire, listener = lab.wire, lab.wire.listener
    clients, servers = [wire.connect(lab.proxy.port, **sizes) for _ in range(count)], {}
    for number, client in enumerate(clients):
        client.send(request(lab.host, f"/{number}"))
    listener.setblocking(False)
    waiting = []

    def all_asked():
        try:
            while True:
                waiting.append(wire.add(End(listener.accept()[0], "server")))
        except BlockingIOError:
            pass
        return len(waiting) == count and all(b"\r\n\r\n" in end.received for end in waiting)

    wire.run(all_asked, f"{count} requests reach the server", also=listener)
    for server in waiting:
        servers[int(server.take().split(b" ")[1][1:])] = server
    for server in waiting:
        server.send(head)
    wire.run(lambda: all(len(client.received) >= len(head) for client in clients), f"{count} clients have their response")
    for client in clients:
        client.take()
    return [(client, servers[number]) for number, client in enumerate(clients)]


@probe(slow=True)
def thousand_stalled_clients():
    """1,000 clients that read nothing of messages or a download without end hold up no other, in bounded memory."""
    for options in ((), ("--latency", "100ms"))[: 1 if RELAY else 2]:
        with path("-q", *options) as lab:
            client, server = lab.opened()
            before, slowest, stalled, kept = start_peak(lab.proxy), 0, 0, []
            while stalled < CLIENTS - 1:
                count = min(50, CLIENTS - 1 - stalled)
                stalled += count
                pairs = open_many(lab, count, switching() if stalled % 100 else DOWNLOAD, receive_buffer=16384, segment=1000)
                for end, source in pairs:
                    end.reading = False
                    source.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
                    source.waiting.append(memoryview(FLOOD))
                lab.wire.quiet(0.2, lambda: sum(source.sent for _, source in pairs))
                done = sum(not source.waiting for _, source in pairs)
                expect(options or done < count / 2, f"{done} of {count} servers could send all they had")
                start = time.monotonic()
                lab.wire.transfer(client, server, frame(TEXT, b"meanwhile", b"abcd"), "a frame of another client")
                lab.wire.transfer(server, client, frame(TEXT, b"meanwhile"), "a frame to another client")
                slowest = max(slowest, time.monotonic() - start)
                for pair in pairs:
                    kept += pair  # and nothing more is done with them
                lab.wire.ends = [client, server]
            expect(slowest < PROMPT, f"a round trip of another client takes {slowest:.2f} s")
            grown = (lab.proxy.memory("VmHWM") - before) / CLIENTS
            expect(grown < PER_STALLED, f"{grown:.0f} KiB for each of {CLIENTS} clients {' '.join(options)}")


@probe(proxy_only=True)
def half_open_clients():
    """500 connections that send nothing, or a head without end, hold up nobody."""
    with path("-q") as lab:
        for number in range(500):
            client = lab.wire.connect(lab.proxy.port)
            client.send(b"GET / HTTP/1.1\r\nHost: a" if number % 2 else b"")
        lab.wire.run(lambda: not any(end.waiting for end in lab.wire.ends), "all have sent")
        client, server = lab.opened()
        lab.wire.transfer(client, server, frame(TEXT, b"all the same", b"abcd"), "a frame")


@probe(proxy_only=True)
def oversized_head():
    """A request head without end is answered 431 or 400, or closed, in bounded memory; others go on."""
    with path("-q") as lab:
        before = start_peak(lab.proxy)
        client = lab.wire.connect(lab.proxy.port)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * (2 * MIB))
        lab.wire.run(lambda: client.end or client.received, "the proxy gives up", 20)
        expect(not client.received or client.received.split(b" ")[1] in (b"400", b"431"), f"the answer is {client!r}")
        check_peak(lab.proxy, before, "with a head without end")
        client, server = lab.opened()
        lab.wire.transfer(client, server, frame(TEXT, b"others go on", b"abcd"), "a frame")


@probe()
def many_connections_one_after_the_other():
    """200 connections one after the other leave nothing behind."""
    with path("-q") as lab:
        first = lab.opened()
        for end in first:
            end.close()
        wait_for_files(lab, 64)
        before, memory = lab.proxy.open_files(), lab.proxy.memory()
        for number in range(200):
            client, server = lab.opened()
            lab.wire.transfer(client, server, frame(TEXT, b"%d" % number, b"abcd"), "a frame")
            client.close(), server.close()
            lab.wire.ends.clear()
        wait_for_files(lab, before)
        grown = lab.proxy.memory() - memory
        expect(grown < 4096, f"the proxy's memory grew by {grown} KiB")
