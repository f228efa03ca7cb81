"""Compares what a page says that a command prints with what it has printed."""

import difflib
import re

# What differs from run to run. Replaced on both sides, so that the rest of the line is compared.
REDACTIONS = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b", "TIME"),
    # At the start of a line: --timestamps=relative and delta.
    (r"^ *\+?\d+\.\d+(?= )", "TIME"),
    (r"\b\d[\d.,]* (?:ns|µs|us|ms|s|min|h)\b(?: \d+ (?:s|min)\b)?", "DURATION"),
    (r"(\"(?:\w*_ms|dns|tcp|tls|upgrade|seconds)\":\s*)-?\d[\d.e-]*", r"\1DURATION"),
    (r"(\"(?:dns|tcp|proxy|tls|upgrade)\":\s*(?:DURATION|null)[^}]*\"total\":\s*)[\d.]+", r"\1DURATION"),
    (r"^(\s*\"total\":\s*)\d+\.\d+", r"\1DURATION"),
    (r"\b\d[\d.,]* ((?:messages?|bytes|[KMG]i?B|B)(?:/s| a second| per second))", r"RATE \1"),
    # Ports that the system chooses: those of Linux.
    (r"(?<=[\w\]]:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})\b", "PORT"),
    (r"(?i)(Sec-WebSocket-(?:Key|Accept)(?::|\",)\s*\"?)[A-Za-z0-9+/]+=*", r"\1KEY"),
    (r"((?:mask |\"mask\":\s*\")[0-9a-f]{8})", "MASK"),
    (r"(token=)[0-9a-f]+", r"\1TOKEN"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b(pid|process) \d+", r"\1 PID"),
    (r"\bwscope \d+\.\d+\.\d+\S*", "wscope VERSION"),
    (r"\b((?!HTTP)[A-Za-z][\w.-]*)/\d+(?:\.\d+)+[\w.-]*", r"\1/VERSION"),
]
REDACTIONS = [(re.compile(pattern), replacement) for pattern, replacement in REDACTIONS]
# What bash prints about jobs: differs between a terminal and a script.
JOBS = re.compile(r"\[\d+\][+-]? +(?:\d+$|Done|Terminated|Running|Exit)|\S*: line \d+: +\d+ (?:Terminated|Killed|Interrupt)")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r(?=$)")


def redact(line):
    redacted = ANSI.sub("", line)
    for pattern, replacement in REDACTIONS:
        redacted = pattern.sub(replacement, redacted)
    # Columns are as wide as their values.
    return squeeze(redacted) if redacted != line else line.rstrip()


def squeeze(line):
    return re.sub(r"(?<=\S) {2,}", " ", line).rstrip()


def prepare(lines):
    lines = [redact(line) for line in lines if not JOBS.match(line)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def matches(expected, actual, is_start=False):
    """Whether these redacted lines are what is expected; with is_start, whether they begin with it."""
    parts = [[]]
    for line in expected:
        if line == "…":
            parts.append([])
        else:
            parts[-1].append(line)
    if not follows(parts[0], actual, 0):
        return False
    at = len(parts[0])
    if len(parts) == 1:
        return is_start or at == len(actual)
    for part in parts[1:-1] + ([parts[-1]] if is_start else []):
        at = next((i + len(part) for i in range(at, len(actual) - len(part) + 1) if follows(part, actual, i)), None)
        if at is None:
            return False
    end = len(actual) - len(parts[-1])
    return is_start or (end >= at and follows(parts[-1], actual, end))


def follows(part, actual, at):
    return len(actual) - at >= len(part) and all(map(same, part, actual[at:]))


def same(expected, actual):
    if expected.endswith("…"):
        # The rest may hold what was redacted.
        return squeeze(actual).startswith(squeeze(expected[:-1]))
    return expected == actual


def difference(expected, actual):
    # Lines that match show as they are expected, so that they are no difference.
    shown = [next((line for line in expected if line != "…" and same(line, other)), other) for other in actual]
    return [line for line in difflib.unified_diff(expected, shown, "page", "printed", lineterm="", n=1)][2:]
