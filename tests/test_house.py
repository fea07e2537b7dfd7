"""The laws of the house that no tool checks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.validate import problems

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
AGENT = sorted((ROOT / "src/npdoctor/agent").glob("*.py"))
MOST_LINES = 400
SAY_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"})
GENERATED = re.compile(r"(^|/)(\.[^/]+|__pycache__|dist|build|[^/]+\.egg-info)(/|$)")
# Assembled, so that this file does not break its own law.
UNFINISHED = re.compile("|".join(rf"\b{first}{last}\b" for first, last in (("TO", "DO"), ("FIX", "ME"))))
OUTSIDE = re.compile(
    "|".join(re.escape(first + last) for first, last in (("../", "shared"), ("/work/", "main")))
)
MACHINE = re.compile(re.escape("/ro" + "ot/"))
# Pods run as root: there the path is knowledge about the world, or what a redactor has to hide.
MACHINE_IS_DATA = (
    "rules.toml",
    "docs/codes/",
    "tests/explain/texts/",
    "tests/patients/",
    "tests/probe/test_numpy_use.py",
    "tests/report/test_redact.py",
)


def own_files() -> tuple[str, ...]:
    """Name the files that belong to the project: what git tracks or would, else all that nothing made."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return tuple(sorted(name for name in done.stdout.split("\0") if (ROOT / name).is_file()))
    found = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(name for name in found if not GENERATED.search(name) or name.startswith(".ci/")))


def lines_of_text() -> Iterator[tuple[str, int, str]]:
    """Yield file, number and text of every line of the project."""
    for name in own_files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield name, number, line


def python27() -> str | None:
    """Find a Python 2.7 on PATH or among the versions of pyenv; a shim that leads nowhere does not count."""
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    kept = sorted(map(str, versions.glob("2.7*/bin/python2.7")))
    for candidate in (*kept, shutil.which("python2.7")):
        if candidate is None:
            continue
        command = [candidate, "-c", "import sys; sys.exit(sys.version_info[:2] != (2, 7))"]
        if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0:
            return candidate
    return None


def test_no_source_file_grows_past_its_room() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_every_name_says_what_is_inside() -> None:
    names = [name for name in own_files() if name.startswith(("src/", "tests/", "docs/", "benchmarks/"))]
    assert [name for name in names if SAY_NOTHING & {part.split(".")[0] for part in name.split("/")}] == []


def test_nothing_points_outside_of_the_repository() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, number, line in lines_of_text()
        if OUTSIDE.search(line) or (MACHINE.search(line) and not name.startswith(MACHINE_IS_DATA))
    ]
    assert found == []


def test_nothing_is_left_open() -> None:
    found = [f"{name}:{number}" for name, number, line in lines_of_text() if UNFINISHED.search(line)]
    assert found == []


def test_the_agent_imports_nothing_of_ours() -> None:
    wrong = [
        f"{path.name}: {line}"
        for path in AGENT
        for line in path.read_text().splitlines()
        if re.match(r"\s*(from|import)\s+(npdoctor|\.)", line)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", AGENT, ids=lambda path: path.name)
def test_the_agent_compiles_here(path: Path) -> None:
    compile(path.read_bytes(), str(path), "exec", dont_inherit=True)


def test_the_agent_parses_on_python_2_7() -> None:
    python = python27()
    if python is None:
        pytest.skip("no python2.7 on PATH or in pyenv")
    program = "import ast, sys\nfor name in sys.argv[1:]:\n    ast.parse(open(name, 'rb').read(), name)\n"
    command = [python, "-c", program, *map(str, AGENT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_rule_book_loads_and_is_in_one_place() -> None:
    assert list(problems(load_rule_book(str(ROOT / "rules.toml")))) == []
    assert [name for name in own_files() if Path(name).name == "rules.toml"] == ["rules.toml"]


def test_what_ci_runs_can_be_run() -> None:
    run = ROOT / ".ci/run"
    assert os.access(run, os.X_OK)
    assert run.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(run)], check=True, timeout=60)
