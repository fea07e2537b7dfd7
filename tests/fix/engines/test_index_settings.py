"""Which indexes the configuration of pip and uv leads to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from npdoctor.model.index import Indexes
from npdoctor.probe.index.config import ConfigUnreadable, read_indexes

PYPI = "https://pypi.org/simple"
PRIVATE = "https://me:pa55word@private.example/simple"


def read(folder: Path, **environ: str) -> Indexes:
    """Read as a person whose home, project and environment are in that folder."""
    return read_indexes(str(folder / "env/bin/python"), places(folder, environ), str(folder / "project"))


def read_of_pip(folder: Path, **environ: str) -> Indexes:
    """Read what pip has, whatever uv has."""
    told = places(folder, environ)
    return read_indexes(str(folder / "env/bin/python"), told, str(folder / "project"), of_uv=False)


def places(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    return {"HOME": str(folder / "home"), "XDG_CONFIG_DIRS": str(folder / "etc"), **environ}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look elsewhere for the two files whose place no variable moves."""
    monkeypatch.setattr("npdoctor.probe.index.pip_config.OF_THE_MACHINE", "/nowhere/pip.conf")
    monkeypatch.setattr("npdoctor.probe.index.uv_config.OF_THE_MACHINE", "/nowhere")


def test_without_settings_it_is_the_default_index(tmp_path: Path) -> None:
    assert read(tmp_path) == Indexes(merged=True)


def test_additional_indexes_come_first_and_decide(tmp_path: Path) -> None:
    found = read(tmp_path, PIP_EXTRA_INDEX_URL=f"{PRIVATE}\n https://second.example/simple")
    assert found.urls == (PRIVATE, "https://second.example/simple", PYPI)
    assert not found.merged
    assert found.origin == "pip's configuration"


@pytest.mark.parametrize(
    ("url", "merged"),
    [
        ("https://download.pytorch.org/whl/cu121", True),
        ("https://pypi.nvidia.com", True),
        ("https://download.pytorch.org.example/whl", False),
        ("file:///opt/index", False),
        ("https://pypi.org@private.example/simple", False),
    ],
)
def test_only_public_indexes_are_merged(tmp_path: Path, url: str, merged: bool) -> None:
    assert read(tmp_path, PIP_EXTRA_INDEX_URL=url).merged is merged


def test_files_go_from_the_system_to_the_environment(tmp_path: Path) -> None:
    write(tmp_path / "etc/pip/pip.conf", "[global]\nindex-url = https://a.example/\ncert = ca.pem\n")
    write(tmp_path / "home/.pip/pip.conf", "[global]\nindex-url = https://b.example/\n")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex_url = https://c.example/\n")
    assert read(tmp_path).urls == ("https://c.example/",)
    write(tmp_path / "env/pip.conf", "[global]\nindex-url = https://d.example/\nextra-index-url =\n")
    assert read(tmp_path).urls == ("https://d.example/",)
    assert read(tmp_path).certificates == str(tmp_path / "project/ca.pem")
    write(tmp_path / "home/.pip/pip.conf", "[install]\nindex-url = https://e.example/\n")
    assert read(tmp_path).urls == ("https://e.example/",)
    assert read(tmp_path, PIP_INDEX_URL="https://f.example/").urls == ("https://f.example/",)
    assert read(tmp_path, PIP_CONFIG_FILE=os.devnull).urls == (PYPI,)


def test_a_named_file_takes_the_place_of_the_persons(tmp_path: Path) -> None:
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nextra-index-url = https://mine.example/\n")
    assert len(read(tmp_path, PIP_CONFIG_FILE="named.conf").urls) == 2
    write(tmp_path / "project/named.conf", "[global]\nindex-url = https://named.example/\n")
    assert read(tmp_path, PIP_CONFIG_FILE="named.conf").urls == ("https://named.example/",)


def test_places_of_wheels_are_made_absolute(tmp_path: Path) -> None:
    found = read(
        tmp_path, PIP_FIND_LINKS="wheels ~/more https://links.example/p file:///x", PIP_NO_INDEX="yes"
    )
    project, home = tmp_path / "project/wheels", tmp_path / "home/more"
    assert found.find_links == (str(project), str(home), "https://links.example/p", "file:///x")
    assert found.urls == ()
    assert read(tmp_path, PIP_NO_INDEX="0").urls == (PYPI,)


@pytest.mark.parametrize(
    "text", ["index-url = https://me:pa55word@a/\n", "[global]\nx=1\n[global]\nx=2\n", "[global]\nx=\xff"]
)
def test_a_malformed_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "env/pip.conf"
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigUnreadable) as caught:
        read(tmp_path)
    assert str(path) in str(caught.value)
    assert "pa55word" not in str(caught.value)


def test_odd_settings_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path / "env/pip.conf", "[global]\nindex-url = http://[bad\nno-index = maybe\n[freeze]\nx=1\n")
    assert read(tmp_path).urls == ("http://[bad",)
    assert read(tmp_path, PIP_EXTRA_INDEX_URL="  ").urls == ("http://[bad",)


def test_what_uv_is_configured_with_goes_first(tmp_path: Path) -> None:
    environ = {"UV_INDEX": "own=https://own.example/simple", "UV_INDEX_OWN_USERNAME": "me"}
    environ |= {"UV_INDEX_OWN_PASSWORD": "p@ss", "PIP_INDEX_URL": "https://pip.example/"}
    found = read(tmp_path, **environ)
    assert found.urls == ("https://me:p%40ss@own.example/simple", PYPI)
    assert found.origin == "uv's own configuration"
    assert read_of_pip(tmp_path, **environ).urls == ("https://pip.example/",)


def test_a_project_of_uv(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[[tool.uv.index]]\nurl = "https://one.example/s"\n'
        '[[tool.uv.index]]\nname = "torch"\nurl = "https://torch.example/s"\nexplicit = true\n'
        '[[tool.uv.index]]\nurl = "https://last.example/s"\ndefault = true\n',
    )
    assert read(tmp_path).urls == ("https://one.example/s", "https://last.example/s")
    assert read(tmp_path, UV_NO_CONFIG="1").urls == (PYPI,)
    write(
        tmp_path / "project/uv.toml", 'find-links = ["/wheels"]\n[pip]\nindex-url = "https://p.example/s"\n'
    )
    assert read(tmp_path).urls == ("https://p.example/s",)
    assert read(tmp_path).find_links == ("/wheels",)
    write(tmp_path / "project/uv.toml", "no-index = true")
    assert read(tmp_path).urls == ()
    write(tmp_path / "project/uv.toml", 'index-url = "https://me:pa55word@broken')
    with pytest.raises(ConfigUnreadable) as caught:
        read(tmp_path)
    assert "uv.toml" in str(caught.value)
    assert "pa55word" not in str(caught.value)


def test_a_project_without_indexes_leaves_pip_in_charge(tmp_path: Path) -> None:
    write(tmp_path / "project/pyproject.toml", '[tool.uv]\nconstraint-dependencies = ["numpy<2"]\n')
    assert read(tmp_path, PIP_INDEX_URL="https://pip.example/").urls == ("https://pip.example/",)


def test_an_index_that_is_printed_shows_no_password() -> None:
    assert "pa55word" not in repr(Indexes((PRIVATE,), (PRIVATE,)))
