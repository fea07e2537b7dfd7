"""Take a Dockerfile apart into instructions: directives, comments, continued lines, heredocs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from npdoctor.audit.image.passage import Draft, Lines, Passage

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=(.*)")
_KEYWORD = re.compile(r"\s*([A-Za-z]+)(?=\s|$)\s*")
_FLAG = re.compile(r"--[a-z][a-z-]*(?:=(?:\"[^\"]*\"|'[^']*'|[^\s\"'])*)?(?=\s|$)\s*")
_HEREDOC = re.compile(
    r"(?:^|(?<=\s))\d*<<(?P<dash>-?)(?P<quote>[\"']?)(?P<name>[A-Za-z0-9_][\w.-]*)(?P=quote)(?=[\s;|&)<>]|$)"
    r"|'[^']*'?|\"[^\"\\]*(?:\\.[^\"\\]*)*\"?",
    re.DOTALL,
)
_TAKE_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc: `name` is its delimiter, `expands` is false where the delimiter is quoted."""

    name: str
    expands: bool
    body: Passage


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `body` is what follows keyword and flags, continued lines joined, without heredocs.

    `script` is the body and its heredocs, as a shell would read it. `line` counts from 1.
    """

    keyword: str
    flags: tuple[str, ...]
    body: Passage
    line: int
    heredocs: tuple[Heredoc, ...] = ()
    script: Passage = field(default_factory=Passage)


@dataclass(frozen=True, slots=True)
class Instructions:
    """The instructions of a Dockerfile, its escape character, and what could not be read."""

    items: tuple[Instruction, ...]
    escape: str
    notes: tuple[str, ...]


def read_instructions(text: str, lines: Lines) -> Instructions:
    """Return the instructions of a Dockerfile in order."""
    return _Reader(text, lines).read()


class _Reader:
    """Goes through the lines of a Dockerfile once."""

    def __init__(self, text: str, lines: Lines) -> None:
        self.text, self.lines = text, lines
        self.position = 1 if text.startswith("\ufeff") else 0
        self.notes: list[str] = []
        self.escape = "\\"

    def read(self) -> Instructions:
        self._directives()
        items = []
        while self.position < len(self.text):
            instruction = self._instruction()
            if instruction is not None:
                items.append(instruction)
        return Instructions(tuple(items), self.escape, tuple(self.notes))

    def _line(self) -> tuple[int, str]:
        """Take the next line; return where it begins and what it says without its end."""
        start = self.position
        end = self.text.find("\n", start)
        self.position = len(self.text) if end < 0 else end + 1
        line = self.text[start : end if end >= 0 else None]
        return start, line.removesuffix("\r")

    def _directives(self) -> None:
        while self.position < len(self.text):
            before = self.position
            found = _DIRECTIVE.match(self._line()[1])
            if found is None:
                self.position = before
                return
            if found[1].lower() == "escape" and found[2].strip() in ("`", "\\"):
                self.escape = found[2].strip()

    def _instruction(self) -> Instruction | None:
        draft, first = Draft(), -1
        while self.position < len(self.text):
            start, line = self._line()
            bare = line.strip()
            if not bare or bare.startswith("#"):
                if first < 0:
                    return None
                continue
            if first < 0:
                first = start
            stripped = line.rstrip(" \t")
            continues = stripped.endswith(self.escape) and not stripped.endswith(self.escape * 2)
            draft.add(stripped[:-1] if continues else line, start)
            if not continues:
                break
        if first < 0:
            return None
        return self._finished(draft.passage(), self.lines.number(first))

    def _finished(self, whole: Passage, line: int) -> Instruction | None:
        keyword = _KEYWORD.match(whole.text)
        if keyword is None:
            self.notes.append(f"Line {line} is no instruction that could be read.")
            return None
        position, flags = keyword.end(), []
        while flag := _FLAG.match(whole.text, position):
            flags.append(flag[0].strip())
            position = flag.end()
        name = keyword[1].upper()
        body = whole.part(position, len(whole.text))
        if name not in _TAKE_HEREDOCS or "<<" not in body.text:
            return Instruction(name, tuple(flags), body, line, script=body)
        return self._with_heredocs(name, tuple(flags), body, line)

    def _with_heredocs(self, name: str, flags: tuple[str, ...], body: Passage, line: int) -> Instruction:
        heredocs = []
        script = Draft()
        script.add_part(body, 0, len(body.text))
        for found in _HEREDOC.finditer(body.text):
            if not found["name"]:
                continue
            content = Draft()
            script.add("\n")
            closed = False
            while self.position < len(self.text) and not closed:
                start, text = self._line()
                cut = len(text) - len(text.lstrip("\t")) if found["dash"] else 0
                closed = text[cut:] == found["name"]
                for draft in (script,) if closed else (script, content):
                    draft.add(text[cut:], start + cut)
                    draft.add("\n", start + len(text))
            if not closed:
                self.notes.append(f"Line {line}: the heredoc {found['name']} has no end.")
            heredocs.append(Heredoc(found["name"], not found["quote"], content.passage()))
        alone = _HEREDOC.fullmatch(body.text.strip()) if len(heredocs) == 1 else None
        whole = heredocs[0].body if alone and alone["name"] else script.passage()
        return Instruction(name, flags, body, line, tuple(heredocs), whole)
