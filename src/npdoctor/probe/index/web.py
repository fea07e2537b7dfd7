"""Get pages and parts of files from an index, as the person's installer would reach it."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import disable_warnings
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    NewConnectionError,
    ReadTimeoutError,
)

from npdoctor import __version__
from npdoctor.probe.index.address import credentials, local_path, origin, shown, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from npdoctor.model.index import Indexes
    from npdoctor.probe.index.address import Origin

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_PAUSES = (0.1, 0.3)
_MOST_PAGE = 64 << 20
_MOST_WHOLE = 256 << 20
_PIECE = 256 << 10
_TRANSIENT = (429, 500, 502, 503, 504)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")
_T = TypeVar("_T")


class WebError(Exception):
    """Say why an address gave no answer of use; the text is free of credentials and queries.

    `offline` tells that the network or the host was not reached; `status` is the HTTP status, 404 for a
    missing local file too, and None where there was no answer.
    """

    def __init__(self, url: str, why: str, *, offline: bool = False, status: int | None = None) -> None:
        self.reason = f"{shown(url)}: {why}"
        super().__init__(self.reason)
        self.offline = offline
        self.status = status


@dataclass(frozen=True, slots=True)
class Page:
    """A page with the address that links on it are relative to, which has no credentials."""

    url: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a file of `total` bytes."""

    start: int
    total: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole file, from a server that does not serve parts; it is deleted when closed."""

    file: IO[bytes]
    size: int


class Web:
    """A client for these indexes, which threads may share; a context manager that closes connections."""

    def __init__(
        self, indexes: Indexes, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self._timeout = connect_seconds, read_seconds
        if indexes.trusted_hosts:
            disable_warnings(InsecureRequestWarning)
        self._adapter = _Adapter(indexes.certificates, indexes.trusted_hosts)
        self._thread = threading.local()
        self._logins = tuple(_logins((*indexes.urls, *indexes.find_links)))

    def __enter__(self) -> Web:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._adapter.close()

    def page(self, url: str, accept: str = "text/html") -> Page:
        """Get a page, or the `index.html` of a local folder; raise WebError."""
        path = local_path(url)
        if path is not None:
            return _local_page(url, path)

        def take(response: requests.Response) -> Page:
            body = b"".join(_bounded(response, url, _MOST_PAGE))
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Page(without_credentials(response.url), kind, body)

        return self._ask(url, {"Accept": accept}, take)

    def part(self, url: str, first: int, last: int) -> Part | Whole:
        """Get bytes `first` to `last`, both counted, or the last `-first` bytes; raise WebError."""
        wanted = f"bytes={first}" if first < 0 else f"bytes={first}-{last}"

        def take(response: requests.Response) -> Part | Whole:
            if response.status_code != 206:
                return _whole(response, url)
            return _part(response, url, first, last)

        return self._ask(url, {"Range": wanted, "Accept-Encoding": "identity"}, take)

    def _ask(self, url: str, headers: Mapping[str, str], take: Callable[[requests.Response], _T]) -> _T:
        """Send a request and read its answer, again where that failed in a way that may pass."""
        for pause in (*_PAUSES, None):
            try:
                with self._session.get(
                    without_credentials(url),
                    headers=dict(headers),
                    auth=self._login(url),
                    timeout=self._timeout,
                    stream=True,
                ) as response:
                    if response.status_code in _TRANSIENT and pause is not None:
                        time.sleep(pause)
                        continue
                    if response.status_code not in (200, 206):
                        raise WebError(url, _refusal(response.status_code), status=response.status_code)
                    return take(response)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                failure = self._failure(url, error)
                if pause is None or not _may_pass(error):
                    raise failure from None
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    @property
    def _session(self) -> requests.Session:
        """Return the session of this thread; all share the connections."""
        session: requests.Session | None = getattr(self._thread, "session", None)
        if session is None:
            session = self._thread.session = requests.Session()
            session.headers["User-Agent"] = f"npdoctor/{__version__}"
            for prefix in ("http://", "https://"):
                session.mount(prefix, self._adapter)
        return session

    def _login(self, url: str) -> tuple[str, str] | None:
        """Return the login of the configured address on the same server that is nearest to this one."""
        try:
            here, plain = origin(url), without_credentials(url)
        except ValueError:
            return None
        near = [(len(os.path.commonpath((at, plain))), login) for o, at, login in self._logins if o == here]
        if not near:
            return None
        user, password = max(near, key=lambda one: one[0])[1]
        if password is None:
            return requests.utils.get_netrc_auth(plain) or (user, "")
        return user, password

    def _failure(self, url: str, error: Exception) -> WebError:
        connect, read = self._timeout
        if isinstance(error, requests.exceptions.SSLError):
            return WebError(url, "the certificate of the server is not trusted, or TLS failed")
        if isinstance(error, requests.exceptions.ProxyError):
            return WebError(url, "the proxy could not be reached, or refused", offline=True)
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return WebError(url, f"the server did not answer in {connect:g} s", offline=True)
        if _never_connected(error):
            return WebError(url, "the server cannot be reached", offline=True)
        if _fell_silent(error):
            return WebError(url, f"the server sent nothing for {read:g} s")
        if isinstance(error, requests.exceptions.TooManyRedirects):
            return WebError(url, "the server redirects without end")
        if isinstance(error, ValueError):
            return WebError(url, "this is no address that can be asked")
        if not isinstance(error, (requests.RequestException, HTTPError)):
            return WebError(url, f"cannot be kept here: {getattr(error, 'strerror', None)}")
        return WebError(url, "the connection broke off")


class _Adapter(HTTPAdapter):
    """Check certificates as configured, at each hop of a redirect."""

    def __init__(self, certificates: str | None, trusted_hosts: tuple[str, ...]) -> None:
        self._certificates = certificates
        self._trusted = frozenset(host.lower() for host in trusted_hosts)
        super().__init__(pool_maxsize=8)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request, with the check that its own host is due."""
        _, host, port = origin(request.url or "")
        verify = self._certificates or verify
        if not self._trusted.isdisjoint({host, f"{host}:{port}"}):
            verify = False
        return super().send(request, stream, timeout, verify, cert, proxies)


def _logins(urls: Iterable[str]) -> Iterator[tuple[Origin, str, tuple[str, str | None]]]:
    """Yield the logins in addresses, with what each is for; one that is malformed fails when it is asked."""
    for url in urls:
        try:
            login = credentials(url)
            if login:
                yield origin(url), without_credentials(url), login
        except ValueError:
            continue


def _local_page(url: str, path: str) -> Page:
    if os.path.isdir(path):
        path, url = os.path.join(path, "index.html"), url.rstrip("/") + "/"
    try:
        with open(path, "rb") as file:
            return Page(url, "application/json" if path.endswith(".json") else "text/html", file.read())
    except (FileNotFoundError, NotADirectoryError):
        raise WebError(url, "there is no such file", status=404) from None
    except (OSError, ValueError) as error:
        raise WebError(url, f"cannot be read: {getattr(error, 'strerror', None) or 'no path'}") from None


def _bounded(response: requests.Response, url: str, most: int) -> Iterator[bytes]:
    length = 0
    for piece in response.iter_content(_PIECE):
        length += len(piece)
        if length > most:
            raise WebError(url, f"the answer is longer than {most >> 20} MiB")
        yield piece


def _part(response: requests.Response, url: str, first: int, last: int) -> Part:
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if found is None:
        raise WebError(url, "the server sent a part of the file and did not say which")
    start, end, total = map(int, found.groups())
    wanted = max(total + first, 0) if first < 0 else first
    if start != wanted or end != min(last if first >= 0 else total - 1, total - 1):
        raise WebError(url, "the server sent another part of the file than was asked for")
    data = b"".join(_bounded(response, url, end - start + 1))
    if len(data) != end - start + 1:
        raise requests.exceptions.ChunkedEncodingError
    return Part(start, total, data)


def _whole(response: requests.Response, url: str) -> Whole:
    said = response.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) > _MOST_WHOLE:
        raise WebError(url, f"the server sends whole files only, and this one has {int(said) >> 20} MiB")
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the reader closes it)
    try:
        for piece in _bounded(response, url, _MOST_WHOLE):
            file.write(piece)
        if said.isdecimal() and file.tell() != int(said):
            raise requests.exceptions.ChunkedEncodingError
        return Whole(file, file.tell())
    except BaseException:
        file.close()
        raise


def _refusal(status: int) -> str:
    if status in (401, 407):
        return "the server asks for a login, or refuses the one that is configured"
    if status == 403:
        return "the server forbids it"
    if status in (404, 410):
        return "there is no such page or file"
    return f"the server answered with status {status}"


def _never_connected(error: Exception) -> bool:
    """Tell whether no connection was made at all; the cause is wrapped by the layers above it."""
    cause: object = error
    for _ in range(4):
        if isinstance(cause, (NewConnectionError, ConnectTimeoutError)):
            return True
        cause = getattr(cause, "reason", None) or next(iter(getattr(cause, "args", ())), None)
    return False


def _fell_silent(error: Exception) -> bool:
    """Tell whether a wait ended in vain; within a body, requests calls that a broken connection."""
    cause = next(iter(error.args), None)
    return isinstance(error, requests.exceptions.Timeout) or isinstance(cause, ReadTimeoutError)


def _may_pass(error: Exception) -> bool:
    """Tell whether asking again may help: broken connections, not refusals and not waits in vain."""
    if isinstance(error, requests.exceptions.SSLError) or _fell_silent(error):
        return False
    kinds = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, kinds)
