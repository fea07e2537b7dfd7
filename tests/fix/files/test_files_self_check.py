"""The check after an edit refuses a text in which more changed than the pins, or a pin does not hold."""

from __future__ import annotations

import pytest
from files_build import SCIPY

from npdoctor.fix.files.place import CannotEdit
from npdoctor.fix.files.requirements_file import must_agree
from npdoctor.fix.files.wanted import Wanted
from sample_target import linux_target

BEFORE = "# c\nscipy[a]>=1 ; python_version > '3'  # why\npandas\n"


def check(after: str) -> None:
    must_agree("r.txt", BEFORE, after, Wanted({"scipy": SCIPY}, linux_target(), {}))


def test_a_right_edit_passes() -> None:
    check(BEFORE.replace(">=1", ">=1.13.0"))


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("pandas", "pandas<2"),
        BEFORE.replace("# c", "# d"),
        BEFORE.replace("[a]>=1", ">=1.13.0"),
        BEFORE.replace("why", "who"),
        BEFORE.replace("'3'", "'2'"),
        BEFORE.replace("pandas\n", ""),
        BEFORE + "zarr\n",
        BEFORE.replace("# c\n", "# c\r\n"),
    ],
)
def test_any_other_change_is_refused(after: str) -> None:
    with pytest.raises(CannotEdit, match="more than the pins"):
        check(after)


def test_a_pin_that_does_not_hold_is_refused() -> None:
    with pytest.raises(CannotEdit, match=r"excludes scipy 1\.13\.0"):
        check(BEFORE.replace(">=1", "<1.13"))
