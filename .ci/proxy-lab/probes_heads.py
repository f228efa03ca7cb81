"""Opening handshakes: requests, answers and refusals as they came."""

from peers import ACCEPT, KEY, TEXT, expect, frame, request, switching
from registry import path, probe

# What libraries and intermediaries like to change: order, case, duplicates, white space, empty values, bytes beyond ASCII.
HEAD = """GET /a%20b/%zz/../c;d=e?x=1&y=%26&y=&token=secret HTTP/1.1
sec-websocket-VERSION: 13
X-Twice: 1
Cookie: a=1; b="quoted, with comma"; c=
x-twice:2
X-Space:    two  spaces\tand a tab   
X-Empty:
x-TWICE: 3, 4
CONNECTION: keep-alive,   Upgrade
Host: {host}
Sec-WebSocket-Protocol: chat.v2
Sec-WebSocket-Protocol: chat.v1 , other
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-unknown; a="b;c"
uPgRaDe: WebSocket
X-Latin: caf\xe9
Cookie: d=second
Authorization: Basic dXNlcjpwYXNz
Sec-WebSocket-Key: {key}
X-Long: {long}
"""

ANSWER = """HTTP/1.1 101 Web Socket Protocol Handshake
server:  very   spaced
Set-Cookie: a=1; Path=/; HttpOnly
SET-COOKIE: b=2
Sec-WebSocket-Protocol: chat.v2
upgrade: WEBSOCKET
Set-Cookie: c=3
X-Latin: caf\xe9
Connection: upgrade
X-Empty:
Sec-WebSocket-Accept: {accept}
Date: Thu, 01 Jan 1970 00:00:00 GMT
"""

# (what it is, head without what frames the body, body)
REFUSALS = [
    ("401", "HTTP/1.1 401 Who are you\r\nWWW-Authenticate: Basic realm=\"x\"\r\nwww-authenticate: Bearer\r\n", b'{"error":"no token"}'),
    ("302", "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere.example/\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\n", b"<a href>moved</a>"),
    ("503", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n", b"later\n" * 1000),
    ("426", "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13, 8\r\nUpgrade: foo\r\n", b""),
    ("200", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", b"<!doctype html>"),
]


def wire_format(text, **values):
    return (text.format(**values).replace("\n", "\r\n") + "\r\n").encode("latin-1")


@probe()
def heads_unchanged():
    """The request and the 101 arrive as they were sent: order, case, duplicates, cookies, white space, bytes; only Host differs."""
    with path() as lab:
        head = wire_format(HEAD, host=lab.host, key=KEY, long="l" * 6000)
        client = lab.wire.connect(lab.proxy.port)
        server = lab.exchange(client, head, wire_format(ANSWER, accept=ACCEPT), what="the 101")
        lab.wire.transfer(server, client, frame(TEXT, b"open"), "a frame after the handshake")


@probe(proxy_only=True)
def host_and_origin():
    """Host and Origin that name the proxy become the server's, in every spelling; others stay."""
    with path() as lab:
        names = [f"{name}:{lab.proxy.port}" for name in ("127.0.0.1", "localhost", "LocalHost", "[::1]")]
        for name in names:
            check_names(lab, name, f"http://{name}", lab.server_host, f"http://{lab.server_host}")
        for name, origin in (("app.example", "https://app.example"), (f"app.example:{lab.proxy.port}", "null"),
                             ("localhost", "http://localhost:1"), (f"127.0.0.1:{lab.proxy.port}1", f"http://localhost:{lab.proxy.port}1")):
            check_names(lab, name, origin, name, origin)


@probe(proxy_only=True)
def host_and_origin_kept():
    """--keep-host and --keep-origin pass them on as they are."""
    for option, host_kept, origin_kept in (("--keep-host", True, False), ("--keep-origin", False, True)):
        with path(option) as lab:
            check_names(lab, lab.host, f"http://{lab.host}", lab.host if host_kept else lab.server_host,
                        f"http://{lab.host if origin_kept else lab.server_host}")


def check_names(lab, host, origin, server_host, server_origin):
    """Opens a WebSocket with these, and compares them as the server receives them."""
    client = lab.wire.connect(lab.proxy.port)
    client.send(request(host, "/", f"Origin: {origin}", "X-After: 1"))
    server = lab.wire.accept()
    lab.wire.receive(server, request(server_host, "/", f"Origin: {server_origin}", "X-After: 1"), f"the request for {host} from {origin}")
    client.close(), server.close()


@probe(proxy_only=True)
def headers_of_options():
    """-H adds, replaces and removes headers toward the server, and nothing else."""
    with path("-H", "X-Added: 1", "-H", "X-Replaced: new", "-H", "X-Removed:") as lab:
        client = lab.wire.connect(lab.proxy.port)
        client.send(request(lab.host, "/", "X-Replaced: old", "X-Removed: 1", "x-removed: 2", "X-Kept: 1"))
        server = lab.wire.accept()
        lines = lab.wire.receive_head(server, "request").decode().split("\r\n")
        expect("X-Added: 1" in lines, f"X-Added was not added: {lines}")
        expect([line for line in lines if line.lower().startswith("x-replaced")] == ["X-Replaced: new"], f"X-Replaced was not replaced: {lines}")
        expect(not any(line.lower().startswith("x-removed") for line in lines), f"X-Removed was not removed: {lines}")
        kept = [line for line in lines if not line.startswith(("X-Added", "X-Replaced"))]
        same = request(lab.server_host, "/", "X-Kept: 1").decode().split("\r\n")
        expect(kept == same, f"other headers were changed: {kept}")


@probe()
def refusals_unchanged():
    """A 401, 302, 503, 426 or 200 arrives as it came with its body: by length, in chunks, or until the end."""
    with path() as lab:
        for name, head, body in REFUSALS:
            for answer, ends in framings(head.encode(), body):
                client = lab.wire.connect(lab.proxy.port)
                server = lab.exchange(client, request(lab.host), answer, what=f"the {name}")
                if ends:
                    server.finish()
                    lab.wire.await_end(client, "fin", f"after a {name} that ends with the connection")
                client.close(), server.close()


def framings(head, body):
    """A response with each way to end its body, and whether that is the end of the connection."""
    half = len(body) // 2
    chunks = b"".join(b"%x;extension=1\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
    yield head + b"content-length:  %d\r\n\r\n" % len(body) + body, False
    yield head + b"transfer-encoding: Chunked\r\n\r\n" + chunks + b"000\r\nX-Trailer: 1\r\n\r\n", False
    yield head + b"Connection: close\r\n\r\n" + body, True


@probe()
def refused_then_accepted():
    """After a 401 the client may ask again on the same connection, and gets its WebSocket."""
    with path() as lab:
        client = lab.wire.connect(lab.proxy.port)
        refusal = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 2\r\n\r\nno"
        server = lab.exchange(client, request(lab.host), refusal, what="the 401")
        again = request(lab.host, "/", "Authorization: Negotiate YII=")
        server = lab.exchange(client, again, switching(), server=server, what="the 101 after the 401")
        lab.wire.transfer(server, client, frame(TEXT, b"open"), "a frame of the server")
        lab.wire.transfer(client, server, frame(TEXT, b"open", b"abcd"), "a frame of the client")


@probe()
def interim_responses():
    """103 and 100 before the 101, and before a refusal, arrive as they came."""
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\nLink: </b>\r\n\r\n"
    going_on = b"HTTP/1.1 100 Go on\r\n\r\n"
    refusal = b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno\n"
    for last in (switching(), refusal):
        with path() as lab:
            client = lab.wire.connect(lab.proxy.port)
            server = lab.exchange(client, request(lab.host), early, what="the 103")
            lab.wire.transfer(server, client, going_on, "the 100")
            lab.wire.transfer(server, client, early + last, "another 103 and the final answer in one segment")


@probe()
def handshake_of_another_kind():
    """What a server gets wrong arrives all the same: a wrong Accept, an extension nobody offered, no Upgrade."""
    for answer in (switching().replace(ACCEPT.encode(), b"AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                   switching("Sec-WebSocket-Extensions: x-not-offered"), switching("Sec-WebSocket-Protocol: not-offered"),
                   switching().replace(b"Connection: Upgrade\r\n", b"")):
        with path() as lab:
            client = lab.wire.connect(lab.proxy.port)
            server = lab.exchange(client, request(lab.host), answer, what="a wrong 101")
            lab.wire.transfer(server, client, frame(TEXT, b"all the same"), "a frame of the server")
            lab.wire.transfer(client, server, frame(TEXT, b"all the same", b"abcd"), "a frame of the client")


@probe(proxy_only=True)
def paths_joined():
    """The client's path is appended to that of the URL, and its query to that of the URL."""
    for url, target, joined in (("/", "/chat?a=1", "/chat?a=1"), ("/base", "/", "/base"), ("/base", "/chat", "/base/chat"),
                                ("/base/", "/chat", "/base/chat"), ("/base?k=v", "/", "/base?k=v"),
                                ("/base?k=v", "/chat?a=%26", "/base/chat?k=v&a=%26"), ("/?k=v", "/?a", "/?k=v&a")):
        with path(url_path=url) as lab:
            client = lab.wire.connect(lab.proxy.port)
            client.send(request(lab.host, target))
            server = lab.wire.accept()
            line = lab.wire.receive_head(server, "request").split(b"\r\n")[0].decode()
            expect(line == f"GET {joined} HTTP/1.1", f"{target} behind {url}: the server receives {line!r}")
