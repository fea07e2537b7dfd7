"""A real web server in a thread: with or without ranges, with a login, or one that dies midway."""

from __future__ import annotations

import base64
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass
class Site:
    """What is served and how; `asked` collects path, Range and Authorization of every request."""

    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    ranges: bool = True
    suffix_ranges: bool = True
    login: str | None = None
    dies_after: int | None = None
    deaths: int = 0
    statuses: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    url: str = ""

    def put(self, path: str, content: bytes | str, kind: str = "application/octet-stream") -> str:
        """Serve something, and return its URL."""
        self.files[path] = kind, content.encode() if isinstance(content, str) else content
        return self.url + path

    def with_login(self, login: str) -> str:
        """Return the URL of the site with credentials in it."""
        return self.url.replace("//", f"//{login}@")


@contextmanager
def serving(certificate: str | None = None) -> Iterator[Site]:
    """Serve a site on a free port of this machine; a file with certificate and key makes it HTTPS."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            answer(self, site)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    site.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(handler: BaseHTTPRequestHandler, site: Site) -> None:
    """Answer one request."""
    wanted = handler.headers.get("Range")
    site.asked.append((handler.path, wanted, handler.headers.get("Authorization")))
    if site.statuses:
        send(handler, site.statuses.pop(0), b"")
        return
    path = handler.path.partition("?")[0]
    if handler.path in site.redirects:
        send(handler, 302, b"", {"Location": site.redirects[handler.path]})
        return
    basic = "Basic " + base64.b64encode((site.login or "").encode()).decode()
    if site.login is not None and handler.headers.get("Authorization") != basic:
        send(handler, 401, b"who are you", {"WWW-Authenticate": 'Basic realm="x"'})
        return
    if path not in site.files:
        send(handler, 404, b"not here")
        return
    kind, content = site.files[path]
    headers = {"Content-Type": kind}
    found = RANGE.match(wanted or "") if site.ranges else None
    if found and not found[1] and not site.suffix_ranges:
        send(handler, 416, b"")
        return
    status = 200
    if found:
        first = int(found[1]) if found[1] else max(len(content) - int(found[2]), 0)
        last = min(int(found[2]) if found[1] else len(content) - 1, len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        status, content = 206, content[first : last + 1]
    send(handler, status, content, headers, dying(site, content))


def dying(site: Site, content: bytes) -> int | None:
    """Tell after how many bytes this answer breaks off."""
    if site.deaths and site.dies_after is not None and len(content) > site.dies_after:
        site.deaths -= 1
        return site.dies_after
    return None


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    content: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
    dies_after: int | None = None,
) -> None:
    """Send an answer, or the beginning of one."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[:dies_after])
    if dies_after is not None:
        handler.wfile.flush()
        handler.close_connection = True
