"""Runs the blocks of one page."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare import difference, matches, prepare
from markdown import REASONS, commands

BLOCK_SECONDS, PAGE_SECONDS, STOP_SECONDS = 10, 100, 3
# Commands come from standard input, one per file; each keeps $? and $! of those before it.
LOOP = """
__status=0
while IFS= read -r __name; do
    __command=$(<"$__name")
    (exit "$__status"); eval "$__command" </dev/null >>"$__name.out" 2>&1
    __status=$?
    echo "$__status"
done
"""


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


class Runner:
    def __init__(self, page, root, wscope, show=False):
        self.page, self.root, self.show = page, root, show
        self.folder = Path(tempfile.mkdtemp(prefix="docs-"))
        self.home, self.work = self.folder / "home", self.folder / "work"
        for folder in (self.home, self.work, self.folder / "bin", self.folder / "commands"):
            folder.mkdir()
        (self.folder / "bin/wscope").symlink_to(wscope)
        if any("docs/" in line for block in page.blocks for line in block.lines):
            shutil.copytree(root / "docs", self.work / "docs", ignore=shutil.ignore_patterns("node_modules"))
        # Node finds libraries in the folders above a file.
        (self.folder / "node_modules").mkdir()
        for path in os.environ.get("DOCS_NODE_PATH", "").split(":"):
            for library in Path(path).glob("[!.]*") if path else []:
                if not (self.folder / "node_modules" / library.name).exists():
                    (self.folder / "node_modules" / library.name).symlink_to(library)
        self.environment = {
            "PATH": f"{self.folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.home), "LANG": "C.UTF-8",
            "TMPDIR": str(self.folder),
        }
        self.number = 0
        self.background = []
        self.deadline = time.monotonic() + PAGE_SECONDS
        self.shell = self.start(["bash", "-c", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, command, **pipes):
        return subprocess.Popen(command, cwd=self.work, env=self.environment, start_new_session=True, **pipes)

    def run(self):
        """Yields (line, "passed", "skipped" or "failed", text) for each block and each command in the background."""
        try:
            for step in self.page.steps:
                if isinstance(step, str):
                    yield from self.stop(step)
                elif step.language == "console" or "file" in step.notes:
                    yield self.outcome(step.line, self.block, step)
            yield from self.stop("")
        finally:
            for process in [self.shell] + [started for _, started, *_ in self.background]:
                end(process, signal.SIGKILL)
            shutil.rmtree(self.folder, ignore_errors=True)

    def outcome(self, line, function, *arguments):
        try:
            function(*arguments)
            return line, "passed", ""
        except Skipped as skipped:
            return line, "skipped", str(skipped)
        except Failed as failed:
            return line, "failed", str(failed)

    def block(self, block):
        if "not run" in block.notes:
            reason = block.notes["not run"]
            if not any(word in reason for word in REASONS):
                raise Failed(f"not run: {reason!r} is not one of: needs a {', '.join(REASONS)}")
            raise Skipped(reason)
        for need in block.notes.get("needs", "").replace(",", " ").split():
            if not self.has(need):
                raise Skipped(f"{need} is not installed")
        if "file" in block.notes:
            path = self.work / block.notes["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n")
            return
        found, stray = commands(block.lines, is_complete)
        if stray or not found:
            raise Failed("a console block begins with a line `$ COMMAND`")
        if self.shell.poll() is not None:
            raise Failed("the shell of this page has ended before")
        if "background" in block.notes:
            return self.in_background(block, found)
        deadline = min(time.monotonic() + BLOCK_SECONDS, self.deadline)
        problems = []
        for command, expected in found:
            printed, status = self.execute(command, deadline)
            problems += self.compare(command, expected, printed)
            if status is None:
                end(self.shell, signal.SIGKILL)
                raise Failed("\n".join(problems + [f"$ {command}", "has not ended in time"]))
        if status != int(block.notes.get("exit", 0)):
            problems += [f"$ {command}", f"exit status {status} instead of {block.notes.get('exit', 0)}"]
            problems += [] if problems[:-2] else printed[-5:]
        if problems:
            raise Failed("\n".join(problems))

    def execute(self, command, deadline):
        """The lines that it has printed, and its exit status: None if it has not ended in time."""
        name = self.file(command)
        self.shell.stdin.write(f"{name}\n".encode())
        self.shell.stdin.flush()
        os.set_blocking(self.shell.stdout.fileno(), False)
        status = b""
        while not status.endswith(b"\n") and time.monotonic() < deadline:
            piece = self.shell.stdout.read()
            if piece == b"":
                raise Failed(f"$ {command}\nhas ended the shell")
            status += piece or b""
            time.sleep(0.005)
        return self.printed(name), int(status) if status.endswith(b"\n") else None

    def file(self, command):
        self.number += 1
        name = self.folder / "commands" / str(self.number)
        name.write_text(command)
        name.with_suffix(".out").touch()
        return name

    def printed(self, name):
        text = name.with_suffix(".out").read_bytes().decode(errors="replace")
        text = text.replace(str(self.home), "/home/me").replace(str(self.work), "/home/me/work").replace(str(self.folder), "/tmp")
        return text.removesuffix("\n").split("\n") if text else []

    def in_background(self, block, found):
        if len(found) != 1:
            raise Failed("a block in the background has one command")
        command, expected = found[0]
        # With the folder and the variables of the shell, in a process group of its own: Ctrl-C ends only this one.
        name = self.file(command)
        state = self.file('')
        self.execute(f'{{ declare -px; printf "cd %q\\n" "$PWD"; }} >"{state}"', self.deadline)
        with open(name.with_suffix(".out"), "ab") as out:
            process = self.start(["bash", "-c", f'. "{state}"; eval "$(<"{name}")"'], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.background.append((block, process, name, command, expected))
        is_first_part = "…" in expected and block.notes["background"] != "all"
        first = prepare(expected[:expected.index("…")] if is_first_part else expected)
        deadline = min(time.monotonic() + (1 if self.show else BLOCK_SECONDS), self.deadline)
        if not first and not self.listens(process, command, deadline):
            time.sleep(0.3)
        while not matches(first, prepare(self.printed(name)), is_start=True):
            if time.monotonic() > deadline or process.poll() is not None:
                break
            time.sleep(0.01)
        problems = self.compare(command, first, self.printed(name), is_start=True)
        if problems:
            raise Failed("\n".join(problems))

    def listens(self, process, command, deadline):
        """Waits until a server of ours that prints nothing listens on its port. False: it cannot be told."""
        port = re.match(r"wscope (?:listen|proxy) .*?:([0-9]{4,5})\b", command)
        sockets = Path(f"/proc/{process.pid}/net")
        if not port or not sockets.exists():
            return False
        # 0A is LISTEN, behind the local and the remote address.
        listening = re.compile(rf":{int(port[1]):04X} [0-9A-F]+:0000 0A ")
        while process.poll() is None and time.monotonic() < deadline:
            if any(listening.search((sockets / name).read_text()) for name in ("tcp", "tcp6") if (sockets / name).exists()):
                return True
            time.sleep(0.01)
        return False

    def stop(self, text):
        """Ends the commands in the background that contain this text."""
        for each in reversed([each for each in self.background if text in each[3]]):
            self.background.remove(each)
            block, process, name, command, expected = each
            end(process, signal.SIGINT)
            if self.show or ("…" in expected and block.notes["background"] != "all"):
                problems = self.compare(command, expected, self.printed(name), is_start=True)
                yield block.line, "failed" if problems else "passed", "\n".join(problems)

    def compare(self, command, expected, printed, is_start=False):
        if self.show:
            print("\n".join([f"$ {command}"] + printed), flush=True)
            return []
        expected, printed = prepare(expected), prepare(printed)
        if matches(expected, printed, is_start):
            return []
        return [f"$ {command}"] + difference(expected, printed)

    def has(self, need):
        kind, _, name = need.rpartition(":")
        if kind == "node":
            return (self.folder / "node_modules" / name).exists()
        if kind == "python":
            return importlib.util.find_spec(name.split(".")[0]) is not None
        return Path(name).exists() if name.startswith("/") else shutil.which(name) is not None


def is_complete(command):
    """Whether bash would not ask for another line."""
    check = subprocess.run(["bash", "-n", "-c", command], capture_output=True)
    return not command.endswith("\\") and not check.stderr


def end(process, number):
    """Ends a process and what it has started."""
    for each in (number, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, each)
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
        if each == signal.SIGKILL:
            break
    process.poll()
