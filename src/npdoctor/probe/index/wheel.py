"""Look into wheels on an index for their ties to NumPy, without downloading the whole."""

from __future__ import annotations

import re
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import compat32
from typing import IO, TYPE_CHECKING

from npdoctor.probe.index.member import BROKEN_ARCHIVE, read_member
from npdoctor.probe.index.reading import Member, Unreadable, UnreadMember, WheelReading
from npdoctor.probe.index.remote import RemoteFile, open_file
from npdoctor.probe.index.web import WebError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from email.message import Message

    from npdoctor.model.index import Wheel
    from npdoctor.probe.index.readings import Readings
    from npdoctor.probe.index.web import Web

FEW = 6
_MOST_PREFERRED = 3
_MOST_BYTES = 6 << 20
_MOST_METADATA = 4 << 20
_LARGEST_HEADER = 64 << 10
_AT_ONCE = 4
_COMPILED = re.compile(r"\.so(\.\d\w*)*$")
_LIBRARY = re.compile(r"(^|/)[^/]*\.libs/|\.so\.[^/]*$")
_DATA_FOLDER = re.compile(r"^[^/]+\.data/(platlib|purelib)/")


@dataclass(frozen=True, slots=True)
class Question:
    """A wheel to look into: `prefer` and `most` as for `read_wheel`."""

    wheel: Wheel
    prefer: tuple[str, ...] = ()
    most: int | None = FEW


def read_wheel(
    wheel: Wheel, web: Web, prefer: Sequence[str] = (), most: int | None = FEW
) -> WheelReading | Unreadable:
    """Read how the compiled files of a wheel are tied to NumPy.

    `prefer` names modules, dotted or as paths, that are known to be tied: the three smallest of them are
    read. Where none of those is tied, the `most` smallest are read, and where none of these is either, the
    largest module; 6 MiB packed in all, but one at least. With `most` None all are read. What is read is not
    checked against the wheel's hash, which is of the whole.
    """
    try:
        file = open_file(wheel.url, web)
        with file:
            try:
                with zipfile.ZipFile(file) as archive:
                    return _read(wheel, file, archive, prefer, most)
            except BROKEN_ARCHIVE as error:
                told = str(error) if isinstance(error, zipfile.BadZipFile) else type(error).__name__
                return Unreadable(wheel, f"not a readable wheel: {told[:100]}")
    except WebError as error:
        return Unreadable(wheel, error.reason, error.offline)


def read_wheels(
    questions: Sequence[Question],
    web: Web,
    readings: Readings | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[WheelReading | Unreadable, ...]:
    """Read several wheels, four at a time, and return them in order; `readings` remembers them.

    `on_progress` gets the wheels done, and in all, in the calling thread.
    """

    def answer(question: Question) -> WheelReading | Unreadable:
        known = readings.find(question.wheel, question.prefer, question.most) if readings else None
        if known is not None:
            return known
        reading = read_wheel(question.wheel, web, question.prefer, question.most)
        if readings and isinstance(reading, WheelReading):
            readings.keep(reading, question.prefer, question.most)
        return reading

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(answer, question) for question in questions]
        try:
            for done, _ in enumerate(as_completed(futures), start=1):
                on_progress(done, len(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)


def module_stem(name: str) -> str:
    """Return the dotted module that a path or a dotted name stands for, without the tag in a file name."""
    if "/" not in name and not _COMPILED.search(name):
        return name
    folder, _, file = _DATA_FOLDER.sub("", name).rpartition("/")
    stem = ".".join(filter(None, (*folder.split("/"), file.partition(".")[0])))
    return stem.removesuffix(".__init__")


def _read(
    wheel: Wheel,
    file: IO[bytes] | RemoteFile,
    archive: zipfile.ZipFile,
    prefer: Sequence[str],
    most: int | None,
) -> WheelReading:
    infos = archive.infolist()
    compiled = [info for info in infos if _COMPILED.search(info.filename)]
    members: list[Member] = []
    unread: list[UnreadMember] = []
    for info in _choose(compiled, prefer, most, members):
        if most is not None:
            _expect(file, info)
        found = read_member(archive, info)
        if isinstance(found, Member):
            members.append(found)
        else:
            unread.append(found)
    metadata = _metadata(file, archive, infos)
    return WheelReading(
        wheel,
        tuple(members),
        tuple(unread),
        len(compiled),
        tuple(map(str, metadata.get_all("Requires-Dist", ()))),
        str(metadata["Requires-Python"]) if metadata["Requires-Python"] else None,
        tuple(info.filename for info in infos),
        *((file.requests, file.received) if isinstance(file, RemoteFile) else (0, 0)),
    )


def _choose(
    compiled: Sequence[zipfile.ZipInfo], prefer: Sequence[str], most: int | None, read: Sequence[Member]
) -> Iterator[zipfile.ZipInfo]:
    """Yield what to read next, in view of what was `read` so far."""
    if most is None:
        yield from sorted(compiled, key=lambda info: info.header_offset)
        return
    ordered = sorted(
        compiled, key=lambda info: (bool(_LIBRARY.search(info.filename)), info.compress_size, info.filename)
    )
    stems = frozenset(map(module_stem, prefer))
    preferred = [info for info in ordered if module_stem(info.filename) in stems][:_MOST_PREFERRED]
    yield from preferred
    if any(member.numpy for member in read):
        return
    others = [info for info in ordered if info not in preferred]
    packed = 0
    for info in others[:most]:
        packed += info.compress_size
        if packed > _MOST_BYTES and (read or packed > info.compress_size):
            return
        yield info
    modules = [info for info in others[most:] if not _LIBRARY.search(info.filename)]
    for info in modules[-1:]:
        if packed + info.compress_size <= _MOST_BYTES and not any(member.numpy for member in read):
            yield info


def _expect(file: IO[bytes] | RemoteFile, info: zipfile.ZipInfo) -> None:
    if isinstance(file, RemoteFile):
        header = min(30 + 2 * len(info.filename.encode()) + 256, _LARGEST_HEADER)
        file.expect(info.header_offset, info.header_offset + header + info.compress_size)


def _metadata(
    file: IO[bytes] | RemoteFile, archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]
) -> Message:
    """Parse the METADATA of the wheel; an empty message where it has none that can be read."""
    for info in infos:
        folder, _, name = info.filename.partition("/")
        if name == "METADATA" and folder.endswith(".dist-info") and info.file_size <= _MOST_METADATA:
            _expect(file, info)
            return BytesParser(policy=compat32).parsebytes(archive.read(info), headersonly=True)
    return BytesParser(policy=compat32).parsebytes(b"")
