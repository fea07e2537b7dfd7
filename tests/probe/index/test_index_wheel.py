"""What is read of wheels, how much of them, and what is said of those that are no good."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Site, serving
from wheel_making import NEW, NEWEST, NONE, OLD, OLD_CYTHON, TAG, library, wheel

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.index import Indexes, Wheel
from npdoctor.probe.elf import ElfFile
from npdoctor.probe.index.reading import Unreadable, WheelReading, limits, serves_numpy
from npdoctor.probe.index.readings import Readings
from npdoctor.probe.index.web import Web
from npdoctor.probe.index.wheel import Question, module_stem, read_wheel, read_wheels
from npdoctor.probe.numpy_use import read_numpy_use

BIG = 1 << 20


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(Indexes(), connect_seconds=1, read_seconds=1) as web:
        yield web


def put(site: Site, content: bytes, name: str = "demo.whl", sha256: str | None = None) -> Wheel:
    return Wheel("demo", "1.0", name, site.put("/" + name, content), sha256)


def read(site: Site, web: Web, content: bytes, *prefer: str, most: int | None = 6) -> WheelReading:
    reading = read_wheel(put(site, content), web, prefer, most)
    assert isinstance(reading, WheelReading), reading
    return reading


@pytest.mark.parametrize(
    ("texts", "abi", "specifier", "serves"),
    [
        (OLD, NumpyAbi.NUMPY1, "<2", {"1.26.4": True, "2.0.0rc1": False, "2.1.3": False}),
        (OLD_CYTHON, NumpyAbi.NUMPY1, "<2", {"1.26.4": True, "2.1.3": False}),
        (NEW, NumpyAbi.BOTH, ">=1.20", {"1.19.5": False, "1.26.4": True, "2.1.3": True}),
        (NEWEST, NumpyAbi.NUMPY2, ">=2.1", {"1.26.4": False, "2.0.2": False, "2.1.0rc1": True}),
    ],
)
def test_a_tied_module_decides(
    site: Site, web: Web, texts: tuple[str, ...], abi: NumpyAbi, specifier: str, serves: dict[str, bool]
) -> None:
    path = f"demo/_core.{TAG}"
    reading = read(site, web, wheel({"demo/__init__.py": b"", path: library(texts)}))
    (member,) = reading.members
    assert member.numpy is not None
    assert (member.path, member.size, member.numpy.abi) == (path, len(library(texts)), abi)
    assert (reading.compiled, reading.complete, reading.unread) == (1, True, ())
    assert [(limit.specifier, limit.member) for limit in limits(reading)] == [(specifier, path)]
    for version, expected in serves.items():
        answer = serves_numpy(reading, version)
        assert (answer.serves, path in answer.because) == (expected, True)


@pytest.mark.parametrize("texts", [OLD, OLD_CYTHON, NEW, NEWEST, NONE])
@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        (f"demo/a.{TAG}", "PyInit_a"),
        ("demo/a.so", "PyInit_a"),
        ("demo/libplain.so", "plain"),
        ("demo.libs/libplain-1a2b.so.5.0", "plain"),
        (f"numpy/_core/_multiarray_umath.{TAG}", "PyInit__multiarray_umath"),
    ],
)
def test_says_what_the_file_on_disk_says(
    site: Site, web: Web, tmp_path: Path, texts: tuple[str, ...], name: str, symbol: str
) -> None:
    content = library(texts, symbol=symbol)
    (tmp_path / "a.so").write_bytes(content)
    with ElfFile(str(tmp_path / "a.so")) as file:
        expected = read_numpy_use(file)
    (member,) = read(site, web, wheel({name: content}), most=None).members
    assert member.numpy == expected
    assert (expected is None) is (texts == NONE or symbol != "PyInit_a")


def test_metadata_and_names_come_with_it(site: Site, web: Web) -> None:
    reading = read(site, web, wheel({"demo/__init__.py": b"x = 1"}))
    assert reading.requires == ("numpy<3,>=1.22.4", "pytest; extra == 'test'")
    assert reading.requires_python == ">=3.9"
    assert "demo/__init__.py" in reading.names
    answer = serves_numpy(reading, "2.0")
    assert (answer.serves, reading.complete) == (True, True)
    assert "no compiled file" in answer.because


def test_a_wheel_without_metadata_is_read_all_the_same(site: Site, web: Web) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"a.{TAG}", library(OLD))
    reading = read(site, web, packed.getvalue())
    assert (reading.requires, reading.requires_python, len(limits(reading))) == ((), None, 1)


def test_known_members_are_read_and_no_others(site: Site, web: Web) -> None:
    content = wheel(
        {f"demo/small{n}.{TAG}": library(NONE) for n in range(9)}
        | {f"demo/sub/_tied.{TAG}": library(NEW, BIG), f"demo/_c.{TAG}": library(OLD, BIG)}
    )
    for prefer in ("demo.sub._tied", "demo/sub/_tied.cpython-39-x86_64-linux-gnu.so"):
        reading = read(site, web, content, prefer, "demo._gone")
        assert [member.path for member in reading.members] == [f"demo/sub/_tied.{TAG}"]
        assert (reading.compiled, reading.complete) == (11, False)
        assert reading.received < BIG
    assert serves_numpy(reading, "2.1").serves is True


def test_small_members_are_read_where_none_is_known(site: Site, web: Web) -> None:
    members = {f"demo/m{n}.{TAG}": library(NONE, n) for n in range(8)}
    large = {f"demo/large.{TAG}": library(OLD, BIG)}
    libraries = {"demo.libs/liba.so.5": library(NONE, 2 * BIG)}
    reading = read(site, web, wheel(large | libraries | members))
    assert [m.path for m in reading.members] == [f"demo/m{n}.{TAG}" for n in range(6)] + list(large)
    assert serves_numpy(reading, "2.1").serves is False
    few = read(site, web, wheel(libraries | members), "demo.m5", most=2)
    assert len(few.members) == 4
    answer = serves_numpy(few, "2.1")
    assert answer.serves is None
    assert "4 of 9" in answer.because
    every = read(site, web, wheel(large | libraries | members), most=None)
    assert (len(every.members), every.complete) == (10, True)


def test_one_member_that_refuses_is_enough(site: Site, web: Web) -> None:
    reading = read(site, web, wheel({f"demo/a.{TAG}": library(NEW), f"demo/b.{TAG}": library(OLD)}))
    answer = serves_numpy(reading, "2.1")
    assert answer.serves is False
    assert "demo/b" in answer.because
    assert serves_numpy(reading, "1.26").serves is True


def test_a_module_is_read_no_further_than_needed(site: Site, web: Web) -> None:
    settled = read(site, web, wheel({f"demo/a.{TAG}": library(NEW, 6 * BIG)}))
    assert settled.received < 2 * BIG
    whole = read(site, web, wheel({f"demo/a.{TAG}": library(OLD, 6 * BIG)}))
    assert whole.received > 6 * BIG


@pytest.mark.parametrize("ranges", [True, False])
def test_a_server_without_ranges_is_asked_once(site: Site, web: Web, ranges: bool) -> None:
    site.ranges = ranges
    members = {f"demo/m{n}.{TAG}": library(OLD, BIG // 4 + n) for n in range(3)}
    reading = read(site, web, wheel(members))
    assert len(reading.members) == 3
    assert (reading.requests == 1) is not ranges


def test_a_local_wheel_costs_nothing(web: Web, tmp_path: Path) -> None:
    (tmp_path / "a b.whl").write_bytes(wheel({f"demo/a.{TAG}": library(OLD)}))
    for url in (f"file://{tmp_path}/a%20b.whl", str(tmp_path / "a b.whl")):
        reading = read_wheel(Wheel("demo", "1.0", "a b.whl", url), web)
        assert isinstance(reading, WheelReading)
        assert (len(limits(reading)), reading.requests) == (1, 0)


def test_what_is_no_wheel_is_unreadable(site: Site, web: Web) -> None:
    good = wheel({f"demo/a.{TAG}": library(OLD)})
    for content in (b"", b"no zip", b"x" * 100_000, good[:-1000], good[:200] + bytes(100) + good[-30:]):
        found = read_wheel(put(site, content), web)
        assert isinstance(found, Unreadable)
        assert not found.offline
        answer = serves_numpy(found, "2.1")
        assert (answer.serves, "could not be read" in answer.because) == (None, True)


def test_a_wheel_that_is_out_of_reach(site: Site, web: Web) -> None:
    missing = read_wheel(Wheel("demo", "1.0", "a.whl", site.url + "/a.whl"), web)
    assert isinstance(missing, Unreadable)
    assert not missing.offline
    with serving() as gone:
        url = gone.url + "/a.whl"
    away = read_wheel(Wheel("demo", "1.0", "a.whl", url), web)
    assert isinstance(away, Unreadable)
    assert away.offline


def test_a_connection_that_dies_in_a_member(site: Site, web: Web) -> None:
    content = wheel({f"demo/a.{TAG}": library(OLD, BIG)})
    site.dies_after, site.deaths = 100_000, 1
    assert len(limits(read(site, web, content))) == 1
    site.deaths = 99
    assert isinstance(read_wheel(put(site, content), web), Unreadable)


def lying(content: bytes, claimed: int) -> bytes:
    """Let the central directory and the header of the first member claim another size."""
    at, end = content.index(b"PK\1\2"), struct.pack("<I", claimed)
    return content[:22] + end + content[26 : at + 24] + end + content[at + 28 :]


def test_a_member_that_claims_to_be_huge_is_not_inflated(site: Site, web: Web) -> None:
    bomb = wheel({f"demo/a.{TAG}": bytes(40 << 20), f"demo/b.{TAG}": library(OLD)})
    for content in (
        bomb,
        lying(wheel({f"demo/a.{TAG}": library(NONE), f"demo/b.{TAG}": library(OLD)}), (4 << 30) - 9),
    ):
        reading = read(site, web, content, most=None)
        assert [member.path for member in reading.members] == [f"demo/b.{TAG}"]
        (unread,) = reading.unread
        assert "MiB" in unread.reason
        assert not reading.complete


def test_a_member_that_inflates_to_more_than_it_claims(site: Site, web: Web) -> None:
    reading = read(site, web, lying(wheel({f"demo/a.{TAG}": library(NONE, 5000)}), 3000))
    (unread,) = reading.unread
    assert "cannot be inflated" in unread.reason
    assert serves_numpy(reading, "2.1").serves is None


def test_a_member_that_is_no_library(site: Site, web: Web) -> None:
    reading = read(site, web, wheel({f"demo/a.{TAG}": b"not elf", "demo/b.so": b"!<arch>\n", "c.so": b""}))
    assert sorted(u.reason for u in reading.unread) == [
        "a static archive, not a shared library",
        "empty file",
        "not an ELF file",
    ]


def test_zip64_and_stored_members(site: Site, web: Web) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        with archive.open(f"demo/a.{TAG}", "w", force_zip64=True) as member:
            member.write(library(OLD))
        for number in range(66_000):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    reading = read(site, web, packed.getvalue())
    assert (len(reading.names), len(limits(reading))) == (66_001, 1)


def test_several_wheels_come_in_order_and_are_remembered(site: Site, web: Web, tmp_path: Path) -> None:
    questions = [
        Question(put(site, wheel({f"demo/a.{TAG}": library(texts)}), f"{n}.whl", sha256=f"{n}" * 64))
        for n, texts in enumerate((OLD, NEW, NEWEST, NONE, OLD, NEW))
    ]
    readings, progress = Readings(str(tmp_path)), list[tuple[int, int]]()
    first = read_wheels(questions, web, readings, lambda done, total: progress.append((done, total)))
    assert progress == [(n, 6) for n in range(1, 7)]
    assert [found.wheel.filename for found in first] == [f"{n}.whl" for n in range(6)]
    assert [serves_numpy(found, "2.0").serves for found in first] == [False, True, False, True, False, True]
    asked = len(site.asked)
    assert read_wheels(questions, web, readings) == first
    assert len(site.asked) == asked
    assert read_wheels([], web) == ()


def test_stopping_in_the_callback_stops(site: Site, web: Web) -> None:
    question = Question(put(site, wheel({})))

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_wheels([question] * 50, web, None, stop)
    assert len(site.asked) < 100


def test_module_stems() -> None:
    assert {
        module_stem("pandas/_libs/lib.cpython-311-x86_64-linux-gnu.so"),
        module_stem("pandas-2.0.data/platlib/pandas/_libs/lib.abi3.so"),
        module_stem("pandas._libs.lib"),
        module_stem("pandas/_libs/lib/__init__.so"),
    } == {"pandas._libs.lib"}
    assert module_stem("_cffi.so") == "_cffi"


def test_an_unknown_version_is_unknown(site: Site, web: Web) -> None:
    reading = read(site, web, wheel({}))
    assert serves_numpy(reading, "nonsense").serves is None
