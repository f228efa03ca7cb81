"""What a build for a target needs, and how to install what is missing."""

import shutil
import subprocess
import sys
from pathlib import Path


class Toolchain:
    """`host` and `sysroot` are rustc's; `which` finds programs."""

    def __init__(self, host, sysroot, which=shutil.which, environment=()):
        self.host, self.sysroot, self.which, self.environment = host, Path(sysroot), which, environment

    def missing(self, target):
        """Each thing that a build for `target` lacks, with the command that installs it."""
        found = []
        if not list((self.sysroot / "lib" / "rustlib" / target / "lib").glob("libstd-*")):
            found.append((f"the target {target}", f"rustup target add {target}"))
        if self.needs_musl_gcc(target) and not self.which("musl-gcc"):
            found.append(("musl-gcc", "sudo apt-get install musl-tools, or the musl package of the distribution"))
        # OpenSSL is built from source.
        tools = ["perl", "make"] if "linux" in target else []
        found += [(tool, f"sudo apt-get install {tool}") for tool in tools if not self.which(tool)]
        return found

    def needs_musl_gcc(self, target):
        """OpenSSL is C. Where the system's own C library is musl, its compiler is enough, as is one that is named."""
        named = {variable(target), f"CC_{target}", "TARGET_CC"} & set(self.environment)
        return target.endswith("-musl") and not self.host.endswith("-musl") and not named

    def static_target(self):
        """What a release would have for this machine; on Linux the GNU target if that cannot be built."""
        if "linux" not in self.host:
            return self.host
        machine = self.host.split("-")[0]
        musl, gnu = f"{machine}-unknown-linux-musl", f"{machine}-unknown-linux-gnu"
        missing = self.missing(musl)
        if not missing:
            return musl
        print(f"SKIPPED: {musl}: {sentence(missing)}. {gnu}, linked statically, stands in for it", flush=True)
        return gnu

    def require(self, target):
        """Before a build of many minutes that would fail, with a message of another program."""
        missing = self.missing(target)
        if missing:
            sys.exit(f"cannot build for {target}: {sentence(missing)}")


def variable(target):
    """That which names the C compiler."""
    return f"CC_{target.replace('-', '_')}"


def sentence(missing):
    return "; ".join(f"{what} is not installed ({command})" for what, command in missing)


def of_this_machine(environment):
    if not shutil.which("rustc"):
        sys.exit("rustc is not installed: see https://rustup.rs")
    described = ask("-vV")
    host = next(line.split()[1] for line in described.splitlines() if line.startswith("host: "))
    return Toolchain(host, ask("--print", "sysroot").strip(), environment=environment)


def ask(*arguments):
    return subprocess.run(["rustc", *arguments], capture_output=True, text=True, check=True).stdout
