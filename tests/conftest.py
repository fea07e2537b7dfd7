"""What every test starts from: an environment that says nothing of this machine but where caches are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same cases each time: a search for new ones is `pytest --hypothesis-profile=default`.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

HOME = Path.home()
ALTERING = (
    "CUDA_",
    "HF_",
    "KUBERNETES_",
    "NPDOCTOR_",
    "NVIDIA_",
    "PEX",
    "PIP_",
    "POETRY_",
    "RUNPOD_",
    "TEXTUAL",
    "UV_",
    "XDG_",
)
EXACTLY = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "FORCE_COLOR",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LINES",
    "NO_COLOR",
    "PYENV_VERSION",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
# How the package index is reached and where downloads are kept: the same for every test.
KEPT = (
    "PIP_CACHE_DIR",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_PROXY",
    "PIP_RETRIES",
    "PIP_TRUSTED_HOST",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_TIMEOUT",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_PYTHON_INSTALL_DIR",
    "UV_SYSTEM_CERTS",
)


def _places_in_home() -> dict[str, str]:
    """Return, as the variables that name them, the places that tools would look for in HOME."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or HOME / ".cache")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or HOME / ".config")
    data = Path(os.environ.get("XDG_DATA_HOME") or HOME / ".local/share")
    places = {
        "UV_CACHE_DIR": cache / "uv",
        "PIP_CACHE_DIR": cache / "pip",
        "UV_PYTHON_INSTALL_DIR": data / "uv/python",
        "PYENV_ROOT": HOME / ".pyenv",
        "UV_CONFIG_FILE": config / "uv/uv.toml",
        "PIP_CONFIG_FILE": config / "pip/pip.conf",
    }
    always = ("UV_CACHE_DIR", "PIP_CACHE_DIR")
    return {name: str(path) for name, path in places.items() if name in always or path.exists()}


PLACES = {name: os.environ.get(name) or path for name, path in _places_in_home().items()}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clear what alters results, and give the test a home of its own; return that home."""
    for name in list(os.environ):
        if name in EXACTLY or (name.startswith(ALTERING) and name not in KEPT):
            monkeypatch.delenv(name)
    for name, path in PLACES.items():
        monkeypatch.setenv(name, path)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TERM", "xterm-256color")
    return home
