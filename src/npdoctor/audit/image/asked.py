"""Read what a command line asks for: requirements, wheels, folders, conda's specifications."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from npdoctor.audit.image.arguments import names
from npdoctor.audit.image.passage import Passage
from npdoctor.audit.image.shell_words import Word
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.fix.files.specifier import is_exact
from npdoctor.model.declaration import Declared

LONGEST = 1_000
_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/@'\"]{1,500}@")
_AFTER_URL = re.compile(r"[?#].*", re.DOTALL)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_ARCHIVE = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")
_CONDA = re.compile(
    r"(?:[\w.:/-]+::)?([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:([=<>!~][^\s|]*|\d[\d.*]*)(?:\s+\S+)?)?"
)
_EXACT_BUILD = re.compile(r"=?=?([^=<>!~,|\s]+)(?:=[^=\s]+)?")
_OF_CONDA = {
    "pytorch": "torch",
    "matplotlib-base": "matplotlib",
    "py-opencv": "opencv-python",
    "faiss": "faiss-cpu",
}
_OF_SYSTEM = {
    "opencv": "opencv-python",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "pil": "pillow",
    "tables": "tables",
    "pywt": "pywavelets",
}
_SYSTEM_PACKAGE = re.compile(r"(?:python3?|py3)-([a-z][a-z0-9.+-]*?)(?:[=/:].*)?")
_NO_DISTRIBUTION = names(
    """
    pip dev venv all full minimal distutils setuptools wheel apt dbg doc lib2to3 tk pkg-resources is-python3
    virtualenv devel libs apport gi debian
    """
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement on a command line, or a line of a file that the Dockerfile itself writes.

    `start` and `end` are where in `passage` its specifier stands. `word` is None for a line of a file.
    `lost` is what the shell takes from it as a redirection.
    """

    declared: Declared
    passage: Passage
    start: int
    end: int
    word: Word | None = None
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A project that is installed from its folder."""

    path: str


@dataclass(frozen=True, slots=True)
class Unread:
    """What names something that cannot be known, and why."""

    text: str
    why: str


def read_requirement(word: Word, path: str, line: int) -> Asked | Folder | Unread | None:
    """Return what an operand of pip or uv asks for, None for one without a name, such as a git address."""
    text = word.text
    if word.unknown:
        return Unread(text, missing(word))
    if len(text) > LONGEST:
        return Unread(text[:60], "it is too long")
    bare = text.partition("[")[0].strip()
    if " @ " not in text and _is_place(text, bare):
        return _of_place(word, bare, path, line)
    written = read_written(text)
    if written is None:
        return Unread(text, "it is no requirement")
    requirement = written.requirement
    specifier = text[written.start : written.end].strip()
    declared = Declared(
        name=written.name,
        specifier=specifier,
        path=path,
        line=line,
        marker=str(requirement.marker or ""),
        extras=tuple(sorted(requirement.extras)),
        exact=is_exact(specifier),
        direct=requirement.url is not None,
    )
    return Asked(declared, word.passage, written.start, written.end, word)


def read_conda(word: Word, path: str, line: int) -> Asked | Unread | None:
    """Return what a specification of conda asks for; its specifier is put as PEP 440 has it."""
    text = word.text.strip()
    if word.unknown:
        return Unread(text, missing(word))
    found = _CONDA.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return Unread(text[:60], "it is no specification that could be read")
    name = canonicalize_name(found[1])
    specifier = _pep440(found[2] or "")
    declared = Declared(
        name=_OF_CONDA.get(name, name), specifier=specifier, path=path, line=line, exact=is_exact(specifier)
    )
    return Asked(declared, word.passage, 0, 0, None)


def read_system(word: Word, path: str, line: int) -> Asked | None:
    """Return the distribution that a package of the operating system holds, None for all others."""
    found = _SYSTEM_PACKAGE.fullmatch(word.text) if len(word.text) <= LONGEST else None
    if found is None or found[1] in _NO_DISTRIBUTION or found[1].endswith(("-dev", "-doc", "-dbg")):
        return None
    name = _OF_SYSTEM.get(found[1], found[1])
    return Asked(Declared(canonicalize_name(name), "", path, line), word.passage, 0, 0, None)


def missing(word: Word) -> str:
    """Say why a word could not be read."""
    which = ", ".join(dict.fromkeys(name[:40] for name in word.unknown[:5]))
    return f"the Dockerfile gives no value for {which}" if " " not in which else f"{which} cannot be known"


def without_login(text: str) -> str:
    """Return a text whose URLs carry no user and no password."""
    return _LOGIN.sub(r"\1", text) if "://" in text else text


def index_url(text: str) -> str:
    """Return the URL of an index without login, query and fragment."""
    return _AFTER_URL.sub("", without_login(text))


def _is_place(text: str, bare: str) -> bool:
    return (
        bare.startswith((".", "/", "~")) or "/" in bare or "://" in text or bare.endswith((".whl", *_ARCHIVE))
    )


def _of_place(word: Word, bare: str, path: str, line: int) -> Asked | Folder | None:
    text = word.text
    egg = _EGG.search(text)
    file = _AFTER_URL.sub("", text).rpartition("/")[2]
    if file.endswith(".whl"):
        try:
            name, version, _, _ = parse_wheel_filename(file.replace("%2B", "+").replace("%2b", "+"))
        except InvalidWheelFilename:
            return None
        declared = Declared(name, f"=={version}", path, line, exact=True, direct=True)
        return Asked(declared, word.passage, 0, 0, None)
    if egg:
        return Asked(
            Declared(canonicalize_name(egg[1]), "", path, line, direct=True), word.passage, 0, 0, None
        )
    if "://" in text or file.endswith(_ARCHIVE) or "*" in bare:
        return None
    return Folder(bare or ".")


def _pep440(specifier: str) -> str:
    """Put conda's `=1.26` and `1.26=build` as PEP 440 has them."""
    if specifier.startswith("==") or not specifier.startswith("="):
        if specifier[:1].isdigit():
            return f"=={specifier}"
        head = _EXACT_BUILD.fullmatch(specifier) if specifier.startswith("==") else None
        return f"=={head[1]}" if head else specifier
    version, sign, _ = specifier[1:].partition("=")
    return f"=={version}" if sign or version.endswith("*") else f"=={version}.*"
