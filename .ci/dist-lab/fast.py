"""What can be said of packages without a build."""

import contextlib
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import action
import archive
import fill
import licenses
import names
import toolchain
from names import ROOT


def run(report):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for part in (archives, binstall, templates, crate, workflow, documentation, tools):
            with report.part(part.__name__):
                part(report, folder)
        with report.part("action"):
            action.run(report, folder)


def archives(report, folder):
    """Of a stand-in for the binary. The folder's content serves the other parts."""
    stand_in = folder / "stand-in"
    stand_in.write_text(action.FAKE, encoding="utf-8")
    expected = {
        "wscope", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES.txt", "man/wscope.1",
        "man/wscope-check.1", "complete/wscope.bash", "complete/_wscope", "complete/wscope.fish", "complete/_wscope.ps1",
        "complete/wscope.elv", "complete/wscope.nu",
    }
    for target in names.TARGETS:
        path = archive.make(target, stand_in, folder / "archives", "texts\n")
        inside, executable = content(path)
        wanted = {f"{names.folder(target)}/{name}" for name in expected - {"wscope"} | {names.binary(target)}}
        report.equal(f"{path.name} has everything", wanted - inside, set())
        report.equal(f"{path.name}: only the binary is executable", executable, {f"{names.folder(target)}/{names.binary(target)}"})
        report.equal(f"{path.name}: checksum", archive.read_checksum(path.with_name(path.name + ".sha256")), sha256(path))
        again = archive.make(target, stand_in, folder / "again", "texts\n")
        report.equal(f"{path.name} is the same if it is made again", sha256(again), sha256(path))
    report.equal("man pages of an archive", len(list((ROOT / "completions").glob("*.1"))), sum("/man/" in it for it in inside))

    target = "x86_64-unknown-linux-musl"
    text = licenses.text(target)
    crates = [licenses.label(crate) for crate in licenses.linked(target)]
    report.contains("the licenses name every crate that is linked", text, *crates, "OpenSSL", "Permission is hereby granted")
    report.equal("no crate without a license", [crate["name"] for crate in licenses.linked(target) if not crate["license"]], [])
    report.equal("the licenses are those of the binary", [it for it in crates if it.split()[0] in ("ring", "proptest", "cc", "syn")], [])


def content(path):
    """Names in an archive, and those that are executable."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as opened:
            modes = {entry.filename: entry.external_attr >> 16 for entry in opened.infolist()}
    else:
        with tarfile.open(path) as opened:
            modes = {entry.name: entry.mode for entry in opened}
    return set(modes), {name for name, mode in modes.items() if mode & 0o100}


def sha256(path):
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]


def binstall(report, _folder):
    metadata = names.PACKAGE["metadata"]["binstall"]
    # Those of a release, and those that take the static binary of another target.
    takes = {target: target for target in names.TARGETS}
    takes |= {f"{machine}-unknown-linux-gnu": f"{machine}-unknown-linux-musl" for machine in ("x86_64", "aarch64")}
    for target, source in takes.items():
        own = {**metadata, **metadata.get("overrides", {}).get(target, {})}
        values = {
            "repo": names.PACKAGE["repository"], "name": names.NAME, "version": names.VERSION, "target": target, "bin": names.NAME,
            "binary-ext": ".exe" if "windows" in target else "", "archive-suffix": {"tgz": ".tar.gz", "zip": ".zip"}[own["pkg-fmt"]],
        }
        # tgz: cargo-binstall tries .tgz and .tar.gz for it.
        filled = {key: re.sub(r"\{ ([a-z-]+) \}", lambda it: values[it[1]], own[key]) for key in ("pkg-url", "bin-dir")}
        report.equal(f"cargo binstall for {target}: URL", filled["pkg-url"], names.url(source))
        report.equal(f"cargo binstall for {target}: binary", filled["bin-dir"], f"{names.folder(source)}/{names.binary(source)}")
    report.equal("overrides are for known targets", set(metadata["overrides"]) - set(takes), set())


def templates(report, folder):
    filled = folder / "filled"
    filled.mkdir()
    paths = {path.name: path.read_text(encoding="utf-8") for path in fill.fill(folder / "archives", filled)}
    sums = {target: archive.read_checksum(folder / "archives" / (names.archive(target) + ".sha256")) for target in names.TARGETS}
    for name, text in paths.items():
        report.true(f"{name}: nothing is left to fill", not re.search("@[A-Z0-9]+[:@]", text), text)

    formula = dict(re.findall(r'url "(.*)"\n\s*sha256 "(.*)"', paths["wscope.rb"]))
    expected = {names.url(target): sums[target] for target in names.TARGETS if "windows" not in target}
    report.equal("wscope.rb: URLs and checksums", formula, expected)
    check(report, "wscope.rb: syntax", ["ruby", "-c", filled / "wscope.rb"])

    for name, text in paths.items():
        report.contains(f"{name}: description", text, names.PACKAGE["description"])
    # Debian wants it in one line.
    report.true("the description is short", len(names.PACKAGE["description"]) <= 80)

    machines = ("x86_64", "aarch64")
    expected = [f"{names.url(f'{it}-unknown-linux-musl')} {sums[f'{it}-unknown-linux-musl']}" for it in machines]
    script = "; ".join(f'echo "$source_{it} $sha256sums_{it}"' for it in machines)
    bash = ["bash", "-euc", f'. "$1"; {script}', "bash", filled / "PKGBUILD"]
    report.equal("PKGBUILD: URLs and checksums", subprocess.run(bash, capture_output=True, text=True).stdout.splitlines(), expected)
    info = [re.findall(rf"\t(?:source|sha256sums)_{it} = (.*)", paths[".SRCINFO"]) for it in machines]
    report.equal(".SRCINFO: the same", [" ".join(it) for it in info], expected)
    same_fields(report, filled, paths[".SRCINFO"])
    for machine in machines:
        with report.part(f"PKGBUILD: package() for {machine}"):
            pkgbuild(report, folder, filled / "PKGBUILD", machine)

    lost = folder / "archives" / (names.archive("aarch64-apple-darwin") + ".sha256")
    moved = lost.rename(folder / "moved")
    try:
        fill.fill(folder / "archives", filled)
        report.true("a missing checksum is an error", False)
    except FileNotFoundError as error:
        report.contains("a missing checksum is an error", str(error), lost.name)
    moved.rename(lost)


def same_fields(report, filled, info):
    """.SRCINFO repeats what PKGBUILD says."""
    fields = ("pkgdesc", "pkgver", "pkgrel", "url", "arch", "license", "optdepends", "provides", "conflicts", "options")
    script = '. "$1"; shift; for name; do declare -n it=$name; for value in "${it[@]}"; do echo "$name = $value"; done; done'
    result = subprocess.run(["bash", "-euc", script, "bash", filled / "PKGBUILD", *fields], capture_output=True, text=True)
    lines = [line.strip() for line in info.splitlines() if line.startswith("\t") and line.split()[0] in fields]
    report.equal(".SRCINFO: fields", lines, result.stdout.splitlines())


def pkgbuild(report, folder, script, machine):
    """Runs package() as makepkg does, in the unpacked archive."""
    source, package = folder / f"source-{machine}", folder / f"package-{machine}"
    source.mkdir()
    subprocess.run(["tar", "-xzf", folder / "archives" / names.archive(f"{machine}-unknown-linux-musl"), "-C", source], check=True)
    environment = {"PATH": "/usr/bin:/bin", "srcdir": source, "pkgdir": package, "CARCH": machine}
    result = subprocess.run(["bash", "-euc", '. "$1"; package', "bash", script], env=environment, capture_output=True, text=True)
    report.equal(f"PKGBUILD: package() for {machine}", result.stderr, "")
    found = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    expected = {
        "usr/bin/wscope", "usr/share/man/man1/wscope.1", "usr/share/man/man1/wscope-check.1", "usr/share/zsh/site-functions/_wscope",
        "usr/share/bash-completion/completions/wscope", "usr/share/fish/vendor_completions.d/wscope.fish",
        "usr/share/licenses/wscope-bin/LICENSE-MIT", "usr/share/licenses/wscope-bin/THIRD-PARTY-LICENSES.txt",
    }
    report.equal(f"PKGBUILD: files for {machine}", expected - found, set())


def check(report, what, command):
    if not shutil.which(command[0]):
        report.skip(f"{what}: {command[0]} is not installed")
        return
    result = subprocess.run(command, capture_output=True, text=True)
    report.equal(what, result.returncode and result.stdout + result.stderr, 0)


def crate(report, _folder):
    """Everything that the crate needs, and nothing that only the repository does."""
    listed = set(licenses.cargo("package", "--list", "--allow-dirty").splitlines())
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    needed = {path for path in tracked if path.startswith(("src/", "completions/", "benches/"))}
    needed |= {"Cargo.toml", "Cargo.lock", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"}
    report.equal("the crate has what it needs", needed - listed, set())
    report.equal("the crate has nothing else", listed - needed, {"Cargo.toml.orig", ".cargo_vcs_info.json"})
    size = sum((ROOT / path).stat().st_size for path in listed if (ROOT / path).is_file())
    # The limit of crates.io is 10 MB, compressed.
    report.true("the files of the crate are under 10 MB", size < 10_000_000, f"{size:,}")
    assets = [asset[0] for asset in names.PACKAGE["metadata"]["deb"]["assets"]]
    lost = [it for it in assets if not it.startswith("target/") and not list(ROOT.glob(it))]
    report.equal("the files of the Debian package exist", lost, [])


def workflow(report, _folder):
    try:
        import yaml
    except ImportError:
        report.skip("the release workflow: PyYAML is not installed")
        return
    path = ROOT / ".github" / "workflows" / "release.yml"
    parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML takes the key `on` for true.
    jobs = parsed["jobs"]
    matrix = jobs["build"]["strategy"]["matrix"]["include"]
    report.equal("the workflow builds every target", [it["target"] for it in matrix], list(names.TARGETS))
    report.true("the tag is that of the names", re.fullmatch(parsed[True]["push"]["tags"][0].replace(".", r"\."), names.TAG))
    for job, content_of in jobs.items():
        unknown = set([content_of.get("needs", "build")]) - set(jobs)
        report.equal(f"{job} needs jobs that exist", unknown, set())
        for step in content_of["steps"]:
            if "uses" in step:
                report.contains(f"{job}: {step['uses']} has a version", step["uses"], "@v")
                continue
            name = f"{job}: {step.get('name', 'a step without a name')}"
            result = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True)
            report.equal(f"{name}: syntax", result.stderr, "")
            # They would be put into the script as they are.
            report.true(f"{name}: no expressions in scripts", "${{" not in step["run"])
            commands = set(re.findall(r"\.ci/dist ([a-z]+)", step["run"]))
            known = {"fast", "version", "archive", "deb", "test", "smoke", "fill", "context"}
            report.equal(f"{name}: known commands of .ci/dist", commands - known, set())


def documentation(report, _folder):
    """docs/install.md names what a release has."""
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    report.equal("docs/install.md: targets", set(re.findall(r"[a-z0-9_]+-(?:unknown|apple|pc)-[a-z]+(?:-(?:musl|msvc|gnu))?", text)), set(names.TARGETS))
    shown = set(re.findall(r"wscope[-_]\d[\w.-]*\.(?:tar\.gz|zip|deb)", text))
    known = {names.archive(target) for target in names.TARGETS} | {names.deb(it) for it in names.TARGETS.values() if it}
    report.true("docs/install.md: names of files", shown and shown <= known, f"{shown - known}")


def tools(report, folder):
    """What is missing for a build is named before it, with the command that installs it."""
    gnu, musl, apple = "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-apple-darwin"
    cases = [
        # The host, the targets and programs that are installed, the environment: what is missing for musl, and what is built.
        ("nothing", gnu, [gnu, musl], "musl-gcc perl make", {}, [], musl),
        ("the target", gnu, [gnu], "musl-gcc perl make", {}, [f"rustup target add {musl}"], gnu),
        ("musl-gcc", gnu, [gnu, musl], "perl make", {}, ["musl-tools"], gnu),
        ("all", gnu, [], "", {}, ["rustup", "musl-tools", "perl", "make"], gnu),
        ("nothing, with a compiler that is named", gnu, [gnu, musl], "perl make", {toolchain.variable(musl): "zig-cc"}, [], musl),
        ("nothing, where musl is the system's", musl, [musl], "perl make", {}, [], musl),
        ("the target, on another system", apple, [apple], "perl make", {}, ["rustup", "musl-tools"], apple),
    ]
    for number, (what, host, targets, programs, environment, expected, static) in enumerate(cases):
        sysroot = folder / f"sysroot{number}"
        for target in targets:
            library = sysroot / "lib" / "rustlib" / target / "lib"
            library.mkdir(parents=True)
            (library / "libstd-1a2b.rlib").touch()
        machine = toolchain.Toolchain(host, sysroot, lambda name: name in programs.split(), environment)
        missing = machine.missing(musl)
        report.equal(f"missing: {what}", [any(it in command for it in expected) for _, command in missing], [True] * len(expected))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            report.equal(f"missing: {what}: the target", machine.static_target(), static)
        if "linux" in host:
            report.contains(f"missing: {what}: is reported", printed.getvalue(), *expected)
        try:
            machine.require(musl)
            report.equal(f"missing: {what}: no build", missing, [])
        except SystemExit as error:
            report.contains(f"missing: {what}: no build", str(error), f"cannot build for {musl}", *expected)
