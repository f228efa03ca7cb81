"""The program of .ci/docs: see there."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from markdown import parse
from page import Runner
from references import Options, check_documented, check_links, check_unknown

ROOT = Path(os.environ.get("ROOT") or Path(__file__).resolve().parent.parent.parent).resolve()
WSCOPE = os.environ["WSCOPE"]


def main(arguments):
    if arguments[:1] == ["--page"]:
        return run_page(Path(arguments[1]), "--show" in arguments)
    show = "--show" in arguments
    chosen = [Path(name).resolve() for name in arguments if name != "--show"]
    paths = chosen or [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "node_modules" not in path.parts]
    pages = [parse(path) for path in paths]
    passed, failures = 0, 0
    isolated = isolation()
    with ThreadPoolExecutor((os.cpu_count() or 1) * 3 if isolated else 1) as pool:
        # Those with many blocks first: they take longest.
        order = sorted(pages, key=lambda page: -len(page.blocks))
        results = {page.path: pool.submit(run, page.path, isolated, show) for page in order}
        for page in pages:
            text, count, failed, seconds = results[page.path].result()
            print(text, end="", flush=True)
            passed, failures = passed + count, failures + failed
            if count + failed:
                print(f"{shown(page.path)}: {count} passed, {failed} failed, {seconds:.1f} s", flush=True)
    for problems in [] if show else references(pages, not chosen):
        passed, failures = passed + (not problems), failures + bool(problems)
        print("".join(f"FAILED {problem}\n" for problem in problems), end="")
    print(f"docs: {passed} passed, {failures} failed")
    return 1 if failures else 0


def isolation():
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
                return command
        except FileNotFoundError:
            pass
    print("pages run one after the other: unshare -n is not possible here")
    return []


def run(path, isolated, show):
    start = time.monotonic()
    result = subprocess.run([*isolated, sys.executable, __file__, "--page", str(path), *(["--show"] if show else [])],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = result.stdout.splitlines()
    counts = lines.pop().split() if lines and lines[-1].startswith("counts ") else ["counts", "0", "1"]
    return "".join(line + "\n" for line in lines), int(counts[1]), int(counts[2]), time.monotonic() - start


def run_page(path, show):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    loopback()
    counts = {"passed": 0, "skipped": 0, "failed": 0}
    for line, outcome, text in Runner(parse(path), ROOT, WSCOPE, show).run():
        counts[outcome] += 1
        if outcome == "failed":
            print(f"FAILED {shown(path)}:{line}\n" + "".join(f"  {each}\n" for each in text.split("\n")), end="")
        elif outcome == "skipped":
            print(f"SKIPPED {shown(path)}:{line}: {text}")
    print("counts", counts["passed"], counts["failed"])
    return 0


def loopback():
    """The loopback interface of a new network namespace is down."""
    import fcntl
    import socket
    import struct
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        try:
            fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS
        except OSError:
            pass


def references(pages, is_all):
    """A list of problems for each check."""
    options = Options(WSCOPE)
    for page, problems in check_links(pages):
        yield [f"{shown(page.path)}:{problem}" for problem in problems]
    for page in pages:
        yield [f"{shown(page.path)}:{problem}" for problem in check_unknown(page, options)]
    if is_all:
        for command, problems in check_documented(pages, options):
            yield [f"wscope {command}".strip() + f": {problem}" for problem in problems]


def shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


sys.exit(main(sys.argv[1:]))
