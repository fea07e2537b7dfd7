"""Recommended ranges in the files: what changes, what stays, and what is left to a person."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from npdoctor.audit.corrected_range import corrected_range
from npdoctor.audit.corrections import corrections
from npdoctor.audit.sources import read_sources

WANTED = {"scipy": ">=1.13.0", "opencv-python": ">=4.10.0.84"}


def corrected(
    folder: Path, files: dict[str, str], wanted: dict[str, str] = WANTED, python: str = ""
) -> tuple[dict[str, str], tuple[str, ...]]:
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    edits, notes = corrections(read_sources(list(files), str(folder)), wanted, str(folder), python)
    for edit in edits:
        assert edit.before == Path(edit.path).read_bytes()
        assert edit.after is not None
        Path(edit.path).write_bytes(edit.after)
    again, _ = corrections(read_sources(list(files), str(folder)), wanted, str(folder), python)
    assert again == ()
    return {Path(e.path).name: (e.after or b"").decode() for e in edits}, notes


@pytest.mark.parametrize(
    ("old", "wanted", "new"),
    [
        ("", ">=1.13.0", ">=1.13.0"),
        (">= 1.10, <2, !=1.12", ">=1.13.0", ">= 1.13.0, <2, !=1.12"),
        (">1.9", ">=1.13.0", ">=1.13.0"),
        (">=1.14", ">=1.13.0", ">=1.14"),
        ("==1.10", ">=1.13.0", ">=1.13.0"),
        ("==1.14", ">=1.13.0", "==1.14"),
        ("<1.10", ">=1.13.0", ">=1.13.0"),
        ("~=1.10", ">=1.13.0", ">=1.13.0,<2"),
        ("~=1.10.2", ">=1.13.0", ">=1.13.0"),
        ("==1.*", ">=1.13.0", ">=1.13.0,==1.*"),
        (">=1,<3", ">=1,<2", ">=1,<2"),
        (">=4", "<2", "<2"),
    ],
)
def test_a_range_changes_as_little_as_it_takes(old: str, wanted: str, new: str) -> None:
    assert corrected_range(old, wanted) == new
    assert corrected_range(new, wanted) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("^1.10", "^1.13.0"),
        ("^1.14", "^1.14"),
        ("~1.10", ">=1.13.0"),
        ("~1", ">=1.13.0,<2"),
        ("1.*", ">=1.13.0,<2"),
        ("*", ">=1.13.0"),
        ("1.10", ">=1.13.0"),
    ],
)
def test_a_range_in_the_words_of_poetry(old: str, new: str) -> None:
    assert corrected_range(old, ">=1.13.0", loose=True) == new
    assert corrected_range("^1 || ^2", ">=1.13.0", loose=True) is None


def test_only_the_specifier_changes_in_every_file(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "# scipy>=1\r\nSciPy[x] >= 1.10 ; python_version > '3'  # why\r\n"
        "opencv_python>=4.10.0.84\r\nscipy @ https://x.org/s.whl\r\n",
        "pyproject.toml": "[project]\nname='x'\ndependencies = [ 'scipy' , \"scipy>=1.2\"]  # scipy\n",
        "setup.cfg": "[options]\ninstall_requires =\n  scipy >=1.2 ; os_name == 'posix'\n",
        "Dockerfile": "FROM python:3.11\nRUN pip install 'scipy>=1.10' numpy\n",
    }
    after, notes = corrected(tmp_path, files)
    assert after == {
        "requirements.txt": files["requirements.txt"].replace(">= 1.10", ">= 1.13.0"),
        "pyproject.toml": files["pyproject.toml"]
        .replace("'scipy'", "'scipy>=1.13.0'")
        .replace("1.2", "1.13.0"),
        "setup.cfg": files["setup.cfg"].replace("1.2", "1.13.0"),
        "Dockerfile": files["Dockerfile"].replace("1.10", "1.13.0"),
    }
    assert notes == ("requirements.txt:4 takes scipy from a URL or path and stays as it is.",)


def test_nothing_wanted_or_nothing_wrong_changes_nothing(tmp_path: Path) -> None:
    files = {"requirements.txt": "scipy>=1.14\nopencv-python==4.11\nnumpy\n"}
    assert corrected(tmp_path, files) == ({}, ())
    assert corrected(tmp_path, {"requirements.txt": "scipy<1\n"}, {}) == ({}, ())


def test_an_upper_bound_is_said_once(tmp_path: Path) -> None:
    files = {"requirements.txt": "scipy>=1.10\n", "constraints.txt": "scipy<1.15\n"}
    after, _ = corrected(tmp_path, files, {"scipy": ">=1.13.0,<1.15"})
    assert after == {"requirements.txt": "scipy>=1.13.0\n", "constraints.txt": "scipy>=1.13.0,<1.15\n"}


def test_lines_for_another_python_stay(tmp_path: Path) -> None:
    text = "scipy==1.7; python_version < '3.8'\nscipy==1.10; python_version >= '3.8'\n"
    after, _ = corrected(tmp_path, {"requirements.txt": text}, {"scipy": ">=1.13.0"}, "3.11")
    assert after == {"requirements.txt": text.replace("==1.10", ">=1.13.0")}


def test_what_no_file_lists_goes_to_the_constraints_or_to_the_notes(tmp_path: Path) -> None:
    files = {"requirements.txt": "scipy>=1.14\n"}
    note = "No file lists opencv-python. Add to a constraints file: opencv-python>=4.10.0.84"
    assert corrected(tmp_path, files) == ({}, (note,))
    after, notes = corrected(tmp_path, {**files, "constraints.txt": "scipy<2"})
    assert after == {"constraints.txt": "scipy>=1.13.0,<2\nopencv-python>=4.10.0.84\n"}
    assert notes == ("constraints.txt gets opencv-python, which no file lists.",)


def test_what_a_program_wrote_and_what_is_pinned_by_hash_stays(tmp_path: Path) -> None:
    head = "# This file was autogenerated by uv via the following:\n#    uv pip compile requirements.in\n"
    files = {
        "requirements.in": "scipy\n",
        "requirements.txt": f"{head}scipy==1.10\n",
        "hashed.txt": "scipy==1.10 --hash=sha256:aa\n",
        "uv.lock": "version = 1\n[[package]]\nname = 'scipy'\nversion = '1.10'\n",
    }
    after, notes = corrected(tmp_path, files, {"scipy": ">=1.13.0"})
    assert after == {"requirements.in": "scipy>=1.13.0\n"}
    assert [note.partition(" ")[0] for note in notes] == ["requirements.txt", "hashed.txt:1", "uv.lock"]
    assert "compile it again: uv pip compile requirements.in" in notes[0]
    assert "lock again: uv lock --upgrade-package scipy" in notes[2]


def test_random_files_change_within_specifiers_alone(tmp_path: Path) -> None:
    chance = random.Random(7)
    names = ("scipy", "opencv-python", "numpy", "SciPy[x]")
    says = ("", ">=1", "==1.10", "~=1.4", "<9,>=2", "!=2", ">1,<1.12", "==1.*")
    for _ in range(150):
        lines = [f"{chance.choice(names)}|{chance.choice(says)}|  # c" for _ in range(chance.randint(1, 8))]
        text = "".join(line.replace("|", "") + "\n" for line in lines)
        after, _ = corrected(tmp_path, {"requirements.txt": text})
        now = after.get("requirements.txt", text).splitlines()
        assert len(now) == len(lines)
        for line, new in zip(lines, now, strict=True):
            name, specifier, rest = line.split("|")
            assert new.startswith(name)
            assert new.endswith(rest)
            assert name != "numpy" or new == name + specifier + rest
