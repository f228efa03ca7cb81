"""What has to hold of a connection through `wscope proxy` whose traffic and rules are known."""

from fuzz_model import SIDES, Verdicts, delivered_by, first_difference, is_text, received
from peers import Failed, expect


class Check:
    """Compares what the peers of one connection have sent and received, and what was shown."""

    def __init__(self, setup, case, peers, events):
        self.setup, self.case, self.events = setup, case, events
        self.peers = dict(zip(SIDES, peers))
        sent = {side: peer.encoder.items[:peer.valid_items] for side, peer in self.peers.items()}
        self.is_valid = {side: script.valid == len(script.units) for side, script in case.scripts.items()}
        self.has_reset = any(script.end == "reset" for script in case.scripts.values())
        self.verdicts = Verdicts(setup.rules, sent, events, setup, self.is_valid, self.has_reset)
        # The proxy itself has ended the connection.
        self.is_ended = self.verdicts.trigger is not None
        for side in SIDES:
            self.check_direction(side)
        self.check_close()

    def check_direction(self, side):
        """What `side` has sent, and what the other side has received."""
        sender = self.peers[side]
        receiver = next(peer for name, peer in self.peers.items() if name != side)
        got, sent = bytes(receiver.end.received), bytes(sender.encoder.sent)
        fates, verdicts = self.verdicts.fates[side], self.verdicts
        may_lack = self.has_reset or self.is_ended
        if not may_lack:
            count = len(fates)
            expect(count == sender.valid_items, f"only {count} of {sender.valid_items} items of the {side} are shown")
            untouched = verdicts.touched[side] is None and not self.touched_later(side)
            if untouched:
                check_bytes(got, sent, f"what the {side} sent")
        self.check_untouched_start(side, got, sent, may_lack)
        decoder, violation = received(got, side == "client", self.case.scripts[side].deflate)
        self.check_items(side, [item.content() for item in decoder.items], decoder, may_lack)
        is_valid = self.is_valid[side]
        if is_valid or self.setup.enforce:
            expect(violation is None, f"what arrives of the {side} violates the protocol: {violation}")
            self.check_text(side, decoder.items)
            expect(may_lack or not decoder.buffer and not decoder.message or not is_valid, f"the {side}: cut off")

    def check_text(self, side, items):
        """Only a rule makes text that is not UTF-8."""
        if not any(rule.action == "corrupt" for rule in self.setup.rules):
            invalid = next((item for item in items if item.kind == "text" and not is_text(item.data)), None)
            expect(invalid is None, f"text of the {side} that is not UTF-8 arrives: {invalid}")

    def touched_later(self, side):
        return any(event.get("rule") is not None for event in self.events if event.get("direction") == side)

    def check_untouched_start(self, side, got, sent, may_lack):
        """Up to the first message that a rule touches, the bytes are those that were sent."""
        first, items = self.verdicts.touched[side], self.peers[side].encoder.items
        if first is not None:
            start = sent[:items[first].start]
            check_bytes(got[:len(start)], start[:len(got)] if may_lack else start, f"what the {side} sent before a rule")

    def check_items(self, side, got, decoder, may_lack):
        fates, verdicts = self.verdicts.fates[side], self.verdicts
        due = delivered_by(fates[:verdicts.before.get(side, len(fates))])
        # A Close frame of the proxy waits behind what is delayed, and for the end of a message that it has begun to pass on.
        wanted = delivered_by(fates)
        if not may_lack:
            got = got if self.is_valid[side] else got[:len(wanted)]
            expect(got == wanted, f"the {side}'s messages: {first_difference(got, wanted)}")
            return
        is_told = any(kind == "close" for kind, _ in got)
        if self.may_have_closed(side) and got[:-1] == wanted and is_told:
            wanted = got  # its own Close frame, which is shown only at the end
        if got and got[-1] in verdicts.closes and got != wanted[:len(got)]:
            got = got[:-1]
        got = got if self.is_valid[side] else got[:len(wanted)]
        expect(got == wanted[:len(got)], f"the {side}'s messages: {first_difference(got, wanted)}")
        if self.has_reset or verdicts.may_reset:
            return
        lost = due[len(got):]
        expect(not lost or self.may_lose(side, lost), f"the {side}'s messages are lost: {first_difference(got, wanted)}")
        has_ended = self.peers[side].is_done and self.case.scripts[side].end == "fin"
        is_inside = bool(decoder.buffer) or not self.is_valid[side]
        expect(is_told or is_inside or has_ended, f"no Close frame arrives from the {side}'s direction: {verdicts.closes}")

    def may_have_closed(self, side):
        """Whether the side's own Close frame may have been delivered before the proxy ended the connection."""
        items = self.verdicts.sent[side]
        return (self.is_ended or self.has_reset) and bool(items) and items[-1].kind == "close"

    def may_lose(self, side, lost):
        """Whether what waits is lost: of the side that did not end the connection, while it waits for a delay, or between
        the fragments of an incomplete message."""
        is_control = all(kind in ("ping", "pong", "close") for kind, _ in lost)
        is_other = self.verdicts.trigger != side or self.verdicts.has_second_trigger
        return is_other and (self.verdicts.delayed[side] or is_control)

    def check_close(self):
        """The event of the end."""
        close = self.events[-1]
        if self.has_reset or self.is_ended or not self.case.is_valid():
            return
        for side, peer in self.peers.items():
            expect(peer.end.end == "fin", f"the {side} sees {peer.end.end}, but no side has reset")
            data = next((item.data for item in peer.encoder.items if item.kind == "close"), None)
            wanted = None if data is None else {"code": int.from_bytes(data[:2], "big") or 1005, "reason": data[2:].decode()}
            expect(close[side] == wanted, f"the Close frame of the {side} is shown as {close[side]}, not {wanted}")
        expect(close["violations"] == 0, f"violations are shown of valid traffic: {close['violations']}")


def check_bytes(got, wanted, what):
    if got != wanted:
        at = next((at for at, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1]), min(len(got), len(wanted)))
        start = max(0, at - 10)
        raise Failed(f"{what} is changed from byte {at} of {len(wanted)} on: {got[start:at + 30]!r}, "
                     f"not {wanted[start:at + 30]!r}")
