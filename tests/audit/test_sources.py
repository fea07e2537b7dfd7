"""What is read of requirements, constraints, project files, conda environments and Dockerfiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from npdoctor.audit.sources import read_sources
from npdoctor.errors import UsageError
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared


def written(folder: Path, files: dict[str, str | bytes]) -> str:
    for name, what in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(what if isinstance(what, bytes) else what.encode())
    return str(folder)


def read(folder: Path, files: dict[str, str | bytes], *named: str) -> tuple[Source, ...]:
    return read_sources(named or (next(iter(files)),), written(folder, files))


def told(source: Source) -> list[tuple[str, str, int, str]]:
    return [(one.name, one.specifier, one.line, one.group) for one in source.declared]


def test_requirements_lead_to_what_they_include_and_each_file_is_read_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "requirements.txt": "-r more/b.txt\nNumPy[x] >= 1 ; python_version > '3.8'\n"
        "-c held.txt\n-r gone.txt\n-e .\n",
        "more/b.txt": "-r ../requirements.txt\n-c ../held.txt\nscipy==1.10 --hash=sha256:aa\n",
        "held.txt": "pillow<11\n",
        "pyproject.toml": "[project]\nname='x'\ndependencies=['pandas']\n",
    }
    found = read(tmp_path, files, "requirements.txt", "held.txt")
    assert [(os.path.relpath(s.path, tmp_path), s.kind) for s in found] == [
        ("requirements.txt", "requirements"),
        ("more/b.txt", "requirements"),
        ("held.txt", "constraints"),
        ("pyproject.toml", "pyproject"),
    ]
    path = str(tmp_path / "requirements.txt")
    assert found[0].declared == (Declared("numpy", ">= 1", path, 2, 'python_version > "3.8"', ("x",)),)
    assert found[0].notes == (f"{path}:4 names gone.txt, which does not exist.",)
    assert found[1].declared[0].hashed
    assert found[2].declared[0].constraint
    assert not found[1].notes


def test_wheels_and_archives_by_url_tell_their_version(tmp_path: Path) -> None:
    text = (
        "https://user:pass@example.org/torch-2.1.0%2Bcu121-cp311-cp311-linux_x86_64.whl\n"
        "numpy @ https://example.org/numpy-1.26.4.tar.gz#sha256=aa\n"
        "-e git+https://example.org/x.git#egg=Some.Thing\n"
        "./local/folder\n-r https://user:pass@example.org/r.txt\n--index-url https://example.org/simple\n"
    )
    (found,) = read(tmp_path, {"requirements.txt": text})
    assert [(d.name, d.specifier, d.direct, d.exact) for d in found.declared] == [
        ("torch", "==2.1.0+cu121", True, True),
        ("numpy", "==1.26.4", True, True),
        ("some-thing", "", True, False),
    ]
    assert found.notes == (f"{found.path}:5 names a URL, which was not fetched.",)


def test_encodings_line_ends_and_continued_lines(tmp_path: Path) -> None:
    texts = {
        "bom.txt": b"\xef\xbb\xbfnumpy>=1\r\nscipy \\\r\n  >=1.10\r\n",
        "wide.txt": "numpy>=1\r\nscipy \\\r\n  >=1.10\r\n".encode("utf-16"),
        "latin.txt": b"# -*- coding: latin-1 -*- \xe9\rnumpy>=1\rscipy>=1.10\r",
    }
    for name, data in texts.items():
        (found,) = read(tmp_path, {name: data})
        shift = name == "latin.txt"
        assert told(found) == [("numpy", ">=1", 1 + shift, ""), ("scipy", ">=1.10", 2 + shift, "")]


def test_pyproject_with_groups_that_include_groups(tmp_path: Path) -> None:
    text = (
        "[build-system]\nrequires = ['numpy==2.0']\n"
        "[project]\nname = 'x'\nrequires-python = '>=3.10'\ndependencies = [\n  # scipy>=1\n"
        "  'scipy>=1',\n]\n"
        "[project.optional-dependencies]\nimage = ['opencv-python>=4.5']\n"
        "[dependency-groups]\ntest = ['pytest>=8']\n"
        "dev = [{include-group = 'Test'}, 'ruff', 'not a requirement']\n"
        "[tool.uv]\nconstraint-dependencies = ['pillow<12']\noverride-dependencies = ['numba>=0.58']\n"
        "dev-dependencies = ['mypy']\n[tool.uv.sources]\nscipy = { git = 'https://example.org/s' }\n"
        "ruff = { index = 'mine' }\n"
    )
    (found,) = read(tmp_path, {"pyproject.toml": text})
    assert sorted(told(found), key=lambda one: one[2]) == [
        ("scipy", ">=1", 8, ""),
        ("opencv-python", ">=4.5", 11, "image"),
        ("pytest", ">=8", 13, "test"),
        ("pytest", ">=8", 13, "dev"),
        ("ruff", "", 14, "dev"),
        ("pillow", "<12", 16, ""),
        ("numba", ">=0.58", 17, ""),
        ("mypy", "", 18, "dev"),
    ]
    assert found.python == ">=3.10"
    assert {d.name for d in found.declared if d.constraint} == {"pillow", "numba"}
    assert {d.name for d in found.declared if d.direct} == {"scipy"}
    assert found.notes == (
        f"{found.path}: entry 3 of dependency-groups.dev could not be read as a requirement.",
    )


def test_groups_that_include_each_other_end(tmp_path: Path) -> None:
    text = "[dependency-groups]\na = ['numpy', {include-group = 'b'}]\nb = ['scipy', {include-group = 'a'}]\n"
    (found,) = read(tmp_path, {"pyproject.toml": text})
    assert sorted((d.name, d.group) for d in found.declared) == [
        ("numpy", "a"),
        ("numpy", "b"),
        ("scipy", "a"),
        ("scipy", "b"),
    ]


def test_poetry_in_the_words_of_pep_440(tmp_path: Path) -> None:
    text = (
        "[tool.poetry.dependencies]\npython = '^3.10'\nnumpy = '^1.26'\n"
        "scipy = {version='~1.11', optional=true}\n"
        "pandas = [\n {version='2.1.4', python='<3.11'},\n {version='*', markers=\"os_name == 'nt'\"},\n]\n"
        "zarr = '^2 || ^3'\nnumba = {git='https://example.org/n'}\n"
        "[tool.poetry.group.dev.dependencies]\npytest = '^0.0.3'\n[tool.poetry.extras]\nscience = ['scipy']\n"
    )
    (found,) = read(tmp_path, {"pyproject.toml": text})
    assert told(found) == [
        ("numpy", ">=1.26,<2", 3, ""),
        ("scipy", ">=1.11,<1.12", 4, "science"),
        ("pandas", "==2.1.4", 6, ""),
        ("pandas", "", 7, ""),
        ("numba", "", 10, ""),
        ("pytest", ">=0.0.3,<0.0.4", 12, "dev"),
    ]
    assert [d.marker for d in found.declared[2:4]] == ["python_full_version < '3.11'", "os_name == 'nt'"]
    assert found.declared[2].exact
    assert found.python == ">=3.10,<4"
    assert "says of zarr" in found.notes[0]


def test_setup_cfg(tmp_path: Path) -> None:
    text = (
        "[metadata]\nname = x\n[options]\npython_requires = >=3.9\ninstall_requires =\n    numpy>=1.20\n"
        "    # scipy>=1\n    scipy; python_version > '3.8'\n[options.extras_require]\ngpu = torch==2.1\n"
    )
    (found,) = read(tmp_path, {"setup.cfg": text})
    assert told(found) == [("numpy", ">=1.20", 6, ""), ("scipy", "", 8, ""), ("torch", "==2.1", 10, "gpu")]
    assert found.python == ">=3.9"


def test_pipfile(tmp_path: Path) -> None:
    text = (
        "[packages]\nnumpy = '*'\nscipy = {version = '~=1.10'}\n[dev-packages]\npytest = '==8.0'\n"
        "[requires]\npython_version = '3.11'\n"
    )
    (found,) = read(tmp_path, {"Pipfile": text})
    assert told(found) == [("numpy", "", 2, ""), ("scipy", "~=1.10", 3, ""), ("pytest", "==8.0", 5, "dev")]
    assert found.python == "==3.11.*"


def test_pixi(tmp_path: Path) -> None:
    text = (
        "[dependencies]\npython = '3.11.*'\nnumpy = '>=1.26,<2'\n[pypi-dependencies]\ntorch = '==2.1'\n"
        "[feature.gpu.dependencies]\ncupy = '13.*'\n"
    )
    (found,) = read(tmp_path, {"pixi.toml": text})
    assert told(found) == [
        ("numpy", ">=1.26,<2", 3, ""),
        ("cupy", "==13.*", 7, "gpu"),
        ("torch", "==2.1", 5, ""),
    ]
    assert found.python == "==3.11.*"


def test_conda_environment(tmp_path: Path) -> None:
    text = (
        "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - numpy=1.26 # why\n"
        "  - 'conda-forge::scipy>=1.10,<2'\n  - pytorch==2.1.0=py3.11_cuda\n  - pip:\n    - pandas<2\n"
    )
    (found,) = read(tmp_path, {"environment.yml": text})
    assert told(found) == [
        ("numpy", "==1.26.*", 6, ""),
        ("scipy", ">=1.10,<2", 7, ""),
        ("pytorch", "==2.1.0", 8, ""),
        ("pandas", "<2", 10, ""),
    ]
    assert found.python == "==3.11.*"
    with pytest.raises(UsageError, match=r"has a form of YAML in line 1 that is not read\.$"):
        read(tmp_path, {"environment.yaml": "dependencies: [numpy]\n"})


def test_files_that_a_build_takes_dependencies_from(tmp_path: Path) -> None:
    text = (
        "[project]\nname='x'\ndynamic=['dependencies']\n"
        "[tool.setuptools.dynamic]\ndependencies = {file = ['requirements.txt']}\n"
    )
    found = read(tmp_path, {"pyproject.toml": text, "requirements.txt": "numpy\n"})
    assert [os.path.basename(source.path) for source in found] == ["pyproject.toml", "requirements.txt"]
    assert not found[0].notes
    (found_alone,) = read(tmp_path, {"pyproject.toml": "[project]\nname='x'\ndynamic=['dependencies']\n"})
    assert found_alone.notes[0].endswith(
        "what builds the project sets its dependencies, which were not read."
    )


def test_a_dockerfile_and_the_files_that_it_installs(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11 AS tools\nRUN pip install ruff\nFROM python:3.11-slim\n"
        "COPY deps/requirements.txt /tmp/r.txt\n"
        "RUN pip install 'numpy>=1.24,<2' && pip install -r /tmp/r.txt -r other.txt\nCOPY . .\n"
        "RUN pip install .\n"
    )
    files: dict[str, str | bytes] = {
        "Dockerfile": text,
        "deps/requirements.txt": "scipy\n",
        "pyproject.toml": "[project]\nname='x'\ndependencies=['pandas']\n",
    }
    found = read(tmp_path, files)
    assert [os.path.relpath(s.path, tmp_path) for s in found] == list(files)
    assert told(found[0]) == [("numpy", ">=1.24,<2", 5, "")]
    assert found[0].image is not None
    assert found[0].image.python == "3.11"
    assert f"{found[0].path}:5 installs from other.txt, which is not beside it." in found[0].notes


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("deps", "numpy>=1\n# x\n--index-url https://example.org\n", "requirements"),
        ("image", "# syntax=x\nFROM python:3.11\nRUN pip install numpy\n", "dockerfile"),
        ("other.toml", "[project]\nname='x'\n", "pyproject"),
        ("lock.toml", "version = 1\n\n[[package]]\nname='x'\nversion='1'\n", "lock"),
        ("app.Dockerfile", "FROM x\n", "dockerfile"),
        ("dev-constraints.txt", "numpy<2\n", "constraints"),
    ],
)
def test_the_reader_is_known_by_name_then_by_content(tmp_path: Path, name: str, text: str, kind: str) -> None:
    assert [source.kind for source in read(tmp_path, {name: text})] == [kind]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("README.md", b"# Title\nnumpy is nice, is it not\n", "is none of requirements"),
        ("setup.py", b"import setuptools\nsetuptools.setup()\n", "is none of requirements"),
        ("requirements.txt", b"\x00\x01\x02", "is not a text file"),
        ("requirements.txt", b"\xff\xfe\xfa", "cannot be read as"),
        ("requirements.txt", b"\xe9\xe9", "cannot be read as UTF-8"),
        ("requirements.txt", b"a" * 100_001, "has a line 1 of more than 100,000 characters"),
        ("requirements.txt", b"numpy\n-r " + b"a" * 2_000_000, "has a line 2 of more than"),
        ("pyproject.toml", b"[project]\nname = \n", "line 2"),
        ("pyproject.toml", b"a = " + b"[" * 100_000, "is nested too deeply to be read"),
        ("pyproject.toml", b"a = " + b"1" * 10_000, "has a value that cannot be read"),
        ("uv.lock", b"version = 1\n[[package]\n", "line 2"),
        ("poetry.lock", b"[tool]\n", "is no lock file"),
        ("Pipfile.lock", b"{", "is not valid JSON"),
        ("setup.cfg", b"[options]\n??\n", "is not valid, see line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read(tmp_path, {name: data})
    assert str(refusal.value).startswith(f"{name} ")
    assert why in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_paths_that_lead_to_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^gone\.txt does not exist\.$"):
        read_sources(["gone.txt"], str(tmp_path))
    with pytest.raises(UsageError, match=r"is a folder: name a file in it\.$"):
        read_sources([str(tmp_path)], str(tmp_path))


def test_included_files_that_cannot_be_read_are_notes(tmp_path: Path) -> None:
    found = read(tmp_path, {"requirements.txt": "-r bad.txt\nnumpy\nscipy==${X}\n", "bad.txt": b"\0"})
    path = str(tmp_path / "requirements.txt")
    assert found[0].notes == (
        f"{path}:3 could not be read as a requirement.",
        f"{path}:1 names bad.txt, which is not a text file.",
    )
