"""Frames: byte for byte and at once, whatever is in them."""

import zlib

from peers import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, expect, frame, request, rewritten, switching
from registry import path, probe

# Masks that give themselves away if they are changed: each frame has another one.
MASKS = [bytes([n, n ^ 0x5A, (n * 7) & 255, 255 - n]) for n in range(256)]


class Frames:
    """Makes frames of one direction, each with the next mask if it is the client's."""

    def __init__(self, masks):
        self.masks = iter(MASKS) if masks else None

    def __call__(self, opcode, payload=b"", **more):
        return frame(opcode, payload, next(self.masks) if self.masks else None, **more)


def sequences(f):
    """What has to arrive unchanged, as frames made by `f`: (what it is, bytes)."""
    yield "a ping between fragments", [f(TEXT, b"first ", fin=False), f(PING, b"in between"), f(CONTINUATION, b"second ", fin=False), f(PONG, b"unasked for"), f(CONTINUATION, b"last")]
    yield "the boundaries of messages", [f(TEXT, b"a"), f(TEXT, b""), f(BINARY, b""), f(TEXT, b"bc"), f(BINARY, b"\0\xff")]
    yield "empty fragments", [f(TEXT, b"", fin=False), f(CONTINUATION, b"", fin=False), f(CONTINUATION, b"x", fin=False), f(CONTINUATION, b"")]
    yield "a message of 100 fragments", [f(BINARY, b"0", fin=False), *(f(CONTINUATION, b"%d" % n, fin=False) for n in range(98)), f(CONTINUATION, b"z")]
    yield "all encodings of lengths", [f(BINARY, b"n" * n) for n in (125, 126, 127, 65535, 65536, 70000)]
    yield "invalid UTF-8", [f(TEXT, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited"), f(TEXT, b"after it")]
    yield "UTF-8 cut by a fragment, and never completed", [f(TEXT, b"\xf0\x9f", fin=False), f(CONTINUATION, b"\x92")]
    yield "reserved bits", [f(TEXT, b"one", reserved=4), f(TEXT, b"two", reserved=2), f(BINARY, b"three", reserved=1), f(PING, b"p", reserved=7)]
    yield "reserved opcodes", [f(opcode, b"%d" % opcode) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)]
    yield "lengths that are not minimal", [f(TEXT, b"short", length_bytes=2), f(TEXT, b"short", length_bytes=8), f(BINARY, b"x" * 300, length_bytes=8), f(TEXT, b"", length_bytes=8)]
    yield "a fragmented ping, and one of 126 bytes", [f(PING, b"frag", fin=False), f(PING, b"p" * 126), f(CLOSE, b"\x03\xe8", fin=False)]
    yield "a continuation of nothing, and a message within a message", [f(CONTINUATION, b"of nothing"), f(TEXT, b"a", fin=False), f(TEXT, b"b"), f(CONTINUATION, b"c")]
    yield "pongs nobody asked for", [f(PONG, b""), f(PONG, b"x" * 125)]


@probe()
def frames_unchanged():
    """Fragments, pings between them, boundaries, invalid UTF-8, reserved bits and opcodes: the same bytes, both ways."""
    with path() as lab:
        for direction in (0, 1):
            for name, frames in sequences(Frames(masks=direction == 0)):
                source, destination, _ = lab.both_ways()[direction]
                lab.wire.transfer(source, destination, b"".join(frames), name)
                after = frame(TEXT, b"and after it", None if direction else b"abcd")
                lab.wire.transfer(source, destination, after, f"a message after {name}")
                back = frame(TEXT, b"the other way", b"wxyz" if direction else None)
                lab.wire.transfer(destination, source, back, f"the other direction after {name}")
                source.close(), destination.close()


@probe()
def masks_unchanged():
    """The client's mask keys arrive as they were chosen, also the zero key; missing and wrong masks arrive too."""
    with path() as lab:
        client, server = lab.opened()
        for mask in [b"\0\0\0\0", b"\xff\xff\xff\xff", *MASKS]:
            lab.wire.transfer(client, server, frame(TEXT, b"the same text", mask), f"a frame with the mask {mask.hex()}")
        lab.wire.transfer(client, server, frame(TEXT, b"not masked"), "a frame of the client without a mask")
        lab.wire.transfer(server, client, frame(TEXT, b"masked", b"abcd"), "a frame of the server with a mask")
        lab.wire.transfer(client, server, frame(TEXT, b"after it", b"abcd"), "a frame after the violation")


@probe()
def unbounded_length():
    """A frame of 2^63 - 1 bytes, and one with the highest bit of its length set, begin to arrive."""
    for length in (b"\x7f" + b"\xff" * 7, b"\xff" * 8):
        for direction in (0, 1):
            with path() as lab:
                source, destination, masks = lab.both_ways()[direction]
                header = b"\x82" + (b"\xff" if masks else b"\x7f") + length + (b"abcd" if masks else b"")
                lab.wire.transfer(source, destination, header + b"x" * 5000, "the beginning of an enormous frame")


@probe()
def garbage():
    """After the handshake anything goes through, also what are no frames."""
    data = bytes((n * n * 31 + n // 7) & 255 for n in range(100_000))
    with path() as lab:
        for direction in (0, 1):
            source, destination, _ = lab.both_ways()[direction]
            lab.wire.transfer(source, destination, data, "random bytes")
            lab.wire.transfer(destination, source, data[::-1], "random bytes the other way")


@probe()
def streaming():
    """The first half of a frame's payload arrives before the second is sent, also in a message of many fragments."""
    for direction in (0, 1):
        with path() as lab:
            source, destination, masks = lab.both_ways()[direction]
            for size in (10, 1000, 200_000):
                whole = frame(BINARY, bytes(range(250)) * (size // 250 + 1), b"\x01\x02\x03\x04" if masks else None)
                half = len(whole) // 2
                lab.wire.transfer(source, destination, whole[:half], "the first half of a frame")
                lab.wire.transfer(source, destination, whole[half:], "the second half of a frame")
            for number in range(10):
                data = frame(CONTINUATION if number else TEXT, b"part", b"mask" if masks else None, fin=number == 9)
                lab.wire.transfer(source, destination, data, "a fragment before the next is sent")


@probe()
def compression():
    """Compressed messages with context takeover, also in fragments and with pings between: the same bytes, both ways."""
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    agreed = "Sec-WebSocket-Extensions: permessage-deflate"
    with path() as lab:
        for direction, (source, destination, masks) in enumerate(lab.both_ways(client_extra=[offer], server_extra=[agreed])):
            f, deflate, inflate = Frames(masks), zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
            for number in range(50):
                text = b"the same words again and again, number %d " % number * 20
                data = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
                third = len(data) // 3
                frames = [f(TEXT, data[:third], fin=False, reserved=4), f(PING, b"%d" % number),
                          f(CONTINUATION, data[third:2 * third], fin=False), f(CONTINUATION, data[2 * third:])]
                lab.wire.transfer(source, destination, b"".join(frames), f"compressed message {number}")
                expect(inflate.decompress(data + b"\0\0\xff\xff") == text, "the probe's own compression is wrong")
            lab.wire.transfer(source, destination, f(TEXT, b"\xff\xff not deflate", reserved=4), "a message that does not inflate")
            lab.wire.transfer(source, destination, f(TEXT, b"plain"), "an uncompressed message after it")


@probe()
def frames_behind_the_101():
    """Frames in the same segment as the 101 arrive, also if they are a Close and the end."""
    frames = frame(TEXT, b"hello") + frame(TEXT, b"in parts", fin=False) + frame(CONTINUATION, b"")
    for last in (b"", frame(CLOSE, b"\x03\xe9")):
        with path() as lab:
            client = lab.wire.connect(lab.proxy.port)
            client.send(request(lab.host))
            server = lab.wire.accept()
            lab.wire.receive_head(server, "request")
            server.send(switching() + frames + last)
            if last:
                server.finish()
            lab.wire.receive(client, switching() + frames + last, "the 101 and the frames behind it")
            if last:
                lab.wire.await_end(client, "fin", "behind the frames")


@probe()
def frames_behind_the_request():
    """Frames that the client sends right behind its request, before the 101, reach the server in order."""
    frames = frame(TEXT, b"too early", b"abcd") + frame(BINARY, b"x" * 50_000, b"efgh")
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        client.send(request(lab.host) + frames)
        server = lab.wire.accept()
        lab.wire.receive(server, rewritten(request(lab.host), lab.host, lab.server_host), "the request")
        lab.wire.transfer(server, client, switching(), "the 101")
        client.send(frame(TEXT, b"later", b"ijkl"))
        lab.wire.receive(server, frames + frame(TEXT, b"later", b"ijkl"), "the frames behind the request")


@probe()
def one_byte_at_a_time():
    """Requests, answers and frames of which each byte is sent by itself go through, both ways."""
    frames = b"".join(data for _, parts in list(sequences(Frames(masks=True)))[:4] for data in parts)
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        head = request(lab.host, "/slowly")
        send_singly(lab.wire, client, head)
        server = lab.wire.accept()
        lab.wire.receive(server, rewritten(head, lab.host, lab.server_host), "the request")
        send_singly(lab.wire, server, switching())
        lab.wire.receive(client, switching(), "the 101")
        for source, destination in ((client, server), (server, client)):
            send_singly(lab.wire, source, frames)
            lab.wire.receive(destination, frames, "frames sent a byte at a time")


def send_singly(wire, end, data):
    for at in range(len(data)):
        end.send(data[at:at + 1])
        wire.run(lambda: not end.waiting, "a byte is sent")


@probe()
def both_directions_at_once():
    """Both sides send without waiting for each other: nothing is lost, reordered or mixed."""
    with path() as lab:
        client, server = lab.opened()
        up = b"".join(frame(TEXT, b"up %d " % n * 9, MASKS[n % 256]) for n in range(5000))
        down = b"".join(frame(BINARY, b"down %d " % n * 11) for n in range(5000))
        client.send(up), server.send(down)
        lab.wire.run(lambda: len(server.received) >= len(up) and len(client.received) >= len(down), "all has arrived")
        expect(server.take() == up, "the server received something else than what was sent")
        expect(client.take() == down, "the client received something else than what was sent")


@probe()
def latency():
    """A small frame arrives within 5 ms, half of the time: nothing waits for a timer."""
    with path() as lab:
        client, server = lab.opened()
        times = []
        for number in range(100):
            lab.wire.transfer(client, server, frame(TEXT, b"%d" % number, b"abcd"), "a frame")
            lab.wire.transfer(server, client, frame(TEXT, b"%d" % number), "the answer")
            times.append(client.times[-1][0] - server.times[-1][0])
        middle = sorted(times)[50]
        expect(middle < 0.005, f"half of the frames took more than {middle * 1000:.1f} ms")
