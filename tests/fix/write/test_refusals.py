"""What forbids applying, each found in a real environment, and nothing where nothing is wrong."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from installing import moves, plan_for
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.lock import hold
from npdoctor.fix.write.outcome import NothingToUndo, Refused, UndoFailed
from npdoctor.fix.write.refusals import refusals
from npdoctor.fix.write.state import state_folder
from npdoctor.fix.write.undo import undo
from npdoctor.model.index import Wheel
from npdoctor.model.plan import Change, FileEdit, Plan
from npdoctor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from write.conftest import Ward

UP = plan_for(*moves(alpha="1.0 2.0", fresh="- 1.0"))


def reasons(ward: Ward, plan: Plan = UP, snapshot: Snapshot | None = None, own_prefix: str = "/own") -> str:
    found = refusals(plan, snapshot or ward.look(), ward.environ, own_prefix=own_prefix)
    assert all(refusal.reason and refusal.advice for refusal in found)
    return "\n".join(f"{refusal.reason} {refusal.advice}" for refusal in found)


def test_a_plain_environment_may_be_changed(ward: Ward) -> None:
    before = ward.tree()
    assert reasons(ward) == ""
    assert ward.tree() == before


def test_a_python_managed_by_the_system_is_left_alone(ward: Ward, tmp_path: Path) -> None:
    snapshot = ward.look()
    system = tmp_path / "usr"
    version = snapshot.target.version
    library = system / f"lib/python{version[0]}.{version[1]}"
    library.mkdir(parents=True)
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    inside = replace(snapshot.target, base_prefix=str(system))
    assert reasons(ward, snapshot=replace(snapshot, target=inside)) == ""
    itself = replace(snapshot.target, prefix=str(system), base_prefix=str(system))
    said = reasons(ward, snapshot=replace(snapshot, target=itself))
    assert "managed by the operating system" in said
    assert "-m venv" in said
    assert "break" not in said
    edits = plan_for(edits=[FileEdit(str(tmp_path / "constraints.txt"), None, b"")])
    assert reasons(ward, edits, replace(snapshot, target=itself)) == ""


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("INSTALLER", "conda\n", "installed by conda"),
        ("direct_url.json", '{"url": "file:///src", "dir_info": {"editable": true}}', "editable"),
        ("direct_url.json", '{"url": "https://x/y", "vcs_info": {"vcs": "git"}}', "version control"),
        ("direct_url.json", '{"url": "file:///alpha.whl", "archive_info": {}}', "a file or an address"),
        ("METADATA", "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0+cpu\n", "indexes do not have"),
        ("RECORD", None, "recorded no files"),
        ("RECORD", "alpha/__init__.py,,\n../../../../../precious,,\n", "outside of the environment"),
        ("RECORD", "alpha/__init__.py,,\n/etc/passwd,,\n", "outside of the environment"),
    ],
)
def test_what_no_installer_can_put_back_is_left_alone(
    ward: Ward, file: str, text: str | None, says: str
) -> None:
    precious = ward.prefix.parent / "precious"
    precious.write_text("")
    path = ward.site / "alpha-1.0.dist-info" / file
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    assert says in reasons(ward)
    before = ward.tree()
    outcome = apply(UP, ward.look(), ward.engine, environ=ward.environ)
    assert isinstance(outcome, Refused)
    assert says in f"{outcome.refusals[0].reason} {outcome.refusals[0].advice}"
    assert ward.tree() == before
    assert precious.exists()
    assert reasons(ward, plan_for(*moves(beta="1.0 2.0"))) == ""


def test_a_record_that_leads_out_by_a_link_is_outside(ward: Ward, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (ward.site / "alpha/way").symlink_to(elsewhere)
    record = ward.site / "alpha-1.0.dist-info/RECORD"
    record.write_text(record.read_text() + "alpha/way/precious,,\n")
    assert "outside of the environment" in reasons(ward)


def test_conda_owns_what_its_records_name(ward: Ward) -> None:
    (ward.prefix / "conda-meta").mkdir()
    (ward.prefix / "conda-meta/beta-1.0-py311_0.json").write_text("{}")
    assert reasons(ward) == ""
    assert "conda" in reasons(ward, plan_for(*moves(beta="1.0 2.0")))


def test_leftovers_are_only_removed_in_site_packages(ward: Ward) -> None:
    for path in ("pyvenv.cfg", "lib", str(ward.site), f"{ward.site}/..", "/etc"):
        assert "site-packages" in reasons(ward, plan_for(remove=[str(ward.prefix / path)]))
    assert reasons(ward, plan_for(remove=[str(ward.site / "~lpha")])) == ""


def test_missing_permission_is_found_before(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    for forbidden in (ward.site, ward.prefix / "bin", ward.site / "alpha/1/deep"):

        def access(path: str, mode: int, forbidden: Path = forbidden) -> bool:  # root may do anything
            return not (mode & os.W_OK and os.path.realpath(path) == str(forbidden)) and real(path, mode)

        monkeypatch.setattr(os, "access", access)
        assert f"no permission to write to {forbidden}" in reasons(ward)


def test_a_state_folder_that_cannot_be_made_is_a_refusal(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = refusals(UP, ward.look(), {"NPDOCTOR_HOME": str(tmp_path / "file/state")}, own_prefix="/own")
    assert "NPDOCTOR_HOME" in found[0].advice


def test_npdoctor_does_not_replace_what_it_runs_on(ward: Ward) -> None:
    metadata = ward.site / "npdoctor-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: npdoctor\nVersion: 1.0\nRequires-Dist: beta\n")
    (metadata / "RECORD").write_text("npdoctor-1.0.dist-info/METADATA,,\n")
    beta = ward.site / "beta-1.0.dist-info/METADATA"
    beta.write_text("Name: beta\nVersion: 1.0\nRequires-Dist: alpha>=1\nRequires-Dist: other; extra == 'x'\n")
    prefix = str(ward.prefix)
    assert "needs alpha itself" in reasons(ward, own_prefix=prefix)
    assert "uvx" in reasons(ward, own_prefix=prefix)
    assert reasons(ward, plan_for(*moves(other="1.0 2.0")), own_prefix=prefix) == ""
    assert reasons(ward) == ""


def test_the_disk_must_have_room(ward: Ward) -> None:
    huge = Wheel("alpha", "2.0", "alpha.whl", "https://x", size=1 << 50)
    assert "MB are needed" in reasons(ward, plan_for(Change("alpha", "1.0", "2.0", "", wheel=huge)))


def test_one_npdoctor_at_a_time(ward: Ward) -> None:
    snapshot = ward.look()
    before = ward.tree()
    with hold(str(ward.state), str(ward.prefix)):
        assert f"process {os.getpid()}" in reasons(ward)
        assert isinstance(apply(UP, snapshot, ward.engine, environ=ward.environ), Refused)
        assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), NothingToUndo)
    assert ward.tree() == before
    outcome = apply(UP, snapshot, ward.engine, environ=ward.environ)
    after = ward.tree()
    with hold(str(ward.state), str(ward.prefix)):
        assert isinstance(undo(None, str(ward.prefix), environ=ward.environ), UndoFailed)
    assert ward.tree() == after, outcome


def test_the_lock_of_a_dead_process_is_no_obstacle(ward: Ward) -> None:
    with hold(str(ward.state), str(ward.prefix)):
        pass
    (lock,) = (ward.state / "locks").iterdir()
    lock.write_text(json.dumps({"pid": 2**22 + 1, "started": 1, "installer": 2**22 + 2, "since": 1}))
    assert reasons(ward) == ""


def test_where_the_state_is() -> None:
    assert state_folder({"NPDOCTOR_HOME": "/w/.npdoctor", "XDG_STATE_HOME": "/x"}) == "/w/.npdoctor"
    assert state_folder({"XDG_STATE_HOME": "/x", "HOME": "/h"}) == "/x/npdoctor"
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == "/h/.local/state/npdoctor"
