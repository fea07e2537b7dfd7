"""Build the tree of an environment, file by file, as an installer would leave it."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from npdoctor.model.target import Target

SUFFIXES = (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so")
STANDARD = frozenset({"json", "os", "random", "sys", "test", "types", "_json"})


@dataclass(frozen=True)
class FakeEnvironment:
    """A folder that looks like a virtual environment; nothing in it is ever run."""

    prefix: Path

    @property
    def site(self) -> Path:
        """Return its site-packages."""
        return self.prefix / "lib/python3.11/site-packages"

    def target(self, *before: Path, user_site: Path | None = None, pythonpath: Sequence[str] = ()) -> Target:
        """Return the target that this environment would describe; `before` comes first on sys.path."""
        middle = [str(user_site)] if user_site else []
        return Target(
            executable=str(self.prefix / "bin/python"),
            why="--python",
            version=(3, 11, 7),
            implementation="cpython",
            prefix=str(self.prefix),
            base_prefix="/usr",
            platform="linux-x86_64",
            sys_path=(*map(str, before), *middle, str(self.site)),
            site_packages=(str(self.site),),
            user_site=str(user_site) if user_site else None,
            pythonpath=tuple(pythonpath),
            extension_suffixes=SUFFIXES,
            stdlib_modules=STANDARD,
            libc=("glibc", "2.36"),
            byte_order="little",
            bits=64,
        )

    def install(
        self,
        name: str,
        version: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        into: Path | None = None,
        headers: str = "",
        extra: Mapping[str, str] | None = None,
        installer: str = "pip",
    ) -> Path:
        """Install a distribution and return its metadata folder; `extra` are further metadata files."""
        site = into or self.site
        metadata = f"{name.replace('-', '_')}-{version}.dist-info"
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}\nThe body.\n"
        contents: dict[str, str | bytes] = {
            **(files or {}),
            f"{metadata}/METADATA": text,
            f"{metadata}/INSTALLER": f"{installer}\n",
            **{f"{metadata}/{key}": value for key, value in (extra or {}).items()},
        }
        rows = []
        for path, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            place = Path(os.path.normpath(site / path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            quoted = f'"{path}"' if "," in path else path
            rows.append(f"{quoted},sha256={digest},{len(data)}")
        rows.append(f"{metadata}/RECORD,,")
        (site / metadata / "RECORD").write_text("\n".join(rows) + "\n")
        return site / metadata


def make_environment(prefix: Path) -> FakeEnvironment:
    """Create an empty environment in a folder."""
    environment = FakeEnvironment(prefix)
    environment.site.mkdir(parents=True)
    return environment
