"""Which releases indexes offer, from JSON, HTML and folders, and which wheel fits the target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Site, serving

from npdoctor.model.index import Indexes, Release
from npdoctor.probe.index.releases import releases
from npdoctor.probe.index.web import Web, WebError
from sample_target import linux_target

SHA = "0123456789abcdef" * 4
JSON = "application/vnd.pypi.simple.v1+json"
HERE = linux_target(platform="any-machine")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def look(*urls: str, name: str = "Demo.Pkg", target: Any = HERE, **settings: Any) -> tuple[Release, ...]:
    found = Indexes(urls, **settings)
    with Web(found, connect_seconds=1, read_seconds=1) as web:
        return releases(name, found, web, target)


def page(site: Site, *filenames: str, path: str = "/simple/demo-pkg/", **extra: Any) -> str:
    entry = {"hashes": {"sha256": SHA}, "size": 7, **extra}
    files = [{"filename": name, "url": f"../../files/{name}", **entry} for name in filenames]
    site.put(path, json.dumps({"meta": {"api-version": "1.1"}, "name": "demo-pkg", "files": files}), JSON)
    return site.url + path.removesuffix("demo-pkg/")


def versions(found: tuple[Release, ...]) -> list[str]:
    return [release.version for release in found]


def chosen(found: tuple[Release, ...]) -> list[str | None]:
    return [release.wheel.filename if release.wheel else None for release in found]


def test_reads_json(site: Site) -> None:
    url = page(
        site,
        "demo_pkg-1.10.0-py3-none-any.whl",
        "demo_pkg-1.9.0-py3-none-any.whl",
        "demo_pkg-1.10.0rc1-py3-none-any.whl",
        "demo-pkg-2.0.tar.gz",
        "demo_pkg-3.0-cp27-none-win32.whl",
        "demo_pkg-nonsense.whl",
        "other-9.0-py3-none-any.whl",
    )
    found = look(url)
    assert versions(found) == ["1.9.0", "1.10.0rc1", "1.10.0", "3.0"]
    wheel = found[0].wheel
    assert wheel is not None
    assert wheel.url == site.url + "/files/demo_pkg-1.9.0-py3-none-any.whl"
    assert (wheel.name, wheel.version, wheel.sha256, wheel.size) == ("demo-pkg", "1.9.0", SHA, 7)
    assert found[3].wheel is None


def test_reads_html(site: Site) -> None:
    text = f"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"></head><body>
    <a href="../../files/demo_pkg-1.0-py3-none-any.whl#sha256={SHA}" data-requires-python="&gt;=3.9">x</a>
    <a href="../../files/demo_pkg-1.1-py3-none-any.whl#md5=00" data-requires-python="&gt;=3.99">x</a>
    <a href="https://elsewhere.example/demo_pkg-1.2%2Bcpu-py3-none-any.whl?sig=1" data-yanked="bad">x</a>
    <a href="http://[broken/demo_pkg-1.3-py3-none-any.whl">x</a> <a>no link</a></body></html>"""
    site.put("/simple/demo-pkg/", text, "text/html; charset=utf-8")
    found = look(site.url + "/simple")
    assert versions(found) == ["1.0", "1.1", "1.2+cpu"]
    first, last = found[0].wheel, found[2].wheel
    assert first is not None
    assert last is not None
    assert first.url == site.url + "/files/demo_pkg-1.0-py3-none-any.whl"
    assert (first.sha256, first.size, found[0].yanked) == (SHA, None, False)
    assert found[1].wheel is None
    assert last.url == "https://elsewhere.example/demo_pkg-1.2%2Bcpu-py3-none-any.whl?sig=1"
    assert (last.sha256, found[2].yanked) == (None, True)


def test_html_may_set_its_base(site: Site) -> None:
    text = '<base href="/elsewhere/"><a href="demo_pkg-1.0-py3-none-any.whl">x</a>'
    site.put("/simple/demo-pkg/", text, "text/html")
    wheel = look(site.url + "/simple/")[0].wheel
    assert wheel is not None
    assert wheel.url == site.url + "/elsewhere/demo_pkg-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("python", "fits"),
    [(">=3.9", True), (">=3.12", False), (">=3.9,!=3.0*", True), ("3.11.*", True), (None, True), (7, True)],
)
def test_requires_python_decides(site: Site, python: Any, fits: bool) -> None:
    url = page(site, "demo_pkg-1.0-py3-none-any.whl", **{"requires-python": python})
    assert (chosen(look(url)) != [None]) is fits


@pytest.mark.parametrize(("yanked", "expected"), [(False, False), (True, True), ("why", True), ("", True)])
def test_yanked_is_marked(site: Site, yanked: Any, expected: bool) -> None:
    assert look(page(site, "demo_pkg-1.0-py3-none-any.whl", yanked=yanked))[0].yanked is expected


def test_the_best_wheel_is_that_of_the_targets_python(site: Site) -> None:
    names = [
        "demo_pkg-1.0-py3-none-any.whl",
        "demo_pkg-1.0-cp310-cp310-any_machine.whl",
        "demo_pkg-1.0-cp39-abi3-any_machine.whl",
        "demo_pkg-1.0-cp311-cp311-any_machine.whl",
        "demo_pkg-1.0-2-cp311-cp311-any_machine.whl",
        "demo_pkg-1.0-cp313-cp313t-any_machine.whl",
        "demo_pkg-1.0-cp311-cp311-win_amd64.whl",
        "demo_pkg-1.0-pp310-pypy310_pp73-any_machine.whl",
    ]
    url = page(site, *names)
    threaded = (".cpython-313t-x86_64-linux-gnu.so", ".so")
    pypy = (".pypy310-pp73-x86_64-linux-gnu.so",)
    assert chosen(look(url)) == [names[4]]
    assert chosen(look(url, target=linux_target(platform="any-machine", version=(3, 10, 2)))) != [names[4]]
    other = linux_target(
        platform="any-machine", version=(3, 10, 2), extension_suffixes=(".cpython-310-x.so",)
    )
    assert chosen(look(url, target=other)) == [names[1]]
    free = linux_target(platform="any-machine", version=(3, 13, 0), extension_suffixes=threaded)
    assert chosen(look(url, target=free)) == [names[5]]
    alternative = linux_target(platform="any-machine", version=(3, 10, 2), extension_suffixes=pypy)
    assert chosen(look(url, target=alternative)) == [names[7]]


def test_the_first_index_that_has_the_name_decides(site: Site) -> None:
    own = page(site, "demo_pkg-1.0-py3-none-any.whl", path="/own/demo-pkg/")
    public = page(site, "demo_pkg-9.0-py3-none-any.whl", path="/public/demo-pkg/")
    nothing = site.url + "/nothing/"
    assert versions(look(own, public)) == ["1.0"]
    assert versions(look(nothing, public, own)) == ["9.0"]
    assert versions(look(own, public, merged=True)) == ["1.0", "9.0"]
    assert look(nothing) == ()
    assert look(own, name="unheard-of") == ()


def test_an_index_that_mirrors_a_part_of_another_does_not_hide_the_rest(site: Site) -> None:
    same = "demo_pkg-1.0-py3-none-any.whl"
    mirror = page(site, same, path="/own/demo-pkg/")
    public = page(site, same, "demo_pkg-9.0-py3-none-any.whl", path="/public/demo-pkg/")
    assert versions(look(mirror, public)) == ["1.0", "9.0"]
    stranger = page(
        site, same, "demo_pkg-9.0-py3-none-any.whl", path="/stranger/demo-pkg/", hashes={"sha256": "f" * 64}
    )
    assert versions(look(mirror, stranger)) == ["1.0"]
    unhashed = page(site, same, "demo_pkg-9.0-py3-none-any.whl", path="/unhashed/demo-pkg/", hashes={})
    assert versions(look(unhashed, unhashed)) == ["1.0", "9.0"]
    assert versions(look(mirror, unhashed)) == ["1.0"]


def test_an_index_that_fails_is_not_passed_over(site: Site) -> None:
    public = page(site, "demo_pkg-9.0-py3-none-any.whl", path="/public/demo-pkg/")
    with serving() as private:
        private.login = "ann:1"
        with pytest.raises(WebError, match="asks for a login") as caught:
            look(private.with_login("ann:hush") + "/simple", public)
        assert "hush" not in str(caught.value)
        gone = private.url
    with pytest.raises(WebError, match="cannot be reached") as caught:
        look(gone + "/simple", public)
    assert caught.value.offline


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (JSON, "{"),
        (JSON, "[]"),
        (JSON, "{}"),
        (JSON, '{"files": {}}'),
        (JSON, '{"meta": 1, "files": []}'),
        (JSON, '{"meta": {"api-version": "2.0"}, "files": []}'),
        (JSON, "[" * 100_000),
        ("text/html", '<meta name="pypi:repository-version" content="2.0">'),
        ("application/pdf", "x"),
    ],
)
def test_what_is_no_index_is_said_to_be(site: Site, kind: str, text: str) -> None:
    site.put("/simple/demo-pkg/", text, kind)
    with pytest.raises(WebError, match=r"this is no page|is not known"):
        look(site.url + "/simple")


def test_entries_that_make_no_sense_are_left_out(site: Site) -> None:
    good = {"filename": "demo_pkg-1.0-py3-none-any.whl", "url": "a.whl", "hashes": {"sha256": "short"}}
    bad = [None, 1, {}, {"filename": 1, "url": "a"}, {"filename": "demo_pkg-2.0-py3-none-any.whl", "url": 3}]
    site.put("/simple/demo-pkg/", json.dumps({"files": [*bad, good]}), JSON)
    (release,) = look(site.url + "/simple")
    assert release.wheel is not None
    assert (release.wheel.sha256, release.wheel.size) == (None, None)


def test_credentials_of_an_index_stay_out_of_wheels(site: Site) -> None:
    site.login = "ann:hush"
    page(site, "demo_pkg-1.0-py3-none-any.whl")
    assert "hush" not in repr(look(site.with_login("ann:hush") + "/simple"))


def test_find_links_come_in_addition(site: Site, tmp_path: Path) -> None:
    name = "demo_pkg-2.0+local-py3-none-any.whl"
    (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "notes.txt").write_text("no wheel")
    site.put("/links.html", '<a href="demo_pkg-3.0-py3-none-any.whl">x</a>', "text/html")
    url = page(site, "demo_pkg-1.0-py3-none-any.whl")
    found = look(url, find_links=(str(tmp_path), site.url + "/links.html"))
    assert versions(found) == ["1.0", "2.0+local", "3.0"]
    assert found[1].wheel is not None
    assert found[1].wheel.size == 5
    assert found[1].wheel.url.startswith("file:///")
    assert versions(look(find_links=(f"file://{tmp_path}",))) == ["2.0+local"]
    with pytest.raises(WebError, match="no such file"):
        look(find_links=(str(tmp_path / "missing"),))


def test_a_local_simple_index(tmp_path: Path) -> None:
    folder = tmp_path / "simple/demo-pkg"
    folder.mkdir(parents=True)
    link = f'<a href="../../files/demo_pkg-1.0-py3-none-any.whl#sha256={SHA}">demo</a>'
    (folder / "index.html").write_text(link)
    (release,) = look(f"file://{tmp_path}/simple")
    assert release.wheel is not None
    assert release.wheel.url == f"file://{tmp_path}/files/demo_pkg-1.0-py3-none-any.whl"
    assert look(f"file://{tmp_path}/simple", name="other") == ()
