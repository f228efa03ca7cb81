#!/usr/bin/env python3
"""Raw sockets on both sides of `wscope proxy`: what goes in has to come out, byte for byte.

    probes.py [fast | NAME...]       all of them, those that take no time, or these

WSCOPE is the binary; with RELAY a plain relay is in its place, and what only a proxy can do is left out. Called by
the script `proxy` in the folder above."""

import resource
import sys
import time

sys.dont_write_bytecode = True

import probes_ends  # noqa: E402, F401
import probes_failures  # noqa: E402, F401
import probes_frames  # noqa: E402, F401
import probes_heads  # noqa: E402, F401
import probes_http  # noqa: E402, F401
import probes_load  # noqa: E402, F401
from peers import RELAY, Failed  # noqa: E402
from registry import PROBES  # noqa: E402


def chosen(arguments):
    names = {probe.__name__: probe for probe in PROBES}
    if arguments in ([], ["fast"]):
        probes = [probe for probe in PROBES if not (arguments and probe.slow)]
        return [probe for probe in probes if not (RELAY and probe.proxy_only)]
    for name in arguments:
        if name not in names:
            sys.exit(f"no probe is called {name}; there are: {', '.join(names)}")
    return [names[name] for name in arguments]


def passes(probe):
    """Runs a probe and prints its result."""
    start = time.monotonic()
    try:
        probe()
        failure = None
    except (Failed, OSError) as why:
        failure = str(why) or repr(why)
    print(f"{'FAIL' if failure else 'ok  '} {time.monotonic() - start:5.1f} s  {probe.__name__}: {probe.claim}", flush=True)
    if failure:
        print(f"       {failure}", flush=True)
    return not failure


def main():
    # A thousand clients are a thousand sockets on either side.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    probes = chosen(sys.argv[1:])
    passed = sum([passes(probe) for probe in probes])
    print(f"probes: {passed} passed, {len(probes) - passed} failed", flush=True)
    sys.exit(passed < len(probes))


if __name__ == "__main__":
    main()
