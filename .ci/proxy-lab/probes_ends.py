"""How connections end: resets, FIN, half-closed directions, Close frames."""

from peers import CLOSE, PING, TEXT, expect, frame
from registry import path, probe

MASK = b"\x37\xfa\x21\x3d"

# Payloads of Close frames: RFC 6455 sections 5.5.1 and 7.4, what may be sent and what may not.
CLOSES = {
    "no code": b"",
    "1000": b"\x03\xe8",
    "1001 with a reason": b"\x03\xe9going away",
    "1005, which is never sent": b"\x03\xed",
    "1006, which is never sent": b"\x03\xee",
    "1015, which is never sent": b"\x03\xf7",
    "3000 with a reason of 123 bytes": b"\x0b\xb8" + b"r" * 123,
    "4999 with a reason in UTF-8": b"\x13\x87" + "zu Ende, 끝 🛑".encode(),
    "0": b"\x00\x00",
    "999": b"\x03\xe7",
    "5000": b"\x13\x88",
    "65535": b"\xff\xff",
    "half a code": b"\x03",
    "a reason that is not UTF-8": b"\x03\xe8\xc3\x28",
}


@probe()
def reset_by_server():
    """A reset by the server reaches the client as a reset, also within a frame."""
    for before in (b"", frame(TEXT, b"hello"), frame(TEXT, b"half of a frame")[:6]):
        with path() as lab:
            client, server = lab.opened()
            lab.wire.transfer(server, client, before, "what was sent before")
            server.reset()
            lab.wire.await_end(client, "reset", "after the server's reset")


@probe()
def reset_by_client():
    """A reset by the client reaches the server as a reset, also within a frame."""
    for before in (b"", frame(TEXT, b"hello", MASK), frame(TEXT, b"half of a frame", MASK)[:9]):
        with path() as lab:
            client, server = lab.opened()
            lab.wire.transfer(client, server, before, "what was sent before")
            client.reset()
            lab.wire.await_end(server, "reset", "after the client's reset")


@probe()
def end_without_close():
    """The end of a connection without Close stays FIN (1006), also within a frame."""
    for cut in (None, 4):
        for direction in (0, 1):
            with path() as lab:
                source, destination, masks = lab.both_ways()[direction]
                lab.wire.transfer(source, destination, frame(TEXT, b"last", MASK if masks else None)[:cut], "the last bytes")
                source.finish()
                lab.wire.await_end(destination, "fin", f"after FIN of the {source.name}")
                destination.finish()
                lab.wire.await_end(source, "fin", f"after FIN of both")


@probe()
def half_closed():
    """A direction that has ended leaves the other one open, for each of the two."""
    for direction in (0, 1):
        with path() as lab:
            source, destination, masks = lab.both_ways()[direction]
            source.send(frame(TEXT, b"the end of my part", MASK if masks else None))
            source.finish()
            lab.wire.receive(destination, frame(TEXT, b"the end of my part", MASK if masks else None), "the last frame")
            lab.wire.await_end(destination, "fin", f"after FIN of the {source.name}")
            for number in range(20):
                data = frame(TEXT, b"still here %d" % number, None if masks else MASK)
                lab.wire.transfer(destination, source, data, "a frame after the other direction has ended")
            destination.send(frame(CLOSE, b"\x03\xe8", None if masks else MASK))
            destination.finish()
            lab.wire.receive(source, frame(CLOSE, b"\x03\xe8", None if masks else MASK), "the Close frame")
            lab.wire.await_end(source, "fin", "after FIN of both")


@probe()
def close_codes():
    """Close frames arrive as they were sent: codes and reasons, valid or not, and no code."""
    with path() as lab:
        for name, payload in CLOSES.items():
            for direction in (0, 1):
                source, destination, masks = lab.both_ways()[direction]
                lab.wire.transfer(source, destination, frame(CLOSE, payload, MASK if masks else None), f"Close: {name}")
                answer = frame(CLOSE, b"\x0f\xa0other", None if masks else MASK)
                lab.wire.transfer(destination, source, answer, f"an answer other than the Close: {name}")
                for end in (source, destination):
                    end.finish()
                for end in (source, destination):
                    lab.wire.await_end(end, "fin", f"after Close: {name}")


@probe()
def close_without_answer():
    """A Close frame that is not answered stays without an answer, and data behind it arrives."""
    for direction in (0, 1):
        with path() as lab:
            source, destination, masks = lab.both_ways()[direction]
            mask, other = (MASK, None) if masks else (None, MASK)
            lab.wire.transfer(source, destination, frame(CLOSE, b"\x03\xe8", mask), "the Close frame")
            lab.wire.transfer(source, destination, frame(TEXT, b"after my Close", mask), "a frame after one's own Close")
            lab.wire.transfer(destination, source, frame(TEXT, b"one more", other) + frame(PING, b"p", other), "frames instead of an answer")
            destination.finish()
            lab.wire.await_end(source, "fin", "instead of an answer to Close")
            source.finish()
            lab.wire.await_end(destination, "fin", "after the unanswered Close")


@probe()
def end_behind_data():
    """FIN and reset arrive behind the data that was sent before them, not in place of it."""
    data = b"".join(frame(TEXT, b"%d" % number * 100) for number in range(2000))
    with path() as lab:
        client, server = lab.opened()
        server.send(data)
        server.finish()
        lab.wire.receive(client, data, "all that was sent before FIN")
        lab.wire.await_end(client, "fin", "behind the data")
    # Behind a reset the kernel may discard what was not read, so what is asserted is that nothing else arrives.
    with path() as lab:
        client, server = lab.opened()
        server.send(data)
        lab.wire.run(lambda: not server.waiting, "the server has sent everything")
        server.reset()
        lab.wire.run(lambda: client.end, "the client sees the end")
        expect(client.end == "reset", f"after a reset behind data the client sees {client.end}")
        expect(data.startswith(client.take()), "before the reset the client received something else than what was sent")
