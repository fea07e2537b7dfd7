"""Run `npdoctor fix` on a copy of an environment, from a project folder of the test's own."""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from clinic.patients import Environment

BROKEN = {"matplotlib", "opencv-python-headless", "pandas", "scikit-image", "scikit-learn", "scipy"}
PASSED_OVER = (".pyc", "/.lock", "/.complete")


@dataclass(frozen=True)
class Mended:
    """What one run answered; `document` is empty for an undo in words."""

    exit_code: int
    document: dict[str, Any]
    stdout: str
    stderr: str

    @property
    def plan(self) -> dict[str, Any]:
        """Return the plan."""
        plan: dict[str, Any] = self.document["plan"]
        return plan

    @property
    def changes(self) -> dict[str, tuple[str | None, str | None]]:
        """Map what would change to its versions before and after."""
        return {c["name"]: (c["from"], c["to"]) for c in self.plan["changes"]}


def fix(
    environment: Environment, project: Path, *options: str, environ: Mapping[str, str] | None = None
) -> Mended:
    """Run `npdoctor fix --json` in a project folder; the journal lies beside it."""
    project.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "npdoctor", "fix", "--json", "--python", str(environment.prefix)]
    done = subprocess.run(
        [*command, *options],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NPDOCTOR_HOME": str(project.parent / "journal"), **(environ or {})},
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, f"exit code {done.returncode}\n{done.stderr}"
    document = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    if "plan" in document:
        jsonschema.validate(document, schema())
    return Mended(done.returncode, document, done.stdout, done.stderr)


@functools.cache
def schema() -> dict[str, Any]:
    """Return the schema that the package ships."""
    text = (importlib.resources.files("npdoctor") / "report/schema/fix-1.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def tree(environment: Environment) -> dict[str, str]:
    """Return the checksum of every file of an environment but compiled bytecode and installers' locks."""
    found = {}
    for folder, _, names in os.walk(environment.prefix):
        for name in names:
            path = os.path.join(folder, name)
            if path.endswith(PASSED_OVER):
                continue
            if os.path.islink(path):
                found[path] = "-> " + os.readlink(path)
            else:
                found[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


def distributions(environment: Environment) -> dict[str, str]:
    """Return what is installed, by the names of the metadata folders."""
    names = (path.name.removesuffix(".dist-info") for path in environment.site.glob("*.dist-info"))
    return {name.partition("-")[0].lower().replace("_", "-"): name.partition("-")[2] for name in names}
