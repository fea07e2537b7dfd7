"""Replace a file whole, so that a crash leaves either the old one or the new one."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable


def replace_file(
    path: str,
    data: bytes,
    temporary: str,
    mode: int = 0o600,
    take_after: Callable[[str, str], None] | None = None,
) -> None:
    """Replace a file by way of a temporary one beside it, which is gone where that fails.

    `mode` is for a new file, under the umask; `take_after` gives the temporary file, named second, what the
    replaced one had. Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if take_after and os.path.exists(path):
            take_after(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path))


def keep_mode(path: str, temporary: str) -> None:
    """Give the temporary file the mode of the one that it replaces."""
    os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable, as far as the filesystem can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
