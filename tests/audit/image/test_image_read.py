"""What read_image says of Dockerfiles of real shape."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from npdoctor.audit.image.read import read_image
from npdoctor.model.image import Act, Command, Image


def read(text: str) -> Image:
    return read_image("Dockerfile", text)


def installs(text: str) -> list[Command]:
    return [c for stage in read(text).stages for c in stage.commands if c.act is Act.INSTALL]


def asked(text: str) -> list[str]:
    return [f"{d.line}:{d.name}{d.specifier}" for c in installs(text) for d in c.declared]


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    asked: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    notes: int = 0


PYTHON = "FROM python:3.11-slim\n"
CASES = (
    Case(
        "quoted",
        PYTHON + "RUN pip install 'numpy>=1.24.0,<2.0.0' --no-cache-dir\n",
        ("2:numpy>=1.24.0,<2.0.0",),
    ),
    Case(
        "continued with comments",
        PYTHON + "RUN pip install \\\n    torch==2.3.1 \\\n  # a comment\n\n    scipy==1.13.0\n",
        ("3:torch==2.3.1", "6:scipy==1.13.0"),
    ),
    Case(
        "index with a login",
        PYTHON
        + "RUN pip install torch --index-url https://me:secret@example.org/cu121 --extra-index-url=https://b\n",
        ("2:torch",),
        indexes=("https://example.org/cu121", "https://b"),
    ),
    Case(
        "files and constraints",
        PYTHON + "RUN pip install -r requirements.txt -rmore.txt --constraint=limits.txt -c c.txt\n",
        files=("requirements.txt", "more.txt"),
        constraints=("limits.txt", "c.txt"),
    ),
    Case(
        "values", "ARG V=1.26.4\nFROM a\nARG V\nENV N=numpy\nRUN pip install $N==${V}\n", ("5:numpy==1.26.4",)
    ),
    Case(
        "a default",
        PYTHON + "RUN pip install numpy==${V:-1.26.4} scipy${X:+[x]}\n",
        ("2:numpy==1.26.4", "2:scipy"),
    ),
    Case("global ARG not taken over", "ARG V=1.26.4\nFROM a\nRUN pip install numpy==$V\n", notes=1),
    Case("no value", PYTHON + "ARG V\nRUN pip install numpy==$V scipy\n", ("3:scipy",), notes=1),
    Case(
        "command substitution",
        PYTHON + "RUN pip install $(cat list) `cat more` scipy\n",
        ("2:scipy",),
        notes=2,
    ),
    Case("split value", PYTHON + 'ENV P="numpy<2 scipy"\nRUN pip install $P\n', ("3:numpy<2", "3:scipy")),
    Case("loop", PYTHON + "RUN for p in numpy scipy; do pip install $p; done\n", notes=1),
    Case("exec form", PYTHON + 'RUN ["python3", "-m", "pip", "install", "numpy<2"]\n', ("2:numpy<2",)),
    Case("shell in exec form", PYTHON + 'RUN ["/bin/sh", "-c", "pip install \'numpy<2\'"]\n', ("2:numpy<2",)),
    Case(
        "nested shell",
        PYTHON + "RUN bash -euxo pipefail -c \"pip install 'numpy<2' && true\"\n",
        ("2:numpy<2",),
    ),
    Case(
        "wrapped", PYTHON + "RUN sudo -H env A=b timeout 60 python3.11 -m pip install scipy\n", ("2:scipy",)
    ),
    Case(
        "subshell",
        PYTHON + "RUN (cd /x && pip3.11 install scipy) ; { pip install h5py; }\n",
        ("2:scipy", "2:h5py"),
    ),
    Case("heredoc", PYTHON + "RUN <<EOF\nset -e\npip install 'numpy<2'\nEOF\n", ("4:numpy<2",)),
    Case(
        "two heredocs",
        PYTHON + "RUN cat <<-A > r.txt && cat <<'B' > c.txt && pip install -r r.txt -c c.txt\n"
        "\tscipy\n\tA\nnumpy<2\nB\n",
        ("3:scipy", "5:numpy<2"),
    ),
    Case(
        "copied heredoc",
        PYTHON + "WORKDIR /app\nCOPY <<EOF requirements.txt\nnumpy==1.26.4  # old\n\nscipy\nEOF\n"
        "RUN uv pip install --system -r /app/requirements.txt\n",
        ("4:numpy==1.26.4", "6:scipy"),
    ),
    Case(
        "echoed",
        PYTHON + "RUN echo 'numpy<2' > c.txt && pip install scipy -c c.txt\n",
        ("2:scipy", "2:numpy<2"),
    ),
    Case(
        "echoed, then copied over",
        PYTHON + "RUN echo 'numpy<2' > /c.txt\nCOPY c.txt /c.txt\nRUN pip install scipy -c /c.txt\n",
        ("4:scipy",),
        constraints=("/c.txt",),
    ),
    Case(
        "constraint in ENV",
        PYTHON + "ENV PIP_CONSTRAINT=/c.txt\nRUN pip install scipy\n",
        ("3:scipy",),
        constraints=("/c.txt",),
    ),
    Case("escape directive", "# escape=`\nFROM a\nRUN pip install `\n  numpy\n", ("4:numpy",)),
    Case(
        "conda",
        PYTHON + "RUN conda install -y -c conda-forge numpy=1.26 'pandas>=2' scipy==1.11.4=py_0\n",
        ("2:numpy==1.26.*", "2:pandas>=2", "2:scipy==1.11.4"),
    ),
    Case(
        "micromamba", PYTHON + "RUN micromamba install -n base -f env.yml numpy\n", ("2:numpy",), ("env.yml",)
    ),
    Case("uv", PYTHON + "RUN uv add 'numpy>=2' && uv sync --frozen\n", ("2:numpy>=2",), ("uv.lock",)),
    Case(
        "poetry and pdm",
        PYTHON + "RUN poetry install --no-root && pdm sync && pipenv install\n",
        files=("poetry.lock", "pdm.lock", "Pipfile.lock"),
    ),
    Case(
        "apt",
        PYTHON + "RUN apt-get update && apt-get install -y python3-numpy=1:1.2 python3-pip libgl1\n",
        ("2:numpy",),
    ),
    Case("project", PYTHON + "RUN pip install -e '.[dev]' /src/thing\n", files=("/src/thing", ".")),
    Case(
        "wheel",
        PYTHON + "RUN pip install /w/torch-2.3.1+cu121-cp311-cp311-linux_x86_64.whl\n",
        ("2:torch==2.3.1+cu121",),
    ),
    Case("git", PYTHON + "RUN pip install git+https://t:x@github.com/a/b.git@v1#egg=numpy\n", ("2:numpy",)),
    Case("lost to the shell", PYTHON + "RUN pip install numpy>=1.24,<2 scipy 2>&1\n", ("2:numpy", "2:scipy")),
    Case(
        "not installs",
        PYTHON + "RUN echo pip install numpy && pip download scipy && apt-get update\nCMD pip install a\n",
    ),
    Case("ONBUILD", PYTHON + "ONBUILD RUN pip install 'numpy<2'\n", notes=1),
    Case("no FROM", "RUN pip install numpy\n", notes=1),
    Case("PowerShell", 'FROM a\nSHELL ["powershell", "-Command"]\nRUN pip install numpy\n', notes=1),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_installed(case: Case) -> None:
    image = read(case.text)
    found = installs(case.text)
    assert asked(case.text) == list(case.asked)
    assert tuple(f for c in found for f in c.files) == case.files
    assert tuple(f for c in found for f in c.constraints) == case.constraints
    assert tuple(i for c in found for i in c.indexes) == case.indexes
    assert len(image.notes) == case.notes, image.notes
    assert not any("secret" in c.text or "t:x@" in c.text for c in found)


def test_lines_that_only_limit_are_constraints() -> None:
    (command,) = installs(PYTHON + "RUN printf 'numpy<2\\nscipy\\n' > c.txt && pip install h5py -c c.txt\n")
    assert [(d.name, d.constraint) for d in command.declared] == [
        ("h5py", False),
        ("numpy", True),
        ("scipy", True),
    ]


def test_what_the_shell_takes_is_named() -> None:
    (command,) = installs(PYTHON + "RUN pip install numpy>=1.24,<2 'scipy>=1'\n")
    assert command.lost == ("numpy>=1.24,<2",)
    assert [d.specifier for d in command.declared] == ["", ">=1"]


@pytest.mark.parametrize(
    ("step", "verifies"),
    [
        ('python -c "import numpy; print(numpy.__version__)"', True),
        ("python3 -c 'from scipy import stats'", True),
        ('python -c "import sys; print(sys.version)"', False),
        ("pip check", True),
        ("uv pip check", True),
        ("npdoctor check --no-import", True),
        ("npdoctor --version", False),
        ("python -m pytest -q", True),
        ("uv run pytest", True),
        ("python verify_install.py", True),
        ("python train.py", False),
        ("python - <<EOF\nimport torch\nEOF", True),
        ("<<EOF\n#!/usr/bin/env python3\nimport torch\nEOF", True),
        ("<<EOF\n#!/bin/bash -e\npip check\nEOF", True),
        ('python -c "import numpy" || true', False),
        ('python -c "import numpy" || (echo failed && exit 1)', True),
        ("pip list", False),
        ("echo import numpy", False),
    ],
)
def test_verification(step: str, verifies: bool) -> None:
    commands = read(f"{PYTHON}RUN {step}\n").stages[-1].commands
    assert [c.act for c in commands] == [Act.VERIFY] * verifies


@pytest.mark.parametrize(
    ("step", "certain"),
    [
        ("pip install numpy", True),
        ("a && pip install numpy", True),
        ("pip install numpy || true", False),
        ("pip install numpy || exit 1", True),
        ("false || pip install numpy", False),
        ('if [ "$A" = 1 ]; then pip install numpy; fi', False),
        ("(a && pip install numpy) || true", False),
        ("a || true; pip install numpy", True),
    ],
)
def test_certainty(step: str, certain: bool) -> None:
    (command,) = installs(f"{PYTHON}RUN {step}\n")
    assert command.certain is certain


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("RUN pip install numpy", ""),
        ("RUN /opt/venv/bin/pip install numpy", "/opt/venv"),
        ("RUN /usr/local/bin/pip install numpy", ""),
        ('RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nRUN pip install numpy', "/opt/venv"),
        ("ENV PATH=/opt/tools/bin:$PATH\nRUN pip install numpy", ""),
        ("RUN python -m venv v && . v/bin/activate && pip install numpy", "/v"),
        ("ENV VIRTUAL_ENV=/v\nRUN uv pip install numpy", "/v"),
        ("ENV VIRTUAL_ENV=/v\nRUN uv pip install --system numpy", ""),
        ("RUN conda run -n ml pip install numpy", "ml"),
        ('SHELL ["conda", "run", "-n", "ml", "/bin/bash", "-c"]\nRUN pip install numpy', "ml"),
        ("RUN pip install --target /opt/lib numpy", "/opt/lib"),
    ],
)
def test_environment(text: str, environment: str) -> None:
    assert [c.environment for c in installs(f"FROM ubuntu:22.04\n{text}\n")] == [environment]


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("FROM python:3.11-slim\n", "3.11"),
        ("FROM runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04\n", "3.10"),
        ("FROM continuumio/miniconda3:py310_23.3.1-0\n", "3.10"),
        ("FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime\n", ""),
        ("FROM nvcr.io/nvidia/pytorch:23.10-py3\n", ""),
        ("FROM localhost:5000/python\n", ""),
        ("ARG P=3.12\nFROM python:${P}-slim AS a\nFROM a\n", "3.12"),
        (
            "FROM nvidia/cuda:12.1.1-devel-ubuntu20.04\nRUN apt-get install -y python3.11-venv\n",
            "3.11",
        ),
        ("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN apt-get install -y python3-pip\n", "3.10"),
        ("FROM continuumio/miniconda3\nRUN conda create -n ml python=3.9 numpy\n", "3.9"),
        ("FROM debian\nRUN uv venv --python 3.12 /v\n", "3.12"),
        ("FROM python:3.9 AS build\nFROM python:3.11\n", "3.11"),
    ],
)
def test_python(text: str, python: str) -> None:
    assert read(text).python == python


def test_stages_are_linked_by_what_is_copied() -> None:
    text = (
        "FROM node AS web\nFROM python:3.11 AS build\n"
        "RUN python -m venv /opt/venv && /opt/venv/bin/pip install numpy\n"
        "FROM python:3.11\nCOPY --from=web /dist /static\nCOPY --from=build /app/config /config\n"
    )
    assert read(text).stages[-1].copied_from == ()
    assert read(text + "COPY --from=build /opt/venv /opt/venv\n").stages[-1].copied_from == ("build",)
    assert read(text + "COPY --from=1 /opt/venv/lib/python3.11/site-packages /p\n").stages[
        -1
    ].copied_from == ("1",)


def test_files_are_traced_to_the_build_context() -> None:
    text = (
        "FROM a\nWORKDIR /app\nCOPY deps/requirements.txt ./\nCOPY src /app/src\nCOPY req*.txt /tmp/\n"
        "RUN pip install -r requirements.txt -r src/more.txt -r /tmp/required.txt -r /else.txt\n"
        "RUN --mount=type=bind,source=lock/r.txt,target=/l.txt pip install -r /l.txt\n"
    )
    assert dict(read(text).sources) == {
        "requirements.txt": "deps/requirements.txt",
        "src/more.txt": "src/more.txt",
        "/tmp/required.txt": "required.txt",
        "/l.txt": "lock/r.txt",
    }
