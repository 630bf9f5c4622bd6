"""Searching a library: by a picture, by words, and as other programs read it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_made import LOOKS, made_film, person_vector

from castlist.cli import run
from castlist.drawn import render, still
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.member_vectors import MemberBlock
from castlist.library.query import _at_once, _Stay, parse
from castlist.library.score import pair_score
from castlist.library.search import scores_of
from castlist.types import BACKGROUND, SET_ASIDE, Fate


@pytest.fixture
def lib(tmp_path) -> Library:
    """Anna (1), Bob (2) and Carl (3) in three films; in shot i of each those listed are together."""
    made = Library(tmp_path / "lib")
    made.add(
        made_film(tmp_path, "s01e01", [[1, 2], [1], [2, 3], [1, 2, 3]], names={1: "Anna Lind", 2: "Bob"})
    )
    made.add(made_film(tmp_path, "s01e02", [[1], [3], [2]]))
    made.add(made_film(tmp_path, "s02e01", [[1, 3], [1]], names={3: "Carl"}))
    assert sorted(p.name for p in made.people) == ["Anna Lind", "Bob", "Carl"]
    return made


def times(lib: Library, query: str) -> list[tuple[str, float, float]]:
    return [(m.film.name[:6], round(m.start, 2), round(m.stop, 2)) for m in lib.find(query).moments]


# Shots last 0.4 s each.
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bob", [("s01e01", 0.0, 0.4), ("s01e01", 0.8, 1.6), ("s01e02", 0.8, 1.2)]),
        ("anna & bob", [("s01e01", 0.0, 0.4), ("s01e01", 1.2, 1.6)]),
        ("anna and bob", [("s01e01", 0.0, 0.4), ("s01e01", 1.2, 1.6)]),
        ("anna & bob -carl", [("s01e01", 0.0, 0.4)]),
        ("anna -bob film:s01*", [("s01e01", 0.4, 0.8), ("s01e02", 0.0, 0.4)]),
        ("anna lind & carl", [("s01e01", 1.2, 1.6), ("s02e01", 0.0, 0.4)]),
        ('"Anna Lind" carl', "refused"),
        ("anna & bob & carl in shot", [("s01e01", 1.2, 1.6)]),
        ("anna & bob within 500ms film:s01e02", [("s01e02", 0.3, 0.4)]),
        ("anna & bob within 1s film:s01e02*", [("s01e02", 0.0, 0.4)]),
        ("anna film:S02* film:s01e02*", [("s01e02", 0.0, 0.4), ("s02e01", 0.0, 0.8)]),
    ],
)
def test_words(lib, query, expected):
    if expected == "refused":
        with pytest.raises(InputError):
            lib.find(query)
    else:
        assert times(lib, query) == expected


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("anna & bob film:s01e02*", "0.4 s of each other in s01e02"),
        ("bob & carl film:s02*", "no film that fits s02* has bob and carl together"),
        ("carl -anna film:s02*", "whenever carl is there, anna is there, too"),
        ("anna & bob in shot film:s01e02*", "0.4 s"),
        ("anna & bob within 100ms film:s01e02*", "0.4 s"),
    ],
)
def test_an_empty_answer_says_how_near_it_came(lib, query, says):
    answer = lib.find(query)
    assert answer.moments == ()
    assert says in answer.near


@pytest.mark.parametrize(
    "query",
    ["", "   ", "&", "& anna", "-", "anna -", "within 5s", "anna within", "anna within soon", "anna in house",
     "anna in", '"anna', "film:s01*", "-anna", "nobody", "anna & nobody", "anna film:x*", "anna within "
     "5s in shot",
     "a" * 2000, "anna within 99999999s", "\x00", "anna within -5s"],
)  # fmt: skip
def test_what_cannot_be_understood_is_one_sentence(lib, query):
    with pytest.raises(InputError) as error:
        lib.find(query)
    assert "\n" not in str(error.value)


def test_nearly_a_name_is_asked_back(lib):
    with pytest.raises(InputError, match="perhaps Carl"):
        lib.find("karl")


def test_a_name_is_found_without_its_accents(lib):
    carl = lib.person("Carl")
    lib.name(carl.id, "Carl Größe-Müller")
    for text in ("carl", "grosse-muller", "Größe-Müller", "CARL GROSSE-MULLER"):
        assert lib.person(text).id == carl.id
    with pytest.raises(InputError, match="perhaps Carl Größe-Müller"):
        lib.person("grosse-mueler")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_refused(text):
    try:
        query = parse(text)
    except InputError:
        return
    assert query.names


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda s: (s[0], s[0] + s[1])), max_size=6
)


@settings(deadline=None)
@given(spans, spans, spans, st.integers(0, 5))
def test_together_is_what_a_clock_says(a, b, away, within):
    """In the first one's stays, within reach of the other's, out of reach of who must be away."""
    rows = [[_Stay(s, e, 0, 0, "") for s, e in own] for own in (a, b, away)]
    found = _at_once(rows[:2], rows[2], within)

    def inside(x: float, own: list[tuple[int, int]], reach: int = 0) -> bool:
        return any(s - reach < x < e + reach for s, e in own)

    for x in np.arange(0.5, 60):
        expected = inside(x, a) and inside(x, b, within) and not inside(x, away, within)
        assert any(s < x < e for s, e in found) == expected
    assert all(s < e for s, e in found)


# By a picture


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 1000))
def test_the_score_of_all_members_is_that_of_each(members, seed):
    rng = np.random.default_rng(seed)
    sets = [rng.normal(size=(int(rng.integers(1, 17)), 8)).astype(np.float32) for _ in range(members)]
    sets = [s / np.linalg.norm(s, axis=1, keepdims=True) for s in sets]
    query = rng.normal(size=8).astype(np.float32)
    query /= np.linalg.norm(query)
    offset = np.concatenate([[0], np.cumsum([len(s) for s in sets])])
    score, best = scores_of(query, MemberBlock(np.arange(members), offset, np.concatenate(sets)))
    for i, own in enumerate(sets):
        assert score[i] == pytest.approx(pair_score(query[None], own), abs=1e-5)
        assert best[i] == int((own @ query).argmax())


def test_a_vector_finds_people_background_and_what_was_set_aside(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [2], [3], [1]], fates={2: BACKGROUND, 3: SET_ASIDE}))
    lib.add(made_film(tmp_path, "b", [[1], [4]]))
    for who, fate, films in ((1, Fate.PERSON, 2), (2, Fate.BACKGROUND, 1), (3, Fate.SET_ASIDE, 1)):
        first = lib.search_face(person_vector(who).astype(np.float32))[0]
        assert (first.fate, len(first.sights)) == (fate, films)
        assert first.probability > 0.99
    assert lib.search_face(person_vector(99).astype(np.float32)) == []


def test_a_photo_finds_a_person_of_a_drawn_season(films, tmp_path, capsys):
    import cv2

    lib = Library(films.parent / "lib")
    lib.add(films)
    photos = tmp_path / "photos"
    photos.mkdir()
    for who, name in ((0, "Zero"), (1, "One 2")):
        cv2.imwrite(str(photos / f"{name}.png"), photo(tmp_path, who))
    found = lib.search(photos / "Zero.png")
    assert found[0].person is not None
    assert sorted(s.film.name for s in found[0].sights) == ["e01.mp4", "e02.mp4"]
    assert (found[0].sights[0].film.workspace / "thumbs").is_dir()
    page = tmp_path / "page.html"
    assert (
        run(["search", str(lib.path), "--photo", str(photos / "Zero.png"), "--json", "--page", str(page)])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert all(Path(f["thumbnail"]).is_file() for who in said["found"] for f in who["films"])
    assert page.read_text().count('type="button"') == sum(len(who["films"]) for who in said["found"])
    assert "e01.mp4" in page.read_text()
    assert run(["library", "index", str(lib.path)]) == 0
    for more in ([], ["--tracks", "3"]):  # times as those of words
        capsys.readouterr()
        assert run(["search", str(lib.path), "--photo", str(photos / "Zero.png"), "--csv", *more]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert rows
        assert all(re.fullmatch(r"\d+\.\d{3}", row["at"]) for row in rows)
    assert run(["search", str(lib.path), "--known", str(photos), "--json"]) == 0
    names = {p["name"]: p["person"] for p in json.loads(capsys.readouterr().out)["proposals"]}
    assert set(names) == {"Zero", "One"}
    assert names["Zero"] == found[0].person
    assert not any(p.named for p in lib.people)  # proposals only


def photo(folder: Path, who: int) -> np.ndarray:
    """A drawn portrait, as a camera would bring it: a frame of a film of its own."""
    import cv2

    film = folder / f"still {who}.mp4"
    render(still(LOOKS[who], width=480, height=360), film, seed=77)
    return cv2.VideoCapture(str(film)).read()[1]


def test_several_faces_are_a_choice_and_no_face_is_one_sentence(films, tmp_path):
    import cv2

    lib = Library(films.parent / "lib")
    lib.add(films)
    both = tmp_path / "both.png"
    cv2.imwrite(str(both), np.concatenate([photo(tmp_path, 0), photo(tmp_path, 1)], axis=1))
    with pytest.raises(InputError, match="2 faces; choose one with --face"):
        lib.search(both)
    people = [lib.search(both, face=n)[0].person for n in (1, 2)]
    assert len(set(people)) == 2
    with pytest.raises(InputError, match="no face 3"):
        lib.search(both, face=3)
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 200, 3), 90, np.uint8))
    for bad, says in (("wall.png", "no face"), ("none.png", "cannot be read"), ("text.png", "not a picture")):
        (tmp_path / "text.png").write_text("hello")
        with pytest.raises(InputError, match=says):
            lib.search(tmp_path / bad)


# As others read it


def test_results_as_csv_json_and_table(lib, capsys):
    place = str(lib.path)
    assert run(["search", place, "anna", "&", "bob", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["film"] for row in rows] == ["s01e01.mp4"] * 2
    assert [row["from"] for row in rows] == ["0.000", "1.200"]
    assert run(["search", place, "anna & bob", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [m["start"] for m in said["moments"]] == [0.0, 1.2]
    assert run(["search", place, "anna & bob"]) == 0
    assert "Anna Lind, Bob" in capsys.readouterr().out
    assert run(["search", place, "bob & carl film:s02*"]) == 0
    assert "Nothing: no film" in capsys.readouterr().out
    for wrong in (
        ["search", place],
        ["search", place, "anna", "--photo", "x.jpg"],
        ["search", place, "nobody"],
    ):
        assert run(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


VIEWS = {
    "films": "film_id name path workspace digest seconds width height frame_rate model added people",
    "people": "person_id name named named_by made films seconds faces",
    "film_people": "film_person_id film_id film key person_id name fate how probability seconds faces",
    "appearances": "person_id film_id film film_person_id start stop seconds",
    "prototypes": "person_id film_id film_person_id number model time_exact left top right bottom "
    "quality image vector",
    "redirects": "person_id now_id",
}


@pytest.mark.parametrize("view", VIEWS)
def test_views_keep_their_names_and_columns(lib, view):
    with closing(sqlite3.connect(f"{(lib.path / 'catalogue.db').as_uri()}?mode=ro", uri=True)) as db:
        head = db.execute(f"SELECT * FROM {view}")  # noqa: S608
        assert " ".join(c[0] for c in head.description) == VIEWS[view]
        if view == "people":
            assert {row[1]: row[5] for row in head} == {"Anna Lind": 3, "Bob": 2, "Carl": 3}
        if view == "prototypes":
            assert {len(row[-1]) for row in head} == {256}


def test_a_library_that_is_only_read_can_be_searched(lib, tmp_path):
    copy = tmp_path / "read only"
    shutil.copytree(lib.path, copy)
    for file in copy.iterdir():
        file.chmod(0o444)
    copy.chmod(0o555)
    try:
        other = Library(copy)
        assert len(other.people) == 3
        assert times(other, "anna & bob -carl")
        assert other.search_face(person_vector(1).astype(np.float32))
    finally:
        copy.chmod(0o755)
