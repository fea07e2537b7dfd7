"""What resolvers print, read: versions, and who asks for each."""

from __future__ import annotations

import json

import pytest

from npdoctor.audit.pip_resolution import read_resolution
from npdoctor.audit.resolution import read_annotated
from sample_target import linux_target

ANNOTATED = """\
annotated-doc==0.0.7      # via typer
docstrange==1.1.8         # via -r requirements.in
easyocr==1.7.2            # via docstrange, -r requirements.in
numpy==2.4.6              # via scipy, torchvision, --override overrides.txt, -c constraints.txt
Python_Dateutil==4.0.0    # via pandas[excel]
torch==2.3.1+cu121 ; sys_platform == 'linux'  # via easyocr
"""


def test_uv_says_who_asks_for_what() -> None:
    versions, via = read_annotated(ANNOTATED)
    assert versions["torch"] == "2.3.1+cu121"
    assert via == {
        "annotated-doc": ("typer",),
        "docstrange": (),
        "easyocr": ("docstrange",),
        "numpy": ("scipy", "torchvision"),
        "python-dateutil": ("pandas",),
        "torch": ("easyocr",),
    }


def item(name: str, version: str, *requires: str) -> dict[str, object]:
    url = f"https://files.example.org/{name}-{version}-py3-none-any.whl"
    return {
        "metadata": {"name": name, "version": version, "requires_dist": list(requires)},
        "download_info": {"url": url, "archive_info": {"hashes": {"sha256": "0" * 64}}},
    }


def test_pip_says_who_asks_for_what() -> None:
    skipped = "colorama; sys_platform == 'win32'"
    items = [item("EasyOCR", "1.7.2", "scipy>=1", skipped), item("scipy", "1.15.3"), item("colorama", "1")]
    found = read_resolution(json.dumps({"version": "1", "install": items}), linux_target())
    assert found.versions == {"easyocr": "1.7.2", "scipy": "1.15.3", "colorama": "1"}
    assert found.via == {"scipy": ("easyocr",)}
    assert found.wheels["scipy"].filename == "scipy-1.15.3-py3-none-any.whl"


def test_another_report_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        read_resolution(json.dumps({"version": "2", "install": []}), linux_target())
