"""Mark everything here as clinic."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic.patients import Environment, admit
from clinic.recipes import SIX

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not clinic"` leaves all of them out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.clinic)


@pytest.fixture
def six(tmp_path: Path) -> Environment:
    """Return a copy of the six-package patient, which a test may alter."""
    return admit(SIX).copy_to(tmp_path / "environment")
