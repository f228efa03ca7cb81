#!/usr/bin/env python3
"""Random traffic of two peers through `wscope proxy` with random rules: what arrives and what is shown has to be what
the rules say, and nothing else may happen.

    fuzz_peers.py [SECONDS|proxies:COUNT] [SEED]

SEED is that of the first proxy; the next ones count up. A seed sends the same bytes under the same rules each time.
WSCOPE is the binary. Called by the script `proxy` in the folder above."""

import json
import queue
import random
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import dataclass, replace

sys.dont_write_bytecode = True

from fuzz_check import Check  # noqa: E402
from fuzz_model import SIDES, random_rule  # noqa: E402
from fuzz_traffic import Decoder, Deflate, Encoder, Unit, Violation, close_payload, hostile, unit  # noqa: E402
from peers import RELAY, Failed, Proxy, Wire, expect, opened  # noqa: E402

# Connections of one proxy, one after the other.
CONNECTIONS = 12
# A connection that has not ended after this time hangs, in seconds.
DEADLINE = 15
# How much more memory the last connections may need than the first, in KiB.
GROWTH = 24 << 10


# What is tried


@dataclass
class Setup:
    """A proxy."""
    rules: list
    options: list
    max_size: int
    enforce: bool

    def arguments(self):
        rules = [argument for rule in self.rules for argument in ("--rule", rule.text)]
        return ["--json", *self.options, *rules]

    def touches(self, side):
        return self.enforce or any(rule.side in (side, "any") for rule in self.rules)


@dataclass
class Script:
    """What one side does: `units`, then its end: `fin`, `wait` for the other side, or `reset`."""
    units: list
    end: str
    deflate: Deflate | None
    seed: int
    # Whether what it sends is valid, up to which unit.
    valid: int = 0


@dataclass
class Case:
    """A connection."""
    scripts: dict
    seed: int
    extension: str | None = None
    offer: str | None = None

    def is_valid(self):
        return all(script.valid == len(script.units) for script in self.scripts.values())


def random_setup(rng):
    rules = [random_rule(rng) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4]))]
    options, max_size, enforce = ["--seed", str(rng.randrange(1 << 64))], 64 << 20, rng.random() < 0.2
    if enforce:
        options.append("--enforce")
    if rng.random() < 0.15:
        max_size = rng.choice([10, 300, 3000])
        options += ["--max-message-size", str(max_size)]
    if rng.random() < 0.15:
        options += ["--latency", rng.choice(["2ms", "5ms±5ms"])]
    if rng.random() < 0.1:
        options += ["--throttle", rng.choice(["50K", "1M"])]
    if rng.random() < 0.2:
        options.append("-vv")
    return Setup(rules, options, max_size, enforce)


def random_case(rng):
    deflates, offer, extension = random_deflate(rng) if rng.random() < 0.65 else ([None, None], None, None)
    ends = rng.choice([["fin", "fin"], ["fin", "wait"], ["wait", "fin"]] * 6 + [["reset", "fin"], ["fin", "reset"]])
    hostile_sides = rng.choice([()] * 5 + [("client",), ("server",), SIDES])
    scripts = {}
    for side, deflate, end in zip(SIDES, deflates, ends):
        script = Script([], end, deflate, rng.randrange(1 << 32))
        script.units = [unit(rng, deflate) for _ in range(rng.choice([0, 1, 3, 8, 20, 40]))]
        script.valid = len(script.units)
        if side in hostile_sides:
            for _ in range(rng.choice([1, 1, 2, 4])):
                script.units.append(Unit("raw", hostile(rng, side == "client")))
                script.units += [unit(rng, None) for _ in range(rng.choice([0, 1, 3]))]
        elif rng.random() < 0.6:
            script.units.append(Unit("close", close_payload(rng)))
            script.valid += 1
        scripts[side] = script
    return Case(scripts, rng.randrange(1 << 32), extension, offer)


def random_deflate(rng):
    """For each side what was negotiated, then the offer and the answer."""
    deflates, answer = [], "permessage-deflate"
    for side in SIDES:
        takeover, bits = rng.random() < 0.7, rng.choice([9, 10, 12, 15, 15, 15])
        strategy = rng.choice([zlib.Z_DEFAULT_STRATEGY] * 3 + [zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE])
        deflates.append(Deflate(takeover, bits, rng.choice([0, 1, 6, 9]), strategy, rng.choice([1, 8, 9])))
        answer += "" if takeover else f"; {side}_no_context_takeover"
        answer += "" if bits == 15 else f"; {side}_max_window_bits={bits}"
    return deflates, "permessage-deflate; client_max_window_bits", answer


# One connection


class Events:
    """The events that a proxy writes, for each connection."""

    def __init__(self, stdout):
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self.read, args=(stdout,), daemon=True).start()

    def read(self, stdout):
        for line in stdout:
            self.lines.put(line)
        stdout.close()
        self.lines.put(None)

    def of_connection(self, number):
        """All events of a connection up to its end."""
        events, deadline = [], time.monotonic() + DEADLINE
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"the end of connection {number} is not shown") from None
            expect(line is not None, "the proxy has ended")
            event = json.loads(line)
            expect(event.get("connection") == number, f"an event of another connection than {number}: {event}")
            events.append(event)
            if event["event"] == "close":
                return events


class Peer:
    """One side of a connection: it sends its script in pieces, and answers a Close frame if it waits for the end."""

    def __init__(self, side, script, end, other_deflate, rng):
        self.side, self.script, self.end, self.rng = side, script, end, rng
        self.encoder = Encoder(side == "client", script.deflate, script.seed)
        self.valid_items, self.valid_bytes = 0, 0
        for number, made in enumerate(script.units):
            self.encoder.add(made)
            if number < script.valid:
                self.valid_items, self.valid_bytes = len(self.encoder.items), len(self.encoder.sent)
        self.sent, self.is_done = 0, False
        self.decoder, self.decoded, self.is_lost = Decoder(side == "server", other_deflate), 0, False

    def step(self):
        """Goes on as far as it can."""
        if self.is_done or self.end.waiting:
            return
        if self.sent < len(self.encoder.sent):
            size = self.rng.choice([1, 3, 20, 200, 2000, 20000, 20000])
            self.end.send(self.encoder.sent[self.sent:self.sent + size])
            self.sent = min(self.sent + size, len(self.encoder.sent))
        elif self.script.end == "wait" and not self.end.end:
            self.answer()
        elif self.script.end == "reset":
            self.is_done, self.end.end = True, self.end.end or "own reset"
            self.end.reset()
        else:
            self.is_done = True
            self.end.finish()

    def answer(self):
        """Answers a Close frame that has arrived."""
        try:
            if not self.is_lost:
                self.decoder.feed(self.end.received[self.decoded:])
                self.decoded = len(self.end.received)
        except Violation:
            self.is_lost = True
        if self.decoder.has_closed and not self.encoder.has_closed:
            self.encoder.add(Unit("close", b"\x03\xe8"))
            if self.script.valid == len(self.script.units):
                self.valid_items, self.valid_bytes = len(self.encoder.items), len(self.encoder.sent)

    def is_over(self):
        return bool(self.end.end) and (self.is_done or self.end.end == "reset")


def converse(proxy, target, wire, case):
    """Runs a connection to its end; returns both peers."""
    extra = {}
    if case.extension:
        extra = {"client_extra": [f"Sec-WebSocket-Extensions: {case.offer}"],
                 "server_extra": [f"Sec-WebSocket-Extensions: {case.extension}"]}
    rng = random.Random(case.seed)
    ends = opened(wire, proxy, target, **extra)
    scripts = case.scripts
    peers = [Peer(side, scripts[side], end, scripts[other].deflate, rng)
             for side, other, end in zip(SIDES, reversed(SIDES), ends)]

    def until():
        for peer in rng.sample(peers, 2):
            peer.step()
        return all(peer.is_over() and not peer.end.waiting for peer in peers)

    wire.run(until, "both sides have ended", DEADLINE)
    return peers


# Running


class Running:
    """A proxy and what it is asked to do, one connection after the other."""

    def __init__(self, setup):
        self.setup, self.wire = setup, Wire()
        self.target = self.wire.listen()
        self.proxy = Proxy(*setup.arguments(), target=self.target, stdout=subprocess.PIPE)
        self.events = Events(self.proxy.process.stdout)
        self.number, self.memory = 0, None

    def connect(self, case):
        """Raises `Failed` if anything is wrong."""
        self.number += 1
        try:
            peers = converse(self.proxy, self.target, self.wire, case)
            Check(self.setup, case, peers, self.events.of_connection(self.number))
        finally:
            for end in self.wire.ends:
                if end.open:
                    end.close()
            self.wire.ends.clear()
            self.check_health()

    def check_health(self):
        log = list(self.proxy.log)
        expect(not any("panicked at" in line for line in log), "panicked: " + " | ".join(log[-5:]))
        expect(self.proxy.alive(), f"the proxy ended with status {self.proxy.process.poll()}: {self.proxy.tail()}")
        now = self.proxy.memory()
        self.memory = self.memory or now
        expect(now < self.memory + GROWTH, f"{now} KiB of memory after {self.number} connections, {self.memory} after one")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.stop()
        self.wire.close()


def outcome(setup, case, number=1):
    """The failure of a connection by itself, or None. It gets the number it had, as chance depends on it."""
    try:
        with Running(setup) as running:
            for _ in range(number - 1):
                running.connect(EMPTY)
            running.connect(case)
    except (Failed, OSError) as why:
        return str(why) or repr(why)
    return None


EMPTY = Case({side: Script([], "fin", None, 0) for side in SIDES}, 0)


def without(case, side, begin, end):
    """The case without some of a side's units."""
    script = case.scripts[side]
    units = script.units[:begin] + script.units[end:]
    valid = script.valid - max(0, min(end, script.valid) - min(begin, script.valid))
    return replace(case, scripts=case.scripts | {side: replace(script, units=units, valid=valid)})


def minimised(setup, case, number, tries=40):
    """A case with fewer units, and fewer rules, that fails too; its failure."""
    failure = outcome(setup, case, number)
    if failure is None:
        return setup, case, None
    for side in SIDES:
        size = max(1, len(case.scripts[side].units) // 2)
        while size and tries:
            begin = 0
            while begin < len(case.scripts[side].units) and tries:
                tries -= 1
                fewer = without(case, side, begin, begin + size)
                if found := outcome(setup, fewer, number):
                    case, failure = fewer, found
                else:
                    begin += size
            size //= 2
    return setup, case, failure


def report(seed, setup, case, number, failure):
    print(f"FAIL seed {seed}, connection {number}: {failure}", flush=True)
    setup, case, failure = minimised(setup, case, number)
    if failure is None:
        print("       it does not fail again by itself", flush=True)
    print(f"       {' '.join(map(repr, setup.arguments()))}; {case.extension or 'no compression'}")
    for side, script in case.scripts.items():
        print(f"       {side} ({script.end}): " + "; ".join(map(describe, script.units)))
    if failure:
        print(f"       {failure}", flush=True)


def describe(made):
    data = made.data if len(made.data) <= 30 else made.data[:30] + b"... (%d bytes)" % len(made.data)
    parts = [made.kind, repr(data)]
    parts += ["compressed"] if made.compressed else []
    parts += [f"{len(made.cuts) + 1} fragments with {made.controls}"] if made.cuts else []
    return " ".join(parts)


def fuzz(seed):
    """One proxy with its connections. Returns how many there were, and whether all is as it has to be."""
    rng = random.Random(seed)
    setup = random_setup(rng)
    with Running(setup) as running:
        for number in range(1, CONNECTIONS + 1):
            case = random_case(rng)
            try:
                running.connect(case)
            except (Failed, OSError) as why:
                failure = str(why) or repr(why)
                break
        else:
            return CONNECTIONS, True
    report(seed, setup, case, number, failure)
    return number, False


def main():
    if RELAY:
        print("SKIPPED: fuzz: a relay has no rules")
        return
    limit = sys.argv[1] if len(sys.argv) > 1 else "60"
    count = int(limit.removeprefix("proxies:")) if limit.startswith("proxies:") else None
    seconds = float(limit) if count is None else float("inf")
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    start, first, connections, failed = time.monotonic(), seed, 0, 0
    while time.monotonic() < start + seconds and seed - first != count and failed < 10:
        number, passed = fuzz(seed)
        connections, failed, seed = connections + number, failed + (not passed), seed + 1
    print(f"fuzz: seeds {first} to {seed - 1}")
    print(f"fuzz: {connections - failed} passed, {failed} failed", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
