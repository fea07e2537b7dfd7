"""The picture in the README is what the script makes of the same real environment."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from clinic.pythons import CACHE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return screenshots/make.py, with the environments that it built before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE.parent))
    monkeypatch.syspath_prepend(str(ROOT / "screenshots"))
    spec = importlib.util.spec_from_file_location("screenshots_make", ROOT / "screenshots/make.py")
    assert spec
    assert spec.loader
    made = sys.modules["screenshots_make"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    yield made
    del sys.modules["screenshots_make"]


def test_the_pictures_of_the_readme_are_what_the_script_makes(script: ModuleType) -> None:
    layout_of = script.layout_of
    shown = re.findall(
        r"screenshots/([a-z]+)-(\d+)x(\d+)(-light)?\.(?:png|svg)", (ROOT / "README.md").read_text()
    )
    assert shown
    sizes = {(int(width), int(height)) for _, width, height, _ in shown}
    last = max((name for name, *_ in shown), key=[shot.name for shot in script.SHOTS].index)
    made = dict(p for size in sizes for p in script.pictures(script.build(), size, last))
    for name, width, height, light in shown:
        picture = f"{name}-{width}x{height}{light}"
        kept = (ROOT / f"screenshots/{picture}.svg").read_text(encoding="utf-8")
        assert len(layout_of(kept)) > int(height) // 2
        assert layout_of(made[picture]) == layout_of(kept), f"python screenshots/make.py makes {picture} anew"


def test_another_layout_is_told_from_another_count(script: ModuleType) -> None:
    kept = (ROOT / "screenshots/findings-120x40.svg").read_text(encoding="utf-8")
    assert "2.1.3" in kept
    assert script.layout_of(kept.replace("2.1.3", "2.1.4")) == script.layout_of(kept)
    assert script.layout_of(kept.replace("History", "Past")) != script.layout_of(kept)
