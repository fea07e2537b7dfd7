"""Wheels whose members are real shared libraries that hold the texts of a build for some NumPy."""

from __future__ import annotations

import functools
import io
import random
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

OLD = (
    "_ARRAY_API",
    "numpy.core._multiarray_umath",
    "module compiled against ABI version 0x%x but this version of numpy is 0x%x",
)
NEW = (
    "_ARRAY_API",
    "numpy._core._multiarray_umath",
    "module was compiled against NumPy C-API version 0x%x (NumPy 1.20) but the running NumPy has 0x%x",
)
NEWEST = (*NEW[:2], NEW[2].replace("1.20", "2.1"))
OLD_CYTHON = ("numpy.core.multiarray failed to import",)
NONE = ("nothing of interest",)
TAG = "cpython-311-x86_64-linux-gnu.so"
METADATA = (
    "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n"
    "Requires-Dist: numpy<3,>=1.22.4\nRequires-Dist: pytest; extra == 'test'\n\nRequires-Dist: not-this\n"
)


@functools.cache
def library(texts: tuple[str, ...], noise: int = 0, symbol: str = "PyInit_a") -> bytes:
    """Compile a library with these constants and one function; `noise` bytes follow that do not compress."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "a.c"), Path(folder, "a.so")
        lines = [f'__attribute__((used)) static const char t{n}[] = "{t}";' for n, t in enumerate(texts)]
        code = f"void *{symbol}(void) {{ return 0; }}"
        source.write_text("\n".join([*lines, code]))
        subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source], check=True)
        return made.read_bytes() + random.Random(noise).randbytes(noise)


def wheel(members: Mapping[str, bytes]) -> bytes:
    """Pack a wheel."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("demo-1.0.dist-info/METADATA", METADATA)
        archive.writestr("demo-1.0.dist-info/RECORD", "")
    return packed.getvalue()
