"""Apply plans to real environments, and take them back."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from installing import install, is_alive, moves, plan_for, tree
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.journal import Journal, entries, rollback_pins
from npdoctor.fix.write.outcome import (
    Applied,
    Events,
    Failed,
    NothingToUndo,
    Refused,
    UndoConflict,
    UndoFailed,
    Undone,
    overwritten_words,
)
from npdoctor.fix.write.undo import undo
from npdoctor.model.plan import Change, FileEdit, Plan, Stage
from npdoctor.probe.control import Control

if TYPE_CHECKING:
    from write.conftest import Ward

UP = moves(alpha="1.0 2.0", beta="1.0 2.0", fresh="- 1.0")


def done(ward: Ward, plan: Plan) -> Applied:
    outcome = apply(plan, ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(outcome, Applied), outcome
    return outcome


def undone(ward: Ward, entry: str | None = None, force: bool = False) -> Undone:
    outcome = undo(entry, str(ward.prefix), force, environ=ward.environ)
    assert isinstance(outcome, Undone), outcome
    assert outcome.lost == ()
    return outcome


def versions(ward: Ward) -> dict[str, str]:
    return {d.name: d.version for d in ward.look().distributions}


def test_what_was_applied_is_there_and_undoing_restores_every_file(ward: Ward) -> None:
    before = ward.tree()
    applied = done(ward, plan_for(*UP))
    assert versions(ward) == {"alpha": "2.0", "beta": "2.0", "fresh": "1.0", "other": "1.0"}
    assert applied.overwritten == ()
    assert (ward.prefix / "bin/alpha2").exists()
    assert (ward.prefix / "share/alpha/2.0.txt").exists()
    assert not (ward.prefix / "share/alpha/1.0.txt").exists()
    back = undone(ward)
    assert ward.tree() == before
    assert back.restored > 30
    assert back.removed > 30
    assert [e.stage for e in entries(str(ward.prefix), ward.environ)] == [Stage.UNDONE]
    assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), NothingToUndo)


def test_nothing_outside_of_the_plan_is_touched(ward: Ward) -> None:
    def others() -> dict[str, tuple[int, int]]:
        paths = [*ward.site.glob("other*"), *ward.site.glob("other*/*"), *ward.site.glob("space/other/*")]
        paths += [ward.prefix / "bin/other", ward.prefix / "pyvenv.cfg"]
        return {str(p): (os.lstat(p).st_ino, os.lstat(p).st_mtime_ns) for p in paths}

    before = others()
    assert len(before) > 6
    done(ward, plan_for(*UP))
    assert others() == before
    undone(ward)
    assert others() == before


def test_what_the_installer_overwrites_beside_the_plan_is_told(ward: Ward) -> None:
    mine = ward.site / "alpha/guest.py"
    mine.write_text("mine")
    outcome = done(ward, plan_for(*moves(guest="- 1.0")))
    assert outcome.overwritten == (str(mine),)
    assert str(mine) in overwritten_words(outcome.overwritten)


def test_a_removal_is_undone(ward: Ward) -> None:
    before = ward.tree()
    done(ward, plan_for(*moves(beta="1.0 -")))
    assert "beta" not in versions(ward)
    undone(ward)
    assert ward.tree() == before


def test_a_reinstall_removes_what_an_other_install_left(ward: Ward) -> None:
    stray = ward.site / "alpha/stray/old.py"
    stray.parent.mkdir()
    stray.write_text("x")
    (ward.site / "alpha/__init__.py").unlink()
    before = ward.tree()
    done(ward, plan_for(*moves(alpha="1.0 1.0")))
    assert not stray.exists()
    assert (ward.site / "alpha/__init__.py").exists()
    undone(ward)
    assert ward.tree() == before


def test_two_records_of_one_distribution_become_one(ward: Ward) -> None:
    second = ward.site / "alpha-0.9.dist-info"
    second.mkdir()
    (second / "METADATA").write_text("Metadata-Version: 2.1\nName: alpha\nVersion: 0.9\n")
    (ward.site / "alpha/nine.py").write_text("")
    (second / "RECORD").write_text(
        "alpha/nine.py,,\nalpha/__init__.py,,\nalpha-0.9.dist-info/METADATA,,\nalpha-0.9.dist-info/RECORD,,\n"
    )
    (ward.site / "alpha/nobody.py").write_text("")
    before = ward.tree()
    done(ward, plan_for(*moves(alpha="1.0 1.0")))
    assert versions(ward)["alpha"] == "1.0"
    assert not second.exists()
    assert not (ward.site / "alpha/nine.py").exists()
    assert not (ward.site / "alpha/nobody.py").exists()
    undone(ward)
    assert ward.tree() == before


def test_a_reinstall_leaves_the_neighbours_of_a_namespace(ward: Ward) -> None:
    nobody = ward.site / "space/nobody.py"
    nobody.write_text("")
    (ward.site / "space/beta/extra.py").write_text("")
    done(ward, plan_for(*moves(beta="1.0 1.0")))
    assert nobody.exists()
    assert (ward.site / "space/other/__init__.py").exists()
    assert not (ward.site / "space/beta/extra.py").exists()


def test_leftovers_go_and_come_back(ward: Ward) -> None:
    leftover = ward.site / "~umpy-1.0.dist-info"
    leftover.mkdir()
    (leftover / "METADATA").write_text("Name: numpy")
    outside = ward.prefix.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("")
    (leftover / "link").symlink_to(outside)
    before = ward.tree()
    done(ward, plan_for(remove=[str(leftover)]))
    assert not leftover.exists()
    assert (outside / "precious").exists()
    undone(ward)
    assert ward.tree() == before


def test_files_of_the_project_are_edited_and_put_back(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_bytes(b"alpha==1.0\r\n")
    project.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(project)
    new = tmp_path / "constraints.txt"
    edits = [FileEdit(str(link), b"alpha==1.0\r\n", b"alpha==2.0\r\n"), FileEdit(str(new), None, b"beta\n")]
    done(ward, plan_for(*UP, edits=edits))
    assert link.is_symlink()
    assert project.read_bytes() == b"alpha==2.0\r\n"
    assert project.stat().st_mode & 0o777 == 0o640
    assert new.read_bytes() == b"beta\n"
    assert undone(ward).files == (str(link), str(new))
    assert project.read_bytes() == b"alpha==1.0\r\n"
    assert not new.exists()
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["link.txt", "requirements.txt"]


def test_a_file_edited_since_is_a_conflict_and_nothing_is_touched(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_bytes(b"old")
    before = ward.tree()
    done(ward, plan_for(*UP, edits=[FileEdit(str(project), b"old", b"new")]))
    project.write_bytes(b"mine")
    after = ward.tree()
    outcome = undo(None, str(ward.prefix), environ=ward.environ)
    assert isinstance(outcome, UndoConflict)
    assert [(c.subject, c.before, c.now) for c in outcome.conflicts] == [(str(project), b"old", b"mine")]
    assert ward.tree() == after
    assert project.read_bytes() == b"mine"
    undone(ward, force=True)
    assert ward.tree() == before
    assert project.read_bytes() == b"old"


@pytest.mark.parametrize("since", ["alpha==3.0", None])
def test_a_version_changed_since_is_a_conflict(ward: Ward, since: str | None) -> None:
    done(ward, plan_for(*UP))
    if since:
        install(ward.python, ward.engine.wheels_in or Path(), [since])
    else:
        for path in ward.site.glob("alpha-2.0.dist-info/*"):
            path.unlink()
        (ward.site / "alpha-2.0.dist-info").rmdir()
    after = ward.tree()
    outcome = undo(None, str(ward.prefix), environ=ward.environ)
    assert isinstance(outcome, UndoConflict)
    found = "version 3.0" if since else "not installed"
    assert [(c.subject, c.found) for c in outcome.conflicts] == [("alpha", found)]
    assert ward.tree() == after


def test_what_was_installed_since_stays(ward: Ward) -> None:
    done(ward, plan_for(*UP))
    install(ward.python, ward.engine.wheels_in or Path(), ["guest==1.0"])
    (ward.site / "mine.pth").write_text("")
    undone(ward)
    assert versions(ward) == {"alpha": "1.0", "beta": "1.0", "other": "1.0", "guest": "1.0"}
    assert (ward.site / "alpha/guest.py").read_text() == "x = 1\n"
    assert (ward.site / "guest/__init__.py").exists()
    assert (ward.site / "mine.pth").exists()


def test_the_newest_entry_goes_first_and_an_older_one_by_its_number(ward: Ward) -> None:
    start = ward.tree()
    first = done(ward, plan_for(*moves(alpha="1.0 2.0")))
    middle = ward.tree()
    second = done(ward, plan_for(*moves(beta="1.0 2.0")))
    assert rollback_pins(second.entry) == ("beta==1.0",)
    assert [e.id for e in entries(None, ward.environ)] == [second.entry.id, first.entry.id]
    assert undone(ward).entry.id == second.entry.id
    assert ward.tree() == middle
    undone(ward, first.entry.id)
    assert ward.tree() == start
    assert isinstance(undo("1", str(ward.prefix), environ=ward.environ), NothingToUndo)
    assert isinstance(undo("77", str(ward.prefix), environ=ward.environ), NothingToUndo)


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
def test_copies_serve_where_no_links_can_be_made(ward: Ward, code: int) -> None:
    def refuse(source: str, place: str) -> None:
        raise OSError(code, os.strerror(code))

    before = ward.tree()
    outcome = apply(plan_for(*UP), ward.look(), ward.engine, environ=ward.environ, link=refuse)
    assert isinstance(outcome, Applied)
    assert not (ward.prefix / ".npdoctor").exists()
    undone(ward)
    assert ward.tree() == before


def test_links_are_kept_in_the_environment_where_the_state_is_elsewhere(ward: Ward) -> None:
    def within(source: str, place: str) -> None:
        if not place.startswith(str(ward.prefix)):
            raise OSError(errno.EXDEV, "elsewhere")
        os.link(source, place)

    before = ward.tree()
    outcome = apply(plan_for(*UP), ward.look(), ward.engine, environ=ward.environ, link=within)
    assert isinstance(outcome, Applied)
    assert outcome.entry.folder.startswith(f"{ward.prefix}/.npdoctor/")
    undone(ward)
    assert ward.tree() == before


def test_what_cannot_be_secured_is_not_begun_and_leaves_nothing(ward: Ward) -> None:
    calls = []

    def full(source: str, place: str) -> None:
        calls.append(place)
        if not place.startswith(str(ward.prefix)):
            raise OSError(errno.EXDEV, "elsewhere")
        if len(calls) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.link(source, place)

    before = ward.tree()
    outcome = apply(plan_for(*UP), ward.look(), ward.engine, environ=ward.environ, link=full)
    assert isinstance(outcome, Failed)
    assert "No space left" in outcome.reason
    assert entries(None, ward.environ) == ()
    assert ward.tree() == before


def test_links_that_have_gone_are_said_to_have_gone(ward: Ward) -> None:
    applied = done(ward, plan_for(*UP))
    os.rename(applied.entry.folder, ward.state / "gone")
    after = ward.tree()
    outcome = undo(None, str(ward.prefix), environ=ward.environ)
    assert isinstance(outcome, UndoFailed)
    assert "alpha==1.0 beta==1.0" in outcome.reason
    assert ward.tree() == after


def test_a_failed_install_is_not_rolled_back_by_itself(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_bytes(b"old")
    before = ward.tree()
    plan = plan_for(*moves(alpha="1.0 9.9", beta="1.0 1.0"), edits=[FileEdit(str(project), b"old", b"new")])
    outcome = apply(plan, ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(outcome, Failed)
    assert "9.9" in outcome.output
    assert outcome.entry
    assert project.read_bytes() == b"new"
    assert "beta" not in versions(ward)
    again = apply(plan_for(*UP), ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(again, Refused)
    assert f"npdoctor undo {outcome.entry.id}" in again.refusals[0].advice
    undone(ward)
    assert ward.tree() == before
    assert project.read_bytes() == b"old"


def test_a_failure_that_changed_nothing_leaves_no_entry(ward: Ward) -> None:
    outcome = apply(plan_for(*moves(alpha="1.0 9.9")), ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(outcome, Failed)
    assert outcome.entry is None
    assert outcome.reason.endswith("Nothing was changed.")
    assert entries(None, ward.environ) == ()


def test_a_plan_for_another_state_is_not_begun(ward: Ward, tmp_path: Path) -> None:
    snapshot = ward.look()
    install(ward.python, ward.engine.wheels_in or Path(), ["alpha==3.0"])
    after = ward.tree()
    outcome = apply(plan_for(*UP), snapshot, ward.engine, environ=ward.environ)
    assert isinstance(outcome, Failed)
    assert "changed since the examination" in outcome.reason
    project = tmp_path / "requirements.txt"
    project.write_bytes(b"mine")
    edit = FileEdit(str(project), b"old", b"new")
    outcome = apply(plan_for(edits=[edit]), ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(outcome, Failed)
    assert "changed since the preview" in outcome.reason
    assert ward.tree() == after
    assert project.read_bytes() == b"mine"


def test_stopping_stops_the_installer(ward: Ward, tmp_path: Path) -> None:
    control = Control()
    shell = ("/bin/sh", "-c", 'sleep 60 & echo "begun $!"; wait; exec "$@"', "sh")

    class StopAtFirstWord(Events):
        def output(self, line: str) -> None:
            control.cancel()

    engine = replace(ward.engine, before=shell)
    outcome = apply(
        plan_for(*UP), ward.look(), engine, StopAtFirstWord(), environ=ward.environ, control=control
    )
    assert isinstance(outcome, Failed)
    assert "stopped" in outcome.reason
    assert not is_alive(int(outcome.output.split()[1]))


def test_credentials_never_reach_the_listener(ward: Ward) -> None:
    heard: list[str] = []

    class Ears(Events):
        def output(self, line: str) -> None:
            heard.append(line)

    shell = (
        "/bin/sh",
        "-c",
        'echo "at $UV_DEFAULT_INDEX with s3cret%21 or s3cret! or $UV_INDEX_X_PASSWORD"; exec "$@"',
    )
    engine = replace(ward.engine, before=(*shell, "sh"))
    environ = {
        **ward.environ,
        "UV_DEFAULT_INDEX": "https://me:s3cret%21@host.example/simple",
        "UV_INDEX_X_PASSWORD": "hunter2x",
    }
    outcome = apply(plan_for(*UP), ward.look(), engine, Ears(), environ=environ)
    assert isinstance(outcome, Applied)
    said = "\n".join([*heard, outcome.output])
    assert "host.example/simple" in said
    assert "s3cret" not in said
    assert "hunter2x" not in said


def test_old_entries_are_pruned_but_never_unfinished_ones(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(str(ward.state))
    change = (Change("alpha", "1.0", "2.0", ""),)
    made = [journal.begin(str(ward.prefix), change, "p", ()) for _ in range(14)]
    for number, record in enumerate(made):
        journal.advance(record, Stage.APPLYING if number == 2 else Stage.APPLIED)
    stranger = journal.advance(journal.begin("/elsewhere", change, "p", ()), Stage.APPLIED)
    Path(made[13].file("entry.json")).write_text("{broken")
    journal.prune(str(ward.prefix))
    left = [e.id for e in entries(str(ward.prefix), ward.environ)]
    assert left == ["13", "12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]
    assert stranger.entry.id in [e.id for e in entries(None, ward.environ)]
    assert ward.state.joinpath("journal").stat().st_mode & 0o777 == 0o700


def test_an_entry_that_was_only_prepared_is_cleared(ward: Ward) -> None:
    before = tree(ward.prefix)
    Journal(str(ward.state)).begin(str(ward.prefix), moves(alpha="1.0 2.0"), "p", ())
    undone(ward)
    assert entries(None, ward.environ) == ()
    assert tree(ward.prefix) == before
