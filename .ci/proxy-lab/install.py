"""Installs what the servers and clients of the lab need, into the folder LAB_CACHE: node and Python packages at fixed
versions, and Debian packages, which are unpacked there and not installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ["LAB_CACHE"])
ROOT = CACHE / "root"
VENV = CACHE / "venv/bin/python"
NODE_MODULES = CACHE / "node/node_modules"
BUN = NODE_MODULES / "@oven/bun-linux-x64/bin/bun"
DENO = NODE_MODULES / "@deno/linux-x64-glibc/deno"

GO = """golang-1.19-go golang-1.19-src golang-github-gorilla-websocket-dev golang-nhooyr-websocket-dev golang-golang-x-net-dev
    golang-github-klauspost-compress-dev""".split()
# The package, and the file by which it is recognised; Go's programs are compiled into one.
DEBIAN = {
    "nginx": (["nginx"], "usr/sbin/nginx"),
    "websocketd": (["websocketd"], "usr/bin/websocketd"),
    "mojolicious": (["libmojolicious-perl"], "usr/share/perl5/Mojolicious.pm"),
    "tomcat": (["libtomcat10-embed-java", "libtomcat10-java"], "usr/share/java/tomcat10-embed-core.jar"),
    "go": (GO, "usr/lib/go-1.19/bin/go"),
}


class Unavailable(Exception):
    """Something cannot be installed here; the text says why."""


def run(*command, **more):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise Unavailable(f"{Path(str(command[0])).name}: {last}")
    return done.stdout


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Unavailable(f"{tool} is not installed")


def up_to_date(source, mark):
    return mark.exists() and mark.read_bytes() == source.read_bytes()


def node():
    """The packages of package-lock.json."""
    need("node", "npm")
    major = int(run("node", "-p", "parseInt(process.versions.node)"))
    if major < 20:
        raise Unavailable(f"node {major} is older than 20")
    lock, mark = HERE / "package-lock.json", CACHE / "node/installed-lock.json"
    if up_to_date(lock, mark):
        return
    (CACHE / "node").mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / "node")
    run("npm", "ci", "--prefix", CACHE / "node", "--ignore-scripts", "--no-fund", "--no-audit")
    for program in (BUN, DENO):
        if program.exists():
            program.chmod(0o755)
    shutil.copy(lock, mark)


def python():
    """The packages of requirements.txt."""
    wanted, mark = HERE / "requirements.txt", CACHE / "installed-requirements.txt"
    if up_to_date(wanted, mark):
        return
    shutil.rmtree(CACHE / "venv", ignore_errors=True)
    run(sys.executable, "-m", "venv", CACHE / "venv")
    run(VENV, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted)
    shutil.copy(wanted, mark)


def debian(name):
    """Unpacks the packages of an entry of DEBIAN; returns its file."""
    packages, file = DEBIAN[name]
    if (ROOT / file).exists():
        return ROOT / file
    need("apt-get", "dpkg")
    downloads = CACHE / "debs"
    downloads.mkdir(parents=True, exist_ok=True)
    try:
        run("apt-get", "download", "-q", *packages, cwd=downloads)
    except Unavailable:
        # Lists of packages that are old, or not there.
        run("apt-get", "update", "-q")
        run("apt-get", "download", "-q", *packages, cwd=downloads)
    for package in packages:
        for archive in downloads.glob(f"{package}_*.deb"):
            run("dpkg", "-x", archive, ROOT)
            archive.unlink()
    # Links to files of packages that are not needed.
    for link in (ROOT / "usr/share/perl5").rglob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()
    return ROOT / file


def go():
    """The compiled servers.go."""
    go, source, program = debian("go"), HERE / "servers.go", CACHE / "servers-go"
    if up_to_date(source, CACHE / "servers.go"):
        return program
    variables = {"GOROOT": ROOT / "usr/lib/go-1.19", "GOPATH": ROOT / "usr/share/gocode", "GO111MODULE": "off", "GOCACHE": CACHE / "go", "CGO_ENABLED": "0"}
    run(go, "build", "-o", program, source, env=os.environ | {key: str(value) for key, value in variables.items()})
    shutil.copy(source, CACHE / "servers.go")
    return program


def tomcat():
    """The class path of Tomcat."""
    need("java", "javac")
    folder = debian("tomcat").parent
    names = ["embed-core", "embed-websocket", "embed-el", "annotations-api", "websocket-api", "websocket-client-api", "servlet-api", "juli"]
    return ":".join(str(folder / f"tomcat10-{name}.jar") for name in names)
