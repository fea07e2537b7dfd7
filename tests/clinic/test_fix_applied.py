"""Fixes applied to real environments: they mend, touch nothing else, and can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

from clinic.examination import examine
from clinic.mending import BROKEN, distributions, fix, tree
from clinic.patients import Environment, admit, snapshot_of_files
from clinic.recipes import MIXED, TWO_OPENCVS_AT_ODDS, WRONG_PYTHON


def test_apply_mends_and_undo_gives_everything_back(six: Environment, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    requirements = b"# ours\r\nscipy==1.11.4  # by ops\r\npandas[excel] >= 2.0\r\nnumpy\r\n"
    (project / "requirements.txt").write_bytes(requirements)
    before, installed = tree(six), distributions(six)
    done = fix(six, project, "--apply")
    assert (done.exit_code, done.document["applied"], done.document["left"]) == (0, True, [])
    after = distributions(six)
    assert {n for n in installed | after if installed.get(n) != after.get(n)} == BROKEN
    assert b"scipy==1.13.0  # by ops\r\n" in (project / "requirements.txt").read_bytes()
    assert "matplotlib==3.8.4" in (project / "constraints.txt").read_text()
    seen = examine(six)
    assert (seen.exit_code, seen.findings(severity="broken")) == (0, [])
    undone = fix(six, project, "--undo")
    assert undone.exit_code == 0
    assert tree(six) == before
    assert (project / "requirements.txt").read_bytes() == requirements
    assert not (project / "constraints.txt").exists()
    assert fix(six, project, "--undo").exit_code == 1


def test_write_writes_only_and_a_file_edited_since_is_not_overwritten(
    six: Environment, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    before = snapshot_of_files(six.prefix)
    done = fix(six, project, "--write", "--no-rehearse", "--lock", "locked.txt")
    locked = (project / "locked.txt").read_text()
    assert "numpy==2.1.3 \\\n    --hash=sha256:" in locked
    assert "scipy==1.13.0 " in locked
    assert done.document["written"] == [str(project / "constraints.txt")]
    assert snapshot_of_files(six.prefix) == before
    again = fix(six, project, "--write", "--no-rehearse")
    assert again.plan["files"] == []
    with (project / "constraints.txt").open("a") as file:
        file.write("mine==1\n")
    undone = fix(six, project, "--undo")
    assert undone.exit_code == 1
    assert undone.document["conflicts"]
    assert "mine==1" in (project / "constraints.txt").read_text()


def test_two_numpys_become_one(tmp_path: Path) -> None:
    environment = admit(MIXED).copy_to(tmp_path / "environment")
    before = tree(environment)
    done = fix(environment, tmp_path / "project", "--apply")
    assert done.document["applied"], done.document
    assert "numpy" not in done.document["left"]
    assert not examine(environment).findings("NPD111")
    assert fix(environment, tmp_path / "project", "--undo").exit_code == 0
    assert tree(environment) == before


def test_of_two_opencvs_one_stays(tmp_path: Path) -> None:
    environment = admit(TWO_OPENCVS_AT_ODDS).copy_to(tmp_path / "environment")
    done = fix(environment, tmp_path / "project", "--apply", "--include-risks")
    assert done.document["applied"], done.document
    left = [name for name in distributions(environment) if name.startswith("opencv")]
    assert len(left) == 1
    assert not examine(environment).findings("NPD206")


def test_a_build_for_another_python_is_replaced(tmp_path: Path) -> None:
    environment = admit(WRONG_PYTHON).copy_to(tmp_path / "environment")
    done = fix(environment, tmp_path / "project", "--apply")
    assert done.document["applied"], done.document
    assert done.changes == {"shapely": ("2.0.6", "2.0.6")}
    assert not examine(environment).findings("NPD105")


def test_editable_and_version_controlled_distributions_are_left_alone(
    six: Environment, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "mine.py").write_text("x = 1\n")
    record(six, "mine", "0.1", {"url": f"file://{source}", "dir_info": {"editable": True}}, "scipy<2")
    record(six, "theirs", "3.0", {"url": "https://host/t", "vcs_info": {"vcs": "git", "commit_id": "ab"}})
    (six.site / "__editable__.mine.pth").write_text(f"{source}\n")
    done = fix(six, tmp_path / "project", "--apply")
    assert set(done.changes) == BROKEN
    assert done.document["applied"], done.document
    after = distributions(six)
    assert (after["mine"], after["theirs"]) == ("0.1", "3.0")


def record(environment: Environment, name: str, version: str, origin: object, *needs: str) -> None:
    """Record a distribution that no index has."""
    folder = environment.site / f"{name}-{version}.dist-info"
    folder.mkdir()
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
    (folder / "INSTALLER").write_text("pip\n")
    (folder / "direct_url.json").write_text(json.dumps(origin))
    files = ("METADATA", "INSTALLER", "direct_url.json", "RECORD")
    (folder / "RECORD").write_text("".join(f"{folder.name}/{file},,\n" for file in files))
