# needs: nginx openssl tinyproxy-bin microsocks
"""A combined case as in practice: nginx with a private CA, which requires a client certificate and a
login, in front of a WebSocket server; straight, through an HTTP proxy with a login, and through a SOCKS5
proxy with one. Each combination works, and what is wrong on any part of the way is told as that."""

from common import HOST, EchoServer, Suite, free_port
from pki import PASSPHRASE, Authority, openssl
from programs import Nginx, microsocks, tinyproxy

LOGIN, PROXY_PASSWORD = "engineer:well kept", "proxypw"

suite = Suite("together", secrets=["well kept", PROXY_PASSWORD, PASSPHRASE])
echo = EchoServer()
nginx = Nginx(echo.url.replace("ws:", "http:"))
root = Authority(suite.directory / "root", "Private Root")
clients = Authority(suite.directory / "clients", "Client Root")
good, engineer = root.issue("good"), clients.client("engineer")
old_engineer = clients.client("old-engineer", start=-100, end=-10)

passwords = suite.directory / "passwords"
passwords.write_text("engineer:" + openssl("passwd", "-apr1", "well kept").strip() + "\n")
for path in [suite.directory, passwords]:
    path.chmod(path.stat().st_mode | 0o055)
wanted = f"""ssl_verify_client on; ssl_client_certificate {clients.certificate};
        auth_basic "Feed"; auth_basic_user_file {passwords};"""
guarded = nginx.server(good, wanted)
expired = nginx.server(root.issue("expired", start=-100, end=-10), wanted)
wrong_name = nginx.server(root.issue("wrong-name", names="DNS:other.test"), wanted)
weak_key = nginx.server(root.issue("weak-key", key="RSA:1024"), wanted + " ssl_ciphers DEFAULT@SECLEVEL=0;")
moved = nginx.server(good, f"{wanted} location = /old {{ return 307 https://localhost:{guarded}/new; }}")
nginx.start(suite)

http_port = tinyproxy(suite, f"BasicAuth porter {PROXY_PASSWORD}")
socks_port = microsocks(suite, "-u", "porter", "-P", PROXY_PASSWORD)
nobody = free_port()
ways = {
    "straight": ("", ""),
    "HTTP proxy": (f"http://porter:{PROXY_PASSWORD}@{HOST}:{http_port}", f"http://porter:wrong@{HOST}:{http_port}"),
    "SOCKS5 proxy": (f"socks5h://porter:{PROXY_PASSWORD}@{HOST}:{socks_port}", f"socks5h://porter:wrong@{HOST}:{socks_port}"),
}

trust = ["--cacert", root.certificate, "--no-system-ca"]
identity = ["--cert", engineer.certificate, "--key", engineer.encrypted_key(), "--pass", PASSPHRASE]
bundle = ["--cert", engineer.pkcs12(), "--pass", PASSPHRASE]
login = ["-u", LOGIN]
ask = ["-x", "hi", "-1"]


def url(port, path=""):
    return f"wss://localhost:{port}/{path}"


for way, (proxy, wrong) in ways.items():
    via = ["--proxy", proxy]
    said = ["via proxy"] if proxy else ["connected to"]

    def works(name, *options, err=(), env=None, through=via):
        suite.case(f"{way}: {name}", [*through, *options, *ask], out="hi\n", err=[*said, *err], env=env)

    def fails(name, *options, code=3, err=(), through=via):
        suite.case(f"{way}: {name}", [*through, *options, *ask], code=code, out="", err=err)

    works("certificate, login", *trust, *identity, *login, url(guarded))
    works("PKCS#12, login", *trust, *bundle, *login, url(guarded), err=["TLSv1.3"])
    works("TLS 1.2", *trust, *identity, *login, "--tls-max", "1.2", url(guarded), err=["TLSv1.2"])
    works("-v", *trust, *identity, *login, "-v", url(guarded))
    works("login in the URL", *trust, *identity, url(guarded).replace("//", "//engineer:well%20kept@"))
    works("login from the environment", *trust, *identity, url(guarded), env={"WSCOPE_USER": LOGIN})
    works("any certificate", "-k", *identity, *login, url(expired))
    works("the name that the certificate has", *trust, *identity, *login, "--servername", "other.test", url(wrong_name))
    works("another place", *trust, *identity, *login, "--connect-to", f"localhost:{guarded}", "wss://localhost/")
    works("compressed, no context", *trust, *identity, *login, "--compress", "server_no_context_takeover", url(guarded))
    if proxy:
        works("proxy from the environment", *trust, *identity, *login, url(guarded), env={"ALL_PROXY": proxy}, through=[])

    fails("a CA that is not known", *identity, *login, url(guarded), err=["certificate", "hint: --cacert"])
    fails("an expired certificate", *trust, *identity, *login, url(expired), err=["certificate has expired", "expired 10 days ago"])
    fails("a certificate for another name", *trust, *identity, *login, url(wrong_name), err=["localhost", "other.test"])
    fails("a weak key", *trust, *identity, *login, url(weak_key), err=["key too weak", "RSA, 1024 bits"])
    fails("no client certificate", *trust, *login, url(guarded), code=4, err=["400", "hint: the server requires a client certificate: --cert"])
    fails("an expired client certificate", *trust, "--cert", old_engineer.certificate, "--key", old_engineer.key, *login, url(guarded), code=4, err=["400", "--cert"])
    fails("no login", *trust, *identity, url(guarded), code=4, err=["401", "hint: ", "-u"])
    fails("a wrong login", *trust, *identity, "-u", "engineer:wrong", url(guarded), code=4, err=["401", "hint: "])
    fails("nothing listens", *trust, *identity, *login, url(nobody), err=["could not connect"])
    fails("no common version", *trust, *identity, *login, "--tls-max", "1.1", url(guarded), err=["TLS"])
    if proxy:
        fails("a wrong login at the proxy", *trust, *identity, *login, url(guarded), through=["--proxy", wrong], err=["could not connect: proxy", "hint: "])
        fails("no such proxy", *trust, *identity, *login, url(guarded), through=["--proxy", f"http://{HOST}:{nobody}"], err=["could not connect: proxy", "refused"])

    # The other port is another server: neither login nor certificate goes there.
    redirect = ["-L", *trust, *identity, *login, url(moved, "old")]
    fails("a redirect to another port", *redirect, code=4, err=["307", "credentials", "400"])
    fails("a redirect that is not followed", *redirect[1:], code=4, err=["307", "hint: ", "-L"])

suite.finish()
