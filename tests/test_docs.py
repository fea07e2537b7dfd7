"""What the documents say is true: pages are generated, links resolve, commands do what is written."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import npdoctor
from npdoctor.rulebook.load import load_rule_book

ROOT = Path(__file__).resolve().parents[1]
SOURCE = Path(npdoctor.__file__).parents[1]
WRITTEN = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/guide.md",
    "docs/benchmarks.md",
    "docs/migration.md",
)
EXECUTED = ("README.md", "docs/guide.md")
LOG = ROOT / "tests/explain/texts/two-numpys-ufunc--mixed-files-under-transformers-4.46.3.txt"
PATIENT = ("numpy==1.26.4", "scipy==1.11.4", "opencv-python-headless==4.9.0.80")
IMPORTED = {
    "six": ("scipy", "pandas", "sklearn", "matplotlib", "cv2", "skimage"),
    "tokens": ("tokenizers",),
    "mixed": ("numpy", "scipy"),
    "opencvs": ("cv2",),
    "leftover": ("numpy",),
}


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string `bash clinic exit=1` in words, and the text block that follows it."""

    file: str
    line: int
    words: tuple[str, ...]
    text: str
    promised: str

    @property
    def exit_code(self) -> int | None:
        """Return the exit code that the block promises, or None where it is only shown."""
        return next((int(word[5:]) for word in self.words if word.startswith("exit=")), None)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def blocks(file: str) -> list[Block]:
    text = (ROOT / file).read_text(encoding="utf-8")
    fenced = list(re.finditer(r"(?m)^```([^\n`]*)\n(.*?)^```$", text, re.DOTALL))
    found = []
    for place, match in enumerate(fenced):
        following = fenced[place + 1] if place + 1 < len(fenced) else None
        near = following is not None and text[match.end() : following.start()].strip() == ""
        promised = following[2] if following is not None and near and following[1] == "text" else ""
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(file, line, tuple(match[1].split()), match[2], promised))
    return found


COMMANDS = [block for file in EXECUTED for block in blocks(file) if block.words[:1] == ("bash",)]
PLAIN = [block for block in COMMANDS if block.exit_code is not None and "clinic" not in block.words]
CLINIC = [block for block in COMMANDS if {"clinic", "patients", "root"} & set(block.words) == {"clinic"}]
IN_ROOT = [block for block in COMMANDS if "root" in block.words]
WITH_PATIENTS = [block for block in COMMANDS if "patients" in block.words]


def generator() -> ModuleType:
    if str(ROOT / "docs") not in sys.path:
        sys.path.append(str(ROOT / "docs"))
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(text: str, folder: Path, *first: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a block in bash, with this npdoctor and the folders `first` in front on PATH."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    program = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
        "from npdoctor.__main__ import main; sys.exit(main())"
    )
    start = shlex.join([sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-c", program])
    for name, command in (("npdoctor", start), ("uv", shlex.join([sys.executable, "-m", "uv"]))):
        (tools / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (tools / name).chmod(0o755)
    (tools / "uvx").write_text(f'#!/bin/sh\nexec {tools}/uv tool run "$@"\n')
    (tools / "uvx").chmod(0o755)
    path = os.pathsep.join([*map(str, first), str(tools), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-euc", text],
        cwd=folder,
        env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def done_well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def empty_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the environments of the README's table as the guide says."""
    folder = tmp_path_factory.mktemp("patients")
    done_well(run(WITH_PATIENTS[0].text, folder))
    return folder


def test_the_pages_of_the_codes_are_what_the_rule_book_says() -> None:
    made = generator()
    pages = made.pages(load_rule_book(str(ROOT / "rules.toml")))
    assert made.differences(ROOT / "docs/codes", pages) == [], "run: python docs/generate.py"


def test_the_page_of_the_migration_is_what_npdoctor_says() -> None:
    wanted = generator().migration_page(load_rule_book(str(ROOT / "rules.toml")))
    assert (ROOT / "docs/migration.md").read_text(encoding="utf-8") == wanted, "run: python docs/generate.py"


def test_every_code_has_a_page() -> None:
    codes = load_rule_book(str(ROOT / "rules.toml")).codes
    pages = {path.stem for path in (ROOT / "docs/codes").glob("NPD*.md")}
    assert pages == set(codes)


def test_a_page_out_of_date_is_noticed(tmp_path: Path) -> None:
    made = generator()
    pages = made.pages(load_rule_book(str(ROOT / "rules.toml")))
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "NPD101.md").write_text("# changed by hand\n")
    (tmp_path / "NPD102.md").unlink()
    (tmp_path / "NPD999.md").write_text("# of no code\n")
    assert made.differences(tmp_path, pages) == ["NPD101.md", "NPD102.md", "NPD999.md"]


@pytest.mark.parametrize("file", WRITTEN)
def test_links_resolve(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    missing = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        place = ((ROOT / file).parent / name) if name else ROOT / file
        if not place.is_file() or (anchor and anchor not in anchors(place)):
            missing.append(link)
    assert missing == []


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_command_is_run_or_says_that_it_is_only_shown() -> None:
    assert PLAIN
    assert CLINIC
    assert [str(b) for b in COMMANDS if b.exit_code is None and b.words[1:] != ("shown",)] == []


def test_the_two_commands_are_there_word_for_word() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines.count("pip install . && npdoctor") == 1
    assert lines.count("pip install -e '.[test]' && pytest") == 1


def test_every_code_named_is_a_code() -> None:
    codes = load_rule_book(str(ROOT / "rules.toml")).codes
    named = {code for file in WRITTEN for code in re.findall(r"\bNPD\d{3}\b", (ROOT / file).read_text())}
    assert named - set(codes) == set()


@pytest.mark.parametrize("block", PLAIN, ids=str)
def test_commands_end_as_written(block: Block, tmp_path: Path) -> None:
    environment = empty_environment(tmp_path / ".venv")
    (tmp_path / "train.log").write_bytes(LOG.read_bytes())
    (tmp_path / "train.py").write_text("import a_module_that_is_not_there\n")
    done = run(block.text, tmp_path, environment / "bin", VIRTUAL_ENV=str(environment))
    assert done.returncode == block.exit_code, done.stdout + done.stderr


@pytest.mark.clinic
@pytest.mark.parametrize("block", CLINIC, ids=str)
def test_commands_on_a_real_environment_end_as_written(block: Block, tmp_path: Path) -> None:
    packages = shlex.join(PATIENT)
    done_well(run(f"uv venv -q -p 3.11 .venv\nuv pip install -q -p .venv {packages}", tmp_path))
    done = run(block.text, tmp_path)
    assert done.returncode == block.exit_code, done.stdout + done.stderr
    assert missing_lines(block.promised, done.stdout) == []


def missing_lines(promised: str, printed: str) -> list[str]:
    """Return the promised lines that were not printed; how the text is wrapped does not matter."""
    whole = " ".join(printed.split())
    return [line for line in promised.splitlines() if " ".join(line.split()) not in whole]


@pytest.mark.clinic
@pytest.mark.parametrize("block", IN_ROOT, ids=str)
def test_a_fresh_clone_installs_as_written(block: Block, tmp_path: Path) -> None:
    done_well(run("uv venv -q --seed fresh", tmp_path))
    fresh = tmp_path / "fresh"
    text = f"cd {shlex.quote(str(ROOT))}\n{block.text}"
    done = run(text, tmp_path, fresh / "bin", VIRTUAL_ENV=str(fresh))
    assert done.returncode == block.exit_code, done.stdout + done.stderr
    assert (fresh / "bin/npdoctor").is_file()
    assert "0 broken" in done.stdout


@pytest.mark.clinic
@pytest.mark.parametrize("block", WITH_PATIENTS[1:], ids=str)
def test_the_measuring_commands_end_as_written(block: Block, patients: Path) -> None:
    done = run(f"set +e\n{block.text}", patients)
    assert done.returncode == block.exit_code, done.stdout + done.stderr
    assert missing_lines(block.promised, done.stdout + done.stderr) == []


@pytest.mark.clinic
@pytest.mark.parametrize("name", list(IMPORTED))
def test_the_table_of_the_readme_is_measured(name: str, patients: Path) -> None:
    assert measured(name, patients) == stated(name)


def stated(name: str) -> tuple[int, int, tuple[int, int], Counter[str]]:
    """Read one row of the table: lines of pip, of uv, imports that fail and all, roots by code."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"(?m)^\| `{name}`:.*$", text)
    pip, uv, imports, own = (cell.strip() for cell in row.strip("|").split("|")[1:])
    failing = re.fullmatch(r"(\d+) of (\d+) fail", imports)
    assert failing
    return (
        named(pip),
        named(uv),
        (int(failing[1]), int(failing[2])),
        Counter({code: int(count) for count, code in re.findall(r"(\d+) × (NPD\d{3})", own)}),
    )


def named(cell: str) -> int:
    return 0 if cell == "nothing" else int(cell.removeprefix("names "))


def measured(name: str, folder: Path) -> tuple[int, int, tuple[int, int], Counter[str]]:
    pip = run(f"uvx -q pip --python {name} check", folder).stdout.splitlines()
    uv = re.search(r"Found (\d+) incompatib", run(f"uv pip check -p {name}", folder).stderr)
    failing = [
        module
        for module in IMPORTED[name]
        if run(f"{name}/bin/python -c 'import {module}'", folder).returncode != 0
    ]
    found = json.loads(run(f"npdoctor check --python {name} --json", folder).stdout)
    roots = [f["code"] for f in found["findings"] if f["cause"] is None and f["severity"] != "info"]
    return (
        len([line for line in pip if line != "No broken requirements found."]),
        int(uv[1]) if uv else 0,
        (len(failing), len(IMPORTED[name])),
        Counter(roots),
    )
