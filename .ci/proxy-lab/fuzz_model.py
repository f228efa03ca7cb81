"""What `wscope proxy` has to do with traffic under rules: random rules, and what has to arrive and be shown."""

import base64
import json

from collections import deque
from dataclasses import dataclass

from fuzz_traffic import WORDS, Decoder, Item, Violation, check_utf8
from peers import expect

SIDES = ("client", "server")


# Rules


@dataclass
class Rule:
    """A rule as the model understands it. `when`: (word, value)."""
    text: str
    side: str
    matches: object
    when: tuple
    action: str
    argument: object = None


def random_rule(rng):
    side = rng.choice(["client", "server", "any"])
    about, pattern, matches = random_pattern(rng)
    action, argument, written = random_action(rng, about)
    written_when, when = random_when(rng, about == "close" and side == "any")
    text = " ".join(part for part in (side, pattern, written_when, "=>", written) if part)
    return Rule(text, side, matches, when, action, argument)


def random_pattern(rng):
    """(what it is about, as it is written, a function of kind and data)."""
    is_message = lambda kind: kind in ("text", "binary")
    begins = lambda data: data.startswith((b"alpha", b"beta")) and is_text(data)
    word = rng.choice(WORDS[:4])
    code = rng.choice([1000, 1001, 1011, 4999])
    data = rng.choice([b"", b"a", b"ping"])
    return rng.choice([
        ("message", "", lambda kind, _: is_message(kind)),
        ("message", "", lambda kind, _: is_message(kind)),
        ("message", word, lambda kind, data: is_message(kind) and data == word.encode()),
        ("message", "text:a", lambda kind, data: is_message(kind) and data == b"a"),
        ("message", f"/{word}/", lambda kind, data: is_message(kind) and word.encode() in data and is_text(data)),
        ("message", "/^(alpha|beta)/", lambda kind, data: is_message(kind) and begins(data)),
        ("message", '{"k":2}', lambda kind, data: is_message(kind) and contains_k2(data)),
        ("message", "hex:00ff..", lambda kind, data: kind == "binary" and data.startswith(b"\0\xff")),
        ("message", "hex:00ff01", lambda kind, data: kind == "binary" and data == b"\0\xff\x01"),
        ("control", "ping:", lambda kind, _: kind == "ping"),
        ("control", "pong:", lambda kind, _: kind == "pong"),
        ("control", f"ping:{data.decode()}", lambda kind, got: kind == "ping" and (not data or got == data)),
        ("close", "close:", lambda kind, _: kind == "close"),
        ("close", f"close:{code}", lambda kind, data: kind == "close" and data[:2] == code.to_bytes(2, "big")),
    ])


def is_text(data):
    try:
        check_utf8(data)
    except Violation:
        return False
    return True


def contains_k2(data):
    try:
        value = json.loads(data)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("k") == 2


def random_when(rng, is_any_close):
    """As it is written, and (word, value). Which Close frame is the first of both sides cannot be known."""
    number = rng.choice([1, 2, 3, 5])
    share = rng.choice([0, 20, 50, 100])
    counted = [] if is_any_close else [(f"nth {number}", ("nth", number)), (f"every {number}", ("every", number))]
    return rng.choice([("", ("always", 0)), (f"{share}%", ("share", share)), ("after 0s", ("always", 0)),
                       ("after 1h", ("share", 0)), ("after 5ms", ("share", 50)), *counted])


def random_action(rng, about):
    """(its name, what it delivers or sends, as it is written)."""
    time = rng.choice(["1ms", "5ms±5ms", "20ms+-10ms", "0s"])
    code, reason = rng.choice([1000, 1001, 1008, 1011, 4000]), rng.choice(["", "by a rule"])
    closing = ("close", code.to_bytes(2, "big") + reason.encode(), f"close {code} {reason}".strip())
    # What ends the connection is rare: nothing is tested behind it.
    actions = [("drop", None, "drop"), ("delay", None, f"delay {time}")] * 3
    actions += [closing, ("abort", None, "abort")] if rng.random() < 0.25 else []
    if about != "close":
        actions += [("duplicate", None, "duplicate"), ("corrupt", None, "corrupt")] * 3
        actions += [("replace", None, f"replace {rng.choice(['', 'text:put in', 'hex:00ff', 'longer ' * 15])}".strip())] * 3
    elif rng.random() < 0.5:
        actions += [closing] * 3
    return rng.choice(actions)


class Judge:
    """Which rule takes what: the first that matches, by counters of its own. Where chance decides, as it was shown."""

    def __init__(self, rules):
        self.rules, self.counts = rules, [0] * len(rules)

    def judge(self, side, item, shown):
        """The index of the rule that has taken it; `shown` is the one of the event, or None."""
        for index, rule in enumerate(self.rules):
            if rule.side not in (side, "any") or not rule.matches(item.kind, item.data):
                continue
            self.counts[index] += 1
            word, value = rule.when
            holds = {"always": True, "nth": self.counts[index] == value, "every": value and self.counts[index] % value == 0,
                     "share": value == 100 or value > 0 and shown == index}[word]
            if holds:
                return index
        return None


# What was shown


@dataclass
class Shown:
    """An event of a message or control frame. `changed`: the (kind, data) that was delivered instead, if any. `is_withheld`: it
    came when nothing could be delivered any more, and no rule is applied to it."""
    side: str
    kind: str
    data: bytes
    rule: int | None
    action: str | None
    changed: tuple | None
    event: dict
    is_withheld: bool


class Waiting:
    """Tells what was withheld from what has waited: of that an event says what became of it."""

    def __init__(self, events):
        self.waited = {side: deque() for side in SIDES}
        for event in events:
            if event["event"] == "held" and event["type"] != "close":
                self.waited[event["direction"]].append((event["type"], data_of(event)))
        self.lost_closes = events[-1].get("not_delivered", [])

    def withholds(self, event, content):
        if event["event"] == "close_frame":
            return event["direction"] in self.lost_closes and event.get("rule") is None
        if event.get("delivered") is not False:
            return False
        waited = self.waited[event["direction"]]
        if waited and waited[0] == content:
            waited.popleft()
            return False
        return True


def shown(event, waiting):
    kind = {"message": event.get("type"), "close_frame": "close"}.get(event["event"], event["event"])
    changed = event.get("changed_to")
    changed = changed and (changed["type"], data_of(changed))
    rule = event["rule"] - 1 if event.get("rule") is not None else None
    data = data_of(event)
    is_withheld = waiting.withholds(event, (kind, data))
    return Shown(event["direction"], kind, data, rule, event.get("action"), changed, event, is_withheld)


def data_of(event):
    if event.get("omitted"):
        return None
    if "code" in event:
        code = event["code"]
        return b"" if code == 1005 else code.to_bytes(2, "big") + event["reason"].encode()
    if "bytes" in event or event.get("encoding") == "base64":
        return base64.b64decode(event.get("bytes", event["data"]))
    return event["data"].encode()


# What has to hold


class Verdicts:
    """The events of one connection beside what was sent; `fates` says for each side's items what was to be delivered.

    `sent`: the items of each side. Where a side sends something hostile, they are those before it; what comes behind it
    is not predicted, but rules count it too. `may_lack`: what a side has sent may never have been read, or not be delivered."""

    def __init__(self, rules, sent, events, setup, is_valid, may_lack):
        self.may_lack = may_lack
        self.rules, self.sent, self.max_size, self.is_valid = rules, sent, setup.max_size, is_valid
        self.judge = Judge(rules)
        self.fates = {side: [] for side in SIDES}
        # The side because of which the proxy ends the connection, and how many items of each side came before.
        self.trigger, self.before = None, {}
        # Both sides have done what ends the connection: the first may have had to wait.
        self.has_second_trigger = False
        # The Close frames that it may send for that, and whether it may reset both sides instead.
        self.closes, self.may_reset = [], False
        self.delayed = {side: False for side in SIDES}
        self.touched = {side: None for side in SIDES}
        waiting = Waiting(events)
        for event in events:
            if event["event"] in ("message", "ping", "pong", "close_frame"):
                self.take(shown(event, waiting))
            elif event["event"] == "violation" and setup.enforce:
                self.end(event["direction"], [code.to_bytes(2, "big") for code in (1002, 1007, 1009)])
        for side in SIDES if not may_lack else ():
            self.take_close(side)

    def end(self, side, closes):
        if self.trigger is None:
            self.trigger, self.before = side, {side: len(self.fates[side]) for side in SIDES}
        self.has_second_trigger |= side != self.trigger
        self.may_reset |= not closes
        self.closes += [("close", payload) for payload in closes]

    def take_close(self, side):
        """A Close frame that no rule touches is not shown by itself."""
        left = self.sent[side][len(self.fates[side]):]
        if left and left[0].kind == "close" and not self.trigger:
            predicted = self.judge.judge(side, left[0], None)
            expect(predicted is None, f"rule {show(predicted)} has to take {left[0]} of the {side}, but does not")
            self.fates[side].append([left[0].content()])

    def take(self, event):
        side, fates = event.side, self.fates[event.side]
        if len(fates) == len(self.sent[side]):
            expect(not self.is_valid[side], f"shown but not sent: {event}")
            self.take_unpredicted(event)
            return
        item = self.sent[side][len(fates)]
        self.check_event(event, item)
        if event.is_withheld:
            expect(self.may_lack or self.trigger, f"withheld, but no side is reset, and the proxy does not end: {event}")
            expect(event.rule is None, f"withheld, but touched by a rule: {event}")
            fates.append([])
            return
        if event.data is None:
            expect(event.rule is None, f"a rule has taken a message that is not kept: {event}")
            fates.append([item.content()])
            return
        if not self.trigger:
            predicted = self.judge.judge(side, item, event.rule)
            taken = f"rule {show(predicted)} takes {item} of the {side}, not rule {show(event.rule)}"
            expect(predicted == event.rule, taken)
        fates.append(self.fate(event, item, len(fates)))

    def take_unpredicted(self, event):
        if event.data is not None and not event.is_withheld:
            self.judge.judge(event.side, Item(event.kind, event.data), event.rule)
        if event.rule is not None and self.rules[event.rule].action in ("close", "abort"):
            rule = self.rules[event.rule]
            self.end(event.side, [rule.argument] if rule.argument else [])

    def check_event(self, event, item):
        same = event.kind == item.kind and (event.data is None or event.data == item.data)
        expect(same, f"shown is {event.kind} {event.data!r}, sent was {item}")
        if item.kind in ("text", "binary"):
            got = {name: event.event[name] for name in ("compressed", "frames", "wire_size")}
            known = {"compressed": item.compressed, "frames": item.frames, "wire_size": item.wire_size}
            expect(got == known, f"shown is {got}, sent was {known}: {item}")
            is_large = len(item.data) > self.max_size
            expect(event.data is None or not is_large, f"over the limit and kept: {item}")
            expect(event.data is not None or max(len(item.data), item.wire_size) > self.max_size, f"not kept: {item}")

    def fate(self, event, item, index):
        """What is delivered of an item."""
        if event.rule is None:
            expect(event.action is None and event.changed is None, f"touched by no rule: {event}")
            return [item.content()]
        rule, side = self.rules[event.rule], event.side
        expect(event.action.split()[0] == rule.action, f"the action of {rule.text}: {event}")
        if self.touched[side] is None:
            self.touched[side] = index
        match rule.action:
            case "drop":
                return []
            case "delay":
                self.delayed[side] = True
                return [item.content()]
            case "duplicate":
                return [item.content()] * 2
            case "replace" | "corrupt":
                expect(event.changed is not None, f"changed, but not to what: {event}")
                if rule.action == "corrupt":
                    check_bit(item, event.changed)
                return [event.changed]
        self.end(side, [rule.argument] if rule.argument else [])
        return []


def check_bit(item, changed):
    differing = sum((a ^ b).bit_count() for a, b in zip(item.data, changed[1]))
    same = changed[0] == item.kind and len(changed[1]) == len(item.data)
    expect(same and differing == (1 if item.data else 0), f"not one bit of {item} was changed: {changed}")


def show(rule):
    return "none" if rule is None else rule + 1


def delivered_by(fates):
    return [content for fate in fates for content in fate]


def first_difference(got, wanted):
    """Where two lists differ, in words."""
    at = next((at for at, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1]), min(len(got), len(wanted)))
    short = lambda items: [Item(*item) for item in items[at:at + 3]]
    return f"from item {at} on, received {short(got)} of {len(got)}, not {short(wanted)} of {len(wanted)}"


def received(data, masks, deflate):
    """What a strict receiver makes of all bytes that arrived: the decoder, and the violation that it met."""
    decoder = Decoder(masks, deflate)
    try:
        decoder.feed(data)
    except Violation as why:
        return decoder, why
    return decoder, None


