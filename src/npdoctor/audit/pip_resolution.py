"""Resolve what the files declare with pip, where there is no uv.

pip judges markers by the Python that runs it, also for another one (`--python-version`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from npdoctor.audit.resolved import Lines, NotResolved, Resolved
from npdoctor.fix.engines.engine import Command
from npdoctor.fix.engines.files import write_lines
from npdoctor.fix.engines.pip_tool import ONLY_WHEELS, SECONDS, PipTool
from npdoctor.fix.engines.pip_words import filename, no_answer, read_report
from npdoctor.fix.engines.run import run_tool
from npdoctor.model.index import Wheel
from npdoctor.model.requirement import applying
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.address import without_credentials


def pip_resolution(
    tool: PipTool, lines: Lines, environ: Mapping[str, str], control: Control
) -> Resolved | NotResolved:
    """Return what pip would install into an empty environment beside the wanted NumPy; raises Cancelled."""
    python = ".".join(map(str, tool.target.version[:2]))
    with tempfile.TemporaryDirectory(prefix="npdoctor-") as desk:
        report = os.path.join(desk, "report.json")
        wanted = (*lines.constraints, f"numpy=={lines.numpy}")
        arguments = (
            *(tool.runner, "-m", "pip", "install", "--dry-run", "--ignore-installed", *ONLY_WHEELS),
            *("--no-input", "--progress-bar", "off", "--report", report),
            *("--python-version", python, "--target", os.path.join(desk, "empty")),
            *("-r", write_lines(desk, "requirements.txt", lines.requirements)),
            *("-c", write_lines(desk, "constraints.txt", wanted)),
        )
        variables = tool.variables(PIP_USER="0", PIP_REQUIRE_HASHES="0")
        command = Command(arguments, variables, tool.folder)
        ran = run_tool(command, environ, tool.indexes, control, seconds=SECONDS)
        if ran.code != 0:
            answer = no_answer(ran.stdout, ran.stderr, python)
            return NotResolved(ran.stderr.strip() if ran.code is None else answer.reason)
        try:
            with open(report, encoding="utf-8") as file:
                return read_resolution(file.read(), tool.target)
        except (OSError, ValueError) as error:
            return NotResolved(f"what pip reports cannot be read: {error}")


def read_resolution(text: str, target: Target) -> Resolved:
    """Return what an installation report says; raises ValueError where it is none."""
    chosen = read_report(text)
    wheels = {
        one.name: Wheel(one.name, one.version, filename(one.url), without_credentials(one.url), one.sha256)
        for one in chosen
    }
    versions = {one.name: one.version for one in chosen}
    via: dict[str, list[str]] = {}
    items: list[dict[str, Any]] = json.loads(text)["install"]
    for item in items:
        requirer = canonicalize_name(item["metadata"]["name"])
        for required in item["metadata"].get("requires_dist", ()):
            requirement = applying(str(required), target)
            if requirement is not None and canonicalize_name(requirement.name) in versions:
                via.setdefault(canonicalize_name(requirement.name), []).append(requirer)
    return Resolved(
        versions, {name: tuple(found) for name, found in via.items()}, wheels, "resolved with pip"
    )
