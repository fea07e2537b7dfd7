"""Requirements files are edited in place, and only where they say a version."""

from __future__ import annotations

from pathlib import Path

import pytest
from files_build import NUMPY, SCIPY, edited, line_edit, pin, place_of, project, refused, texts, written

from npdoctor.fix.files.edit import edit
from npdoctor.fix.files.place import Edited
from sample_target import linux_target

TORTURE = (
    "# -*- header -*-\r\n"
    "\r\n"
    "-r base.txt\n"
    "--extra-index-url https://user:secret@example.org/simple  # keep\n"
    "NumPy[dev] >= 1.20 , <2 ; python_version >= '3.8'   # the array\n"
    "scipy==1.11.4\t# exact\n"
    'scipy==1.7 ; sys_platform == "win32"\n'
    "Scikit_Learn \\\n"
    "    >=1.0, \\\n"
    "    !=1.1  # odd\n"
    "-e ./local\n"
    "torch @ https://example.org/torch-2.1-cp311-cp311-linux_x86_64.whl\n"
    "git+https://example.org/x.git#egg=scipy\n"
    "pandas==2.0.3 --config-settings='a=b'\n"
    "    # via seaborn\n"
    "matplotlib~=3.7"
)


def test_only_specifiers_change(tmp_path: Path) -> None:
    project(tmp_path, {"base.txt": "pillow\n"})
    pins = [NUMPY, SCIPY, pin("scikit-learn", "1.4.2"), pin("pandas", "2.2.2"), pin("matplotlib", "3.8.4")]
    after = line_edit(tmp_path, TORTURE, *pins)
    expected = (
        TORTURE.replace(">= 1.20 , <2", ">= 2.1.3 , <3")
        .replace("1.11.4", "1.13.0")
        .replace(">=1.0,", ">=1.4.2,")
        .replace("2.0.3", "2.2.2")
        .replace("3.7", "3.8.4")
    )
    assert after == expected


def test_what_is_listed_needs_no_constraints(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "numpy<2\nscipy\n"})
    assert texts(tmp_path, edited(tmp_path, NUMPY, SCIPY)) == {
        "requirements.txt": "numpy>=2.1.3,<3\nscipy>=1.13.0\n"
    }


def test_what_is_right_already_is_not_edited(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "numpy>=2.1.3,<3\nscipy==1.13\n"})
    assert edited(tmp_path, NUMPY, SCIPY).edits == ()


def test_what_is_not_listed_goes_to_the_constraints_and_they_are_named(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "pandas"})
    done = edited(tmp_path, SCIPY, NUMPY)
    found = texts(tmp_path, done)
    assert found["requirements.txt"] == "pandas\n-c constraints.txt"
    begin, *pins, end = found["constraints.txt"].splitlines()
    assert pins == [
        "numpy>=2.1.3,<3  # NPD101: what the others were built for",
        "scipy==1.13.0  # NPD101: built for NumPy 1",
    ]
    assert (begin[:14], end) == ("# >>> npdoctor", "# <<< npdoctor")
    assert any("-c constraints.txt" in note for note in done.notes)


def test_constraints_that_are_named_are_used_and_not_named_twice(tmp_path: Path) -> None:
    project(
        tmp_path, {"requirements.txt": "-c held.txt\npandas\n", "held.txt": "scipy==1.10 # old\nnumpy<2\n"}
    )
    found = texts(tmp_path, edited(tmp_path, SCIPY, pin("pillow", "10.3")))
    assert set(found) == {"held.txt"}
    assert found["held.txt"].startswith("scipy==1.13.0 # old\nnumpy<2\n\n# >>> npdoctor")
    assert "pillow==10.3\n" in found["held.txt"]


def test_constraints_beside_that_nobody_names_are_kept_in_step(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "scipy\n", "constraints.txt": "scipy==1.10\n"})
    assert texts(tmp_path, edited(tmp_path, SCIPY)) == {
        "requirements.txt": "scipy>=1.13.0\n",
        "constraints.txt": "scipy==1.13.0\n",
    }


def test_included_files_and_other_requirements_files_are_edited(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "-r deps/base.txt\nscipy\n",
        "deps/base.txt": "-r ../requirements.txt\nscipy==1.10\n",
        "requirements-dev.txt": "scipy<1.12\n",
    }
    assert texts(project(tmp_path, files), edited(tmp_path, SCIPY)) == {
        "requirements.txt": "-r deps/base.txt\nscipy>=1.13.0\n",
        "deps/base.txt": "-r ../requirements.txt\nscipy==1.13.0\n",
        "requirements-dev.txt": "scipy>=1.13.0\n",
    }


def test_what_cannot_be_followed_is_said(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "-r gone.txt\n-c https://example.org/c.txt\nscipy\n"})
    notes = edited(tmp_path, SCIPY).notes
    assert any("gone.txt, which does not exist" in note for note in notes)
    assert any("URL" in note for note in notes)


def test_a_name_from_a_url_is_left_alone_and_not_constrained(tmp_path: Path) -> None:
    text = "scipy @ https://example.org/scipy-1.10.tar.gz\n"
    project(tmp_path, {"requirements.txt": text})
    done = edited(tmp_path, SCIPY)
    assert done.edits == ()
    assert "URL" in done.notes[0]


def test_a_marker_for_another_platform_is_left_alone(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "scipy==1.10; sys_platform == 'win32'\n"})
    found = texts(tmp_path, edited(tmp_path, SCIPY))
    assert found["requirements.txt"] == "scipy==1.10; sys_platform == 'win32'\n-c constraints.txt\n"


def test_a_removed_distribution_loses_its_plain_line(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "opencv-python==4.8 # viewer\npandas\n"})
    done = edited(tmp_path, pin("opencv_python", None))
    assert texts(tmp_path, done) == {"requirements.txt": "pandas\n"}
    assert any("is removed" in note for note in done.notes)


def test_a_removed_distribution_with_options_keeps_its_line(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "opencv-python==4.8 --hash=sha256:aa\n"})
    done = edited(tmp_path, pin("opencv-python", None))
    assert done.edits == ()
    assert any("by hand" in note for note in done.notes)


HASHED = (
    "scipy==1.10 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\npandas==2 --hash=sha256:cc\n"
)


def test_hashes_are_refused_without_new_ones(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": HASHED})
    assert "by hash" in refused(tmp_path, SCIPY).reason


def test_a_hashed_line_whose_version_stays_is_fine(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": HASHED})
    assert edited(tmp_path, pin("scipy", "1.10.0")).edits == ()


def test_new_hashes_replace_the_old_ones_in_their_layout(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": HASHED})
    hashes = {"scipy": ("22", "11", "33"), "pandas": ("44", "55")}
    done = edited(tmp_path, SCIPY, pin("pandas", "2.2.2"), hashes=hashes)
    assert texts(tmp_path, done)["requirements.txt"] == (
        "scipy==1.13.0 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22 \\\n    --hash=sha256:33\n"
        "    # via x\npandas==2.2.2 --hash=sha256:44 --hash=sha256:55\n"
    )


@pytest.mark.parametrize("line", ["scipy==${SCIPY}", "scipy == ", "scipy>=1.0,,<x"])
def test_a_wanted_name_that_cannot_be_read_is_refused(tmp_path: Path, line: str) -> None:
    project(tmp_path, {"requirements.txt": f"pandas\n{line}\n"})
    assert "line 2" in refused(tmp_path, SCIPY).reason


def test_an_exclusion_of_the_new_version_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "scipy!=1.13.0\n"})
    assert "excludes scipy 1.13.0" in refused(tmp_path, SCIPY).reason


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "scipy\n"})
    assert "not a version" in refused(tmp_path, pin("scipy", "latest", "<2")).reason


def test_a_version_outside_its_own_range_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "numpy\n"})
    assert "own range" in refused(tmp_path, pin("numpy", "2.1.3", "<2", guard=True)).reason
    assert "own range" in refused(tmp_path, pin("numpy", None, "", guard=True)).reason


def test_a_line_of_blanks_without_end_is_read(tmp_path: Path) -> None:
    text = f"pandas{' ' * 200_000}<3\n{' ' * 200_000}x\nscipy\n"
    assert line_edit(tmp_path, text, SCIPY) == text.replace("scipy", "scipy>=1.13.0")


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "pandas>=1\r\nnumpy<2\r\n", "constraints.txt": b"pillow<11"})
    pins = [NUMPY, SCIPY, pin("pandas", "2.2.2"), pin("pillow", "10.3")]
    written(tmp_path, edited(tmp_path, *pins))
    assert edited(tmp_path, *pins).edits == ()


def test_going_below_what_is_installed_holds_the_version(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": "huggingface-hub\n"})
    place = place_of(tmp_path, **{"huggingface-hub": "0.26.5"})
    done = edit(place, [pin("huggingface-hub", "0.25.2")], linux_target())
    assert isinstance(done, Edited)
    assert texts(tmp_path, done) == {"requirements.txt": "huggingface-hub==0.25.2\n"}
