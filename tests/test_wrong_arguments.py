"""Wrong arguments: castlist's own message, which never calls a file damaged."""

from __future__ import annotations

import inspect
import os
import shutil
from functools import partial

import numpy as np
import pytest

import castlist
from castlist.argument_types import KINDS
from castlist.cli import run
from castlist.errors import InputError, VideoError, WorkspaceError
from castlist.io.exports import FORMATS
from castlist.io.exports.options import Options
from castlist.library.films import films_of
from castlist.refine import TSiam
from castlist.review import Session
from castlist.store import Workspace
from castlist.types import PERSON


@pytest.fixture
def film(two_people, tmp_path):
    """A workspace that the test may change."""
    return shutil.copytree(two_people / "film.castlist", tmp_path / "own" / "film.castlist")


@pytest.fixture
def cast(two_people):
    with Workspace.open(two_people / "film.castlist", write=False) as opened:
        return opened.cast()


def test_what_is_no_cast_is_not_exported_and_a_workspace_is_no_film(film, tmp_path):
    for call in (FORMATS["otio"].text, partial(FORMATS["edl"].write, target=tmp_path / "x.edl")):
        with pytest.raises(InputError, match="cast is a Cast of castlist, got"):
            call(str(film))
    assert not (tmp_path / "x.edl").exists()
    with pytest.raises(VideoError, match=r"is the workspace of a film, not .* castlist\.Workspace"):
        castlist.find(film)


def test_names_and_times_of_another_type_are_refused(cast):
    for wrong in (
        lambda: cast.rename(cast[0], None),
        lambda: cast.merge(cast[0].name, 3),
        lambda: cast.share("Nobody"),
        lambda: cast.at(None),
        lambda: cast.at([1, 2]),
    ):
        with pytest.raises(InputError):
            wrong()
    assert cast.share(cast[0].name) == cast.share(cast[0])
    assert cast[np.int64(0)] is cast[0]
    assert cast.at(np.float32(0.1)) == cast.at(0.1)
    assert cast.named(cast[0].name) == [cast[0]]
    assert Options(person="Anna").person == ("Anna",)


WRONG = [None, 5, 1.5, float("nan"), b"x", [5], np.zeros(2), True]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: type(w).__name__)
def test_a_cast_refuses_what_is_no_name_and_no_number(cast, wrong):
    calls = [lambda: cast.named(wrong), lambda: cast.share(wrong), lambda: cast.together(wrong, cast[0])]
    calls += [] if isinstance(wrong, int) else [lambda: cast[wrong], lambda: cast[0].images(wrong)]
    for call in calls:
        with pytest.raises((InputError, KeyError)):
            call()
    assert wrong not in cast


def test_a_person_of_a_cast_will_do_for_a_name(film, cast):
    assert cast.named(cast[0]) == cast.named([cast[0], cast[0].key]) == [cast[0]]
    assert castlist.explain(film, cast[0], cast[1]).persons == (cast[0].name, cast[1].name)
    for wrong in (1.5, True, b"p1", None, float("nan")):
        with pytest.raises(InputError):
            castlist.explain(film, wrong, cast[1])


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_no_number_is_no_time(cast, time):
    with pytest.raises(InputError, match="a time is a number of seconds"):
        cast.at(time)
    assert cast.at(10**400) == cast.at(-5) == []


@pytest.mark.parametrize("wrong", [None, 5, b"film.castlist", [], "", "a\0b"], ids=str)
def test_a_workspace_is_given_by_its_path(two_people, wrong):
    calls = [
        lambda: castlist.rename(wrong, "p1", "Anna"), lambda: castlist.merge(wrong, "p1", "p2"),
        lambda: castlist.proposals(wrong), lambda: castlist.propose(wrong, "names.csv"),
        lambda: castlist.accept(wrong, 1), lambda: castlist.reject(wrong, 1), lambda: castlist.Library(wrong),
    ]  # fmt: skip
    if wrong is not None and not isinstance(wrong, bytes):
        calls.append(lambda: castlist.find(two_people / "film.mp4", workspace=wrong))
    for call in calls:
        with pytest.raises((InputError, WorkspaceError)):
            call()


@pytest.mark.parametrize("name", [".", "/", "", "x" * 300])
def test_a_folder_is_no_film(name):
    with pytest.raises(InputError):
        castlist.find(name)


@pytest.mark.parametrize("machine", [None, "cpu", 2])
def test_a_machine_is_a_machine(two_people, machine):
    with pytest.raises(InputError, match="machine is a Machine of castlist, got"):
        castlist.find(two_people / "film.mp4", machine=machine)
    with pytest.raises(InputError, match="from 0 to"):
        castlist.Machine(threads=10**9)


def test_the_number_of_somebody_who_was_merged_leads_on(film):
    castlist.rename(film, "p1", "Anna")
    assert [p.key for p in castlist.merge(film, "p1", "p2")] == ["p1"]
    with Workspace.open(film, write=False) as opened:
        cast = opened.cast()
    assert cast.named("p2") == cast.named("person 2") == [cast[0]]
    assert castlist.rename(film, "p2", "Bea")[0].name == "Bea"
    assert run(["export", str(film), "--person", "p2", "-o", str(film.parent / "bea.csv")]) == 0
    assert run(["decide", str(film), "undo"]) == run(["decide", str(film), "undo"]) == 0
    with Workspace.open(film, write=False) as opened:
        assert [p.key for p in opened.cast().named(["p1", "p2"])] == ["p1", "p2"]
        assert opened.cast().joined == {}


def test_tables_without_rows_have_the_types_of_others(cast):
    polars, arrow, pandas = (pytest.importorskip(name) for name in ("polars", "pyarrow", "pandas"))
    label = np.full(len(cast.tracks), -1)
    empty = castlist.Cast.of(cast.video, cast.clock, cast.shots, cast.tracks, label)
    for table in ("people", "appearances", "faces"):
        assert len(polars.concat([empty.to_polars(table), cast.to_polars(table)]))
        assert len(arrow.concat_tables([empty.to_arrow(table), cast.to_arrow(table)]))
        frames = empty.to_pandas(table), cast.to_pandas(table)
        assert len({str(frame.dtypes["name"]) for frame in frames}) == 1
        assert len(pandas.concat(frames))


def test_one_path_is_no_list_of_letters(two_people):
    assert films_of(str(two_people)) == films_of([two_people]) == [two_people / "film.mp4"]


def test_a_recipe_is_a_recipe(two_people):
    with pytest.raises(InputError, match="recipe is a Recipe of castlist, got dict"):
        castlist.find(two_people / "film.mp4", recipe={"people": 2})


def test_a_workspace_that_was_closed_is_not_damaged(two_people):
    with Workspace.open(two_people / "film.castlist", write=False) as opened:
        pass
    with pytest.raises(WorkspaceError, match="was closed"):
        opened.cast()


def test_a_library_names_what_is_wrong_with_an_argument(film, tmp_path):
    lib = castlist.Library(tmp_path / "lib")
    lib.add(film)
    person = lib.people[0].id
    for wrong in (lambda: lib.name(person, None), lambda: lib.name(person, 3), lambda: lib.find(None)):
        with pytest.raises(InputError, match="is text, got"):
            wrong()


def _calls(lib, person, wrong):
    """Calls of every method of a library, each with an unusable argument."""
    given = wrong or "x"
    return [
        lambda: lib.person(wrong), lambda: lib.merge(person, wrong), lambda: lib.forget(wrong),
        lambda: lib.split(person, wrong), lambda: lib.split(person, [wrong]), lambda: lib.find(wrong),
        lambda: lib.answer(wrong, "same"), lambda: lib.answer("x", wrong), lambda: lib.confirm(wrong),
        lambda: lib.confirm([wrong]), lambda: lib.judge(wrong), lambda: lib.judge([wrong]),
        lambda: lib.undo(given), lambda: lib.remove(wrong), lambda: lib.accept(wrong),
        lambda: lib.reject(wrong), lambda: lib.search_face(wrong), lambda: lib.questions(wrong),
        lambda: lib.history(wrong), lambda: lib.links(given), lambda: lib.pairs(given),
        lambda: lib.recurring(wrong),
    ]  # fmt: skip


def test_a_library_never_calls_itself_damaged_for_an_argument(film, tmp_path):
    lib = castlist.Library(tmp_path / "lib")
    lib.add(film)
    person = lib.people[0]
    assert lib.person(person) == person
    assert lib.name(person, "Anna") == person.id
    for wrong in (
        None,
        b"x",
        1.5,
        float("nan"),
        [],
        ["x", 5],
        {},
        "",
        "zzzz",
        "x" * 5000,
        "\udc80",
        object(),
    ):
        for call in _calls(lib, person, wrong):
            with pytest.raises(InputError):
                call()
    for limit in (lib.questions, lib.history, lib.links, lib.pairs, lib.recurring):
        with pytest.raises(InputError, match="0 or more"):
            limit(np.int64(-1))
        with pytest.raises(InputError, match="0 or more"):
            limit(-1)
    with pytest.raises(InputError):
        lib.search_face(np.ones(7))
    for nothing in ("", None, ["a"]):
        with pytest.raises(InputError):
            lib.add(nothing)
        with pytest.raises(InputError):
            lib.to_parquet(nothing)


OWN_CHECKS = {
    "Recipe", "Machine", "Executor | None", "FilmWatch", "Callable[[Outcome], None]", "bool",
    "NDArray[np.float32]",
}  # fmt: skip


def test_every_argument_of_a_library_is_checked():
    for name, method in vars(castlist.Library).items():
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        for parameter in list(inspect.signature(method).parameters.values())[1:]:
            assert parameter.annotation in KINDS.keys() | OWN_CHECKS, (name, parameter)
            assert hasattr(method, "__wrapped__") or parameter.annotation in OWN_CHECKS, name


@pytest.mark.parametrize("query", ['Jim "JJ" Jones', r'"Jim \"JJ\" Jones"', '"Jim JJ Jones"', "jim"])
def test_a_name_with_quotes_is_found(film, tmp_path, query):
    lib = castlist.Library(tmp_path / "lib")
    lib.add(film)
    lib.name(lib.people[0].id, 'Jim "JJ" Jones')
    assert lib.find(query).moments


def test_pictures_are_there_from_another_folder(two_people, monkeypatch):
    monkeypatch.chdir(two_people)
    with Workspace.open("film.castlist", write=False) as opened:
        cast = opened.cast()
    os.chdir("/")
    assert cast[0].images(1)


@pytest.mark.parametrize("pairs", [[0, 1], [[0, 1, 2]], [[0.5, 1]], [["a", "b"]]])
def test_links_are_pairs_of_tracks(pairs):
    x = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    with pytest.raises(InputError, match=r"of shape \(q, 2\)|whole numbers or text|tracks by text"):
        TSiam().fit(x, np.arange(40) // 4, np.array(pairs))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("undo 0", "a whole number of at least 1"),
        ("undo 99", "there is no decision 99"),
        ("reject 1 p1", "reject takes numbers of tracks, and 'p1' is not a number"),
        ("split 1,2", "split takes numbers of tracks"),
        ("unsure 0 1 p2", "unsure takes numbers of tracks"),
        ("same 0 1 p2", "same takes numbers of tracks"),
        ("different 0 1 p2", "different takes numbers of tracks"),
        ("key 0 zz", "key takes numbers of tracks"),
        ("key 0 1", "key takes the number of one track"),
        ("merge p1 p2 1", "merge takes people, and 1 is a track's number"),
        ("move 0 p1 p2", "move takes tracks and one person"),
        ("same 0 999", "there is no track 999; this cast has the tracks 0 to"),
        ("list p1", "list takes nothing after it"),
        ("history 3", "history takes nothing after it"),
        ("questions 3", "questions takes nothing after it"),
        ("merge p1 p2 --offset 3", "--offset belongs to import"),
    ],
)
def test_no_word_of_an_action_is_ignored(film, capsys, words, sentence):
    run(["decide", str(film), "name", "p1", "Anna"])
    assert run(["decide", str(film), *words.split()]) == 2
    assert sentence in capsys.readouterr().err
    with Workspace.open(film, write=False) as opened:
        assert len(opened.decisions.all()) == 1


@pytest.mark.parametrize("action", ["hide", "background", "not-a-face", "confirm"])
def test_people_and_tracks_of_one_action_all_count(film, action):
    with Workspace.open(film, write=False) as opened:
        first, second = opened.cast()
    with Session.open(film) as session:
        session.decide({"action": action, "people": [first.key], "tracks": np.array(second.tracks)})
        view = session.view
        left = [g.number for g in view.groups if g.fate == PERSON]
    if action == "confirm":
        assert view.labelled[[*first.tracks, *second.tracks]].all()
    else:
        assert left == []


@pytest.mark.parametrize(
    "request_",
    [
        None, [], {"action": "hide", "people": ["p1"], "track": 1}, {"action": "key", "track": 0, "ms": "x"},
        {"action": "key", "track": 0, "ms": float("nan")}, {"action": "confirm", "tracks": [True]},
        {"action": "confirm", "tracks": ["0"]}, {"action": "confirm", "tracks": 0},
        {"action": "confirm", "tracks": [0.0]}, {"action": "merge", "people": "p1"},
    ],
)  # fmt: skip
def test_a_decision_that_says_something_else_is_refused(film, request_):
    with Session.open(film) as session:
        with pytest.raises(InputError):
            session.decide(request_)
        for number in (0, 1, -1, 1.5, float("nan"), "1", True):
            with pytest.raises(InputError):
                session.undo(number)
        assert session.decide({"action": "confirm", "tracks": (np.int64(0),)}) == 1
        assert session.undo(np.int64(1)) == 2


def test_two_scripts_may_name_people_at_the_same_time(film):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: castlist.rename(film, f"p{i % 2 + 1}", f"name {i}"), range(8)))
    with Workspace.open(film, write=False) as opened:
        assert len(opened.decisions.all()) == 8


@pytest.mark.parametrize(
    "wrong", [{"progress": 3}, {"progress": "bar"}, {"watch": None}, {"watch": 3}], ids=str
)
def test_what_is_told_of_progress_is_a_function(two_people, wrong):
    with pytest.raises(InputError, match=f"^{next(iter(wrong))} is a function"):
        castlist.find(two_people / "film.mp4", **wrong)


def test_a_workspace_shows_its_path_and_takes_one_writing_thread(film):
    with Workspace.open(film) as opened:
        assert repr(opened) == f"<Workspace {film}>"
        with pytest.raises(WorkspaceError, match="another thread of this program is writing to it; wait"):
            Workspace.open(film)
