"""The server: answers, refusals, and the page in a browser."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser import browser_page, find_browser
from x2static.explore.server import Handler, Server

LOOK_UP = "/api/neighbors?space=after&language=de&word=de30&count=3"


def ask(
    server: Server, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers."""
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    headers = {} if host is None else {"Host": host}
    connection.putrequest(method, path, skip_host=host is not None, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def send(server: Server, request: bytes) -> bytes:
    """What comes back for raw bytes."""
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=20) as plug:
        plug.sendall(request)
        plug.shutdown(socket.SHUT_WR)
        answer = b""
        while block := plug.recv(1 << 16):
            answer += block
    return answer


def test_a_word_finds_its_translation_after_the_alignment_only(server: Server) -> None:
    for space, is_found in (("after", True), ("before", False)):
        status, body, headers = ask(server, LOOK_UP.replace("after", space))
        assert status == 200
        found = json.loads(body)
        assert (found["rank"], found["count"]) == (31, 370)
        best = {one["language"]: one["neighbors"][0]["word"] for one in found["results"]}
        assert best["de"] != "de30"
        assert (best["en"] == "en30") is is_found
        assert headers["Content-Type"] == "application/json; charset=utf-8"


def test_capitals_and_accents_are_understood(server: Server) -> None:
    assert json.loads(ask(server, LOOK_UP.replace("de30", "DE30"))[1])["word"] == "de30"
    body = ask(server, LOOK_UP.replace("de30", quote("été")))[1]
    assert json.loads(body)["results"][1]["neighbors"][0]["word"] == "été"
    path = f"/api/suggest?space=after&language=de&prefix={quote('ét')}"
    assert json.loads(ask(server, path)[1]) == {"words": ["été"]}


def test_an_answer_does_not_wait_for_the_receipt_of_its_headers(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugs: list[socket.socket] = []
    handle = server.finish_request

    def watched(request: socket.socket, address: object) -> None:
        plugs.append(request)
        handle(request, address)

    monkeypatch.setattr(server, "finish_request", watched)
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.request("GET", "/api/overview")
    connection.getresponse().read()
    assert plugs[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.close()


def test_lists_are_tables_of_tabs(server: Server) -> None:
    status, body, headers = ask(server, LOOK_UP.replace("neighbors", "neighbors.tsv"))
    assert status == 200
    lines = [line.split("\t") for line in body.splitlines()]
    assert lines[0] == ["language", "rank", "word", "cosine"]
    assert lines[4][:3] == ["en", "1", "en30"]
    assert "filename*=UTF-8''de.de30.after.tsv" in headers["Content-Disposition"]
    body = ask(server, "/api/words.tsv?space=after&source=de&target=en&count=7")[1]
    pairs = [line.split("\t")[:2] for line in body.splitlines()]
    assert pairs == [[f"de{row}", f"en{row}"] for row in range(7)]


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/../../etc/passwd", 404, "no such page"),
        ("/%2e%2e/%2e%2e/etc/passwd", 404, "no such page"),
        ("/vectors/de/vectors.safetensors", 404, "no such page"),
        ("//etc/passwd", 404, "no such page"),
        ("/api/neighbors", 400, "missing field: space, language, word"),
        (f"{LOOK_UP}&size=3", 400, "unknown field 'size'"),
        (f"{LOOK_UP}&count=4", 400, "'count' is given twice"),
        (LOOK_UP.replace("count=3", "count=0"), 400, "between 1 and 100"),
        (LOOK_UP.replace("count=3", "count=9e9"), 400, "must be a number"),
        (LOOK_UP.replace("count=3", "count=%D9%A3"), 400, "must be a number"),
        (LOOK_UP.replace("de30", ""), 400, "'word' is empty"),
        (LOOK_UP.replace("de30", "x" * 201), 400, "longer than 200"),
        (LOOK_UP.replace("de30", "%ff"), 400, "cannot be read"),
        (LOOK_UP.replace("de30", "%ED%B2%80"), 400, "cannot be read"),
        (f"{LOOK_UP}&exact=yes", 400, "must be 0 or 1"),
        (f"{LOOK_UP}&into=de,../en", 404, "no language '../en'"),
        (LOOK_UP.replace("after", "../after"), 404, "no vectors called"),
        (LOOK_UP.replace("=de&", "=..%2Fde&"), 404, "no language '../de'"),
        (LOOK_UP.replace("de30", "nothing"), 404, "'nothing' is not among the 400 words"),
        ("/api/words.tsv?space=after&source=de&target=en&count=10001", 400, "between 1 and"),
    ],
)
def test_a_bad_question_gets_one_line(server: Server, path: str, status: int, line: str) -> None:
    found, body, headers = ask(server, path)
    assert (found, body.count("\n")) == (status, 1)
    assert line in body
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(server: Server, method: str) -> None:
    status, body, headers = ask(server, "/", method)
    assert (status, body, headers["Allow"]) == (405, "method not allowed\n", "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "is_served"),
    [
        ("127.0.0.1", True), ("localhost", True), ("LOCALHOST", True), ("[::1]", True),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("localhost.", False),
        ("", False), ("x@127.0.0.1", False), ("127.0.0.1/x", False), ("[", False),
    ],
)  # fmt: skip
def test_other_names_for_this_server_are_refused(
    server: Server, host: str, is_served: bool
) -> None:
    port = server.server_address[1]
    status, body, _ = ask(server, LOOK_UP, host=f"{host}:{port}")
    assert status == (200 if is_served else 421), body
    assert ask(server, LOOK_UP, host="127.0.0.1:1")[0] == 421


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (b"x" * 70_000), b" 414 "),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b" 431 "),
        (b"GET / HTTP/1.1\r\n\r\n", b" 421 "),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", b" 400 "),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 3\r\n\r\nabc", b" 400 "),
    ],
)
def test_broken_requests_get_a_status(server: Server, request_bytes: bytes, status: bytes) -> None:
    if b"%d" in request_bytes:
        request_bytes = request_bytes % server.server_address[1]
    answer = send(server, request_bytes)
    first, _, rest = answer.partition(b"\r\n")
    assert status in first, answer[:200]
    assert b"<html" not in rest
    assert ask(server, LOOK_UP)[0] == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/9.9\r\n\r\n", b"505 HTTP Version Not Supported"),
        (b"GET / HTTP/2.0\r\n\r\n", b"505 HTTP Version Not Supported"),
        (b"GET / HTTP/one\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1" + b"0" * 400 + b".1\r\n\r\n", b"400 Bad Request"),
        (b"GET / FTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"nonsense\r\n\r\n", b"400 Bad Request"),
        (b"a b c d\r\n\r\n", b"400 Bad Request"),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", b"400 Bad Request"),
        (b"GET /\r\n\r\n", b"421 Misdirected Request"),
    ],
)
def test_what_is_no_http_gets_a_status_line_all_the_same(
    server: Server, request_bytes: bytes, status: bytes
) -> None:
    head, _, body = send(server, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n"), head
    assert b"\r\nConnection: close" in head
    assert body.count(b"\n") == 1
    assert ask(server, LOOK_UP)[0] == 200


def test_a_request_that_trickles_is_shown_out_while_others_are_served(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "request_seconds", 0.4)
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=20) as plug:
        plug.settimeout(0.05)
        answer = None
        for byte in b"GET / HTTP/1.1\r\nX: " + b"y" * 400:
            try:
                plug.sendall(bytes([byte]))
                answer = plug.recv(1)
            except TimeoutError:
                continue
            except ConnectionError:
                answer = b""
            break
        assert answer == b""  # closed, and each wait was far below the limit
    assert ask(server, LOOK_UP)[0] == 200


def test_a_connection_is_kept_for_several_questions(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    for _ in range(3):
        connection.request("GET", LOOK_UP)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()


def test_the_page_forbids_what_it_does_not_need(server: Server) -> None:
    status, body, headers = ask(server, "/")
    assert status == 200
    assert "default-src" in body
    assert "http://" not in body
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert ask(server, "/", "HEAD")[1] == ""


def test_the_command_serves_until_it_is_stopped(folder: Path, python: str) -> None:
    code = [python, "-m", "x2static", "explore", str(folder), "--port", "0"]
    process = subprocess.Popen(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines = [process.stderr.readline(), process.stderr.readline()]
    assert "2 languages: de, en" in lines[0]
    port = int(lines[1].split("127.0.0.1:")[1].split("/")[0])
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/overview")
    assert connection.getresponse().status == 200
    connection.close()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "stopped\n", "")


def test_mistakes_are_one_line(
    folder: Path, tmp_path: Path, refuses: Callable[..., None], server: Server
) -> None:
    refuses("no such folder", "explore", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    refuses("no vectors: neither", "explore", tmp_path / "empty")
    refuses("between 0 and 65535", "explore", folder, "--port", 99999)
    port = server.server_address[1]
    refuses(f"cannot listen on 127.0.0.1 port {port}", "explore", folder, "--port", port)


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the path, none of playwright's")
def test_in_a_browser_a_word_is_looked_up_and_compared(server: Server, tmp_path: Path) -> None:
    program = find_browser()
    assert program is not None
    with browser_page(program, tmp_path / "profile", 420, 800) as page:
        page.open(f"{server.url}#after/de/de30")
        page.wait("document.querySelectorAll('.card').length === 2")
        own, other = page.run("[...document.querySelectorAll('.card')].map(c => c.innerText)")
        assert own.startswith("German (de)")
        assert "en30" in other
        page.run("document.querySelectorAll('.card')[1].querySelector('li button').click()")
        page.wait("document.getElementById('asked').textContent === 'en30'")
        page.run("document.querySelector('#view input[value=both]').click()")
        page.wait("document.querySelectorAll('.sides').length === 2")
        page.run(
            "document.getElementById('word').value = '<script>x</script>';"
            "document.getElementById('ask').requestSubmit()"
        )
        page.wait("document.getElementById('asked').textContent === '<script>x</script>'")
        page.run(
            "document.getElementById('word').value = 'nothing';"
            "document.getElementById('ask').requestSubmit()"
        )
        page.wait("!document.getElementById('problem').hidden")
        assert "'nothing' is not among" in page.run(
            "document.getElementById('problem').textContent"
        )
        page.run("history.back()")
        page.wait("document.getElementById('word').value === '<script>x</script>'")
        link = page.run("document.getElementById('get').href")
        assert "source=de&target=en" in link
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert [text for text in page.complaints if "404" not in text] == []
        assert all(url.startswith(server.url) for url in page.requests)


def test_nothing_typed_gives_words_to_start_from(server: Server) -> None:
    status, body, _ = ask(server, "/api/suggest?space=after&language=de&prefix=")
    assert status == 200
    words = json.loads(body)["words"]
    assert len(words) == 8
    for word in words:
        assert ask(server, LOOK_UP.replace("de30", quote(word)))[0] == 200
