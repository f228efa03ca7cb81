"""What a release's archive, Debian package and image do in roots that have nothing else. Needs Linux and root."""

import os
import pty
import re
import select
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import names
from names import ROOT

BUNDLE = "etc/ssl/certs/ca-certificates.crt"
MUSL = True


def run(report, target, folder):
    global MUSL
    MUSL = target.endswith("-musl")
    smoke(report, target, folder)
    if os.geteuid() != 0:
        report.skip("empty roots: chroot needs root")
        return
    with tempfile.TemporaryDirectory() as work, Servers(Path(work), folder, target) as servers:
        for part in (empty_root, image, debian_package, real_action):
            with report.part(part.__name__):
                part(report, servers)


def unpack(path, destination):
    """The content of an archive, without the folder that it is in."""
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as work:
        if path.suffix == ".zip":
            zipfile.ZipFile(path).extractall(work)
        else:
            with tarfile.open(path) as opened:
                opened.extractall(work, filter="data")
        (top,) = Path(work).iterdir()
        for entry in top.iterdir():
            shutil.move(entry, destination / entry.name)


def smoke(report, target, folder):
    with tempfile.TemporaryDirectory() as work, report.part("the archive runs"):
        unpack(folder / names.archive(target), Path(work) / "unpacked")
        binary = Path(work) / "unpacked" / names.binary(target)
        binary.chmod(0o755)
        printed = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
        report.contains("the archive runs", printed, f"{names.NAME} {names.VERSION}")


class Servers:
    """The unpacked archive, a CA, and servers with and without TLS that send everything back."""

    def __init__(self, work, folder, target):
        self.work, self.folder, self.target = work, folder, target
        self.running = []

    def __enter__(self):
        unpack(self.folder / names.archive(self.target), self.work / "unpacked")
        self.binary = self.work / "unpacked" / names.binary(self.target)
        self.binary.chmod(0o755)
        self.ca = certificates(self.work)
        self.plain = self.listen()
        self.tls = self.listen("--tls-cert", self.work / "leaf.pem", "--tls-key", self.work / "leaf.key").replace("ws:", "wss:")
        return self

    def listen(self, *options):
        command = [self.binary, "listen", "--echo", *options, "127.0.0.1:0"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return f"ws://127.0.0.1:{re.search(r':([0-9]+)/', process.stderr.readline())[1]}/"

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
            process.wait()


def certificates(work):
    """A CA and a certificate of it for 127.0.0.1 and localhost. Returns the CA's file."""
    extensions = work / "extensions"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    request = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        [*request, "-x509", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem"],
        [*request, "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr"],
        ["openssl", "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
         "-extfile", extensions, "-out", "leaf.pem"],
    ):
        subprocess.run(command, cwd=work, check=True, capture_output=True)
    return work / "ca.pem"


class Root:
    """A folder as the root of a process that has no environment."""

    def __init__(self, path, program, user="0:0", folder="/"):
        self.path, self.program, self.user, self.folder = path, program, user, folder
        if not MUSL:
            # A program that is linked statically with glibc reads random numbers from these; with musl it needs no file.
            (path / "dev").mkdir(exist_ok=True)
            for name, minor in (("random", 8), ("urandom", 9)):
                os.mknod(path / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))

    def enter(self):
        os.chroot(self.path)
        os.chdir(self.folder)
        group = [int(it) for it in self.user.split(":")]
        os.setgroups([])
        os.setgid(group[1])
        os.setuid(group[0])

    def run(self, *arguments, **environment):
        return subprocess.run(
            [self.program, *map(str, arguments)], preexec_fn=self.enter, env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=60,
        )

    def files(self):
        found = {str(path.relative_to(self.path)) for path in self.path.rglob("*") if not path.is_dir()}
        return found - {"dev/random", "dev/urandom"}


def empty_root(report, servers):
    path = servers.work / "empty"
    path.mkdir()
    shutil.copy(servers.binary, path / "wscope")
    root = Root(path, "/wscope")

    report.contains("empty root: --version", root.run("--version").stdout, names.VERSION)
    echo(report, "empty root: ws://", root, servers.plain)
    prompt(report, "empty root: the prompt, without HOME and TERM", root, servers.plain)

    missing = root.run("-q", "-x", "hello", "-1", servers.tls)
    report.equal("empty root: wss:// without certificates: status", missing.returncode, 3)
    hints = ["this system has no CA certificates", "ca-certificates", "--cacert FILE", "SSL_CERT_FILE"]
    report.contains("empty root: wss:// without certificates: hint", missing.stderr, *hints)
    echo(report, "empty root: wss:// --insecure", root, servers.tls, "--insecure")

    shutil.copy(servers.ca, path / "ca.pem")
    echo(report, "empty root: wss:// --cacert", root, servers.tls, "--cacert", "/ca.pem")
    echo(report, "empty root: wss:// SSL_CERT_FILE", root, servers.tls, SSL_CERT_FILE="/ca.pem")
    lost = root.run("-q", "-x", "hello", "-1", servers.tls, SSL_CERT_FILE="/lost.pem")
    report.true("empty root: SSL_CERT_FILE without a file", lost.returncode == 3 and "CA certificates" in lost.stderr, lost.stderr)

    (path / BUNDLE).parent.mkdir(parents=True)
    shutil.copy(servers.ca, path / BUNDLE)
    echo(report, "empty root: wss:// with a bundle", root, servers.tls)
    (path / BUNDLE).write_bytes(another_ca(servers.work))
    other = root.run("-q", "-x", "hello", "-1", servers.tls)
    report.equal("empty root: wss:// with another CA: status", other.returncode, 3)
    report.true("empty root: wss:// with another CA: hint", "no CA certificates" not in other.stderr and "hint:" in other.stderr, other.stderr)

    # There is no /etc/hosts, /etc/resolv.conf or /etc/nsswitch.conf.
    name = root.run("-q", "-m", "20s", "-x", "hello", "-1", "ws://server.invalid:9/")
    report.equal("empty root: a name without DNS: status", name.returncode, 3)
    reasons = ["server.invalid: Temporary failure in name resolution", "has no /etc/resolv.conf", "--resolve"]
    report.contains("empty root: a name without DNS: hint", name.stderr, *reasons)
    echo(report, "empty root: localhost", root, servers.plain.replace("127.0.0.1", "localhost"))

    endpoint = root.run("@staging")
    report.true("empty root: @NAME without HOME", endpoint.returncode == 2 and "HOME" in endpoint.stderr, endpoint.stderr)
    times = root.run("-q", "--json", "-x", "hello", "-1", servers.plain)
    report.true("empty root: --json, without time zones", times.returncode == 0 and '"event":"open"' in times.stdout, times.stdout + times.stderr)
    report.equal("empty root: nothing is written", root.files(), {"wscope", "ca.pem", BUNDLE})


def echo(report, what, root, url, *options, **environment):
    result = root.run("-q", "-x", "hello", "-1", *options, url, **environment)
    report.equal(what, (result.returncode, result.stdout, result.stderr), (0, "hello\n", ""))


def another_ca(work):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*command, "-subj", "/CN=Another CA", "-keyout", "other.key", "-out", "other.pem"], cwd=work, check=True, capture_output=True)
    return (work / "other.pem").read_bytes()


def prompt(report, what, root, url):
    """Types a message, and ends the prompt with Ctrl-D."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([root.program, url], preexec_fn=root.enter, env={}, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = ""
    try:
        seen = read_until(ours, "connected to", seen)
        os.write(ours, b"from the prompt\r")
        seen = read_until(ours, "< from the prompt", seen)
        os.write(ours, b"\x04")
        seen = read_until(ours, None, seen)
        report.true(what, "< from the prompt" in seen and process.wait(10) == 0, seen)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(descriptor, text, seen):
    deadline = time.monotonic() + 20
    while (text is None or text not in seen) and time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 0.2)[0]:
            continue
        try:
            got = os.read(descriptor, 65536)
        except OSError:
            break
        if not got:
            break
        # Without colours and the other sequences of a terminal.
        seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen + got.decode(errors="replace"))
    return seen


def image(report, servers):
    """Lays out the last stage of the Dockerfile by hand, and starts it as it says."""
    path = servers.work / "image"
    context = servers.work / "context"
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[servers.target.split("-")[0]]
    unpack(servers.folder / names.archive(servers.target), context / architecture)
    root = build_image(path, context, architecture, servers.ca)
    report.contains("image: --version", root.run("--version").stdout, names.VERSION)
    echo(report, "image: ws://", root, servers.plain)
    echo(report, "image: wss:// with its bundle", root, servers.tls)
    prompt(report, "image: the prompt", root, servers.plain)

    work = path / "work"
    (work / "hello.wscope").write_text(f"### hello\nWS {servers.tls}\n> hello\n< hello\n")
    os.chown(work, 65534, 65534)
    result = root.run("check", "--report-junit", "report.xml", ".")
    report.true("image: check in /work", result.returncode == 0 and "<testsuites" in (work / "report.xml").read_text(), result.stdout + result.stderr)
    report.equal("image: files", {it for it in root.files() if not it.startswith("work/")}, {
        "usr/bin/wscope", BUNDLE, *(f"usr/share/doc/wscope/{it}" for it in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES.txt")),
    })
    print(f"{sum(it.stat().st_size for it in path.rglob('*') if it.is_file()):>12,} image, with a bundle of one certificate")


def build_image(path, context, architecture, bundle):
    """The instructions that packaging/Dockerfile uses, and no others."""
    text = (ROOT / "packaging" / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    if lines[last] != "FROM scratch":
        raise ValueError(f"the last stage is {lines[last]}")
    path.mkdir()
    program, user, folder = None, "0:0", "/"
    for line in lines[last + 1 :]:
        instruction, rest = line.split(" ", 1)
        match instruction:
            case "ARG":
                pass
            case "COPY":
                *sources, destination = rest.replace("$TARGETARCH", architecture).split()
                destination = path / destination.lstrip("/") if not destination.endswith("/") else path / destination.strip("/") / ""
                if sources[0].startswith("--from=certificates"):
                    files = [bundle]
                else:
                    files = [context / it for it in sources]
                whole = rest.endswith("/")
                (destination if whole else destination.parent).mkdir(parents=True, exist_ok=True)
                for file in files:
                    shutil.copy(file, destination)
            case "WORKDIR":
                folder = rest
                (path / rest.strip("/")).mkdir(parents=True)
            case "USER":
                user = rest
            case "ENTRYPOINT":
                program = rest.strip('[]"')
            case _:
                raise ValueError(f"unknown instruction {line}")
    return Root(path, program, user, folder)


def debian_package(report, servers):
    path = servers.folder / names.deb({"x86_64": "amd64", "aarch64": "arm64"}[servers.target.split("-")[0]])
    if not shutil.which("dpkg") or not path.exists():
        report.skip(f"the Debian package: {'dpkg is not installed' if path.exists() else 'it was not built'}")
        return
    fields = subprocess.run(["dpkg-deb", "--field", path], capture_output=True, text=True, check=True).stdout
    report.contains("Debian package: fields", fields, "Package: wscope\n", f"Version: {names.VERSION}-1\n", "Recommends: ca-certificates\n", "Section: net\n")
    report.true("Debian package: depends on nothing", not re.search("^Depends: .", fields, re.MULTILINE), fields)

    root_path = servers.work / "debian"
    (root_path / "var/lib/dpkg/info").mkdir(parents=True)
    (root_path / "var/lib/dpkg/updates").mkdir()
    (root_path / "var/lib/dpkg/status").touch()
    before = {str(it.relative_to(root_path)) for it in root_path.rglob("*") if "var" not in it.parts}
    dpkg(report, root_path, "--install", path)
    root = Root(root_path, "/usr/bin/wscope")
    expected = {
        "usr/bin/wscope", "usr/share/man/man1/wscope.1.gz", "usr/share/man/man1/wscope-check.1.gz",
        "usr/share/bash-completion/completions/wscope", "usr/share/fish/vendor_completions.d/wscope.fish",
        "usr/share/zsh/vendor-completions/_wscope", "usr/share/doc/wscope/copyright", "usr/share/doc/wscope/LICENSE-APACHE",
        "usr/share/doc/wscope/THIRD-PARTY-LICENSES.txt",
    }
    report.equal("Debian package: files", {it.removesuffix(".gz") for it in expected} - {it.removesuffix(".gz") for it in root.files()}, set())
    report.contains("Debian package: --version", root.run("--version").stdout, names.VERSION)
    echo(report, "Debian package: ws://", root, servers.plain)
    report.true("Debian package: wss:// without certificates", "has no CA certificates" in root.run("-x", "a", servers.tls).stderr)
    (root_path / BUNDLE).parent.mkdir(parents=True)
    shutil.copy(servers.ca, root_path / BUNDLE)
    echo(report, "Debian package: wss:// with ca-certificates", root, servers.tls)
    completions(report, root_path)
    for folder in ("etc", "dev"):
        shutil.rmtree(root_path / folder, ignore_errors=True)
    dpkg(report, root_path, "--purge", "wscope")
    after = {str(it.relative_to(root_path)) for it in root_path.rglob("*") if "var" not in it.parts}
    # dpkg keeps the folder of its own database only.
    report.equal("Debian package: nothing is left", after - before, set())


def dpkg(report, root, action, what):
    command = ["dpkg", f"--root={root}", "--force-not-root", "--log=/dev/null", action, what]
    result = subprocess.run(command, capture_output=True, text=True)
    report.equal(f"dpkg {action}", (result.returncode, result.stderr), (0, ""))


def completions(report, root):
    """The shells of this machine load them, and man shows the page."""
    script = '. "$1"; complete -p wscope'
    file = root / "usr/share/bash-completion/completions/wscope"
    result = subprocess.run(["bash", "--norc", "-euc", script, "bash", file], capture_output=True, text=True)
    report.contains("Debian package: completions in bash", result.stdout, "wscope")
    if shutil.which("man"):
        page = root / "usr/share/man/man1"
        shown = subprocess.run(["man", "--local-file", *page.glob("wscope.1*")], capture_output=True, text=True, env={**os.environ, "MANPAGER": "cat"})
        report.contains("Debian package: manual page", shown.stdout, "WebSocket")
    else:
        report.skip("the manual page of the Debian package: man is not installed")


def real_action(report, servers):
    """The action with the archive, and a scenario that fails."""
    try:
        import action

        target = "x86_64-unknown-linux-musl"
        downloads = servers.work / "downloads"
        folder = downloads / names.TAG
        folder.mkdir(parents=True)
        # Here a binary of another target may stand in for it.
        import archive

        archive.make(target, servers.binary, folder, "")
        runner = action.Runner(servers.work / "runner", downloads)
    except ImportError:
        report.skip("the action: PyYAML is not installed")
        return
    (runner.workspace / "tests").mkdir()
    (runner.workspace / "tests" / "good.wscope").write_text(f"### good\nWS {servers.plain}\n> a\n< a\n")
    status, outputs = runner.uses(files="tests", arguments="--retry")
    report.equal("action: scenarios that pass", (status, outputs["exit-status"]), (0, "0"))
    (runner.workspace / "tests" / "bad.wscope").write_text(f"### bad\nWS {servers.plain}\n> a\n< b\n")
    status, outputs = runner.uses(files="tests")
    report.equal("action: a scenario that fails", (status, outputs["exit-status"]), (1, "1"))
    report.contains("action: its annotation", runner.printed, "::error file=tests/bad.wscope,line=4,col=1,title=bad::nothing matched")
    report.contains("action: its JUnit report", Path(outputs["report-junit"]).read_text(), "<testsuites", 'failures="1"', 'name="good"')
    report.contains("action: its summary", runner.summary(), "1 passed, 1 failed")
