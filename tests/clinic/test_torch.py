"""A healthy torch for the CPU: its own proof is that a tensor makes the way to NumPy and back."""

from __future__ import annotations

import configparser
import os
import shutil
from pathlib import Path

import pytest

from clinic.examination import examine
from clinic.patients import Environment, base_python, built_once, install, make_environment, run_uv
from clinic.pythons import CACHE, HOME
from clinic.recipes import TORCH_NEEDS

WHEEL = "torch-2.13.0+cpu-cp311-cp311-*.whl"
ROOM = 2 << 30


def torch_wheel() -> Path:
    """Return the wheel from where pip is set to look: the one on the index brings gigabytes of CUDA."""
    for folder in find_links():
        for wheel in sorted(Path(folder).glob(WHEEL)) if Path(folder).is_dir() else ():
            return wheel
    pytest.skip(f"no {WHEEL} where pip is configured to find links, and CUDA builds are too large to fetch")


def find_links() -> list[str]:
    found = os.environ.get("PIP_FIND_LINKS", "").split()
    for path in (
        os.environ.get("PIP_CONFIG_FILE"),
        HOME / ".config/pip/pip.conf",
        HOME / ".pip/pip.conf",
        "/etc/pip.conf",
    ):
        parser = configparser.RawConfigParser()
        if path and parser.read(path):
            for section in parser.sections():
                found += parser.get(section, "find-links", fallback="").split()
    return [link.removeprefix("file://") for link in found]


def healthy_torch() -> Environment:
    wheel, python = torch_wheel(), base_python("3.11")
    folder = CACHE / f"torch-{wheel.stem}"
    with built_once(folder) as empty:
        if empty:
            if shutil.disk_usage(CACHE).free < ROOM:
                pytest.skip("too little room on the disk for torch")
            make_environment(python, folder)
            install(Environment(folder), TORCH_NEEDS)
            run_uv(
                "pip", "install", "--quiet", "--no-deps", "--python", str(folder / "bin/python"), str(wheel)
            )
    return Environment(folder)


def test_torch_is_healthy_and_proven() -> None:
    seen = examine(healthy_torch(), "--smoke")
    assert not seen.findings(severity="broken"), seen.told()
    assert seen.distribution("torch")["state"] != "broken"
    assert not seen.findings("NPD10"), seen.told()
    assert seen.exit_code == 0


def test_torch_reaches_numpy_from_a_shared_library() -> None:
    seen = examine(healthy_torch(), "--no-import")
    assert seen.distribution("torch")["numpy_abi"] == "both"
