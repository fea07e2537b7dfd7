"""`npdoctor gpu` and the GPU side of `check`, against a stand-in for NVML and a made-up environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from npdoctor.cli.app import main
from npdoctor.cli.assuming import sorted_out
from npdoctor.cli.options import parser
from npdoctor.model.machine import AssumedMachine

sys.path.insert(0, str(Path(__file__).parents[1] / "probe/gpu"))
sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

import nvml_standin
from test_gpu_report import schema

needs_compiler = pytest.mark.skipif(nvml_standin.why_not() is not None, reason=nvml_standin.why_not() or "")
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def environment(tmp_path: Path) -> str:
    """Make an environment with nothing in it but the note of a torch for the CPU."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "torch/lib").mkdir(parents=True)
    (site / "torch/version.py").write_text("__version__ = '2.8.0+cpu'\ncuda = None\n")
    (site / "torch-2.8.0+cpu.dist-info").mkdir()
    (site / "torch-2.8.0+cpu.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: torch\nVersion: 2.8.0+cpu\n"
    )
    return str(folder)


def run(command: list[str], kind: str, scenario: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {**nvml_standin.environment(kind, nvml_standin.scenario(scenario)), **variables}
    return subprocess.run(
        [sys.executable, "-m", "npdoctor", *command], env=environ, capture_output=True, text=True, timeout=60
    )


def codes(document: dict[str, Any]) -> dict[str, str]:
    return {finding["code"]: finding["severity"] for finding in document["findings"]}


@needs_compiler
def test_gpus_are_shown_and_judged(environment: str) -> None:
    done = run(["gpu", "--json", "--python", environment], "driver", "two_4090")
    document = json.loads(done.stdout)
    schema("gpu").validate(document)
    assert (done.returncode, document["exit_code"]) == (0, 0)
    assert document["gpu"]["driver"] == "570.148.08"
    assert [g["identity"]["compute_capability"] for g in document["gpu"]["gpus"]] == ["8.9", "8.9"]
    assert {g["identity"]["uuid"] for g in document["gpu"]["gpus"]} == {"GPU-<hidden>"}
    assert codes(document)["NPD305"] == "warning"
    assert codes(document)["NPD307"] == "warning"
    text = run(["gpu", "--python", environment], "driver", "two_4090").stdout
    assert "GPU 1  NVIDIA GeForce RTX 4090  sm_89" in text
    assert "! torch 2.8.0+cpu  built for the CPU only, and a GPU is here  NPD305" in text


@needs_compiler
def test_check_carries_the_same_and_a_lost_gpu_is_broken(environment: str) -> None:
    done = run(["check", "--no-import", "--json", "--python", environment], "driver", "lost")
    document = json.loads(done.stdout)
    schema("check").validate(document)
    assert done.returncode == 1
    subjects = [f["subject"] for f in document["findings"] if f["code"] == "NPD307"]
    assert subjects == ["gpu:1", "gpu:2"]
    assert run(["gpu", "--python", environment], "driver", "lost").returncode == 1
    quiet = run(["gpu", "--python", environment, "--ignore", "NPD3"], "driver", "lost")
    assert quiet.returncode == 0


@needs_compiler
def test_a_library_without_a_driver_is_silent_unless_a_gpu_was_asked_for(environment: str) -> None:
    done = run(["gpu", "--json", "--python", environment], "foreign", "gb10")
    document = json.loads(done.stdout)
    schema("gpu").validate(document)
    assert "NPD301" not in codes(document)
    assert "unavailable" in document["gpu"]["gpus"]
    asked = run(["gpu", "--json", "--python", environment], "foreign", "gb10", RUNPOD_GPU_COUNT="1")
    assert codes(json.loads(asked.stdout))["NPD301"] == "warning"


def test_a_machine_without_any_sign_of_a_gpu(environment: str, capsys: Captured) -> None:
    if Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists():
        pytest.skip("there is a GPU here")
    assert main(["gpu", "-q", "--python", environment]) == 0
    assert "No GPU" in capsys.readouterr().out


def test_another_machine_is_assumed(environment: str, capsys: Captured) -> None:
    options = ["-q", "--python", environment, "--assume", "gpu=sm_120", "--json"]
    assert main(["check", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    schema("check").validate(document)
    assert document["assumed"] == {"gpu": "sm_120"}
    assert codes(document)["NPD305"] == "warning"
    assert main(["check", "-q", "--python", environment, "--assume", "gpu=none"]) == 0
    assert "NPD3" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "machine"),
    [
        (["gpu=sm_120"], AssumedMachine(gpus=((12, 0),))),
        (["gpu=SM_90,8.6"], AssumedMachine(gpus=((9, 0), (8, 6)))),
        (["gpu=none", "driver = 550.54"], AssumedMachine(gpus=(), driver="550.54")),
        (["cuda=12.4"], AssumedMachine(cuda="12.4")),
        (["numpy==2.2.6"], None),
    ],
)
def test_assumptions_are_read(given: list[str], machine: AssumedMachine | None) -> None:
    args = parser().parse_args(["check", *(part for one in given for part in ("--assume", one))])
    packages, assumed = sorted_out(args.assume)
    assert assumed == machine
    assert packages == ({"numpy": "2.2.6"} if machine is None else {})


def test_a_distribution_called_like_a_fact_is_a_distribution() -> None:
    args = parser().parse_args(["check", "--assume", "cuda==12.4"])
    assert sorted_out(args.assume) == ({"cuda": "12.4"}, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--assume", "gpu=big"], "is no GPU"),
        (["--assume", "gpu="], "is no GPU"),
        (["--assume", "driver=new"], "is no driver"),
        (["--assume", "cuda=12"], "is no CUDA version"),
        (["--assume", "gpu=sm_80", "--assume", "gpu=none"], "names gpu twice"),
        (["--watch", "--assume", "gpu=none"], "has no place beside it"),
        (["--watch", "-o", "x"], "writes without an end"),
        (["--watch", "0"], "seconds"),
        (["--smoke"], "runs nothing"),
        (["--format", "html"], "gpu writes no html"),
    ],
)
def test_wrong_usage(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["gpu", "--python", sys.executable, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


@needs_compiler
def test_watching_ends_with_an_interrupt() -> None:
    environ = nvml_standin.environment("driver", nvml_standin.scenario("gb10"))
    command = [sys.executable, "-m", "npdoctor", "gpu", "--watch", "0.1", "--json"]
    process = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    samples = [json.loads(process.stdout.readline()) for _ in range(2)]
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert samples[0]["at"] < samples[1]["at"]
    assert samples[0]["gpus"][0]["temperature"] == 44


@needs_compiler
def test_watching_without_a_gpu_could_not_look() -> None:
    done = run(["gpu", "--watch"], "foreign", "gb10")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no GPU to watch" in done.stderr
