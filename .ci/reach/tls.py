# needs: nginx openssl
"""wscope against nginx as TLS end in front of a WebSocket server, against openssl s_server, and against
ends that speak no TLS: everything that can be asked for, and every failure explained."""

from common import HOST, EchoServer, RawServer, Suite, free_port, server_context
from pki import PASSPHRASE, Authority, openssl
from programs import Nginx

suite = Suite("tls", secrets=[PASSPHRASE])
echo = EchoServer()
nginx = Nginx(echo.url.replace("ws:", "http:"))

root = Authority(suite.directory / "root", "Reach Root")
middle = Authority(suite.directory / "middle", "Reach Intermediate", parent=root)
old_middle = Authority(suite.directory / "old-middle", "Old Intermediate", parent=root, start=-100, end=-10)
stranger = Authority(suite.directory / "stranger", "Unheard-of Root")
clients = Authority(suite.directory / "clients", "Client Root")

good = middle.issue("good")
client = clients.client("client")
rsa_client = clients.client("rsa-client", key="RSA:2048")
old_client = clients.client("old-client", start=-100, end=-10)
foreign_client = stranger.client("foreign-client")

port = nginx.server(good)
only_12 = nginx.server(good, "ssl_protocols TLSv1.2;")
only_13 = nginx.server(good, "ssl_protocols TLSv1.3;")
other_cipher = nginx.server(good, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-CAMELLIA128-SHA256;")
lonely = nginx.server(good, chain=good.certificate)
expired = nginx.server(root.issue("expired", start=-100, end=-10))
unborn = nginx.server(root.issue("unborn", start=10))
below_expired = nginx.server(old_middle.issue("below-expired"))
soon = nginx.server(root.issue("soon", end=5.5))
wrong_name = nginx.server(root.issue("wrong-name", names="DNS:other.test,DNS:*.wild.test"))
nameless = nginx.server(root.issue("nameless", names="email:someone@reach.test", subject="/CN=localhost"))
weak_key = nginx.server(root.issue("weak-key", key="RSA:1024"), "ssl_ciphers DEFAULT@SECLEVEL=0;")
weak_digest = nginx.server(middle.issue("weak-digest", digest="sha1"), "ssl_ciphers DEFAULT@SECLEVEL=0;")
for_clients = nginx.server(root.issue("for-clients", usage="clientAuth"))
hostile = nginx.server(root.issue("hostile", subject="/CN=\x1b[31mred\u202eder"))
mutual = nginx.server(good, f"ssl_verify_client on; ssl_client_certificate {clients.certificate};")
virtual = nginx.server(root.issue("default-host", names="DNS:default.test", subject="/CN=default.test"))
nginx.server(root.issue("virtual-host", names="DNS:virtual.test", subject="/CN=virtual.test"), port=virtual, name="virtual.test")
plain = nginx.server(good, ssl="")
nginx.start(suite)

# nginx answers a missing or foreign client certificate over HTTP; these end the handshake instead.
strict = {}
for version in ("1.2", "1.3"):
    strict[version] = free_port()
    suite.start(
        ["openssl", "s_server", "-quiet", "-accept", f"{HOST}:{strict[version]}", "-cert", good.certificate, "-key", good.key,
         "-cert_chain", good.chain, "-CAfile", clients.certificate, "-Verify", "2", "-verify_return_error",
         f"-tls{version.replace('.', '_')}"],
        port=strict[version],
    )  # fmt: skip

old = free_port()
suite.start(
    ["openssl", "s_server", "-quiet", "-accept", f"{HOST}:{old}", "-cert", good.certificate, "-key", good.key,
     "-cert_chain", good.chain, "-tls1_1", "-cipher", "ALL@SECLEVEL=0"],
    port=old,
)  # fmt: skip
lenient = suite.directory / "openssl.cnf"
lenient.write_text(
    "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = low\n[low]\n"
    "CipherString = DEFAULT@SECLEVEL=0\nMinProtocol = TLSv1\n"
)

trust = ["--cacert", root.certificate]
ask = ["-x", "hi", "-1"]


def url(port, host="localhost"):
    return f"wss://{host}:{port}/"


def works(name, port, *options, err=(), host="localhost", **settings):
    suite.case(name, [*options, *ask, url(port, host)], out="hi\n", err=err, **settings)


def fails(name, port, *options, err, host="localhost", code=3, **settings):
    start = "wscope: could not connect: TLS handshake with 127.0.0.1:"
    start = [start] if code == 3 else []
    suite.case(name, [*options, "-4", *ask, url(port, host)], code=code, out="", err=[*start, *err], **settings)


# Trust

folder = suite.directory / "authorities"
folder.mkdir()
(folder / "README").write_text("Not a certificate.\n")
(folder / "one.pem").write_text(root.certificate.read_text())
(folder / "two.crt").write_text(stranger.certificate.read_text())
der = suite.directory / "root.der"
openssl("x509", "-in", root.certificate, "-outform", "DER", "-out", der)
bundle = suite.directory / "bundle.pem"
bundle.write_text("# two of them\n" + stranger.certificate.read_text() + "\n" + root.certificate.read_text())
damaged = suite.directory / "damaged.pem"
damaged.write_text(root.certificate.read_text().replace("MII", "XXX"))
empty = suite.directory / "empty"
empty.mkdir()

works("--cacert with a file", port, *trust)
works("--ca, as wscat has it", port, "--ca", root.certificate)
works("--cacert with a bundle", port, "--cacert", bundle)
works("--cacert twice", port, "--cacert", stranger.certificate, "--cacert", root.certificate)
works("--cacert with a folder", port, "--cacert", folder)
works("--cacert with DER", port, "--cacert", der)
works("--no-system-ca", port, "--no-system-ca", *trust)
works("by address", port, *trust, host=HOST)
works("SSL_CERT_FILE replaces the system's", port, env={"SSL_CERT_FILE": str(root.certificate)})
fails("--no-system-ca without it", port, "--no-system-ca", "--cacert", stranger.certificate,
      err=["unable to get local issuer certificate", "hint: --cacert FILE", "--no-system-ca leaves out"],
      env={"SSL_CERT_FILE": str(root.certificate)})  # fmt: skip
works("-k", port, "-k")
works("--no-check says what it does", port, "-n", err=["the server's certificate is not checked"])
suite.case("--no-system-ca alone", ["--no-system-ca", url(port)], code=2, out="", err=["--cacert <FILE|DIR>"])
suite.case("no such --cacert", ["--cacert", "nowhere.pem", url(port)], code=2, out="", err=["--cacert nowhere.pem: No such file"])
suite.case("--cacert without a certificate", ["--cacert", good.key, url(port)], code=2, out="", err=["it contains no certificate"])
suite.case("--cacert damaged", ["--cacert", damaged, url(port)], code=2, out="", err=["a certificate in it is damaged"])
suite.case("--cacert with an empty folder", ["--cacert", empty, url(port)], code=2, out="", err=["no file in it contains a PEM certificate"])

# What is reported

SUBJECT = "CN=Test Server"
works("one line in a pipe", port, *trust, err=["wscope: connected to wss://localhost", "TLSv1.3"], lacks=[SUBJECT])
works("-v tells all of the certificate", port, *trust, "-v", err=[
    "TLSv1.3, TLS_", "certificate\n", "subject   CN=Test Server", "names     localhost, 127.0.0.1",
    "issuer    CN=Reach Intermediate", "valid     from 20", " days left", "serial    10", "key       EC P-256",
    "signature ECDSA with SHA-256", "for       digital signature, key encipherment, TLS server", "SHA-256   ",
])  # fmt: skip
suite.case("on a terminal", [*trust, url(port)], typed=[("total", "hi\r"), ("< hi", "\x04")], err=[
    "certificate CN=Test Server for localhost, 127.0.0.1, issued by CN=Reach Intermediate", "days left",
])  # fmt: skip
suite.case("in events", [*trust, "--json", *ask, url(port)], out=[
    '"tls":{"version":"TLSv1.3","cipher":"TLS_', '"certificate":{"subject":"CN=Test Server","issuer":"CN=Reach Intermediate","not_after":"20',
    '"names":["localhost","127.0.0.1"]',
])  # fmt: skip
works("fewer than 14 days left", soon, *trust, err=["warning: the server's certificate expires soon: 5 days left"])
works("expired, with -k", expired, "-k", err=["warning: the server's certificate expired 10 days ago"])
suite.case("terminal codes in a certificate", [*trust, url(hostile)], typed=[("total", "\x04")], lacks=["\x1b[31m", "\u202e"],
           err=["CN=\\e[31mred\\u{202e}der"])  # fmt: skip

# Certificates that are refused

THEIRS = "the server's certificate (from a second connection"
fails("a root that is not known", port, err=[
    "for 'localhost': certificate verify failed: unable to get local issuer certificate: CN=Reach Root is not known",
    "hint: --cacert FILE trusts the certificate of ", THEIRS, "subject   CN=Test Server", "names     localhost", "issuer    CN=Reach Intermediate",
    "sent with it: CN=Reach Intermediate",
])  # fmt: skip
fails("another root", port, "--cacert", stranger.certificate, err=["unable to get local issuer", "which is not among those it names now"])
fails("an intermediate as --cacert", lonely, "--no-system-ca", "--cacert", middle.certificate, err=[
    "unable to get issuer certificate", "hint: a certificate of --cacert is signed by another CA", THEIRS,
])  # fmt: skip
fails("the server's own certificate as --cacert", lonely, "--no-system-ca", "--cacert", good.certificate, err=["issuer certificate", THEIRS])
fails("an intermediate that is not sent", lonely, *trust, err=[
    "unable to get local issuer certificate: CN=Reach Intermediate is not known", "the server sends its own certificate alone", THEIRS,
])  # fmt: skip
fails("expired", expired, *trust, err=["certificate has expired: it was valid until 20", "10 days ago", "hint: it must be renewed", THEIRS, "expired 10 days ago"])
fails("not valid yet", unborn, *trust, err=["certificate is not yet valid", "it is valid from 20", "Z, in ", "hint: is the clock", THEIRS])
fails("an intermediate expired", below_expired, *trust, err=[
    "certificate has expired: CN=Old Intermediate, above the server's, was valid until", "10 days ago", THEIRS, SUBJECT,
    "the certificate above it, which is the one that failed", "CN=Old Intermediate",
])  # fmt: skip
fails("another name", wrong_name, *trust, err=[
    "for 'localhost': certificate verify failed: hostname mismatch: the certificate is for other.test, *.wild.test",
    "hint: the certificate is for another name", "--servername", THEIRS,
])  # fmt: skip
fails("another address", wrong_name, *trust, host=HOST, err=["for '127.0.0.1'", "IP address mismatch: the certificate is for other.test"])
fails("no host name at all", wrong_name, *trust, "--servername", "else.test", err=["for 'else.test'", "hostname mismatch"])
works("a name in the subject alone still counts", nameless, *trust)
fails("a weak key", weak_key, *trust, err=["key too weak: its key is RSA, 1024 bits", "hint: each certificate of the chain requires an RSA key of at least 2048 bits"])
works("a weak key, with -k", weak_key, "-k")
fails("a weak digest", weak_digest, *trust, err=["digest algorithm too weak: its key is EC P-256, its signature ECDSA with SHA-1"])
fails("a certificate for clients", for_clients, *trust, err=["certificate purpose", "hint: the certificate is not one for TLS servers"])
fails("terminal codes in a refused certificate", hostile, lacks=["\x1b", "\u202e"], err=["CN=\\e[31mred\\u{202e}der"])
suite.case("a failure as an event", ["--json", url(port)], code=3, out=['"kind":"connect"', '"certificate":{"subject":"CN=Test Server"'])

# Names

works("--servername", wrong_name, *trust, "--servername", "other.test")
works("--servername, wildcard", wrong_name, *trust, "--servername", "a.wild.test")
works("--servername chooses the virtual host", virtual, *trust, "--servername", "virtual.test", "-v", err=["subject   CN=virtual.test"])
works("no name told", virtual, "-k", "--servername", "", "-v", err=["subject   CN=default.test"])
suite.case("--servername with a port", ["--servername", "a.test:1", url(port)], code=2, out="", err=["bad --servername", "no host name"])

# Versions and ciphers

works("TLS 1.2", only_12, *trust, err=["TLSv1.2"])
works("--tls-max 1.2", port, *trust, "--tls-max", "1.2", err=["TLSv1.2"])
works("--tls-min 1.3", port, *trust, "--tls-min", "1.3", err=["TLSv1.3"])
fails("a server that is too old for --tls-min", only_12, *trust, "--tls-min", "1.3", err=["protocol version", "(--tls-min 1.3)", "no version of TLS in common"])
fails("a server that is too new for --tls-max", only_13, *trust, "--tls-max", "1.2", err=["protocol version", "(--tls-max 1.2)", "no version of TLS in common"])
fails("TLS 1.1 is no longer there", port, *trust, "--tls-max", "1.1", err=["no protocols available", "(--tls-max 1.1)", "hint: TLS 1.0 and 1.1"])
fails("a server of TLS 1.1", old, *trust, err=["protocol version", "hint: the server and wscope have no version of TLS in common; TLS 1.0 and 1.1 are", "OPENSSL_CONF"])
suite.case("a server of TLS 1.1, with another configuration of OpenSSL", [*trust, "--tls-max", "1.1", "-v", url(old)], code=4, err=["the server ended the connection without a response"],
           env={"OPENSSL_CONF": str(lenient)})  # fmt: skip
fails("no cipher in common", other_cipher, *trust, err=["handshake failure", "hint: the server rejected the ClientHello: no cipher, group"])
suite.case("limits the wrong way round", ["--tls-min", "1.3", "--tls-max", "1.2", url(port)], code=2, out="", err=["--tls-min", "newer than --tls-max"])
suite.case("a version that is none", ["--tls-min", "1.4", url(port)], code=2, out="", err=["1.4"])

# Client certificates

pair = ["--cert", client.certificate, "--key", client.key]
secret_file = suite.directory / "passphrase"
secret_file.write_text(PASSPHRASE + "\n")
works("client certificate and key", mutual, *trust, *pair)
works("both in one file", mutual, *trust, "--cert", client.bundle())
works("the key in SEC 1", mutual, *trust, "--cert", client.certificate, "--key", client.traditional_key())
works("the key in PKCS#1", mutual, *trust, "--cert", rsa_client.certificate, "--key", rsa_client.traditional_key())
encrypted = ["--cert", client.certificate, "--key", client.encrypted_key()]
works("an encrypted key", mutual, *trust, *encrypted, "--pass", PASSPHRASE)
works("--passphrase, as wscat has it", mutual, *trust, *encrypted, "--passphrase", PASSPHRASE)
works("--pass @FILE", mutual, *trust, *encrypted, "--pass", f"@{secret_file}")
works("an encrypted key of the old form", mutual, *trust, "--cert", rsa_client.certificate, "--key",
      rsa_client.traditional_key(encrypted=True), "--pass", PASSPHRASE)  # fmt: skip
works("PKCS#12", mutual, *trust, "--cert", client.pkcs12(), "--pass", PASSPHRASE)
works("PKCS#12 without a password", mutual, *trust, "--cert", client.pkcs12(name="open.p12", password=""))
suite.case("the passphrase is asked for", [*trust, *encrypted, *ask, url(mutual)], out=None, typed=[
    ("passphrase for", f"{PASSPHRASE}\r"), ("< hi", ""),
])  # fmt: skip
suite.case("--pass without a value asks too", [*trust, *encrypted, *ask, url(mutual), "--pass"], typed=[
    ("passphrase for", f"{PASSPHRASE}\r"), ("< hi", ""),
])  # fmt: skip
suite.case("and for PKCS#12", [*trust, "--cert", client.pkcs12(), *ask, url(mutual)], typed=[
    ("passphrase for", f"{PASSPHRASE}\r"), ("< hi", ""),
])  # fmt: skip
suite.case("Ctrl-C there ends it", [*trust, *encrypted, *ask, url(mutual)], code=130, typed=[("passphrase for", "\x03")])
for name, options, complaint in [
    ("a wrong passphrase", [*encrypted, "--pass", "wrong"], ['bad --pass "***": it does not open']),
    ("a wrong passphrase for PKCS#12", ["--cert", client.pkcs12(), "--pass", "wrong"], ['bad --pass "***": it does not open']),
    ("PKCS#12 of another age", ["--cert", client.pkcs12("-legacy", name="old.p12"), "--pass", PASSPHRASE],
     ["algorithm that is not supported", "RC2-40-CBC", "openssl pkcs12 -legacy"]),
    ("a key of another certificate", ["--cert", client.certificate, "--key", good.key], ["bad --key", "does not belong to the certificate"]),
    ("no key", ["--cert", client.certificate], ["bad --cert", "holds no private key: --key FILE"]),
    ("no certificate", ["--cert", client.key, "--key", client.key], ["bad --cert", "holds no certificate"]),
    ("a certificate as key", ["--cert", client.certificate, "--key", client.certificate], ["bad --key", "holds no private key"]),
    ("a key and PKCS#12", ["--cert", client.pkcs12(), "--key", client.key], ["bad --cert", "leave out --key"]),
    ("no such key", ["--cert", client.certificate, "--key", "nowhere.pem"], ["--key nowhere.pem: No such file"]),
    ("--key without --cert", ["--key", client.key], ["--cert"]),
    ("a passphrase that cannot be asked for", encrypted, ["bad --key", "it is encrypted: --pass"]),
]:  # fmt: skip
    suite.case(name, [*options, *trust, url(mutual)], code=2, out="", err=complaint)

fails("none where nginx wants one", mutual, *trust, code=4, err=["opening handshake refused: 400", "hint: the server requires a client certificate: --cert", "No required SSL certificate was sent"])
fails("a foreign one at nginx", mutual, *trust, "--cert", foreign_client.certificate, "--key", foreign_client.key, code=4,
      err=["opening handshake refused: 400", "hint: the server does not accept the certificate of --cert", "The SSL certificate error"])  # fmt: skip
for version, ended in strict.items():
    fails(f"none where one is required, TLS {version}", ended, *trust, err=["alert", "hint: the server requires a client certificate: --cert FILE"])
    fails(f"a foreign one, TLS {version}", ended, *trust, "--cert", foreign_client.certificate, "--key", foreign_client.key,
          err=["alert unknown ca", "hint: the server does not trust the issuer (CN=Unheard-of Root) of the certificate of --cert"])  # fmt: skip
    fails(f"an expired one, TLS {version}", ended, *trust, "--cert", old_client.certificate, "--key", old_client.key,
          err=["alert certificate expired", "hint: the certificate of --cert has expired"])  # fmt: skip

# Servers without TLS, or with incomplete TLS

fails("plain HTTP on the port", plain, *trust, err=["hint: the server speaks plain HTTP on this port: use ws://"])
ssh = RawServer(lambda client: client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n") or client.recv(4096))
fails("another protocol on the port", ssh.port, *trust, err=["hint: that is an SSH server"])
silent = RawServer(lambda client: client.recv(4096) and client.recv(4096))
suite.case("an end that never answers", ["--connect-timeout", "300ms", url(silent.port)], code=7, out="", err=["TLS handshake with", "timed out after 300ms"])
hangs_up = RawServer(lambda client: client.recv(4096))
fails("an end that hangs up", hangs_up.port, *trust, err=["hint: the server ended the connection when it had the ClientHello"])
python = EchoServer(server_context(good.chain, good.key))
works("Python's ssl as server", python.port, *trust)
suite.case("ws:// to a port with TLS", [f"ws://localhost:{port}/"], code=4, out="", err=["use wss:// instead of ws://"])

suite.finish()
