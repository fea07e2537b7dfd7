"""The one module that writes: results to stdout or to a file, everything else to stderr."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from typing import TextIO

from npdoctor.errors import UsageError
from npdoctor.replacing import keep_mode, replace_file


class Output:
    """Where results and words go; `path` is the file of -o, None or `-` for stdout."""

    def __init__(self, path: str | None = None, private: bool = False, quiet: bool = False) -> None:
        self.path = None if path in (None, "-") else path
        self.quiet = quiet
        self._private = private
        self._hide: Callable[[str], str] = str
        if self.path:
            _check_writable(self.path)

    def hide_with(self, redact: Callable[[str], str]) -> None:
        """Pass every later word on stderr through the redactor."""
        self._hide = redact

    @property
    def is_terminal(self) -> bool:
        """Tell whether results are shown to a person."""
        return self.path is None and sys.stdout.isatty()

    @property
    def speaks_unicode(self) -> bool:
        """Tell whether the signs of the report can be written."""
        if self.path:
            return True
        try:
            "✗·…".encode(sys.stdout.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def result(self, text: str) -> None:
        """Write the result; a reader that has gone away is no fault."""
        if self.path:
            _write_file(self.path, text, self._private)
        else:
            _write(sys.stdout, text)

    def say(self, text: str) -> None:
        """Tell the person something that is not the result."""
        _write(sys.stderr, self._hide(text) + "\n")

    def hint(self, text: str) -> None:
        """Tell the person something that -q leaves out."""
        if not self.quiet:
            self.say(text)

    def status(self, text: str) -> None:
        """Overwrite the progress line of a terminal; an empty text clears it."""
        _write(sys.stderr, f"\r\x1b[2K{self._hide(text)}")


def _write(stream: TextIO, text: str) -> None:
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Send the rest nowhere, so that the interpreter's own flush at exit stays quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _check_writable(path: str) -> None:
    """Refuse a file that could not be written, before anything is examined."""
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder: -o needs a file")
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} does not exist: -o cannot write there")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise UsageError(f"{path} cannot be written: no permission")


def _write_file(path: str, text: str, private: bool) -> None:
    """Write all or nothing; a link is followed, a device or pipe is written to as it is."""
    data = text.encode("utf-8", "backslashreplace")
    place = os.path.realpath(path)
    try:
        if os.path.exists(place) and not stat.S_ISREG(os.stat(place).st_mode):
            with open(place, "wb") as file:
                file.write(data)
            return
        temporary = f"{place}.npdoctor-{os.getpid()}"
        if private:
            replace_file(place, data, temporary)
        else:
            replace_file(place, data, temporary, 0o666, keep_mode)
    except BrokenPipeError:
        return
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
