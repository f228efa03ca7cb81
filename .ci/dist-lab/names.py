"""Names of what a release consists of: the only place that makes them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
PACKAGE = CARGO["package"]
NAME, VERSION = PACKAGE["name"], PACKAGE["version"]
TAG = f"v{VERSION}"
DOWNLOADS = f"{PACKAGE['repository']}/releases/download"

# Each target of a release, with the architecture of its Debian package.
TARGETS = {
    "x86_64-unknown-linux-musl": "amd64",
    "aarch64-unknown-linux-musl": "arm64",
    "x86_64-apple-darwin": None,
    "aarch64-apple-darwin": None,
    "x86_64-pc-windows-msvc": None,
}


def folder(target):
    return f"{NAME}-{VERSION}-{target}"


def archive(target):
    return folder(target) + (".zip" if "windows" in target else ".tar.gz")


def binary(target):
    return NAME + (".exe" if "windows" in target else "")


def deb(architecture):
    return f"{NAME}_{VERSION}-1_{architecture}.deb"


def url(target):
    return f"{DOWNLOADS}/{TAG}/{archive(target)}"
