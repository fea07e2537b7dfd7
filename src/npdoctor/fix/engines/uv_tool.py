"""Start uv for one target, with its indexes told by variables, so that no command line has a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from npdoctor.fix.engines.engine import Command
from npdoctor.fix.engines.run import Ran, run_tool
from npdoctor.fix.engines.standin import StandIn
from npdoctor.model.index import Indexes
from npdoctor.probe.control import Control

SECONDS = 180.0
ONLY_WHEELS = ("--only-binary", ":all:")
# With uv's own 30 s and 3 retries a dead index would be waited for longer than a person does.
_PATIENCE = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}


@dataclass(frozen=True, slots=True, repr=False)  # a printed one would show passwords
class UvTool:
    """What uv is started with.

    `stand_in` stands for the target while planning. `told` is false where uv has indexes of its own
    configuration, which it is left to read by itself. `constraint` names files that pip is configured to
    heed, which uv does not read by itself.
    """

    program: str
    stand_in: StandIn
    indexes: Indexes
    folder: str
    environ: Mapping[str, str]
    told: bool = True
    constraint: str = ""
    control: Control = field(default_factory=Control)
    seconds: float = SECONDS

    def pip(self, verb: str) -> list[str]:
        """Return the beginning of a command of `uv pip`."""
        no_index = ["--no-index"] if self.told and not self.indexes.urls and verb != "uninstall" else []
        return [self.program, "pip", verb, *no_index]

    def variables(self, **further: str) -> dict[str, str]:
        """Return the variables to set beside the environment: indexes, patience, and what was asked for."""
        found = {name: value for name, value in _PATIENCE.items() if name not in self.environ}
        found |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_REQUIRE_HASHES": "0"}
        if self.told:
            found |= _told(self.indexes)
            if self.constraint:
                found["UV_CONSTRAINT"] = _joined(self.environ.get("UV_CONSTRAINT"), self.constraint)
        return found | further

    def run(self, arguments: Sequence[str], environ: Mapping[str, str]) -> Ran:
        """Run uv in the person's folder, where a project may have settings for it; raises Cancelled."""
        command = Command(tuple(arguments), environ, self.folder)
        return run_tool(command, self.environ, self.indexes, self.control, seconds=self.seconds)

    def overriding(self, path: str) -> str:
        """Return the value of UV_OVERRIDE that adds a file to the person's own."""
        return _joined(self.environ.get("UV_OVERRIDE"), path)


def _told(indexes: Indexes) -> dict[str, str]:
    """Return the variables for these indexes; the person's own for the same are replaced."""
    *additional, default = indexes.urls or ("",)
    found = {
        "UV_INDEX": " ".join(additional),
        "UV_DEFAULT_INDEX": default,
        "UV_INDEX_STRATEGY": "unsafe-best-match" if indexes.merged else "first-index",
        "UV_FIND_LINKS": ",".join(_without_spaces(link) for link in indexes.find_links),
        "UV_INSECURE_HOST": " ".join(indexes.trusted_hosts),
        "SSL_CERT_FILE": indexes.certificates or "",
    }
    return {name: value for name, value in found.items() if value}


def _without_spaces(link: str) -> str:
    """Return a place of wheels as uv can read it in a list, whose separators a path may contain."""
    return "file://" + quote(link) if link.startswith("/") and quote(link) != link else link


def _joined(*lists: str | None) -> str:
    return " ".join(entry for entry in lists if entry)
