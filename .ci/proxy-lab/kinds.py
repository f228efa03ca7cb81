"""The kinds of servers and clients, how each is started, and what is said on a connection with it."""

import os
import shutil
import subprocess
from pathlib import Path

import install
from install import HERE, Unavailable

MIB = 1 << 20
WSCOPE = os.environ.get("WSCOPE", "wscope")


# What is said: see clients-python.py


def echoes(binary=True, empty=True, close=True, closes=True, protocols=True, large=True):
    """Conversations with an echo, without what it does not know: `close` by the client, `closes` by the server."""
    steps = [["text", "hello"], ["expect"], ["text", "안녕 zurück 🎉"], ["expect"]]
    steps += [["text", ""], ["expect"]] if empty else []
    steps += [["binary", 1000], ["expect"]] if binary else []
    steps += [["long-text", MIB], ["expect"]] if large else []
    steps += [["binary", MIB], ["expect"]] if large and binary else []
    steps += [["text", f"number {number}"] for number in range(20)] + [["expect"]] * 20
    steps += [["ping"], *([["close", 4000, "done"], ["await-close"]] if close else [])]
    offered = ["chat.v0", "chat.v1"] if protocols else []
    yield {"protocols": offered, "steps": steps}
    if closes:
        yield {"protocols": offered, "steps": [["text", "close 4321 goodbye"], ["await-close"]]}


def dialogue(*steps, protocols=()):
    """A conversation in the server's own protocol: texts and bytes are sent, `(regex,)` is awaited."""
    kinds = {str: lambda step: ["text", step], bytes: lambda step: ["bytes", list(step)], tuple: lambda step: ["expect-like", step[0]], list: list}
    return [{"protocols": list(protocols), "steps": [kinds[type(step)](step) for step in steps]}]


STEPS = {
    # Text only, or no close codes, or no large messages: what a library does not have or gets wrong.
    "websocket-server": list(echoes(binary=False, protocols=False, large=False)),
    "robyn": list(echoes(binary=False, closes=False, protocols=False, large=False)),
    "sockjs": list(echoes(binary=False, protocols=False)),
    "gevent-websocket": list(echoes(protocols=False)),
    "picows": list(echoes(protocols=False, large=False)),
    "autobahn-asyncio": list(echoes(protocols=False)),
    "autobahn-twisted": list(echoes(protocols=False)),
    "daphne": list(echoes(empty=False)),
    "mojolicious": list(echoes(empty=False, large=False)),
    # It takes a list of subprotocols for one name unless there is a space behind each comma.
    "deno": list(echoes(protocols=False)),
    "go-x-net": list(echoes(closes=False, large=False)),
    "wscope": list(echoes(closes=False)),
    "websocketd": list(echoes(binary=False, empty=False, closes=False, protocols=False)),
    # The development server of Werkzeug may write an HTTP response behind the Close.
    "flask-sock": list(echoes(closes=False, close=False)),
    "primus": dialogue('{"a":1}', (r'^\{"a":1\}$',), '"' + "x" * 70_000 + '"', (r'^"x{70000}"$',), ["close", 1000, ""], ["await-close"]),
    "engine.io": dialogue((r'^0\{"sid"',), "4hello", ("^4hello$",), b"\1\2\3", ("^010203$",), ["close", 1000, ""], ["await-close"]),
    "socket.io": dialogue(
        (r'^0\{"sid"',), "40", (r'^40\{"sid"',), '42["echo","text",1]', (r'^42\["echo","text",1\]$',), '421["echo",{"a":[]}]', (r'^431\[\{"a":\[\]\}\]$',),
        '451-["echo",{"_placeholder":true,"num":0}]', b"\1\2\3", ("^451-",), ("^010203$",), "41", ["close", 1000, ""], ["await-close"]),
    "graphql-ws": dialogue(
        '{"type":"connection_init"}', ('"connection_ack"',), '{"id":"1","type":"subscribe","payload":{"query":"subscription { count }"}}', ('"count":1',), ('"count":2',),
        ('"count":3',), ('"complete"',), "nonsense", ["await-close"], protocols=["graphql-transport-ws"]),
    "stomp-broker": dialogue(
        "CONNECT\naccept-version:1.1\nhost:here\n\n\0", ("^CONNECTED\n",), "DISCONNECT\nreceipt:77\n\n\0", ("^RECEIPT\nreceipt-id:77\n",),
        ["close", 1000, ""], ["await-close"], protocols=["v11.stomp"]),
}
PATHS = {
    "sockjs": "/echo/websocket", "primus": "/primus/", "engine.io": "/engine.io/?EIO=4&transport=websocket", "socket.io": "/socket.io/?EIO=4&transport=websocket",
}
# They compare the port of Host with their own, and the stand-in does not rewrite it.
NEED_HOST = {"autobahn-asyncio", "autobahn-twisted"}
ECHO = list(echoes())
NGINX = """daemon off; pid {folder}/pid; error_log stderr error; worker_processes 1; events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }} }}"""


class Server:
    """A kind of server: its command line for a port, and conversations with it."""

    def __init__(self, name, command, behind=None):
        self.name, self.command, self.behind = name, command, behind
        self.path, self.conversations = PATHS.get(name, "/"), STEPS.get(name, ECHO)


def skipped(what, why):
    print(f"SKIPPED: {what}: {why}", flush=True)


def node_servers():
    install.node()
    file = HERE / "servers-node.cjs"
    for name in subprocess.run(["node", file, "kinds"], stdout=subprocess.PIPE, text=True, check=True).stdout.split():
        programs = {"bun": [install.BUN, file], "deno": [install.DENO, "run", "--allow-all", "--no-prompt", file]}
        program = programs.get(name, ["node", file])
        if Path(program[0]).is_absolute() and not program[0].exists():
            skipped(name, "there is no package for this machine")
            continue
        yield Server(name, lambda port, program=program, name=name: [*program, name, port])


def python_servers():
    install.python()
    file = HERE / "servers-python.py"
    for name in subprocess.run([install.VENV, file, "kinds"], stdout=subprocess.PIPE, text=True, check=True).stdout.split():
        yield Server(name, lambda port, name=name: [install.VENV, file, name, port])


def go_servers():
    program = install.go()
    for name in ("go-gorilla", "go-coder", "go-x-net"):
        yield Server(name, lambda port, name=name: [program, name, port])


def tomcat_servers():
    path = install.tomcat()
    yield Server("tomcat", lambda port: ["java", "-cp", path, HERE / "Tomcat.java", port])


def mojolicious_servers():
    install.need("perl")
    library = install.debian("mojolicious").parent
    yield Server("mojolicious", lambda port: ["perl", f"-I{library}", HERE / "servers.pl", "mojolicious", port])


def websocketd_servers():
    program = install.debian("websocketd")
    yield Server("websocketd", lambda port: [program, "--address=127.0.0.1", f"--port={port}", "cat"])


def nginx_servers():
    program = install.debian("nginx")

    def command(port, behind):
        folder = Path(os.environ["LAB_WORK"]) / "nginx"
        folder.mkdir(exist_ok=True)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, behind=behind))
        return [program, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]

    yield Server("nginx", command, behind="ws-deflate")


def wscope_servers():
    yield Server("wscope", lambda port: [WSCOPE, "listen", "--echo", "--allow-origin", "*", "--subprotocol", "chat.v1", f"127.0.0.1:{port}"])


def servers(names):
    """All kinds of servers that can be had here, or those of them with these names."""
    found = []
    for maker in (wscope_servers, node_servers, python_servers, go_servers, tomcat_servers, mojolicious_servers, websocketd_servers, nginx_servers):
        try:
            found += maker()
        except (Unavailable, OSError, subprocess.CalledProcessError) as why:
            skipped(maker.__name__.replace("_", " "), why)
    skipped("uWebSockets.js", "not published in the npm registry (Bun's server is built on uWebSockets)")
    if names:
        behind = {server.behind for server in found if server.name in names}
        found = [server for server in found if server.name in names or server.name in behind]
    return found


def clients():
    """The command line of each kind of client, for a file of jobs."""
    found = {"wscope": [install.VENV, HERE / "clients-python.py", "wscope"]}
    converse = HERE / "converse.mjs"
    if install.NODE_MODULES.is_dir():
        found |= {"node ws": ["node", converse, "ws"], "node built-in": ["node", "--experimental-websocket", converse, "builtin"], "undici": ["node", converse, "undici"]}
        if install.BUN.exists():
            found["Bun"] = [install.BUN, converse, "builtin"]
        if install.DENO.exists():
            found["Deno"] = [install.DENO, "run", "--allow-all", "--no-prompt", converse, "builtin"]
        if chromium():
            found["Chromium"] = ["node", converse, "chromium"]
        else:
            skipped("Chromium", "not installed")
    if install.VENV.exists():
        found |= {name: [install.VENV, HERE / "clients-python.py", name] for name in ("websockets", "aiohttp", "websocket-client", "curl")}
    else:
        del found["wscope"]
    return found


def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
