"""What all probes share: how they are declared, and a proxy between two raw sockets for each."""

from contextlib import contextmanager

from peers import RELAY, End, Failed, Proxy, Wire, opened, rewritten

PROBES = []


def probe(proxy_only=False, slow=False):
    """Declares a probe; the first line of its documentation is what has to hold.

    `proxy_only`: a relay that knows no HTTP cannot pass it. `slow`: not part of `fast`."""

    def declare(function):
        function.proxy_only, function.slow = proxy_only, slow
        function.claim = function.__doc__.strip().splitlines()[0].rstrip(".")
        PROBES.append(function)
        return function

    return declare


class Path:
    """A proxy, its server's listening socket, and the sockets of the probe."""

    def __init__(self, wire, proxy, target):
        self.wire, self.proxy, self.target = wire, proxy, target

    def opened(self, **more):
        """An open WebSocket through the proxy: the ends of the client and the server."""
        return opened(self.wire, self.proxy, self.target, **more)

    def both_ways(self, **more):
        """An open WebSocket as (from, to, whether the sender is the client), for each direction."""
        client, server = self.opened(**more)
        return [(client, server, True), (server, client, False)]

    def next_request(self, server=None):
        """The end at which the next request arrives: `server`, if its connection is used again, or a new one."""
        arrived = []

        def either():
            if server is not None and server.received:
                arrived.append(server)
            elif not arrived:
                try:
                    arrived.append(self.wire.add(End(self.wire.listener.accept()[0], "server")))
                except BlockingIOError:
                    pass
            return bool(arrived)

        self.wire.listener.setblocking(False)
        self.wire.run(either, "a request reaches the server", also=self.wire.listener)
        return arrived[0]

    def exchange(self, client, head, answer, server=None, what="the answer"):
        """Sends a request that names the proxy in Host; the server answers it, and both arrive unchanged."""
        client.send(head)
        server = self.next_request(server)
        self.wire.receive(server, rewritten(head, self.host, self.server_host), "the request")
        self.wire.transfer(server, client, answer, what)
        return server

    @property
    def host(self):
        """The proxy as it is named in Host."""
        return f"127.0.0.1:{self.proxy.port}"

    @property
    def server_host(self):
        return f"127.0.0.1:{self.target}"


@contextmanager
def path(*options, url_path="/"):
    """A proxy in front of a raw server. It has to be running at the end, and not to have panicked."""
    with Wire() as wire:
        target = wire.listen()
        with Proxy(*(options or ["--json"]), target=f"ws://127.0.0.1:{target}{url_path}") as proxy:
            yield Path(wire, proxy, target)
            check_health(proxy)


def check_health(proxy):
    if not proxy.alive():
        raise Failed(f"the proxy ended with status {proxy.process.returncode}: {proxy.tail()}")
    if not RELAY and any("panicked at" in line for line in proxy.log):
        raise Failed(f"the proxy panicked: {proxy.tail()}")
