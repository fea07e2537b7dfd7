"""The config file: what is read, what is refused, and that writing keeps all else in it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from npdoctor.config import Config, ConfigError, Ignore, add_ignore, config_path, load_config, remove_ignore

NEW = Ignore("NPD201", "joblib", "only the serial backend is used")
COMMENTED = """\
# of the pod, do not delete
[[ignore]]  # agreed on Monday
code = "NPD101"
subject = "scipy"
reason = "not imported by us"   # really

[keys]
fix = "F"  # f is taken
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return str(path)


def test_the_place_is_the_named_file_else_the_config_folder() -> None:
    assert config_path({"NPDOCTOR_CONFIG": "/x/y.toml", "XDG_CONFIG_HOME": "/c"}) == "/x/y.toml"
    assert config_path({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == "/c/npdoctor/config.toml"
    assert config_path({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == "/h/.config/npdoctor/config.toml"
    assert config_path({"HOME": "/h"}) == "/h/.config/npdoctor/config.toml"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "none" / "config.toml")
    assert load_config(path) == Config(path)


def test_ignores_and_keys_are_read_and_unknown_names_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path, COMMENTED + 'npd.quit = "Q"\n"npd.help" = "H"\n[colours]\nred = 1\n')
    config = load_config(path)
    assert config.ignores == (Ignore("NPD101", "scipy", "not imported by us"),)
    assert config.keys == {"fix": "F", "quit": "Q", "help": "H"}
    assert config.unknown == ("colours",)
    path = written(tmp_path, COMMENTED.replace("[keys]", 'until = "May"\n[keys]'))
    assert load_config(path).unknown == ("ignore.until",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[ignore]\n", "not valid TOML"),
        ("ignore = 1\n", "no list of tables"),
        ("ignore = [1]\n", "[[ignore]] 1 is no table"),
        ('[[ignore]]\ncode = "NPD101"\nsubject = "scipy"\n', "[[ignore]] 1 has no reason"),
        ('[[ignore]]\ncode = "NPD101"\nsubject = "scipy"\nreason = " "\n', "[[ignore]] 1 has no reason"),
        ('[[ignore]]\ncode = "numpy"\nsubject = "scipy"\nreason = "x"\n', "'numpy' is no code"),
        ("keys = 1\n", "keys is no table"),
        ("[keys]\nfix = 1\n", "[keys] fix is no key"),
        ("a = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_what_cannot_be_understood_is_said_with_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(path)
    assert said in str(caught.value)
    with pytest.raises(ConfigError):
        add_ignore(path, NEW)
    assert Path(path).read_text() == text


def test_bytes_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(str(tmp_path / "config.toml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(str(tmp_path))


def test_a_new_file_is_private_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    add_ignore(str(path), NEW)
    assert load_config(str(path)).ignores == (NEW,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    add_ignore(str(path), NEW)
    assert path.read_text() == before
    assert os.listdir(path.parent) == ["config.toml"]


@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        "# nothing yet\n",
        'ignore = [{code = "NPD101", subject = "scipy", reason = "x"}]  # short\n[keys]\nfix = "F"\n',
        '[keys]\nfix = "F"\n\n[[ignore]]\ncode = "NPD101"\nsubject = "a"\nreason = "b"\n# end\n',
        '[keys]\r\nfix = "F"\r\n',
    ],
)
def test_writing_keeps_comments_and_order_and_mode(tmp_path: Path, text: str) -> None:
    path = Path(written(tmp_path, text))
    path.chmod(0o640)
    before = load_config(str(path))
    add_ignore(str(path), NEW)
    after = load_config(str(path))
    assert after.ignores == (*before.ignores, NEW)
    assert after.keys == before.keys
    assert all(line.split("]")[0] in path.read_text() for line in text.splitlines())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link_and_hard_words_come_back(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(COMMENTED)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    hard = Ignore("NPD301", "~/lib/x", 'he said "no"\\ ñ')
    add_ignore(str(link), hard)
    assert link.is_symlink()
    assert load_config(str(real)).ignores[-1] == hard


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        add_ignore(str(tmp_path / "file" / "config.toml"), NEW)


@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        "# nothing yet\n",
        'ignore = [{code = "NPD109", subject = "numba", reason = "x"}]  # short\n[keys]\nfix = "F"\n',
        '[keys]\nfix = "F"\n\n[[ignore]]\ncode = "NPD109"\nsubject = "a"\nreason = "b"\n# end\n',
    ],
)
def test_what_was_added_can_be_taken_out_again(tmp_path: Path, text: str) -> None:
    path = Path(written(tmp_path, text))
    before = load_config(str(path))
    add_ignore(str(path), NEW)
    remove_ignore(str(path), NEW.code, NEW.subject)
    assert load_config(str(path)) == before
    assert all(line in path.read_text() for line in text.splitlines() if line.startswith(("#", "fix")))
    for ignore in before.ignores:
        remove_ignore(str(path), ignore.code, ignore.subject)
    assert load_config(str(path)) == replace(before, ignores=())


def test_what_is_not_there_is_not_taken_out(tmp_path: Path) -> None:
    path = written(tmp_path, COMMENTED)
    remove_ignore(path, "NPD999", "nothing")
    assert Path(path).read_text() == COMMENTED


def test_the_theme_is_a_text(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, 'theme = "light"\n')).theme == "light"
    with pytest.raises(ConfigError, match="theme is no text"):
        load_config(written(tmp_path, "theme = 7\n"))
