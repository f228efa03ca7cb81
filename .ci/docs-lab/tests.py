"""Tests of .ci/docs itself. No output if all pass."""

import sys
import unittest
from pathlib import Path

from compare import matches, prepare, redact
from markdown import anchors, commands, links, parse, pictures
from page import Runner, is_complete
from references import OTHER, named


def outcomes(text):
    page = parse(Path("page.md"), text)
    return [(outcome, message) for _, outcome, message in Runner(page, Path("."), "/bin/echo").run()]


class Tests(unittest.TestCase):
    def test_blocks_have_the_comments_before_them(self):
        page = parse(Path("page.md"), "<!-- exit: 3 -->\n<!-- needs: jq -->\n```console\n$ a\n```\n<!-- stop: proxy -->\ntext\n````text\n```\n````\n")
        self.assertEqual([step if isinstance(step, str) else (step.language, step.notes, step.lines) for step in page.steps],
                         [("console", {"exit": "3", "needs": "jq"}, ["$ a"]), "proxy", ("text", {}, ["```"])])

    def test_only_an_incomplete_command_is_continued(self):
        self.assertEqual(commands(["$ a \\", "> b", "> c", "$ cat <<E", "> x", "> E", "> y"], is_complete),
                         ([("a \\\nb", ["> c"]), ("cat <<E\nx\nE", ["> y"])], []))

    def test_ellipses_stand_for_lines_and_for_the_rest_of_a_line(self):
        for expected, actual, is_start, result in [
            ("a", "a", False, True), ("a", "b", False, False), ("a", "a\nb", False, False), ("a", "a\nb", True, True),
            ("a…", "abc", False, True), ("a …", "a", False, True), ("a  b …", "a b TIME", False, True), ("b…", "abc", False, False),
            ("…\nc", "a\nb\nc", False, True), ("a\n…\nc", "a\nc", False, True), ("a\n…\nc", "a\nb\nc\nd", False, False),
            ("a\n…\nc\n…", "a\nb\nc\nd", False, True), ("a\n…\nc", "a\nb\nc\nd", True, True), ("a\n…\na", "a", False, False),
            ("…\nb\n…\nb\n…", "b", False, False), ("", "a", False, False),
        ]:
            lines = [text.split("\n") if text else [] for text in (expected, actual)]
            self.assertEqual(matches(*lines, is_start), result, (expected, actual, is_start))

    def test_only_what_differs_from_run_to_run_is_redacted(self):
        for line, result in [
            ("connected in 5.4 ms, 3 messages", "connected in DURATION, 3 messages"),
            ("from 127.0.0.1:54994 to ws://127.0.0.1:9000/", "from 127.0.0.1:PORT to ws://127.0.0.1:9000/"),
            ('{"time":"2026-11-27T03:40:10.968096Z","elapsed_ms":1.5,"size":40000}', '{"time":"TIME","elapsed_ms":DURATION,"size":40000}'),
            ("HTTP/1.1 101, Python/3.11.7", "HTTP/1.1 101, Python/VERSION"),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: KEY"),
            ("--max-time 5s closed 1006", "--max-time 5s closed 1006"),
            ("a  1.2 ms   b", "a DURATION b"), ("a  b", "a  b"),
            ('"timings_ms":{"dns":0.1,"tcp":0.2,"proxy":null,"tls":null,"upgrade":1,"total":2}', '"timings_ms":{"dns":DURATION,"tcp":DURATION,"proxy":null,"tls":null,"upgrade":DURATION,"total":DURATION}'),
        ]:
            self.assertEqual(redact(line), result)
        self.assertEqual(prepare(["[1] 4242", "a", "", ""]), ["a"])

    def test_links_anchors_and_pictures(self):
        page = parse(Path("page.md"), "# One `a-b`: two\n# … a?\n# One `a-b`: two\n# 한국어 문서\n[x](y.md#z) `[no](no)`\n![](p.svg) ![alt](q.svg)\n<img src=\"r.svg\" alt=\"r\">\n```\n[no](no)\n```\n[ref]: s.md\n")
        self.assertEqual(anchors(page), {"one-a-b-two", "-a", "one-a-b-two-1", "한국어-문서"})
        self.assertEqual([target for _, target in links(page)], ["y.md#z", "p.svg", "q.svg", "r.svg", "s.md"])
        self.assertEqual([(source, alt) for _, source, alt in pictures(page)], [("p.svg", ""), ("q.svg", "alt"), ("r.svg", "r")])

    def test_options_in_code(self):
        commands = ["", "listen"]
        for text, found in [
            ("--count N", [(None, "--count")]), ("-1", []), ("wscope listen --once | jq --raw", [("listen", "--once"), (OTHER, "--raw")]),
            ("$ echo a | wscope -x '--no' --json", [("", "--json")]), ("websocat --text", [(OTHER, "--text")]), ("--color=always", [(None, "--color")]),
            ("A=b wscope --wait=1s ws://x/--y", [("", "--wait")]), ("--a", [(None, "--a")]),
        ]:
            self.assertEqual(list(named(text, commands)), found, text)

    def test_a_page(self):
        self.assertEqual(outcomes("""
<!-- file: a/b.txt -->
```text
one
```
```console
$ cat a/b.txt
one
$ export X=1; cd a; false
$ echo $? $X; ls
1 1
b.txt
```
<!-- background -->
```console
$ pwd; echo $X; trap 'echo end; exit' INT; while :; do sleep 0.05; done
/home/me/work/a
1
…
end
```
<!-- background: all -->
```console
$ echo a; sleep 0.1; echo b; sleep 0.1; echo c; sleep 9; echo d
…
b
c
```
<!-- exit: 2 -->
```console
$ wscope hello; (exit 2)
hello
```
<!-- not run: needs a terminal -->
```console
$ false
```
<!-- needs: no-such-program -->
```console
$ false
```
"""), [("passed", "")] * 5 + [("skipped", "needs a terminal"), ("skipped", "no-such-program is not installed"), ("passed", "")])

    def test_what_is_wrong_fails(self):
        for text, message in [
            ("```console\n$ echo a\nb\n```", "-b\n+a"),
            ("```console\n$ false\n```", "exit status 1 instead of 0"),
            ("```console\n$ exit 3\n```", "has ended the shell"),
            ("<!-- not run: boring -->\n```console\n$ a\n```", "boring"),
            ("```console\na\n```", "begins with"),
            ("<!-- background -->\n```console\n$ echo a\n…\nb\n```", "-b"),
            ("<!-- background -->\n```console\n$ echo a\nb\n```", "-b\n+a"),
        ]:
            failed = [message for outcome, message in outcomes(text) if outcome == "failed"]
            self.assertIn(message, "\n".join(failed), text)


result = unittest.main(exit=False, argv=["tests"], verbosity=0, testRunner=unittest.TextTestRunner(stream=open("/dev/null", "w"))).result
for test, trace in result.failures + result.errors:
    print(test, trace)
sys.exit(0 if result.wasSuccessful() else 1)
