"""An environment in the midst of its imports, written by hand: packages, binaries and what they answered."""

from __future__ import annotations

from dataclasses import replace

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.binary import Binary, NumpyAbi, NumpyApi, NumpyUse
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import DirectUrl, Distribution
from npdoctor.model.outcome import Died, Imported, NoAnswer, NotTried, Outcome, Raised, RaisedException
from npdoctor.model.rules import OptionalModule
from npdoctor.model.snapshot import NumpyOnDisk, Snapshot

from . import recorded as r

SITE = "/workspace/venv/lib/python3.11/site-packages"
HOME = "/home/maria"
NUMPY1 = NumpyUse(NumpyAbi.NUMPY1, NumpyApi.IMPORT_ARRAY, None, ("numpy.core._multiarray_umath",))
NUMPY2 = NumpyUse(NumpyAbi.NUMPY2, NumpyApi.IMPORT_ARRAY, "2.0", ("numpy._core._multiarray_umath",))
BOTH = NumpyUse(NumpyAbi.BOTH, NumpyApi.IMPORT_ARRAY, "1.19", ("numpy._core", "numpy.core"))
BOOK = replace(
    r.BOOK, optional=(OptionalModule("uvloop", "uvloop.extra", "an extra of Linux 6", "its source"),)
)


def distribution(
    name: str, version: str, requires: tuple[str, ...] = (), url: str = "", place: str = SITE
) -> Distribution:
    link = DirectUrl(url, editable=url.startswith("file:")) if url else None
    return Distribution(name, name, version, place, "", "pip", requires, None, None, link, effective=True)


def binary(
    owner: str, module: str, numpy: NumpyUse | None = None, needed: tuple[str, ...] = (), tag: str = "311"
) -> Binary:
    relative = f"{module.replace('.', '/')}.cpython-{tag}-x86_64-linux-gnu.so"
    own = module if tag == "311" else None
    place = f"{SITE}/{relative}"
    return Binary(place, owner, relative, 9, own, module, f"cpython-{tag}", None, needed, (), (), numpy)


DISTRIBUTIONS = (
    distribution("bitsandbytes", "0.43.0"),
    distribution("flash-attn", "2.6.3"),
    distribution("mylib", "0.1", (), f"file://{HOME}/mylib", f"{HOME}/mylib"),
    distribution("numpy", "2.1.3"),
    distribution("opencv-python", "4.9.0.80", ("numpy>=1.21",)),
    distribution("private", "3.0", (), "https://maria:hunter2secret@git.example/private.whl"),
    distribution("pydantic-core", "2.41.1"),
    distribution("scipy", "1.14.1", ("numpy<2.3,>=1.23.5", 'pytest; extra == "test"')),
    distribution("torchvision", "0.19.0", ("numpy", "torch==2.4.0; platform_system == 'Windows'")),
    distribution("uvloop", "0.21.0"),
    distribution("xformers", "0.0.27"),
)
BINARIES = (
    *(binary("bitsandbytes", f"bitsandbytes.c{n}", needed=("libcudart.so.12",)) for n in range(3)),
    binary("flash-attn", "flash_attn_2_cuda", needed=("libtorch.so",)),
    binary("numpy", "numpy._core._multiarray_umath"),
    binary("opencv-python", "cv2.cv2", NUMPY1),
    binary("pydantic-core", "pydantic_core._pydantic_core"),
    *(binary("scipy", f"scipy.m{n:02}", BOTH) for n in range(12)),
    *(binary("torchvision", f"torchvision.part{n}", needed=("libtorch_cpu.so",)) for n in range(4)),
    binary("uvloop", "uvloop.loop"),
    binary("uvloop", "uvloop.extra"),
    *(binary("xformers", f"xformers.x{n}", NUMPY2) for n in range(2)),
)
BY_MODULE = {b.module: b for b in BINARIES}
REFUSED = Raised(
    (RaisedException("ImportError", f"numpy.core.multiarray failed to import from {HOME}/x", ()),),
    None,
    None,
    0.31,
)
MISSING = Raised((RaisedException("ImportError", "no such kernel", ()),), None, None, 0.02)
ANSWERS: dict[str, Outcome] = {
    "numpy._core._multiarray_umath": Imported(0.22),
    "cv2.cv2": REFUSED,
    "bitsandbytes.c0": Died(11, None, None, "killed by SIGSEGV"),
    "bitsandbytes.c1": Imported(0.2),
    "bitsandbytes.c2": Imported(0.2),
    "flash_attn_2_cuda": NoAnswer(20.0),
    "pydantic_core._pydantic_core": Imported(0.05),
    "torchvision.part0": Imported(0.8),
    "torchvision.part1": Imported(0.3),
    "uvloop.loop": Imported(0.04),
    "uvloop.extra": MISSING,
}
REST: dict[str, Outcome] = {
    "torchvision.part2": Imported(0.1),
    "torchvision.part3": Imported(0.1),
    "xformers.x0": NotTried("its process could not be started"),
    "xformers.x1": Imported(0.1),
    **{f"scipy.m{n:02}": Imported(0.1) for n in range(12)},
}


def snapshot(answers: dict[str, Outcome], numpy: str = "2.1.3") -> Snapshot:
    return replace(
        r.diagnosis().snapshot,
        distributions=tuple(replace(d, version=numpy) if d.name == "numpy" else d for d in DISTRIBUTIONS),
        binaries=BINARIES,
        numpy=NumpyOnDisk("numpy", numpy, (), ()),
        imports={BY_MODULE[module].path: outcome for module, outcome in answers.items()},
    )


def judged(answers: dict[str, Outcome], numpy: str = "2.1.3") -> Diagnosis:
    return diagnose(snapshot(answers, numpy), BOOK)


STATIC = replace(r.STATIC, book=BOOK, diagnosis=judged({}), imported=(0, 27))
UNDER_WAY = replace(STATIC, diagnosis=judged(ANSWERS), imported=(11, 27))
FINAL = replace(r.FINAL, book=BOOK, diagnosis=judged({**ANSWERS, **REST}), imported=(27, 27))
