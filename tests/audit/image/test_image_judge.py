"""What judge_image finds in Dockerfiles, and what it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from npdoctor.audit.image.judge import judge_image
from npdoctor.audit.image.order import numpy_side
from npdoctor.audit.image.read import read_image
from npdoctor.fix.files.requirement_lines import Listed, read_lines
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Finding, Severity
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book(str(Path(__file__).resolve().parents[3] / "rules.toml"))
FROM = "FROM python:3.11-slim\n"
CU121 = "https://download.pytorch.org/whl/cu121"
VERIFY = 'RUN pip check && python -c "import numpy"\n'
MODERN = "numpy>=2.0.0,<3.0.0\nscipy>=1.13.0\ntorch>=2.3.1,<2.5.0\n"


def declared(text: str, path: str) -> tuple[Declared, ...]:
    found = []
    for line in read_lines(text):
        if isinstance(line, Listed):
            specifier = line.joined[line.written.start : line.written.end].strip()
            found.append(Declared(line.name, specifier, path, line.number, exact="==" in specifier))
    return tuple(found)


def judged(text: str, numpy: str = "2.2.6", **files: str) -> tuple[Finding, ...]:
    named = {f"{name}.txt": declared(content, f"{name}.txt") for name, content in files.items()}
    return judge_image(read_image("Dockerfile", text), named, numpy, BOOK)


def titles(text: str, numpy: str = "2.2.6", **files: str) -> list[tuple[str, str]]:
    return [(f.severity.value, f.title) for f in judged(text, numpy, **files)]


GOOD = (
    FROM + "RUN pip install --no-cache-dir -r requirements.txt -c constraints.txt\n" + VERIFY,
    FROM + f"RUN pip install torch==2.3.1 --index-url {CU121}\n"
    f"RUN pip install -r requirements.txt -c constraints.txt --extra-index-url {CU121}\n" + VERIFY,
    FROM
    + f"RUN pip install torch==2.3.1 torchvision==0.18.1 --index-url {CU121}\nRUN pip install flask\n"
    + VERIFY,
    FROM + "RUN pip install flask gunicorn\n",
    FROM + "RUN apt-get update && apt-get install -y git\n",
    "FROM node:20 AS web\nRUN npm ci\n" + FROM + "RUN pip install -r constraints.txt\n" + VERIFY,
    FROM + "RUN pip install -r constraints.txt && npdoctor check --no-import\n",
    FROM + "RUN pip install -r constraints.txt\n" + VERIFY + "COPY . .\nRUN pip install --no-deps -e .\n",
    FROM + "RUN python -m venv /opt/tool && /opt/tool/bin/pip install 'numpy<2'\n"
    "RUN pip install -r constraints.txt\n" + VERIFY,
    FROM + "RUN echo 'numpy>=2,<3' > /c.txt && pip install -c /c.txt numpy scipy\n" + VERIFY,
)


@pytest.mark.parametrize("text", GOOD)
def test_nothing_is_found_in_a_good_dockerfile(text: str) -> None:
    files = {"requirements": MODERN, "constraints": "numpy==2.2.6\ntorch==2.3.1\n"}
    named = {f"{n}.txt": declared(t, f"{n}.txt") for n, t in files.items()} | {".": ()}
    assert judge_image(read_image("Dockerfile", text), named, "2.2.6", BOOK) == ()


def test_the_migration_that_was_only_half_done() -> None:
    text = (
        "FROM runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04\nCOPY requirements.txt .\n"
        "RUN pip install 'numpy>=1.24.0,<2.0.0' --no-cache-dir\n"
        f"RUN pip install torch==2.3.1 torchvision==0.18.1 \\\n    --index-url {CU121}\n"
        "RUN pip install --no-cache-dir -r requirements.txt\n"
    )
    holds, moves, unverified = judged(text, requirements=MODERN)
    assert (holds.severity, holds.title) == (Severity.WARNING, "A step holds NumPy 1")
    assert [e.source for e in holds.evidence] == ["Dockerfile:3", "Dockerfile:6", "requirements.txt:1"]
    assert "'numpy>=2,<3' --no-cache-dir" in holds.remedy
    assert "may move torch" in moves.title
    assert CU121 in moves.message
    assert f"-r requirements.txt 'torch==2.3.1' --extra-index-url {CU121}" in moves.remedy
    assert unverified.title == "Nothing verifies the result"
    assert {f.code for f in (holds, moves, unverified)} == {"NPD504"}
    assert {f.subject for f in (holds, moves, unverified)} == {"Dockerfile"}


def test_the_corrected_migration_still_may_move_torch() -> None:
    text = (
        FROM + f"RUN pip install torch==2.3.1 --index-url {CU121}\nRUN pip install -r requirements.txt\n"
        "RUN python -c \"import numpy; assert numpy.__version__.startswith('2.')\"\n"
    )
    assert titles(text, requirements=MODERN) == [("warning", "A later install may move torch")]


@pytest.mark.parametrize(
    ("steps", "numpy", "severity"),
    [
        ("RUN pip install -r requirements.txt\nRUN pip install 'numpy<2'\n", "2.2.6", "broken"),
        ("RUN pip install -r requirements.txt\nRUN pip install numpy==1.26.4\n", "2.2.6", "broken"),
        ("RUN pip install 'numpy>=2'\n", "1.26.4", "broken"),
        ("RUN pip install 'numpy<2' || true\n", "2.2.6", "warning"),
        ("RUN pip install 'numpy<2'\nRUN pip install h5py\n", "2.2.6", "warning"),
        ("RUN conda install numpy=1.26\n", "2.2.6", "broken"),
        ("RUN echo 'numpy<2' > /c.txt\nRUN pip install -c /c.txt h5py\n", "2.2.6", "warning"),
        ("RUN pip install -c limits.txt h5py\n", "2.2.6", "warning"),
    ],
)
def test_the_other_numpy(steps: str, numpy: str, severity: str) -> None:
    found = titles(FROM + steps + VERIFY, numpy, requirements=MODERN, limits="numpy<2\n")
    holding = [s for s, title in found if title.startswith("A step holds NumPy")]
    assert holding == [severity]


def test_a_pin_on_the_wanted_side_is_no_pin_to_the_other() -> None:
    assert titles(FROM + "RUN pip install numpy==2.1.3\n" + VERIFY) == []
    assert titles(FROM + "RUN pip install 'numpy<2'\n" + VERIFY, "1.26.4") == []


def test_a_stage_that_is_thrown_away_does_not_matter() -> None:
    first = "FROM python:3.11 AS build\nRUN pip install 'numpy<2'\n"
    last = FROM + "RUN pip install 'numpy>=2'\n" + VERIFY
    assert titles(first + last) == []
    assert titles(first + last + "COPY --from=build /usr/local/lib/python3.11/site-packages /x\n") != []
    assert titles(first + "FROM build\nRUN pip install 'numpy>=2'\n" + VERIFY) != []


def test_one_step_that_asks_for_both() -> None:
    (found,) = judged(FROM + "RUN pip install -r requirements.txt 'numpy<2'\n" + VERIFY, requirements=MODERN)
    assert (found.severity, found.title) == (Severity.BROKEN, "A step asks for two versions of numpy")
    assert {e.source for e in found.evidence} == {"Dockerfile:2", "requirements.txt:1"}


@pytest.mark.parametrize(
    ("later", "found"),
    [
        ("RUN pip install -r requirements.txt\n", True),
        ("RUN pip install -r requirements.txt 'torch==2.3.1'\n", False),
        ("RUN pip install -r requirements.txt -c limits.txt\n", False),
        ("RUN pip install -U torch\n", True),
        ("RUN pip install torch\n", False),
        ("RUN pip install accelerate\n", True),
        ("RUN pip install --no-deps accelerate\n", False),
        ("RUN pip install flask\n", False),
        ("RUN pip install torch==2.4.0\n", True),
        ("RUN pip install --force-reinstall torch==2.3.1\n", True),
        ("RUN /opt/other/bin/pip install -r requirements.txt\n", False),
    ],
)
def test_what_may_move_torch(later: str, found: bool) -> None:
    text = FROM + f"RUN pip install torch==2.3.1 --index-url {CU121}\n" + later + VERIFY
    moves = [t for _, t in titles(text, requirements=MODERN, limits="torch==2.3.1\n") if "move" in t]
    assert bool(moves) is found


def test_a_contradiction_between_step_and_file_names_both_lines() -> None:
    text = FROM + "RUN pip install transformers==4.36.0\nRUN pip install -r requirements.txt\n" + VERIFY
    (found,) = judged(text, requirements="numpy>=2\ntransformers>=4.40\n")
    assert found.title == "A later install moves transformers"
    assert [e.source for e in found.evidence] == ["Dockerfile:3", "Dockerfile:2", "requirements.txt:2"]


def test_numpy_pinned_then_a_range() -> None:
    text = FROM + "RUN pip install numpy==2.1.3\nRUN pip install -r requirements.txt\n" + VERIFY
    assert titles(text, requirements="numpy>=2\nscipy\n") == [("warning", "A later install may move numpy")]


def test_verification_has_to_be_last() -> None:
    early = judged(FROM + VERIFY + "RUN pip install numpy==2.2.6\n")
    assert [f.title for f in early] == ["Nothing verifies the result"]
    assert "line 2 comes before it" in early[0].message
    assert titles(FROM + "RUN pip install numpy==2.2.6\n" + VERIFY) == []


def test_versions_that_the_shell_takes() -> None:
    (found,) = judged(FROM + "RUN pip install numpy>=2.0\n" + VERIFY)
    assert found.title == "The shell takes versions for redirections"
    assert "'numpy>=2.0'" in found.remedy


def test_files_that_nobody_read_are_unknown() -> None:
    assert titles(FROM + "RUN pip install -r elsewhere.txt\n") == [
        ("unknown", "Files of the steps were not read")
    ]


@pytest.mark.parametrize(
    ("specifier", "side"),
    [
        ("", 0), ("<2", 1), ("<2.0.0", 1), ("<2.0.0rc1", 1), ("<=1.26.4", 1), ("==1.*", 1), ("~=1.26", 1),
        ("==1.26.4", 1), (">=1.24,<2", 1), ("<2.0.1", 0), ("<3", 0), (">=1.26", 0), ("!=2.0.0", 0),
        (">=2", 2), (">=2.0.0rc1", 2), ("==2.2.6", 2), ("~=2.1", 2), (">1.26", 0), ("<=2", 0),
    ],
)  # fmt: skip
def test_numpy_side(specifier: str, side: int) -> None:
    assert numpy_side(specifier) == side


def test_an_empty_image_has_nothing() -> None:
    assert titles("") == []
