"""Pages of unconfirmed links between films, least certain first."""

from __future__ import annotations

import json

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.links import links


def members(lib: Library) -> dict[str, list[str]]:
    """Which films each id means."""
    return {p.id: sorted(f"{m[0].name}:{m[1]}" for m in p.members) for p in lib.people}


@pytest.fixture
def lib(tmp_path) -> Library:
    """Two people in three films each, and a look-alike of the second in a fourth."""
    made = Library(tmp_path / "lib")
    for name, who in (("a", [1, 2]), ("b", [1, 2]), ("c", [1, 2])):
        made.add(made_film(tmp_path, name, [who, [who[0]], [who[1]]], noise=0.1))
    made.add(made_film(tmp_path, "d", [[7], [7]], noise=0.1, looks={7: 2}, older=0.8))
    assert sorted(len(films) for films in members(made).values()) == [3, 4]
    return made


def rows(lib: Library) -> list[str]:
    return [f"{link.member.film}:{link.member.key}" for link in lib.links()]


def test_the_least_alike_link_comes_first_and_what_others_are_compared_with_is_none(lib):
    found = lib.links()
    assert found[0].member.film == "d.mp4"
    assert len(found) == 2 + 3
    assert [link.person for link in found] == [found[0].person] * 3 + [found[3].person] * 2
    assert found[0].likeness == min(link.likeness for link in found)
    assert all(link.member not in link.others for link in found)
    assert [link.member for link in lib.links(1)] == [found[0].member]


def test_a_page_is_one_decision_and_is_taken_back(lib):
    before, shown = members(lib), rows(lib)
    number = lib.confirm(shown[1:], shown[:1], author="Eva")
    assert sorted(len(films) for films in members(lib).values()) == [1, 3, 3]
    assert lib.links() == []
    (made,) = lib.history()
    assert (made.number, made.author) == (number, "Eva")
    assert made.sentence.startswith("split off as a person of their own: Person ")
    after = members(lib)
    lib.rebuild()
    assert members(lib) == after
    assert lib.links() == []
    lib.undo()
    assert members(lib) == before
    assert rows(lib) == shown


def test_who_was_confirmed_stays_whatever_further_films_say(lib, tmp_path):
    lib.confirm(rows(lib))
    before = members(lib)
    for i, name in enumerate("efg"):
        lib.add(made_film(tmp_path, name, [[7, 1], [7]], noise=0.1, looks={7: 2}, older=0.8, age=3000 + i))
    now = members(lib)
    assert all(set(films) <= set(now[person]) for person, films in before.items())
    assert {film[0] for film in rows(lib)} <= set("efg")


def test_two_films_are_one_link(tmp_path):
    lib = Library(tmp_path / "lib")
    for name in "ab":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    (link,) = lib.links()
    assert len(link.others) == 1
    lib.confirm([f"{link.member.film}:{link.member.key}"])
    assert lib.links() == []


def test_if_all_films_show_others_the_longest_keeps_the_id(tmp_path):
    lib = Library(tmp_path / "lib")
    for name, tracks in (("a", [[1]]), ("b", [[1], [1], [1]]), ("c", [[1]])):
        lib.add(made_film(tmp_path, name, tracks, noise=0.1))
    ((person, films),) = members(lib).items()
    lib.confirm([], films)
    assert [film[0] for film in members(lib)[person]] == ["b"]


def test_what_was_merged_or_left_on_a_sheet_is_no_link(tmp_path):
    lib = Library(tmp_path / "lib")
    for name, who in (("a", 1), ("b", 1), ("c", 2)):
        lib.add(made_film(tmp_path, name, [[who], [who]], noise=0.1))
    person, other = (p.id for p in lib.people)
    lib.merge(person, other)
    assert all(link.member.film != "c.mp4" for link in lib.links())
    lib.answer_sheet(person, {}, ["c.mp4"], ["a.mp4", "b.mp4"])
    assert lib.links() == []
    assert sorted(len(films) for films in members(lib).values()) == [1, 2]


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ([], [], "nothing to confirm"),
        (["z.mp4:p1"], [], "z.mp4:p1: the library has no such person now"),
        (["nonsense"], [], "nonsense: the library has no such person"),
        ([f"{'0' * 64}:p1"], [], f"^{'0' * 20}...:p1: the library has no such"),
        (["\udcff.mp4:p1"], [], "mp4:p1: the library has no such person"),
        (["a.mp4:p1"], ["a.mp4:p1"], "a.mp4 cannot be both right and wrong"),
    ],
)
def test_a_wrong_page_is_one_sentence_and_changes_nothing(lib, right, wrong, sentence):
    keys = [f"{m[0].name}:{m[1]}" for p in lib.people for m in p.members if m[0].name == "a.mp4"]
    right, wrong = ([keys[0] if given == "a.mp4:p1" else given for given in side] for side in (right, wrong))
    before = members(lib)
    with pytest.raises(InputError, match=sentence):
        lib.confirm(right, wrong)
    assert members(lib) == before


def test_two_films_of_one_name_are_known_by_path_or_digest(lib):
    (lib.path.parent / "other").mkdir()
    lib.add(made_film(lib.path.parent, "other/a", [[1], [1], [5]], noise=0.1))
    link = next(link for link in lib.links() if link.member.film == "a.mp4")
    before = rows(lib)
    with pytest.raises(InputError, match="2 films have this name; write the path"):
        lib.confirm([f"a.mp4:{link.member.key}"])
    lib.confirm([f"{link.member.path}:{link.member.key}"])
    assert len(rows(lib)) == len(before) - 1


def test_two_films_of_one_name_are_listed_with_their_folders_as_confirm_takes_them(lib, capsys):
    (lib.path.parent / "other").mkdir()
    lib.add(made_film(lib.path.parent, "other/a", [[1], [1], [5]], noise=0.1))
    run(["library", "links", str(lib.path)])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert len(listed) == len(lib.links()) == len(set(listed))
    assert any(name.startswith("other/a.mp4:") for name in listed)
    assert run(["library", "confirm", str(lib.path), *listed]) == 0
    assert lib.links() == []


def test_whoever_is_named_twice_in_other_words_counts_once(tmp_path):
    lib = Library(tmp_path / "lib")
    for name, tracks in (("a", [[1], [1]]), ("b", [[1]])):
        lib.add(made_film(tmp_path, name, tracks, noise=0.1))
    ((person, films),) = members(lib).items()
    wrong = next(m for p in lib.people for m in p.members if m[0].name == "b.mp4")
    lib.confirm([], [f"b.mp4:{wrong[1]}", f"{wrong[0].digest}:{wrong[1]}"])
    assert members(lib)[person] == [film for film in films if film.startswith("a.mp4")]


def test_what_was_confirmed_is_not_recorded_again(lib):
    shown = rows(lib)
    lib.confirm(shown)
    with pytest.raises(InputError, match="nothing to confirm, or it was confirmed already"):
        lib.confirm(shown)
    assert len(lib.history()) == 1


def test_answers_about_the_same_two_are_taken_back_in_any_order(lib):
    def answers() -> list[tuple[int, int, str]]:
        with lib.reading() as db:
            return list(db.execute("SELECT a, b, said FROM answer"))

    before, shown = members(lib), rows(lib)
    confirmed = lib.confirm(shown)
    link = next(m for p in lib.people for m in p.members if m[0].name == "d.mp4")
    lib.split(next(p.id for p in lib.people if link in p.members), ["d.mp4"])
    split = lib.history()[0].number
    kept = answers()
    lib.undo(confirmed)
    assert [row for row in kept if row[2] == "different"] == answers()
    lib.rebuild()
    lib.undo(split)
    assert answers() == []
    assert members(lib) == before
    assert rows(lib) == shown


def test_the_commands_list_and_confirm(lib, capsys):
    assert run(["library", "links", str(lib.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["links"]
    assert found[0]["film"] == "d.mp4"
    assert run(["library", "links", str(lib.path), "--limit", "2"]) == 0
    assert "d.mp4:" in capsys.readouterr().out
    shown = [f"{row['film']}:{row['key']}" for row in found]
    assert run(["library", "confirm", str(lib.path), *shown[1:], "--wrong", shown[0]]) == 0
    assert "Right: 4, wrong: 1" in capsys.readouterr().out
    assert run(["library", "links", str(lib.path)]) == 0
    assert "No links to confirm" in capsys.readouterr().out
    assert run(["library", "confirm", str(lib.path)]) == 2
    assert "nothing to confirm" in capsys.readouterr().err


def test_the_faces_of_a_person_are_read_at_once(lib):
    """A person may be in hundreds of films."""
    with lib.reading() as db:
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        assert links(db, None)[1]
    assert sum("vectors.data" in statement for statement in asked) == 2  # once for each of two people


def test_people_who_were_confirmed_apart_are_a_link_once_castlist_joins_them(tmp_path):
    """Films a and b, and c and d, were each confirmed; further films say that all show one person."""
    lib = Library(tmp_path / "lib")
    for name, age in (("a", 1000), ("b", 1000), ("c", 2000), ("d", 2000)):
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1, older=0.66, age=age))
    assert [len(films) for films in members(lib).values()] == [2, 2]
    lib.confirm(rows(lib))
    assert lib.links() == []
    for name in "efgh":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    assert [len(films) for films in members(lib).values()] == [8]
    assert {row[0] for row in rows(lib)} in ({*"abefgh"}, {*"cdefgh"})
    lib.confirm(rows(lib))
    assert lib.links() == []


def test_beside_whom_the_others_were_shown_is_confirmed_with_them(tmp_path):
    """Without the film that is taken out, another one would be the most typical."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1, 2], [1], [2], [3]], noise=0.1, older=0.42))
    for name, who in (("c", 1), ("d", 1), ("e", 2)):
        lib.add(made_film(tmp_path, name, [[who], [who]], noise=0.1))
    person = next(p.id for p in lib.people if len(p.members) == 4)
    out, *others = [f"{x.member.film}:{x.member.key}" for x in lib.links() if x.person == person]
    assert out.startswith("b.mp4")
    lib.confirm(others, [out])
    assert [x for x in lib.links() if x.person == person] == []


def test_what_was_confirmed_beside_a_film_stays_when_that_film_is_removed(lib):
    shown = rows(lib)
    first = lib.confirm(shown[:2])
    second = lib.confirm(rows(lib))
    assert lib.links() == []
    before = members(lib)
    lib.remove("a.mp4")
    lib.rebuild()
    assert lib.links() == []
    lib.add(made_film(lib.path.parent, "e", [[9], [9]], noise=0.1))
    assert {p: films for p, films in members(lib).items() if p in before} == {
        p: [m for m in films if not m.startswith("a.mp4")] for p, films in before.items()
    }
    lib.undo(second)
    assert lib.links() != []
    lib.undo(first)
    assert len(lib.links()) == 1 + 2  # all but one film of each person


def test_people_who_were_parted_stay_so_when_the_film_they_were_told_apart_by_is_removed(lib):
    whom = next(p for p in lib.people if len(p.films) == 4)
    new = lib.split(whom.id, ["d.mp4"])
    (split,) = lib.history()
    for film in ("a.mp4", "b.mp4"):
        lib.remove(film)
    lib.rebuild()
    with lib.reading() as db:
        rows = db.execute(
            "SELECT x.person, y.person, said FROM answer JOIN member AS x ON x.id = a"
            " JOIN member AS y ON y.id = b"
        ).fetchall()
    assert [({a, b}, said) for a, b, said in rows] == [({whom.id, new}, "different")]
    lib.undo(split.number)
    with lib.reading() as db:
        assert db.execute("SELECT count(*) FROM answer").fetchone() == (0,)
