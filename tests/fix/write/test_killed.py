"""Kill npdoctor at many moments of applying and of undoing; undoing afterwards restores everything."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from installing import moves, plan_for
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.journal import entries
from npdoctor.fix.write.outcome import Applied, NothingToUndo, UndoConflict, Undone
from npdoctor.fix.write.undo import undo
from npdoctor.model.plan import FileEdit, Stage

if TYPE_CHECKING:
    from write.conftest import Ward

HERE = Path(__file__).parent
APPLY_MOMENTS = [
    *(f"stage:{name}" for name in ("keeping", "ready", "applying", "clearing", "verifying")),
    *(f"stage:installing:{seconds}" for seconds in (0, 0.01, 0.03)),
    *(f"call:{number}" for number in (5, 9, 14)),
]
UNDO_MOMENTS = ["stage:removing", "stage:files", *(f"call:{number}" for number in (2, 20, 60, 100))]
CHANGES = moves(alpha="1.0 1.0", beta="1.0 2.0", fresh="- 1.0")


def die_in(ward: Ward, do: str, moment: str, project: Path, before: tuple[str, ...] = ()) -> str:
    """Run a child that is killed at that moment; return what it said."""
    order: dict[str, Any] = {
        "do": do,
        "moment": moment,
        "python": str(ward.python),
        "snapshot": str(ward.engine.work / "snapshot"),
        "work": str(ward.engine.work),
        "wheels": str(ward.engine.wheels_in),
        "changes": [(c.name, c.old, c.new, c.why) for c in CHANGES],
        "edits": [(str(project), "old", "new")],
        "before": before,
    }
    if do == "apply":
        Path(order["snapshot"]).write_bytes(pickle.dumps(ward.look()))
    path = os.pathsep.join([str(HERE.parents[1]), *filter(None, sys.path)])
    command = [sys.executable, str(HERE / "dying.py"), json.dumps(order)]
    environ = {**ward.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        said = child.stdout.read()
    assert child.returncode in (0, -signal.SIGKILL), said
    return f"{child.returncode} {said}"


@pytest.mark.parametrize("moment", APPLY_MOMENTS)
def test_applying_is_killed(ward: Ward, tmp_path: Path, moment: str) -> None:
    project = tmp_path / "requirements.txt"
    project.write_text("old")
    (ward.site / "alpha/stray.py").write_text("")
    before = ward.tree()
    said = die_in(ward, "apply", moment, project)
    if moment.count(":") != 2:
        assert said.startswith("-9"), said
    outcome = undo(None, str(ward.prefix), environ=ward.environ)
    assert isinstance(outcome, (Undone, NothingToUndo)), (outcome, said)
    assert ward.tree() == before
    assert project.read_text() == "old"
    assert all(entry.stage is Stage.UNDONE for entry in entries(str(ward.prefix), ward.environ))


@pytest.mark.parametrize("moment", UNDO_MOMENTS)
def test_undoing_is_killed(ward: Ward, tmp_path: Path, moment: str) -> None:
    project = tmp_path / "requirements.txt"
    project.write_text("old")
    before = ward.tree()
    plan = plan_for(*CHANGES, edits=[FileEdit(str(project), b"old", b"new")])
    assert isinstance(apply(plan, ward.look(), ward.engine, environ=ward.environ), Applied)
    assert die_in(ward, "undo", moment, project).startswith("-9")
    assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), Undone)
    assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), NothingToUndo)
    assert ward.tree() == before
    assert project.read_text() == "old"


def test_both_are_killed(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_text("old")
    before = ward.tree()
    die_in(ward, "apply", "stage:installing:0.02", project)
    for moment in ("call:5", "call:30", "call:60"):
        die_in(ward, "undo", moment, project)
    assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), (Undone, NothingToUndo))
    assert ward.tree() == before
    assert project.read_text() == "old"


def test_the_installer_of_a_killed_npdoctor_is_ended_first(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_text("old")
    before = ward.tree()
    note = tmp_path / "begun"
    shell = ("/bin/sh", "-c", f'echo $$ > {note}; sleep 1; exec "$@"', "sh")
    die_in(ward, "apply", "stage:removing:0.4", project, shell)
    assert note.exists()
    begun = time.monotonic()
    outcome = undo(None, str(ward.prefix), environ=ward.environ)
    assert isinstance(outcome, Undone), outcome
    assert ward.tree() == before
    time.sleep(max(0.0, 1.5 - (time.monotonic() - begun)))
    assert ward.tree() == before


def test_an_edit_after_a_crash_is_still_a_conflict(ward: Ward, tmp_path: Path) -> None:
    project = tmp_path / "requirements.txt"
    project.write_text("old")
    die_in(ward, "apply", "stage:installing", project)
    project.write_text("mine")
    after = ward.tree()
    assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), UndoConflict)
    assert ward.tree() == after
    assert project.read_text() == "mine"
