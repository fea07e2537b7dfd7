"""What is read of real lock files; those under locked/ list fewer wheels than the tools wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from npdoctor.audit.sources import read_sources
from npdoctor.model.audit import Source

LOCKED = Path(__file__).parent / "locked"


def lock(folder: Path, original: str, name: str) -> Source:
    shutil.copy(LOCKED / original, folder / name)
    (found,) = read_sources([name], str(folder))
    return found


def versions(source: Source, name: str) -> list[tuple[str, str]]:
    return [(one.specifier, one.marker) for one in source.declared if one.name == name]


FORKS = [
    ("==2.2.6", "python_full_version < '3.11'"),
    ("==2.4.6", "python_full_version == '3.11.*'"),
    ("==2.5.5", "python_full_version >= '3.12'"),
]


@pytest.mark.parametrize(
    ("original", "name", "key"),
    [
        ("uv/uv_lock.toml", "uv.lock", "[[package]]"),
        ("uv/pylock.toml", "pylock.dev.toml", "[[packages]]"),
        ("poetry/poetry.lock", "poetry.lock", "[[package]]"),
        ("pdm/pdm.lock", "pdm.lock", "[[package]]"),
    ],
)
def test_every_entry_is_locked_and_its_line_is_known(
    tmp_path: Path, original: str, name: str, key: str
) -> None:
    found = lock(tmp_path, original, name)
    lines = (LOCKED / original).read_text().splitlines()
    roots = sum('editable = "."' in line or "editable = true" in line for line in lines)
    assert found.kind == "lock"
    assert not found.notes
    assert len(found.declared) == lines.count(key) - roots
    assert all(one.locked and one.exact and not one.direct for one in found.declared)
    for one in found.declared:
        assert lines[one.line - 1] == key
        assert lines[one.line].strip() == f'name = "{one.name}"'
        assert lines[one.line + 1].strip() == f'version = "{one.specifier[2:]}"'


def test_uv_lock_keeps_forks_and_tells_the_graph(tmp_path: Path) -> None:
    found = lock(tmp_path, "uv/uv_lock.toml", "uv.lock")
    assert len(versions(found, "numpy")) == 3
    assert versions(found, "numpy")[0] == FORKS[0]
    assert versions(found, "numpy")[1][1].startswith("(python_full_version == '3.11.*'")
    assert "demo" not in {one.name for one in found.declared}
    graph = dict(found.requires)
    assert set(graph["demo"]) == {
        "numpy",
        "pandas",
        "scipy",
        "matplotlib",
        "opencv-python-headless",
        "pytest",
        "ruff",
    }
    assert "pyarrow" in graph["pandas"]
    assert graph["scipy"] == ("numpy",)
    assert found.python == ">=3.10"


def test_pylock_keeps_forks(tmp_path: Path) -> None:
    found = lock(tmp_path, "uv/pylock.toml", "pylock.toml")
    assert versions(found, "numpy") == FORKS
    assert found.python == ">=3.10"


def test_poetry_lock_tells_graph_groups_and_extras(tmp_path: Path) -> None:
    found = lock(tmp_path, "poetry/poetry.lock", "poetry.lock")
    assert versions(found, "pandas") == [
        ("==2.1.4", 'python_version == "3.10"'),
        ("==2.3.3", 'python_version >= "3.11"'),
    ]
    assert dict(found.requires)["pandas"] == ("numpy", "python-dateutil", "pytz", "tzdata")
    groups = {one.name: (one.group, one.marker) for one in found.declared}
    assert groups["scipy"] == ("science", "")
    assert groups["coverage"] == ("science", 'python_version >= "3.11"')
    assert groups["numpy"] == ("", "")
    assert groups["iniconfig"][0] == ""
    assert found.python == ">=3.10,<4"


def test_pdm_lock_tells_the_graph(tmp_path: Path) -> None:
    found = lock(tmp_path, "pdm/pdm.lock", "pdm.lock")
    assert versions(found, "numpy") == [("==1.26.4", "")]
    assert dict(found.requires)["pandas"] == ("numpy", "python-dateutil", "pytz", "tzdata")
    assert found.python == ">=3.11"


def test_pipfile_lock(tmp_path: Path) -> None:
    data = {
        "_meta": {"requires": {"python_version": "3.11"}},
        "default": {"numpy": {"version": "==1.26.4", "markers": "python_version >= '3.9'"}},
        "develop": {"pytest": {"version": "==8.0"}, "mine": {"path": ".", "editable": True}},
    }
    (tmp_path / "Pipfile.lock").write_text(json.dumps(data, indent=4))
    (found,) = read_sources(["Pipfile.lock"], str(tmp_path))
    assert [(d.name, d.specifier, d.line, d.group) for d in found.declared] == [
        ("numpy", "==1.26.4", 8, ""),
        ("pytest", "==8.0", 14, "dev"),
    ]
    assert found.python == "==3.11.*"


def test_entries_of_other_origin_and_without_version(tmp_path: Path) -> None:
    text = (
        'version = 1\n[[package]]\nname = "a"\nversion = "1.0"\nsource = { git = "https://example.org/a" }\n'
        '[[package]]\nname = "b"\nsource = { registry = "https://example.org" }\n[[package]]\nversion = "1"\n'
    )
    (tmp_path / "uv.lock").write_text(text)
    (found,) = read_sources(["uv.lock"], str(tmp_path))
    assert [(d.name, d.direct, d.line) for d in found.declared] == [("a", True, 2)]
    assert found.notes == (f"{found.path}:6 locks b without a version that can be read.",)


def test_what_a_lock_leaves_to_the_install_does_not_exclude(tmp_path: Path) -> None:
    text = (
        "lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\n"
        "marker = \"'dev' in dependency_groups\"\n"
        "[[packages]]\nname = 'b'\nversion = '1'\nmarker = 'no marker'\n"
    )
    (tmp_path / "pylock.toml").write_text(text)
    (found,) = read_sources(["pylock.toml"], str(tmp_path))
    assert [(d.name, d.marker) for d in found.declared] == [("a", ""), ("b", "")]
