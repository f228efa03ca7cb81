"""What .ci/docs needs to know of a Markdown page: its blocks of code with the comments before them, headings, links."""

import re
from dataclasses import dataclass, field
from pathlib import Path

COMMENT = re.compile(r"\s*<!--\s*(.*?)\s*-->\s*$")
FENCE = re.compile(r"( *)(`{3,}|~{3,})\s*([\w+-]*)[^`]*$")
REASONS = ["terminal", "browser", "internet", "operating system"]


@dataclass
class Block:
    line: int
    language: str
    lines: list
    notes: dict = field(default_factory=dict)


@dataclass
class Page:
    path: Path
    steps: list  # in their order: blocks, and what "stop" names ("" for all)
    prose: list  # (line number, text) outside of blocks
    comments: list

    @property
    def blocks(self):
        return [step for step in self.steps if isinstance(step, Block)]


def parse(path, text=None):
    page = Page(path, [], [], [])
    notes, fence, block = {}, None, None
    for number, line in enumerate((path.read_text() if text is None else text).split("\n"), 1):
        if block:
            if re.fullmatch(r"\s*" + re.escape(fence[0]) + "{%d,}\\s*" % len(fence), line):
                block = None
            else:
                block.lines.append(line[indent:] if not line[:indent].strip() else line)
        elif match := FENCE.match(line):
            indent, fence = len(match[1]), match[2]
            block = Block(number, match[3], [], notes)
            page.steps.append(block)
            notes = {}
        elif match := COMMENT.match(line):
            page.comments.append(match[1])
            key, _, value = match[1].partition(":")
            if key.strip() == "stop":
                page.steps.append(value.strip())
            else:
                notes[key.strip()] = value.strip()
        elif line.strip():
            notes = {}
            page.prose.append((number, line))
    return page


def commands(lines, is_complete):
    """The commands of a console block with what they print: [(command, [line])], and the lines before the first one."""
    found, stray = [], []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif not found:
            stray.append(line)
        elif (line == ">" or line.startswith("> ")) and not found[-1][1] and not is_complete(found[-1][0]):
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        else:
            found[-1][1].append(line)
    return found, stray


def anchors(page):
    """The anchors that GitHub makes of headings, and those that HTML has."""
    result, seen = set(), {}
    for _, line in page.prose:
        result.update(re.findall(r"<\w+[^>]*\s(?:id|name)=\"([^\"]+)\"", line))
        if match := re.match(r"#{1,6}\s+(.*?)\s*#*$", line):
            anchor = slug(match[1])
            seen[anchor] = seen.get(anchor, -1) + 1
            result.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
    return result


def slug(heading):
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(page):
    """(line number, target) of every link and picture."""
    for number, line in page.prose:
        line = re.sub(r"(`+).*?\1", "", line)
        for match in re.finditer(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\s*\[[^\]]+\]:\s*(\S+)", line):
            yield number, match[1] or match[2]
        for match in re.finditer(r"\b(?:href|src|srcset)=\"([^\"\s]+)", line):
            yield number, match[1]


def pictures(page):
    """(line number, source, alternative text or None) of every picture."""
    for number, line in page.prose:
        line = re.sub(r"(`+).*?\1", "", line)
        for match in re.finditer(r"!\[([^\]]*)\]\(<?([^)\s>]+)", line):
            yield number, match[2], match[1]
        for match in re.finditer(r"<img\b[^>]*>", line):
            source, alt = (re.search(name + r"=\"([^\"]*)\"", match[0]) for name in (r"\bsrc", r"\balt"))
            yield number, source[1] if source else "", alt[1] if alt else None


def code(page):
    """(line number, text) of code: spans of it, and lines of blocks with their continuations."""
    for number, line in page.prose:
        for match in re.finditer(r"(`+)(.+?)\1(?!`)", line):
            yield number, match[2].strip().replace("\\|", "|")
    for block in page.blocks:
        joined, start = "", 0
        for number, line in enumerate(block.lines, block.line + 1):
            start = start if joined else number
            if line.endswith("\\"):
                joined += line[:-1]
            else:
                yield start, joined + line
                joined = ""
