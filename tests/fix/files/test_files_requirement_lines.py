"""Requirements files are read as pip reads them, and no character is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npdoctor.fix.files.requirement_lines import Include, Listed, Other, Unread, read_lines


def specifier(line: Listed) -> str:
    return line.joined[line.written.start : line.written.end]


def only_listed(text: str) -> Listed:
    (line,) = (line for line in read_lines(text) if isinstance(line, Listed))
    return line


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("numpy", "numpy", ""),
        ("  NumPy >= 1.0 , < 2  # c\n", "numpy", ">= 1.0 , < 2"),
        ("ruamel.yaml[a, b] ==1.0 ; python_version < '3.9'", "ruamel-yaml", "==1.0"),
        ("numpy (>=1.0)", "numpy", ">=1.0"),
        ("numpy==1.0 --config-settings='a=-b'", "numpy", "==1.0"),
        ("numpy>=1.0,\\\n  <2\n", "numpy", ">=1.0,  <2"),
        ("numpy \\\n==1.0", "numpy", "==1.0"),
        ("numpy==1.0;python_version>'3'", "numpy", "==1.0"),
        ("numpy==1.0 #;x", "numpy", "==1.0"),
        ("\tnumpy\t==\t1.0", "numpy", "==\t1.0"),
    ],
)
def test_a_listed_name_and_where_its_specifier_stands(text: str, name: str, says: str) -> None:
    line = only_listed(text)
    assert (line.name, specifier(line)) == (name, says)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# numpy==1",
        "-e .",
        "-e git+https://x/y#egg=numpy",
        "--index-url https://x/",
        "https://x/numpy-1.0-py3-none-any.whl",
        "git+https://x/y",
        "./numpy.whl",
        "--require-hashes",
        "--hash=sha256:00",
    ],
)
def test_lines_that_list_no_name(text: str) -> None:
    assert all(isinstance(line, Other) for line in read_lines(text))


@pytest.mark.parametrize(
    ("text", "file", "constraint"),
    [
        ("-r a.txt", "a.txt", False),
        ("-ra.txt # why", "a.txt", False),
        ("--requirement=a.txt", "a.txt", False),
        ("-c  'a b.txt'", "a b.txt", True),
        ("--constraint a.txt", "a.txt", True),
    ],
)
def test_includes(text: str, file: str, constraint: bool) -> None:
    (line,) = read_lines(text)
    assert isinstance(line, Include)
    assert (line.file, line.constraint) == (file, constraint)


def test_a_line_that_begins_with_a_name_and_cannot_be_read() -> None:
    (line,) = read_lines("NumPy==${NUMPY}\n")
    assert isinstance(line, Unread)
    assert line.name == "numpy"


def test_hashes_over_continued_lines_and_a_comment_that_ends_them() -> None:
    text = "numpy==1.0 \\\n    --hash=sha256:aa \\\n    --hash sha256:bb\n    # via pandas\nscipy\n"
    first, comment, second = read_lines(text)
    assert isinstance(first, Listed)
    assert [first.joined[a:b] for a, b in first.hashes] == ["--hash=sha256:aa", "--hash sha256:bb"]
    assert isinstance(comment, Other)
    assert (second.number, second.text) == (5, "scipy\n")


def test_a_comment_line_ends_a_continued_one() -> None:
    first, second = read_lines("numpy \\\n# no \\\nscipy\n")
    assert isinstance(first, Listed)
    assert isinstance(second, Listed)
    assert (first.name, second.name) == ("numpy", "scipy")


@given(st.text(alphabet="numpy=<>!~,;#-rc\\\r\n\t \x0b\x85\u2028[]()@1.'\"é", max_size=60))
def test_the_lines_together_are_the_text(text: str) -> None:
    lines = read_lines(text)
    assert "".join(line.text for line in lines) == text
    for line in lines:
        assert len(line.origin) == len(line.joined)
