"""The interpreter under examination."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """An interpreter that was chosen, and the reason that is shown for it."""

    executable: str
    why: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the target interpreter says of itself.

    `sys_path` is what a program started in an empty folder would see, without that folder.
    `pythonpath` holds the entries that PYTHONPATH put there; an empty entry means the working folder.
    """

    executable: str
    why: str
    version: tuple[int, int, int]
    implementation: str
    prefix: str
    base_prefix: str
    platform: str
    sys_path: tuple[str, ...]
    site_packages: tuple[str, ...]
    user_site: str | None
    pythonpath: tuple[str, ...]
    extension_suffixes: tuple[str, ...]
    stdlib_modules: frozenset[str]
    libc: tuple[str, str] | None
    byte_order: str
    bits: int
    startup_noise: str = ""

    @property
    def python(self) -> str:
        """Return the version as text, such as `3.11.7`."""
        return ".".join(map(str, self.version))
