"""Name the folders that installs, programs and model caches write to."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping

from npdoctor.model.storage import Place, Role

_POD_VOLUMES = ("/workspace", "/runpod-volume")


def cache_folders(environ: Mapping[str, str], home: str) -> dict[Role, str]:
    """Return the folders of the caches, by the rules of the tools that own them."""
    general = environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    hub = environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE")
    found = {
        Role.HF_CACHE: environ.get("HF_HOME") or os.path.join(general, "huggingface"),
        Role.TORCH_CACHE: environ.get("TORCH_HOME") or os.path.join(general, "torch"),
        Role.PIP_CACHE: environ.get("PIP_CACHE_DIR") or os.path.join(general, "pip"),
        Role.UV_CACHE: environ.get("UV_CACHE_DIR") or os.path.join(general, "uv"),
        Role.CACHES: general,
    }
    return found | ({Role.HF_HUB_CACHE: hub} if hub else {})


def written_places(
    prefix: str, environ: Mapping[str, str], home: str, working_folder: str, mounted: Container[str]
) -> tuple[Place, ...]:
    """Return all folders that something writes to, the target's environment first.

    The volumes of pods are among them where they are `mounted`.
    """
    temporary = next((environ[n] for n in ("TMPDIR", "TEMP", "TMP") if environ.get(n)), "/tmp")  # noqa: S108
    found = {
        Role.ENVIRONMENT: prefix,
        Role.TEMPORARY: temporary,
        Role.HOME: home,
        **cache_folders(environ, home),
        Role.WORKING_FOLDER: working_folder,
    }
    return (
        *(Place(role, _absolute(path, home, working_folder)) for role, path in found.items()),
        *(Place(Role.VOLUME, point) for point in _POD_VOLUMES if point in mounted),
    )


def _absolute(path: str, home: str, working_folder: str) -> str:
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return os.path.normpath(os.path.join(working_folder, path))
