"""Whether a requirement's marker holds in a target."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from npdoctor.model.requirement import applying, marker_environment, marker_holds
from sample_target import linux_target


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        (None, True),
        ("", True),
        ("python_version >= '3.10'", True),
        ("python_version < '3.10'", False),
        ("sys_platform == 'linux' and platform_machine == 'x86_64'", True),
        ("extra == 'gpu'", False),
        ("python_version >>> '3'", False),
        ("no_such_variable == '1'", False),
        (Marker("sys_platform == 'win32'"), False),
        (Marker("os_name == 'posix'"), True),
    ],
)
def test_markers(marker: Marker | str | None, holds: bool) -> None:
    assert marker_holds(marker, marker_environment(linux_target())) is holds


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("numpy>=2; python_version >= '3.10'", "numpy"),
        ("numpy>=2; python_version < '3.10'", None),
        ("numpy>=2; extra == 'gpu'", None),
        ("numpy>=", None),
    ],
)
def test_what_applies_without_extras(text: str, name: str | None) -> None:
    found = applying(text, linux_target())
    assert (found.name if found else None) == name
