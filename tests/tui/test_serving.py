"""The screen in a browser: on the loopback, for who has the whole address, and for no other page."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from npdoctor.cli.screen_options import screen_options, serving_options
from npdoctor.errors import UsageError

from .terminal import processes_with

pytest.importorskip("textual_serve")
MARK = f"NPD_TEST_MARK=serving-{os.getpid()}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server once; return the address that it says."""
    name, _, value = MARK.partition("=")
    home = str(tmp_path_factory.mktemp("home"))
    environ = {**os.environ, name: value, "HOME": home, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "npdoctor", "--serve", "--python", "/nowhere/bin/python"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stderr
        said = b""
        end = time.monotonic() + 30
        while b"ends it" not in said:
            assert time.monotonic() < end, said
            if select.select([server.stderr], [], [], 0.2)[0]:
                said += os.read(server.stderr.fileno(), 4096)
        found = re.search(rb"http://127\.0\.0\.1:\d+/\?npdoctor=\S+", said)
        assert found, said
        yield found[0].decode()
        server.send_signal(signal.SIGINT)
        server.wait(10)
    assert not processes_with(MARK)


def test_only_the_whole_address_opens_it(address: str) -> None:
    place = address.split("?")[0]
    assert requests.get(place, timeout=10).status_code == 403
    assert requests.get(f"{place}?npdoctor=guessed", timeout=10).status_code == 403
    with requests.Session() as person:
        page = person.get(address, timeout=10)
        assert page.status_code == 200
        assert page.url == place
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert person.get(f"{place}static/css/xterm.css", timeout=10).status_code == 200
        for foreign in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            assert person.get(place, headers=foreign, timeout=10).status_code == 403
    assert requests.get(f"{place}ws", timeout=10).status_code == 403


def test_it_listens_on_the_loopback_only(address: str) -> None:
    port = int(address.split(":")[2].split("/")[0])
    with open("/proc/net/tcp") as table:
        bound = {line.split()[1] for line in table if line.split()[3] == "0A"}
    assert {place for place in bound if place.endswith(f":{port:04X}")} == {f"0100007F:{port:04X}"}
    with open("/proc/net/tcp6") as table:
        assert not any(line.split()[1].endswith(f":{port:04X}") for line in table if line.split()[3] == "0A")


def test_the_screen_is_drawn_there_and_leaves_nothing(address: str) -> None:
    import asyncio

    import aiohttp

    async def drawn() -> bytes:
        place = address.split("?")[0]
        seen = b""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as person:
            await (await person.get(address)).text()
            async with person.ws_connect(f"{place}ws?width=80&height=24", origin=place.rstrip("/")) as socket:
                end = time.monotonic() + 30
                while b"No Python at" not in seen:
                    assert time.monotonic() < end, seen[-500:]
                    message = await socket.receive(timeout=30)
                    seen += message.data if isinstance(message.data, bytes) else b""
                await socket.send_str(json.dumps(["stdin", "q"]))
        return seen

    assert b"/nowhere/bin/python" in asyncio.run(drawn())


def test_options(tmp_path: Path) -> None:
    assert serving_options(["--port", "8123", "--ascii", "--python", "/x"]) == (
        8123,
        ("--python=/x", "--timeout=20.0", "--ascii"),
    )
    with pytest.raises(UsageError, match="no port"):
        serving_options(["--port", "80"])
    with pytest.raises(UsageError, match="unrecognized"):
        serving_options(["--host", "0.0.0.0"])
    assert screen_options(["--ascii"]) == {"python": None, "timeout": 20.0, "jobs": 0, "ascii_only": True}
    for line in (["--json"], ["check"], ["--python", "/x", "-q"], ["--timeout", "never"], ["--help"]):
        assert screen_options(line) is None
