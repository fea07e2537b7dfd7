"""Read a Dockerfile: its stages, and what each does to Python distributions."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass

from npdoctor.audit.image.base_python import python_of_image
from npdoctor.audit.image.copied import holds_distributions
from npdoctor.audit.image.instructions import Heredoc, Instruction, read_instructions
from npdoctor.audit.image.made_files import Content, absolute
from npdoctor.audit.image.passage import NOWHERE, Lines, Passage
from npdoctor.audit.image.shell_words import Lexer, Word
from npdoctor.audit.image.state import Copy, State
from npdoctor.audit.image.steps import Spot, Steps
from npdoctor.audit.image.variables import Value
from npdoctor.model.image import Image, Stage

_LONGEST = 100_000
_STRING = r"\"[^\"\\]*(?:\\.[^\"\\]*)*\""
_STRINGS = re.compile(_STRING, re.DOTALL)
_ARRAY = re.compile(rf"\s*\[\s*(?:{_STRING}(?:\s*,\s*{_STRING})*)?\s*\]\s*", re.DOTALL)
_NO_SHELL = re.compile(r"(?:powershell|pwsh|cmd)(?:\.exe)?$", re.IGNORECASE)
_MENTIONED = re.compile(r"\b(?:pip3?|uv|conda|mamba|poetry|pdm|pipenv)\s+(?:pip\s+)?(?:install|sync|add)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """A Dockerfile as read, and where in its text each requirement stands."""

    image: Image
    spots: tuple[Spot, ...]


def read_image(path: str, text: str) -> Image:
    """Return what a Dockerfile does, as far as it can be read; what cannot is in the notes."""
    return read_with_spots(path, text).image


def read_with_spots(path: str, text: str) -> Reading:
    """Return what a Dockerfile does, and the places of the requirements in it."""
    return _Reader(path, text).read()


class _Reader:
    """Goes through the instructions of a Dockerfile once."""

    def __init__(self, path: str, text: str) -> None:
        self.lines = Lines(text)
        self.steps = Steps(path, self.lines)
        self.path = path
        self.instructions = read_instructions(text, self.lines)
        self.before: dict[str, Value] = {}
        self.stages: list[Stage] = []
        self.states: dict[str, State] = {}
        self.state = State()
        self.linked: list[str] = []
        self.head: tuple[str, str, int] | None = None

    def read(self) -> Reading:
        handlers = {
            "FROM": self._from,
            "ARG": self._arg,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "SHELL": self._shell,
            "ONBUILD": self._onbuild,
            "RUN": self._run,
            "COPY": self._copy,
            "ADD": self._copy,
        }
        for instruction in self.instructions.items:
            if instruction.keyword != "RUN" and len(instruction.body.text) > _LONGEST:
                self.steps.notes.append(f"Line {instruction.line} is too long to be read.")
                continue
            handler = handlers.get(instruction.keyword)
            if handler is not None and (self.head is not None or instruction.keyword in ("FROM", "ARG")):
                handler(instruction)
        self._finish()
        if not self.stages:
            self.steps.notes.append("There is no FROM in it: nothing says which image it begins from.")
        notes = tuple(dict.fromkeys((*self.instructions.notes, *self.steps.notes)))
        sources = tuple(sorted(self.steps.sources.items()))
        environment = self.state.environment()
        image = Image(self.path, tuple(self.stages), self.state.python, notes, sources, environment)
        return Reading(image, tuple(self.steps.spots))

    def _words(self, passage: Passage, variables: dict[str, Value]) -> list[Word]:
        return list(Lexer(passage, variables).of_dockerfile(self.instructions.escape))

    def _from(self, instruction: Instruction) -> None:
        self._finish()
        words = self._words(instruction.body, self.before)
        base = words[0].text if words else ""
        named = len(words) > 2 and words[1].text.lower() == "as"
        name = words[2].text.lower() if named else ""
        parent = self.states.get(base.lower())
        self.state = parent.inherited() if parent else State(base=base, python=python_of_image(base))
        self.head, self.linked = (name, base, instruction.line), []
        if words and words[0].unknown:
            self.steps.notes.append(
                f"Line {instruction.line}: the Dockerfile gives no value for {words[0].unknown[0][:40]}."
            )

    def _finish(self) -> None:
        """Close the stage that is being read."""
        if self.head is None:
            return
        name, base, line = self.head
        commands = tuple(self.steps.commands)
        self.stages.append(Stage(name, base, line, commands, tuple(dict.fromkeys(self.linked))))
        self.steps.commands = []
        self.states[str(len(self.stages) - 1)] = self.state
        if name:
            self.states[name] = self.state
        self.head = None

    def _arg(self, instruction: Instruction) -> None:
        target = self.before if self.head is None else self.state.variables
        for word in self._words(instruction.body, target):
            name, sign, value = word.text.partition("=")
            if sign:
                target[name] = Value(value, word.unknown)
            elif self.head is not None and name in self.before:
                target.setdefault(name, self.before[name])

    def _env(self, instruction: Instruction) -> None:
        words = self._words(instruction.body, self.state.variables)
        if words and "=" not in words[0].text and len(words) > 1:
            unknown = tuple(name for word in words[1:] for name in word.unknown)
            text = " ".join(word.text for word in words[1:])
            self.state.variables[words[0].text] = Value(text, unknown)
            return
        for word in words:
            name, sign, value = word.text.partition("=")
            if sign:
                self.state.variables[name] = Value(value, word.unknown)

    def _workdir(self, instruction: Instruction) -> None:
        words = self._words(instruction.body, self.state.variables)
        if words:
            self.state.folder = absolute(words[0].text, self.state.folder)

    def _shell(self, instruction: Instruction) -> None:
        words = _array(instruction.body)
        texts = [word.text for word in words or ()]
        self.state.shell = texts[0] if texts else "sh"
        self.state.prefix = ""
        for flag in ("-n", "--name", "-p", "--prefix"):
            if "run" in texts[:2] and flag in texts[:-1]:
                self.state.prefix = texts[texts.index(flag) + 1]

    def _onbuild(self, instruction: Instruction) -> None:
        if _MENTIONED.search(instruction.body.text):
            self.steps.notes.append(
                f"Line {instruction.line}: ONBUILD acts in images that are built from this one, not here."
            )

    def _run(self, instruction: Instruction) -> None:
        words = _array(instruction.body) if len(instruction.body.text) <= _LONGEST else None
        if words is not None:
            self.steps.execute(tuple(words), instruction.body, self.state, instruction.line)
            return
        script = instruction.script
        if len(script.text) > _LONGEST:
            self.steps.notes.append(f"Line {instruction.line} is too long to be read.")
            return
        if _NO_SHELL.search(self.state.shell):
            if _MENTIONED.search(script.text):
                self.steps.notes.append(
                    f"Line {instruction.line} is for {self.state.shell[:40]}, which is not read."
                )
            return
        other = _shebang(script.text)
        if other and not other.endswith("sh"):
            script = _as_heredoc(script, other)
        self.steps.run(script, self.state, instruction.line, _mounted(instruction.flags, self.state.folder))

    def _copy(self, instruction: Instruction) -> None:
        texts = self._operands(instruction)
        if len(texts) < 2:
            return
        *sources, target = texts
        origin = next((f[7:].strip("\"'") for f in instruction.flags if f.startswith("--from=")), "")
        if origin:
            self._copied_from(origin, sources)
            return
        bodies = {heredoc.name: heredoc for heredoc in instruction.heredocs}
        for source in sources:
            name = source.lstrip("<-").strip("\"'")
            if source.startswith("<<") and name in bodies:
                self._written(bodies[name], target)
            else:
                self.state.copy(source, target)

    def _operands(self, instruction: Instruction) -> list[str]:
        strings = _array(instruction.body)
        if strings is not None:
            return [word.text for word in strings]
        return [word.text for word in self._words(instruction.body, self.state.variables)]

    def _written(self, heredoc: Heredoc, target: str) -> None:
        inside = f"{target}{heredoc.name}" if target.endswith("/") else target
        content = Content(heredoc.body, heredoc.expands)
        self.state.written[absolute(inside, self.state.folder)] = [content]

    def _copied_from(self, origin: str, sources: list[str]) -> None:
        earlier = self.states.get(origin.lower())
        if earlier is None or not any(holds_distributions(path, earlier) for path in sources):
            return
        self.linked.append(origin.lower())
        self.state.made |= earlier.made
        self.state.used |= earlier.used


def _array(body: Passage) -> list[Word] | None:
    """Return the strings of the exec form, None where it is the shell form."""
    if body.text.lstrip()[:1] != "[" or not _ARRAY.fullmatch(body.text):
        return None
    words = []
    for found in _STRINGS.finditer(body.text):
        inside = body.part(found.start() + 1, found.end() - 1)
        if "\\" in inside.text:
            try:
                inside = Passage(json.loads(found[0], strict=False), (0,), (NOWHERE,))
            except ValueError:
                return None
        words.append(Word(inside, found.start(), found.end(), '"'))
    return words


def _shebang(text: str) -> str:
    """Return the program that the first line of a script names, empty for none."""
    if not text.startswith("#!"):
        return ""
    words = text[2:].partition("\n")[0].split()
    names = [posixpath.basename(word) for word in words if not word.startswith("-")]
    return next((name for name in names if name != "env"), "")


def _as_heredoc(script: Passage, program: str) -> Passage:
    """Return a script for another program as what that program reads from a heredoc."""
    head = f"{program} - <<'NPDOCTOR_END'\n"
    starts = (0, *(start + len(head) for start in script.starts))
    return Passage(head + script.text, starts, (NOWHERE, *script.places))


def _mounted(flags: tuple[str, ...], folder: str) -> list[Copy]:
    """Return the files of the build context that `--mount=type=bind` shows to a step."""
    copies = []
    for flag in flags:
        if not flag.startswith("--mount="):
            continue
        parts = dict(part.partition("=")[::2] for part in flag[8:].strip("\"'").split(","))
        target = parts.get("target") or parts.get("dst") or parts.get("destination")
        if parts.get("type", "bind") == "bind" and "from" not in parts and target:
            copies.append(Copy(parts.get("source") or parts.get("src") or ".", absolute(target, folder)))
    return copies
