"""The licenses of the crates that are linked into the binary: most require that their text comes with it."""

import json
import subprocess
from pathlib import Path

from names import NAME, ROOT

FILES = ("license", "licence", "copying", "copyright", "notice", "unlicense")


def text(target):
    """THIRD-PARTY-LICENSES.txt for a target: each text once, under the names of the crates that have it."""
    crates = linked(target)
    texts, without = {}, []
    for crate in crates:
        found = license_files(crate)
        if not found:
            without.append(crate)
        for content in found:
            texts.setdefault(content, []).append(label(crate))
    out = [
        f"{NAME} contains the following software, and the standard library of Rust (MIT OR Apache-2.0,",
        "https://www.rust-lang.org). Where a crate offers a choice of licenses, all of its texts are here. openssl-src",
        "contains OpenSSL (Apache-2.0). The static binaries for Linux contain the C library musl (MIT) too.\n",
        *(f"{label(crate)}: {crate['license']}, {crate.get('repository') or 'no repository'}" for crate in crates),
    ]
    if without:
        out += ["", f"Without a text of their own: {', '.join(map(label, without))}."]
    for content, owners in texts.items():
        out += ["", "-" * 80, ", ".join(owners), "-" * 80, "", content]
    return "\n".join(out) + "\n"


def linked(target):
    """The crates that the binary consists of, without those of tests, macros and build scripts, but with OpenSSL."""
    # The features of tests are not those of the binary: only the tree distinguishes them.
    tree = cargo("tree", "--target", target, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    wanted = {tuple(line.split()[:2]) for line in tree.splitlines()}
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target))
    packages = [it for it in metadata["packages"] if (it["name"], f"v{it['version']}") in wanted and it["name"] != NAME]
    if any(it["name"] == "openssl-sys" for it in packages):
        # A dependency of its build script.
        packages += [it for it in metadata["packages"] if it["name"] == "openssl-src"]
    return sorted(packages, key=label)


def cargo(*arguments):
    """From what was built there is no need of a network; without a build the sources have to be fetched."""
    for option in (["--offline"], []):
        result = subprocess.run(["cargo", *arguments, "--locked", *option], cwd=ROOT, capture_output=True, text=True)
        if result.returncode == 0:
            return result.stdout
    raise RuntimeError(f"cargo {' '.join(arguments)}: {result.stderr}")


def license_files(crate):
    folder = Path(crate["manifest_path"]).parent
    candidates = [path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(FILES)]
    if crate["name"] == "openssl-src":
        candidates.append(folder / "openssl" / "LICENSE.txt")
    contents = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(candidates))
    return ["\n".join(line.rstrip() for line in content.splitlines()).strip() for content in contents]


def label(crate):
    return f"{crate['name']} {crate['version']}"
