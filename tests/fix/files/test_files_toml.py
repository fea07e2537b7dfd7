"""TOML projects: entries in place, the others where the tool has room for them, the rest byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from files_build import NUMPY, SCIPY, edited, no_place, pin, project, refused, texts, written

HEAD = """\
# header
[build-system]
requires = ["hatchling", "numpy>=1"]   # not installed with the project

[project]
name = "x"   # the name
version = "1"
"""
UV = (
    HEAD
    + """\
dependencies = [
  "numpy<2",   # the array
    'scipy[all] >=1.10 ; python_version >= "3.8"',
  "scipy==1.7; sys_platform == 'win32'",
\t"pandas~=2.0"  # last
]

[dependency-groups]
dev = ["pytest", {include-group = "x"}, "matplotlib==3.7"]  # one line

[tool.other]
text = '''
a
  b'''
"""
)
UV_AFTER = (
    UV.replace('"numpy<2"', '"numpy>=2.1.3,<3"')
    .replace(">=1.10", ">=1.13.0")
    .replace("pandas~=2.0", "pandas~=2.2.2")
    .replace("matplotlib==3.7", "matplotlib==3.8.4")
)
PINS = [NUMPY, SCIPY, pin("pandas", "2.2.2"), pin("matplotlib", "3.8.4")]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_uv_entries_are_edited_in_place(tmp_path: Path, end: str, mark: str) -> None:
    project(tmp_path, {"pyproject.toml": mark + UV.replace("\n", end), "uv.lock": "version = 1\n"})
    done = edited(tmp_path, *PINS)
    assert texts(tmp_path, done) == {"pyproject.toml": mark + UV_AFTER.replace("\n", end)}
    assert done.commands == (("uv", "lock"),)


def test_uv_constraints_take_what_is_not_listed(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = ["pandas"]\n'
    project(tmp_path, {"pyproject.toml": text, "uv.lock": ""})
    added = (
        "\n[tool.uv]\nconstraint-dependencies = [\n"
        '    "numpy>=2.1.3,<3", # NPD101: what the others were built for\n'
        '    "scipy==1.13.0", # NPD101: built for NumPy 1\n]\n'
    )
    done = edited(tmp_path, SCIPY, NUMPY)
    assert texts(tmp_path, done) == {"pyproject.toml": text + added}
    written(tmp_path, done)
    assert edited(tmp_path, SCIPY, NUMPY).edits == ()
    again = texts(tmp_path, edited(tmp_path, pin("scipy", "1.14.1"), pin("pillow", "10.3")))["pyproject.toml"]
    assert '"scipy==1.14.1", # NPD101' in again
    assert '"pillow==10.3",\n]' in again


@pytest.mark.parametrize("listed", ["[]", '["zarr<3"]', '[\r\n  "zarr<3",\r\n]', '[\n  "zarr<3" # c\n]'])
def test_uv_constraints_that_are_there_stay(tmp_path: Path, listed: str) -> None:
    text = (
        HEAD + f'dependencies = ["pandas"]\n[tool.uv]\nconstraint-dependencies = {listed}\nmanaged = true\n'
    )
    project(tmp_path, {"pyproject.toml": text})
    after = texts(tmp_path, edited(tmp_path, SCIPY))["pyproject.toml"]
    assert '"scipy==1.13.0"' in after
    assert after.startswith(text[: text.index(listed)])
    assert after.endswith("managed = true\n")
    assert ("zarr<3" in after) == ("zarr" in listed)


def test_uv_loses_a_removed_name(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = [\n  "a",\n  "scipy",\n  "b",\n]\n[tool.uv]\n'
    project(tmp_path, {"pyproject.toml": text})
    after = texts(tmp_path, edited(tmp_path, pin("scipy", None)))["pyproject.toml"]
    assert after == text.replace('  "scipy",\n', "")


def test_an_exclusion_in_toml_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"pyproject.toml": HEAD + 'dependencies = ["scipy!=1.13.0"]\n[tool.uv]\n'})
    assert "excludes scipy" in refused(tmp_path, SCIPY).reason


def test_a_package_alone_keeps_its_dependencies(tmp_path: Path) -> None:
    project(tmp_path, {"pyproject.toml": UV})
    assert set(texts(tmp_path, edited(tmp_path, *PINS))) == {"constraints.txt"}


def test_a_package_that_is_named_is_edited_and_the_rest_constrained(tmp_path: Path) -> None:
    project(tmp_path, {"pyproject.toml": HEAD + 'dependencies = ["numpy<2"]\n'})
    found = texts(tmp_path, edited(tmp_path, NUMPY, SCIPY, file="pyproject.toml"))
    assert found["pyproject.toml"] == HEAD + 'dependencies = ["numpy>=2.1.3,<3"]\n'
    assert "scipy==1.13.0" in found["constraints.txt"]
    assert "numpy" not in found["constraints.txt"]


POETRY = """\
[tool.poetry]
name = "x"

[tool.poetry.dependencies]
python = "^3.10"
numpy = "^1.26"   # caret
SciPy = {version = "~1.10", extras = ["all"]}  # table
pandas = ">=2.0,<2.1"
pillow = "10.0.0"
zarr = "*"
scikit-image = "0.22.*"
matplotlib = [
    {version = "3.7", python = "<3.9"},
    {version = "3.8", python = ">=3.9"},
]
torch = {git = "https://example.org/torch.git"}

[tool.poetry.group.dev.dependencies]
pytest = "8.0"
"""
POETRY_PINS = [
    NUMPY,
    SCIPY,
    pin("pandas", "2.2.2"),
    pin("pillow", "10.3.0"),
    pin("zarr", "2.18.0"),
    pin("scikit-image", "0.24.0"),
    pin("matplotlib", "3.8.4"),
    pin("torch", "2.3.0"),
    pin("pytest", "8.2.0"),
]


def test_poetry_keeps_the_style_of_each_entry(tmp_path: Path) -> None:
    project(tmp_path, {"pyproject.toml": POETRY})
    done = edited(tmp_path, *POETRY_PINS)
    expected = (
        POETRY.replace("^1.26", "^2.1.3")
        .replace("~1.10", "~1.13.0")
        .replace(">=2.0,<2.1", ">=2.2.2")
        .replace("10.0.0", "10.3.0")
        .replace('"*"', '">=2.18.0"')
        .replace('"0.22.*"', '">=0.24.0,0.24.*"')
        .replace('"3.8", python', '"3.8.4", python')
        .replace('"8.0"', '"8.2.0"')
    )
    assert texts(tmp_path, done) == {"pyproject.toml": expected}
    assert done.commands == (("poetry", "lock"),)
    assert any("torch" in note for note in done.notes)


def test_poetry_gets_a_group_for_what_is_no_dependency(tmp_path: Path) -> None:
    project(tmp_path, {"pyproject.toml": POETRY, "poetry.lock": ""})
    done = edited(tmp_path, pin("numba", "0.60.0", reason="NPD101: why"))
    added = '\n[tool.poetry.group.npdoctor.dependencies]\nnumba = "==0.60.0" # NPD101: why\n'
    assert texts(tmp_path, done) == {"pyproject.toml": POETRY + added}
    written(tmp_path, done)
    assert edited(tmp_path, pin("numba", "0.60.0", reason="NPD101: why")).edits == ()


def test_poetry_2_lists_its_dependencies_in_project(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = ["numpy (>=1.20,<2.0)"]\n\n[tool.poetry]\npackage-mode = false\n'
    project(tmp_path, {"pyproject.toml": text})
    after = text.replace(">=1.20,<2.0", ">=2.1.3,<3")
    assert texts(tmp_path, edited(tmp_path, NUMPY)) == {"pyproject.toml": after}


def test_pdm_overrides_take_what_is_not_listed(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = ["numpy<2"]\n'
    project(tmp_path, {"pyproject.toml": text, "pdm.lock": ""})
    done = edited(tmp_path, NUMPY, SCIPY)
    after = texts(tmp_path, done)["pyproject.toml"]
    assert after == text.replace("numpy<2", "numpy>=2.1.3,<3") + (
        '\n[tool.pdm.resolution.overrides]\nscipy = "1.13.0" # NPD101: built for NumPy 1\n'
    )
    assert done.commands == (("pdm", "lock"),)


def test_pixi_tables_of_conda_and_of_pypi(tmp_path: Path) -> None:
    text = (
        '[workspace]\nname = "x"\n\n[dependencies]\nnumpy = "1.26.*"  # conda\npython = "3.11.*"\n\n'
        '[pypi-dependencies]\nscipy = { version = "==1.10", extras = ["all"] }\n\n'
        '[feature.gpu.pypi-dependencies]\nnumba = ">=0.58,<0.59"\n'
    )
    project(tmp_path, {"pixi.toml": text})
    done = edited(tmp_path, NUMPY, SCIPY, pin("numba", "0.60.0"), pin("zarr", "2.18"))
    expected = (
        text.replace('"1.26.*"', '">=2.1.3,2.1.*,<3"')
        .replace("==1.10", "==1.13.0")
        .replace(">=0.58,<0.59", ">=0.60.0")
        .replace("\n\n[feature", '\nzarr = "==2.18"\n\n[feature')
    )
    assert texts(tmp_path, done) == {"pixi.toml": expected}
    assert done.commands == (("pixi", "install"),)


@pytest.mark.parametrize("content", [b"[project\n", b"\xff", "[project]\n".encode("utf-16")])
def test_what_is_no_toml_plays_no_part_and_cannot_be_named(tmp_path: Path, content: bytes) -> None:
    project(tmp_path, {"pyproject.toml": content, "uv.lock": ""})
    done = edited(tmp_path, SCIPY)
    assert set(texts(tmp_path, done)) == {"constraints.txt"}
    assert any("plays no part" in note for note in done.notes)
    assert "pyproject.toml" in no_place(tmp_path, "pyproject.toml")
