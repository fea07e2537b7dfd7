"""What is installed is read as an import would find it; leftovers and garbage are told apart."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from fake_environment import FakeEnvironment, make_environment
from npdoctor.model.distribution import DirectUrl, Distribution
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.metadata import parse_headers


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    return make_environment(tmp_path / "env")


def only(environment: FakeEnvironment, *before: Path) -> Distribution:
    inventory = read_inventory(environment.target(*before))
    assert len(inventory.distributions) == 1
    return inventory.distributions[0]


def test_a_distribution_is_read_wholly(environment: FakeEnvironment) -> None:
    headers = "Requires-Dist: numpy>=1.21\nRequires-Dist: tqdm;\n  extra == 'x'\nRequires-Python: >=3.9\n"
    files = {"my_pkg/__init__.py": "x = 1\n", "my_pkg/odd, name.py": "", "../../../bin/tool": "#!\n"}
    path = environment.install("My_Pkg", "1.0", files, headers=headers, installer="uv")
    found = only(environment)
    assert (found.name, found.raw_name, found.version) == ("my-pkg", "My_Pkg", "1.0")
    assert (found.location, found.metadata_path) == (str(environment.site), str(path))
    assert found.requires == ("numpy>=1.21", "tqdm; extra == 'x'")
    assert (found.requires_python, found.installer, found.direct_url) == (">=3.9", "uv", None)
    assert found.effective
    rows = {row.path: row for row in found.files or ()}
    assert rows["my_pkg/__init__.py"].size == 6
    assert rows["my_pkg/odd, name.py"].size == 0
    assert len(rows["my_pkg/__init__.py"].sha256 or "") == 43
    assert "../../../bin/tool" in rows
    assert rows["My_Pkg-1.0.dist-info/RECORD"].size is None


def test_an_egg_info_folder_tells_files_and_requirements(environment: FakeEnvironment) -> None:
    folder = environment.site / "old-1.0-py3.11.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.1\nName: old\nVersion: 1.0\n")
    (folder / "installed-files.txt").write_text("../old/__init__.py\nPKG-INFO\n")
    (folder / "requires.txt").write_text("numpy\n\n[extra]\ntqdm\n")
    found = only(environment)
    assert [row.path for row in found.files or ()] == ["old/__init__.py", "old-1.0-py3.11.egg-info/PKG-INFO"]
    assert found.requires == ("numpy", 'tqdm; extra == "extra"')


def test_a_single_egg_info_file_counts(environment: FakeEnvironment) -> None:
    (environment.site / "old-1.0.egg-info").write_text("Name: old\nVersion: 1.0\nAuthor: x\n")
    assert (only(environment).version, only(environment).files) == ("1.0", None)


def test_an_egg_on_the_path_counts(environment: FakeEnvironment) -> None:
    egg = environment.site / "old-1.0-py3.11.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO/PKG-INFO").write_text("Name: old\nVersion: 1.0\n")
    assert only(environment, egg).name == "old"


def test_archives_and_missing_entries_are_survived(environment: FakeEnvironment, tmp_path: Path) -> None:
    archive, broken = tmp_path / "a.zip", tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("inzip-1.0.dist-info/METADATA", "Name: inzip\nVersion: 1.0\n")
    broken.write_bytes(archive.read_bytes()[:40])
    assert only(environment, archive, broken, tmp_path / "nowhere").name == "inzip"


def test_latin_text_does_not_make_metadata_unreadable(environment: FakeEnvironment) -> None:
    folder = environment.site / "old-1.0.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_bytes("Name: old\nVersion: 1.0\nAuthor: Müller\n".encode("latin-1"))
    assert only(environment).version == "1.0"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "it has no METADATA file"),
        (b"", "its METADATA is empty"),
        (b"\x7fELF\x00\xff\xfe\x00", "the metadata is no text"),
        (b"Name: x\n\nbody", "the metadata gives no version"),
        (b"Version: 1\n\nbody", "the metadata gives no name"),
    ],
)
def test_unusable_metadata_is_told(environment: FakeEnvironment, content: bytes | None, reason: str) -> None:
    folder = environment.site / "Broken_Pkg-1.0.dist-info"
    folder.mkdir()
    if content is not None:
        (folder / "METADATA").write_bytes(content)
    inventory = read_inventory(environment.target())
    assert inventory.distributions == ()
    (told,) = inventory.unreadable
    assert (told.path, told.name, told.reason) == (str(folder), "broken-pkg", reason)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_told(environment: FakeEnvironment) -> None:
    path = environment.install("x", "1.0")
    (path / "METADATA").chmod(0)
    assert read_inventory(environment.target()).unreadable[0].reason == "no permission to read it"


def test_a_link_to_nothing_is_told(environment: FakeEnvironment) -> None:
    (environment.site / "x-1.0.dist-info").symlink_to("/nowhere")
    assert read_inventory(environment.target()).unreadable[0].reason == "it is a link to nothing"


def test_leftovers_are_never_distributions(environment: FakeEnvironment) -> None:
    environment.install("numpy", "2.2.6", {"numpy/__init__.py": ""})
    leftover = environment.install("numpy", "1.26.4")
    leftover.rename(environment.site / "~umpy-1.26.4.dist-info")
    for name in ("~umpy", "~umpy.libs", "-umpy", "~%ndas", "~nknown"):
        (environment.site / name).mkdir()
    environment.install("pandas", "2.0")
    inventory = read_inventory(environment.target())
    assert [d.version for d in inventory.distributions] == ["2.2.6", "2.0"]
    meant = {os.path.basename(x.path): x.meant for x in inventory.leftovers}
    assert meant == {
        "~umpy-1.26.4.dist-info": "numpy",
        "~umpy": "numpy",
        "~umpy.libs": "numpy",
        "-umpy": "numpy",
        "~%ndas": "pandas",
        "~nknown": "~nknown",
    }


def test_the_users_own_folder_has_no_leftovers(environment: FakeEnvironment, tmp_path: Path) -> None:
    (tmp_path / "work/~notes").mkdir(parents=True)
    assert read_inventory(environment.target(tmp_path / "work")).leftovers == ()


def test_the_first_folder_hides_the_others(environment: FakeEnvironment, tmp_path: Path) -> None:
    environment.install("numpy", "2.2.6", {"numpy/__init__.py": ""})
    environment.install("numpy", "1.26.4", {"numpy/__init__.py": ""}, into=tmp_path / "first")
    found = read_inventory(environment.target(tmp_path / "first")).distributions
    assert [(d.version, d.effective) for d in found] == [("1.26.4", True), ("2.2.6", False)]


@pytest.mark.parametrize("versions", [("1.26.4", "2.2.6"), ("2.2.6", "1.26.4")])
def test_within_a_folder_the_files_decide(environment: FakeEnvironment, versions: tuple[str, str]) -> None:
    for version in versions:
        files = {"numpy/version.py": f"version = '{version}'" + "#" * int(version[0]) * 9}
        path = environment.install("numpy", version, files)
    os.utime(path, (time.time() - 1000,) * 2)  # such as an extracted archive has it
    found = read_inventory(environment.target()).distributions
    assert {d.version for d in found if d.effective} == {versions[1]}
    assert len(found) == 2


def test_where_files_do_not_tell_the_later_install_counts(environment: FakeEnvironment) -> None:
    old = environment.install("x", "2.0", {"x.py": "same"})
    environment.install("x", "1.0", {"x.py": "same"})
    os.utime(old, (time.time() - 100,) * 2)
    found = read_inventory(environment.target()).distributions
    assert {d.version for d in found if d.effective} == {"1.0"}


def test_a_folder_reached_twice_counts_once(environment: FakeEnvironment, tmp_path: Path) -> None:
    environment.install("x", "1.0")
    (tmp_path / "lib64").symlink_to(environment.site)
    assert only(environment, tmp_path / "lib64").effective


def test_debians_second_record_is_no_second_copy(environment: FakeEnvironment) -> None:
    environment.install("cryptography", "38.0.4")
    folder = environment.site / "cryptography.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: cryptography\nVersion: 38.0.4\n")
    assert only(environment).metadata_path.endswith(".dist-info")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ('{"url": "file:///w/x", "dir_info": {"editable": true}}', DirectUrl("file:///w/x", True)),
        ('{"url": "https://u:p@h/x.whl", "archive_info": {}}', DirectUrl("https://u:p@h/x.whl", False)),
        (
            '{"url": "https://g/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "py"}',
            DirectUrl("https://g/x@abc#subdirectory=py", False, "git"),
        ),
        ("{not json", None),
        ('{"dir_info": {}}', None),
        ("[]", None),
    ],
)
def test_origins_are_read(environment: FakeEnvironment, origin: str, expected: DirectUrl | None) -> None:
    environment.install("x", "1.0", extra={"direct_url.json": origin})
    assert only(environment).direct_url == expected


def test_editable_installs_are_recognised(environment: FakeEnvironment, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "old.egg-info").mkdir(parents=True)
    (source / "old.egg-info/PKG-INFO").write_text("Name: old\nVersion: 0.9\n")
    (environment.site / "old.egg-link").write_text(f"{source}\n.")
    environment.install("new", "1.0", {"__editable__.new-1.0.pth": f"{tmp_path}/src\n"})
    found = {d.name: d for d in read_inventory(environment.target(source)).distributions}
    assert found["old"].direct_url == DirectUrl(f"file://{source}", True)
    assert found["new"].direct_url == DirectUrl(f"file://{tmp_path}/src", True)


def test_an_editable_sources_own_egg_info_is_no_second_copy(
    environment: FakeEnvironment, tmp_path: Path
) -> None:
    source = tmp_path / "project/src"
    (source / "mine.egg-info").mkdir(parents=True)
    (source / "mine.egg-info/PKG-INFO").write_text("Name: mine\nVersion: 0.1.dev1\n")
    origin = f'{{"url": "file://{tmp_path}/project", "dir_info": {{"editable": true}}}}'
    environment.install("mine", "0.2", extra={"direct_url.json": origin})
    assert only(environment, source).version == "0.2"


def test_a_damaged_record_is_survived(environment: FakeEnvironment) -> None:
    path = environment.install("x", "1.0")
    (path / "RECORD").write_bytes(b"x.py,sha256=\xff\xfe,nine\n,,\n\nshort\n")
    assert [(row.path, row.size) for row in only(environment).files or ()] == [
        ("x.py", None),
        ("short", None),
    ]


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["Name", "Requires-Dist", "x-y"]), words), max_size=20), st.text())
def test_headers_are_read_back_whatever_the_body(headers: list[tuple[str, str]], body: str) -> None:
    text = "".join(f"{name}: {value}\n" for name, value in headers) + "\n" + body
    expected: dict[str, list[str]] = {}
    for name, value in headers:
        expected.setdefault(name.lower(), []).append(value)
    assert parse_headers(text) == expected


def test_many_distributions_are_all_read(environment: FakeEnvironment) -> None:
    for number in range(140):
        path = environment.install(f"dist-{number}", "1.0", headers="Requires-Dist: numpy\n" + "x" * 20_000)
        rows = "\n".join(f"dist_{number}/m{i}.py,sha256={'a' * 43},{i}" for i in range(357))
        (path / "RECORD").write_text(rows)
    target = environment.target()
    inventory = read_inventory(target)
    assert sum(len(d.files or ()) for d in inventory.distributions) == 140 * 357
    assert {d.name for d in inventory.distributions} == {canonicalize_name(f"dist-{i}") for i in range(140)}
