"""Damage is told, and a healthy environment shows none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_environment import FakeEnvironment, make_environment
from npdoctor.model.distribution import Distribution, Overlap
from npdoctor.probe.files import find_damage, find_overlaps
from npdoctor.probe.inventory import read_inventory

BIG = "x" * 20_000


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    return make_environment(tmp_path / "env")


def distributions(environment: FakeEnvironment) -> tuple[Distribution, ...]:
    return read_inventory(environment.target()).distributions


def damage(environment: FakeEnvironment) -> list[tuple[str, str, str]]:
    found = find_damage(distributions(environment), str(environment.prefix))
    return [(d.name, x.path, x.kind) for d in found for x in d.damage]


def test_missing_and_changed_files_are_told(environment: FakeEnvironment) -> None:
    environment.install("x", "1.0", {"x/a.py": "a", "x/b.so": "bbb", "x/c.py": "c", "x/d.py": "d"})
    (environment.site / "x/a.py").unlink()
    (environment.site / "x/b.so").write_text("b")
    (environment.site / "x/c.py").write_text("C")
    found = find_damage(distributions(environment), str(environment.prefix))
    assert [(x.path, x.kind, x.detail) for x in found[0].damage] == [
        ("x/a.py", "missing", "1 bytes recorded, no file found"),
        ("x/b.so", "size", "3 bytes recorded, 1 found"),
    ]


def test_what_installers_and_people_rewrite_is_no_damage(environment: FakeEnvironment) -> None:
    files = {
        "x/__pycache__/a.cpython-311.pyc": "a",
        "x/cacert.pem": "certificates",
        "../../../bin/x": "#!",
        "../../../share/man/x.1": "man",
        "../../../etc/x.json": "{}",
        "../../../../elsewhere/x": "x",
    }
    path = environment.install("x", "1.0", files)
    (environment.site / "x/__pycache__/a.cpython-311.pyc").unlink()
    (environment.site / "x/cacert.pem").write_text("certificates and ours")
    (environment.prefix / "bin/x").unlink()
    (environment.prefix / "etc/x.json").write_text('{"changed": true}')
    (environment.prefix.parent / "elsewhere/x").unlink()
    (path / "INSTALLER").write_text("uv")
    assert damage(environment) == []
    (environment.prefix / "share/man/x.1").unlink()
    assert damage(environment) == [("x", "../../../share/man/x.1", "missing")]


@pytest.mark.parametrize("installer", ["conda", "debian", ""])
def test_system_packagers_change_files_rightly(environment: FakeEnvironment, installer: str) -> None:
    environment.install("x", "1.0", {"x/a.so": "stripped later"}, installer=installer)
    (environment.site / "x/a.so").write_text("stripped")
    assert damage(environment) == []


def test_a_hidden_copy_is_not_examined(environment: FakeEnvironment) -> None:
    environment.install("x", "1.0", {"x/a.py": "old", "x/gone.py": "g"})
    (environment.site / "x/gone.py").unlink()
    environment.install("x", "2.0", {"x/a.py": "newer"})
    assert damage(environment) == []


def test_overwritten_files_are_an_overlap_and_no_damage(environment: FakeEnvironment) -> None:
    environment.install("opencv-python", "4.10", {"cv2/__init__.py": BIG, "cv2/cv2.abi3.so": BIG + "1"})
    environment.install(
        "opencv-python-headless", "4.10", {"cv2/__init__.py": BIG, "cv2/cv2.abi3.so": BIG + "22"}
    )
    assert damage(environment) == []
    assert find_overlaps(distributions(environment)) == (
        Overlap(
            "opencv-python",
            "opencv-python-headless",
            str(environment.site),
            2,
            ("cv2/__init__.py", "cv2/cv2.abi3.so"),
        ),
    )


def test_after_one_of_two_is_gone_the_other_is_damaged(environment: FakeEnvironment) -> None:
    environment.install("opencv-python-headless", "4.10", {"cv2/cv2.abi3.so": BIG})
    (environment.site / "cv2/cv2.abi3.so").unlink()
    assert damage(environment) == [("opencv-python-headless", "cv2/cv2.abi3.so", "missing")]


def test_what_healthy_environments_share_is_no_overlap(environment: FakeEnvironment) -> None:
    namespace = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    for number in range(3):
        files = {
            "google/__init__.py": namespace + f"# {number}",
            "shared/same.py": "same",
            "tests/__init__.py": f"{number}" * 3000,
            "tests/test_all.py": f"{number}",
            "setup.py": f"{number}",
            "README.md": f"{number}",
            "../../../bin/tool.py": f"{number}",
        }
        environment.install(f"d{number}", "1.0", files)
    assert find_overlaps(distributions(environment)) == ()
    assert damage(environment) == []


def test_the_same_name_twice_is_no_overlap(environment: FakeEnvironment, tmp_path: Path) -> None:
    environment.install("x", "1.0", {"x/a.py": BIG})
    environment.install("x", "2.0", {"x/a.py": BIG + "2"})
    assert find_overlaps(distributions(environment)) == ()


def test_the_same_path_in_two_folders_is_no_overlap(environment: FakeEnvironment, tmp_path: Path) -> None:
    environment.install("x", "1.0", {"m/a.py": BIG})
    environment.install("y", "1.0", {"m/a.py": BIG + "2"}, into=tmp_path / "other")
    found = read_inventory(environment.target(tmp_path / "other")).distributions
    assert find_overlaps(found) == ()


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=8), data=st.data())
def test_damage_is_exactly_what_was_done(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], data: st.DataObject
) -> None:
    environment = make_environment(tmp_path_factory.mktemp("env"))
    environment.install("x", "1.0", {f"x/m{i}.py": "x" * size for i, size in enumerate(sizes)})
    expected = []
    for number in range(len(sizes)):
        deed = data.draw(st.sampled_from(["missing", "size", "nothing"]))
        path = environment.site / f"x/m{number}.py"
        if deed == "missing":
            path.unlink()
        elif deed == "size":
            path.write_text(path.read_text() + "y")
        if deed != "nothing":
            expected.append(("x", f"x/m{number}.py", deed))
    assert damage(environment) == expected
