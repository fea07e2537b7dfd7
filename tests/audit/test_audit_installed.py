"""What is installed speaks for its own version only, and says what comes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_environment import FakeEnvironment
from npdoctor.audit.installed import Installed
from npdoctor.audit.judge import judge
from npdoctor.model.audit import Ask, Basis, Known
from npdoctor.model.binary import NumpyAbi
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()
BASIS = Basis("2.2.6", "", "3.11", "")


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    fake = FakeEnvironment(tmp_path / "venv")
    fake.install(
        "pipeline",
        "1.4",
        {"pipeline/__init__.py": ""},
        headers="Requires-Dist: scikit-image (>=0.20)\nRequires-Dist: shapely; extra == 'geo'\n"
        "Requires-Dist: colorama; sys_platform == 'win32'\n",
    )
    fake.install("scikit-image", "0.24.0", {"skimage/__init__.py": ""}, headers="Requires-Dist: scipy>=1.9\n")
    fake.install("scipy", "1.13.1", {"scipy/__init__.py": ""})
    fake.install("shapely", "2.0.4", {"shapely/__init__.py": ""})
    fake.install("colorama", "0.4", {"colorama/__init__.py": ""})
    fake.install("holding", "3.0", {"holding.py": ""}, headers="Requires-Dist: numpy<2\n")
    return Installed(fake.target(), "2.2.6", BOOK)


def state(ask: Ask, installed: Installed) -> str:
    return judge(ask, installed.known(ask) or Known(), BASIS).judged.state


def test_a_pin_of_what_is_installed_is_judged_by_it(installed: Installed) -> None:
    known = installed.known(Ask("pipeline", "==1.4"))
    assert known is not None
    assert known.highest is not None
    assert (known.highest.serves, known.highest.numpy_abi) == (True, NumpyAbi.NONE)
    assert state(Ask("pipeline", "==1.4"), installed) == "ok"
    assert state(Ask("pipeline", "", direct=True), installed) == "ok"


def test_a_range_is_not_known_by_one_version_of_it(installed: Installed) -> None:
    assert state(Ask("pipeline", ">=1"), installed) == "unknown"
    assert installed.known(Ask("pipeline", ">=2")) is None
    assert installed.known(Ask("elsewhere", "")) is None


def test_one_that_keeps_numpy_2_out_is_told_by_its_metadata(installed: Installed) -> None:
    known = installed.known(Ask("holding", ""))
    assert known is not None
    assert known.lowest is not None
    assert known.lowest.evidence.kind == "metadata"
    assert state(Ask("holding", ""), installed) == "warning"


def test_what_comes_along_has_the_limits_of_all_that_require_it(installed: Installed) -> None:
    found = installed.comes_along([Ask("pipeline", ">=1")])
    assert [(ask.name, ask.specifier, ask.via) for ask in found] == [
        ("scikit-image", ">=0.20", ("pipeline",)),
        ("scipy", ">=1.9", ("scikit-image",)),
    ]
    with_extra = installed.comes_along([Ask("pipeline", ">=1", extras=("geo",))])
    assert "shapely" in [ask.name for ask in with_extra]
