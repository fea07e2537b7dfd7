"""What the compiled files of a distribution say without being loaded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from npdoctor.model.cuda import GpuCode


class NumpyAbi(str, Enum):
    """Which NumPy a binary's own text says it was built for."""

    NONE = "none"
    NUMPY1 = "numpy1"
    BOTH = "both"
    NUMPY2 = "numpy2"
    MIXED = "mixed"


class NumpyApi(str, Enum):
    """How a binary reaches the NumPy C API, which decides how it fails under the wrong one."""

    IMPORT_ARRAY = "import_array"
    CYTHON = "cython"
    PYBIND11 = "pybind11"
    RUST = "rust-numpy"


@dataclass(frozen=True, slots=True)
class NumpyUse:
    """A binary's tie to the NumPy C API; `texts` are the strings in the file that prove it."""

    abi: NumpyAbi
    api: NumpyApi
    minimum: str | None
    texts: tuple[str, ...]

    @property
    def fails_on_numpy2(self) -> bool:
        """Tell whether importing it under NumPy 2 raises, rather than quietly going wrong."""
        return self.abi is NumpyAbi.NUMPY1 and self.api in (NumpyApi.IMPORT_ARRAY, NumpyApi.CYTHON)


@dataclass(frozen=True, slots=True)
class VersionNeed:
    """A versioned symbol set, such as GLIBC_2.34, that a binary wants from a library."""

    library: str
    version: str


@dataclass(frozen=True, slots=True)
class Binary:
    """One ELF file of a distribution.

    `module` is the dotted name by which this interpreter can import it, None where it is no extension
    module or is tagged for another Python. `python_tag` is the tag in the file name (`cpython-311`,
    `abi3`). `missing` names the needed libraries that the dynamic loader would not find on its own.
    `gpu_code` is None where the file has no section for code that runs on NVIDIA's GPUs.
    """

    path: str
    distribution: str
    relative: str
    size: int
    module: str | None
    module_stem: str | None
    python_tag: str | None
    soname: str | None
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    version_needs: tuple[VersionNeed, ...]
    numpy: NumpyUse | None
    gpu_code: GpuCode | None = None


@dataclass(frozen=True, slots=True)
class UnreadBinary:
    """A file that claims to be a binary and could not be read as one."""

    path: str
    distribution: str
    relative: str
    reason: str
