"""Show the screen in a browser, by textual-serve: on this machine alone, for who has the address.

Whoever reaches a screen can install with it. So the address holds a word that nobody can guess, the page
works by the numeric address of the loopback only, and other pages in the same browser cannot connect.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from npdoctor.errors import EXIT_OK, UsageError

HOST = "127.0.0.1"
COOKIE = "npdoctor"
SERVED = "NPDOCTOR_SERVED"
MISSING = "--serve needs textual-serve: pip install 'npdoctor[serve]'"
# What the page of textual-serve needs, and nothing from elsewhere: it asks for a font of Google.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws://{place}; frame-ancestors 'none'"
)

Handler = Callable[[Any], Awaitable[Any]]


def serve(port: int, options: tuple[str, ...]) -> int:
    """Serve until interrupted; port 0 is one that is free. Raises UsageError where that cannot be done."""
    try:
        from textual_serve.server import Server
    except ImportError:
        raise UsageError(MISSING) from None
    port = port or _free_port()
    _check_free(port)
    word = secrets.token_urlsafe(24)
    place = f"{HOST}:{port}"

    class Screens(Server):
        """One screen for each page that is opened, behind the guard."""

        def initialize_logging(self) -> None:
            """Log nothing: what is typed and shown stays with the person."""

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(guard(place, word))
            return app

        async def on_startup(self, app: Any) -> None:  # noqa: ARG002
            """Say where the screen is, once it is there."""
            self.said = asyncio.create_task(_say_when_open(port, word))

    os.environ[SERVED] = "1"
    command = shlex.join([sys.executable, *_own_flags(), "-m", "npdoctor", *options])
    Screens(command, host=HOST, port=port, title="npdoctor").serve()
    return EXIT_OK


def guard(place: str, word: str) -> Any:
    """Return the aiohttp middleware that lets in who knows the word, from this very address."""
    from aiohttp import web

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host != place or request.headers.get("Origin", f"http://{place}") != f"http://{place}":
            raise web.HTTPForbidden(text=f"npdoctor: open it at http://{place}")
        given = request.query.get(COOKIE, "")
        if given and _is_same(given, word):
            entered = web.HTTPFound("/")
            entered.set_cookie(COOKIE, word, httponly=True, samesite="Strict")
            raise entered
        if not _is_same(request.cookies.get(COOKIE, ""), word):
            raise web.HTTPForbidden(text="npdoctor: open the whole address that the terminal shows.")
        answer: web.StreamResponse = await handler(request)
        if not answer.prepared:
            answer.headers["Content-Security-Policy"] = POLICY.format(place=place)
            answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return guarded


def _is_same(given: str, word: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), word.encode())


def _own_flags() -> list[str]:
    """Return the flags under which no module of the working folder runs, as far as this Python has one."""
    return ["-P"] if sys.version_info >= (3, 11) else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
        return number


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(f"port {port} of {HOST} cannot be had: {error.strerror}") from error


async def _say_when_open(port: int, word: str) -> None:
    while True:
        try:
            _, opened = await asyncio.open_connection(HOST, port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    opened.close()
    sys.stderr.write(f"npdoctor: open http://{HOST}:{port}/?{COOKIE}={word}\nnpdoctor: ctrl+c ends it.\n")
    sys.stderr.flush()
