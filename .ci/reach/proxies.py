# needs: tinyproxy-bin squid microsocks dante-server openssl
"""wscope through tinyproxy, squid (also over TLS), microsocks and dante, to ws and wss servers, with and
without a login; and what is said when they do not lead there."""

import base64
import os
from pathlib import Path

from common import HOST, EchoServer, RawServer, Suite, free_port, server_context
from pki import Authority, openssl
from programs import microsocks, tinyproxy

USER, PASSWORD = "me@home", "pa:ss w%rd"
USERINFO = "me%40home:pa%3Ass%20w%25rd"
WRONG = "me%40home:not%20this"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

SQUID = """
http_port {host}:{plain}
http_port {host}:{login} name=login
https_port {host}:{tls} tls-cert={certificate} tls-key={key} name=tls
auth_param basic program /usr/lib/squid/basic_ncsa_auth {passwords}
auth_param basic realm Reach "Test"
acl login_port myportname login
acl known proxy_auth REQUIRED
acl forbidden port {forbidden}
http_access deny forbidden
http_access allow login_port known
http_access deny login_port
http_access allow all
cache deny all
access_log none
cache_log {directory}/cache.log
cache_store_log none
pid_filename {directory}/squid.pid
coredump_dir {directory}
cache_effective_user {account}
connect_timeout 5 seconds
shutdown_lifetime 0 seconds
dns_nameservers {host}
dns_timeout 1 seconds
"""

DANTE = """
logoutput: {directory}/danted.log
internal: {host} port = {port}
external: lo
clientmethod: none
socksmethod: none
user.privileged: {account}
user.unprivileged: {account}
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = {forbidden} }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
"""

suite = Suite("proxies", secrets=[PASSWORD, "pa%3Ass", BASIC, "not this", "not%20this"])
root = Authority(suite.directory / "root", "Reach Root")
good = root.issue("good")
echo = EchoServer()
secure = EchoServer(server_context(good.chain, good.key))
secure.url = secure.url.replace(HOST, "localhost")
trust = ["--cacert", root.certificate]
nobody = free_port()
forbidden = free_port()
root_user = os.getuid() == 0


def account(preferred):
    import getpass

    return preferred if root_user else getpass.getuser()


def squid():
    directory = suite.directory / "squid"
    directory.mkdir()
    passwords = directory / "passwords"
    digest = openssl("passwd", "-apr1", PASSWORD).strip()
    passwords.write_text(f"{USER}:{digest}\n")
    bundle = good.bundle()
    for path in [bundle, good.key, passwords, good.chain]:
        Path(path).chmod(0o644)
    ports = {name: free_port() for name in ["plain", "login", "tls"]}
    config = directory / "squid.conf"
    config.write_text(
        SQUID.format(
            host=HOST, directory=directory, passwords=passwords, certificate=good.chain, key=good.key,
            forbidden=forbidden, account=account("proxy"), **ports,
        )
    )  # fmt: skip
    directory.chmod(0o777)
    for path in suite.directory.rglob("*"):
        if path.is_dir():
            path.chmod(path.stat().st_mode | 0o055)
    suite.start(["squid", "-N", "-f", config], port=ports["tls"])
    return ports


def dante():
    port = free_port()
    config = suite.directory / "danted.conf"
    config.write_text(
        DANTE.format(host=HOST, port=port, forbidden=forbidden, directory=suite.directory, account=account("root"))
    )
    suite.start(["danted", "-f", config, "-p", suite.directory / "danted.pid"], port=port)
    return port


def works(name, proxy, *options, env=None, err=(), via=True):
    """A message to the server and back, over ws and wss; the proxy is reported."""
    for server in [echo, secure]:
        kind = server.url.split(":")[0]
        said = [f"via proxy {proxy}"] if via else [f"connected to {server.url} (127.0.0.1:{server.port})"]
        suite.case(f"{name}, {kind}", [*trust, "-1", *options, server.url], stdin="hi\n", out="hi\n", err=[*said, *err], env=env)


def fails(name, proxy, url, *options, code=3, err=(), env=None):
    given = ["--proxy", proxy] if proxy else []
    suite.case(name, [*trust, *given, *options, url], code=code, out="", err=err, env=env)


plain = tinyproxy(suite)
login = tinyproxy(suite, "BasicAuth plain plainpw")  # its configuration has no way to write special characters
strict = tinyproxy(suite, "ConnectPort 443")
ports = squid()
socks = microsocks(suite)
socks_login = microsocks(suite, "-u", USER, "-P", PASSWORD)
dante_port = dante()

# Every proxy, both kinds of target

for name, url, userinfo in [
    ("tinyproxy", f"http://{HOST}:{plain}", ""),
    ("tinyproxy with a login", f"http://{HOST}:{login}", "plain:plainpw@"),
    ("squid", f"http://{HOST}:{ports['plain']}", ""),
    ("squid with a login", f"http://{HOST}:{ports['login']}", USERINFO + "@"),
    ("squid over TLS", f"https://localhost:{ports['tls']}", ""),
    ("microsocks", f"socks5h://{HOST}:{socks}", ""),
    ("microsocks, names looked up here", f"socks5://{HOST}:{socks}", ""),
    ("microsocks with a login", f"socks5h://{HOST}:{socks_login}", USERINFO + "@"),
    ("dante", f"socks5h://{HOST}:{dante_port}", ""),
    ("dante, names looked up here", f"socks5://{HOST}:{dante_port}", ""),
]:
    written = url.replace("://", "://" + userinfo)
    works(name, url, "--proxy", written)
    works(f"{name}, -vvv", url, "--proxy", written, "-vvv", "--timestamps=relative")

big = suite.directory / "big"
big.write_bytes(bytes(range(256)) * 8192)
for name, url in [("squid over TLS", f"https://localhost:{ports['tls']}"), ("dante", f"socks5h://{HOST}:{dante_port}")]:
    def complaints(stdout, stderr, name=name):
        return [] if len(stdout) > 1 << 20 else [f"only {len(stdout)} characters came back"]
    suite.case(f"2 MiB there and back within TLS: {name}", [*trust, "--proxy", url, "-b", "--send-file", big, "--output", "hex", secure.url], also=complaints)  # fmt: skip

# Logins

for name, url in [("tinyproxy", f"http://{HOST}:{login}"), ("squid", f"http://{HOST}:{ports['login']}")]:
    fails(f"{name} requires a login", url, echo.url,
          err=["could not connect: proxy", f"{url} refused CONNECT 127.0.0.1:{echo.port}: 407", "hint: the proxy requires a name and password: --proxy http://USER:PASS@", "< HTTP/1.", " 407 ", "< Proxy-Authenticate: Basic realm="])  # fmt: skip
    for options in [[], ["-v"], ["--json"]]:
        wrong = url.replace("://", f"://{WRONG}@")
        suite.case(f"{name}, wrong password {' '.join(options)}", [*trust, "--proxy", wrong, *options, echo.url], code=3,
                   err=[": 401 " if name == "tinyproxy" else ": 407 ", "hint: the proxy does not accept this name and password"])  # fmt: skip
fails("microsocks requires a login", f"socks5h://{HOST}:{socks_login}", echo.url,
      err=["does not accept clients without authentication", "hint: --proxy socks5h://USER:PASS@"])  # fmt: skip
fails("microsocks, wrong password", f"socks5h://{WRONG}@{HOST}:{socks_login}", echo.url,
      err=["it does not accept the name and password", "hint: is the name and password right?"])  # fmt: skip
works("a login by --proxy-header", f"http://{HOST}:{ports['login']}", "--proxy", f"{HOST}:{ports['login']}", "--proxy-header", f"Proxy-Authorization: Basic {BASIC}")  # fmt: skip
works("a login by -H, which the server does not see", f"http://{HOST}:{ports['login']}", "--proxy", f"{HOST}:{ports['login']}", "-H", f"Proxy-Authorization: Basic {BASIC}")  # fmt: skip
leaked = [head for head in echo.heads + secure.heads if "proxy-authorization" in head.lower()]
assert not leaked, leaked

# Targets that cannot be reached

for name, url, words in [
    ("tinyproxy", f"http://{HOST}:{plain}", ["refused CONNECT", "500", "hint: the proxy could not reach"]),
    ("squid", f"http://{HOST}:{ports['plain']}", ["refused CONNECT", "503", "hint: the proxy could not reach"]),
    ("microsocks", f"socks5h://{HOST}:{socks}", ["connection refused (SOCKS5 reply 5)", "refused its connection: no program listens"]),
    ("dante", f"socks5h://{HOST}:{dante_port}", ["connection refused (SOCKS5 reply 5)", "refused its connection: no program listens"]),
]:
    fails(f"{name}: nothing listens on the target's port", url, f"ws://127.0.0.1:{nobody}/",
          err=[*words, "is its own machine: --no-proxy '127.0.0.1'"])  # fmt: skip
for name, url, words in [
    ("tinyproxy", f"http://{HOST}:{plain}", ["refused CONNECT no-such-host.invalid:80: 500"]),
    ("squid", f"http://{HOST}:{ports['plain']}", ["refused CONNECT no-such-host.invalid:80: 50"]),
    ("microsocks", f"socks5h://{HOST}:{socks}", ["did not connect to no-such-host.invalid:80: general SOCKS server failure"]),
    ("dante", f"socks5h://{HOST}:{dante_port}", ["did not connect to no-such-host.invalid:80: "]),
]:
    fails(f"{name}: a name that nobody knows", url, "ws://no-such-host.invalid/", err=[*words, "hint: "])
fails("a name that is unknown here", f"socks5://{HOST}:{socks}", "ws://no-such-host.invalid/", err=["DNS look-up of no-such-host.invalid"])  # fmt: skip
for name, url, words in [
    ("tinyproxy", f"http://{HOST}:{strict}", ["403", "many allow CONNECT only to port 443"]),
    ("squid", f"http://{HOST}:{ports['plain']}", ["403", "does not allow connections to"]),
    ("dante", f"socks5h://{HOST}:{dante_port}", ["connection not allowed by ruleset (SOCKS5 reply 2)", "hint: the proxy's rules"]),
]:
    fails(f"{name}: forbidden by its rules", url, f"ws://127.0.0.1:{forbidden}/", err=words)

# Servers that are not proxies, or of another kind

for scheme in ["http", "https", "socks5", "socks5h"]:
    fails(f"no {scheme} proxy listens", f"{scheme}://{HOST}:{nobody}", echo.url,
          err=[f"proxy {scheme}://{HOST}:{nobody}: TCP connect: ", "Connection refused", "hint: no program listens on that port", "is the proxy running"])  # fmt: skip
fails("an HTTP proxy taken for SOCKS", f"socks5h://{HOST}:{plain}", echo.url, "--connect-timeout", "1s", code=7, err=["hint: ", "it may be an HTTP proxy (http://)"])  # fmt: skip
fails("squid taken for SOCKS", f"socks5h://{HOST}:{ports['plain']}", echo.url, "--connect-timeout", "1s", code=7, err=["hint: ", "it may be an HTTP proxy (http://)"])  # fmt: skip
fails("SOCKS taken for an HTTP proxy", f"http://{HOST}:{socks}", echo.url, err=["is not HTTP", "hint: that looks like SOCKS: write the proxy with socks5h://"])  # fmt: skip
fails("dante taken for an HTTP proxy", f"http://{HOST}:{dante_port}", echo.url, "--connect-timeout", "1s", err=["could not connect: proxy", "hint: "])  # fmt: skip
fails("an HTTPS proxy spoken to without TLS", f"http://localhost:{ports['tls']}", echo.url, err=["could not connect: proxy", "hint: ", "https://"])  # fmt: skip
fails("an HTTP proxy spoken to with TLS", f"https://{HOST}:{ports['plain']}", echo.url, err=["TLS handshake", "write it with http://"])  # fmt: skip
suite.case("an HTTPS proxy nobody vouches for", ["--proxy", f"https://localhost:{ports['tls']}", "-k", secure.url], code=3, out="",
           err=["certificate", "hint: --cacert FILE trusts the certificate of "])  # fmt: skip
suite.case("--proxy-insecure and -k", ["--proxy", f"https://localhost:{ports['tls']}", "--proxy-insecure", "-k", secure.url], stdin="hi\n", out="hi\n")  # fmt: skip
ssh = RawServer(lambda client: client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n") or client.recv(4096))
fails("an SSH server as HTTP proxy", f"http://{HOST}:{ssh.port}", echo.url, err=["its answer to CONNECT is not HTTP: \"SSH-2.0"])  # fmt: skip
fails("an SSH server as SOCKS proxy", f"socks5h://{HOST}:{ssh.port}", echo.url, err=["its answer is not SOCKS5: \"SSH-2.0"])
fails("a WebSocket server as HTTP proxy", f"http://{HOST}:{echo.port}", echo.url, err=["refused CONNECT", "426", "This is a WebSocket server."])  # fmt: skip

# The environment

http = f"http://{HOST}:{ports['plain']}"
closed = f"http://{HOST}:{nobody}"
for variables in [["ALL_PROXY"], ["all_proxy"], ["WS_PROXY", "WSS_PROXY"], ["ws_proxy", "wss_proxy"], ["http_proxy", "https_proxy"], ["HTTP_PROXY", "HTTPS_PROXY"]]:  # fmt: skip
    for server, variable in zip([echo, secure], variables * 2):
        env = {"ALL_PROXY": closed} | {name: http for name in variables}
        suite.case(f"{variable} for {server.url[:4].strip(':/')}", [*trust, "-1", server.url], stdin="hi\n", out="hi\n", env=env, err=[f"via proxy {http} from {variable})"])  # fmt: skip
env = {"ALL_PROXY": closed}
for listed in ["*", "localhost,127.0.0.1", "127.0.0.0/8 localhost", f"other.example,127.0.0.1:{echo.port},.localhost:{secure.port}"]:  # fmt: skip
    works(f"NO_PROXY={listed}", "", "-v", env=env | {"NO_PROXY": listed}, via=False)
    works(f"--no-proxy {listed}", "", "--no-proxy", listed, env=env, via=False)
works("--proxy ''", "", "--proxy", "", env=env, via=False)
works("--proxy before the environment", http, "--proxy", http, env=env)
fails("a proxy of the environment that is down", None, echo.url, env=env, err=[f"proxy {closed} from ALL_PROXY: TCP connect", "hint: ", "ALL_PROXY names it; --proxy '' connects without it"])  # fmt: skip
fails("a login of the environment that is wrong", None, echo.url, env={"ALL_PROXY": f"http://{WRONG}@{HOST}:{ports['login']}"}, err=["from ALL_PROXY refused CONNECT", "407"])  # fmt: skip

# Other routes

works("--connect-to through a proxy", http, "--proxy", http, "--connect-to", f"other.invalid::{HOST}:{echo.port}")
suite.case("--connect-to leads elsewhere", ["--proxy", http, "--connect-to", f"{HOST}:{echo.port}", "ws://other.invalid/"], stdin="hi\n", out="hi\n")  # fmt: skip
suite.case("--connect-to keeps the name for TLS", [*trust, "--connect-to", f"{HOST}:{secure.port}", "wss://other.invalid/"], code=3, err=["other.invalid", "certificate"])  # fmt: skip
suite.case("--resolve and socks5://", [*trust, "--proxy", f"socks5://{HOST}:{socks}", "--resolve", f"echo.invalid:{echo.port}:{HOST}", f"ws://echo.invalid:{echo.port}/"], stdin="hi\n", out="hi\n")  # fmt: skip
suite.case("--json", ["--json", "--proxy", f"socks5h://{USERINFO}@{HOST}:{socks_login}", "-x", "hi", echo.url],
           out=[f'"proxy":"socks5h://{HOST}:{socks_login}"', f'"remote":"{HOST}:{socks_login}"', '"data":"hi"'])  # fmt: skip

suite.finish()
