"""Steps of a user's own: what they give is checked, and what they raise is told as theirs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import castlist
from castlist.cli import run
from castlist.errors import RecipeError
from castlist.pipeline.orientation import Better, better_shown
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Detections

CODE = """
import numpy as np
from castlist import Machine
from castlist.detect import YuNet
from castlist.embed import SFace
from castlist.types import Detections

class Embed:
    model, per_second, least = "mine", 1.0, 3
    def __call__(self, chips, *, machine=Machine()):
        return self.made(SFace()(chips, machine=machine))
    def made(self, vector): return vector

class Fails(Embed):
    def made(self, vector): raise RuntimeError("my network failed")
class Nothing(Embed):
    def made(self, vector): return None
class Short(Embed):
    def made(self, vector): return vector[1:]
class Flat(Embed):
    def made(self, vector): return vector.ravel()
class Nan(Embed):
    def made(self, vector): return vector * np.nan
class NoMachine(Embed):
    def __call__(self, chips): return SFace()(chips)

class Detect:
    model = "mine"
    def __call__(self, image, *, scale=1.0, machine=Machine()):
        d = YuNet()(image, scale=scale, machine=machine)
        return self.made(d.frame, d.box, d.score, d.landmarks)
    def made(self, *columns): return Detections(*columns)

class NoDetections(Detect):
    def made(self, *columns): return columns
class NanBoxes(Detect):
    def made(self, f, b, s, l): return Detections(f, b * np.nan, s, l)
class NanLandmarks(Detect):
    def made(self, f, b, s, l): return Detections(f, b, s, l * np.nan)
class Turned(Detect):
    def made(self, f, b, s, l): return Detections(f, b[:, [2, 3, 0, 1]], s, l)
class Percent(Detect):
    def made(self, f, b, s, l): return Detections(f, b, 100 * s, l)
"""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A module of a user's own steps."""
    (tmp_path / "own_steps.py").write_text(CODE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_steps", raising=False)
    monkeypatch.delenv("CASTLIST_STRICT", raising=False)
    return "own_steps"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("embed.use=own_steps:Fails", "a step of your own failed (RuntimeError in own_steps.py:"),
        ("embed.use=own_steps:Nothing", "vectors of finite numbers for"),
        ("embed.use=own_steps:Short", "embed: Short must give"),
        ("embed.use=own_steps:Flat", "embed: Flat must give"),
        ("embed.use=own_steps:Nan", "with numbers that are not finite"),
        ("embed.use=own_steps:NoMachine", "cannot be called with machine="),
        ("detect.use=own_steps:NoDetections", "is tuple; a detector gives castlist.types.Detections"),
        ("detect.use=own_steps:NanBoxes", "not finite"),
        ("detect.use=own_steps:NanLandmarks", "not finite"),
        ("detect.use=own_steps:Turned", "not left, top, right, bottom"),
        ("detect.use=own_steps:Percent", "scores that are not from 0 to 1"),
    ],
)
def test_what_is_wrong_with_a_step_is_a_sentence_that_names_it(
    steps: str,
    setting: str,
    sentence: str,
    two_people: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "own.castlist"
    assert run(["find", str(two_people / "film.mp4"), "-o", str(place), "--set", setting, "-q"]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert "castlist itself" not in told
    assert "damaged" not in told


def test_steps_that_work_give_the_cast_of_castlist_s_own(
    steps: str, two_people: Path, tmp_path: Path
) -> None:
    recipe = Recipe().with_setting(f"embed.use={steps}:Embed").with_setting(f"detect.use={steps}:Detect")
    cast = castlist.find(two_people / "film.mp4", workspace=tmp_path / "own.castlist", recipe=recipe)
    assert len(cast) == 2


def test_vectors_of_two_lengths_are_refused() -> None:
    from castlist.helper_thread import HelperThread
    from castlist.pipeline.scan import TOGETHER, embed_chips

    class Widening:
        def __call__(self, chips: np.ndarray, *, machine: castlist.Machine) -> np.ndarray:
            return np.ones((len(chips), len(chips)), np.float32)

    chips = [np.zeros((112, 112, 3), np.uint8)] * (TOGETHER + 1)
    with HelperThread() as helper, pytest.raises(RecipeError, match="different lengths"):
        embed_chips(Widening(), chips, castlist.Machine(device="cpu"), helper)  # type: ignore[arg-type]


def test_a_detector_is_always_given_both_keywords(two_people) -> None:
    """A film without found people is searched in other ways, too."""

    class Wanting:
        model = "mine"

        def __call__(self, picture, *, scale, machine):
            return Detections.empty()

    with Workspace.open(two_people / "film.castlist", write=False) as opened:
        cast = opened.cast()
    cast = replace(cast, video=replace(cast.video, path=two_people / "film.mp4"))
    assert better_shown(cast, Recipe(detect=Wanting())) == Better()
