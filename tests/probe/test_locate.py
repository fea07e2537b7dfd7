"""The interpreter is chosen in the contract's order, and the reason is told."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from npdoctor.errors import TargetError
from npdoctor.probe.locate import Runtime, choose


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def tool(tmp_path: Path) -> Runtime:
    """Return the runtime of a `uvx npdoctor`."""
    prefix = tmp_path / "cache/uv/archive-v0/Qi7k"
    return Runtime(program(prefix / "bin/python3"), str(prefix))


@pytest.fixture
def installed(tmp_path: Path) -> Runtime:
    """Return the runtime of an npdoctor in the user's own environment."""
    prefix = tmp_path / "project"
    return Runtime(program(prefix / "bin/python"), str(prefix))


def test_the_option_comes_first(tmp_path: Path, installed: Runtime) -> None:
    wanted = program(tmp_path / "a/bin/python3.11")
    environ = {"NPDOCTOR_PYTHON": installed.executable, "VIRTUAL_ENV": str(tmp_path / "project")}
    choice = choose(wanted, environ, installed)
    assert (choice.executable, choice.why) == (wanted, "--python")


@pytest.mark.parametrize("inside", ["bin/python", "bin/python3", ".venv/bin/python"])
def test_the_option_takes_an_environment_folder(tmp_path: Path, installed: Runtime, inside: str) -> None:
    wanted = program(tmp_path / "env" / inside)
    assert choose("env", {}, installed, str(tmp_path)).executable == wanted


@pytest.mark.parametrize("name", ["python3.12", "3.12"])
def test_the_option_takes_a_command(tmp_path: Path, installed: Runtime, name: str) -> None:
    wanted = program(tmp_path / "bin/python3.12")
    assert choose(name, {"PATH": str(tmp_path / "bin")}, installed, "/").executable == wanted


def test_links_stay_as_they_are(tmp_path: Path, installed: Runtime) -> None:
    real = program(tmp_path / "real/python3.11")
    link = tmp_path / "venv/bin/python"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert choose(str(tmp_path / "venv"), {}, installed).executable == str(link)
    assert choose("./venv/bin/../bin/python", {}, installed, str(tmp_path)).executable == str(link)


def test_the_variables_follow_in_order(tmp_path: Path, installed: Runtime) -> None:
    paths = {name: program(tmp_path / name / "bin/python") for name in ("n", "v", "c")}
    environ = {
        "NPDOCTOR_PYTHON": str(tmp_path / "n"),
        "VIRTUAL_ENV": str(tmp_path / "v"),
        "CONDA_PREFIX": str(tmp_path / "c"),
    }
    for name, variable in zip("nvc", list(environ), strict=True):
        choice = choose(None, environ, installed)
        assert (choice.executable, choice.why) == (paths[name], variable)
        del environ[variable]
    assert choose(None, environ, installed).why == "npdoctor is installed here"
    assert choose(None, environ, installed).executable == installed.executable


def test_a_conda_environment_without_python_is_passed_over(tmp_path: Path, installed: Runtime) -> None:
    (tmp_path / "c").mkdir()
    assert choose(None, {"CONDA_PREFIX": str(tmp_path / "c")}, installed).executable == installed.executable


def test_empty_variables_are_no_choice(installed: Runtime) -> None:
    environ = {"NPDOCTOR_PYTHON": "", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""}
    assert choose(None, environ, installed).executable == installed.executable


@pytest.mark.parametrize(
    ("prefix", "marker", "name"),
    [
        ("cache/archive-v0/x", None, "uvx"),
        ("share/uv/tools/npdoctor", "uv-receipt.toml", "uv tool"),
        ("pipx/venvs/npdoctor", None, "pipx"),
        ("share/npdoctor", "pipx_metadata.json", "pipx"),
        (".cache/pipx/0123", None, "pipx run"),
    ],
)
def test_a_tool_only_environment_is_not_examined(
    tmp_path: Path, prefix: str, marker: str | None, name: str
) -> None:
    own = program(tmp_path / prefix / "bin/python3")
    if marker:
        (tmp_path / prefix / marker).touch()
    wanted = program(tmp_path / "usr/bin/python3")
    environ = {"PATH": os.pathsep.join(["relative", os.path.dirname(own), os.path.dirname(wanted)])}
    choice = choose(None, environ, Runtime(own, str(tmp_path / prefix)))
    assert choice.executable == wanted
    assert choice.why == f"first python3 on PATH (npdoctor itself runs from {name})"


def test_the_interpreter_that_runs_an_archive_may_be_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "npdoctor.pyz"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("__main__.py", "")
    monkeypatch.setattr("sys.argv", [str(archive)])
    monkeypatch.setattr("sys.prefix", str(tmp_path / "usr"))
    wanted = program(tmp_path / "usr/bin/python3")
    choice = choose(None, {"PATH": str(tmp_path / "usr/bin")})
    assert choice.executable == wanted
    assert "npdoctor.pyz" in choice.why


def test_an_activated_tool_environment_is_passed_over(tmp_path: Path, tool: Runtime) -> None:
    wanted = program(tmp_path / "usr/bin/python3")
    environ = {"VIRTUAL_ENV": tool.prefix, "PATH": str(tmp_path / "usr/bin")}
    assert choose(None, environ, tool).executable == wanted


def test_uv_run_with_means_the_environment_below(tmp_path: Path) -> None:
    wanted = program(tmp_path / "project/.venv/bin/python")
    above = tmp_path / "cache/builds-v0/.tmp1"
    own = program(above / "bin/python")
    (above / "pyvenv.cfg").write_text(
        f"home = /usr/bin\nextends-environment = {tmp_path / 'project/.venv'}\n"
    )
    runtime = Runtime(own, str(above))
    assert choose(None, {"VIRTUAL_ENV": str(above)}, runtime).executable == wanted
    assert choose(None, {}, runtime).executable == wanted


def test_nothing_there_is_told_with_what_was_found(tmp_path: Path, installed: Runtime) -> None:
    found = program(tmp_path / "bin/python3")
    with pytest.raises(TargetError) as told:
        choose("/nowhere/venv/bin/python", {"PATH": str(tmp_path / "bin")}, installed, str(tmp_path))
    text = "No Python at /nowhere/venv/bin/python. Pass --python PATH. Found here: "
    assert str(told.value).startswith(text)
    assert found in str(told.value)


def test_a_dangling_link_is_told(tmp_path: Path, installed: Runtime) -> None:
    link = tmp_path / "venv/bin/python"
    link.parent.mkdir(parents=True)
    link.symlink_to("python3")
    (link.parent / "python3").symlink_to("/gone/python3.11")
    with pytest.raises(
        TargetError, match=r"No Python at .*venv/bin/python\. It is a link to /gone/python3\.11"
    ):
        choose(None, {"VIRTUAL_ENV": str(tmp_path / "venv")}, installed)


def test_a_file_that_may_not_run_is_told(tmp_path: Path, installed: Runtime) -> None:
    (tmp_path / "python").write_text("")
    with pytest.raises(TargetError, match="no permission to execute"):
        choose(str(tmp_path / "python"), {}, installed)


def test_no_python_on_path_is_told(tmp_path: Path, tool: Runtime) -> None:
    with pytest.raises(TargetError, match=r"No python3 on PATH\. Pass --python PATH"):
        choose(None, {"PATH": str(tmp_path)}, tool, str(tmp_path))
