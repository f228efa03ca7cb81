"""Makes the archive of a target, the same bytes from the same files, and its checksum."""

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import time
import zipfile

import names
from names import ROOT


def make(target, binary, destination, licenses):
    """`licenses` is the text of THIRD-PARTY-LICENSES.txt. Returns the path of the archive."""
    files = {names.binary(target): (binary.read_bytes(), 0o755)}
    for name, source in documents().items():
        files[name] = (source.read_bytes(), 0o644)
    files["THIRD-PARTY-LICENSES.txt"] = (licenses.encode(), 0o644)
    path = destination / names.archive(target)
    destination.mkdir(parents=True, exist_ok=True)
    pack = zipped if path.suffix == ".zip" else tarred
    path.write_bytes(pack(names.folder(target), dict(sorted(files.items())), time_of_commit()))
    write_checksum(path)
    return path


def documents():
    """Everything in an archive but the binary and the licenses of dependencies: name in the archive, file here."""
    found = {name: ROOT / name for name in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]}
    for path in sorted((ROOT / "completions").iterdir()):
        found[f"{'man' if path.suffix == '.1' else 'complete'}/{path.name}"] = path
    return found


def write_checksum(path):
    """As `sha256sum` writes and `sha256sum --check` reads it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_bytes(f"{digest}  {path.name}\n".encode())


def read_checksum(path):
    digest, name = path.read_text(encoding="utf-8").split()
    if len(digest) != 64 or name + ".sha256" != path.name:
        raise ValueError(f"{path} is not the checksum of one file of this name")
    return digest


def time_of_commit():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    log = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(log.stdout) if log.returncode == 0 and log.stdout.strip() else 0


def tarred(folder, files, when):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), mode, when
            tar.addfile(entry, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=when) as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()


def zipped(folder, files, when):
    packed = io.BytesIO()
    # What the format cannot express is before 1980.
    date = max(time.gmtime(when)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", date)
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()
