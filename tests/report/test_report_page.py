"""The report as text: its contents, escaping, and size."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from castlist.dark_pictures import DIM, brightness
from castlist.errors import InputError, WorkspaceError
from castlist.report import Evidence, render, write
from castlist.report.figures import PairCosines, histograms, lane, presence, ticks
from castlist.report.page import film_address
from castlist.report.sheet import render_sheet
from castlist.report.stills import Stills


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("style", "script"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.text += data


def test_people_are_shown_with_name_time_and_faces(film: Callable[..., Any]) -> None:
    made = film(3, 20, tracks=9, names=("Anna", "", "Tobias"))
    page = Page(render(made.cast, thumbs=made.thumbs))
    assert "Anna" in page.text
    assert "Tobias" in page.text
    assert "Three people appear in 20 s of film" in page.text
    pictures = [v for tag, name, v in page.attributes if tag == "img" and name == "src"]
    assert pictures
    assert all(v.startswith("data:image/jpeg;base64,") for v in pictures)


def test_nothing_but_data_is_ever_addressed(film: Callable[..., Any], proof: Callable[..., Any]) -> None:
    made = film(5, 30, tracks=20, background=2, aside=3)
    page = Page(render(made.cast, thumbs=made.thumbs, evidence=proof(made)))
    for _, name, value in page.attributes:
        if name in ("src", "href", "action", "xlink:href", "data", "srcset", "poster"):
            assert value.startswith(("data:", "#")), value
        assert not name.startswith("on"), name
        assert name != "style", value


def test_content_security_policy_allows_just_our_style_and_script(film: Callable[..., Any]) -> None:
    html = render(film(1, 5, tracks=1).cast)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style></script></title><b>",
        "{{ 7 * 7 }}{% raw %}",
        "\u202eevil\u2066",
        "line\nbreak\x00\x1b[31m",
        "\udcff broken bytes",
        "&lt;b&gt; &amp;",
    ],
)
def test_hostile_names_are_text(film: Callable[..., Any], name: str) -> None:
    made = film(2, 8, tracks=4, names=(name, "B"), path=f"{name.replace(chr(0), '')}.mp4")
    html = render(made.cast)
    html.encode("utf-8")
    plain = Page(render(film(2, 8, tracks=4, names=("A", "B")).cast))
    page = Page(html)
    assert page.tags == plain.tags, "a name brought tags with it"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", html)
    assert "49" not in page.text or "7 * 7" not in name


def test_long_names_are_cut(film: Callable[..., Any]) -> None:
    html = render(film(1, 5, tracks=1, names=("x" * 10_000,)).cast)
    assert "x" * 79 + "…" in html
    assert "x" * 81 not in html


def test_nobody(empty_film: Any) -> None:
    page = Page(render(empty_film.cast))
    assert "No face was found in 3.0 s of film" in page.text
    assert "Who appears when" not in page.text


def test_only_background_and_set_aside(film: Callable[..., Any]) -> None:
    made = film(0, 10, tracks=0, background=2, aside=2)
    page = Page(render(made.cast, thumbs=made.thumbs, evidence=Evidence(portraits=made.portraits)))
    assert "nobody belongs to the cast" in page.text
    assert "In the background" in page.text
    assert "Not a face" in page.text


def test_set_aside_pictures_come_from_the_portraits(film: Callable[..., Any]) -> None:
    made = film(1, 10, tracks=1, aside=4)
    bare = render(made.cast, thumbs=made.thumbs)
    full = render(made.cast, thumbs=made.thumbs, evidence=Evidence(portraits=made.portraits))
    assert full.count("Set aside at") == 4
    assert bare.count("Set aside at") == 0


def test_page_of_a_large_film_stays_small(film: Callable[..., Any]) -> None:
    made = film(500, 7200, tracks=5000, background=100, aside=200)
    big = b"\xff\xd8\xff" + b"\0" * 30_000

    html = render(made.cast, thumbs=lambda name: big, evidence=Evidence(portraits=made.portraits))
    assert len(html) < 12_000_000
    shown = re.findall(r'<(?:li) class="(?:person|small)"', html)
    assert len(shown) == 500


def test_dark_pictures_are_shown_brighter_everywhere_and_the_page_says_so(film: Callable[..., Any]) -> None:
    import cv2

    made = film(3, 30, tracks=9, background=1, aside=2)

    def dark(name: str) -> bytes:
        image = cv2.imdecode(np.frombuffer(made.thumbs(name), np.uint8), cv2.IMREAD_COLOR)
        return bytes(cv2.imencode(".jpg", image // 12)[1])

    stills = Stills(made.portraits.frame, tuple(made.portraits.image))
    pages = [
        render(made.cast, thumbs=dark, evidence=Evidence(portraits=made.portraits), stills=stills),
        render_sheet(made.cast, thumbs=dark),
        render_sheet(made.cast, made.cast.people[0], thumbs=dark),
    ]
    for html in pages:
        shown = re.findall(r"data:image/jpeg;base64,([^\"']+)", html)
        assert len(shown) > 2
        assert min(brightness(base64.b64decode(picture)) for picture in shown) > DIM
        assert "Dark pictures are shown brighter" in html
    assert "Dark pictures" not in render(made.cast, thumbs=made.thumbs)


def test_thumbs_that_fail_or_are_no_pictures_leave_a_number(film: Callable[..., Any]) -> None:
    made = film(2, 10, tracks=4)

    def missing(name: str) -> bytes:
        raise FileNotFoundError(name)

    for thumbs in (missing, lambda name: b"<svg onload=alert(1)>", lambda name: b"\xff\xd8\xff" * 100_000):
        html = render(made.cast, thumbs=thumbs)
        assert "<img class" not in html
        assert "nobody" in html


def test_same_cast_same_page(film: Callable[..., Any], proof: Callable[..., Any]) -> None:
    made = film(4, 20, tracks=12)
    pages = {render(made.cast, thumbs=made.thumbs, evidence=proof(made)) for _ in range(2)}
    assert len(pages) == 1


def test_write_is_whole_or_not_at_all(film: Callable[..., Any], tmp_path: Path) -> None:
    made = film(1, 5, tracks=2)
    path = write(made.cast, tmp_path / "report.html", thumbs=made.thumbs)
    film = film_address(made.cast, tmp_path)
    assert path.read_text("utf-8") == render(made.cast, thumbs=made.thumbs, film=film)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(WorkspaceError, match=r"cannot be written .*; name another file or folder"):
        write(made.cast, tmp_path / "no" / "report.html")


def test_evidence_checks_its_columns() -> None:
    with pytest.raises(InputError, match="positive_before"):
        Evidence(positive_before=np.zeros((2, 2)))
    with pytest.raises(InputError, match="reliability"):
        Evidence(reliability=np.zeros((2, 2)))


def test_evidence_drops_what_is_not_finite(film: Callable[..., Any]) -> None:
    evidence = Evidence(
        positive_before=[0.5, np.nan],  # type: ignore[arg-type]
        negative_before=[0.1, np.inf],  # type: ignore[arg-type]
        reliability=[[0.5, np.nan, 3]],  # type: ignore[arg-type]
    )
    html = render(film(1, 5, tracks=1).cast, evidence=evidence)
    assert not re.search(r">\s*(nan|inf)\b", html)
    assert "0.500" in html


def test_histograms_by_pencil() -> None:
    same, other = np.float32([1, 1, 0]), np.float32([0, 0, -1])
    figure = histograms([PairCosines("x", same, other)])
    assert figure is not None
    (plot,) = figure.plots
    assert plot.overlap == pytest.approx(1 / 3)  # the only shared bin holds a third and two thirds
    assert plot.positive.mean == pytest.approx(2 / 3)
    assert plot.positive.mean_x == pytest.approx((2 / 3 + 1) / 2 * 360, abs=0.01)
    assert figure.top == pytest.approx(2 / 3)


def test_histograms_without_pairs() -> None:
    assert histograms([PairCosines("x", np.zeros(0, np.float32), np.zeros(3, np.float32))]) is None
    assert histograms([]) is None


def test_lane_and_presence_by_pencil(film: Callable[..., Any]) -> None:
    made = film(3, 12, tracks=8)
    cast = made.cast
    seen = [set() for _ in cast.people]
    for who, person in zip(seen, cast.people, strict=True):
        for t in person.tracks:
            who.update(cast.tracks.frame[cast.tracks.rows(t)].tolist())
        boxes = re.findall(r"M(\d+) 0h(\d+)v10h-(\d+)z", lane(person))
        assert [(int(a), int(a) + int(b)) for a, b, _ in boxes] == [
            (round(1000 * s.start), round(1000 * s.stop)) for s in person.appearances
        ]
    expected = [[len(a & b) / 24 for b in seen] for a in seen]
    np.testing.assert_allclose(presence(cast, cast.people), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("seconds", "last"), [(0, 0), (0.04, 0), (40, 35), (125, 120), (7200, 6300), (400_000, 360_000)]
)
def test_ticks_are_few_and_round(seconds: float, last: float) -> None:
    marks = ticks(seconds)
    assert marks[0] == (0.0, 0.0)
    assert len(marks) <= 9
    assert marks[-1][1] <= max(0, seconds)


def test_every_time_is_a_link_to_the_film_beside_the_page(film: Callable[..., Any], tmp_path: Path) -> None:
    from dataclasses import replace

    made = film(2, 5, tracks=3)
    folder = tmp_path / "a film?.castlist"
    folder.mkdir()
    video = replace(made.cast.video, path=tmp_path / "a film?#1.mp4")
    page = write(replace(made.cast, video=video), folder / "report.html", thumbs=made.thumbs).read_text(
        "utf-8"
    )
    links = re.findall(r'<a class="t" href="([^"]*)"', page)
    assert links
    assert all(re.fullmatch(r"\.\./a%20film%3F%231\.mp4#t=\d+\.\d{3}", link) for link in links)
    assert 'class="t"' not in render(made.cast, thumbs=made.thumbs)


def test_one_plot_where_base_features_stayed(film: Callable[..., Any]) -> None:
    made = film(2, 5, tracks=3)
    pairs = (np.array([0.9, 0.8], np.float32), np.array([0.1, 0.2], np.float32))
    once = render(made.cast, evidence=Evidence(*pairs, *pairs))
    both = render(made.cast, evidence=Evidence(*pairs, pairs[0] - 0.1, pairs[1]))
    assert (once.count("<figure>"), both.count("<figure>")) == (1, 2)
    assert "Before refinement" not in once


def test_colours_do_not_repeat_side_by_side(film: Callable[..., Any]) -> None:
    from castlist.report.page import _hues

    made = film(30, 60, tracks=90)
    hues = _hues(made.cast)
    assert all(len({*hues[i : i + 4]}) == 4 for i in range(len(hues) - 3))
