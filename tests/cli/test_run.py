"""`npdoctor run` as a process: the program must not notice, and the summary must tell the truth."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import npdoctor

SOURCE = str(Path(npdoctor.__file__).parents[1])
RUN = [sys.executable, "-m", "npdoctor", "run"]
NOISE = (
    "import os, sys\n"
    "sys.stdout.buffer.write(bytes(range(256)) * 300); sys.stdout.flush()\n"
    "sys.stderr.buffer.write(b'\\r 10%|##  |\\r\\x1b[31m 20%\\x1b[0m\\n\\n\\xff\\r\\n'); sys.stderr.flush()\n"
    "os.write(1, b'one\\n'); os.write(2, b'two\\n'); os.write(1, b'three\\n')\n"
    "print([os.isatty(n) for n in (0, 1, 2)], sys.stdin.read() if not os.isatty(0) else '')\n"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCE, "LC_ALL": "C.UTF-8", **changes}


def done(
    command: list[str], *options: str, given: bytes = b"", changes: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RUN, *options, "--", *command],
        capture_output=True,
        input=given,
        env=environment(**(changes or {})),
        timeout=60,
    )


def record(command: list[str], folder: Path, **changes: str) -> dict[str, Any]:
    place = folder / "run.json"
    ended = done(command, "--json", "-o", str(place), changes=changes)
    found: dict[str, Any] = json.loads(place.read_text())
    assert found["exit_code"] == ended.returncode
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_streams_and_code_are_those_of_the_program() -> None:
    plain = subprocess.run(python(NOISE), capture_output=True, input=b"given", env=environment())
    watched = done(python(NOISE), given=b"given")
    assert watched.stdout == plain.stdout
    assert b"[False, False, False] given" in plain.stdout
    assert watched.stderr.startswith(plain.stderr + b"\nnpdoctor run ")
    assert done(python("raise SystemExit(3)")).returncode == 3


def test_one_pipe_for_both_keeps_the_order() -> None:
    code = "import os\nfor n in range(400): os.write(1 + n % 2, b'%d\\n' % n)"
    command = [*RUN, "--", *python(code)]
    both = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), timeout=60
    )
    assert both.stdout.startswith(b"".join(b"%d\n" % n for n in range(400)) + b"\nnpdoctor run ")


def test_files_are_handed_over_as_they_are(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    code = "import os, sys; print(os.readlink('/proc/self/fd/1'), flush=True); import no_such_module_here"
    with log.open("ab") as file:
        ended = subprocess.run(
            [*RUN, "--json", "-o", str(tmp_path / "run.json"), "--", *python(code)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment(),
            timeout=60,
        )
    found = json.loads((tmp_path / "run.json").read_text())
    assert ended.returncode == 1
    assert log.read_text().startswith(f"before\n{log}\nTraceback")
    assert found["first_output"]["after"] is not None
    assert "no_such_module_here" in str(found["cause"])


def on_terminal(
    command: list[str], act: Callable[[int, bytes, int], None] | None = None
) -> tuple[bytes, int]:
    """Run on a terminal of its own that the process controls; `act` gets descriptor, output and process."""
    pid, ours = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment(TERM="xterm", COLUMNS="80"))
    shown = b""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
        if act:
            act(ours, shown, pid)
    os.close(ours)
    return shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_on_a_terminal_the_program_sees_a_terminal_and_no_byte_differs() -> None:
    code = NOISE + "print(os.get_terminal_size(), os.ttyname(0) == os.ctermid() or True)"
    plain, _ = on_terminal(python(code))
    watched, status = on_terminal([*RUN, "--", *python(code)])
    assert b"[True, True, True]" in plain
    assert watched.startswith(plain + b"\r\n")
    assert b"npdoctor run" in watched[len(plain) :]
    assert status == 0


def test_what_the_program_sets_on_its_terminal_is_set_on_the_real_one() -> None:
    code = (
        "import os, termios, time\n"
        "was = termios.tcgetattr(1); now = termios.tcgetattr(1); now[3] &= ~termios.ECHO\n"
        "termios.tcsetattr(1, termios.TCSANOW, now); os.write(1, b'silent '); time.sleep(0.5)\n"
        "termios.tcsetattr(1, termios.TCSANOW, was); os.write(1, b'loud '); time.sleep(0.5)\n"
    )
    echoes: dict[bytes, bool] = {}

    def look(ours: int, shown: bytes, _pid: int) -> None:
        for word in (b"silent ", b"loud "):
            if shown.endswith(word):
                echoes[word] = bool(termios.tcgetattr(ours)[3] & termios.ECHO)

    on_terminal([*RUN, "--", *python(code)], look)
    assert echoes == {b"silent ": False, b"loud ": True}


def test_the_program_learns_the_new_size_of_the_terminal() -> None:
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGWINCH, lambda *_: print('size', os.get_terminal_size().columns))\n"
        "print('ready')\n"
        "until = time.monotonic() + 3\n"
        "while time.monotonic() < until and os.get_terminal_size().columns != 93: time.sleep(0.05)\n"
        "time.sleep(0.2)\n"
    )
    resized: list[bool] = []

    def resize(ours: int, shown: bytes, _pid: int) -> None:
        if b"ready" in shown and not resized:
            resized.append(True)
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 93, 0, 0))

    shown, _ = on_terminal([*RUN, "--", *python(code)], resize)
    assert b"size 93" in shown


def test_ctrl_c_reaches_the_program_once_and_the_summary_follows() -> None:
    code = (
        "import signal, time\n"
        "got = []\n"
        "signal.signal(signal.SIGINT, lambda number, _: got.append(number))\n"
        "print('ready', flush=True)\n"
        "for _ in range(20): time.sleep(0.05)\n"
        "print('interrupts', len(got))\n"
    )
    pressed: list[bool] = []

    def press(ours: int, shown: bytes, _pid: int) -> None:
        if b"ready" in shown and not pressed:
            pressed.append(True)
            os.write(ours, b"\x03")

    shown, status = on_terminal([*RUN, "--", *python(code)], press)
    assert b"interrupts 1" in shown
    assert b"exit 0\x1b[0m after" in shown
    assert status == 0


def test_the_ways_to_end(tmp_path: Path) -> None:
    killed = record(python("import os; os.kill(os.getpid(), 9)"), tmp_path)
    assert killed["ending"] == {"kind": "signalled", "signal": 9}
    assert killed["exit_code"] == 137
    asked = record(python("import sys; sys.exit(0)"), tmp_path)
    assert (asked["ending"], asked["cause"]) == ({"kind": "exited", "code": 0}, None)


def test_a_crash_names_frame_and_signal(tmp_path: Path) -> None:
    found = record(python("import ctypes, zlib\ndef inner(): ctypes.string_at(0)\ninner()"), tmp_path)
    assert found["exit_code"] == 139
    assert found["cause"]["code"] == "NPD108"
    assert found["cause"]["title"] == "Died in compiled code"
    assert found["crash"]["kind"] == "Segmentation fault"
    assert any("in inner" in frame for frame in found["crash"]["frames"])


def test_who_has_decided_about_faulthandler_is_left_alone(tmp_path: Path) -> None:
    code = "import os; print(os.environ['PYTHONFAULTHANDLER'])"
    assert done(python(code)).stdout == b"1\n"
    assert done(python(code), changes={"PYTHONFAULTHANDLER": ""}).stdout == b"\n"
    found = record(python("import ctypes; ctypes.string_at(0)"), tmp_path, PYTHONFAULTHANDLER="")
    assert found["crash"] is None
    assert "No dump of faulthandler" in str(found["cause"]["evidence"])


def test_a_traceback_is_explained_and_a_harmless_end_is_not(tmp_path: Path) -> None:
    text = "AttributeError: `np.float_` was removed in the NumPy 2.0 release. Use `np.float64` instead."
    failing = record(
        python(f"class AttributeError(Exception): pass\nprint({text!r})\nraise SystemExit(1)"), tmp_path
    )
    assert failing["cause"]["code"] == "NPD104"
    assert failing["cause"]["earlier"]
    fine = record(python(f"print({text!r})"), tmp_path)
    assert fine["cause"] is None
    unknown = record(python("raise KeyError('mine')"), tmp_path)
    assert unknown["cause"]["code"] is None
    assert unknown["cause"]["evidence"] == ["KeyError: 'mine'"]


def test_memory_that_is_refused_is_named(tmp_path: Path) -> None:
    found = record(python("bytearray(1 << 62)"), tmp_path)
    assert found["cause"]["code"] == "NPD401"
    assert found["cause"]["evidence"] == ["MemoryError"]


def test_what_cannot_be_started_is_said_as_a_shell_does(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    nothing = tmp_path / "data"
    nothing.write_text("")
    for program, code, words in [
        ("no-such-program-here", 127, b"was not found on PATH"),
        (str(tmp_path / "absent"), 127, b"there is no such file"),
        (str(script), 127, b"the interpreter in its first line does not exist"),
        (str(nothing), 126, b"Permission denied"),
    ]:
        ended = done([program])
        assert (ended.returncode, ended.stdout) == (code, b"")
        assert words in ended.stderr
        assert b"Traceback" not in ended.stderr
    usage = subprocess.run(RUN, capture_output=True, env=environment(), timeout=60)
    assert usage.returncode == 2


def test_the_arguments_of_the_program_are_its_own() -> None:
    code = "import sys; print(sys.argv[1:])"
    words = ["--json", "-o", "x", "--", "-v"]
    assert done([*python(code), *words]).stdout == f"{words}\n".encode()
    command = [*RUN, "-q", *python(code), *words]
    assert subprocess.run(command, capture_output=True, env=environment()).stdout == f"{words}\n".encode()


def test_other_descriptors_reach_the_program() -> None:
    ours, theirs = os.pipe()
    command = [*RUN, "--", *python(f"import os; os.write({theirs}, b'through')")]
    subprocess.run(command, pass_fds=[theirs], capture_output=True, env=environment(), timeout=60)
    os.close(theirs)
    assert os.read(ours, 100) == b"through"
    os.close(ours)


def test_secrets_of_the_command_line_are_hidden(tmp_path: Path) -> None:
    secret = "hf_" + "a1B2c3D4e5F6g7H8i9J0"
    words = [*python("pass"), "--api-key", "s3cr3t-value-77", f"--url=https://u:{secret}@host/x"]
    for text in (done(words).stderr.decode(), json.dumps(record(words, tmp_path))):
        assert "<hidden>" in text
        assert secret not in text
        assert "s3cr3t-value-77" not in text


READY = "import signal, sys, time, os\n{}\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"


def started(body: str = "") -> tuple[subprocess.Popen[bytes], int]:
    process = subprocess.Popen(
        [*RUN, "--", *python(READY.format(body))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(number: signal.Signals) -> None:
    process, _ = started(f"signal.signal({int(number)}, lambda n, _: (print('got', n), sys.exit(7)))")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert out == b"got %d\n" % number
    assert process.returncode == 7
    assert b"exit 7 after" in err


def test_a_program_that_was_asked_to_end_did_not_fail() -> None:
    process, pid = started()
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"stopped by SIGTERM" in err
    assert b"No cause" not in err
    assert not is_alive(pid)


def test_the_program_does_not_outlive_npdoctor() -> None:
    process, pid = started()
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not is_alive(pid))


def test_what_the_program_leaves_behind_lives_on_and_can_still_write() -> None:
    child = "import time; time.sleep(1.0); print('late', flush=True); time.sleep(0.1)"
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}]); print('soon')"
    process = subprocess.Popen(
        [*RUN, "--", *python(code)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
    )
    assert process.stdout is not None
    assert process.wait(20) == 0
    assert process.stdout.read() == b"soon\nlate\n"
    process.stdout.close()


def test_a_reader_that_goes_away_ends_the_program_as_without_npdoctor() -> None:
    command = [*RUN, "--", "yes"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(20) == 128 + signal.SIGPIPE
    assert process.stderr is not None
    process.stderr.close()


def test_much_output_passes_whole() -> None:
    code = "import sys\nfor n in range(1600): sys.stdout.buffer.write(bytes([n % 256]) * 65536)"
    ended = done(python(code))
    assert len(ended.stdout) == 1600 * 65536
    assert ended.stdout == b"".join(bytes([n % 256]) * 65536 for n in range(1600))


def test_growth_is_told_of_a_program_that_leaks_and_of_no_other(tmp_path: Path) -> None:
    leak = "import time\nkept = []\nfor _ in range(90): kept.append(b'x' * 1_000_000); time.sleep(0.05)"
    steady = "import time\nkept = b'x' * 50_000_000\ntime.sleep(4.5)"
    folders = [tmp_path / name for name in ("leaking", "steady")]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as both:
        leaking, level = both.map(record, [python(leak), python(steady)], folders)
    assert 600e6 < leaking["ram"]["growth"]["per_minute"] < 1400e6
    assert leaking["ram"]["peak"] > 80e6
    assert level["ram"]["growth"] is None
    assert level["ram"]["peak"] > 50e6


def test_first_output_and_all_processes_are_seen(tmp_path: Path) -> None:
    code = (
        "import os, time\n"
        "data = bytearray(60_000_000)\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0: time.sleep(1.2); os._exit(0)\n"
        "time.sleep(0.7); print('first', flush=True); time.sleep(0.8)\n"
    )
    found = record(python(code), tmp_path)
    assert found["first_output"]["after"] > 0.7
    assert found["ram"]["processes"] == 4
    assert found["ram"]["counted"] == "pss"
    assert 60e6 < found["ram"]["peak"] < 120e6


def test_orphans_are_counted_and_collected(tmp_path: Path) -> None:
    code = (
        "import os, time\n"
        "for _ in range(2):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: time.sleep(1.0); os._exit(0)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "time.sleep(1.5)\n"
    )
    found = record(python(code), tmp_path)
    assert found["ram"]["processes"] == 3
    assert found["samples"][-1]["processes"] == 1
