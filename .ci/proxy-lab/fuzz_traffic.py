"""Random WebSocket traffic of one side: what it sends as units, as bytes, and what a receiver makes of bytes.

A unit is independent of the units before it until it is encoded, so that a failing run can be repeated with fewer."""

import random
import zlib
from dataclasses import dataclass, field

from peers import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, masked

KINDS = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
OPCODES = {name: opcode for opcode, name in KINDS.items()}
TAIL = b"\0\0\xff\xff"
WORDS = ["alpha", "beta", "gamma", "price", "quote", "ünïcode", "漢字", '{"k":1}', '{"k":2,"more":[1,2]}', "a", ""]


class Violation(Exception):
    """What was received violates RFC 6455 or RFC 7692."""


@dataclass
class Deflate:
    """What was negotiated for one direction, and how its sender compresses."""
    takeover: bool
    bits: int
    level: int
    strategy: int
    memory: int

    def compressor(self):
        return zlib.compressobj(self.level, zlib.DEFLATED, -self.bits, self.memory, self.strategy)


@dataclass
class Unit:
    """What is sent in a row: a message with control frames between its fragments, a control frame, or raw bytes."""
    kind: str
    data: bytes
    compressed: bool = False
    # How much of the payload is before the end of each fragment but the last, from 0 to 1.
    cuts: list = field(default_factory=list)
    # Control frames before the fragment with this number: (number, kind, payload).
    controls: list = field(default_factory=list)
    final_block: bool = False
    flush_at: float = 0.0


@dataclass
class Item:
    """A complete message or control frame of a stream of bytes, in the order of completion."""
    kind: str
    data: bytes
    compressed: bool = False
    frames: int = 1
    wire_size: int = 0
    # Where the message or the control frame begins that was incomplete when this one began.
    start: int = 0

    def content(self):
        return self.kind, self.data

    def __repr__(self):
        data = self.data if len(self.data) <= 40 else self.data[:40] + b"... (%d bytes)" % len(self.data)
        return f"{self.kind} {data!r}{' compressed' if self.compressed else ''}"


# Making it


def payload(rng, kind):
    """A payload, often one that rules match or that repeats what was sent before."""
    if kind == "binary":
        choice = rng.random()
        if choice < 0.3:
            return bytes([0, 255, rng.randrange(4)])
        if choice < 0.5:
            return rng.choice(WORDS).encode()
        return rng.randbytes(rng.choice([0, 1, 125, 126, 127, 300, 5000])) * rng.choice([1, 1, 3])
    text = " ".join(rng.choice(WORDS) for _ in range(rng.choice([1, 1, 1, 2, 5, 40]))).encode()
    large = rng.random()
    return text * (rng.randrange(1, 600) if large < 0.03 else 1)


def control(rng):
    kind = rng.choice(["ping", "pong"])
    return kind, rng.choice([b"", b"a", b"ping", rng.randbytes(rng.choice([1, 50, 125]))])


def close_payload(rng):
    code = rng.choice([None, 1000, 1001, 1008, 1011, 3000, 4999])
    return b"" if code is None else code.to_bytes(2, "big") + rng.choice([b"", b"bye", "tschüß".encode()])


def unit(rng, deflate):
    if rng.random() < 0.2:
        return Unit(*control(rng))
    kind = rng.choice(["text", "text", "binary"])
    made = Unit(kind, payload(rng, kind), compressed=bool(deflate) and rng.random() < 0.7)
    if rng.random() < 0.3:
        made.cuts = sorted(rng.choice([0.0, 1.0, rng.random()]) for _ in range(rng.choice([1, 1, 2, 6])))
        places = range(1, len(made.cuts) + 1)
        made.controls = sorted((rng.choice(places), *control(rng)) for _ in range(rng.choice([0, 1, 1, 3])))
    if made.compressed:
        made.final_block = not deflate.takeover and rng.random() < 0.1
        made.flush_at = rng.choice([0.0, 0.0, rng.random()])
    return made


HOSTILE = ["random bytes", "utf8", "utf8 cut", "reserved bit", "reserved opcode", "mask", "deflate", "fragmented ping",
           "long ping", "continuation", "nested", "long length", "huge", "close code", "short close", "close utf8",
           "after close", "truncated"]


def hostile(rng, masks):
    """Bytes that violate the protocol, usually."""
    key = rng.randbytes(4) if masks else None
    make = lambda *arguments, **more: frame(*arguments, mask=key, **more)
    match rng.choice(HOSTILE):
        case "random bytes":
            return rng.randbytes(rng.choice([1, 2, 7, 100, 3000]))
        case "utf8":
            return make(TEXT, b"ok \xed\xa0\x80 not")
        case "utf8 cut":
            return make(TEXT, b"\xf0\x9f", fin=False) + make(CONTINUATION, b"x")
        case "reserved bit":
            return make(rng.choice([TEXT, PING]), b"bits", reserved=rng.randrange(1, 8))
        case "reserved opcode":
            return make(rng.choice([3, 7, 11, 15]), b"opcode")
        case "mask":
            return frame(TEXT, b"mask", None if masks else b"abcd")
        case "deflate":
            return make(TEXT, rng.choice([b"\xff\xff\xff", b"", rng.randbytes(40), b"\x07"]), reserved=4)
        case "fragmented ping":
            return make(PING, b"part", fin=False)
        case "long ping":
            return make(PING, b"p" * 126)
        case "continuation":
            return make(CONTINUATION, b"of nothing")
        case "nested":
            return make(TEXT, b"outer", fin=False) + make(TEXT, b"inner") + make(CONTINUATION, b"end")
        case "long length":
            return make(TEXT, b"short", length_bytes=8)
        case "huge":
            return bytes([0x82, 0xFF if masks else 0x7F]) + rng.choice([b"\xff", b"\x7f"]) + b"\xff" * 7 + b"abcdefgh"
        case "close code":
            return make(CLOSE, rng.choice([999, 1004, 1005, 1006, 1015, 2999, 5000, 0]).to_bytes(2, "big"))
        case "short close":
            return make(CLOSE, b"\x03")
        case "close utf8":
            return make(CLOSE, b"\x03\xe8\xff")
        case "after close":
            return make(CLOSE, b"\x03\xe8") + make(TEXT, b"after")
        case "truncated":
            return make(TEXT, b"never complete")[:-3]


# As bytes


class Encoder:
    """Encodes units of one side. `items` are the complete messages and control frames of `sent`."""

    def __init__(self, masks, deflate, seed):
        self.rng, self.masks, self.deflate = random.Random(seed), masks, deflate
        self.compressor = deflate.compressor() if deflate else None
        self.sent, self.items = bytearray(), []
        self.has_closed = False

    def add(self, made):
        """Appends a unit, and returns its bytes."""
        at = len(self.sent)
        if made.kind == "raw":
            self.sent += made.data
        elif made.kind in ("text", "binary"):
            self.message(made)
        else:
            self.control(made.kind, made.data, len(self.sent))
        return bytes(self.sent[at:])

    def control(self, kind, data, start):
        encoded = self.frame(OPCODES[kind], data)
        self.sent += encoded
        self.items.append(Item(kind, data, start=start))
        self.has_closed |= kind == "close"

    def message(self, made):
        data = self.compress(made) if made.compressed else made.data
        edges = [0, *(int(cut * len(data)) for cut in made.cuts), len(data)]
        start, wire_size = len(self.sent), 0
        for number, (begin, end) in enumerate(zip(edges, edges[1:])):
            for at, kind, inner in made.controls:
                if at == number:
                    self.control(kind, inner, start)
            opcode = CONTINUATION if number else OPCODES[made.kind]
            rsv1 = 4 if made.compressed and not number else 0
            encoded = self.frame(opcode, data[begin:end], fin=number == len(edges) - 2, reserved=rsv1)
            wire_size += len(encoded)
            self.sent += encoded
        self.items.append(Item(made.kind, made.data, made.compressed, len(edges) - 1, wire_size, start))

    def frame(self, opcode, data, **more):
        key = self.rng.choice([b"\0\0\0\0", self.rng.randbytes(4)]) if self.masks else None
        return frame(opcode, data, mask=key, **more)

    def compress(self, made):
        compressor = self.compressor if self.deflate.takeover else self.deflate.compressor()
        if made.final_block:
            return compressor.compress(made.data) + compressor.flush(zlib.Z_FINISH) + b"\0"
        middle = int(made.flush_at * len(made.data))
        data = compressor.compress(made.data[:middle])
        data += compressor.flush(zlib.Z_FULL_FLUSH) if middle else b""
        data += compressor.compress(made.data[middle:]) + compressor.flush(zlib.Z_SYNC_FLUSH)
        # An empty flush behind another writes nothing: then an empty block has to be written.
        return data[:-4] if data.endswith(TAIL) else b"\0"


# From bytes


class Inflater:
    """Inflates the messages of one direction, with no larger a window than was negotiated."""

    def __init__(self, deflate):
        self.deflate, self.window = deflate, b""
        self.stream = zlib.decompressobj(-deflate.bits)

    def inflate(self, data):
        if not self.deflate.takeover:
            self.stream, self.window = zlib.decompressobj(-self.deflate.bits), b""
        rest, out = data + TAIL, b""
        try:
            while rest:
                out += self.stream.decompress(rest)
                if not self.stream.eof:
                    break
                # A final block: the window stays (RFC 7692 section 7.2.3.4).
                rest = self.stream.unused_data
                self.stream = zlib.decompressobj(-self.deflate.bits, zdict=(self.window + out)[-32768:])
        except zlib.error as why:
            raise Violation(f"does not inflate: {why}") from why
        self.window = (self.window + out)[-32768:]
        return out


class Decoder:
    """A strict receiver of one direction. It can be fed little by little."""

    def __init__(self, masks, deflate):
        self.masks, self.inflater = masks, Inflater(deflate) if deflate else None
        self.buffer, self.items = bytearray(), []
        # Of the incomplete message: (opcode, compressed, payload, number of frames).
        self.message = None
        self.has_closed = False

    def feed(self, data):
        self.buffer += data
        while (found := self.header()) is not None:
            first, key, start, length = found
            if len(self.buffer) < start + length:
                return
            data = bytes(self.buffer[start:start + length])
            del self.buffer[:start + length]
            self.frame(first, masked(data, key) if key else data)

    def header(self):
        """The first byte of the next frame, its mask, where its payload begins and its length."""
        if len(self.buffer) < 2:
            return None
        first, second = self.buffer[0], self.buffer[1]
        size = {126: 2, 127: 8}.get(second & 127, 0)
        start = 2 + size + (4 if second & 128 else 0)
        if len(self.buffer) < start:
            return None
        length = int.from_bytes(self.buffer[2:2 + size], "big") if size else second & 127
        if bool(second & 128) != self.masks:
            raise Violation("wrong mask")
        if size and length < (126 if size == 2 else 1 << 16) or length >> 63:
            raise Violation("wrong length")
        if self.has_closed:
            raise Violation("a frame behind Close")
        if first & 0x30 or first & 0x40 and not (self.inflater and first & 15 in (TEXT, BINARY)):
            raise Violation("reserved bits")
        if first & 15 > 7 and (length > 125 or not first & 128):
            raise Violation("a control frame that is too long or fragmented")
        return first, bytes(self.buffer[start - 4:start]) if second & 128 else None, start, length

    def frame(self, first, data):
        opcode, fin = first & 15, bool(first & 128)
        if opcode in (CLOSE, PING, PONG):
            if opcode == CLOSE:
                self.close(data)
            self.items.append(Item(KINDS[opcode], data))
            return
        if opcode not in (TEXT, BINARY, CONTINUATION):
            raise Violation(f"opcode {opcode}")
        if (opcode == CONTINUATION) != bool(self.message):
            raise Violation("a fragment out of order")
        kind, compressed, before, frames = self.message or (opcode, bool(first & 0x40), b"", 0)
        self.message = (kind, compressed, before + data, frames + 1)
        if fin:
            self.complete()

    def close(self, data):
        self.has_closed = True
        code = int.from_bytes(data[:2], "big")
        if len(data) == 1 or data and not (1000 <= code <= 1014 and code not in (1004, 1005, 1006) or 3000 <= code < 5000):
            raise Violation(f"the Close frame {data!r}")
        check_utf8(data[2:])

    def complete(self):
        kind, compressed, data, frames = self.message
        self.message = None
        data = self.inflater.inflate(data) if compressed else data
        item = Item(KINDS[kind], data, compressed, frames)
        self.items.append(item)

    def is_between_frames(self):
        return not self.buffer


def check_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError as why:
        raise Violation("invalid UTF-8") from why
