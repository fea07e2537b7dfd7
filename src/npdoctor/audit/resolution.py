"""Resolve what the files declare, to see what comes along: for any Python, from wheels only."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from npdoctor.audit.pip_resolution import pip_resolution
from npdoctor.audit.resolved import Lines, NotResolved, Resolved
from npdoctor.fix.engines.choose import find_pip, find_uv
from npdoctor.fix.engines.engine import EngineFailure, Unsolvable
from npdoctor.fix.engines.files import write_lines
from npdoctor.fix.engines.locked import wheels_of
from npdoctor.fix.engines.offers import AT_ONCE, Offers
from npdoctor.fix.engines.pip_tool import PipTool
from npdoctor.fix.engines.standin import StandIn
from npdoctor.fix.engines.uv_tool import ONLY_WHEELS, SECONDS, UvTool
from npdoctor.fix.engines.uv_words import no_answer
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.config import environment_prefix, read_indexes
from npdoctor.probe.index.pip_config import pip_settings
from npdoctor.probe.index.uv_config import uv_indexes
from npdoctor.probe.index.web import WebError

_LINE = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)[^#\n]*(?:# via (.*))?$", re.MULTILINE
)
_FILE = re.compile(r"^-[rc] |^--override ")


class Resolver:
    """Resolves for one target, which need not be the Python at hand; `own` is the interpreter that is."""

    def __init__(
        self,
        own: Target,
        target: Target,
        folder: str,
        environ: Mapping[str, str],
        control: Control | None = None,
    ) -> None:
        self.indexes: Indexes = read_indexes(own.executable, environ, folder)
        self.offers = Offers(self.indexes, target)
        self._own, self._target = own, target
        self._folder, self._environ = folder, environ
        self._control = control or Control()

    def resolve(self, lines: Lines) -> Resolved | NotResolved:
        """Resolve beside the wanted NumPy; where that cannot be, without heeding what is said of NumPy.

        All indexes are asked for the best version, as pip does, and the first that has a name only where
        that would take a stranger's project. Raises Cancelled.
        """
        program = find_uv(self._environ, self._folder)
        if program is None:
            runner = find_pip(self._own, self._environ, None, self._control)
            if runner is None:
                return NotResolved("there is neither uv nor pip to resolve with")
            tool = PipTool(
                runner,
                self._target,
                StandIn(self._own, ()),
                self.indexes,
                self._environ,
                self._constraint(),
                self._control,
            )
            return pip_resolution(tool, lines, self._environ, self._control)
        uv = self._tool(program)
        merged = replace(uv, indexes=replace(self.indexes, merged=True))
        several = uv.told and len(self.indexes.urls) > 1
        answer = self._either_way(merged if several else uv, lines)
        if several and isinstance(answer, Resolved) and self._has_stranger(answer):
            return self._either_way(uv, lines)
        return answer

    def _either_way(self, uv: UvTool, lines: Lines) -> Resolved | NotResolved:
        """Resolve beside the wanted NumPy, else without heeding what is said of NumPy."""
        with tempfile.TemporaryDirectory(prefix="npdoctor-") as desk:
            answer = self._with_uv(uv, desk, lines, overriding=False)
            if not isinstance(answer, Unsolvable):
                return answer
            second = self._with_uv(uv, desk, lines, overriding=True)
            if isinstance(second, Resolved):
                return replace(second, conflict=answer.reason)
            return NotResolved(answer.reason)

    def _has_stranger(self, resolved: Resolved) -> bool:
        """Tell whether a version is not of the index that decides over its name (dependency confusion).

        Only a name that an index before the last one has can be in question.
        """
        first = Offers(replace(self.indexes, urls=self.indexes.urls[:-1], find_links=()), self._target)

        def is_stranger(name: str) -> bool:
            try:
                return bool(first.of(name)) and self.offers.wheel(name, resolved.versions[name]) is None
            except (WebError, InvalidVersion):
                return True

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return any(pool.map(is_stranger, resolved.versions))

    def _tool(self, program: str) -> UvTool:
        return UvTool(
            program,
            StandIn(self._own, ()),
            self.indexes,
            self._folder,
            self._environ,
            not uv_indexes(self._environ, self._folder).configured,
            self._constraint(),
            self._control,
            SECONDS,
        )

    def _constraint(self) -> str:
        """Return the constraints files that pip is configured to heed, as it has them."""
        settings = pip_settings(environment_prefix(self._own.executable), self._environ, self._folder)
        names = settings.get("constraint", "").split()
        paths = [p if "://" in p else os.path.join(self._folder, os.path.expanduser(p)) for p in names]
        return " ".join(paths)

    def _with_uv(
        self, tool: UvTool, desk: str, lines: Lines, overriding: bool
    ) -> Resolved | Unsolvable | NotResolved:
        arguments = [*self._compile(tool), write_lines(desk, "requirements.in", lines.requirements)]
        wanted = (f"numpy=={lines.numpy}",)
        if overriding:
            arguments += ["-c", write_lines(desk, "constraints.txt", lines.constraints)]
            arguments += ["--override", write_lines(desk, "overrides.txt", wanted)]
        else:
            arguments += ["-c", write_lines(desk, "constraints.txt", (*lines.constraints, *wanted))]
        ran = tool.run([*arguments, "--annotation-style", "line"], tool.variables())
        if ran.code != 0:
            answer = no_answer(ran.stderr)
            return NotResolved(answer.reason) if isinstance(answer, EngineFailure) else answer
        versions, via = read_annotated(ran.stdout)
        return Resolved(versions, via, self._wheels(tool, desk, versions), "resolved with uv")

    def _wheels(self, tool: UvTool, desk: str, versions: Mapping[str, str]) -> dict[str, Wheel]:
        """Return the files of exact versions; to ask for them alone spares a second resolution."""
        pins = [f"{name}=={version}" for name, version in versions.items()]
        arguments = [*self._compile(tool), "--no-deps", write_lines(desk, "pins.in", pins)]
        locked = tool.run([*arguments, "--format", "pylock.toml"], tool.variables())
        return wheels_of(locked.stdout, self._target) if locked.code == 0 else {}

    def _compile(self, tool: UvTool) -> list[str]:
        python = ".".join(map(str, self._target.version[:2]))
        arguments = [*tool.pip("compile"), "--quiet", "--no-header", *ONLY_WHEELS]
        return [*arguments, "--python", tool.stand_in.python, "--python-version", python]


def read_annotated(text: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return versions, and who requires each, from what `uv pip compile` prints with line annotations."""
    versions: dict[str, str] = {}
    via: dict[str, tuple[str, ...]] = {}
    for name, version, said in _LINE.findall(text):
        key = canonicalize_name(name)
        versions[key] = version
        named: Sequence[str] = [part.strip() for part in said.split(",")] if said else ()
        via[key] = tuple(
            canonicalize_name(part.partition("[")[0]) for part in named if part and not _FILE.match(part)
        )
    return versions, via
