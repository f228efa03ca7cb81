"""HTTP requests beside WebSockets: relayed as they came, in bounded memory, and never to another host."""

import hashlib

from peers import TEXT, End, expect, frame, request, rewritten, switching
from registry import path, probe

MIB = 1 << 20
# A download and an upload of this size, and how much the proxy's memory may grow meanwhile (KiB).
VOLUME = 200 * MIB
GROWTH = 8 * 1024


def http(method, target, host, *more):
    """The head of a request."""
    return ("\r\n".join([f"{method} {target} HTTP/1.1", f"host:  {host}", *more]) + "\r\n\r\n").encode("latin-1")


@probe()
def kept_alive():
    """Several requests on one connection, HEAD, 204 and 304 among them, and then a WebSocket."""
    with path() as lab:
        client, server = lab.wire.connect(lab.proxy.port), None
        exchanges = [
            (http("GET", "/page", lab.host, "Accept: */*", "accept: text/html"), b"HTTP/1.1 200 Fine\r\ncontent-LENGTH: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"),
            (http("HEAD", "/page", lab.host), b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: keep-alive\r\n\r\n"),
            (http("GET", "/same", lab.host, 'If-None-Match: "x"'), b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7000\r\nETag: \"x\"\r\n\r\n"),
            (http("DELETE", "/thing", lab.host), b"HTTP/1.1 204 No Content\r\n\r\n"),
            (http("OPTIONS", "*", lab.host), b"HTTP/1.1 200 OK\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n"),
            (http("POST", "/p?q=1", lab.host, "Content-Length: 4") + b"body", b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"),
            (http("GET", "/empty", lab.host), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ]
        for head, answer in exchanges:
            name = head.split(b"\r\n")[0].decode()
            server = lab.exchange(client, head, answer, server=server, what=f"the answer to {name}")
        server = lab.exchange(client, request(lab.host), switching(), server=server, what="the 101 after other requests")
        lab.wire.transfer(client, server, frame(TEXT, b"open", b"abcd"), "a frame")


@probe()
def upload_expecting_100():
    """A client that waits for 100 Continue gets the server's, and its upload goes through."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        body = bytes(range(256)) * 4000
        head = http("PUT", "/file", lab.host, "Expect: 100-continue", f"Content-Length: {len(body)}")
        server = lab.exchange(client, head, b"HTTP/1.1 100 Continue\r\n\r\n", what="100 Continue")
        lab.wire.transfer(client, server, body, "the upload")
        lab.wire.transfer(server, client, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", "the answer")
        # The server may also refuse at once: then there is no upload.
        client = lab.wire.connect(lab.proxy.port)
        lab.exchange(client, head, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", what="a refusal in place of 100")


@probe()
def chunks_and_trailers():
    """Chunked bodies with extensions and trailers go both ways as they came, each chunk at once."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        server = upload_begins(lab, client, http("POST", "/chunks", lab.host, "Trailer: X-Sum", "transfer-encoding: chunked"))
        parts = [b"5\r\nhello\r\n", b"00000A;name=\"value;\"\r\n0123456789\r\n", b"FFFF\r\n" + b"f" * 65535 + b"\r\n", b"0;last\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n"]
        for part in parts:
            lab.wire.transfer(client, server, part, "a chunk of the upload")
        lab.wire.transfer(server, client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "the head of the answer")
        for part in parts:
            lab.wire.transfer(server, client, part, "a chunk of the answer")
        # The end of the body was recognised: the connection is used again.
        lab.exchange(client, http("GET", "/next", lab.host), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", server=server)


def upload_begins(lab, client, head):
    client.send(head)
    server = lab.next_request()
    lab.wire.receive(server, rewritten(head, lab.host, lab.server_host), "the request")
    return server


@probe()
def server_sent_events():
    """A body without length arrives part by part, before it ends, and ends with the connection."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n"
        server = lab.exchange(client, http("GET", "/events", lab.host), head)
        for number in range(20):
            lab.wire.transfer(server, client, b"data: %d\n\n" % number, "an event")
        server.finish()
        lab.wire.await_end(client, "fin", "after the last event")


@probe()
def answer_before_the_body():
    """A server that answers and closes before the upload has ended gets its answer through."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        server = upload_begins(lab, client, http("POST", "/big", lab.host, "Content-Length: 100000"))
        lab.wire.transfer(client, server, b"x" * 1000, "the beginning of the upload")
        lab.wire.transfer(server, client, b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig", "the early answer")
        server.finish()
        lab.wire.await_end(client, "fin", "after the early answer")


def volume(how):
    """A download, or an upload, of 200 MiB: the head's framing, and the bytes in blocks with their digest."""
    block = bytes(range(256)) * 4096
    count, digest = VOLUME // len(block), hashlib.sha256()
    if how == "chunked":
        block = b"%x\r\n" % len(block) + block + b"\r\n"
    blocks = [block] * count + ([b"0\r\n\r\n"] if how == "chunked" else [])
    for part in blocks:
        digest.update(part)
    framing = {"length": f"Content-Length: {VOLUME}", "chunked": "Transfer-Encoding: chunked", "end": "Connection: close"}[how]
    return framing, blocks, digest.digest()


def pump(wire, source, destination, blocks, digest, what):
    """Sends blocks, a few at a time, and compares the digest of what arrives."""
    total, sent = sum(map(len, blocks)), 0
    destination.keep, destination.count, destination.digest = False, 0, hashlib.sha256()
    for block in blocks:
        source.waiting.append(memoryview(block))
        wire.run(lambda: not source.waiting, f"{what} goes on", 30)
    wire.run(lambda: destination.count >= total or destination.end, f"{what} arrives", 30)
    expect(destination.count == total, f"{what}: {destination.count} of {total} bytes arrived (end: {destination.end})")
    expect(destination.digest.digest() == digest, f"{what}: other bytes arrived")
    destination.keep = True


@probe(slow=True)
def downloads_in_flat_memory():
    """Downloads of 200 MiB, by length, chunked and until the end, go through in flat memory."""
    for how in ("length", "chunked", "end"):
        framing, blocks, digest = volume(how)
        with path("-q") as lab:
            client = lab.wire.connect(lab.proxy.port)
            server = lab.exchange(client, http("GET", "/download", lab.host), f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode())
            before = start_peak(lab.proxy)
            pump(lab.wire, server, client, blocks, digest, f"a download ({how})")
            check_peak(lab.proxy, before, f"a download ({how})")


@probe(slow=True)
def uploads_in_flat_memory():
    """Uploads of 200 MiB, by length and chunked, go through in flat memory."""
    for how in ("length", "chunked"):
        framing, blocks, digest = volume(how)
        with path("-q") as lab:
            client = lab.wire.connect(lab.proxy.port)
            server = upload_begins(lab, client, http("PUT", "/upload", lab.host, framing))
            before = start_peak(lab.proxy)
            pump(lab.wire, client, server, blocks, digest, f"an upload ({how})")
            check_peak(lab.proxy, before, f"an upload ({how})")
            lab.wire.transfer(server, client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "the answer")


def start_peak(proxy):
    proxy.forget_peak()
    return proxy.memory()


def check_peak(proxy, before, what):
    grown = proxy.memory("VmHWM") - before
    expect(grown < GROWTH, f"{what}: the proxy's memory grew by {grown} KiB")


def refused(lab, head, statuses, what):
    """Sends a request that must not be passed on, and checks the status of the answer."""
    client = lab.wire.connect(lab.proxy.port)
    client.send(head)
    answer = lab.wire.receive_head(client, f"answer to {what}")
    status = answer.split(b" ")[1].decode()
    expect(status in statuses, f"{what}: status {status}, not {' or '.join(statuses)}")
    lab.wire.listener.setblocking(False)
    try:
        lab.wire.add(End(lab.wire.listener.accept()[0], "server"))
    except BlockingIOError:
        pass
    else:
        server = lab.wire.ends[-1]
        lab.wire.quiet(0.2, lambda: server.count)
        expect(not server.count, f"{what}: the server received {server!r}")
    client.close()


@probe(proxy_only=True)
def never_an_open_proxy():
    """CONNECT and absolute targets of other hosts are 403, and nothing of them reaches the server."""
    with path() as lab:
        refused(lab, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", ["403"], "CONNECT")
        refused(lab, f"CONNECT {lab.server_host} HTTP/1.1\r\nHost: {lab.server_host}\r\n\r\n".encode(), ["403"], "CONNECT to the server itself")
        for target in ("http://example.com/", "https://example.com/x", "http://169.254.169.254/latest/", "ws://example.com/"):
            refused(lab, http("GET", target, "example.com"), ["403"], f"GET {target}")
        refused(lab, request("example.com", "http://example.com/chat"), ["403"], "a handshake with a foreign absolute target")


@probe(proxy_only=True)
def ambiguous_bodies():
    """Content-Length beside Transfer-Encoding, and two lengths, are 400 and reach no server."""
    with path() as lab:
        refused(lab, http("POST", "/", lab.host, "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\n", ["400"], "length beside chunked")
        refused(lab, http("POST", "/", lab.host, "transfer-encoding: chunked", "content-length: 4") + b"0\r\n\r\n", ["400"], "chunked beside length")
        refused(lab, http("POST", "/", lab.host, "Content-Length: 4", "Content-Length: 5") + b"body", ["400"], "two different lengths")
        refused(lab, http("POST", "/", lab.host, "Content-Length: +4") + b"body", ["400"], "a length with a sign")
        refused(lab, b"GARBAGE\r\n\r\n", ["400"], "what is no request")


@probe(proxy_only=True)
def http_refused():
    """--no-http answers 426 to what is no opening handshake, and lets handshakes through."""
    with path("--no-http") as lab:
        refused(lab, http("GET", "/", lab.host), ["426"], "GET with --no-http")
        client = lab.wire.connect(lab.proxy.port)
        lab.exchange(client, request(lab.host), switching(), what="the 101 with --no-http")
