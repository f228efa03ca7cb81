"""A private PKI, made by openssl(1): authorities, and certificates that are valid or invalid in all ways."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

PASSPHRASE = "correct horse battery"

CONFIG = """
[ca]
default_ca = own
[own]
dir = {directory}
database = $dir/index
serial = $dir/serial
new_certs_dir = $dir
private_key = $dir/key.pem
certificate = $dir/certificate.pem
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = optional
organizationName = optional
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = {usage}
subjectAltName = {names}
[intermediate]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
"""


def openssl(*arguments, **settings):
    """Runs openssl; its output is shown if it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, **settings)
    if done.returncode:
        raise SystemExit(f"openssl {' '.join(map(str, arguments))}:\n{done.stderr}")
    return done.stdout


def day(days):
    """The time `days` from now, in the format of openssl ca."""
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


def new_key(path, kind="EC"):
    """A key: "EC" (P-256), or "RSA" with its bits: "RSA:2048"."""
    algorithm, _, bits = kind.partition(":")
    option = f"rsa_keygen_bits:{bits}" if bits else "ec_paramgen_curve:P-256"
    openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", path)


class Certificate:
    """A certificate with its key: `certificate`, `key`, `chain` (it, and the intermediate certificates)."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = directory / "certificate.pem"
        self.key = directory / "key.pem"
        self.chain = directory / "chain.pem"

    def encrypted_key(self, cipher="aes-256-cbc"):
        """The key as encrypted PKCS#8 (PBES2)."""
        path = self.directory / "key-encrypted.pem"
        openssl("pkcs8", "-topk8", "-v2", cipher, "-in", self.key, "-out", path, "-passout", f"pass:{PASSPHRASE}")
        return path

    def traditional_key(self, encrypted=False):
        """The key in the form it had before PKCS#8: PKCS#1 or SEC 1."""
        path = self.directory / f"key-traditional{'-encrypted' * encrypted}.pem"
        secret = ["-aes128", "-passout", f"pass:{PASSPHRASE}"] if encrypted else []
        openssl("pkey", "-traditional", "-in", self.key, "-out", path, *secret)
        return path

    def pkcs12(self, *options, name="identity.p12", password=PASSPHRASE):
        """Certificate, chain and key in one file."""
        path = self.directory / name
        openssl(
            "pkcs12", "-export", "-inkey", self.key, "-in", self.chain, "-out", path,
            "-passout", f"pass:{password}", *options,
        )  # fmt: skip
        return path

    def bundle(self):
        """Certificate and key in one PEM file."""
        path = self.directory / "bundle.pem"
        path.write_text(self.chain.read_text() + self.key.read_text())
        return path


class Authority(Certificate):
    """A root, or an authority below another one."""

    def __init__(self, directory, name, parent=None, start=-1, end=3650):
        super().__init__(Path(directory))
        self.parent = parent
        self.directory.mkdir(parents=True)
        (self.directory / "index").touch()
        (self.directory / "serial").write_text("1000\n")
        new_key(self.key)
        if parent is None:
            openssl(
                "req", "-x509", "-new", "-key", self.key, "-out", self.certificate, "-days", end, "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            )  # fmt: skip
            self.chain.write_text("")  # a root is not sent along
        else:
            parent.sign(self, f"/CN={name}", "intermediate", start, end)

    def sign(self, made, subject, section, start, end, names="DNS:unused", usage="serverAuth", digest="sha256"):
        config, request = made.directory / "config", made.directory / "request.pem"
        config.write_text(CONFIG.format(directory=self.directory, names=names, usage=usage))
        openssl("req", "-new", "-utf8", "-key", made.key, "-subj", subject, "-out", request)
        openssl(
            "ca", "-batch", "-notext", "-config", config, "-extensions", section, "-in", request,
            "-out", made.certificate, "-startdate", day(start), "-enddate", day(end), "-md", digest,
        )  # fmt: skip
        above = self.chain.read_text() if self.parent else ""
        made.chain.write_text(made.certificate.read_text() + above)

    def issue(self, label, names="DNS:localhost,IP:127.0.0.1", subject="/CN=Test Server", start=-1, end=90,
              key="EC", usage="serverAuth", digest="sha256"):  # fmt: skip
        """A leaf; `start` and `end` are days from now."""
        made = Certificate(self.directory / label)
        made.directory.mkdir()
        new_key(made.key, key)
        self.sign(made, subject, "leaf", start, end, names, usage, digest)
        return made

    def client(self, label, subject="/O=Reach/CN=client", **settings):
        """A leaf for clients."""
        return self.issue(label, names="email:client@reach.test", subject=subject, usage="clientAuth", **settings)
