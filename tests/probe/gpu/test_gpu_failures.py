"""Where NVML cannot be reached: each way is told apart, in time, and takes nobody with it."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from nvml_standin import environment, folder_of, scenario, still_running, why_not

import npdoctor
from npdoctor.errors import Cancelled
from npdoctor.model.gpu import FailureKind, GpuSystem, NvmlFailure
from npdoctor.probe.control import Control
from npdoctor.probe.gpu import asking, binding
from npdoctor.probe.gpu.nvml import ask_nvml

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

LONG = 30.0


def real_library(kind: str = "driver") -> str:
    return str(folder_of(kind) / "libnvidia-ml.so.570.148.08")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Return where a scenario of the test's own is to be written."""
    return tmp_path / "scenario.txt"


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fail where a traceback, or what the library prints, reaches the person."""
    yield
    assert capfd.readouterr() == ("", "")


def ask(kind: str, story: Path, timeout: float = LONG) -> GpuSystem | NvmlFailure:
    answer = ask_nvml(environment(kind, str(story)), timeout, Control(), "/proc")
    assert gone(str(story))
    return answer


def gone(path: str) -> bool:
    """Wait until no process answers by that scenario any more."""
    until = time.monotonic() + 10
    while still_running(path) and time.monotonic() < until:
        time.sleep(0.02)
    return not still_running(path)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (4, FailureKind.NO_PERMISSION, "NVML may not be used by this user"),
        (9, FailureKind.DRIVER_NOT_LOADED, "NVML is there, but the driver is not loaded"),
        (
            13,
            FailureKind.FOREIGN_LIBRARY,
            "libnvidia-ml.so.1 has no NVML in it: a stub, or another library of that name",
        ),
        (
            18,
            FailureKind.MISMATCH,
            "libnvidia-ml.so.1 is of another version than the driver in the kernel",
        ),
        (20, FailureKind.UNKNOWN, "NVML could not start: NVML error 20: Insufficient Memory"),
        (999, FailureKind.UNKNOWN, "NVML could not start: unknown error"),
    ],
)
def test_what_starting_answers(story: Path, code: int, kind: FailureKind, words: str) -> None:
    story.write_text(f"init {code}\ngpu\nname never seen\n")
    assert ask("driver", story) == NvmlFailure(kind, words, code, real_library())


def test_a_mismatch_knows_the_version_of_the_library(story: Path) -> None:
    story.write_text("init 18\n")
    failure = ask("driver", story)
    assert isinstance(failure, NvmlFailure)
    assert failure.library_version == "570.148.08"


@pytest.mark.skipif(ctypes.util.find_library("nvidia-ml") is not None, reason="this machine has NVML")
def test_no_library(story: Path) -> None:
    environ = {**environment("driver", str(story)), "LD_LIBRARY_PATH": str(story.parent)}
    answer = ask_nvml(environ, LONG, Control(), "/proc")
    assert answer == NvmlFailure(FailureKind.NO_LIBRARY, "the loader finds no libnvidia-ml.so.1")


def test_a_library_of_another_kind(story: Path) -> None:
    story.write_text("")
    assert ask("foreign", story) == NvmlFailure(
        FailureKind.FOREIGN_LIBRARY,
        "libnvidia-ml.so.1 has no NVML in it: a stub, or another library of that name",
        13,
        real_library("foreign"),
    )


@pytest.mark.parametrize(("kind", "said"), [("damaged", "invalid ELF header"), ("empty", "file too short")])
def test_a_damaged_library_is_not_a_missing_one(story: Path, kind: str, said: str) -> None:
    story.write_text("")
    failure = ask(kind, story)
    assert isinstance(failure, NvmlFailure)
    assert (failure.kind, failure.code) == (FailureKind.DAMAGED_LIBRARY, None)
    path = folder_of(kind) / "libnvidia-ml.so.1"
    assert failure.words == f"libnvidia-ml.so.1 cannot be loaded: {path}: {said}"


def test_the_words_of_the_loader_are_told_apart() -> None:
    glibc = "libnvidia-ml.so.1: cannot open shared object file: "
    musl = "Error loading shared library libnvidia-ml.so.1: No such file or directory"
    other = "libnvidia-alloc.so.1: cannot open shared object file: No such file or directory"
    kinds = [binding._not_loaded(words).kind for words in (f"{glibc}No such file or directory", musl)]
    assert kinds == [FailureKind.NO_LIBRARY, FailureKind.NO_LIBRARY]
    assert binding._not_loaded(f"{glibc}Permission denied").kind is FailureKind.NO_PERMISSION
    assert binding._not_loaded(other).kind is FailureKind.DAMAGED_LIBRARY


def test_a_start_that_hangs(story: Path) -> None:
    story.write_text("init hang\n")
    failure = ask("driver", story, timeout=1.5)
    assert isinstance(failure, NvmlFailure)
    assert failure.kind is FailureKind.TIMED_OUT
    assert failure.words.startswith("NVML gave no answer in 1.5 s while ")


def test_a_start_that_aborts(story: Path) -> None:
    story.write_text("init abort\n")
    words = "the process that asked NVML was ended by SIGABRT while starting up"
    assert ask("driver", story) == NvmlFailure(FailureKind.DIED, words, None, real_library())


def test_a_start_that_exits(story: Path) -> None:
    story.write_text("init exit\n")
    words = "the process that asked NVML ended with code 3 while starting up"
    assert ask("driver", story) == NvmlFailure(FailureKind.NOT_ASKED, words, None, real_library())


def test_what_was_read_before_it_hung_is_kept(story: Path) -> None:
    story.write_text("driver 1.2\ngpu\nname A\ntemperature 41\ngpu\nname B\ntemperature hang\n")
    answer = ask("driver", story, timeout=3)
    assert isinstance(answer, GpuSystem)
    assert (answer.driver_version, answer.count) == ("1.2", 2)
    assert [(gpu.identity.name, gpu.load.temperature) for gpu in answer.gpus] == [("A", 41)]
    words = "NVML gave no answer in 3 s while reading GPU 1"
    assert answer.cut_short == NvmlFailure(FailureKind.TIMED_OUT, words, None, real_library())


def test_a_person_who_stops_it_does_not_wait(story: Path) -> None:
    story.write_text("init hang\n")
    control = Control()
    timer = threading.Timer(0.5, control.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        ask_nvml(environment("driver", str(story)), 600, control, "/proc")
    timer.join()
    assert gone(str(story))


def test_a_hung_process_goes_when_npdoctor_is_killed(story: Path) -> None:
    story.write_text("init hang\n")
    program = (
        "import os\nfrom npdoctor.probe.control import Control\n"
        "from npdoctor.probe.gpu.nvml import ask_nvml\n"
        "ask_nvml(os.environ, 600, Control(), '/proc')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], env=environment("driver", str(story)))
    until = time.monotonic() + 20
    while len(still_running(str(story))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(still_running(str(story))) == 2
    process.kill()
    process.wait()
    assert gone(str(story))


def test_no_descriptors_left_is_a_failure_too(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", refuse)
    failure = ask("driver", story)
    words = "no process to ask NVML can be started: [Errno 24] Too many open files"
    assert failure == NvmlFailure(FailureKind.NOT_ASKED, words)


def test_without_the_binding_nothing_is_said_of_nvml(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story.write_text("")

    def missing() -> str:
        raise importlib.metadata.PackageNotFoundError("nvidia-ml-py")

    monkeypatch.setattr(asking, "_binding_file", missing)
    failure = ask("driver", story)
    assert isinstance(failure, NvmlFailure)
    assert failure.kind is FailureKind.NOT_ASKED
    assert failure.words.startswith("no process to ask NVML can be started: No package metadata")


def test_a_package_of_the_same_name_beside_the_binding_does_not_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pynvml").mkdir()
    (tmp_path / "pynvml" / "__init__.py").write_text("which = 'the package'\n")
    (tmp_path / "pynvml.py").write_text("which = 'the file'\n")
    monkeypatch.setitem(sys.modules, "pynvml", sys)  # so that what was there before comes back
    monkeypatch.syspath_prepend(str(tmp_path))
    assert binding._import(str(tmp_path / "pynvml.py")).which == "the file"
    del sys.modules["pynvml"]
    assert binding._import(str(tmp_path / "app.pyz" / "pynvml.py")).which == "the package"


def test_it_works_from_a_zip_file(tmp_path: Path) -> None:
    source = Path(npdoctor.__path__[0])
    distribution = importlib.metadata.distribution("nvidia-ml-py")
    program = (
        "import os\nimport npdoctor\n"
        "from npdoctor.probe.control import Control\nfrom npdoctor.probe.gpu.nvml import ask_nvml\n"
        "answer = ask_nvml(os.environ, 30, Control(), '/proc')\n"
        "print(os.path.abspath(npdoctor.__file__))\nprint([gpu.identity.name for gpu in answer.gpus])\n"
    )
    with zipfile.ZipFile(tmp_path / "doctor.pyz", "w") as packed:
        packed.writestr("__main__.py", program)
        for path in source.rglob("*.py"):
            packed.write(path, path.relative_to(source.parent))
        packed.write(str(distribution.locate_file("pynvml.py")), "pynvml.py")
        packed.writestr("nvidia_ml_py-13.0.dist-info/METADATA", str(distribution.read_text("METADATA")))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "doctor.pyz"],
        env=environment("driver", scenario("two_4090")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    names = "['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 4090']"
    assert (done.stdout, done.stderr) == (f"{tmp_path}/doctor.pyz/npdoctor/__init__.py\n{names}\n", "")
