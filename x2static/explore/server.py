"""The local web server: one page, six questions, nothing else.

No request names a file: a path is one of `_ROUTES` or it is not found, and spaces and languages are
looked up among those that were found when the program began. A page of another site, which a
visitor's browser was made to send here under a foreign name (DNS rebinding), is refused by the Host
header.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from x2static.core.errors import ConfigError, WorkbenchError
from x2static.explore.explorer import MOST, Explorer, Unknown
from x2static.explore.page import page
from x2static.explore.requests.fields import Fields, Refused
from x2static.explore.timed_socket import TimedSocket

_LONGEST_LIST = 10_000
_LONGEST_SENTENCE = 2_000


class Reply(NamedTuple):
    """What is sent back.

    Attributes:
        body: its text.
        kind: its MIME type.
        name: file name under which a browser saves it; empty for what is shown.
    """

    body: str
    kind: str
    name: str = ""


def _page(explorer: Explorer, fields: Fields) -> Reply:  # noqa: ARG001
    return Reply(page(), "text/html; charset=utf-8")


def _overview(explorer: Explorer, fields: Fields) -> Reply:  # noqa: ARG001
    return _json(explorer.overview())


def _suggest(explorer: Explorer, fields: Fields) -> Reply:
    return _json(
        explorer.suggestions(fields.text("space"), fields.text("language"), fields.text("prefix"))
    )


def _neighbors(explorer: Explorer, fields: Fields) -> Reply:
    return _json(_looked_up(explorer, fields))


def _neighbors_file(explorer: Explorer, fields: Fields) -> Reply:
    found = _looked_up(explorer, fields)
    lines = [("language", "rank", "word", "cosine")]
    for result in found["results"]:
        for place, entry in enumerate(result.get("neighbors", ()), 1):
            cosine = f"{entry['cosine']:.4f}"
            lines.append((result["language"], str(place), entry["word"], cosine))
    return _tsv(lines, f"{found['language']}.{found['word']}.{found['space']}.tsv")


def _word_list_file(explorer: Explorer, fields: Fields) -> Reply:
    space, source, target = (fields.text(name) for name in ("space", "source", "target"))
    pairs = explorer.word_list(space, source, target, fields.number("count", _LONGEST_LIST))
    lines = [(first, second, f"{cosine:.4f}") for first, second, cosine in pairs]
    return _tsv(lines, f"{source}-{target}.{space}.tsv")


def _sentences(explorer: Explorer, fields: Fields) -> Reply:
    text = fields.text("text", _LONGEST_SENTENCE)
    return _json(explorer.sentences(fields.text("language"), text, fields.number("count", MOST)))


_LOOK_UP = {"space": None, "language": None, "word": None, "into": "", "count": "10", "exact": "0"}
_ROUTES: dict[str, tuple[Callable[[Explorer, Fields], Reply], dict[str, str | None]]] = {
    "/": (_page, {}),
    "/api/overview": (_overview, {}),
    "/api/suggest": (_suggest, {"space": None, "language": None, "prefix": None}),
    "/api/neighbors": (_neighbors, {**_LOOK_UP}),
    "/api/neighbors.tsv": (_neighbors_file, {**_LOOK_UP}),
    "/api/sentences": (_sentences, {"language": None, "text": None, "count": "5"}),
    "/api/words.tsv": (
        _word_list_file,
        {"space": None, "source": None, "target": None, "count": "1000"},
    ),
}


def _looked_up(explorer: Explorer, fields: Fields) -> dict[str, Any]:
    word = fields.text("word")
    if not word:
        raise Refused(HTTPStatus.BAD_REQUEST, "'word' is empty")
    into = [name for name in fields.text("into", 4000).split(",") if name]
    if fields.text("exact") not in ("0", "1"):
        raise Refused(HTTPStatus.BAD_REQUEST, "'exact' must be 0 or 1")
    return explorer.look_up(
        fields.text("space"),
        fields.text("language"),
        word,
        into,
        fields.number("count", MOST),
        is_exact=fields.text("exact") == "1",
    )


def _json(value: dict[str, Any]) -> Reply:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Reply(text, "application/json; charset=utf-8")


def _tsv(lines: Sequence[tuple[str, ...]], name: str) -> Reply:
    text = "".join("\t".join(cells) + "\n" for cells in lines)
    return Reply(text, "text/tab-separated-values; charset=utf-8", name)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "x2static", ""
    timeout = 30  # of an idle connection, in seconds
    request_seconds = 10.0  # from the first byte of a request to the last of its headers
    disable_nagle_algorithm = True  # else the body waits 40 ms until the headers are confirmed

    def __init__(self, explorer: Explorer, is_allowed: Callable[[str], bool], *rest: Any) -> None:
        self._explorer, self._is_allowed = explorer, is_allowed
        super().__init__(*rest)

    def setup(self) -> None:
        """Read through a clock: single bytes, one now and then, hold no connection for ever."""
        super().setup()
        self._timed = TimedSocket(self.connection)
        self.rfile = BufferedReader(self._timed)

    def handle_one_request(self) -> None:
        """Wait for a request, not for long."""
        self._timed.expect(self.timeout, self.request_seconds)
        super().handle_one_request()

    def do_GET(self) -> None:
        """Answer a question."""
        try:
            reply = self._reply()
        except Refused as refused:
            self._send(refused.status, Reply(f"{refused}\n", "text/plain; charset=utf-8"))
        except Unknown as unknown:
            self._send(HTTPStatus.NOT_FOUND, Reply(f"{unknown}\n", "text/plain; charset=utf-8"))
        except WorkbenchError as error:  # vectors that cannot be read
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            self._send(status, Reply(f"{error}\n", "text/plain; charset=utf-8"))
        else:
            self._send(HTTPStatus.OK, reply)

    do_HEAD = do_GET  # noqa: N815

    def send_error(
        self,
        code: int,
        message: str | None = None,  # noqa: ARG002
        explain: str | None = None,  # noqa: ARG002
    ) -> None:
        """What the base class finds wrong, in one line as well."""
        status = HTTPStatus(405 if code == HTTPStatus.NOT_IMPLEMENTED else code)
        self.close_connection = True
        self._send(status, Reply(f"{status.phrase.lower()}\n", "text/plain; charset=utf-8"))

    def log_message(self, *_: Any) -> None:
        """Say nothing of single requests."""

    def _reply(self) -> Reply:
        if not self._is_allowed(self.headers.get("Host", "")):
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name")
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body would be taken for the next request
            raise Refused(HTTPStatus.BAD_REQUEST, "a question has no body")
        if not self.path.startswith("/") or not self.path.isascii():
            raise Refused(HTTPStatus.BAD_REQUEST, "the path must begin with / and be ASCII")
        place = urlsplit(self.path)
        if place.path not in _ROUTES:
            raise Refused(HTTPStatus.NOT_FOUND, "no such page")
        answer, known = _ROUTES[place.path]
        return answer(self._explorer, Fields(place.query, known))

    def _send(self, status: HTTPStatus, reply: Reply) -> None:
        body = reply.body.encode("utf-8", "backslashreplace")
        headers = {
            "Content-Type": reply.kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if reply.name:
            headers["Content-Disposition"] = (
                f"attachment; filename*=UTF-8''{quote(reply.name.replace('/', '_'), safe='.-_')}"
            )
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET, HEAD"
        if self.close_connection:
            headers["Connection"] = "close"
        self.connection.settimeout(self.timeout)
        if self.request_version == "HTTP/0.9":  # also before a version has been understood
            self.request_version = self.protocol_version  # else the answer has no status line
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Listens; a thread for each connection."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, explorer: Explorer, host: str, port: int) -> None:
        """Bind the address.

        Raises:
            ConfigError: it is taken, forbidden, or no address of this machine.
        """
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        handler = partial(Handler, explorer, self._is_ours)
        try:
            super().__init__((host, port), handler)
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host} port {port}: {error.strerror}; "
                "choose another --port (0: any free one) or --host"
            ) from error
        self.host = host

    @property
    def url(self) -> str:
        """Where the page is."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a visitor who hung up; anything else is a bug and keeps its traceback.

        A signal to stop closes the socket of a visitor who is just being served.
        """
        error = sys.exc_info()[1]
        is_closed = isinstance(error, OSError) and error.errno == errno.EBADF
        if not is_closed and not isinstance(error, (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header may name this server: a number, localhost, or --host itself.

        A name that an attacker owns can be made to lead to 127.0.0.1; a number cannot.
        """
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.server_address[1] or parts.username is not None or parts.path:
            return False
        if name in ("localhost", self.host.lower()):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
