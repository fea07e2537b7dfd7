"""The NumPy verdict on planted texts and on real wheels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from npdoctor.model.binary import NumpyAbi, NumpyApi, NumpyUse
from npdoctor.probe.elf import ElfFile
from npdoctor.probe.numpy_use import judge_texts, read_numpy_use

NONE, NUMPY1, BOTH, NUMPY2 = NumpyAbi.NONE, NumpyAbi.NUMPY1, NumpyAbi.BOTH, NumpyAbi.NUMPY2
IMPORT_ARRAY, CYTHON, PYBIND11, RUST = NumpyApi

OLD_HEADER = (
    "_ARRAY_API",
    "numpy.core._multiarray_umath",
    "module compiled against ABI version 0x%x but this version of numpy is 0x%x",
    "module compiled against API version 0x%x but this version of numpy is 0x%x",
    "numpy.core.multiarray failed to import",
)
NEW_HEADER = (
    "_ARRAY_API",
    "numpy._core._multiarray_umath",
    "numpy.core._multiarray_umath",
    "module compiled against ABI version 0x%x but this version of numpy is 0x%x",
    "module was compiled against NumPy C-API version 0x%x (NumPy 1.20) but the running NumPy has 0x%x",
)
OLD_PYBIND11 = (
    "_ARRAY_API",
    "__pybind11_internals_v4_gcc_libstdcpp",
    "numpy.core.multiarray",
    "pybind11 numpy support requires numpy >= 1.7.0",
)
NEW_PYBIND11 = (*OLD_PYBIND11[:2], OLD_PYBIND11[3], "numpy._core", "numpy.core")
OLD_CYTHON = ("numpy.core.multiarray failed to import", "size changed, may indicate binary incompatibility")
NEW_CYTHON = ("numpy._core.umath failed to import", "numpy._core.multiarray failed to import")
OLD_RUST = (
    "Failed to access NumPy array API capsule/root/.cargo/registry/src/x/numpy-0.19.0/src/npyffi/array.rs"
    "numpy.core.multiarray_ARRAY_APIPyCapsule",
)
# What rust-numpy 0.22 holds, and later ones with a copy of the C header's texts in Rust's own format.
NEW_RUST = (
    "Failed to access NumPy array API capsulenumpy.corenumpy._core.multiarray_ARRAY_API"
    "module compiled against ABI version 0x\xc0  but this version of numpy is 0x\xc0"
    "module was compiled against NumPy C-API version 0x\xc0\x08 (NumPy \xc0,)",
)


def judge(*texts: str) -> NumpyUse | None:
    return judge_texts(iter([b"\0".join(t.encode("latin-1") for t in texts) + b"\0"]))


@pytest.mark.parametrize(
    ("texts", "abi", "api", "minimum"),
    [
        (OLD_HEADER, NUMPY1, IMPORT_ARRAY, None),
        (NEW_HEADER, BOTH, IMPORT_ARRAY, "1.20"),
        ((*NEW_HEADER[:4], NEW_HEADER[4].replace("1.20", "2.1")), NUMPY2, IMPORT_ARRAY, "2.1"),
        ((*NEW_HEADER, NEW_HEADER[4].replace("1.20", "1.9")), BOTH, IMPORT_ARRAY, "1.20"),
        (OLD_PYBIND11, NUMPY1, PYBIND11, None),
        (NEW_PYBIND11, BOTH, PYBIND11, None),
        ((*OLD_PYBIND11, *OLD_HEADER), NUMPY1, IMPORT_ARRAY, None),
        ((*NEW_PYBIND11, *NEW_HEADER), BOTH, IMPORT_ARRAY, "1.20"),
        (OLD_CYTHON, NUMPY1, CYTHON, None),
        (NEW_CYTHON, BOTH, CYTHON, None),
        (OLD_RUST, NUMPY1, RUST, None),
        (NEW_RUST, BOTH, RUST, None),
        # Cython 3 puts the old name into a NumPy 2 build by itself.
        (
            (*NEW_HEADER, "numpy.core.multiarray failed to import (auto-generated)"),
            BOTH,
            IMPORT_ARRAY,
            "1.20",
        ),
        # Python code that Cython compiled may mention the new name; the C API was still the old one.
        ((*OLD_HEADER, "numpy._core.numeric"), NUMPY1, IMPORT_ARRAY, None),
        ((*OLD_CYTHON, "numpy._core"), NUMPY1, CYTHON, None),
    ],
)
def test_judges_texts(texts: tuple[str, ...], abi: NumpyAbi, api: NumpyApi, minimum: str | None) -> None:
    use = judge(*texts)
    assert use is not None
    assert (use.abi, use.api, use.minimum) == (abi, api, minimum)
    assert use.fails_on_numpy2 == (abi is NUMPY1 and api in (IMPORT_ARRAY, CYTHON))
    assert use.texts
    assert all(text.isprintable() and len(text) <= 100 for text in use.texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("numpy.ndarray", "numpy"),
        ("numpy.core.numeric", "size changed, may indicate binary incompatibility"),
        ("See numpy.core.multiarray for details.",),
        ("numpy.core.multiarray", "_reconstruct"),
        ("cnumpy.core.multiarray\n_reconstruct\np0\n", "__pybind11_internals_v4"),
        ("numpy._core.numeric",),
        ("_ARRAY_API",),
    ],
    ids=str,
)
def test_does_not_accuse_a_mere_mention(texts: tuple[str, ...]) -> None:
    assert judge(*texts) is None


def test_evidence_names_what_decided() -> None:
    old, new = judge(*OLD_HEADER), judge(*NEW_HEADER)
    assert old is not None
    assert new is not None
    assert old.texts[0] == "numpy.core._multiarray_umath"
    assert new.texts == (
        "numpy._core._multiarray_umath",
        "module was compiled against NumPy C-API version 0x%x (NumPy 1.20)",
    )
    rust = judge(*OLD_RUST)
    assert rust is not None
    assert "numpy-0.19.0" in rust.texts


def test_a_text_across_pieces_counts() -> None:
    joined = b"\0".join(t.encode() for t in OLD_HEADER) + b"\0"
    cut = joined.index(b"umath") + 2
    use = judge_texts(iter([joined[:cut], joined[cut - 256 if cut > 256 else 0 :]]))
    assert use is not None
    assert use.api is IMPORT_ARRAY


@pytest.fixture
def compile_with(tmp_path: Path) -> Callable[..., Path]:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")

    def build(name: str, *texts: str, code: str = "", data: str = "const") -> Path:
        lines = [f'static {data} char t{n}[] = "{text}";' for n, text in enumerate(texts)]
        table = ", ".join(f"t{n}" for n in range(len(texts)))
        source = tmp_path / f"{name}.c"
        source.write_text("\n".join([*lines, f"const char *texts[] = {{{table}}};", code]))
        made = tmp_path / name
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, source], check=True)
        return made

    return build


def read(path: Path) -> NumpyUse | None:
    with ElfFile(str(path)) as file:
        return read_numpy_use(file)


def test_reads_a_compiled_file(compile_with: Callable[..., Path]) -> None:
    use = read(compile_with("a.so", *OLD_HEADER, code="void *PyInit_a(void) { return 0; }"))
    assert use is not None
    assert (use.abi, use.api) == (NUMPY1, IMPORT_ARRAY)


def test_a_library_that_never_talks_to_python_is_not_judged(compile_with: Callable[..., Path]) -> None:
    assert read(compile_with("b.so", *OLD_HEADER)) is None


def test_a_library_that_only_calls_python_is_judged(compile_with: Callable[..., Path]) -> None:
    code = (
        "extern void *PyImport_ImportModule(const char *); void *f(void) { return PyImport_ImportModule(0); }"
    )
    assert read(compile_with("libfoo_python.so", *NEW_HEADER, code=code)) is not None


def test_numpys_own_core_is_no_user_of_numpy(compile_with: Callable[..., Path]) -> None:
    code = "void *PyInit__multiarray_umath(void) { return 0; }"
    assert read(compile_with("_multiarray_umath.so", *OLD_HEADER, code=code)) is None


def test_judges_without_section_headers(compile_with: Callable[..., Path]) -> None:
    made = compile_with("c.so", *OLD_PYBIND11, code="void *PyInit_c(void) { return 0; }")
    content = bytearray(made.read_bytes())
    content[40:48] = bytes(8)
    made.write_bytes(content)
    use = read(made)
    assert use is not None
    assert (use.abi, use.api) == (NUMPY1, PYBIND11)


Install = Callable[[str], Path]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Install:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    home = tmp_path_factory.mktemp("wheels")

    def install(pin: str) -> Path:
        folder = home / pin
        if not folder.exists():
            options = ["--python-version", "3.11", "--only-binary", ":all:", "--python", sys.executable]
            command = ["uv", "pip", "install", "-q", "--no-deps", *options, "--target", str(folder), pin]
            subprocess.run(command, check=True)
        return folder

    return install


def verdicts(folder: Path) -> Counter[tuple[NumpyAbi, str, str | None]]:
    found: Counter[tuple[NumpyAbi, str, str | None]] = Counter()
    for path in folder.rglob("*.so*"):
        use = read(path)
        found[(use.abi, use.api.value, use.minimum) if use else (NONE, "", None)] += 1
    return found


@pytest.mark.clinic
@pytest.mark.parametrize(
    ("pin", "expected"),
    [
        ("contourpy==1.2.0", {(NUMPY1, "pybind11", None)}),
        ("contourpy==1.3.1", {(BOTH, "pybind11", None)}),
        ("tokenizers==0.15.0", {(NUMPY1, "rust-numpy", None)}),
        ("tokenizers==0.21.0", {(BOTH, "rust-numpy", None)}),
        ("numexpr==2.8.7", {(NUMPY1, "import_array", None)}),
        ("numexpr==2.10.1", {(BOTH, "import_array", "1.23")}),
        ("shapely==2.0.2", {(NUMPY1, "import_array", None)}),
        ("h5py==3.10.0", {(NUMPY1, "import_array", None), (NUMPY1, "cython", None)}),
        ("gensim==4.3.2", {(NUMPY1, "cython", None)}),
        ("pandas==2.1.4", {(NUMPY1, "import_array", None), (NUMPY1, "cython", None)}),
        ("pandas==2.2.2", {(BOTH, "import_array", "1.20"), (BOTH, "cython", None)}),
        ("opencv-python-headless==4.9.0.80", {(NUMPY1, "import_array", None)}),
        ("opencv-python-headless==4.10.0.84", {(BOTH, "import_array", "1.16")}),
        (
            "scipy==1.11.4",
            {(NUMPY1, "import_array", None), (NUMPY1, "cython", None), (NUMPY1, "pybind11", None)},
        ),
        (
            "scipy==1.13.1",
            {(BOTH, "import_array", "1.16"), (BOTH, "cython", None), (BOTH, "pybind11", None)},
        ),
        ("kiwisolver==1.4.5", set()),
        ("pillow==10.2.0", set()),
        ("safetensors==0.4.2", set()),
    ],
)
def test_real_wheels(wheel: Install, pin: str, expected: set[tuple[NumpyAbi, str, str | None]]) -> None:
    found = verdicts(wheel(pin))
    assert found
    assert set(found) - {(NONE, "", None)} == expected
