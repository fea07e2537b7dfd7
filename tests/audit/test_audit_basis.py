"""Which NumPy and which Python an audit judges against, and which lines it takes into account."""

from __future__ import annotations

import pytest

from npdoctor.audit.asks import asked
from npdoctor.audit.basis import choose_basis, choose_python
from npdoctor.audit.target import target_for
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared
from npdoctor.model.image import Image
from npdoctor.model.numpy_releases import releases_for
from npdoctor.probe.index.tags import accepted_tags
from sample_target import linux_target

OWN = linux_target()
PYTHON = ("3.11", "the base image")


def numpy(*specifiers: str) -> tuple[Declared, ...]:
    return tuple(Declared("numpy", specifier, "requirements.txt", 1) for specifier in specifiers)


@pytest.mark.parametrize(
    ("specifiers", "python", "wanted", "meant"),
    [
        ((), "3.11", "2.4.6", False),
        ((), "3.9", "2.0.2", False),
        ((), "3.8", "1.24.4", False),
        ((">=1.24",), "3.11", "2.4.6", False),
        ((">=2.0.0,<3.0.0",), "3.10", "2.2.6", True),
        (("<2.3", ">=2"), "3.12", "2.2.6", True),
        (("<2",), "3.11", "1.26.4", False),
        (("==2.1.0",), "3.11", "2.1.0", True),
        ((">=2", "<2"), "3.11", "2.4.6", True),
        ((">=9",), "3.11", "9", True),
    ],
)
def test_the_wanted_numpy_is_the_newest_that_is_admitted(
    specifiers: tuple[str, ...], python: str, wanted: str, meant: bool
) -> None:
    basis = choose_basis(numpy(*specifiers), (python, ""), None)
    assert (basis.numpy, basis.meant) == (wanted, meant)
    assert basis.numpy_why


def test_what_is_assumed_comes_first() -> None:
    basis = choose_basis(numpy("<2"), PYTHON, "2.2.6")
    assert (basis.numpy, basis.meant, basis.python) == ("2.2.6", True, "3.11")


def test_the_index_knows_more_than_the_table() -> None:
    basis = choose_basis(numpy(">=2"), PYTHON, None, lambda specifier: ["2.0.0", f"9.9.{len(specifier)}"])
    assert basis.numpy == "9.9.3"
    assert "index" in basis.numpy_why
    assert choose_basis(numpy(">=2"), PYTHON, None, lambda _: []).numpy == "2.4.6"


def test_the_table_has_what_each_python_can_have() -> None:
    assert next(releases_for((3, 13))) == "2.5.5"
    assert list(releases_for((3, 7))) == ["1.21.6"]
    assert list(releases_for((3, 6))) == []


def image(python: str) -> Source:
    return Source("Dockerfile", "dockerfile", image=Image("Dockerfile", (), python))


@pytest.mark.parametrize(
    ("sources", "named", "python"),
    [
        ((image("3.10"),), False, "3.10"),
        ((image("3.10"),), True, "3.11.7"),
        ((image(""),), False, "3.11.7"),
        ((Source("uv.lock", "lock", python=">=3.10"),), False, "3.11.7"),
        ((Source("uv.lock", "lock", python=">=3.12,<3.14"),), False, "3.12"),
        ((Source("uv.lock", "lock", python=">=3.12"), image("3.13")), False, "3.13"),
        ((Source("uv.lock", "lock", python="three"),), False, "3.11.7"),
        ((), False, "3.11.7"),
    ],
)
def test_the_python_is_that_of_the_image_or_of_the_range(
    sources: tuple[Source, ...], named: bool, python: str
) -> None:
    found, why = choose_python(sources, OWN, named)
    assert found == python
    assert why


def test_another_python_takes_wheels_of_its_own() -> None:
    other = target_for(OWN, "3.12")
    assert any(str(tag).startswith("cp312-cp312-manylinux") for tag in accepted_tags(other))
    assert not any("cp311-cp311" in str(tag) for tag in accepted_tags(other))
    assert target_for(OWN, "3.11") is OWN
    assert target_for(OWN, "3.11.2").python == "3.11.2"


def test_lines_are_joined_by_name_and_markers_decide() -> None:
    lines = (
        Declared("scipy", ">=1.9", "requirements.txt", 1),
        Declared("scipy", "<2", "constraints.txt", 4, constraint=True),
        Declared("tomli", "", "requirements.txt", 2, marker='python_version < "3.11"'),
        Declared("numpy", ">=2", "requirements.txt", 3),
    )
    steps = (
        Declared("scipy", "==1.8.0", "Dockerfile", 3),
        Declared("numpy", "<2", "Dockerfile", 4),
        Declared("torchaudio", "==2.3.1", "Dockerfile", 5),
    )
    built = Source("Dockerfile", "dockerfile", steps, image=Image("Dockerfile", (), "3.11"))
    found = asked((Source("requirements.txt", "requirements", lines), built), OWN)
    assert [(ask.name, ask.specifier) for ask in found.asks] == [
        ("scipy", ">=1.9,<2"),
        ("torchaudio", "==2.3.1"),
    ]
    assert [line.specifier for line in found.numpy] == [">=2"]
    assert [line.name for line in found.unapplied] == ["tomli"]
