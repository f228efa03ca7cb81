"""The program of .ci/dist: see there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import archive
import fast
import fill
import licenses
import names
import roots
import toolchain
from names import ROOT
from report import Report


def main(arguments):
    command, *rest = arguments or [""]
    if command in ACTIONS:
        return ACTIONS[command](*rest)
    if len(arguments) > 1 or command.startswith("-"):
        sys.exit("usage: see the beginning of .ci/dist")
    machine = toolchain.of_this_machine(os.environ)
    return everything(command or machine.static_target(), machine)


def everything(target, machine):
    """A build, and everything that a test can say about what becomes of it."""
    folder = ROOT / "target" / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    if not os.environ.get("BINARY"):
        build(target, machine)
    make_archive(target, folder)
    report = Report()
    if make_deb(target, folder) == SKIPPED:
        report.skip("the Debian package: cargo-deb is not installed (cargo install cargo-deb --locked)")
    fast.run(report)
    roots.run(report, target, folder)
    dry_run(report)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>12,} {path.name}")
    return report.end()


def build(target, machine):
    machine.require(target)
    variable = f"CARGO_TARGET_{target.upper().replace('-', '_')}_RUSTFLAGS"
    environment = {variable: "-C target-feature=+crt-static", **os.environ}
    if machine.needs_musl_gcc(target):
        environment[toolchain.variable(target)] = "musl-gcc"
    subprocess.run(["cargo", "build", "--release", "--locked", "--target", target], cwd=ROOT, env=environment, check=True)


def built(target):
    given = os.environ.get("BINARY")
    output = Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    return Path(given) if given else ROOT / output / target / "release" / names.binary(target)


def make_archive(target, folder):
    binary = built(target)
    if not binary.is_file():
        sys.exit(f"there is no {binary}: cargo build --release --locked --target {target}")
    print(archive.make(target, binary, Path(folder), licenses.text(target)))


SKIPPED = "skipped"


def make_deb(target, folder):
    """cargo-deb takes the binary from the folder of a release build, and the texts of licenses from target/dist."""
    if not shutil.which("cargo-deb"):
        return SKIPPED
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    texts = ROOT / "target" / "dist" / "THIRD-PARTY-LICENSES.txt"
    texts.parent.mkdir(parents=True, exist_ok=True)
    texts.write_text(licenses.text(target), encoding="utf-8")
    command = ["cargo", "deb", "--no-build", "--no-strip", "--locked", "--target", target, "--output", folder]
    try:
        subprocess.run([*command, "--quiet"], cwd=ROOT, check=True)
    finally:
        texts.unlink()
    archive.write_checksum(folder / names.deb(architecture(target)))
    return None


def architecture(target):
    return {"x86_64": "amd64", "aarch64": "arm64"}[target.split("-")[0]]


def test(target, folder):
    report = Report()
    roots.run(report, target, Path(folder))
    return report.end()


def smoke(target, folder):
    report = Report()
    roots.smoke(report, target, Path(folder))
    return report.end()


def fill_templates(checksums, folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in fill.fill(Path(checksums), Path(folder)):
        print(path)


def make_context(archives, folder):
    for target, its_architecture in names.TARGETS.items():
        if its_architecture:
            roots.unpack(Path(archives) / names.archive(target), Path(folder) / its_architecture)


def dry_run(report):
    """Cargo's own check of the crate, which builds it from the files that would be published."""
    command = ["cargo", "publish", "--dry-run", "--locked", "--allow-dirty", "--quiet"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "Could not resolve host" in result.stderr or "failed to download" in result.stderr:
        report.skip("cargo publish --dry-run: there is no network")
        return
    report.equal("cargo publish --dry-run", result.returncode and result.stderr, 0)


def publish():
    report = Report()
    dry_run(report)
    return report.end()


def run_fast():
    report = Report()
    fast.run(report)
    return report.end()


ACTIONS = {
    "fast": run_fast,
    "archive": make_archive,
    "deb": lambda target, folder: 1 if make_deb(target, folder) == SKIPPED else 0,
    "test": test,
    "smoke": smoke,
    "fill": fill_templates,
    "context": make_context,
    "publish": publish,
    "version": lambda: print(names.VERSION),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
