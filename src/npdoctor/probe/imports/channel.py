"""The Unix socket on which every process of the import probe reports."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
from collections.abc import Iterator
from typing import Any

LINE_LIMIT = 4 * 1024 * 1024
_NUMBERS = ("pid", "child", "index", "status")
_NEEDED = {
    "begin": ("index",),
    "end": ("index",),
    "exit": ("status", "why"),
    "output": ("index", "text"),
    "stage": ("stage",),
}


class Peer:
    """One connected process; `role`, `node` and `pid` are known after its first line."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = b""
        self.role = ""
        self.node = ""
        self.pid = 0
        self.child = 0

    def send(self, **message: Any) -> bool:
        """Send one message; return False where the process is gone."""
        try:
            self.connection.sendall(json.dumps(message).encode("ascii") + b"\n")
        except OSError:
            return False
        return True


class Channel:
    """Listens in a private folder, and yields each line that a peer sends."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "s")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.peers: set[Peer] = set()

    def poll(self, timeout: float) -> Iterator[tuple[Peer, dict[str, Any] | None]]:
        """Yield messages that arrive within `timeout` seconds; None says that a peer hung up."""
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._accept()
            else:
                yield from self._read(key.data)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(5)
        peer = Peer(connection)
        self.peers.add(peer)
        self._selector.register(connection, selectors.EVENT_READ, peer)

    def _read(self, peer: Peer) -> Iterator[tuple[Peer, dict[str, Any] | None]]:
        try:
            data = peer.connection.recv(262144)
        except OSError:
            data = b""
        peer.buffer += data
        *lines, peer.buffer = peer.buffer.split(b"\n")
        for line in lines:
            message = _parse(line)
            if message is None:
                continue
            if "role" in message:
                peer.role, peer.node = str(message["role"]), str(message.get("node", ""))
                peer.pid, peer.child = int(message["pid"]), int(message.get("child", 0))
            yield peer, message
        if not data or len(peer.buffer) > LINE_LIMIT:
            self.drop(peer)
            yield peer, None

    def drop(self, peer: Peer) -> None:
        """Close the connection to one process."""
        if peer in self.peers:
            self.peers.discard(peer)
            self._selector.unregister(peer.connection)
            peer.connection.close()

    def close(self) -> None:
        """Close all connections: every process of the probe then ends itself."""
        for peer in tuple(self.peers):
            self.drop(peer)
        self._selector.close()
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return the message, or None for what is not one of ours: an extension may write to any descriptor."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    needed = ("pid",) if "role" in message else _NEEDED.get(str(message.get("event")), ())
    if not all(name in message for name in needed):
        return None
    return message if all(isinstance(message.get(name, 0), int) for name in _NUMBERS) else None
