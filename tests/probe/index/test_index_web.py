"""The client: ranges, logins, failures and what is said of them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Site, serving

from npdoctor.model.index import Indexes
from npdoctor.probe.index.address import shown
from npdoctor.probe.index.web import Part, Web, WebError, Whole

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(Indexes(), connect_seconds=1, read_seconds=0.5) as web:
        yield web


def test_a_part_is_a_part(site: Site, web: Web) -> None:
    url = site.put("/a.whl", CONTENT)
    assert web.part(url, 10, 19) == Part(10, len(CONTENT), CONTENT[10:20])
    assert web.part(url, -16, 0) == Part(len(CONTENT) - 16, len(CONTENT), CONTENT[-16:])
    assert web.part(url, -99_999, 0) == Part(0, len(CONTENT), CONTENT)


def test_a_server_without_ranges_gives_the_whole(site: Site, web: Web) -> None:
    site.ranges = False
    answer = web.part(site.put("/a.whl", CONTENT), -16, 0)
    assert isinstance(answer, Whole)
    with answer.file:
        answer.file.seek(0)
        assert (answer.size, answer.file.read()) == (len(CONTENT), CONTENT)
    assert len(site.asked) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_an_answer_that_breaks_off_is_asked_for_again(site: Site, web: Web, ranges: bool) -> None:
    site.ranges, site.dies_after, site.deaths = ranges, 1000, 1
    answer = web.part(site.put("/a.whl", CONTENT), 0, len(CONTENT) - 1)
    assert (answer.size if isinstance(answer, Whole) else len(answer.data)) == len(CONTENT)
    assert len(site.asked) == 2


@pytest.mark.parametrize("ranges", [True, False])
def test_a_server_that_always_dies_is_given_up(site: Site, web: Web, ranges: bool) -> None:
    site.ranges, site.dies_after, site.deaths = ranges, 1000, 99
    with pytest.raises(WebError, match="broke off") as caught:
        web.part(site.put("/a.whl", CONTENT), 0, len(CONTENT) - 1)
    assert not caught.value.offline
    assert len(site.asked) == 3


def test_a_server_that_is_busy_is_asked_again(site: Site, web: Web) -> None:
    site.statuses = [503, 502]
    assert web.page(site.put("/x/", "hello", "text/html")).body == b"hello"
    site.statuses = [503] * 3
    with pytest.raises(WebError, match="status 503"):
        web.page(site.url + "/x/")


def test_silence_is_not_waited_out_twice(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(WebError, match="nothing for") as caught:
            web.page(f"http://127.0.0.1:{silent.getsockname()[1]}/x")
        assert not caught.value.offline


def test_silence_within_an_answer(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[socket.socket] = []

        def serve() -> None:
            asked.append(server.accept()[0])
            asked[0].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbegin")

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(WebError, match="nothing for"):
            web.page(f"http://127.0.0.1:{server.getsockname()[1]}/x")
        asked[0].close()


def test_nobody_there_is_offline(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/x", "http://no-such-host.invalid/x"):
        with pytest.raises(WebError, match="cannot be reached") as caught:
            web.page(url)
        assert caught.value.offline


def test_https_that_is_none_is_not_offline(site: Site, web: Web) -> None:
    with pytest.raises(WebError, match="TLS failed") as caught:
        web.page(site.url.replace("http:", "https:") + "/x")
    assert not caught.value.offline


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500])
def test_no_failure_tells_a_secret(site: Site, web: Web, status: int) -> None:
    site.statuses = [status] * 3
    with pytest.raises(WebError) as caught:
        web.page(f"{site.with_login('ann:hush')}/x?sig=hush#hush")
    assert caught.value.status == status
    assert "hush" not in repr(caught.value) + str(caught.value) + caught.value.reason
    assert "ann" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("url", ["ftp://h/x", "http://[::1/hush", "http://h:hush/x", "nonsense://"])
def test_an_address_that_is_none_is_said_to_be(web: Web, url: str) -> None:
    with pytest.raises(WebError) as caught:
        web.page(url)
    assert not caught.value.offline


def test_the_login_of_an_index_serves_its_host_alone(site: Site) -> None:
    site.login = "ann:pass word"
    site.put("/simple/x/", "page", "text/html")
    with serving() as other:
        other.put("/b.whl", CONTENT)
        site.put("/a.whl", CONTENT)
        site.redirects["/moved"] = other.url + "/b.whl"
        with Web(Indexes((site.with_login("ann:pass%20word") + "/simple",))) as web:
            assert web.page(site.url + "/simple/x/").body == b"page"
            assert web.part(site.url + "/a.whl", 0, 3) == Part(0, len(CONTENT), CONTENT[:4])
            assert isinstance(web.part(site.url + "/moved", 0, 3), Part)
            assert isinstance(web.part(other.url + "/b.whl", 0, 3), Part)
        assert [login for _, _, login in other.asked] == [None, None]


@pytest.mark.parametrize("url", ["http://ann:hush@[::1/simple", "http://ann:hush@host:port/simple"])
def test_a_malformed_index_fails_when_it_is_asked(url: str) -> None:
    with Web(Indexes((url,))) as web, pytest.raises(WebError, match="no address") as caught:
        web.page(url + "/x/")
    assert "hush" not in str(caught.value)


def test_the_nearest_login_is_taken(site: Site) -> None:
    site.login = "bob:2"
    site.put("/two/simple/x/", "page", "text/html")
    urls = (site.with_login("ann:1") + "/one/simple", site.with_login("bob:2") + "/two/simple")
    with Web(Indexes(urls)) as web:
        assert web.page(site.url + "/two/simple/x/").body == b"page"


def test_netrc_is_read(site: Site, plain_environment: Path) -> None:
    site.login = "ann:3"
    site.put("/x/", "page", "text/html")
    (plain_environment / ".netrc").write_text("machine 127.0.0.1\nlogin ann\npassword 3\n")
    with Web(Indexes()) as web:
        assert web.page(site.url + "/x/").body == b"page"
    with Web(Indexes((site.with_login("ann") + "/simple",))) as web:
        assert web.page(site.url + "/x/").body == b"page"


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    file = str(tmp_path / "both.pem")
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [program, "req", *kind, *subject, "-keyout", file, "-out", f"{file}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with open(file, "a") as both, open(f"{file}.crt") as public:
        both.write(public.read())
    return file


def test_certificates_and_trusted_hosts(certificate: str) -> None:
    with serving(certificate) as site, serving() as plain:
        site.put("/x/", "page", "text/html")
        plain.redirects["/y/"] = site.url + "/x/"
        port = site.url.rpartition(":")[2]
        for trusting in (
            Indexes(certificates=f"{certificate}.crt"),
            Indexes(trusted_hosts=("127.0.0.1",)),
            Indexes(trusted_hosts=(f"127.0.0.1:{port}",)),
        ):
            with Web(trusting) as web:
                assert web.page(site.url + "/x/").body == b"page"
        # What one server is trusted with holds for no other that it leads to.
        trusted = plain.url.partition("//")[2]
        for wary in (Indexes(), Indexes(trusted_hosts=("example.org", trusted))):
            for url in (site.url + "/x/", plain.url + "/y/"):
                with Web(wary) as web, pytest.raises(WebError, match="not trusted"):
                    web.page(url)


def test_a_page_knows_where_it_really_is(site: Site, web: Web) -> None:
    site.put("/new/x/", "page", "text/html; charset=utf-8")
    site.redirects["/old/x/"] = "/new/x/"
    page = web.page(site.url + "/old/x/")
    assert (page.url, page.kind) == (site.url + "/new/x/", "text/html")


def test_local_pages(tmp_path: Path, web: Web) -> None:
    (tmp_path / "demo project").mkdir()
    (tmp_path / "demo project/index.html").write_text("page")
    page = web.page(f"file://{tmp_path}/demo%20project")
    assert (page.body, page.url) == (b"page", f"file://{tmp_path}/demo%20project/")
    with pytest.raises(WebError) as caught:
        web.page(f"file://{tmp_path}/other/")
    assert (caught.value.status, caught.value.offline) == (404, False)


def test_what_is_shown_of_an_address() -> None:
    assert shown("https://ann:hush@host:8/a/b?sig=hush#x") == "https://host:8/a/b"
    assert shown("http://[::1") == "a malformed address"
