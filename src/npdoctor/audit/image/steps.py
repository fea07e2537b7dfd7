"""Follow the commands of one stage: what they install, into which environment, and from which files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from npdoctor.audit.image.asked import (
    Asked,
    Folder,
    Unread,
    index_url,
    missing,
    read_conda,
    read_requirement,
    read_system,
    without_login,
)
from npdoctor.audit.image.base_python import is_python_image, python_of_system
from npdoctor.audit.image.installs import Install, Made, read_install
from npdoctor.audit.image.made_files import Listing, absolute, read_listing, written_by
from npdoctor.audit.image.passage import Lines, Passage, joined
from npdoctor.audit.image.programs import Program, program_of, script_of
from npdoctor.audit.image.shell_script import Simple, simple_commands
from npdoctor.audit.image.shell_words import Word
from npdoctor.audit.image.state import Copy, State
from npdoctor.audit.image.variables import Value
from npdoctor.audit.image.verifying import verified_by
from npdoctor.model.image import Act, Command

_DEEPEST = 5
_LOST = re.compile(r"[<>]=?\d.*", re.DOTALL)
_READERS = {"conda": read_conda, "system": read_system}


@dataclass(frozen=True, slots=True)
class Spot:
    """A requirement and the text it is written in; `enclosing` are the quotes around that text.

    `line` is that of the command. `source` is None where the requirement has no place in the file.
    """

    asked: Asked
    line: int
    source: Passage | None
    enclosing: str = ""


class Steps:
    """Reads the scripts of one stage after the other and gathers what they do."""

    def __init__(self, path: str, lines: Lines) -> None:
        self.path, self.lines = path, lines
        self.notes: list[str] = []
        self.spots: list[Spot] = []
        self.sources: dict[str, str] = {}
        self.commands: list[Command] = []

    def run(self, script: Passage, state: State, line: int, mounted: Sequence[Copy] = ()) -> None:
        """Follow a script in the shell; it changes files and Pythons of the state, not its folder."""
        inner = state.inherited()
        inner.written, inner.made, inner.used = state.written, state.made, state.used
        inner.copies += mounted
        self._script(script, inner, line, "", 0)
        state.python = inner.python

    def execute(self, words: tuple[Word, ...], whole: Passage, state: State, line: int) -> None:
        """Follow a command in the exec form, which no shell reads."""
        simple = Simple(words, {}, (), None, dict(state.variables), {})
        self._command(simple, whole, state, line, '"', 0)

    def _script(self, script: Passage, state: State, line: int, enclosing: str, depth: int) -> None:
        if depth > _DEEPEST:
            self.notes.append(f"Line {line}: a script inside scripts is nested too deep to be read.")
            return
        for simple in simple_commands(script, dict(state.variables)):
            place = script.at(simple.words[0].start)
            number = self.lines.number(place) if place >= 0 else line
            self._command(simple, script, state, number, enclosing, depth)

    def _command(
        self, simple: Simple, script: Passage, state: State, line: int, enclosing: str, depth: int
    ) -> None:
        program = program_of(simple.words)
        if program is None:
            return
        first = program.words[0].text if program.words else ""
        if program.name == "cd":
            state.folder = absolute(first, state.folder)
        elif program.name in (".", "source") and first.endswith("/bin/activate"):
            state.prefix = absolute(first[: -len("/bin/activate")], state.folder)
        elif program.name in ("conda", "mamba", "micromamba") and first == "activate":
            state.prefix = program.words[1].text if len(program.words) > 1 else ""
        elif program.name in ("sh", "eval"):
            self._nested(program, simple, state, line, enclosing, depth)
        elif program.name == "xargs":
            self._of_xargs(program, line)
        else:
            self._write(simple, program, state)
            self._installed(program, simple, script, state, line, enclosing)

    def _nested(
        self, program: Program, simple: Simple, state: State, line: int, enclosing: str, depth: int
    ) -> None:
        before = len(self.commands)
        if program.name == "eval":
            self._script(joined(word.passage for word in program.words), state, line, "mixed", depth + 1)
        elif (word := script_of(program.words)) is not None:
            inner = state.inherited()
            inner.written, inner.made, inner.used = state.written, state.made, state.used
            quotes = enclosing + (word.quoting if word.quoting in ("'", '"') else "mixed")
            self._script(word.passage, inner, line, quotes, depth + 1)
        elif simple.heredoc is not None and simple.heredoc.body is not None:
            self._script(simple.heredoc.body, state.inherited(), line, enclosing, depth + 1)
        if not simple.certain:
            self._doubt(before, simple)

    def _doubt(self, start: int, simple: Simple) -> None:
        """Take back the certainty of commands whose surrounding command has none."""
        kept = [c for c in self.commands[start:] if c.act is not Act.VERIFY or not simple.swallowed]
        self.commands[start:] = [_uncertain(command) for command in kept]

    def _of_xargs(self, program: Program, line: int) -> None:
        words = [w.text for w in program.words[:40]]
        if any(name in words for name in ("install", "add")) and any("pip" in w or w == "uv" for w in words):
            self.notes.append(f"Line {line}: what xargs gives to the installer cannot be known.")

    def _write(self, simple: Simple, program: Program, state: State) -> None:
        for target, adds, content in written_by(simple, program.name, program.words):
            place = absolute(target, state.folder)
            before = state.written.get(place, []) if adds else []
            known = content is not None and before is not None and simple.certain
            known = known and (not adds or place in state.written)
            state.written[place] = [*(before or ()), content] if known and content is not None else None

    def _installed(
        self, program: Program, simple: Simple, script: Passage, state: State, line: int, enclosing: str
    ) -> None:
        install = read_install(program)
        if isinstance(install, Made):
            if install.environment:
                state.made.add(absolute(install.environment, state.folder))
            state.python = install.python or state.python
        elif install is None:
            body = simple.heredoc.body if simple.heredoc is not None else None
            tool = verified_by(program, body.text if body is not None else None)
            if tool and not simple.swallowed:
                self.commands.append(self._plain(Act.VERIFY, tool, simple, script, line))
        elif install.act is Act.VERIFY:
            if not simple.swallowed:
                self.commands.append(self._plain(Act.VERIFY, install.tool, simple, script, line))
        else:
            self._read(install, program, simple, script, state, line, enclosing)

    def _plain(self, act: Act, tool: str, simple: Simple, script: Passage, line: int) -> Command:
        return Command(act, tool, line, _shown(simple, script), certain=simple.certain)

    def _read(
        self,
        install: Install,
        program: Program,
        simple: Simple,
        script: Passage,
        state: State,
        line: int,
        enclosing: str,
    ) -> None:
        asked: list[Asked] = []
        unread: list[Unread] = []
        files = list(install.projects)
        lost = {simple.words[i].start: text for i, text in simple.lost.items() if _LOST.fullmatch(text)}
        reader = _READERS.get(install.kind, read_requirement)
        for word in (*install.operands, *install.editable):
            place = script.at(word.start)
            number = self.lines.number(place) if place >= 0 else line
            result = reader(word, self.path, number)
            if isinstance(result, Asked):
                cut = lost.get(word.start, "")
                asked.append(
                    Asked(result.declared, result.passage, result.start, result.end, result.word, cut)
                )
                self.spots.append(Spot(asked[-1], line, _source(word, script, cut), enclosing))
            elif isinstance(result, Folder):
                files.append(result.path)
            elif isinstance(result, Unread):
                unread.append(result)
        variables = simple.variables | simple.settings | program.settings
        limits = _texts(install.constraints, unread)
        prefix = "UV" if install.tool == "uv" else "PIP"
        if install.kind == "pip" and install.act is Act.INSTALL:
            limits += _listed(variables, f"{prefix}_CONSTRAINT", unread)
        files += _texts(install.files, unread)
        indexes = [index_url(text) for text in _texts(install.indexes, unread)]
        for name in ("INDEX_URL", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "FIND_LINKS", "INDEX"):
            if install.kind == "pip" and (prefix == "UV" or name not in ("DEFAULT_INDEX", "INDEX")):
                indexes += [index_url(text) for text in _listed(variables, f"{prefix}_{name}", unread)]
        kept, listings = self._followed(files, limits, state, variables)
        for listing in listings:
            asked += listing.asked
            unread += listing.unread
            indexes += listing.indexes
        for reason in unread[:20] if not simple.loop else ():
            where = f"Line {line}: `{without_login(reason.text[:80])}` is not read: {reason.why}."
            self.notes.append(where)
        if simple.loop:
            self.notes.append(f"Line {line}: an install in a loop, of which not every turn can be known.")
        self._python(install, state)
        environment = self._environment(install, state)
        if install.kind == "system" and not asked:
            return
        state.used.add(".local" if "--user" in install.options else environment)
        self.commands.append(
            Command(
                act=install.act,
                tool=install.tool,
                line=line,
                text=_shown(simple, script),
                declared=tuple(a.declared for a in asked),
                files=tuple(dict.fromkeys(kept[0])),
                constraints=tuple(dict.fromkeys(kept[1])),
                indexes=tuple(dict.fromkeys(indexes)),
                options=tuple(dict.fromkeys(install.options)),
                environment=environment,
                certain=simple.certain,
                unread=tuple(dict.fromkeys(without_login(u.text[:80]) for u in unread)),
                lost=tuple(a.declared.name + a.lost for a in asked if a.lost),
            )
        )

    def _followed(
        self, files: list[str], limits: list[str], state: State, variables: dict[str, Value]
    ) -> tuple[tuple[list[str], list[str]], list[Listing]]:
        """Return the files that are not written by the Dockerfile, and what is in those that are."""
        kept: tuple[list[str], list[str]] = ([], [])
        listings: list[Listing] = []
        todo = [(name, False, state.folder) for name in files] + [(n, True, state.folder) for n in limits]
        seen: set[tuple[str, bool]] = set()
        while todo:
            name, is_limit, folder = todo.pop(0)
            place = absolute(name, folder)
            contents = state.written.get(place)
            if contents is None or (place, is_limit) in seen:
                if (place, is_limit) not in seen:
                    kept[is_limit].append(name)
                    source = state.source_of(place)
                    if source:
                        self.sources[name] = source
                continue
            seen.add((place, is_limit))
            for content in contents:
                listing = read_listing(content, self.path, self.lines, is_limit, variables)
                listings.append(listing)
                self.spots += [Spot(a, a.declared.line, a.passage, "\n") for a in listing.asked]
                within = posixpath.dirname(place)
                todo += [(name, is_limit, within) for name in listing.files]
                todo += [(name, True, within) for name in listing.constraints]
        return kept, listings

    def _environment(self, install: Install, state: State) -> str:
        if install.kind == "system":
            return "/usr" if is_python_image(state.base) else ""
        chosen = install.environment
        if chosen and ("/" in chosen or chosen.startswith(".")) and "$" not in chosen:
            place = absolute(chosen, state.folder)
            return "" if place in ("/usr", "/usr/local") else place
        if chosen or "--system" in install.options:
            return chosen
        return state.of_uv() if install.tool == "uv" else state.environment()

    def _python(self, install: Install, state: State) -> None:
        version = python_of_system(state.base) if install.python == "system" else install.python
        if version and (not state.python or install.kind == "conda"):
            state.python = version


def _uncertain(command: Command) -> Command:
    """Return a command as one that may not run."""
    return replace(command, certain=False)


def _texts(words: Iterable[Word], unread: list[Unread]) -> list[str]:
    """Return what words say; those that cannot be known go to `unread`."""
    known = []
    for word in words:
        if word.unknown:
            unread.append(Unread(word.text, missing(word)))
        elif word.text:
            known.append(word.text)
    return known


def _listed(variables: dict[str, Value], name: str, unread: list[Unread]) -> list[str]:
    """Return the words of a variable that an installer reads."""
    value = variables.get(name)
    if value is None:
        return []
    if value.unknown:
        unread.append(Unread(f"{name}={value.text}", f"the Dockerfile gives no value for {value.unknown[0]}"))
        return []
    return value.text.split()


def _source(word: Word, script: Passage, lost: str) -> Passage | None:
    """Return a word as it is written, with what the shell takes from it; None if the file has it not."""
    source = script.part(word.start, word.end + len(lost))
    return source if source.is_whole() else None


def _shown(simple: Simple, script: Passage) -> str:
    """Return a command as written, on one line, without logins in its URLs."""
    text = script.text[simple.words[0].start : simple.words[-1].end]
    if script.text.lstrip()[:1] == "[" and simple.words[0].start > 0 and simple.words[0].quoting == '"':
        text = script.text
    return without_login(" ".join(text.split()))
