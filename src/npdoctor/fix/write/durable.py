"""Write files so that a crash leaves either the old or the new one."""

from __future__ import annotations

import contextlib
import os
import shutil


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable, as far as the filesystem can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_durably(path: str, data: bytes) -> None:
    """Replace a file of npdoctor's own, readable by its owner only."""
    temporary = f"{path}.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync_folder(os.path.dirname(path))


def replace_text(path: str, data: bytes, temporary: str) -> None:
    """Replace a person's file by way of a temporary one beside it; mode, owner and attributes stay.

    Raises OSError, also where the owner could not be kept.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if os.path.exists(path):
            _take_after(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path))


def _take_after(path: str, temporary: str) -> None:
    """Give the temporary file the owner, mode and attributes of the one that it replaces."""
    old, new = os.stat(path), os.stat(temporary)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.chown(temporary, old.st_uid, old.st_gid)
    shutil.copystat(path, temporary)
    os.utime(temporary)
