"""Plans as text and as JSON: the same facts, nothing secret, and a diff that can be read."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import replace

import jsonschema
import pytest

from npdoctor.model.index import Wheel
from npdoctor.model.mending import Mending, Refusal
from npdoctor.model.plan import Change, FileEdit, Plan, Rehearsal, Strategy, Verified
from npdoctor.report.diff import unified_diff
from npdoctor.report.plan_json import mending_json
from npdoctor.report.plan_text import mending_text
from npdoctor.report.redact import Redactor
from npdoctor.report.text import Layout

SCHEMA = importlib.resources.files("npdoctor") / "report/schema/fix-1.json"
WHY = "NPD101: built for NumPy 1; x.so says so"
WHEEL = Wheel("scipy", "1.13.0", "scipy-1.13.0-cp311-linux.whl", "https://host/x.whl", "ab" * 32, 38_000_000)
PLAN = Plan(
    "20260101-000000-abcd",
    Strategy.NEAREST,
    "uv",
    ("scipy",),
    (
        Change("scipy", "1.11.4", "1.13.0", WHY, Verified.BINARY, WHEEL),
        Change("old", "1", None, "writes the same files as new, which stays"),
        Change("numpy", "2.1.3", "2.1.3", "remove all of it, then install it once"),
        Change("dep", None, "3", "required by what changes"),
    ),
    remove=("/venv/site-packages/~umpy",),
    pins=("scipy==1.13.0", "numpy==2.1.3", "dep==3"),
    edits=(FileEdit("/home/ann/p/requirements.txt", b"a\r\nscipy==1.11.4\r\n", b"a\r\nscipy==1.13.0\r\n"),),
    commands=(("uv", "pip", "install", "scipy==1.13.0"),),
    steps=("cv2 (NPD106): apt-get install libgl1",),
)
REHEARSED = Rehearsal(("cv2", "scipy"), ("cv2",), (), "", 0.42)


def text(mending: Mending, verbose: bool = False) -> str:
    redactor = Redactor(home="/home/ann", user="ann", host="box")
    return mending_text(mending, redactor, Layout(80, verbose=verbose), 1)


def document(mending: Mending) -> dict[str, object]:
    made = mending_json(mending, Redactor(home="/home/ann", user="ann"), 1)
    schema = json.loads(
        (importlib.resources.files("npdoctor") / "report/schema/fix-1.json").read_text("utf-8")
    )
    jsonschema.validate(made, schema)
    return dict(made)


def test_text_says_every_change_and_how_far_it_was_verified() -> None:
    said = text(Mending(PLAN, REHEARSED))
    lines = said.splitlines()
    assert any("scipy" in li and "1.11.4 → 1.13.0" in li and "its wheel was read" in li for li in lines)
    assert any("old" in li and "1 → removed" in li for li in lines)
    assert any("numpy" in li and "installed again" in li for li in lines)
    assert any("dep" in li and "not installed → 3" in li for li in lines)
    assert "delete /venv/site-packages/~umpy" in said
    assert "2 broken before, 1 after" in said
    assert "Stays broken: cv2." in said
    assert "apt-get install libgl1" in said
    assert "38 MB" in said
    assert "--write writes the pins" in said
    assert "x.so says so" not in said
    assert "x.so says so" in text(Mending(PLAN, REHEARSED), verbose=True)
    assert "/home/ann" not in said


def test_json_carries_the_contract_s_keys() -> None:
    made = document(Mending(PLAN, REHEARSED))
    plan = made["plan"]
    assert isinstance(plan, dict)
    assert plan["changes"][0] == {
        "name": "scipy",
        "from": "1.11.4",
        "to": "1.13.0",
        "why": WHY,
        "verified": "binary",
    }
    assert plan["rollback"] == ["scipy==1.11.4", "old==1"]
    assert "~/p/requirements.txt" in plan["files"][0]["path"]
    assert made["rehearsal"]["before"]["broken"] == 2  # type: ignore[index]
    assert made["applied"] is False


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"applied": True, "left": (), "entry": "7"}, "nothing is broken any more"),
        ({"applied": True, "left": ("cv2",), "entry": "7"}, "1 still broken: cv2"),
        ({"written": ("/p/constraints.txt",), "entry": "7"}, "Written: /p/constraints.txt"),
        ({"failure": "no space left", "undone": True}, "put back"),
        (
            {"refusals": (Refusal("It is read-only.", "Make one."),)},
            "Not applied: It is read-only",
        ),
        ({"unrehearsed": "no room"}, "Not rehearsed: no room"),
        ({"plan": replace(PLAN, changes=(), remove=(), impossible="no wheels")}, "No plan."),
        ({"plan": Plan("x", Strategy.BACK, "uv")}, "Nothing is broken that"),
    ],
)
def test_every_outcome_is_said(changes: dict[str, object], word: str) -> None:
    mending = replace(Mending(PLAN), **changes)  # type: ignore[arg-type]
    assert word in text(mending)
    document(mending)


def test_a_login_in_a_file_s_line_is_hidden() -> None:
    line = b"--index-url https://ann:s3cr3tpassw0rd@host/simple\n"
    plan = replace(PLAN, edits=(FileEdit("/p/r.txt", line + b"a==1\n", line + b"a==2\n"),))
    assert "s3cr3tpassw0rd" not in text(Mending(plan))
    assert "s3cr3tpassw0rd" not in json.dumps(document(Mending(plan)))


def test_diff_of_a_new_file_a_removed_one_and_one_without_an_end() -> None:
    assert unified_diff(FileEdit("c.txt", None, b"a\n")) == (
        "--- /dev/null",
        "+++ c.txt",
        "@@ -0,0 +1 @@",
        "+a",
    )
    assert unified_diff(FileEdit("c.txt", b"a\n", None))[1] == "+++ /dev/null"
    assert "\\ No newline at end of file" in unified_diff(FileEdit("c.txt", b"a", b"b"))
    assert unified_diff(FileEdit("c.txt", b"a\xff\n", b"b\n"))[3] == "-aÿ"
    assert unified_diff(FileEdit("c.txt", "\ufeffa\n".encode("utf-16"), None))[3].endswith("a")
    assert "\x1b" not in "".join(unified_diff(FileEdit("c.txt", b"", b"\x1b[31mred\n")))
