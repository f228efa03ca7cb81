"""What pages refer to: other pages and their anchors, pictures, options of the program."""

import re
import subprocess

from markdown import anchors, code, links, parse, pictures

OPTION = re.compile(r"^(?:  (-\w)(?:, (--[\w-]+))?|      (--[\w-]+))", re.M)
OTHER = "another program"
NAMED = re.compile(r"(?<![\w\-=/.'\"])(--[a-z][\w-]*|-[a-zA-Z0-9])(?![\w-])")


def check_links(pages):
    """(page, problems) for the links of each page."""
    known = {page.path.resolve(): anchors(page) for page in pages}
    for page in pages:
        problems = []
        for line, target in links(page):
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (page.path.parent / file).resolve() if file else page.path.resolve()
            if not path.exists():
                problems.append(f"{line}: {target}: no such file")
            elif anchor and path.suffix == ".md":
                if path not in known:
                    known[path] = anchors(parse(path))
                if anchor not in known[path]:
                    problems.append(f"{line}: {target}: no such anchor")
        for line, source, alternative in pictures(page):
            if not (alternative or "").strip():
                problems.append(f"{line}: {source}: a picture without an alternative text")
        yield page, problems


class Options:
    """The options of each command, from --help, and whether the program knows others that are not in it."""

    def __init__(self, wscope):
        self.wscope, self.hidden = wscope, {}
        text = self.print("--help")
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.M)[1]
        names = [""] + [line.split()[0] for line in listed.splitlines() if line[2] != " "]
        self.of = {name: self.read(text if not name else self.print(name, "--help")) for name in names if name != "help"}

    def print(self, *arguments):
        return subprocess.run([self.wscope, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=10).stdout

    def read(self, text):
        """A list of what each option is called: [["-x", "--send"], ["--json"]]."""
        text = text[text.index("\nOptions:"):]
        return [[name for name in match.groups() if name] for match in OPTION.finditer(text)]

    def knows(self, command, option):
        if any(option in names for names in self.of[command]):
            return True
        if (command, option) not in self.hidden:
            # The second unknown option keeps the program from doing anything if it knows the first one.
            arguments = [*([command] if command else []), option, "--no-such-option"]
            result = subprocess.run([self.wscope, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=10)
            self.hidden[command, option] = not re.search(rf"(?:unexpected|unknown)[^\n]*'?{re.escape(option)}\b", result.stderr)
        return self.hidden[command, option]

    def known(self, option):
        return any(self.knows(command, option) for command in self.of)


def check_unknown(page, options):
    """Options that the page names and the program does not have."""
    # Those that a command of another program on this page has.
    others = {option for _, text in code(page) for command, option in named(text, options.of) if command == OTHER}
    for comment in page.comments:
        if comment.startswith("other options:"):
            others.update(comment.partition(":")[2].split())
    problems = []
    for line, text in code(page):
        for command, option in named(text, options.of):
            if command != OTHER and (command is not None or option not in others) and not (options.known(option) if command is None else options.knows(command, option)):
                problems.append(f"{line}: wscope{' ' + command if command else ''} has no option {option}")
    return problems


def named(text, commands):
    """(command, option) for the options in a piece of code; command is None where only options stand, OTHER for
    those of another program."""
    if text.startswith("-"):
        # A span such as `--count N`. Short ones stand for much else: -1, -x of other programs.
        for option in NAMED.findall(text.split(" ")[0].split("=")[0]):
            if option.startswith("--"):
                yield None, option
        return
    for segment in re.split(r"[|;&()`]|\$\(| #", without_strings(text)):
        words = segment.split()
        while words and (re.match(r"\w+=|\$$|[!{]$", words[0]) or words[0] in ("do", "then", "exec", "timeout", "run:", "-", "time", "if", "while", "until")):
            words.pop(0)
        if words:
            command = "" if words[0] == "wscope" else OTHER
            if command == "" and len(words) > 1 and words[1] in commands:
                command = words[1]
            for option in NAMED.findall(" ".join(words).replace("=", " ")):
                if option.startswith("--"):
                    yield command, option


def without_strings(text):
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def check_documented(pages, options):
    """(command, problems): each option of it has to be named on some page."""
    mentioned = {name for page in pages for _, text in code(page) for name in re.findall(r"(?<![\w-])--?\w[\w-]*", text)}
    reported = set()
    for command, listed in options.of.items():
        missing = ["/".join(names) for names in listed if not mentioned & set(names)]
        yield command, [f"{name} is named on no page" for name in missing if name not in reported]
        reported.update(missing)
