"""Shared by the parts of .ci/reach: programs that are started and ended, a WebSocket server, and a table
of cases, each a command line of wscope with what has to come of it.

    suite = Suite("proxies")
    server = EchoServer()
    proxy = suite.start(["tinyproxy", "-d", "-c", config], port=port)
    suite.case("through the proxy", ["--proxy", f"http://127.0.0.1:{port}", server.url], stdin="hi\\n", out="hi\\n")
    suite.case("nothing listens there", ["--proxy", "http://127.0.0.1:1", server.url], code=3, err=["refused"])
    suite.finish()
"""

import atexit
import base64
import hashlib
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

WSCOPE = os.environ.get("WSCOPE") or "wscope"
SHOW = os.environ.get("SHOW") == "1"
HOST = "127.0.0.1"

# The time limits for a program to listen, and for wscope to finish a case.
START_SECONDS = 10
CASE_SECONDS = 20


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


# Programs


class Program:
    """A program in the background: ended with the script, its output kept for a failure."""

    def __init__(self, command, log, port=None, environment=None):
        self.command = [str(word) for word in command]
        self.log = Path(log)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
        atexit.register(self.end)
        if port is not None:
            self.wait_for(port)

    def wait_for(self, port):
        """Until the program listens on the port."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection((HOST, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit(f"{shlex.join(self.command)} does not listen on port {port}:\n{self.output()}")

    def output(self):
        return self.log.read_text(errors="replace")

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


# Servers


class RawServer:
    """Gives each client to `answer(socket)` in a thread of its own: for peers that are not proper servers."""

    def __init__(self, answer, host=HOST):
        self.answer = answer
        self.listener = socket.create_server((host, 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept_all, daemon=True).start()

    def accept_all(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(CASE_SECONDS)
            with client:
                self.answer(client)
        except (OSError, EOFError, struct.error):
            pass  # the client went, which is its right


class EchoServer(RawServer):
    """Sends every message back, after a Close too; one thread a client. `heads` are the requests that
    came, latest last."""

    GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    def __init__(self, context=None, host=HOST):
        self.context = context
        self.heads = []
        super().__init__(self.greet, host)
        scheme = "wss" if context else "ws"
        self.url = f"{scheme}://{host}:{self.port}/"

    def greet(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            client = self.context.wrap_socket(client, server_side=True)
        with client, client.makefile("rb") as stream:
            self.talk(client, stream)

    def talk(self, client, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return
            head += line
        self.heads.append(head.decode("latin-1"))
        client.sendall(self.response(head))
        while True:
            first, second = exactly(stream, 2)
            length = second & 127
            if length == 126:
                (length,) = struct.unpack(">H", exactly(stream, 2))
            elif length == 127:
                (length,) = struct.unpack(">Q", exactly(stream, 8))
            mask = exactly(stream, 4)
            payload = exactly(stream, length)
            payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
            if first & 15 == 9:  # ping
                first += 1
            if first & 15 != 10:
                client.sendall(frame(first, payload))
            if first & 15 == 8:  # close
                return

    def response(self, head):
        key = re.search(rb"(?im)^sec-websocket-key: *(\S+)", head)
        if not key:
            body = b"This is a WebSocket server.\n"
            return b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        accept = base64.b64encode(hashlib.sha1(key[1] + self.GUID).digest())
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )


def exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def frame(first, payload):
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    if len(payload) < 1 << 16:
        return struct.pack(">BBH", first, 126, len(payload)) + payload
    return struct.pack(">BBQ", first, 127, len(payload)) + payload


def server_context(certificate, key, **settings):
    """A context for a server of Python's own; `settings` are attributes of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


# Cases


class Suite:
    """Runs cases one after the other and counts them. `directory` is the part's own, and each case's
    working directory."""

    def __init__(self, name, secrets=()):
        self.name = name
        self.secrets = list(secrets)
        self.passed = self.failed = 0
        self.directory = Path(tempfile.mkdtemp(prefix=f"reach-{name}-"))
        self.directory.chmod(0o755)
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        self.programs = 0
        print(f"== {name}", flush=True)

    def start(self, command, port=None, environment=None):
        """A program in the background, once it listens on the port."""
        self.programs += 1
        log = self.directory / f"program-{self.programs}.log"
        return Program(command, log, port, environment)

    def case(self, name, arguments, code=0, out=None, err=(), lacks=(), stdin=None, env=None, typed=None, also=None):
        """Runs `wscope ARGUMENTS` and holds what came of it against what has to:

        code    the exit status
        out     stdout: a text is all of it, a list is texts that are in it
        err     texts that are in stderr, in this order
        lacks   texts that are neither in stdout nor in stderr; the suite's secrets are always among them
        stdin   what is piped in, /dev/null without it
        env     environment variables, beside those that every case has
        typed   pairs of what to wait for and what then to type: runs on a terminal, where stdout and
                stderr are one and the same
        also    a function that looks at (stdout, stderr), or at anything else, and returns complaints
        """
        arguments = [str(argument) for argument in arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}
        environment |= {"TERM": "dumb"} if typed is None else {"TERM": "xterm", "NO_COLOR": "1"}
        environment.update(env or {})
        started = time.monotonic()
        if typed is None:
            status, stdout, stderr = run(arguments, environment, self.directory, stdin)
        else:
            status, stdout = on_terminal(arguments, environment, self.directory, typed)
            stderr = stdout
        complaints = list(judge(status, stdout, stderr, code, out, err, [*lacks, *self.secrets]))
        if also is not None:
            complaints += also(stdout, stderr)
        self.tell(name, arguments, time.monotonic() - started, complaints, stdout, stderr)
        return stdout, stderr

    def tell(self, name, arguments, took, complaints, stdout, stderr):
        if complaints:
            self.failed += 1
            print(f"FAIL  {name}: {'; '.join(complaints)}")
        else:
            self.passed += 1
            print(f"ok    {name} ({took:.1f} s)", flush=True)
            if not SHOW:
                return
        print(f"      $ wscope {shlex.join(arguments)}")
        for stream, text in [("out", stdout), ("err", stderr)]:
            for line in text.splitlines():
                print(f"      {stream} | {line}")
        sys.stdout.flush()

    def finish(self):
        """Prints the total and leaves with it."""
        print(f"{self.name}: {self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed else 0)


def run(arguments, environment, directory, stdin):
    process = subprocess.Popen(
        [WSCOPE, *arguments],
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=directory,
    )
    try:
        stdout, stderr = process.communicate(None if stdin is None else stdin.encode(), CASE_SECONDS)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        status = f"none within {CASE_SECONDS} s"
    return status, stdout.decode(errors="replace"), stderr.decode(errors="replace")


def on_terminal(arguments, environment, directory, typed):
    """Runs it on a pseudo-terminal: waits for each text of `typed`, then types what goes with it."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(directory)
        os.execvpe(WSCOPE, [WSCOPE, *arguments], environment)
    shown, steps, until = b"", list(typed), time.monotonic() + CASE_SECONDS
    seen = 0  # what was shown before has been answered
    while time.monotonic() < until:
        if steps and steps[0][0].encode() in shown[seen:]:
            _, answer = steps.pop(0)
            seen = len(shown)
            os.write(terminal, answer.encode())
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode(errors="replace").replace("\r\n", "\n")


def judge(status, stdout, stderr, code, out, err, lacks):
    if status != code:
        yield f"exit status {status}, not {code}"
    if isinstance(out, str) and stdout != out:
        yield f"stdout is not {out!r}"
    for text in out if isinstance(out, (list, tuple)) else ():
        if text not in stdout:
            yield f"{text!r} is not in stdout"
    at = 0
    for text in err:
        found = stderr.find(text, at)
        if found < 0:
            where = " behind what has to come before it" if text in stderr else ""
            yield f"{text!r} is not in stderr{where}"
        else:
            at = found + len(text)
    for text in lacks:
        if text in stdout or text in stderr:
            yield f"{text!r} is shown"
