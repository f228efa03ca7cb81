"""Runs action.yml as GitHub's runner does, with archives from a folder instead of a release."""

import os
import re
import subprocess
from pathlib import Path

import archive
import names
from names import ROOT

# In place of the binary: prints its arguments, writes a report, fails if a file is called bad.
FAKE = """#!/bin/sh
printf 'argument <%s>\\n' "$@"
previous= status=0
for argument; do
    [ "$previous" != --report-junit ] || echo '<testsuites/>' >"$argument"
    case $argument in *bad*) status=1 ;; esac
    previous=$argument
done
[ $status = 0 ] || echo '::error file=bad.wscope,line=4,col=1,title=bad::nothing matched'
echo '1 file'
exit $status
"""


class Runner:
    """A machine of GitHub's, in a folder."""

    def __init__(self, folder, downloads, system="Linux", machine="X64"):
        self.folder = folder
        self.workspace, self.temporary = folder / "workspace", folder / "temporary"
        for path in (self.workspace, self.temporary):
            path.mkdir(parents=True)
        self.files = {name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        self.environment = {
            "PATH": os.environ["PATH"], "GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_OS": system,
            "RUNNER_ARCH": machine, "RUNNER_TEMP": str(self.temporary), "GITHUB_WORKSPACE": str(self.workspace),
            "WSCOPE_DOWNLOADS": downloads.as_uri(), **{name: str(path) for name, path in self.files.items()},
        }
        self.printed = ""

    def uses(self, **inputs):
        """Runs the steps until one fails; its status, and the outputs of the action."""
        definition = load()
        given = {name: inputs.get(name.replace("-", "_"), it.get("default", "")) for name, it in definition["inputs"].items()}
        outputs, status = {}, 0
        for step in definition["runs"]["steps"]:
            own = {name: expand(value, given, outputs) for name, value in step.get("env", {}).items()}
            place = self.workspace / expand(step.get("working-directory", "."), given, outputs)
            for path in self.files.values():
                path.write_text("", encoding="utf-8")
            # The options with which the runner starts bash.
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            result = subprocess.run(command, env={**self.environment, **own}, cwd=place, capture_output=True, text=True, timeout=120)
            self.printed += result.stdout + result.stderr
            self.environment["PATH"] = ":".join([*self.files["GITHUB_PATH"].read_text().split("\n")[:-1], self.environment["PATH"]])
            outputs[step["id"]] = dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())
            status = result.returncode
            if status:
                break
        return status, {name: expand(it["value"], given, outputs) for name, it in definition["outputs"].items()}

    def summary(self):
        return self.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def load():
    import yaml

    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def expand(text, inputs, outputs):
    def value(expression):
        match expression[1].split("."):
            case ["inputs", name]:
                return inputs[name]
            case ["steps", step, "outputs", name]:
                return outputs.get(step, {}).get(name, "")
        raise ValueError(f"unknown expression {expression[0]}")

    return re.sub(r"\$\{\{ ([a-z.-]+) \}\}", value, text)


def publish(archives, downloads):
    """Lays archives out as the downloads of a release."""
    folder = downloads / names.TAG
    folder.mkdir(parents=True)
    for path in archives.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def run(report, folder):
    try:
        definition = load()
    except ImportError:
        report.skip("the action: PyYAML is not installed")
        return
    for step in definition["runs"]["steps"]:
        report.true(f"action: {step['name']}: no expressions in scripts", "${{" not in step["run"])
    downloads = folder / "downloads"
    release = publish(folder / "archives", downloads)

    runner = Runner(folder / "good", downloads)
    (runner.workspace / "tests").mkdir()
    inputs = {"files": "a file.wscope\nb$(touch oops).wscope\n", "arguments": "--retry\n--variable=x=a b\n", "working_directory": "tests"}
    status, outputs = runner.uses(**inputs)
    report.equal("action: success", (status, outputs["exit-status"], outputs["version"]), (0, "0", names.VERSION))
    expected = ["check", "--report-junit", "wscope-junit.xml", "--retry", "--variable=x=a b", "--", "a file.wscope", "b$(touch oops).wscope"]
    report.equal("action: arguments", re.findall("argument <(.*)>", runner.printed), expected)
    report.true("action: the output names the report", Path(outputs["report-junit"]).is_file(), outputs["report-junit"])
    report.equal("action: nothing else is written", sorted(it.name for it in runner.workspace.rglob("*")), ["tests", "wscope-junit.xml"])

    runner = Runner(folder / "bad", downloads)
    status, outputs = runner.uses(files="bad.wscope", version=names.TAG, report_junit=str(runner.workspace / "j.xml"))
    report.equal("action: a failed scenario fails the step", (status, outputs["exit-status"]), (1, "1"))
    report.equal("action: the report of a failure", Path(outputs["report-junit"]).read_text(), "<testsuites/>\n")
    report.contains("action: annotations", runner.printed, "\n::error file=bad.wscope,line=4,col=1,title=bad::nothing matched\n")
    report.true("action: the summary has no commands", "1 file" in runner.summary() and "::" not in runner.summary(), runner.summary())

    for number, (system, machine) in enumerate([("Linux", "ARM64"), ("macOS", "X64"), ("macOS", "ARM64"), ("Windows", "X64")]):
        runner = Runner(folder / f"system{number}", downloads, system, machine)
        # The stand-in for Windows is a script called wscope.exe.
        tools = folder / f"tools{number}"
        tools.mkdir()
        (tools / "wscope").write_text('#!/bin/sh\nexec wscope.exe "$@"\n')
        (tools / "wscope").chmod(0o755)
        runner.environment["PATH"] += f":{tools}"
        status, outputs = runner.uses()
        report.equal(f"action: {system} {machine}", (status, outputs["exit-status"]), (0, "0"))

    for what, system, inputs, text in [
        ("an unknown system", "Plan9", {}, "there is no release of wscope for Plan9 on X64"),
        ("an unknown version", "Linux", {"version": "9.9.9"}, "cannot download"),
        ("a version that is none", "Linux", {"version": "../0.1.0"}, "is not a version"),
        ("no files", "Linux", {"files": "\n"}, "the input 'files' is empty"),
    ]:
        runner = Runner(folder / what.replace(" ", "-"), downloads, system)
        status, _ = runner.uses(**inputs)
        report.true(f"action: {what}: fails", status != 0)
        report.contains(f"action: {what}: says why", runner.printed, "::error title=wscope::", text)

    target = "x86_64-unknown-linux-musl"
    (release / names.archive(target)).write_bytes(b"something else")
    runner = Runner(folder / "checksum", downloads)
    status, _ = runner.uses()
    report.true("action: another checksum: fails", status != 0 and "does not have the checksum" in runner.printed, runner.printed)
    report.true("action: another checksum: nothing is unpacked", not (runner.temporary / "wscope-action" / names.folder(target)).exists())
