"""Fills the templates of packages with the version and the checksums of a release's archives."""

import re

import archive
import names
from names import ROOT

# Template, and what it becomes.
TEMPLATES = {"homebrew/wscope.rb.in": "wscope.rb", "aur/PKGBUILD.in": "PKGBUILD", "aur/SRCINFO.in": ".SRCINFO"}


def fill(checksums, destination):
    """`checksums` is the folder with the .sha256 of each archive. Returns the paths written."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", names.VERSION):
        raise ValueError(f"version {names.VERSION}: packages are made of releases, not of pre-releases")
    written = []
    for template, name in TEMPLATES.items():
        content = (ROOT / "packaging" / template).read_text(encoding="utf-8")
        path = destination / name
        path.write_text(re.sub("@([A-Z0-9]+)(?::([a-z0-9_-]+))?@", lambda it: value(it, checksums), content), encoding="utf-8")
        written.append(path)
    return written


def value(placeholder, checksums):
    kind, target = placeholder.groups()
    if kind == "VERSION" and not target:
        return names.VERSION
    if kind == "SHA256" and target in names.TARGETS:
        return archive.read_checksum(checksums / (names.archive(target) + ".sha256"))
    raise ValueError(f"{placeholder[0]} is not a placeholder: @VERSION@ and @SHA256:TARGET@ are")
