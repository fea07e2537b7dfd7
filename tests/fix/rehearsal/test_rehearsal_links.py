"""Linking a tree: many files, what cannot be linked, and whether anything was written through a link."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from clinic.patients import snapshot_of_files
from npdoctor.errors import Cancelled
from npdoctor.fix.rehearsal.links import Linker, altered
from npdoctor.probe.control import Control

MEMORY = "/dev/shm"


def linker(*left_out: Path) -> Linker:
    return Linker(frozenset(map(str, left_out)), Control())


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_twenty_thousand_files(tmp_path: Path) -> None:
    for number in range(200):
        folder = tmp_path / f"from/package{number % 20}/part{number}"
        folder.mkdir(parents=True)
        for file in range(100):
            os.close(os.open(folder / f"f{file}.py", os.O_CREAT | os.O_WRONLY))
    found = linker()
    found.take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert len(found.taken) == 20_000
    assert names(tmp_path / "to") == names(tmp_path / "from")
    assert altered(found.taken) == ()


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    (tmp_path / "from/a/b/c").mkdir(parents=True)
    (tmp_path / "from/a/b/c/d").write_text("")
    before = len(os.listdir("/proc/self/fd"))
    linker().take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_is_there_stays(tmp_path: Path) -> None:
    for side in ("from", "to"):
        (tmp_path / side / "package").mkdir(parents=True)
        (tmp_path / side / "package/same.py").write_text(side)
    (tmp_path / "from/package/more.py").write_text("")
    (tmp_path / "from/turned").mkdir()
    (tmp_path / "from/turned/x.py").write_text("")
    (tmp_path / "to/turned").write_text("a file by now")
    found = linker()
    found.take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert (tmp_path / "to/package/same.py").read_text() == "to"
    assert (tmp_path / "to/package/more.py").exists()
    assert (tmp_path / "to/turned").read_text() == "a file by now"
    assert [file.path for file in found.taken] == [str(tmp_path / "from/package/more.py")]


def test_a_package_before_hides_the_whole_one(tmp_path: Path) -> None:
    (tmp_path / "to/package").mkdir(parents=True)
    (tmp_path / "to/package/__init__.py").write_text("")
    (tmp_path / "from/package").mkdir(parents=True)
    (tmp_path / "from/package/old.py").write_text("")
    linker().take_tree(str(tmp_path / "from"), str(tmp_path / "to"), behind=True)
    assert names(tmp_path / "to") == {"package/__init__.py"}


def test_folders_emptied_by_leaving_out_are_not_made(tmp_path: Path) -> None:
    (tmp_path / "from/package/inner").mkdir(parents=True)
    (tmp_path / "from/package/inner/x.py").write_text("")
    (tmp_path / "from/bare/inner").mkdir(parents=True)
    linker(tmp_path / "from/package/inner/x.py").take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert not (tmp_path / "to/package").exists()
    assert (tmp_path / "to/bare/inner").is_dir()


def test_across_file_systems_files_are_copied(tmp_path: Path) -> None:
    if not os.access(MEMORY, os.W_OK) or os.stat(MEMORY).st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    (tmp_path / "from/package").mkdir(parents=True)
    (tmp_path / "from/package/x.py").write_text("x = 1")
    os.mkfifo(tmp_path / "from/pipe")
    with tempfile.TemporaryDirectory(dir=MEMORY) as other:
        found = linker()
        found.take_tree(str(tmp_path / "from"), f"{other}/to")
        assert (found.copied, found.taken) == (1, [])
        assert "cross-device" in found.why_copied.lower()
        (Path(other) / "to/package/x.py").write_text("x = 2")
    assert (tmp_path / "from/package/x.py").read_text() == "x = 1"


def test_a_file_that_nobody_may_read_is_linked(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from/secret").write_text("s")
    (tmp_path / "from/secret").chmod(0)
    found = linker()
    found.take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert os.path.samefile(tmp_path / "from/secret", tmp_path / "to/secret")
    assert found.unread == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "from/closed").mkdir(parents=True)
    (tmp_path / "from/open.py").write_text("")
    (tmp_path / "from/closed").chmod(0)
    found = linker()
    found.take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    (tmp_path / "from/closed").chmod(0o700)
    assert found.unread == [str(tmp_path / "from/closed")]
    assert names(tmp_path / "to") == {"open.py"}


def test_writing_through_a_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for name in ("longer", "same", "left"):
        (tmp_path / "from" / name).write_text("1")
    os.utime(tmp_path / "from/same", ns=(1, 1))
    found = linker()
    before = snapshot_of_files(tmp_path / "from")
    found.take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
    assert snapshot_of_files(tmp_path / "from") == before
    (tmp_path / "to/longer").write_text("12")
    (tmp_path / "to/same").write_text("2")
    assert sorted(altered(found.taken)) == [str(tmp_path / "from/longer"), str(tmp_path / "from/same")]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    (tmp_path / "from").mkdir()
    with pytest.raises(Cancelled):
        Linker(frozenset(), control).take_tree(str(tmp_path / "from"), str(tmp_path / "to"))
