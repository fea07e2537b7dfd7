"""The marked block is replaced, merged and stable."""

from __future__ import annotations

from pathlib import Path

import pytest
from files_build import NUMPY, SCIPY, edited, pin, project, refused, texts, written


def block_of(folder: Path) -> list[str]:
    return (folder / "constraints.txt").read_text().splitlines()


def test_the_same_pins_twice_are_the_same_bytes(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": "pillow<11"})
    written(tmp_path, edited(tmp_path, SCIPY, NUMPY))
    assert edited(tmp_path, NUMPY, SCIPY).edits == ()


def test_another_run_overrides_its_names_and_keeps_the_others(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": "pillow<11\n\n\n"})
    written(tmp_path, edited(tmp_path, SCIPY, NUMPY, pin("pandas", "2.2.2")))
    with (tmp_path / "constraints.txt").open("a") as file:
        file.write("# mine\n")
    written(tmp_path, edited(tmp_path, pin("scipy", "1.14.1", reason="again"), pin("aiohttp", "3.9")))
    lines = block_of(tmp_path)
    assert lines[:3] == ["pillow<11", "", ""]
    assert lines[4:-2] == [
        "numpy>=2.1.3,<3  # NPD101: what the others were built for",
        "aiohttp==3.9",
        "pandas==2.2.2",
        "scipy==1.14.1  # again",
    ]
    assert lines[-1] == "# mine"


def test_a_removed_name_leaves_the_block_and_the_last_one_takes_it_along(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": "pillow<11\n"})
    written(tmp_path, edited(tmp_path, SCIPY, NUMPY))
    written(tmp_path, edited(tmp_path, pin("scipy", None)))
    assert [line.partition(">")[0] for line in block_of(tmp_path)[3:-1]] == ["numpy"]
    written(tmp_path, edited(tmp_path, pin("numpy", None)))
    assert [line for line in block_of(tmp_path) if line] == ["pillow<11"]


def test_lines_of_a_person_in_the_block_are_kept(tmp_path: Path) -> None:
    mine = "# mine\nscipy==1.7; sys_platform == 'win32'\n"
    project(tmp_path, {"constraints.txt": f"# >>> npdoctor\nscipy==1.10\n{mine}# <<< npdoctor\n"})
    found = texts(tmp_path, edited(tmp_path, SCIPY))["constraints.txt"]
    assert mine in found
    assert "scipy==1.10" not in found


def test_a_name_pinned_outside_the_block_is_edited_there(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": "SciPy==1.10  # why\n"})
    assert texts(tmp_path, edited(tmp_path, SCIPY)) == {"constraints.txt": "SciPy==1.13.0  # why\n"}


def test_a_name_that_is_listed_later_is_not_left_old_in_the_block(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "pandas\n"})
    written(tmp_path, edited(tmp_path, SCIPY))
    with (tmp_path / "requirements.txt").open("a") as file:
        file.write("scipy\n")
    found = texts(tmp_path, edited(tmp_path, pin("scipy", "1.14.1")))
    assert "scipy>=1.14.1\n" in found["requirements.txt"]
    assert "scipy==1.14.1\n" in found["constraints.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "# >>> npdoctor\nscipy==1\n",
        "# <<< npdoctor\n# >>> npdoctor\n",
        "# >>> npdoctor\n# <<< npdoctor\n" * 2,
    ],
)
def test_marks_that_do_not_match_are_refused(tmp_path: Path, text: str) -> None:
    project(tmp_path, {"constraints.txt": text})
    assert "marks" in refused(tmp_path, SCIPY).reason


def test_one_name_twice_is_one_pin(tmp_path: Path) -> None:
    project(tmp_path, {})
    found = texts(tmp_path, edited(tmp_path, NUMPY, pin("NumPy", "2.1.3")))["constraints.txt"]
    assert found.count("numpy>=2.1.3,<3") == 1
    assert "==" not in found
    assert "two ways" in refused(tmp_path, NUMPY, pin("numpy", "2.2.0")).reason
