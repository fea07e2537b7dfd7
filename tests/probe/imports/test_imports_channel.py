"""The socket: garbage, endless lines and peers that hang up harm nobody else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from npdoctor.probe.imports import channel as module
from npdoctor.probe.imports.channel import Channel, Peer

HELLO = {"role": "importer", "node": "n#1", "pid": 4321, "child": 7}
Heard = list[tuple[Peer, dict[str, Any] | None]]


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    made = Channel(str(tmp_path))
    yield made
    made.close()


def connect(channel: Channel, *messages: Any) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(channel.path)
    for message in messages:
        line.sendall(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
    return line


def hear(channel: Channel, rounds: int = 6) -> Heard:
    return [entry for _ in range(rounds) for entry in channel.poll(0.05)]


def test_a_peer_is_known_by_its_first_line(channel: Channel) -> None:
    with connect(channel, HELLO, {"event": "begin", "index": 0}):
        heard = hear(channel)
    assert [m and m.get("event") for _, m in heard] == [None, "begin"]
    peer = heard[0][0]
    assert (peer.role, peer.node, peer.pid, peer.child) == ("importer", "n#1", 4321, 7)


def test_lines_that_come_in_pieces_are_put_together(channel: Channel) -> None:
    text = json.dumps(HELLO).encode() + b"\n"
    with connect(channel, text[:5]) as line:
        assert hear(channel) == []
        line.sendall(text[5:] + b'{"event"')
        assert len(hear(channel)) == 1
        line.sendall(b': "done"}\n')
        assert [m for _, m in hear(channel)] == [{"event": "done"}]


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\n",
        b"\n\n",
        b"\xff\xfe\x00\n",
        b"[1, 2]\n",
        b"3\n",
        b'"text"\n',
        b'{"role": "guard"}\n',
        b'{"role": "guard", "pid": "x"}\n',
        b'{"role": "guard", "pid": 1, "child": "x"}\n',
        b'{"role": "guard", "pid": 1, "child": null}\n',
        b"[" * 100_000 + b"\n",
        b'{"event": "begin"}\n',
        b'{"event": "end", "index": "x"}\n',
        b'{"event": "exit", "status": null, "why": null}\n',
    ],
)
def test_garbage_is_passed_over_and_the_next_line_is_read(channel: Channel, garbage: bytes) -> None:
    with connect(channel, garbage, HELLO):
        assert [m for _, m in hear(channel)] == [HELLO]


def test_an_endless_line_ends_its_peer_alone(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_LIMIT", 10_000)
    with connect(channel, b"x" * 100_000), connect(channel, HELLO):
        heard = hear(channel)
    assert [m for _, m in heard].count(None) == 1
    assert [m for _, m in heard if m] == [HELLO]
    assert len(channel.peers) == 0 or all(peer.role == "importer" for peer in channel.peers)


def test_a_hang_up_is_told_once_after_what_was_said(channel: Channel) -> None:
    connect(channel, HELLO).close()
    heard = [m for _, m in hear(channel)]
    assert heard == [HELLO, None]
    assert channel.peers == set()


def test_sending_to_a_peer_that_is_gone_says_so(channel: Channel) -> None:
    line = connect(channel, HELLO)
    (peer, _), *_ = hear(channel, 2)
    assert peer.send(op="spawn")
    assert json.loads(line.recv(1000)) == {"op": "spawn"}
    line.close()
    peer.send(op="leave")
    assert not peer.send(op="leave")


def test_closing_takes_everything_away(tmp_path: Path) -> None:
    channel = Channel(str(tmp_path))
    with connect(channel, HELLO) as line:
        hear(channel, 2)
        channel.close()
        assert line.recv(10) == b""
    assert not Path(channel.path).exists()
