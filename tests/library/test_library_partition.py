"""Who is one person in a library: over all films, in any order, within what users decided."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_made import made_film, person_vector

from castlist.cli import run
from castlist.library import Library, scope
from castlist.library.adding import add_film
from castlist.library.open_pairs import ASKED, TWO, asks
from castlist.library.partition import (
    COMPANY,
    SURE,
    Group,
    Meetings,
    Node,
    Partition,
    Rules,
    bit_set,
    identities,
    partition,
)
from castlist.library.score import ScoreOdds, ScoreTable, pair_score

ODDS = ScoreOdds(same_mean=0.7, same_std=0.1, other_mean=0.1, other_std=0.1)
NOTHING = Rules(frozenset(), frozenset(), frozenset())


def node(film: int, key: str, cosine: float, *, of: int = 0, twin: int = 1, **given: object) -> Node:
    """A film-person at a cosine to person `of`, in the direction of person `twin`."""
    a, b = person_vector(of), person_vector(twin)
    b = b - (a @ b) * a
    face = cosine * a + np.sqrt(1 - cosine**2) * b / np.linalg.norm(b)
    known = {
        "member": 10 * film + int(key[1:]),
        "person": None,
        "held": False,
        "sufficient": True,
        "name": "",
    }
    return Node((f"film{film}", key), film, **{**known, **given}, vectors=np.float32([face]))  # type: ignore[arg-type]


def parted(nodes: list[Node], rules: Rules = NOTHING, likeness: ScoreOdds = ODDS) -> Partition:
    scores = ScoreTable([n.vectors for n in nodes])
    return partition(Partition(nodes, rules, likeness, scores, 0, None, [1 << n.film for n in nodes]))


def groups(found: Partition) -> list[tuple[int, ...]]:
    return sorted(found.groups.values())


def test_several_films_of_a_person_say_more_than_one():
    """A likeness that leaves one film unsure is enough where four films have it: the mean counts."""
    far = node(9, "p1", 0.5)
    films = [node(f, "p1", 1.0) for f in range(1, 5)]
    assert groups(parted([films[0], far])) == [(0,), (1,)]
    (question,) = asks(parted([films[0], far]))
    assert 0.5 < question.probability < SURE
    assert groups(parted([*films, far])) == [(0, 1, 2, 3, 4)]


def test_people_of_one_film_become_one_only_through_another_film():
    twice = [node(1, "p1", 1.0), node(1, "p2", 0.95)]
    assert groups(parted(twice)) == [(0,), (1,)]
    assert asks(parted(twice)) == []
    assert groups(parted([*twice, node(2, "p1", 0.98)])) == [(0, 1, 2)]
    decided = Rules(frozenset(), frozenset(), frozenset({1}))
    found = parted([*twice, node(2, "p1", 0.98)], decided, ODDS)
    assert groups(found) == [(0,), (1,), (2,)]  # which of the two is it?
    assert len(asks(found)) == 2


def test_who_looks_like_two_people_is_linked_to_neither():
    twins = [node(1, "p1", 1.0), node(1, "p2", 0.95)]
    apart = Rules(frozenset({(0, 1)}), frozenset(), frozenset())
    found = parted([*twins, node(2, "p1", 0.99)], apart, ODDS)
    assert groups(found) == [(0,), (1,), (2,)]
    assert [(a.node, a.other) for a in asks(found)] == [(0, 2), (1, 2)]
    other = [twins[0], node(1, "p2", 0.3), node(2, "p1", 0.99)]
    assert groups(parted(other, apart, ODDS)) == [(0, 2), (1,)]


def test_names_and_answers_hold_people_apart_and_equal_names_help():
    named = [node(1, "p1", 1.0, name="Anna"), node(2, "p1", 0.99, name="Bea")]
    found = parted(named)
    assert groups(found) == [(0,), (1,)]
    assert [a.why for a in asks(found)] == ["named Anna and Bea"]
    answered = parted([node(1, "p1", 1.0), node(2, "p1", 0.99)],
                         Rules(frozenset(), frozenset({(0, 1)}), frozenset()), ODDS)  # fmt: skip
    assert groups(answered) == [(0,), (1,)]
    assert asks(answered) == []
    unsure = [node(1, "p1", 1.0), node(2, "p1", 0.5)]
    assert groups(parted(unsure)) == [(0,), (1,)]
    same = [node(1, "p1", 1.0, name="anna"), node(2, "p1", 0.5, name="Anna")]
    assert groups(parted(same)) == [(0, 1)]


def test_what_a_user_decided_is_one_whole():
    """Three unlike films are one person by a user's word; a further film is compared with all of them."""
    held = [node(f, "p1", c, person="A", held=True) for f, c in ((1, 1.0), (2, 0.1), (3, 0.2))]
    found = parted([*held, node(4, "p1", 1.0, person="B")])
    assert groups(found) == [(0, 1, 2), (3,)]
    assert identities(found) == {g: "A" if len(x) == 3 else "B" for g, x in found.groups.items()}


def test_too_little_evidence_joins_and_begins_nobody():
    nodes = [node(1, "p1", 1.0), node(2, "p1", 0.99, sufficient=False), node(2, "p2", 0.1, sufficient=False)]
    assert groups(parted(nodes)) == [(0, 1)]


@pytest.mark.parametrize("seed", range(3))
def test_the_linkage_is_average_linkage(seed):
    """Against the literal rule: again and again the most alike allowed pair of groups."""
    rng = np.random.default_rng(seed)
    nodes = [
        node(f, f"p{i}", float(rng.uniform(0.3, 1.0)), of=200 + i, twin=300 + i)
        for f in range(1, 6) for i in range(4)
    ]  # fmt: skip
    nodes.sort(key=lambda n: n.order)
    likeness = ScoreOdds(same_mean=0.6, same_std=0.2, other_mean=0.1, other_std=0.15)
    found = parted(nodes, NOTHING, likeness)
    score = [[pair_score(a.vectors, b.vectors) for b in nodes] for a in nodes]
    now: list[tuple[int, ...]] = [(i,) for i in range(len(nodes))]

    def mean(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> float:
        return float(np.mean([score[i][j] for i in pair[0] for j in pair[1]]))

    meetings = Meetings()
    while True:
        given = (nodes, NOTHING, likeness, found.scores, 0, None, found.shown, dict(enumerate(now)))
        state = Partition(*given, meetings=meetings)
        able = [
            p for p in itertools.combinations(now, 2) if state.probability(*p) >= SURE and state.allowed(*p)
        ]
        if not able and meetings == found.meetings:
            break
        if not able:
            meetings = found.meetings  # these count once the first people stand
            continue
        a, b = max(able, key=mean)
        now = [g for g in now if g not in (a, b)] + [tuple(sorted(a + b))]
    assert groups(found) == sorted(now)


def season(halves: tuple[range, range], alike: float = 0.4) -> list[Node]:
    """Five people in some films, and a person who looks different in the first and in the last films."""
    cast = [node(f, f"p{i}", 1.0, of=10 * i) for half in halves for f in half for i in range(1, 6)]
    first = [node(f, "p9", 1.0, of=90, twin=91) for f in halves[0]]
    return cast + first + [node(f, "p9", alike, of=90, twin=91) for f in halves[1]]


def home(found: Partition, film: int) -> Group:
    """The group of the person who looks otherwise, in a film."""
    return next(
        g for g in found.groups.values() if any(found.nodes[i].order == (f"film{film}", "p9") for i in g)
    )


def test_who_never_meets_somebody_of_the_same_company_is_likelier_to_be_that_person():
    """One person of ten films, who would else be two: each of five films, of the same five people."""
    found = parted(season((range(1, 6), range(6, 11))))
    assert len(home(found, 1)) == 10
    without = replace(found, meetings=Meetings(), groups={0: home(found, 1)[:5], 1: home(found, 1)[5:]})
    assert 0.5 < without.probability(*without.groups.values()) < SURE


def test_people_of_two_series_say_nothing_of_each_other():
    """No person is in films of both series, so that similar people are not taken for one."""
    series = [
        n
        for n in season((range(1, 6), range(6, 11)))
        if not (n.film > 5 and n.order[1] in ("p1", "p2", "p3"))
    ]
    found = parted(series)
    assert len(home(found, 1)) == 5


def test_two_who_follow_each_other_are_two_where_others_do_so_too():
    """A cast in which six more people are each replaced by another person in the middle."""
    halves = (range(1, 6), range(6, 11))
    others = [node(f, f"p{i}", 1.0, of=100 * i + (f > 5)) for f in range(1, 11) for i in range(11, 17)]
    found = parted(season(halves) + others)
    assert found.meetings.parted > 1.5 * parted(season(halves)).meetings.parted
    assert len(home(found, 1)) == 5


@given(st.permutations(range(10)), st.booleans())
@settings(max_examples=20, deadline=None)
def test_meetings_say_the_same_whatever_row_each_film_has(rows, held):
    """Films get their rows in the order in which they are added."""
    nodes = [
        replace(n, held=held and n.film < 4, person=n.order[1]) for n in season((range(1, 6), range(6, 11)))
    ]
    first = parted(nodes)
    moved = parted([replace(n, film=rows[n.film - 1] + 1) for n in nodes])
    assert groups(moved) == groups(first)
    assert moved.meetings.parted == first.meetings.parted < 1
    assert len(home(first, 1)) == 10


def test_of_many_pairs_of_people_an_even_share_says_how_often_they_never_meet(monkeypatch):
    halves = (range(1, 6), range(6, 11))
    others = [node(f, f"p{i}", 1.0, of=100 * i + (f > 5)) for f in range(1, 11) for i in range(11, 17)]
    every = parted(season(halves) + others)
    monkeypatch.setattr("castlist.library.partition.PAIRS", 60)
    share = parted(season(halves) + others)
    assert share.meetings.company == every.meetings.company
    assert share.meetings.parted != every.meetings.parted
    assert share.meetings.parted == pytest.approx(every.meetings.parted, rel=0.3)


FILMS = st.frozensets(st.integers(0, 12))


@settings(deadline=None)
@given(FILMS, FILMS, st.lists(FILMS, max_size=8), st.floats(0.01, 1))
def test_meetings_never_speak_against_one_person(a, b, company, share):
    meetings, first, second = Meetings(tuple(map(bit_set, company)), share), bit_set(a), bit_set(b)
    odds = meetings.log_odds(first, second)
    assert 0 <= odds <= -np.log(share) + 1e-9
    assert odds == pytest.approx(meetings.log_odds(second, first))
    if not a.isdisjoint(b):
        assert odds == 0


@settings(deadline=None)
@given(FILMS, FILMS, st.lists(FILMS, max_size=8))
def test_company_are_those_who_are_in_films_of_both(a, b, company):
    """Against sets of films."""
    shared = [films for films in company if films & a and films & b]
    chances = Meetings(tuple(map(bit_set, company))).chances(bit_set(a), bit_set(b))
    assert (chances is None) == (len(shared) < COMPANY)
    if chances is not None:
        assert chances[0] == 1 - 1 / len(a.union(b, *shared))


def test_the_chance_of_never_meeting_is_that_of_drawing_films_at_random():
    """Against all ways of being in two of five films, and three of them."""
    company = Meetings((bit_set(range(5)),) * COMPANY)
    ways = [(a, b) for a in itertools.combinations(range(5), 2) for b in itertools.combinations(range(5), 3)]
    never = np.mean([set(a).isdisjoint(b) for a, b in ways])
    assert company.chances(bit_set([0, 1]), bit_set([2, 3, 4])) == pytest.approx((0.8, never))


def test_at_most_so_many_questions_about_somebody_but_each_other_one_is_asked_about():
    nodes = [node(f, "p1", 0.48, of=0, twin=50 + f) for f in range(2, 9)]
    found = parted([node(1, "p1", 1.0), *nodes])
    assert len(found.groups) == 8
    asked = asks(found)
    assert {0} < {a.node for a in asked} | {a.other for a in asked}
    assert len(asked) > ASKED  # each of the seven may be the first person


def test_a_question_compares_people_of_two_films_and_says_why_it_is_asked():
    """Two similar people of one film, each of them in another film, too."""
    twins = [node(1, "p1", 1.0), node(1, "p2", 0.97), node(2, "p1", 0.8)]
    decided = Rules(frozenset(), frozenset(), frozenset({1}))
    found = parted(twins, decided)
    compared = {frozenset((found.nodes[a.node].film, found.nodes[a.other].film)) for a in asks(found)}
    assert compared == {frozenset((1, 2))}
    shown = [node(1, "p1", 1.0), node(1, "p2", 0.2, twin=3), node(2, "p1", 0.97), node(3, "p1", 0.9, twin=3)]
    held = [
        Node(n.order, n.film, n.member, "ab"[i % 2], True, True, "", n.vectors) for i, n in enumerate(shown)
    ]
    (question,) = asks(parted(held, Rules(frozenset(), frozenset(), frozenset())))
    assert question.probability >= SURE
    assert question.why == TWO


# In a library


def partition_of(lib: Library) -> set[frozenset[str]]:
    return {frozenset(f"{m[0].name}:{m[1]}" for m in p.members) for p in lib.people}


@pytest.fixture(scope="module")
def alike(tmp_path_factory):
    """Films in which look-alikes, other looks of a person and strangers are mixed."""
    folder = tmp_path_factory.mktemp("alike")
    looks = (1.0, 0.6, 0.45, 0.8, 0.5)
    return [
        made_film(
            folder, f"f{i}", [[1, 2], [1], [2], [20 + i]], noise=0.6, older=older, age=1000 + 500 * (i % 2)
        )
        for i, older in enumerate(looks)
    ]


def test_people_and_questions_are_the_same_in_any_order(alike, tmp_path):
    found = []
    for n, order in enumerate(((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3))):
        lib = Library(tmp_path / f"lib{n}")
        for i in order:
            lib.add(alike[i])
        found.append((partition_of(lib), {m for q in lib.questions() for m in (q.id,)}))
        before = partition_of(lib)
        lib.rebuild()
        assert partition_of(lib) == before
    assert found[0][1]
    assert found[0] == found[1] == found[2]


def test_a_link_that_further_films_speak_against_is_moved(tmp_path, capsys):
    """The second film's person looked like the first film's; the third one shows who it is."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1], [30, 31, 32]], noise=0.1))
    lib.add(made_film(tmp_path, "two", [[1], [33, 34, 35]], noise=0.1, older=0.55))
    assert sorted(len(p.films) for p in lib.people)[-1] == 2
    first = next(p.id for p in lib.people if len(p.films) == 2)
    third = made_film(tmp_path, "three", [[1001, 1], [1001], [1], [36, 37]], noise=0.1)
    assert run(["library", "add", str(lib.path), str(third)]) == 0
    assert "In films added before: 1\u00a0link corrected" in capsys.readouterr().out
    assert {m[0].name for m in lib.person(first).members} == {"one.mp4", "three.mp4"}
    before = partition_of(lib)
    assert any({x.split(":")[0] for x in group} == {"two.mp4", "three.mp4"} for group in before)
    lib.rebuild()
    assert partition_of(lib) == before


@pytest.mark.parametrize("how", ["name", "merge"])
def test_a_machine_takes_nobody_out_of_what_a_user_decided(alike, tmp_path, how):
    lib = Library(tmp_path / "lib")
    lib.add(alike[0])
    lib.add(alike[1])
    a, b = sorted(lib.people, key=lambda p: -len(p.films))[:2]
    if how == "name":
        lib.name(a.id, "Anna")
    else:
        lib.merge(a.id, b.id)
    person = lib.person(a.id if how == "name" else b.id)
    before = {(m[0].digest, m[1]) for m in person.members}
    for film in alike[2:]:
        lib.add(film)
        assert before <= {(m[0].digest, m[1]) for m in lib.person(person.id).members}
    assert lib.person(person.id).name == person.name
    lib.rebuild()
    assert before <= {(m[0].digest, m[1]) for m in lib.person(person.id).members}


def person_at(lib: Library, film: str, key: str) -> str:
    return next(p.id for p in lib.people if any(m[0].name == film and m[1] == key for m in p.members))


def close_ups(folder, name: str, second: int, *, beside: bool = False, older: float = 1.0, look: int = 1):
    """A film of two people, the first one with a given look."""
    tracks = [[0], [1]] + [[0, 1]] * beside
    return made_film(folder, name, tracks, noise=0.1, older=older, looks={0: look, 1: second})


def test_whose_only_film_is_read_again_may_join_somebody(tmp_path):
    """Twins in film e, one of them forgotten: read again, the other is a person of film a."""
    lib = Library(tmp_path / "lib")
    lib.add(close_ups(tmp_path, "a", 50))
    lib.add(close_ups(tmp_path, "e", 1, beside=True))
    stays, goes = person_at(lib, "a.mp4", "p1"), person_at(lib, "e.mp4", "p1")
    assert lib.forget(person_at(lib, "e.mp4", "p2")) == []
    assert lib.person(goes).id != lib.person(stays).id
    add_film(lib._catalogue, "e", tmp_path / "e.castlist", again=True)
    assert lib.person(goes).id == lib.person(stays).id
    before = partition_of(lib)
    lib.rebuild()
    assert partition_of(lib) == before


def test_in_a_large_library_all_films_of_somebody_count(tmp_path, monkeypatch):
    """Film b shows a person beside another one, who looks more like film a does."""
    lib = Library(tmp_path / "lib")
    first = close_ups(tmp_path, "a", 50)
    lib.add(first, close_ups(tmp_path, "b", 51, beside=True, older=0.62))
    monkeypatch.setattr(scope, "WHOLE", 2)
    monkeypatch.setattr(scope, "LIKELIEST", 0)
    lib.add(close_ups(tmp_path, "e", 60))
    monkeypatch.setattr(scope, "LIKELIEST", 1)
    lib.merge(person_at(lib, "e.mp4", "p1"), person_at(lib, "b.mp4", "p2"))
    add_film(lib._catalogue, "a", first, again=True)
    assert person_at(lib, "b.mp4", "p1") != person_at(lib, "b.mp4", "p2")


def test_scenes_of_films_that_are_not_compared_count(tmp_path, monkeypatch):
    """The film that shows both at once is not among the few films of one of them that are compared."""
    lib = Library(tmp_path / "lib")
    lib.add(*(close_ups(tmp_path, f"f{i}", 50 + i) for i in range(2)))
    lib.add(close_ups(tmp_path, "both", 1, beside=True), close_ups(tmp_path, "last", 60))
    lead = person_at(lib, "f0.mp4", "p1")
    for film, key in (("f1.mp4", "p1"), ("both.mp4", "p1"), ("last.mp4", "p1")):
        if person_at(lib, film, key) != lib.person(lead).id:
            lib.merge(lead, person_at(lib, film, key))
    monkeypatch.setattr(scope, "WHOLE", 2)
    monkeypatch.setattr(scope, "MEMBERS", 2)
    lib.add(close_ups(tmp_path, "new", 61))
    assert person_at(lib, "both.mp4", "p1") != person_at(lib, "both.mp4", "p2")


def test_a_name_that_the_library_brought_goes_with_the_link(tmp_path):
    """Film one names a person; film two had that name from the library until it was another person's."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1], [30, 31, 32]], noise=0.1, names={1: "Anna"}))
    second = made_film(tmp_path, "two", [[1], [33, 34, 35]], noise=0.1, older=0.55)
    lib.add(second)
    assert {m[0].name for m in lib.person("Anna").members} == {"one.mp4", "two.mp4"}
    lib.add(made_film(tmp_path, "three", [[1001, 1], [1001], [1], [36, 37]], noise=0.1))
    assert {m[0].name for m in lib.person("Anna").members} == {"one.mp4", "three.mp4"}
    assert add_film(lib._catalogue, "two", second, again=True).ok
    assert [p.name for p in lib.people if p.named] == ["Anna"]
