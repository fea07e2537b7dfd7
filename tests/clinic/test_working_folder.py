"""Nothing that lies in the working folder runs, and what it would hide is told."""

from __future__ import annotations

from pathlib import Path

from clinic.examination import examine
from clinic.patients import admit
from clinic.recipes import PLAIN

NAMES = ("numpy", "random", "sitecustomize", "usercustomize", "json", "bottleneck", "socket")


def test_nothing_in_the_working_folder_runs(tmp_path: Path) -> None:
    folder, marker = tmp_path / "work", tmp_path / "marker"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write({name!r} + ' ')\n", "utf-8")
    before = sorted(folder.iterdir())
    seen = examine(admit(PLAIN), folder=folder)
    assert not marker.exists(), f"these ran: {marker.read_text()}"
    assert sorted(folder.iterdir()) == before
    assert not seen.findings(severity="broken"), seen.told()
    hidden = " ".join(str(f["evidence"]) for f in seen.findings("NPD207"))
    assert all(f"{name}.py" in hidden for name in ("numpy", "random", "bottleneck")), seen.told()


def test_a_pythonpath_that_names_the_working_folder_changes_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "sitecustomize.py").write_text(f"open({str(marker)!r}, 'w')\n", "utf-8")
    (tmp_path / "numpy.py").write_text(f"open({str(marker)!r}, 'w')\n", "utf-8")
    seen = examine(
        admit(PLAIN), "--no-import", folder=tmp_path, environ={"PYTHONPATH": "", "PYTHONSTARTUP": "numpy.py"}
    )
    assert not marker.exists()
    assert seen.findings("NPD207"), seen.told()
