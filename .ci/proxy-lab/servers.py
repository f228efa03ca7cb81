#!/usr/bin/env python3
"""Real servers and clients of many kinds through `wscope proxy`: what a client observes has to be what it observes without.

    servers.py [KIND...]      every kind of server, or these, with every kind of client

Each client holds the same conversations with each server, directly and through a proxy: text, binary, a MiB of each,
pings, subprotocols, compression where both have it, Close with code and reason from either side. Compared are the
messages, the subprotocol, the extensions and how the connection was closed. Called by the script `proxy` in the folder
above."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True

import install  # noqa: E402
import kinds  # noqa: E402
from peers import RELAY, Failed, Proxy  # noqa: E402

WORK = Path(os.environ["LAB_WORK"])
# For a server to start, with all others starting too; for one conversation; for all conversations of a client.
STARTING, CONVERSATION, CLIENT = 120, 15, 900


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A server, and a proxy in front of it."""

    def __init__(self, server, running):
        self.server, self.port, self.proxy, self.output = server, free_port(), None, None
        behind = [running[server.behind].port] if server.behind else []
        self.log = open(WORK / f"{server.name}.log", "wb")
        command = [str(part) for part in server.command(self.port, *behind)]
        self.process = subprocess.Popen(command, cwd=install.HERE, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)

    def ready(self):
        """Waits until it accepts connections, which nothing announces, and starts its proxy."""
        end = time.monotonic() + STARTING
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
                continue
            self.output = open(WORK / f"{self.server.name}.ndjson", "w+b")
            self.proxy = Proxy("--json", target=self.port, stdout=self.output)
            return True
        last = (Path(self.log.name).read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
        kinds.skipped(self.server.name, f"does not start: {last[:200]}")
        return False

    def events(self):
        """What the proxy reported."""
        self.output.seek(0)
        return [] if RELAY else [json.loads(line) for line in self.output]

    def stop(self):
        if self.proxy:
            self.proxy.stop()
        if self.process.poll() is None:
            # A group of its own: some servers have workers.
            os.killpg(self.process.pid, 9)
        self.process.wait()
        self.log.close()


def start(servers, running):
    """Starts servers with their proxies, all in `running` from their start on; returns those that are ready."""
    for server in sorted(servers, key=lambda server: bool(server.behind)):
        if not server.behind or server.behind in running:
            running[server.name] = Running(server, running)
    with ThreadPoolExecutor(len(running) or 1) as pool:
        ready = dict(zip(running, pool.map(Running.ready, running.values())))
    return [each for name, each in running.items() if ready[name]]


def converse(client, command, running):
    """All conversations of a client: for each server, what was observed directly and what through the proxy."""
    jobs = []
    for each in running:
        for port in (each.port, each.proxy.port):
            for conversation in each.server.conversations:
                jobs.append({"url": f"ws://127.0.0.1:{port}{each.server.path}", "seconds": CONVERSATION, **conversation})
    file = WORK / f"{client.replace(' ', '-')}.json"
    file.write_text(json.dumps(jobs))
    variables = os.environ | {"CHROMIUM": kinds.chromium() or "", "NODE_NO_WARNINGS": "1"}
    with open(WORK / f"{file.stem}.log", "w+b") as log:
        try:
            output = subprocess.run([str(part) for part in [*command, file]], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, timeout=CLIENT).stdout
        except subprocess.TimeoutExpired as cut:
            output = cut.stdout or b""
        log.seek(0)
        words = log.read().decode(errors="replace").strip().splitlines()
    observed = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    observed += [{"error": f"the client ended: {(words or ['no output'])[-1][:200]}"}] * (len(jobs) - len(observed))
    found = {}
    for each in running:
        count = len(each.server.conversations)
        found[each.server.name] = (observed[:count], observed[count:2 * count])
        observed = observed[2 * count:]
    return found


def judge(client, found):
    """Prints the conversations that differ; returns the servers with which all are the same, and those with differences."""
    same, differing = [], []
    for server, (direct, through) in found.items():
        pairs = list(zip(direct, through))
        usable = [(one, other) for one, other in pairs if "error" not in one]
        for one, other in pairs:
            if "error" in one and "error" in other:
                print(f"  not without the proxy either: {client} with {server}: {one['error'][:150]}")
        wrong = [(one, other) for one, other in usable if one != other]
        for one, other in wrong:
            print(f"FAIL {client} with {server}:\n       directly {shorten(one, other)}\n       proxied  {shorten(other, one)}")
        if wrong:
            differing.append(server)
        elif usable:
            same.append(server)
    return same, differing


def shorten(observed, other):
    """What differs of an observation."""
    return json.dumps({key: value for key, value in observed.items() if value != other.get(key)}, ensure_ascii=False)[:500]


def compressed_by_chromium(running):
    """The servers with which the proxy saw Chromium agree on compression."""
    found = []
    for each in running:
        for event in each.events():
            agent = dict(map(tuple, event.get("request_headers") or [])).get("User-Agent", "")
            if event["event"] == "open" and "Chrome" in agent and "permessage-deflate" in (event.get("extensions") or ""):
                found.append(each.server.name)
                break
    return found


def main(names):
    servers = [server for server in kinds.servers(names) if not (RELAY and server.name in kinds.NEED_HOST)]
    clients, started = kinds.clients(), time.monotonic()
    running = {}
    try:
        ready = start(servers, running)
        print(f"{len(ready)} servers run after {time.monotonic() - started:.0f} s", flush=True)
        with ThreadPoolExecutor(3) as pool:
            results = dict(zip(clients, pool.map(lambda item: converse(*item, ready), clients.items())))
        compressed = compressed_by_chromium(ready)
    finally:
        for each in running.values():
            each.stop()
    return report(results, compressed, "Chromium" in clients)


def report(results, compressed, has_chromium):
    """Prints the results of each client and the totals; returns the exit status."""
    passed, failed, working = 0, 0, {}
    for client, found in results.items():
        same, differing = judge(client, found)
        passed, failed = passed + len(same), failed + len(differing)
        extensions = sum("permessage-deflate" in str(through[0].get("extensions")) for _, through in found.values())
        print(f"{client}: {len(same)} servers the same, {len(differing)} differ; {extensions} with compression", flush=True)
        for server in same:
            working.setdefault(server, []).append(client)
    if has_chromium and not RELAY:
        print(f"Chromium with compression, as --json reports it: {', '.join(compressed) or 'none'}")
        failed += not compressed
    several = [server for server, clients in working.items() if len(clients) >= 2]
    print(f"{len(several)} kinds of servers with at least two of {len(results)} kinds of clients: {', '.join(sorted(several))}")
    print(f"servers: {passed} passed, {failed} failed", flush=True)
    return failed > 0


if __name__ == "__main__":
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as why:
        sys.exit(f"FAIL {why}")
