"""Take shell text apart into words and operators, with the values of variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from npdoctor.audit.image.passage import Draft, Passage
from npdoctor.audit.image.variables import Value, expanded, operand_end

_BLANK = re.compile(r"(?:[ \t\r\f\v]|\\\n)+")
_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"#[^\n]*")
_REDIRECT = re.compile(r"\d*(?:<<<|<<-?|<>|<&|>>|>&|>\||<|>)|&>>?")
_OPERATOR = re.compile(r"&&|\|\||\|&|;;&?|;&|[;&|()\n]")
_PLAIN = re.compile(r"[^\s'\"\\$`;&|()<>]+")
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DELIMITER = re.compile(r"[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|(\\?)([^\s;&|()<>'\"]+))")
_MOST_EXPANDED = 60_000
SUBSTITUTION = "a command substitution"
TOO_LONG = "a value that is too long"


@dataclass(frozen=True, slots=True)
class Word:
    """A word after expansion; from `start` to `end` it is written in the shell text.

    `quoting` is ' or " where the whole word stands in these, empty where it is bare, and mixed otherwise.
    `unknown` names the variables in it that have no known value.
    """

    passage: Passage
    start: int
    end: int
    quoting: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return what the word says."""
        return self.passage.text

    def part(self, start: int, end: int | None = None) -> Word:
        """Return the word with only these characters, as `--option=value` has them."""
        piece = self.passage.part(start, len(self.text) if end is None else end)
        return Word(piece, self.start, self.end, "mixed" if self.quoting else "", self.unknown)


@dataclass(frozen=True, slots=True)
class Operator:
    """A control operator such as && or a line end."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirection; of a heredoc, `body` is the text and `expands` tells whether variables are put in."""

    text: str
    start: int
    body: Passage | None = None
    expands: bool = True


Token = Word | Operator | Redirect


class Lexer:
    """Yields the tokens of one script; `variables` may change between two tokens."""

    def __init__(self, script: Passage, variables: Mapping[str, Value]) -> None:
        self.script, self.text, self.variables = script, script.text, variables
        self.position = 0
        self._left = _MOST_EXPANDED
        self._escape, self._plain, self._splits = "\\", _PLAIN, True
        self._line_end = self._after_heredocs = -1

    def of_dockerfile(self, escape: str) -> Iterator[Word]:
        """Yield the words of an instruction, where no character is an operator and no value is split."""
        self._escape, self._splits = escape, False
        self._plain = re.compile(rf"[^\s'\"${re.escape(escape)}]+")
        while self.position < len(self.text):
            blank = _SPACE.match(self.text, self.position)
            self.position = blank.end() if blank else self.position
            yield from self._words()

    def tokens(self) -> Iterator[Token]:
        """Yield words, operators and redirections in order."""
        while self.position < len(self.text):
            blank = _BLANK.match(self.text, self.position)
            if blank:
                self.position = blank.end()
            elif comment := _COMMENT.match(self.text, self.position):
                self.position = comment.end()
            elif redirect := _REDIRECT.match(self.text, self.position):
                yield self._redirect(redirect)
            elif operator := _OPERATOR.match(self.text, self.position):
                yield self._operator(operator)
            else:
                yield from self._words()

    def _operator(self, found: re.Match[str]) -> Operator:
        self.position = found.end()
        if found[0] == "\n" and found.start() == self._line_end:
            self.position = max(self.position, self._after_heredocs)
        return Operator(found[0], found.start())

    def _redirect(self, found: re.Match[str]) -> Redirect:
        self.position = found.end()
        sign = found[0].lstrip("0123456789")
        if sign not in ("<<", "<<-"):
            return Redirect(sign, found.start())
        delimiter = _DELIMITER.match(self.text, self.position)
        if delimiter is None:
            return Redirect(sign, found.start())
        self.position = delimiter.end()
        name = delimiter[1] or delimiter[2] or delimiter[4] or ""
        bare = delimiter[4] is not None and not delimiter[3]
        return Redirect(sign, found.start(), self._heredoc(name, sign == "<<-"), bare)

    def _heredoc(self, name: str, dash: bool) -> Passage:
        """Take the body of a heredoc: it begins on the next line, after those begun on this line before."""
        if self._line_end < self.position:
            end = self.text.find("\n", self.position)
            self._line_end = end if end >= 0 else len(self.text)
            self._after_heredocs = self._line_end + 1
        draft = Draft()
        while self._after_heredocs < len(self.text):
            start = self._after_heredocs
            end = self.text.find("\n", start)
            stop = end if end >= 0 else len(self.text)
            self._after_heredocs = stop + 1
            line = self.text[start:stop]
            cut = len(line) - len(line.lstrip("\t")) if dash else 0
            if line[cut:] == name:
                break
            draft.add_part(self.script, start + cut, stop + 1)
        return draft.passage()

    def _words(self) -> Iterator[Word]:
        start, draft, styles = self.position, Draft(), set[str]()
        unknown: list[str] = []
        while self.position < len(self.text):
            position = self.position
            character = self.text[position]
            plain = self._plain.match(self.text, position)
            if plain:
                draft.add_part(self.script, position, plain.end())
                styles.add("")
                self.position = plain.end()
            elif character == self._escape:
                styles.add("\\")
                self._escaped(draft)
            elif character.isspace():
                break
            elif character == "'":
                styles.add("'" if position == start else "mixed")
                self._single(draft)
            elif character == '"':
                styles.add('"' if position == start else "mixed")
                self._double(draft, unknown)
            elif character == "`":
                self._backquoted(draft, unknown)
            elif character == "$":
                fields = self._dollar(draft, unknown, False)
                for field in fields[:-1]:
                    draft.add(field)
                    if len(draft) or styles - {""}:
                        yield Word(draft.passage(), start, self.position, "mixed", tuple(unknown))
                    draft, styles = Draft(), set()
                draft.add(fields[-1])
            else:
                break
        if len(draft) or styles - {""}:
            style = next(iter(styles)) if len(styles) == 1 else ("mixed" if styles else "")
            quoting = style if style in ("", "'", '"') else "mixed"
            yield Word(draft.passage(), start, self.position, quoting, tuple(unknown))

    def _escaped(self, draft: Draft) -> None:
        following = self.position + 1
        if self.text[following : following + 1] != "\n":
            draft.add_part(self.script, following, following + 1)
        self.position = following + 1

    def _single(self, draft: Draft) -> None:
        end = self.text.find("'", self.position + 1)
        end = len(self.text) if end < 0 else end
        draft.add_part(self.script, self.position + 1, end)
        self.position = end + 1

    def _double(self, draft: Draft, unknown: list[str]) -> None:
        self.position += 1
        while self.position < len(self.text):
            position = self.position
            run = _IN_DOUBLE.match(self.text, position)
            character = self.text[position]
            if run:
                draft.add_part(self.script, position, run.end())
                self.position = run.end()
            elif character == '"':
                self.position += 1
                return
            elif character == "\\":
                following = self.text[position + 1 : position + 2]
                if following != "\n":
                    kept = position + 1 if following in tuple('$`"\\') else position
                    draft.add_part(self.script, kept, position + 2)
                self.position += 2
            elif character == "`":
                self._backquoted(draft, unknown)
            else:
                draft.add(" ".join(self._dollar(draft, unknown, True)))

    def _backquoted(self, draft: Draft, unknown: list[str]) -> None:
        end = self.position + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        self._unknown(min(end + 1, len(self.text)), SUBSTITUTION, draft, unknown)

    def _unknown(self, end: int, what: str, draft: Draft, unknown: list[str]) -> None:
        draft.add_part(self.script, self.position, end)
        unknown.append(what)
        self.position = end

    def _dollar(self, draft: Draft, unknown: list[str], quoted: bool) -> list[str]:
        """Take what a dollar sign begins; return its value, as several fields where it is split."""
        position = self.position
        following = self.text[position + 1 : position + 2]
        if following in ("'", '"') and not quoted:
            self.position += 1
            return [""]
        if following == "(":
            self._unknown(_closing(self.text, position + 1), SUBSTITUTION, draft, unknown)
            return [""]
        if following == "{":
            end = operand_end(self.text, position)
        else:
            name = _NAME.match(self.text, position + 1)
            end = name.end() if name else position + 1
            if not name and following and following in "0123456789@*#?$!-":
                self._unknown(position + 2, f"${following}", draft, unknown)
                return [""]
        value = expanded(self.text[position:end], self.variables)
        self._left -= len(value.text)
        if self._left < 0:
            value = Value(self.text[position:end], (TOO_LONG,))
        self.position = end
        if value.unknown:
            unknown += value.unknown
            if value.text == self.text[position:end]:
                draft.add_part(self.script, position, end)
                return [""]
        if quoted or not self._splits:
            return [value.text]
        return re.split(r"[ \t\r\n]+", value.text)


def _closing(text: str, position: int) -> int:
    """Return where the bracket that opens at this position is closed, or the end of the text."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character in "'":
            end = text.find(character, position + 1)
            position = len(text) if end < 0 else end
        elif character == "\\":
            position += 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return position + 1
        position += 1
    return len(text)
