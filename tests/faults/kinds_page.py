"""Kinds of faults around the review page: hostile and half requests, a workspace that changes under it."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.faults.campaign import Box, Case, kind
from tests.faults.kinds_workspace import FORMS, NASTY, away, part

START = 60.0  # seconds within which the page must be there, on a machine with other work
GET = (
    "/",
    "/api/film",
    "/api/state",
    "/api/changes?since=0",
    "/api/questions",
    "/api/history",
    "/api/person/p1",
    "/api/alike/p1",
    "/api/tracks?of=p1",
    "/api/aside",
    "/api/timeline",
    "/api/faces?from=0&to=9",
    "/api/frames?from=0&to=9",
    "/film",
    "/film/proxy",
    "/static/review.js",
    "/thumb/" + "0" * 32,
)
POST = ("/api/decide", "/api/undo", "/api/redo", "/api/done", "/api/film", "/api/proxy", "/api/invite")
ODD = [
    "",
    "..",
    "%00",
    "%2e%2e%2f" * 9 + "etc/passwd",
    "../" * 9,
    "x" * 7000,
    "%ff",
    "%1b%5b2J",
    "p" + "9" * 400,
    "-1",
]
VALUES: list[Any] = [
    None,
    0,
    -1,
    1 << 70,
    1.5,
    True,
    "",
    "p1",
    "p0",
    NASTY,
    "x" * 20_000,
    [],
    [0],
    [0, 1],
    [-1, 10**9],
    ["p1"],
    {},
    [[]],
    {"a": 1},
    float("inf"),
    "Anna",
    "00:00",
]
WORDS = (
    "kind",
    "tracks",
    "to",
    "name",
    "value",
    "people",
    "person",
    "a",
    "b",
    "revision",
    "decision",
    "author",
    "path",
    "track",
    "sorted",
    "places",
    "since",
    "key",
    "of",
    "frame",
)
KINDS = (
    "same",
    "different",
    "name",
    "move",
    "merge",
    "split",
    "hide",
    "not-a-face",
    "sort",
    "key",
    "confirm",
    "x",
)


class Page:
    """A running review page, and how to ask it."""

    def __init__(self, box: Box) -> None:
        self.said = box.folder / "out" / "page.txt"
        self.said.parent.mkdir(exist_ok=True)
        with self.said.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "castlist", "review", "film.castlist", "--no-browser"],
                cwd=box.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
        self.port, self.cookie = self._link()

    def _link(self) -> tuple[int, str]:
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)", self.said.read_text(errors="replace"))
            if found:
                self.port, self.cookie = int(found[1]), ""
                _, headers, _ = self.ask("GET", found[2])
                return self.port, str(headers.get("set-cookie", "")).split(";")[0]
            time.sleep(0.05)
        return 0, ""

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and the beginning of the body; 0 where it hung up."""
        host = f"127.0.0.1:{self.port}"
        sent = {
            "Host": host,
            "Cookie": self.cookie,
            "Origin": f"http://{host}",
            "Content-Type": "application/json",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read(1 << 20)
        return 0, {}, b""

    def end(self, decided: int, place: Path) -> str:
        """Whether it still answers; end it; what is wrong."""
        wrong = [] if self.ask("GET", "/api/film")[0] == 200 else ["it no longer answers"]
        memory = _memory(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(START)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            wrong.append("it did not end")
        text = self.said.read_bytes()
        wrong += [f"traceback {text.splitlines()[-1][:160]!r}"] if b"Traceback" in text else []
        wrong += ["control characters on the terminal"] if b"\x1b" in text else []
        wrong += [f"{memory} MB"] if memory > 1000 else []
        with suppress(sqlite3.Error), closing(sqlite3.connect(place / "cast.db")) as db:
            kept = int(db.execute("SELECT count(*) FROM decisions").fetchone()[0])
            wrong += [f"{decided} confirmed, {kept} kept"] if kept < decided else []
        return "; ".join(wrong)


def _memory(process: int) -> int:
    """Megabytes that a process has had at most; 0 if unknown."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/status").read_text().split("VmHWM:")[1].split()[0]) >> 10
    return 0


def attacked(box: Box, what: str, attack: Callable[[Page], int]) -> Case:
    """A case in which the page is attacked; the attack says how many decisions were confirmed."""

    def after(ended: object) -> str:
        page = Page(box)
        try:
            if not page.cookie:
                return f"no page came: {page.said.read_bytes()[-200:]!r}"
            return page.end(attack(page), box.place)
        finally:
            page.process.kill()
            page.process.wait()

    return Case(what, [], after)


@kind("the review page: requests", 3)
def requests(rng: random.Random, box: Box) -> Case:
    def attack(page: Page) -> int:
        confirmed = 0
        for _ in range(60):
            path = rng.choice((*GET, *POST))
            path = path if rng.random() < 0.7 else re.sub(r"[^/]+$", rng.choice(ODD), path)
            method = rng.choice(("GET", "GET", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "X" * 300))
            headers: dict[str, str] = {}
            if rng.random() < 0.4:
                name, values = rng.choice(
                    [
                        ("Host", ["evil.example", "", "127.0.0.1", "[::1", "x" * 9000]),
                        ("Origin", ["http://evil.example", "null", ""]),
                        ("Cookie", ["", "x", page.cookie + "x", "a=b; " * 500]),
                        (
                            "Range",
                            ["bytes=" + "0-0," * 3000 + "0-0", "bytes=9-1", "bytes=-" + "9" * 400, "lines=1"],
                        ),
                        ("Content_Type", ["text/plain", "application/json; charset=utf-16"]),
                        ("Sec_Fetch_Site", ["cross-site"]),
                    ]
                )
                headers[name] = rng.choice(values)
            if "POST" not in method and path.split("?")[0] in POST:
                confirmed += _posted(rng, page, path, headers)
            else:
                page.ask(method, path, None, **headers)
        return confirmed

    return attacked(box, "60 requests", attack)


def _posted(rng: random.Random, page: Page, path: str, headers: dict[str, str]) -> int:
    """Post something; how many decisions were confirmed."""
    said = {rng.choice(WORDS): rng.choice(VALUES) for _ in range(rng.randrange(6))}
    body = json.dumps(said | ({"kind": rng.choice(KINDS)} if rng.random() < 0.8 else {})).encode()
    if rng.random() < 0.25:
        body = rng.choice(
            [b"", b"[" * 100_000, b"\xff\xfe", b'{"a":' * 30_000, b"null", b"x" * (2 << 20), b"NaN"]
        )
    status, _, answer = page.ask("POST", path, body, **headers)
    with suppress(ValueError):
        return int(status == 200 and "decision" in json.loads(answer))
    return 0


@kind("the review page: connections", 2)
def connections(rng: random.Random, box: Box) -> Case:
    def attack(page: Page) -> int:
        opened = []
        heads = [
            b"",
            b"G",
            b"GET / HTTP/1.1\r\nHost: x",
            b"POST /api/decide HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n{",
            b"\x16\x03\x01\x02\x00\x01",
            b"GET " + b"x" * 90_000,
            b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000,
            b"POST /api/decide HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
            b"\r\n" * 999,
            b"\0" * 999,
            f"GET /film HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {page.cookie}\r\n\r\n".encode(),
        ]
        for _ in range(rng.choice((30, 150, 400))):
            with suppress(OSError):
                opened.append(socket.create_connection(("127.0.0.1", page.port), timeout=5))
                opened[-1].sendall(rng.choice(heads))
                if rng.random() < 0.3:
                    opened.pop().close()
        if rng.random() < 0.5:  # deaf for a while at most: heads are cut off after 15 seconds
            time.sleep(0.5)
        for one in opened:
            one.close()
        return 0

    return attacked(box, "connections", attack)


@kind("the review page: a workspace that changes", 3)
def changing(rng: random.Random, box: Box) -> Case:
    name = rng.choice(
        (
            "lock",
            "thumbs",
            "SHELF",
            "PICTURE",
            "SHARD",
            "embeddings",
            "report.html",
            "film",
            "cast.db-wal",
            "cast.db-shm",
        )
    )
    how = rng.choice(list(FORMS))

    content = box.film.read_bytes()

    def attack(page: Page) -> int:
        page.ask("GET", "/api/state")
        path = box.film if name == "film" else part(rng, box, name)
        with suppress(OSError):
            FORMS[how](rng, box, path)
        confirmed = 0
        for path_ in (*GET, "/film"):
            page.ask("GET", path_)
        for picture in sorted(box.place.glob("thumbs/*/*"))[:3]:
            page.ask("GET", f"/thumb/{picture.stem}")
        for body in (b'{"kind": "hide", "people": ["p1"]}', b'{"kind": "not-a-face", "tracks": [0]}'):
            status, _, answer = page.ask("POST", "/api/decide", body)
            with suppress(ValueError):
                confirmed += status == 200 and "decision" in json.loads(answer)
        page.ask("POST", "/api/done", b"{}")
        if name == "film":  # only this test changed the film
            away(box.film)
            box.film.write_bytes(content)
            box.film.with_name(f"{box.film.name}.away").unlink(missing_ok=True)
        return confirmed

    return attacked(box, f"{name} is {how}", attack)
