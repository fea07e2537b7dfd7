"""Whatever a requirements file is made of: an edit changes its span and nothing else."""

from __future__ import annotations

from files_build import SCIPY
from hypothesis import given, settings
from hypothesis import strategies as st

from npdoctor.fix.files.requirement_lines import Listed, applies, read_lines
from npdoctor.fix.files.requirements_file import must_agree, rewritten
from npdoctor.fix.files.specifier import admits
from npdoctor.fix.files.wanted import Wanted
from sample_target import linux_target

TARGET = linux_target()
OTHER_LINES = st.sampled_from(
    [
        "",
        "# scipy==1.0",
        "#scipy \\",
        "-r scipy.txt",
        "-c scipy.txt",
        "-e ./scipy",
        "--index-url https://example.org/scipy==1.0",
        "git+https://example.org/scipy.git#egg=scipy",
        "./scipy-1.0.tar.gz",
        "scipy-stubs==1.0",
        "my.scipy>=1 ; python_version > '3'",
        'scipy==1.2 ; sys_platform == "win32"',
        "pandas[scipy]>=1,\\\n  <3  # scipy==1.0",
        "numba==0.59 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via scipy",
        "\tpillow\t",
        "é # ü",
    ]
)
SPECIFIERS = st.sampled_from(
    ["", "==1.2", "===1.2", " == 1.2", "~=1.4", ">=1.0", " >= 1 , < 1.5", "<2", "!=1.3,>1", "==1.10.*", ">=3"]
)
WANTED_LINES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", "\t"]),
        st.sampled_from(["scipy", "SciPy", "SCIPY[all]", "scipy [a,b]"]),
        SPECIFIERS,
        st.sampled_from(["", " ", "\t"]),
        st.sampled_from(["", "; python_version >= '3.8'", " ;sys_platform=='linux'"]),
        st.sampled_from(
            ["", " ", "  # scipy<2", " --config-settings='x=-y'", " \\\n   --config-settings=a=b"]
        ),
    ),
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def joined(pieces: list[tuple[str, str]], last_end: bool) -> str:
    text = "".join(line.replace("\n", end) + end for line, end in pieces)
    return text if last_end or not pieces else text[: -len(pieces[-1][1])]


def scipy_in(text: str) -> Listed:
    """Return the one line that lists scipy for the target."""
    lines = (line for line in read_lines(text) if isinstance(line, Listed))
    (found,) = (line for line in lines if line.name == "scipy" and applies(line.written, TARGET))
    return found


def wanted(*names: str) -> Wanted:
    return Wanted(dict.fromkeys(names, SCIPY), TARGET, {})


@given(st.lists(st.tuples(st.one_of(OTHER_LINES, WANTED_LINES), ENDS), max_size=8), st.booleans())
def test_no_pins_no_change(pieces: list[tuple[str, str]], last_end: bool) -> None:
    text = joined(pieces, last_end)
    assert rewritten("r.txt", text, read_lines(text), wanted()).text == text


@settings(max_examples=300)
@given(
    st.lists(st.tuples(OTHER_LINES, ENDS), max_size=5),
    st.tuples(WANTED_LINES, ENDS),
    st.lists(st.tuples(OTHER_LINES, ENDS), max_size=5),
    st.booleans(),
)
def test_only_the_line_of_the_pin_changes(
    before: list[tuple[str, str]], line: tuple[str, str], after: list[tuple[str, str]], last_end: bool
) -> None:
    front = joined(before, True)
    middle = joined([line], last_end or bool(after))
    back = joined(after, last_end)
    text = front + middle + back
    found = rewritten("r.txt", text, read_lines(text), wanted("scipy"))
    assert found.text.startswith(front)
    assert found.text.endswith(back)
    assert "scipy" in found.listed
    old, new = scipy_in(text), scipy_in(found.text)
    says = new.joined[new.written.start : new.written.end]
    assert admits(says, "1.13.0")
    assert new.text.replace(says, "", 1) == old.text.replace(
        old.joined[old.written.start : old.written.end], "", 1
    )
    must_agree("r.txt", text, found.text, wanted("scipy"))
    again = rewritten("r.txt", found.text, read_lines(found.text), wanted("scipy"))
    assert again.text == found.text
