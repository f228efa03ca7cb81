"""Counts what holds."""

import traceback
from contextlib import contextmanager


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def true(self, what, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            detail = detail if len(detail) < 4000 else f"{detail[:2000]}\n…\n{detail[-2000:]}"
            print(f"FAILED {what}" + (f"\n    {detail}".replace("\n", "\n    ") if detail else ""), flush=True)
        return holds

    def equal(self, what, got, expected):
        return self.true(what, got == expected, f"got      {got}\nexpected {expected}")

    def contains(self, what, text, *parts):
        missing = [part for part in parts if part not in text]
        return self.true(what, not missing, f"{text}\nhas no {missing}")

    @staticmethod
    def skip(what):
        print(f"SKIPPED: {what}", flush=True)

    @contextmanager
    def part(self, what):
        """An error in a part is a failure of it, and the others are tested all the same."""
        try:
            yield
        except Exception:
            self.true(what, False, traceback.format_exc())

    def end(self):
        print(f"dist: {self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
