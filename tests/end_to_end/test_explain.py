"""Why two tracks are one person: a drawn film with a mirror, asked from the command line and from Python."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import castlist
from castlist.cli import run
from castlist.cluster import LowQualityPlacement
from castlist.drawn import FILMS, render
from castlist.errors import InputError, WorkspaceError
from castlist.pipeline.explanation import as_plain
from castlist.pipeline.identify import Found
from castlist.types import Scan


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    film = tmp_path_factory.mktemp("explain") / "mirror.mp4"
    render(FILMS["mirror"](), film)
    castlist.find(film)
    return film.with_suffix(".castlist")


@pytest.fixture(scope="module")
def cast(workspace: Path) -> castlist.Cast:
    with castlist.Workspace.open(workspace, write=False) as keep:
        return keep.cast()


def test_a_reflection_does_not_tear_a_person_apart(cast: castlist.Cast) -> None:
    assert sorted(len(p.tracks) for p in cast) == [1, 3]


def test_two_tracks_of_a_person(workspace: Path, cast: castlist.Cast) -> None:
    person = max(cast, key=lambda p: len(p.tracks))
    why = castlist.explain(workspace, person.tracks[0], person.tracks[1])
    assert why.same
    assert why.persons == (person.name, person.name)
    assert why.probability > 0.9
    assert min(why.belonging) > 0.9
    assert person.name in why.sentences[0]
    assert why.merges[-1].height <= 0.5
    assert {pair.a.track for pair in why.pairs} == {person.tracks[0]}
    assert [p.cosine for p in why.pairs] == sorted((p.cosine for p in why.pairs), reverse=True)


@pytest.mark.parametrize("probability", [0.84, 0.41])
def test_a_low_quality_track_is_explained_with_its_probability_and_reasons(
    workspace: Path, cast: castlist.Cast, monkeypatch: pytest.MonkeyPatch, probability: float
) -> None:
    module = import_module("castlist.pipeline.explain")
    person = max(cast, key=lambda p: len(p.tracks))
    other = next(p for p in cast if p is not person)
    first, second = person.tracks[:2]
    placement = LowQualityPlacement(
        (second,), first, probability, other.tracks[0], 0.1, 0.9 - probability, np.log(5.2), np.log(0.5), 0.0
    )
    again = module.identify_again

    def placed(*args: Any, **options: Any) -> tuple[Found, Scan]:
        found, scan = again(*args, **options)
        return replace(found, placements=(placement,)), scan

    monkeypatch.setattr(module, "identify_again", placed)
    why = castlist.explain(workspace, first, second)
    (text,) = [
        text for text in why.sentences if text.startswith(f"Track {second} shows too little of a face")
    ]
    assert f"{person.name}, p = {probability:.2f} ({other.name} 0.10, a new person" in text
    assert "the shots around the track 5.2, what is seen of the face 0.5." in text
    assert "clothes" not in text
    assert text.endswith("So castlist placed it there.") == (probability > 0.6)
    stays = f"not sure enough, so it stays with {person.name}, where the linkage put it."
    assert text.endswith(stays) == (probability < 0.6)
    assert any("Their groups" in text for text in why.sentences) == (probability < 0.6)
    assert [p.track for p in why.placed] == [second]
    assert as_plain(why)["placed"][0]["person"] == person.name


def test_two_people_by_name(workspace: Path, cast: castlist.Cast) -> None:
    why = castlist.explain(workspace, cast[0].name, cast[1].name)
    assert not why.same
    assert why.persons == (cast[0].name, cast[1].name)
    assert why.probability < 0.5
    assert why.joined < 0.5
    assert why.merges[-1].height > 0.5


def test_the_command_line_says_it_and_shows_it(
    workspace: Path, cast: castlist.Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = cast[0].tracks[0], cast[1].tracks[0]
    assert run(["explain", str(workspace), str(first), str(second)]) == 0
    said = capsys.readouterr().out
    assert f"track {second}" in said
    page = (workspace / "explain.html").read_text("utf-8")
    assert page.count("data:image/jpeg") >= 2
    assert "<script" not in page
    assert run(["explain", str(workspace), str(first), str(second), "--json", "-o", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tracks"] == [first, second]
    assert told["same"] is False


def test_what_a_person_decided_is_told(workspace: Path, cast: castlist.Cast, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "mirror.castlist"
    shutil.copytree(workspace, copy)
    assert run(["decide", str(copy), "merge", "p1", "p2"]) == 0
    why = castlist.explain(copy, cast[0].tracks[0], cast[1].tracks[0])
    assert why.same
    assert "decided by a person (decision 1)" in why.sentences[1]
    assert "one person in this cast" in why.sentences[0]


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (0, 0, "two different tracks"),
        (0, 99, "no track 99"),
        (0, -1, "no track -1"),
        ("Nobody at all", 0, "no person 'Nobody at all' in this cast"),
        ("Person 1", "Person 1", "the same person in this cast"),
    ],
)
def test_what_cannot_be_compared_is_refused(workspace: Path, a: int | str, b: int | str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        castlist.explain(workspace, a, b)


def test_a_workspace_without_a_cast_is_refused(tmp_path: Path) -> None:
    with castlist.Workspace.open(tmp_path / "film.castlist", create=True):
        pass
    with pytest.raises(WorkspaceError, match="castlist find"):
        castlist.explain(tmp_path / "film.castlist", 0, 1)
    with pytest.raises(WorkspaceError):
        castlist.explain(tmp_path / "none.castlist", 0, 1)


def test_functions_stay_functions_once_their_modules_are_in() -> None:
    import castlist.pipeline.explain
    from castlist.pipeline.identify import identify

    assert castlist.identify is identify is castlist.pipeline.identify
    assert castlist.explain is castlist.pipeline.explain
