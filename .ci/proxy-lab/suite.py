#!/usr/bin/env python3
"""The Autobahn test suite through `wscope proxy`, in both directions: each case has to end as it does without it.

    suite.py fast         a sample of the cases, with wscope as the peer of the suite
    suite.py all          every case, with wscope and with node's ws as peers
    suite.py CASES        these cases: 12.1.*,7.*

WSCOPE is the binary; NODE_PATH a folder of node packages with ws, without which its part is SKIPPED. Called by the script
`proxy` in the folder above, and uses `autobahn` there to install and run the suite."""

import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

sys.dont_write_bytecode = True

from peers import RELAY, Proxy  # noqa: E402

HERE = Path(__file__).resolve().parent


def load(path):
    """The module in a file without the ending of one."""
    module = ModuleType("autobahn_suite")
    module.__file__ = str(path)
    SourceFileLoader("autobahn_suite", str(path)).exec_module(module)
    return module


suite = load(HERE.parent / "autobahn")

# Framing, pings, reserved bits and opcodes, fragments, UTF-8 cut everywhere, closing, compression: what a proxy can spoil.
SAMPLE = """1.1.[1-6] 1.2.[1-6] 2.1 2.2 2.5 2.6 2.10 2.11 3.1 3.3 3.5 4.1.1 4.1.5 4.2.4 5.1 5.3 5.6 5.8 5.1[0-9] 5.20 6.1.* 6.2.* 6.3.* 6.4.*
    7.1.1 7.1.5 7.3.* 7.5.1 7.7.1 7.7.13 7.9.1 7.9.7 7.13.1 10.1.1 12.1.1 12.1.2 13.1.1 13.3.1""".split()

# How the suite's peer is started in each role; {url} and {addr} are filled in by the suite's script.
PEERS = {
    "wscope": {"client": ["{wscope}", "--echo", "{url}"], "server": ["{wscope}", "listen", "--echo", "{addr}"]},
    "ws": {"client": ["node", "{here}/suite-ws.cjs", "client", "{url}"], "server": ["node", "{here}/suite-ws.cjs", "server", "{addr}"]},
}


class Outcomes:
    """Reads of each case how the suite judges it, how the closing, and the code that its peer closed with."""

    proxied, proxy = False, None

    def through(self, peer, proxied):
        # {wscope} and {here} now, what is left to fill in with each start.
        kept = {"url": "{url}", "addr": "{addr}"}
        command = PEERS[peer]["client" if isinstance(self, suite.ClientRun) else "server"]
        self.command = [part.format(wscope=os.environ["WSCOPE"], here=HERE, **kept) for part in command]
        self.proxied = proxied
        return self

    def start_proxy(self):
        if self.proxied and self.proxy is None:
            self.proxy = Proxy("--json", target=self.port)

    def run(self, cases):
        try:
            return super().run(cases)
        finally:
            if self.proxy:
                self.proxy.stop()
                self.proxy = None

    def outcomes(self):
        try:
            reports = json.loads((self.folder / "index.json").read_text())["wscope"]
        except (OSError, ValueError, KeyError):
            return {}
        keys = ("behavior", "behaviorClose", "remoteCloseCode")
        return {case: ", ".join(str(report[key]) for key in keys) for case, report in reports.items()}


class ServerRun(Outcomes, suite.ServerRun):
    """The suite is the client: fuzzingclient → proxy → echo server."""

    def start_wscope(self, command):
        process = super().start_wscope(command)
        self.await_port(process)
        self.start_proxy()
        if self.proxy:
            self.port = self.proxy.port
        return process


class ClientRun(Outcomes, suite.ClientRun):
    """The suite is the server: client → proxy → fuzzingserver."""

    def one(self, case, path):
        self.start_proxy()
        self.target = self.port
        if self.proxy:
            self.port = self.proxy.port
        try:
            super().one(case, path)
        finally:
            self.port = self.target

    def wscope(self):
        # The suite's server compares the port in Host with its own, and the stand-in does not rewrite it.
        host = [f"Host: 127.0.0.1:{self.target}"] if RELAY and self.proxy else []
        return [*super().wscope(), *(["-H", *host] if host else [])]


def run(peer, role, proxied, groups, folder):
    """The outcome of each case."""
    kind, found = {"client": ClientRun, "server": ServerRun}[role], {}
    for name, cases in groups.items():
        place = folder / peer / role / ("through" if proxied else "without") / name
        outcomes = kind(role, "", place).through(peer, proxied).run(cases)
        found |= {case: outcomes.get(case, suite.MISSING) for case in cases}
    return found


def compare(peer, role, without, through):
    """Prints the cases that differ; returns how many do not."""
    differing = [case for case in without if without[case] != through[case]]
    for case in differing:
        print(f"  {peer} {role} {case}: without the proxy {without[case]}; through it {through[case]}")
    same = len(without) - len(differing)
    judged = suite.totals({case: outcome.split(",")[0] for case, outcome in through.items()})
    print(f"autobahn, {peer} as {role}: {same} the same, {len(differing)} differ; through the proxy {judged}", flush=True)
    return same


def main(argument):
    try:
        suite.install()
    except suite.Unavailable as why:
        print(f"SKIPPED: Autobahn test suite: {why}")
        return 0
    if argument == "all":
        cases = suite.all_cases()
    else:
        patterns = SAMPLE if argument == "fast" else argument.split(",")
        cases = [case for case in suite.all_cases() if any(suite.fnmatchcase(case, pattern) for pattern in patterns)]
    # A sample in one run of the suite: each start of it takes longer than most cases.
    groups = {"sample": cases} if argument == "fast" else suite.groups(cases)
    folder = Path(os.environ["LAB_WORK"]) / "autobahn"
    shutil.rmtree(folder, ignore_errors=True)
    peers = ["wscope"] if argument == "fast" else ["wscope", *with_ws()]
    start, plan = time.monotonic(), [(peer, role) for peer in peers for role in ("client", "server")]
    with ThreadPoolExecutor(4) as pool:
        runs = [[pool.submit(run, peer, role, proxied, groups, folder) for proxied in (False, True)] for peer, role in plan]
        same = sum(compare(peer, role, *[each.result() for each in pair]) for (peer, role), pair in zip(plan, runs))
    total = len(cases) * len(plan)
    print(f"autobahn: {same} passed, {total - same} failed", flush=True)
    print(f"{time.monotonic() - start:.1f} s", flush=True)
    return same < total


def with_ws():
    if (Path(os.environ.get("NODE_PATH", "")) / "ws").is_dir() and shutil.which("node"):
        return ["ws"]
    print("SKIPPED: Autobahn with node's ws: not installed")
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
