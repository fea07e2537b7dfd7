"""Write npdoctor's own files and a person's, each in its way."""

from __future__ import annotations

import os
import shutil

from npdoctor.replacing import replace_file


def write_durably(path: str, data: bytes) -> None:
    """Replace a file of npdoctor's own, readable by its owner only."""
    replace_file(path, data, f"{path}.new")


def replace_text(path: str, data: bytes, temporary: str) -> None:
    """Replace a person's file by way of a temporary one beside it; mode, owner and attributes stay.

    Raises OSError, also where the owner could not be kept.
    """
    replace_file(path, data, temporary, 0o666, _take_after)


def _take_after(path: str, temporary: str) -> None:
    """Give the temporary file the owner, mode and attributes of the one that it replaces."""
    old, new = os.stat(path), os.stat(temporary)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.chown(temporary, old.st_uid, old.st_gid)
    shutil.copystat(path, temporary)
    os.utime(temporary)
