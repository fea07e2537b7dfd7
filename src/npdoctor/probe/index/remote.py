"""A file on an index, read by ranges as if it lay here."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from npdoctor.probe.index.address import local_path
from npdoctor.probe.index.web import Part, WebError, Whole

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from npdoctor.probe.index.web import Web

_TAIL = 64 << 10
_AT_ONCE = 512 << 10
_FIRST_AHEAD = 256 << 10
_MOST_AHEAD = 2 << 20
_MOST_READ = 64 << 20
_NO_SUFFIX_RANGES = (400, 405, 416, 501)


def open_file(url: str, web: Web) -> IO[bytes] | RemoteFile:
    """Open the file at an address for reading; raise WebError."""
    path = local_path(url)
    if path is None:
        return RemoteFile(url, web)
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise WebError(url, f"cannot be read: {getattr(error, 'strerror', None) or 'no path'}") from None


class RemoteFile(io.RawIOBase):
    """A seekable file of which the end and one window are held.

    `requests` counts what was asked of the server, `received` the bytes that it sent. What is read in
    order is fetched ahead in growing pieces, never past the end that `expect` announced.
    """

    def __init__(self, url: str, web: Web) -> None:
        super().__init__()
        self.requests = 0
        self.received = 0
        self._url, self._web = url, web
        self._at = 0
        self._whole: Whole | None = None
        self._start, self._window = 0, b""
        self._ahead = _FIRST_AHEAD
        self._tail_start, self._tail = 0, b""
        self.size = self._open()
        self._until = self._tail_start

    def expect(self, start: int, end: int) -> None:
        """Announce that this range is read next: nothing behind it is fetched."""
        self._until = min(end, self._tail_start)
        length = end - start
        self._ahead = length if length <= _AT_ONCE else _FIRST_AHEAD

    def seekable(self) -> bool:
        """Return true."""
        return True

    def readable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move and return the position, without asking the server."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if origin + offset < 0:
            raise OSError("a position before the beginning of the file")
        self._at = origin + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, up to the end of the file; raise WebError."""
        view = memoryview(buffer).cast("B")
        data = self._read(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if self._whole is not None:
            self._whole.file.close()
        super().close()

    def _open(self) -> int:
        """Fetch the end of the file, and learn its size from the answer."""
        try:
            answer = self._fetch(-_TAIL, 0)
        except WebError as error:
            if error.status not in _NO_SUFFIX_RANGES:
                raise
            answer = self._fetch(0, 0)
            if isinstance(answer, Part):
                answer = self._fetch(max(answer.total - _TAIL, 0), answer.total - 1)
        if isinstance(answer, Whole):
            self._tail_start = answer.size
            return answer.size
        self._tail_start, self._tail = answer.start, answer.data
        return answer.total

    def _read(self, at: int, length: int) -> bytes:
        end = min(at + length, self.size)
        if end <= at:
            return b""
        if end - at > _MOST_READ:
            raise WebError(self._url, f"the file asks for {(end - at) >> 20} MiB to be read at once")
        if self._whole is not None:
            self._whole.file.seek(at)
            return self._whole.file.read(end - at)
        if at < self._tail_start:
            self._reach(at, min(end, self._tail_start))
            if self._whole is not None:
                return self._read(at, length)
            if end > self._tail_start:
                self._tail_start, self._tail = at, self._held(at, self._tail_start) + self._tail
                self._until = min(self._until, at)
            else:
                return self._held(at, end)
        return self._tail[at - self._tail_start : end - self._tail_start]

    def _held(self, at: int, end: int) -> bytes:
        return self._window[at - self._start : end - self._start]

    def _reach(self, at: int, end: int) -> None:
        """Let the window begin at `at` or before and reach to `end` or behind it."""
        held_to = self._start + len(self._window)
        if not self._start <= at < held_to:
            at_hand, begin = b"", at
        elif end <= held_to:
            return
        else:
            at_hand, begin = self._held(at, held_to), held_to
        stop = max(end, min(begin + self._ahead, self._until))
        answer = self._fetch(begin, stop - 1)
        if self.size != (answer.size if isinstance(answer, Whole) else answer.total):
            raise WebError(self._url, "the file changed while it was read")
        if isinstance(answer, Whole):
            return
        self._ahead = min(max(self._ahead, _FIRST_AHEAD) * 2, _MOST_AHEAD)
        self._start, self._window = at, at_hand + answer.data

    def _fetch(self, first: int, last: int) -> Part | Whole:
        self.requests += 1
        answer = self._web.part(self._url, first, last)
        if isinstance(answer, Whole):
            self.received += answer.size
            self._whole = answer
        else:
            self.received += len(answer.data)
        return answer
