"""Start pip for one target: the pip of an interpreter that has it, working on another one."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from npdoctor.fix.engines.engine import Command, EngineFailure, Unsolvable
from npdoctor.fix.engines.files import write_lines
from npdoctor.fix.engines.pip_words import Chosen, no_answer, read_report
from npdoctor.fix.engines.run import Ran, run_tool
from npdoctor.fix.engines.standin import StandIn
from npdoctor.model.index import Indexes
from npdoctor.model.target import Target
from npdoctor.probe.control import Control

SECONDS = 300.0
ONLY_WHEELS = ("--only-binary", ":all:")
# With pip's own 5 retries a dead index would be waited for longer than a person does.
_PATIENCE = {"PIP_RETRIES": "1", "PIP_DEFAULT_TIMEOUT": "10"}


class PipTool:
    """What pip is started with: `runner` is the interpreter whose pip is used.

    `constraint` names files as the person's settings do, by absolute paths: pip runs in a folder of its
    own. That folder is empty, because before Python 3.11 what lies there could be imported.
    """

    def __init__(
        self,
        runner: str,
        target: Target,
        stand_in: StandIn,
        indexes: Indexes,
        environ: Mapping[str, str],
        constraint: str,
        control: Control,
        seconds: float = SECONDS,
    ) -> None:
        self.runner = runner
        self.target = target
        self._stand_in = stand_in
        self.indexes = indexes
        self.folder = tempfile.mkdtemp(prefix="npdoctor-")
        weakref.finalize(self, shutil.rmtree, self.folder, True)
        self._environ = environ
        self._constraint = constraint
        self._control = control
        self._seconds = seconds

    def pip(self, python: str, *arguments: str) -> tuple[str, ...]:
        """Return a command of pip that works on an interpreter."""
        return (self.runner, "-m", "pip", "--python", python, *arguments)

    def variables(self, **further: str) -> dict[str, str]:
        """Return the variables that tell pip the indexes; its other settings it reads by itself."""
        *additional, default = self.indexes.urls or ("",)
        told = {
            "PIP_INDEX_URL": default,
            "PIP_EXTRA_INDEX_URL": " ".join(additional),
            "PIP_NO_INDEX": "" if self.indexes.urls else "1",
            "PIP_FIND_LINKS": " ".join(map(_without_spaces, self.indexes.find_links)),
            "PIP_TRUSTED_HOST": " ".join(self.indexes.trusted_hosts),
            "PIP_CERT": self.indexes.certificates or "",
            "PIP_CONSTRAINT": self._constraint,
        }
        patience = {name: value for name, value in _PATIENCE.items() if name not in self._environ}
        kept = {name: value for name, value in told.items() if value}
        return {**patience, **kept, "PYTHONDONTWRITEBYTECODE": "1", **further}

    def plan(
        self, requirements: Iterable[str], constraints: Iterable[str]
    ) -> tuple[Chosen, ...] | Unsolvable | EngineFailure:
        """Return what pip would install into a stand-in for the target; raises Cancelled."""
        with tempfile.TemporaryDirectory(prefix="npdoctor-") as folder:
            report = os.path.join(folder, "report.json")
            options = ("--dry-run", "--report", report, *ONLY_WHEELS, "--no-input", "--progress-bar", "off")
            files = (
                *("-r", write_lines(folder, "requirements.txt", requirements)),
                *("-c", write_lines(folder, "constraints.txt", constraints)),
            )
            # The stand-in is a virtual environment, where a configured --user would be refused.
            environ = self.variables(PIP_USER="0", PIP_REQUIRE_HASHES="0")
            ran = self._run(
                Command(self.pip(self._stand_in.python, "install", *options, *files), environ, self.folder)
            )
            if ran.code is None:
                return EngineFailure(ran.stderr.strip())
            if ran.code != 0:
                return no_answer(ran.stdout, ran.stderr, ".".join(map(str, self.target.version[:2])))
            try:
                with open(report, encoding="utf-8") as file:
                    return read_report(file.read())
            except (OSError, ValueError) as error:
                return EngineFailure(f"what pip reports cannot be read: {error}")

    def _run(self, command: Command) -> Ran:
        return run_tool(command, self._environ, self.indexes, self._control, seconds=self._seconds)


def _without_spaces(link: str) -> str:
    """Return a place of wheels as pip can read it in a list that is separated by spaces."""
    return "file://" + quote(link) if link.startswith("/") and " " in link else link
