"""Where a rehearsal takes place, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rehearsal_patient import make_small

from npdoctor.fix.rehearsal.folder import rehearsal_folder
from npdoctor.model.target import Target

PROGRAM = """
import signal, sys, time
def unwind(number, frame):
    raise SystemExit(128 + number)
signal.signal(signal.SIGTERM, unwind)
from npdoctor.fix.rehearsal.folder import rehearsal_folder
from npdoctor.model.target import Choice
from npdoctor.probe.describe import describe
with rehearsal_folder(describe(Choice(sys.argv[1], "test"))) as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return make_small(tmp_path_factory.mktemp("small")).snapshot().target


def own(target: Target) -> Path:
    return Path(target.prefix) / ".npdoctor"


def started(target: Target) -> tuple[subprocess.Popen[str], str]:
    """Start a process that is in the middle of a rehearsal, and return its folder."""
    command = [sys.executable, "-c", PROGRAM, target.executable]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout is not None
    folder = process.stdout.readline().strip()
    assert os.path.isdir(folder)
    return process, folder


def end(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    code = process.wait(30)
    if process.stdout:
        process.stdout.close()
    return code


def test_it_is_in_the_environment_and_goes(target: Target) -> None:
    with rehearsal_folder(target) as folder:
        assert os.path.dirname(folder) == str(own(target))
        (Path(folder) / "inside").mkdir()
    assert not own(target).exists()


def test_it_goes_when_something_fails(target: Target) -> None:
    with pytest.raises(ValueError, match="fault"), rehearsal_folder(target) as folder:
        raise ValueError("fault")
    assert not os.path.exists(folder)


def test_what_else_is_there_stays(target: Target) -> None:
    own(target).mkdir()
    (own(target) / "journal").write_text("")
    with rehearsal_folder(target):
        pass
    assert os.listdir(own(target)) == ["journal"]
    (own(target) / "journal").unlink()
    own(target).rmdir()


def test_a_plain_python_is_copied_beside_it(target: Target, tmp_path: Path) -> None:
    (tmp_path / "usr/site").mkdir(parents=True)
    prefix = str(tmp_path / "usr")
    plain = replace(target, prefix=prefix, base_prefix=prefix, site_packages=(f"{prefix}/site",))
    with rehearsal_folder(plain) as folder:
        assert os.path.dirname(folder) == str(tmp_path / ".npdoctor")
    assert os.listdir(tmp_path) == ["usr"]


def test_sigterm_clears_it_away(target: Target) -> None:
    process, folder = started(target)
    assert end(process, signal.SIGTERM) == 128 + signal.SIGTERM
    assert not os.path.exists(folder)
    assert not own(target).exists()


def test_what_a_killed_one_left_is_swept(target: Target) -> None:
    alive, kept = started(target)
    killed, left = started(target)
    end(killed, signal.SIGKILL)
    assert os.path.isdir(left)
    with rehearsal_folder(target):
        assert not os.path.exists(left)
        assert os.path.isdir(kept)
    end(alive, signal.SIGTERM)
    assert not own(target).exists()


def test_of_another_machine_only_old_ones_are_swept(target: Target) -> None:
    fresh, old = own(target) / "rehearsal-1-7-fresh", own(target) / "rehearsal-1-7-old"
    fresh.mkdir(parents=True)
    old.mkdir()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    with rehearsal_folder(target):
        assert fresh.is_dir()
        assert not old.exists()
    fresh.rmdir()
    own(target).rmdir()
