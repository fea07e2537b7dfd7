"""`npdoctor fix`: what is wrong usage, and which exit code says what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from npdoctor.cli.app import main
from npdoctor.cli.fix import exit_code
from npdoctor.model.mending import Mending, Refusal
from npdoctor.model.plan import Change, Plan, Rehearsal, Strategy

PLAN = Plan("1", Strategy.NEAREST, "uv", changes=(Change("scipy", "1.11.4", "1.13.0", "NPD101"),))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--write", "--apply"], "not allowed with"),
        (["--strategy", "newest"], "invalid choice"),
        (["--format", "html"], "there are text and json"),
        (["--assume", "numpy==2.0.0"], "--assume has no place here"),
        (["--python", "/nowhere/at/all"], "No Python at"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", *arguments]) in (2, 3)
    out, err = capsys.readouterr()
    assert word in err
    assert out == ""


@pytest.mark.parametrize(
    ("mending", "code"),
    [
        (Mending(PLAN), 0),
        (Mending(PLAN, Rehearsal(("scipy",), ())), 0),
        (Mending(PLAN, Rehearsal(("scipy", "cv2"), ("cv2",))), 1),
        (Mending(replace(PLAN, unmended=("cv2",))), 1),
        (Mending(replace(PLAN, steps=("restart that process",))), 0),
        (Mending(replace(PLAN, unmended=("cv2",)), Rehearsal(("scipy",), ())), 0),
        (Mending(replace(PLAN, changes=(), impossible="no wheels")), 1),
        (Mending(PLAN, refusals=(Refusal("read-only", "make one"),)), 1),
        (Mending(PLAN, Rehearsal(("scipy",), ()), applied=True, left=()), 0),
        (Mending(PLAN, Rehearsal(("scipy",), ()), applied=True, left=("scipy",)), 1),
        (Mending(PLAN, failure="no space left"), 1),
        (Mending(PLAN, failure="no space left", undone=True), 4),
        (Mending(replace(PLAN, changes=())), 0),
    ],
)
def test_the_exit_code_says_what_became_of_it(mending: Mending, code: int) -> None:
    assert exit_code(mending) == code


def test_undo_with_nothing_to_undo(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--undo"]) == 1
    assert "nothing to undo" in capsys.readouterr().out
