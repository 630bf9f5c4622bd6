"""The review server among strangers: half requests, links that are only looked at, other files."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from castlist.errors import InputError
from castlist.review.film import FilmFile
from castlist.store import Workspace

CONTENT = bytes(range(256)) * 40
FEW = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (96, 4096))"


@pytest.fixture
def film(made: Callable[..., Any]) -> Any:
    return made([0, 0, 1, 1], [0, 1, 2, 2], "film.mp4", CONTENT)


def half(port: int, text: bytes = b"GET / HTTP/1.1\r\nHost: x") -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=10)
    stream.sendall(text)
    return stream


def test_half_requests_by_the_hundred_change_nothing(
    film: Any, served: Callable[..., Any], tmp_path: Path
) -> None:
    said = tmp_path / "said"
    server = served(film.place, before=FEW, said=said)
    kept = [half(server.port) for _ in range(400)]
    for _ in range(5):
        assert server.get("/api/state")["revision"] == 0
    kept += [half(server.port, b"") for _ in range(100)]
    assert server.post("/api/decide", {"action": "hide", "people": ["p1"], "revision": 0})[0] == 200
    for stream in kept:
        stream.close()
    assert server.get("/api/state")["revision"] == 1
    server.stop()
    assert said.read_text() == ""


def test_who_sends_no_whole_request_in_time_is_cut_off(film: Any, served: Callable[..., Any]) -> None:
    quick = "import castlist.review.server as s\ns.REQUEST_SECONDS = 0.5"
    server = served(film.place, before=quick)
    body = b'{"revision": 0, "action": "hide", "people": ["p1"]}'
    slow = [half(server.port), half(server.port, b""), half(server.port, post(server, body)[:-5])]
    began = time.monotonic()
    for stream in slow:
        stream.settimeout(8)
        for _ in range(20):  # a byte now and then is no way to stay
            try:
                stream.sendall(b"x" if stream is slow[0] else b"")
                time.sleep(0.05)
            except OSError:
                break
        with suppress(ConnectionError):
            assert stream.recv(100) == b""
        stream.close()
    assert time.monotonic() - began < 8
    assert server.get("/api/state")["revision"] == 0


def post(server: Any, body: bytes) -> bytes:
    head = (
        f"POST /api/decide HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n"
        f"Origin: http://127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def test_a_request_that_is_cut_off_is_silent(film: Any, served: Callable[..., Any], tmp_path: Path) -> None:
    said = tmp_path / "said"
    server = served(film.place, said=said)
    whole = post(server, b'{"revision": 0, "action": "hide", "people": ["p1"]}')
    for cut, reset in ((1, False), (20, True), (47, False), (47, True)):
        stream = half(server.port, whole[:-cut])
        if reset:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        time.sleep(0.1)
        stream.close()
    assert server.get("/api/state")["revision"] == 0
    server.stop()
    assert said.read_text() == ""


def test_a_film_that_nobody_reads_to_its_end_is_silent(
    made: Callable[..., Any], served: Callable[..., Any], tmp_path: Path
) -> None:
    film = made([0], [0], "film.mp4", os.urandom(1 << 22))
    said = tmp_path / "said"
    server = served(film.place, said=said)
    for _ in range(5):
        stream = half(server.port, f"GET /film HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                      f"Cookie: {server.cookie}\r\n\r\n".encode())  # fmt: skip
        assert stream.recv(1000).startswith(b"HTTP/1.1 200")
        stream.close()
    playing = half(server.port, f"GET /film HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                   f"Cookie: {server.cookie}\r\n\r\n".encode())  # fmt: skip
    began = time.monotonic()
    server.stop()  # although a page has the film open
    assert time.monotonic() - began < 10
    assert server.process.returncode == 0
    playing.close()
    assert said.read_text() == ""


LOOKS: list[tuple[str, dict[str, str]]] = [
    ("HEAD", {}),
    ("OPTIONS", {}),
    ("GET", {"Sec-Purpose": "prefetch;prerender"}),
    ("GET", {"Purpose": "prefetch"}),
    ("GET", {"Sec-Fetch-Dest": "image"}),
    ("GET", {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors"}),
]


def test_a_link_that_is_only_looked_at_is_not_used(film: Any, served: Callable[..., Any]) -> None:
    server = served(film.place, enter=False)
    link = server.url[server.url.index("/", 8) :]
    for method, headers in LOOKS:
        status, answer, _ = server.ask(link, method=method, headers=headers)
        assert status in (403, 405)
        assert "set-cookie" not in answer
    server.enter()
    assert server.ask("/")[0] == 200


# The film


def test_no_other_file_is_served(film: Any, tmp_path: Path) -> None:
    secret, link, pipe = tmp_path / "secret.mp4", tmp_path / "link.mp4", tmp_path / "pipe.mp4"
    secret.write_bytes(CONTENT[:-1] + b"!")
    link.symlink_to(secret)
    os.mkfifo(pipe)
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    for path in (
        secret,
        link,
        pipe,
        loop,
        Path("/etc/passwd"),
        Path("/dev/zero"),
        tmp_path,
        tmp_path / "none",
    ):
        with pytest.raises(InputError, match=re.escape(path.name)):
            FilmFile(replace(film.video, path=path), tmp_path / "else" / "film.castlist").file()


def test_a_film_that_changes_is_no_longer_served(film: Any, served: Callable[..., Any]) -> None:
    server = served(film.place)
    assert server.ask("/film")[2] == CONTENT
    film.video.path.write_bytes(b"secret" * 1000)
    assert server.ask("/film")[0] == 404
    assert "not the film of this workspace" in server.get("/api/film")["why"]
    film.video.path.write_bytes(CONTENT)
    assert server.ask("/film", headers={"Range": "bytes=-6"})[2] == CONTENT[-6:]


def test_a_film_that_moved_is_pointed_at(film: Any, served: Callable[..., Any], tmp_path: Path) -> None:
    moved, other = tmp_path / "elsewhere" / "renamed.mov", tmp_path / "other.mov"
    moved.parent.mkdir()
    film.video.path.rename(moved)
    other.write_bytes(b"another film")
    server = served(film.place)
    assert str(film.video.path) in server.get("/api/film")["why"]
    for path in (other, tmp_path / "none", tmp_path, "", "~nobody-of-this-name/x", "\0", 3):
        path = str(path) if isinstance(path, Path) else path
        status, answer = server.post("/api/film", {"path": path})
        assert status == 422
        assert answer["error"]
    assert server.post("/api/film", {"path": str(moved)})[1]["there"]
    assert server.ask("/film")[2] == CONTENT
    server.stop()
    server = served(film.place)
    assert server.ask("/film")[2] == CONTENT  # the workspace knows it now
    server.stop()
    again = moved.rename(tmp_path / "elsewhere" / "again.mov")
    server = served(film.place, options=f", film={str(again)!r}")
    assert server.ask("/film")[2] == CONTENT
    server.stop()
    with Workspace.open(film.place, write=False) as opened:
        assert opened.video().path == again


def test_ranges(film: Any, served: Callable[..., Any]) -> None:
    server = served(film.place)
    for asked in ("bytes=0-", "bytes=5-5", "bytes=-1", "bytes=10-99999999"):
        status, headers, data = server.ask("/film", headers={"Range": asked})
        first = int(headers["content-range"].split()[1].split("-")[0])
        assert (status, int(headers["content-length"])) == (206, len(data))
        assert data == CONTENT[first : first + len(data)]
    for asked in ("bytes=0-0,5-9", "x=1"):  # several at once, or of something else: the whole
        assert server.ask("/film", headers={"Range": asked})[::2] == (200, CONTENT)
    for bad in ("bytes=99999-", "bytes=5-4", "bytes=-0", "bytes=-"):
        assert server.ask("/film", headers={"Range": bad})[0] == 416
    status, headers, data = server.ask("/film", method="HEAD")
    assert (status, data, headers["content-length"]) == (200, b"", str(len(CONTENT)))


# Ending, and other addresses


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_every_end_leaves_the_cast_as_decided(film: Any, served: Callable[..., Any], name: str) -> None:
    server = served(film.place)
    server.post("/api/decide", {"action": "name", "person": "p1", "name": "Anna", "revision": 0})
    server.process.send_signal(getattr(signal, name))
    server.process.send_signal(getattr(signal, name))
    assert server.process.wait(20) == 0
    with Workspace.open(film.place, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Anna"]


def test_done_writes_the_cast_while_the_page_is_open(film: Any, served: Callable[..., Any]) -> None:
    server = served(film.place)
    server.post("/api/decide", {"action": "name", "person": "p1", "name": "Anna", "revision": 0})
    assert server.post("/api/done", {}) == (200, {"saved": True, "workspace": "film.castlist"})
    with Workspace.open(film.place, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Anna"]
    assert "Anna" in (film.place / "report.html").read_text("utf-8")


def test_another_address(film: Any, served: Callable[..., Any]) -> None:
    server = served(film.place, options=", host='0.0.0.0'")
    for host, good in (
        (f"127.0.0.1:{server.port}", True),
        (f"192.168.1.20:{server.port}", True),  # an address cannot be pointed elsewhere
        ("192.168.1.20:1", False),
        (f"evil.example:{server.port}", False),
        (f"192.168.1.20.evil.example:{server.port}", False),
        ("192.168.1.20", False),
    ):
        status, headers, _ = server.ask("/api/state", headers={"Host": host})
        assert (status == 200) == good, host
        assert "cross-origin-opener-policy" not in headers  # browsers complain of it without encryption
    body = {"action": "hide", "people": ["p1"], "revision": 0}
    foreign = {"Host": f"192.168.1.20:{server.port}"}  # the origin is another one
    assert server.ask("/api/decide", method="POST", body=body, headers=foreign)[0] == 403
    assert server.post("/api/film", {"path": "/etc/passwd"})[0] == 422


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--host", "no such host"], "is not an address"),
        (["--host", "x" * 300], "is not an address"),
        (["--film", "/nowhere/film.mp4"], "/nowhere/film.mp4 does not exist"),
        (["--film", "/etc/passwd"], "/etc/passwd is not the film of this workspace"),
    ],
)
def test_what_cannot_be_served(
    film: Any, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    from castlist.cli import run

    assert run(["review", str(film.place), "--no-browser", *options]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
