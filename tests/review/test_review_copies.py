"""What was decided about a drawn film holds on copies of it that were really encoded anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from castlist.cast import Cast
from castlist.cli import run
from castlist.drawn import random_script, render
from castlist.errors import InputError
from castlist.pipeline import find
from castlist.recipe import Recipe
from castlist.review import Session
from castlist.store import Workspace

SECONDS = 16.0


def encode(
    film: Path, copy: Path, *, scale: float = 1, rate: int = 25, trim: float = 0, crf: int = 23
) -> None:
    """A copy of another size and frame rate, without its beginning."""
    with av.open(str(film)) as source, av.open(str(copy), "w") as target:
        video = source.streams.video[0]
        out = target.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
        out.width, out.height = (int(n * scale) // 2 * 2 for n in (video.width, video.height))
        out.pix_fmt, out.time_base, shown = "yuv420p", Fraction(1, rate), 0
        for frame in source.decode(video):
            time = frame.pts * frame.time_base - Fraction(trim).limit_denominator(1000)
            while Fraction(shown, rate) <= time:
                picture = frame.reformat(out.width, out.height, "yuv420p")
                picture.pts, picture.time_base, shown = shown, Fraction(1, rate), shown + 1
                target.mux(out.encode(picture))
        target.mux(out.encode(None))


@dataclass
class Decided:
    """A film, its workspace, and who was called what at which times."""

    film: Path
    place: Path
    cast: Cast


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    film = tmp_path_factory.mktemp("copies") / "film.mp4"
    script = random_script(3, n_people=4, seconds=SECONDS, width=480, height=270)
    render(script, film)
    find(film)
    place = Workspace.beside(film)
    with Session.open(place) as session:
        groups = session.view.groups
        session.decide({"action": "name", "person": groups[0].id, "name": "Anna"})
        session.decide({"action": "name", "person": groups[1].id, "name": "Bob"})
        session.decide({"action": "background", "people": [groups[-1].id]})
        session.undo()
        items = [
            {
                "track": int(groups[0].tracks[-1]),
                "to": session.witness(groups[0].id, int(groups[0].tracks[-1])),
            }
        ]
        session.decide({"action": "sort", "items": items})
        session.decide({"action": "hide", "people": [groups[2].id]})
        cast = session.cast()
    return Decided(film, place, cast)


def on_screen(cast: Cast, name: str) -> set[int]:
    """The tenths of seconds at which a person is seen."""
    return {i for a in cast[name].appearances for i in range(int(a.start * 10), int(a.stop * 10))}


@pytest.mark.parametrize(
    ("how", "offset"),
    [
        ({"scale": 0.5, "rate": 30}, 0.0),
        ({"trim": 3.2}, -3.2),
        ({"crf": 35}, 0.0),
    ],
    ids=["half the size, 30 frames a second", "without 3.2 seconds", "crf 35"],
)
def test_names_and_decisions_hold_on_a_copy(
    decided: Decided, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: dict[str, float], offset: float
) -> None:
    copy = tmp_path / "copy.mp4"
    encode(decided.film, copy, **how)  # type: ignore[arg-type]
    find(copy)
    place = Workspace.beside(copy)
    assert run(["decide", str(place), "import", str(decided.place)]) == 0
    said = capsys.readouterr().out
    assert "4 decisions imported" in said
    with Session.open(place) as session:
        found = session.cast()
        assert (session.view.missing, session.view.conflicts) == ((), ())
    for name in ("Anna", "Bob"):
        before = {i + round(10 * offset) for i in on_screen(decided.cast, name)}
        before = {i for i in before if i >= 0}
        after = on_screen(found, name)
        assert len(before & after) > 0.85 * len(before | after), name
    assert sum(why == "hidden, as was decided" for why in found.reason) >= 1
    find(copy, replace=True)  # once more, now within the decisions
    with Workspace.open(place, write=False) as keep:
        assert {"Anna", "Bob"} <= {p.name for p in keep.cast()}
    assert run(["decide", str(place), "import", str(decided.place)]) == 0
    assert "0 decisions imported, 4 were already here" in capsys.readouterr().out


def test_another_recipe_keeps_names_and_decisions(decided: Decided) -> None:
    recipe = Recipe()
    with Workspace.open(decided.place, write=False) as keep:
        before = len(keep.decisions.all())
    changed = replace(recipe, detect=replace(recipe.detect, min_score=0.8))
    cast = find(decided.film, recipe=changed, replace=True)
    for name in ("Anna", "Bob"):
        a, b = on_screen(decided.cast, name), on_screen(cast, name)
        assert len(a & b) > 0.85 * len(a | b)
    with Workspace.open(decided.place, write=False) as keep:
        assert len(keep.decisions.all()) == before


def test_a_film_replaced_by_a_copy_is_refused_and_told_what_to_do(decided: Decided, tmp_path: Path) -> None:
    copy = tmp_path / decided.film.name
    encode(decided.film, copy, crf=35)
    with pytest.raises(InputError, match=r"import .*film\.castlist copies the decisions to it"):
        find(copy, workspace=decided.place)
