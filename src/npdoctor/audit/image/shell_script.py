"""Take a shell script apart into its simple commands, with what is known of whether each one runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from npdoctor.audit.image.passage import Passage
from npdoctor.audit.image.shell_words import Lexer, Operator, Redirect, Token, Word
from npdoctor.audit.image.variables import Value

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_OPENING = {"if": "fi", "for": "done", "while": "done", "until": "done", "select": "done", "case": "esac"}
_LOOPS = frozenset({"for", "while", "until", "select"})
_SKIPPED = frozenset({"then", "else", "elif", "do", "!", "time", "{", "}", "fi", "done", "esac"})
_SETTING = frozenset({"export", "declare", "local", "readonly", "typeset"})
_STOPPING = frozenset({"exit", "false", "return"})


@dataclass(slots=True)
class Simple:
    """One simple command: its words, what it writes to, and the text it reads.

    `certain` is false where it may not run, or may fail unnoticed; then `swallowed` tells the latter.
    `loop` tells that it may run more than once. `settings` are the variables set for it alone. `lost` holds,
    by the number of a word, what stands right behind it and is read as a redirection: `>=1.2` of `name>=1.2`.
    """

    words: tuple[Word, ...]
    settings: dict[str, Value]
    redirects: tuple[tuple[str, Word], ...]
    heredoc: Redirect | None
    variables: dict[str, Value]
    lost: dict[int, str]
    certain: bool = True
    swallowed: bool = False
    loop: bool = False
    piped: bool = False


@dataclass(slots=True)
class _List:
    """An and-or list that is being read: commands from `start` are on the left of the next ||."""

    start: int
    right: int = -1
    left: range = field(default_factory=lambda: range(0))


def simple_commands(script: Passage, variables: dict[str, Value]) -> list[Simple]:
    """Return the simple commands of a script in order; `variables` is left as the script leaves it."""
    return _Parser(script, variables).read()


class _Parser:
    """Reads one script token by token."""

    def __init__(self, script: Passage, variables: dict[str, Value]) -> None:
        self.variables = variables
        self.found: list[Simple] = []
        self._lexer = Lexer(script, variables)
        self._words: list[Word] = []
        self._settings: dict[str, Value] = {}
        self._redirects: list[tuple[str, Word]] = []
        self._heredoc: Redirect | None = None
        self._pending = ""
        self._touching = False
        self._last_end = -1
        self._lost: dict[int, str] = {}
        self._open: list[str] = []
        self._lists = [_List(0)]
        self._shared: dict[str, Value] = {}
        self._changed = True
        self._piped = False

    def read(self) -> list[Simple]:
        for token in self._lexer.tokens():
            self._take(token)
        self._flush()
        while self._lists:
            self._settle(self._lists.pop())
        return self.found

    def _take(self, token: Token) -> None:
        if isinstance(token, Operator):
            self._operator(token)
        elif isinstance(token, Redirect):
            if token.body is not None:
                self._heredoc = token
            else:
                self._pending, self._touching = token.text, token.start == self._last_end
        elif self._pending:
            self._redirects.append((self._pending, token))
            if self._touching and self._words:
                index, written = len(self._words) - 1, self._lexer.text
                self._lost[index] = written[self._words[index].end : token.end]
                self._last_end = token.end
            self._pending = ""
        else:
            self._word(token)
            self._last_end = token.end

    def _word(self, word: Word) -> None:
        if self._words or word.quoting:
            self._words.append(word)
            return
        assignment = _ASSIGNMENT.match(word.text) if not word.quoting else None
        if word.text in _OPENING:
            self._open.append(word.text)
            if word.text in ("for", "select", "case"):
                self._words.append(word)
        elif word.text in _SKIPPED:
            self._reserved(word.text)
        elif assignment:
            value = word.text[assignment.end() :]
            before = self.variables.get(assignment[1], Value("")).text if assignment[2] else ""
            self._settings[assignment[1]] = Value(before + value, word.unknown)
        else:
            self._words.append(word)

    def _reserved(self, text: str) -> None:
        if self._open and _OPENING[self._open[-1]] == text:
            self._open.pop()
        elif text == "{":
            self._lists.append(_List(len(self.found)))
        elif text == "}" and len(self._lists) > 1:
            self._settle(self._lists.pop())

    def _operator(self, operator: Operator) -> None:
        if operator.text == ")" and self._open and self._open[-1] == "case" and self._words:
            self._clear()
            return
        self._flush()
        self._piped = operator.text in ("|", "|&")
        here = self._lists[-1]
        if operator.text == "(":
            self._lists.append(_List(len(self.found)))
        elif operator.text == ")":
            if len(self._lists) > 1:
                self._settle(self._lists.pop())
        elif operator.text == "||":
            self._settle(here)
            here.left, here.right = range(here.start, len(self.found)), len(self.found)
            here.start = len(self.found)
        elif operator.text == "&&":
            self._settle(here)
        elif not self._piped:
            self._settle(here)
            here.start = len(self.found)

    def _settle(self, here: _List) -> None:
        """Mark both sides of a || once its right side is read."""
        if here.right < 0:
            return
        right = self.found[here.right :]
        stops = any(c.words and c.words[0].text in _STOPPING for c in right)
        for command in right:
            command.certain = False
        for index in () if stops else here.left:
            self.found[index].certain = False
            self.found[index].swallowed = True
        here.right = -1

    def _flush(self) -> None:
        words = self._words
        first = words[0].text if words else ""
        if not words:
            self._set(self._settings)
        elif first in ("for", "select") and not words[0].quoting and len(words) > 1:
            self._forget(words[1].text)
        elif first in _SETTING:
            self._export(words[1:])
        elif first in ("read", "unset"):
            for word in words[1:]:
                self._forget(word.text)
        elif first != "case":
            self._add(words)
        self._clear()

    def _add(self, words: list[Word]) -> None:
        if self._changed:
            self._shared, self._changed = dict(self.variables), False
        command = Simple(
            tuple(words),
            self._settings,
            tuple(self._redirects),
            self._heredoc,
            self._shared,
            self._lost,
            piped=self._piped,
        )
        command.certain = not self._open
        command.loop = any(word in _LOOPS for word in self._open[-8:])
        self.found.append(command)

    def _set(self, settings: dict[str, Value]) -> None:
        for name, value in settings.items():
            if self._open:
                self._forget(name)
            else:
                self.variables[name] = value
                self._changed = True

    def _export(self, words: list[Word]) -> None:
        for word in words:
            name, sign, value = word.text.partition("=")
            if sign:
                self._set({name: Value(value, word.unknown)})

    def _forget(self, name: str) -> None:
        self._changed = self.variables.pop(name, None) is not None or self._changed

    def _clear(self) -> None:
        self._words, self._settings, self._redirects, self._lost = [], {}, [], {}
        self._heredoc, self._pending = None, ""
