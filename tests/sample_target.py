"""A Linux interpreter that no test runs: the target of hand-made snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from npdoctor.model.target import Target

SUFFIXES = (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so")


def linux_target(prefix: str = "/venv", **changes: Any) -> Target:
    """Return CPython 3.11.7 in an environment at `prefix`, with fields changed as given."""
    site = f"{prefix}/lib/python3.11/site-packages"
    base = Target(
        executable=f"{prefix}/bin/python",
        why="--python",
        version=(3, 11, 7),
        implementation="cpython",
        prefix=prefix,
        base_prefix="/usr",
        platform="linux-x86_64",
        sys_path=(site,),
        site_packages=(site,),
        user_site=None,
        pythonpath=(),
        extension_suffixes=SUFFIXES,
        stdlib_modules=frozenset({"os", "sys", "_bz2", "random"}),
        libc=("glibc", "2.35"),
        byte_order="little",
        bits=64,
    )
    return replace(base, **changes)
