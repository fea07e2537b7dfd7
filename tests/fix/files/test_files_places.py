"""Where pins belong, in the order of what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from files_build import NUMPY, SCIPY, installed, no_place, pin, place_of, project, texts

from npdoctor.fix.files.edit import edit
from npdoctor.fix.files.place import Edited, Kind, Place, Refused
from npdoctor.fix.files.places import find_place
from sample_target import linux_target

PROJECT = "[project]\nname = 'x'\nversion = '1'\ndependencies = []\n"


@pytest.mark.parametrize(
    ("files", "kind", "main"),
    [
        ({}, Kind.CONSTRAINTS, "constraints.txt"),
        ({"pyproject.toml": PROJECT}, Kind.CONSTRAINTS, "constraints.txt"),
        ({"pyproject.toml": "[tool.ruff]\n", "uv.lock": ""}, Kind.UV, "pyproject.toml"),
        ({"uv.lock": ""}, Kind.CONSTRAINTS, "constraints.txt"),
        ({"pyproject.toml": PROJECT + "[tool.uv]\n"}, Kind.UV, "pyproject.toml"),
        ({"pyproject.toml": "[tool.uv]\n", "requirements.txt": ""}, Kind.REQUIREMENTS, "requirements.txt"),
        ({"pyproject.toml": PROJECT, "uv.lock": "", "poetry.lock": ""}, Kind.UV, "pyproject.toml"),
        ({"pyproject.toml": PROJECT + "[tool.pixi.workspace]\n"}, Kind.PIXI, "pyproject.toml"),
        ({"pixi.toml": "", "requirements.txt": ""}, Kind.PIXI, "pixi.toml"),
        ({"pyproject.toml": "[tool.poetry]\n"}, Kind.POETRY, "pyproject.toml"),
        ({"pyproject.toml": PROJECT, "pdm.lock": "", "requirements.txt": ""}, Kind.PDM, "pyproject.toml"),
        ({"requirements.in": "", "requirements.txt": ""}, Kind.COMPILED, "requirements.in"),
        ({"pyproject.toml": PROJECT, "requirements-dev.txt": ""}, Kind.REQUIREMENTS, "requirements-dev.txt"),
        ({"requirements-a.txt": "", "requirements.txt": ""}, Kind.REQUIREMENTS, "requirements.txt"),
        (
            {"requirements/dev.txt": "", "requirements/base.txt": ""},
            Kind.REQUIREMENTS,
            "requirements/base.txt",
        ),
        ({"requirements-constraints.txt": ""}, Kind.CONSTRAINTS, "constraints.txt"),
    ],
)
def test_the_first_that_is_there(tmp_path: Path, files: dict[str, str], kind: Kind, main: str) -> None:
    place = place_of(project(tmp_path, files))
    assert (place.kind, place.path) == (kind, str(tmp_path / main))
    assert place.why.endswith(".")


@pytest.mark.parametrize(
    ("file", "content", "kind"),
    [
        ("deps.txt", "scipy\n", Kind.REQUIREMENTS),
        ("my-constraints.txt", "scipy\n", Kind.CONSTRAINTS),
        ("pins.txt", "# >>> npdoctor\n# <<< npdoctor\n", Kind.CONSTRAINTS),
        ("dev.in", "scipy\n", Kind.COMPILED),
        ("sub/pyproject.toml", PROJECT, Kind.PROJECT),
        ("sub/pyproject.toml", "[tool.poetry]\n", Kind.POETRY),
        ("sub/pixi.toml", "", Kind.PIXI),
        ("conda-meta/pinned", "", Kind.CONDA),
    ],
)
def test_a_file_that_is_named(tmp_path: Path, file: str, content: str, kind: Kind) -> None:
    project(tmp_path, {"requirements.txt": "", "uv.lock": "", "pyproject.toml": PROJECT, file: content})
    place = place_of(tmp_path, file)
    assert (place.kind, place.path) == (kind, str(tmp_path / file))
    assert place_of(tmp_path, str(tmp_path / file)).path == place.path


def test_a_file_that_is_named_and_not_there_yet(tmp_path: Path) -> None:
    assert place_of(tmp_path, "pins.txt").kind is Kind.CONSTRAINTS
    assert "does not exist" in no_place(tmp_path, "requirements.txt")
    assert "does not exist" in no_place(tmp_path, "pyproject.toml")
    done = edit(place_of(tmp_path, "gone/pins.txt"), [SCIPY], linux_target())
    assert isinstance(done, Refused)
    assert "folder that does not exist" in done.reason


@pytest.mark.parametrize("file", ["uv.lock", "pylock.toml", "environment.yml", "other.toml", "setup.py"])
def test_what_is_no_place(tmp_path: Path, file: str) -> None:
    project(tmp_path, {file: ""})
    assert file in no_place(tmp_path, file)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert "is not a folder" in no_place(tmp_path / "gone")


@pytest.fixture
def conda(tmp_path: Path) -> Path:
    """Return the prefix of an environment in which conda installed numpy, scipy and torch."""
    records = {}
    for name, called, version in (
        ("numpy", "numpy", "2.1.3"),
        ("scipy", "scipy", "1.10.0"),
        ("torch", "pytorch", "2.1.0"),
    ):
        folder = f"lib/python3.11/site-packages/{name}-{version}.dist-info"
        record = {"name": called, "version": version, "files": [f"{folder}/METADATA", f"{folder}/RECORD"]}
        records[f"conda-meta/{called}-{version}-0.json"] = json.dumps(record)
    records["conda-meta/broken-1-0.json"] = "{"
    records["conda-meta/history"] = ""
    return project(tmp_path / "env", records)


def conda_edit(folder: Path, prefix: Path, *pins: object, **versions: str) -> tuple[Place, Edited]:
    target = linux_target(str(prefix))
    place = find_place(str(folder), target, installed(str(prefix), **versions))
    assert isinstance(place, Place)
    done = edit(place, pins, target)  # type: ignore[arg-type]
    assert isinstance(done, Edited), done
    return place, done


def test_conda_owned_goes_to_pinned_and_the_rest_to_the_project(tmp_path: Path, conda: Path) -> None:
    pinned = "# held\nconda-forge::Numpy 1.26.* # why\r\npython 3.11.*"
    project(conda, {"conda-meta/pinned": pinned})
    folder = project(tmp_path / "p", {"requirements.txt": "pandas\n"})
    place, done = conda_edit(
        folder,
        conda,
        NUMPY,
        pin("torch", "2.3.0"),
        pin("pandas", "2.2.2"),
        numpy="2.1.3",
        torch="2.1.0",
        pandas="2.0",
    )
    assert place.kind is Kind.CONDA
    found = texts(tmp_path, done)
    assert found["env/conda-meta/pinned"] == (
        "# held\nconda-forge::Numpy >=2.1.3,<3 # why\r\npython 3.11.*\npytorch ==2.3.0\n"
    )
    assert found["p/requirements.txt"] == "pandas>=2.2.2\n"
    specs = ("numpy>=2.1.3,<3", "pytorch==2.3.0")
    assert done.commands == (("conda", "install", "--prefix", str(conda), *specs),)


def test_conda_pinned_is_made_and_stable_and_loses_what_is_removed(tmp_path: Path, conda: Path) -> None:
    folder = project(tmp_path / "p", {})
    _, done = conda_edit(folder, conda, SCIPY, scipy="1.10.0")
    (change,) = done.edits
    assert (change.before, change.after) == (None, b"scipy ==1.13.0\n")
    Path(change.path).write_bytes(change.after or b"")
    assert conda_edit(folder, conda, SCIPY, scipy="1.10.0")[1].edits == ()
    assert conda_edit(folder, conda, pin("scipy", None), scipy="1.10.0")[1].edits[0].after == b""


def test_what_pip_replaced_is_not_conda_s(tmp_path: Path, conda: Path) -> None:
    folder = project(tmp_path / "p", {})
    place, done = conda_edit(folder, conda, SCIPY, scipy="1.11.4")
    assert place.kind is Kind.CONSTRAINTS
    assert set(texts(tmp_path, done)) == {"p/constraints.txt"}


def test_uv_comes_before_conda(tmp_path: Path, conda: Path) -> None:
    folder = project(tmp_path / "p", {"pyproject.toml": PROJECT + "[tool.uv]\n"})
    assert conda_edit(folder, conda, SCIPY, scipy="1.10.0")[0].kind is Kind.UV
