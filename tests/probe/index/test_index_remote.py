"""A remote file reads like a local one, with few requests."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import pytest
from serving import Site, serving

from npdoctor.model.index import Indexes
from npdoctor.probe.index.remote import RemoteFile, open_file
from npdoctor.probe.index.web import Web, WebError

CONTENT = random.Random(1).randbytes(3 << 20)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(Indexes(), connect_seconds=1, read_seconds=1) as web:
        yield web


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("suffix", [True, False])
@pytest.mark.parametrize("length", [1, 1000, 65536, 65537, len(CONTENT)])
def test_reads_like_a_local_file(site: Site, web: Web, ranges: bool, suffix: bool, length: int) -> None:
    site.ranges, site.suffix_ranges = ranges, suffix
    content, chance = CONTENT[:length], random.Random(2)
    local = io.BytesIO(content)
    with RemoteFile(site.put("/a.whl", content), web) as remote:
        assert remote.size == length
        for _ in range(60):
            place, count = chance.randrange(-5, length + 10), chance.choice((1, 22, 5000, 300_000))
            if chance.random() < 0.5:
                assert remote.seek(max(place, 0)) == local.seek(max(place, 0))
            if chance.random() < 0.2:
                start = max(place, 0)
                remote.expect(start, start + count)
            assert remote.read(count) == local.read(count)
            assert remote.tell() == local.tell()
        remote.seek(-length, io.SEEK_END)
        assert remote.read() == content
    assert len(site.asked) == remote.requests
    if not ranges:
        assert (remote.requests, remote.received) == (1, length)


def test_reading_on_asks_for_growing_pieces(site: Site, web: Web) -> None:
    with RemoteFile(site.put("/a.whl", CONTENT), web) as remote:
        while remote.read(4096):
            pass
    assert remote.requests <= 6
    assert remote.received == len(CONTENT)


def test_nothing_is_fetched_past_what_is_expected(site: Site, web: Web) -> None:
    with RemoteFile(site.put("/a.whl", CONTENT), web) as remote:
        remote.expect(1000, 5000)
        remote.seek(1000)
        assert b"".join(remote.read(100) for _ in range(40)) == CONTENT[1000:5000]
    assert remote.requests == 2
    assert remote.received == (64 << 10) + 4000


def test_a_zip_file_opens_with_two_requests(site: Site, web: Web) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("big", CONTENT)
        for number in range(2000):
            archive.writestr(f"folder/with/a/long/name/{number:05}.py", b"")
    with RemoteFile(site.put("/a.zip", packed.getvalue()), web) as remote, zipfile.ZipFile(remote) as archive:
        assert len(archive.namelist()) == 2001
        assert remote.requests == 2
        assert archive.testzip() is None


def test_a_file_that_changes_meanwhile_is_an_error(site: Site, web: Web) -> None:
    url = site.put("/a.whl", CONTENT)
    with RemoteFile(url, web) as remote:
        site.put("/a.whl", CONTENT[:-1])
        with pytest.raises(WebError, match="changed"):
            remote.read(100)


def test_a_server_may_turn_to_whole_files(site: Site, web: Web) -> None:
    with RemoteFile(site.put("/a.whl", CONTENT), web) as remote:
        site.ranges = False
        assert remote.read(100) == CONTENT[:100]
        assert remote.read(100) == CONTENT[100:200]
    assert remote.requests == 2


def test_a_missing_file(web: Web, site: Site) -> None:
    for url in (site.url + "/none.whl", "file:///no/such/file.whl"):
        with pytest.raises(WebError, match=r"no such|No such"):
            open_file(url, web)
