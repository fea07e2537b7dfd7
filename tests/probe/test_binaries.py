"""Which files are read, how their modules are named, and which libraries are called missing."""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from npdoctor.model.binary import Binary, NumpyAbi, UnreadBinary
from npdoctor.model.distribution import DirectUrl, Distribution, RecordedFile
from npdoctor.model.target import Target
from npdoctor.probe.binaries import init_symbol, name_module, read_binaries
from npdoctor.probe.elf import machine_of
from npdoctor.probe.loader import Loader
from sample_target import linux_target

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so")
TAGGED = SUFFIXES[0]


def target(suffixes: tuple[str, ...] = SUFFIXES) -> Target:
    return linux_target("/none", executable=sys.executable, extension_suffixes=suffixes)


def distribution(
    name: str,
    location: Path,
    files: list[str] | None,
    *,
    metadata: Path | None = None,
    url: DirectUrl | None = None,
    effective: bool = True,
) -> Distribution:
    return Distribution(
        name=name,
        raw_name=name,
        version="1.0",
        location=str(location),
        metadata_path=str(metadata or location / f"{name}-1.0.dist-info"),
        installer=None,
        requires=(),
        requires_python=None,
        files=None if files is None else tuple(RecordedFile(f, None, None) for f in files),
        direct_url=url,
        effective=effective,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile an extension `mod`, a library `libown.so.1` and an extension `user` that needs it."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("built")
    sources = {
        "mod.so": ("void *PyInit_mod(void) { return 0; }", ()),
        "libown.so.1": ("int own(void) { return 1; }", ("-Wl,-soname,libown.so.1",)),
        "user.so": (
            "extern int own(void); void *PyInit_user(void) { return own() ? 0 : 0; }",
            (str(folder / "libown.so.1"),),
        ),
        "pkg.so": ("void *PyInit_pkg(void) { return 0; }", ()),
    }
    for name, (code, options) in sources.items():
        source = folder / f"{name}.c"
        source.write_text(code)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / name, source, *options], check=True)
    return folder


def place(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)


def loader(tmp_path: Path, path: str = "") -> Loader:
    """Search the system's folders, as if the cache had been read and were empty."""
    cache = tmp_path / "cache"
    cache.write_bytes(b"glibc-ld.so.cache1.1" + bytes(28))
    return Loader(path, cache=str(cache), machine=machine_of(os.path.realpath(sys.executable)))


def by_name(found: tuple[tuple[Binary, ...], tuple[UnreadBinary, ...]]) -> dict[str, Binary]:
    assert found[1] == ()
    return {binary.relative: binary for binary in found[0]}


def everything(_: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"pkg/mod{TAGGED}", ("pkg.mod", "pkg.mod", "cpython-311")),
        ("pkg/mod.abi3.so", ("pkg.mod", "pkg.mod", "abi3")),
        ("pkg/mod.so", ("pkg.mod", "pkg.mod", None)),
        ("mod.so", ("mod", "mod", None)),
        ("pkg/mod.cpython-310-x86_64-linux-gnu.so", (None, "pkg.mod", "cpython-310")),
        ("pkg/mod.cpython-313t-x86_64-linux-gnu.so", (None, "pkg.mod", "cpython-313t")),
        ("pkg/mod.cpython-37m-x86_64-linux-gnu.so", (None, "pkg.mod", "cpython-37m")),
        ("pkg/mod.cpython-311-aarch64-linux-gnu.so", (None, "pkg.mod", "cpython-311")),
        ("pkg/mod.pypy310-pp73-x86_64-linux-gnu.so", (None, "pkg.mod", "pypy310-pp73")),
        (f"pkg/__init__{TAGGED}", ("pkg", "pkg", "cpython-311")),
        (f"81d2__mypyc{TAGGED}", ("81d2__mypyc", "81d2__mypyc", "cpython-311")),
        ("numpy.libs/libgfortran-1.so", (None, None, None)),
        (f"foo-data/mod{TAGGED}", (None, None, "cpython-311")),
        ("pkg/libfoo.so.1", (None, None, None)),
        ("bin/program", (None, None, None)),
        ("__init__.so", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_names_modules(path: str | None, expected: tuple[str | None, str | None, str | None]) -> None:
    assert name_module(path, SUFFIXES, everything) == expected


def test_a_file_without_its_start_function_is_no_module() -> None:
    asked: list[str] = []

    def exports(symbol: str) -> bool:
        asked.append(symbol)
        return False

    assert name_module("torch/lib/libtorch.so", SUFFIXES, exports) == (None, "torch.lib.libtorch", None)
    assert asked == ["PyInit_libtorch"]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("mod", "PyInit_mod"), ("a-b", "PyInit_a_b"), ("ü", "PyInitU_tda"), ("aü", "PyInitU_a_eha")],
)
def test_names_the_start_function(name: str, symbol: str) -> None:
    assert init_symbol(name) == symbol


def test_the_names_are_those_that_python_imports(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    for name in ("a-b", "aü", "1x"):
        source = tmp_path / "x.c"
        source.write_text(f"void *{init_symbol(name)}(void) {{ return 0; }}")
        made = tmp_path / f"{name}{suffix}"
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, source], check=True)
        code = f"import sys, importlib; sys.path[:0] = [{str(tmp_path)!r}]; importlib.import_module({name!r})"
        environment = {**os.environ, "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert "without raising an exception" in done.stderr or "without setting an exception" in done.stderr


def test_reads_recorded_files(tmp_path: Path, built: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    place(built / "mod.so", site / "p" / f"mod{TAGGED}")
    place(built / "pkg.so", site / "pkg" / f"__init__{TAGGED}")
    place(built / "mod.so", site / "p" / "mod.cpython-310-x86_64-linux-gnu.so")
    place(built / "mod.so", tmp_path / "bin" / "program")
    place(built / "mod.so", site / "p" / "bin" / "protoc-3.13.0")
    (tmp_path / "bin" / "script").write_text("#!/bin/sh\n")
    (site / "p" / "notes.so.txt").write_text("no binary")
    files = [
        f"p/mod{TAGGED}",
        f"pkg/__init__{TAGGED}",
        "p/mod.cpython-310-x86_64-linux-gnu.so",
        "../../../bin/program",
        "../../../bin/script",
        "p/bin/protoc-3.13.0",
        "p/notes.so.txt",
        "p/gone.so",
        "p/__init__.py",
    ]
    ticks: list[tuple[int, int]] = []
    found = read_binaries(
        [distribution("p", site, files)], target(), loader(tmp_path), lambda *tick: ticks.append(tick)
    )
    binaries = by_name(found)
    assert list(binaries) == [*files[:4], files[5]]
    assert binaries[files[0]].module == "p.mod"
    assert binaries[files[1]].module == "pkg"
    old = binaries[files[2]]
    assert (old.module, old.module_stem, old.python_tag) == (None, "p.mod", "cpython-310")
    program = binaries[files[3]]
    assert (program.path, program.module) == (str(tmp_path / "bin" / "program"), None)
    assert program.size == os.path.getsize(program.path)
    assert ticks[0] == (0, 6)
    assert ticks[-1] == (6, 6)


def test_reports_what_cannot_be_read(tmp_path: Path, built: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "empty.so").touch()
    (tmp_path / "p" / "libtext.so.1").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "p" / "dangling.so").symlink_to("nowhere.so")
    data = (built / "mod.so").read_bytes()
    (tmp_path / "p" / "cut.so").write_bytes(data[:9000])
    files = ["p/empty.so", "p/libtext.so.1", "p/dangling.so", "p/cut.so"]
    read, unread = read_binaries([distribution("p", tmp_path, files)], target(), loader(tmp_path))
    assert read == ()
    reasons = {entry.relative: entry.reason for entry in unread}
    assert reasons["p/empty.so"] == "empty file"
    assert "Git LFS" in reasons["p/libtext.so.1"]
    assert "No such file" in reasons["p/dangling.so"]
    assert reasons["p/cut.so"].startswith("cut short: has 9000 bytes of at least")


def test_only_effective_distributions_and_each_file_once(tmp_path: Path, built: Path) -> None:
    place(built / "mod.so", tmp_path / "p" / "mod.so")
    (tmp_path / "p" / "alias.so").symlink_to("mod.so")
    hidden = distribution("hidden", tmp_path, ["p/mod.so"], effective=False)
    first = distribution("first", tmp_path, ["p/mod.so", "p/alias.so"])
    second = distribution("second", tmp_path, ["p/mod.so", "p/../p/mod.so"])
    binaries, unread = read_binaries([hidden, first, second], target(), loader(tmp_path))
    assert [(b.distribution, b.relative) for b in binaries] == [("first", "p/mod.so")]
    assert unread == ()


def test_a_record_outweighs_a_folder_of_the_same_name(tmp_path: Path, built: Path) -> None:
    place(built / "mod.so", tmp_path / "p" / "mod.so")
    place(built / "user.so", tmp_path / "p" / "user.so")
    unrecorded = distribution("p", tmp_path, None)
    recorded = distribution("q", tmp_path, ["p/mod.so"])
    binaries, _ = read_binaries([unrecorded, recorded], target(), loader(tmp_path))
    assert [(b.distribution, b.relative) for b in binaries] == [("p", "p/user.so"), ("q", "p/mod.so")]


def test_walks_the_folders_of_an_unrecorded_install(tmp_path: Path, built: Path) -> None:
    place(built / "mod.so", tmp_path / "Thing" / "deep" / "mod.so")
    place(built / "mod.so", tmp_path / "Thing" / "__pycache__" / "mod.so")
    place(built / "mod.so", tmp_path / f"mod{TAGGED}")
    place(built / "mod.so", tmp_path / "other" / "mod.so")
    metadata = tmp_path / "thing.egg-info"
    metadata.mkdir()
    (metadata / "top_level.txt").write_text("Thing\nmod\n../other\n")
    found = read_binaries(
        [distribution("thing", tmp_path, None, metadata=metadata)], target(), loader(tmp_path)
    )
    binaries = by_name(found)
    assert {b.module for b in binaries.values()} == {"Thing.deep.mod", "mod"}


def test_walks_the_project_of_an_editable_install(tmp_path: Path, built: Path) -> None:
    site, project = tmp_path / "site", tmp_path / "my project"
    (site).mkdir()
    (site / "a_b.pth").write_text(str(project / "src"))
    place(built / "mod.so", project / "src" / "a_b" / "mod.so")
    url = DirectUrl(f"file://{tmp_path}/my%20project", editable=True)
    found = read_binaries([distribution("a-b", site, ["a_b.pth"], url=url)], target(), loader(tmp_path))
    binaries = by_name(found)
    assert list(binaries) == ["../my project/src/a_b/mod.so"]
    assert next(iter(binaries.values())).module == "a_b.mod"


def test_names_missing_libraries(tmp_path: Path, built: Path) -> None:
    place(built / "user.so", tmp_path / "p" / "user.so")
    p = distribution("p", tmp_path, ["p/user.so"])
    found = by_name(read_binaries([p], target(), loader(tmp_path)))
    assert found["p/user.so"].missing == ("libown.so.1",)
    assert "libown.so.1" in found["p/user.so"].needed
    found = by_name(read_binaries([p], target(), loader(tmp_path, str(built))))
    assert found["p/user.so"].missing == ()
    unsure = Loader("", cache="/none", machine=machine_of(os.path.realpath(sys.executable)))
    assert by_name(read_binaries([p], target(), unsure))["p/user.so"].missing == ()


def test_a_library_that_a_package_ships_is_not_missing(tmp_path: Path, built: Path) -> None:
    place(built / "user.so", tmp_path / "p" / "user.so")
    place(built / "libown.so.1", tmp_path / "q" / "lib" / "renamed.so")
    p = distribution("p", tmp_path, ["p/user.so"])
    q = distribution("q", tmp_path, ["q/lib/renamed.so"])
    found = by_name(read_binaries([p, q], target(), loader(tmp_path)))
    assert found["p/user.so"].missing == ()
    assert found["q/lib/renamed.so"].soname == "libown.so.1"


def test_a_binary_for_another_machine_misses_nothing(tmp_path: Path, built: Path) -> None:
    place(built / "user.so", tmp_path / "p" / "user.so")
    content = bytearray((tmp_path / "p" / "user.so").read_bytes())
    content[18:20] = b"\xb7\x00"
    (tmp_path / "p" / "user.so").write_bytes(content)
    found = by_name(read_binaries([distribution("p", tmp_path, ["p/user.so"])], target(), loader(tmp_path)))
    assert found["p/user.so"].missing == ()


@pytest.mark.clinic
def test_a_real_wheel_with_its_bundled_libraries(tmp_path: Path) -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    pin, options = "shapely==2.0.2", ["--python-version", "3.11", "--python", sys.executable]
    command = ["uv", "pip", "install", "-q", "--no-deps", *options, "--target", str(tmp_path / "site"), pin]
    subprocess.run(command, check=True)
    record = (tmp_path / "site" / "shapely-2.0.2.dist-info" / "RECORD").read_text()
    files = [line.rsplit(",", 2)[0] for line in record.splitlines()]
    suffixes = (f".cpython-311-{os.uname().machine}-linux-gnu.so", ".abi3.so", ".so")
    site = tmp_path / "site"
    system = Loader("", machine=machine_of(os.path.realpath(sys.executable)))
    found = by_name(read_binaries([distribution("shapely", site, files)], target(suffixes), system))
    assert {b.module for b in found.values() if b.module} == {
        "shapely.lib",
        "shapely._geos",
        "shapely._geometry_helpers",
    }
    assert all(b.missing == () for b in found.values())
    assert {b.numpy.abi for b in found.values() if b.numpy} == {NumpyAbi.NUMPY1}
