"""Recommended specifiers go into the RUN lines, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npdoctor.audit.image.correct import corrected
from npdoctor.audit.image.read import read_image

WANTED = {"numpy": ">=2,<3", "SciPy": ">=1.13.0"}


def after(text: str) -> tuple[str, tuple[str, ...]]:
    return corrected(text, read_image("Dockerfile", text), WANTED)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("RUN pip install 'numpy<2' flask", "RUN pip install 'numpy>=2,<3' flask"),
        ('RUN pip install "numpy>=1.24.0,<2.0.0"', 'RUN pip install "numpy>=2,<3"'),
        ("RUN pip install numpy scipy==1.11.4", "RUN pip install 'numpy>=2,<3' 'scipy>=1.13.0'"),
        (
            "RUN pip install \\\n  scipy \\\n  # why\n  flask",
            "RUN pip install \\\n  'scipy>=1.13.0' \\\n  # why\n  flask",
        ),
        ("RUN pip install numpy>=1.24,<2 flask", "RUN pip install 'numpy>=2,<3' flask"),
        (
            "RUN pip install \"scipy[x]<1.12; python_version<'3.12'\"",
            "RUN pip install \"scipy[x]>=1.13.0; python_version<'3.12'\"",
        ),
        ('RUN ["pip", "install", "numpy<2"]', 'RUN ["pip", "install", "numpy>=2,<3"]'),
        ("RUN sh -c 'pip install numpy'", "RUN sh -c 'pip install \"numpy>=2,<3\"'"),
        ('RUN sh -c "pip install numpy"', "RUN sh -c \"pip install 'numpy>=2,<3'\""),
        ("RUN <<EOF\npip install numpy\nEOF", "RUN <<EOF\npip install 'numpy>=2,<3'\nEOF"),
        (
            "COPY <<E /r.txt\nnumpy<2  # old\nE\nRUN pip install -r /r.txt",
            "COPY <<E /r.txt\nnumpy>=2,<3  # old\nE\nRUN pip install -r /r.txt",
        ),
        ("RUN pip install numpy\\<2", "RUN pip install 'numpy>=2,<3'"),
    ],
)
def test_specifiers_are_put_in(before: str, expected: str) -> None:
    text, notes = after(f"FROM a\n{before}\n")
    assert (text, notes) == (f"FROM a\n{expected}\n", ())
    assert after(text) == (text, ())
    found = [d for s in read_image("Dockerfile", text).stages for c in s.commands for d in c.declared]
    wanted = {"numpy": ">=2,<3", "scipy": ">=1.13.0"}
    assert all(d.specifier == wanted[d.name] for d in found if d.name in wanted)


@pytest.mark.parametrize(
    "step",
    [
        "ARG V=1.26.4\nRUN pip install numpy==$V",
        "RUN conda install numpy=1.26",
        "RUN pip install /w/numpy-1.26.4-cp311-cp311-linux_x86_64.whl",
        "RUN bash -c \"sh -c 'pip install numpy'\"",
    ],
)
def test_what_cannot_be_changed_is_said(step: str) -> None:
    text, notes = after(f"FROM a\n{step}\n")
    assert text == f"FROM a\n{step}\n"
    assert len(notes) == 1
    assert "numpy is left as it is" in notes[0]


def test_another_text_is_not_changed() -> None:
    image = read_image("Dockerfile", "FROM a\nRUN pip install numpy\n")
    text, notes = corrected("FROM b\nRUN pip install numpy\n", image, WANTED)
    assert text == "FROM b\nRUN pip install numpy\n"
    assert notes


PIECES = st.sampled_from(
    [
        "FROM a\n",
        "RUN ",
        "pip install ",
        "numpy<2",
        "'numpy'",
        '"',
        "'",
        "\\\n",
        "\r\n",
        "\n",
        "<<EOF",
        "EOF\n",
        "$V",
        "${V:-1}",
        "ARG V=2\n",
        "&& ",
        "|| ",
        "; ",
        "sh -c ",
        "é",
        "\ufeff",
        "[",
        '"pip", ',
        "]",
        "COPY ",
        " /r.txt",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_with_nothing_wanted_nothing_changes(text: str) -> None:
    assert corrected(text, read_image("Dockerfile", text), {}) == (text, ())


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_correcting_twice_changes_nothing_more(text: str) -> None:
    once, _ = after("FROM a\nRUN pip install numpy\n" + text)
    assert after(once)[0] == once
