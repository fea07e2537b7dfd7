"""The numpy folder is told by its files, whatever the metadata claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_environment import FakeEnvironment, make_environment
from npdoctor.model.snapshot import NumpyOnDisk
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.numpy_disk import read_numpy

CORE = "_multiarray_umath.cpython-311-x86_64-linux-gnu.so"
SETUP = "short_version = '1.17.3'\nversion = '1.17.3'\nfull_version = '1.17.3'\nrelease = True\n"
MESON = 'version = "2.4.0"\n__version__ = version\nfull_version = version\n'
TYPED = 'from ._version import get_versions\nvinfo = get_versions()\nversion: str = vinfo["version"]\n'
FALLBACK = (
    "try:\n    from ._version_meson import get_versions\nexcept ImportError:\n    from ._version import x\n"
)
JSON = "version_json = '''\n{\n \"dirty\": false,\n \"version\": \"1.22.4\"\n}\n'''\n"


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    return make_environment(tmp_path / "env")


def look(environment: FakeEnvironment, *before: Path) -> NumpyOnDisk | None:
    target = environment.target(*before)
    return read_numpy(target, read_inventory(target).distributions)


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"version.py": SETUP}, "1.17.3"),
        ({"version.py": TYPED, "_version.py": JSON}, "1.22.4"),
        ({"version.py": FALLBACK, "_version.py": JSON}, "1.22.4"),
        ({"version.py": MESON}, "2.4.0"),
        ({"version.py": 'version: str = "2.5.0.dev0+git"\n'}, "2.5.0.dev0+git"),
        ({"version.py": "garbage"}, None),
        ({}, None),
    ],
)
def test_versions_of_every_shape(environment: FakeEnvironment, files: dict[str, str], version: str) -> None:
    environment.install(
        "numpy", "0", {"numpy/__init__.py": "", **{f"numpy/{k}": v for k, v in files.items()}}
    )
    found = look(environment)
    assert found
    assert found.file_version == version


def test_a_clean_install_owns_its_files(environment: FakeEnvironment) -> None:
    files = {"numpy/__init__.py": "", "numpy/version.py": MESON, f"numpy/_core/{CORE}": "so"}
    environment.install("numpy", "2.4.0", {**files, "numpy/core/_multiarray_umath.py": "shim"})
    (environment.site / "numpy/__pycache__").mkdir()
    for name in ("numpy/__pycache__/x.pyc", "numpy/__pycache__/f.nbi", "numpy/y.pyc"):
        (environment.site / name).touch()
    found = look(environment)
    assert found == NumpyOnDisk(str(environment.site / "numpy"), "2.4.0", (f"_core/{CORE}",), ())


def test_two_numpys_in_one_folder_show(environment: FakeEnvironment) -> None:
    stale = {"numpy/__init__.py": "", f"numpy/_core/{CORE}": "2", "numpy/strings/__init__.py": ""}
    old = environment.install("numpy", "2.0.2", stale)
    for path in old.iterdir():
        path.unlink()
    old.rmdir()
    environment.install("numpy", "1.26.4", {"numpy/__init__.py": "", f"numpy/core/{CORE}": "1"})
    found = look(environment)
    assert found
    assert found.cores == (f"core/{CORE}", f"_core/{CORE}")
    assert found.unowned == (f"numpy/_core/{CORE}", "numpy/strings/__init__.py")


def test_the_first_package_counts_and_a_bare_folder_only_alone(
    environment: FakeEnvironment, tmp_path: Path
) -> None:
    (tmp_path / "bare/numpy").mkdir(parents=True)
    found = look(environment, tmp_path / "bare")
    assert found
    assert (found.folder, found.file_version, found.cores) == (str(tmp_path / "bare/numpy"), None, ())
    environment.install("numpy", "2.4.0", {"numpy/__init__.py": "", "numpy/version.py": MESON})
    found = look(environment, tmp_path / "bare")
    assert found
    assert found.file_version == "2.4.0"


def test_without_a_record_nothing_is_called_unowned(environment: FakeEnvironment) -> None:
    environment.install("numpy", "2.4.0", {"numpy/__init__.py": ""})
    (environment.site / "numpy-2.4.0.dist-info/RECORD").unlink()
    (environment.site / "numpy/extra.py").touch()
    found = look(environment)
    assert found
    assert found.unowned == ()


def test_no_numpy_is_none(environment: FakeEnvironment, tmp_path: Path) -> None:
    assert look(environment, tmp_path / "nowhere") is None
