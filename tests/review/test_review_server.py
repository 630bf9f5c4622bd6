"""The review server as an attacker, a second browser and a power cut see it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from castlist.store import Workspace


@pytest.fixture
def server(made: Callable[..., Any], served: Callable[..., Any]) -> Any:
    content = bytes(range(256)) * 40
    film = made([0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 3, 3], "secret name.mp4", content)
    return served(film.place)


def test_token_opens_once_and_then_another_is_offered(
    made: Callable[..., Any], served: Callable[..., Any]
) -> None:
    server = served(made([0], [0]).place, enter=False)
    assert server.ask("/")[0] == 403
    assert server.ask("/api/state")[0] == 403
    assert server.ask("/?token=")[0] == 403
    assert server.ask("/?token=" + "x" * 43)[0] == 403
    server.enter()
    assert server.ask("/")[0] == 200
    used = server.url[server.url.index("/", 8) :]
    assert server.ask(used)[0] == 303  # this browser is in already
    assert server.ask(used, headers={"Cookie": ""})[0] == 403
    following = server.next_url()
    assert following != server.url
    assert server.ask(following[following.index("/", 8) :])[0] == 303


def test_cookie_is_out_of_reach(made: Callable[..., Any], served: Callable[..., Any]) -> None:
    server = served(made([0], [0]).place, enter=False)
    _, headers, _ = server.ask(server.url[server.url.index("/", 8) :])
    assert "httponly" in headers["set-cookie"].lower()
    assert "samesite=strict" in headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "", "localhost.evil.example"]
)
def test_dns_rebinding(standing: Any, host: str) -> None:
    assert standing.ask("/api/state", headers={"Host": host})[0] in (400, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Cookie": ""},
        {"Cookie": "castlist-1=x"},
    ],
)
def test_cross_site_request_forgery(standing: Any, headers: dict[str, str]) -> None:
    body = {"action": "hide", "people": ["p1"], "revision": 0}
    assert standing.ask("/api/decide", method="POST", body=body, headers=headers)[0] == 403
    assert standing.get("/api/history") == []


def test_decisions_do_not_come_by_get(standing: Any) -> None:
    assert standing.ask("/api/decide?action=hide&people=p0&revision=0")[0] == 405
    assert standing.ask("/api/undo")[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/static/review.html",
        "/thumb/..%2f..%2fcast.db",
        "/thumb/cast.db",
        "/thumb/" + "a" * 32,
        "/film/../cast.db",
        "//etc/passwd",
        "/etc/passwd",
        "/film?path=/etc/passwd",
    ],
)
def test_path_traversal(standing: Any, path: str) -> None:
    status, _, data = standing.ask(path)
    assert b"root:" not in data
    assert b"SQLite" not in data
    assert status in (307, 404) or path.startswith("/film?")


def test_nothing_says_where_the_film_lies(standing: Any) -> None:
    folder = b"/tmp/"
    asked = (
        "state",
        "questions",
        "person/p1",
        "tracks?of=0",
        "faces?from=0&to=9",
        "history",
        "timeline",
        "aside",
    )
    for path in ("/", *(f"/api/{name}" for name in asked)):
        status, _, data = standing.ask(path)
        assert status == 200, path
        assert folder not in data, path


def test_headers_on_every_answer(standing: Any) -> None:
    for path in ("/", "/static/review.js", "/api/state", "/film", "/nowhere"):
        _, headers, _ = standing.ask(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    page = standing.ask("/")[2].decode()
    assert "<script>" not in page
    assert "style=" not in page
    assert " onclick" not in page


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"revision": "1"}',
        b'{"revision": -1}',
        b'{"revision": true}',
    ],
)
def test_odd_bodies(standing: Any, body: bytes) -> None:
    status, _, data = standing.ask("/api/decide", method="POST", body=body)
    assert status == 422
    assert json.loads(data)["error"]
    assert standing.get("/api/history") == []


def test_body_too_large(standing: Any) -> None:
    body = b'{"revision": 0, "action": "name", "name": "' + b"x" * 1_100_000 + b'"}'
    status, _, data = standing.ask("/api/decide", method="POST", body=body)
    assert status == 422
    assert b"at most" in data


def test_film_by_ranges(standing: Any) -> None:
    status, headers, data = standing.ask("/film", headers={"Range": "bytes=256-511"})
    assert status == 206
    assert headers["content-range"] == "bytes 256-511/10240"
    assert data == bytes(range(256))
    assert standing.ask("/film", headers={"Range": "bytes=99999-"})[0] == 416


def test_stale_view_is_refused_with_what_changed(server: Any) -> None:
    seen = server.get("/api/state")["revision"]
    body = {"action": "name", "person": "p1", "name": "Anna", "revision": seen, "author": "B"}
    assert server.post("/api/decide", body)[0] == 200
    status, answer = server.post("/api/decide", {"action": "hide", "people": ["p1"], "revision": seen})
    assert status == 409
    assert answer["changes"] == ["B: Person 1, 2 tracks: named Anna"]
    assert answer["state"]["people"][0]["name"] == "Anna"
    assert server.get(f"/api/changes?since={answer['state']['revision']}") is None
    assert server.get(f"/api/changes?since={seen}")["people"][0]["name"] == "Anna"


def test_an_answer_tells_only_who_changed(server: Any) -> None:
    state = server.get("/api/state")
    assert [p["id"] for p in state["people"]] == state["order"]
    one, two = state["order"][:2]
    _, answer = server.post("/api/decide", {"action": "name", "person": one, "name": "Anna", "revision": 0})
    news = answer["state"]
    assert (news["since"], news["revision"]) == (0, 1)
    assert [(p["id"], p["name"]) for p in news["people"]] == [(one, "Anna")]
    _, answer = server.post("/api/decide", {"action": "merge", "people": [one, two], "revision": 1})
    (left,) = answer["state"]["people"]
    assert answer["state"]["order"] == [i for i in state["order"] if i in (left["id"], *state["order"][2:])]
    whole = server.get("/api/state")
    assert whole["since"] is None
    assert left in whole["people"]
    behind = server.get("/api/changes?since=0")  # a page that missed both
    assert behind["people"] == [left]


def test_a_view_too_old_is_told_everything(server: Any) -> None:
    assert server.get("/api/changes?since=7")["since"] is None
    assert len(server.get("/api/changes?since=7")["people"]) == 4


@pytest.mark.parametrize(
    "path",
    [
        "tracks", "tracks?of=", "tracks?of=-1", "tracks?of=7", "tracks?of=0,x", "tracks?of=٣",
        "tracks?of=" + "9" * 400, "tracks?of=" + ",".join(["0"] * 1001), "person/p10", "person/%3Cscript%3E",
        "changes", "changes?since=x", "faces", "faces?from=0", "faces?from=5&to=5", "faces?from=0&to=60001",
        "faces?from=" + "9" * 99 + "&to=0",
        "frames?from=0&to=60001",
    ],
)  # fmt: skip
def test_odd_questions_get_a_sentence(standing: Any, path: str) -> None:
    from urllib.parse import quote

    status, _, data = standing.ask("/api/" + quote(path, safe="/?=&,%-"))
    assert status == 422
    assert json.loads(data)["error"]


def test_tracks_and_faces_by_number_and_time(standing: Any) -> None:
    one = {"revision": 0, "tracks": [0, 1], "confirmed": [], "spans": [[0, 800]]}
    assert standing.get("/api/person/p1") == one
    (third, first) = standing.get("/api/tracks?of=2,0")
    assert (third["track"], third["start"], third["stop"], third["faces"]) == (2, 800, 1200, 10)
    assert first["track"] == 0
    faces = standing.get("/api/faces?from=350&to=410")  # tracks follow one another, 400 ms each
    assert [f["track"] for f in faces] == [0, 1]
    assert faces[0]["boxes"][0] == [0, 0.1562, 0.1389, 0.1562, 0.3333]
    # the frame before 350 ms is the one at 320 ms; its neighbour, those up to 410 ms, and the next one
    assert standing.get("/api/frames?from=350&to=410") == [280, 320, 360, 400, 440, 480]
    assert standing.get("/api/frames?from=0&to=30") == [0, 40, 80]
    assert standing.get("/api/frames?from=2790&to=9000")[-2:] == [2760, 2800]  # the last one, and its end
    timeline = standing.get("/api/timeline")
    assert timeline["shots"] == [0, 400, 800, 1200, 1600, 2000, 2400]
    assert sorted(timeline["spans"]) == ["p1", "p2", "p3", "p4"]


def test_set_aside_by_reason(made: Callable[..., Any], served: Callable[..., Any]) -> None:
    server = served(made([0, 0, 1, 1], [0, 0, -1, -1]).place)
    assert server.get("/api/aside") == [{"reason": "not a face", "tracks": [2, 3]}]
    assert server.get("/api/state")["aside"] == [{"reason": "not a face", "count": 2}]
    state = server.post("/api/decide", {"action": "restore", "tracks": [2], "revision": 0})[1]["state"]
    assert state["aside"] == [{"reason": "not a face", "count": 1}]


def test_questions_go_by_the_newest_view(server: Any) -> None:
    assert server.get("/api/questions")["revision"] == 0
    server.post("/api/decide", {"action": "name", "person": "p1", "name": "Anna", "revision": 0})
    assert server.get("/api/questions")["revision"] == 1


def test_other_processes_are_seen(server: Any, made: Callable[..., Any]) -> None:
    from castlist.cli.decide import command

    place = server.process.args[-1]
    command.main([place, "merge", "p1", "p2"], standalone_mode=False)
    assert len(server.get("/api/state")["people"]) == 3
    command.main([place, "undo"], standalone_mode=False)
    assert len(server.get("/api/state")["people"]) == 4


def test_every_confirmed_decision_survives_a_kill(
    made: Callable[..., Any], served: Callable[..., Any]
) -> None:
    film = made([0] * 4 + [1] * 4, [0] * 4 + [1] * 4)
    server = served(film.place)
    confirmed = 0
    deadline = time.monotonic() + 60
    while confirmed < 60 and time.monotonic() < deadline:
        body = {
            "action": "name",
            "person": f"p{confirmed % 2 + 1}",
            "name": f"name {confirmed}",
            "revision": confirmed,
        }
        status, answer = server.post("/api/decide", body)
        assert status == 200, answer
        confirmed += 1
    server.process.kill()
    server.process.wait(20)
    with Workspace.open(film.place, write=False) as keep:
        assert [d.value for d in keep.decisions.all()] == [f"name {i}" for i in range(confirmed)]
    again = served(film.place)
    assert again.get("/api/state")["revision"] == confirmed == 60


def test_ctrl_c_leaves_the_cast_as_decided(made: Callable[..., Any], served: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1], [0, 1, 2, 2])
    server = served(film.place)
    server.post("/api/decide", {"action": "name", "person": "p1", "name": "Anna", "revision": 0})
    server.stop()
    with Workspace.open(film.place, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Anna"]
