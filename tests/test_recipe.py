"""Recipes: TOML in, TOML out, and clear words for what is unknown."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from castlist.errors import RecipeError
from castlist.recipe import CHOICES, Recipe
from castlist.types import Video


class Mine:
    """A step of one's own."""


def test_a_recipe_is_read_as_it_is_written():
    recipe = Recipe().with_setting("track.max_gap=1.5").with_setting("refine.use=ssiam")
    assert Recipe.parse(recipe.toml()) == recipe
    assert Recipe.parse("") == Recipe()


@pytest.mark.parametrize("room", CHOICES)
def test_every_choice_can_be_written_and_read(room):
    for name in CHOICES[room]:
        recipe = Recipe().with_step(room, {"use": name})
        assert f'[{room}]\nuse = "{name}"' in recipe.toml()
        assert Recipe.parse(recipe.toml()) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[track]\nmax_gpa = 8", r"track 'motion' has no option 'max_gpa'; it has min_score, max_gap"),
        ("[track]\nuse = 'scrdf'", "unknown track 'scrdf'; choose from motion"),
        ("[trakc]\nmax_gap = 8", "no step 'trakc'; it has split, look, detect"),
        ("[track]\nmax_gap = 'long'", r"track\.max_gap takes a value like 0\.5, got 'long'"),
        ("[track]\nmax_gap = true", r"track\.max_gap takes a value like"),
        ("[track]\nuse = 'no.such:Thing'", "cannot import 'no.such:Thing'"),
        ("track = 3", "needs tables such as"),
        ("[track", "not TOML"),
        ("[cut]\nuse = 'count'\nn_clusters = 0", "at least 1"),
    ],
)
def test_what_is_unknown_is_named_with_what_is_known(text, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.parse(text)


@pytest.mark.parametrize("setting", ["track.max_gap", "max_gap=3", "track=3", ""])
def test_a_setting_names_step_option_and_value(setting):
    with pytest.raises(RecipeError, match=r"step\.option=value"):
        Recipe().with_setting(setting)


def test_whole_numbers_do_for_fractions_and_text_needs_no_quotes():
    assert Recipe().with_setting("track.max_gap=1").track.max_gap == 1.0
    assert type(Recipe().with_setting("refine.use=none").refine).__name__ == "Base"
    assert Recipe().with_setting("look.other_sides=[320]").look.other_sides == (320,)


def test_an_object_of_ones_own_is_a_step():
    recipe = Recipe().with_setting(f"track.use={__name__}:Mine")
    assert isinstance(recipe.track, Mine)
    assert f'use = "{__name__}:Mine"' in recipe.toml()


def test_a_missing_recipe_is_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        Recipe.read(tmp_path / "none.toml")


def test_only_steps_that_matter_are_in_a_key():
    recipe = Recipe()
    assert recipe.key("track") != recipe.with_setting("track.max_gap=1").key("track")
    assert recipe.key("track") == recipe.with_setting("refine.use=ssiam").key("track")


def test_a_scan_is_of_a_film_by_a_recipe_and_a_version(monkeypatch):
    film = Video(Path("film.mp4"), 640, 360, Fraction(25), Fraction(60), "digest")
    recipe = Recipe()
    key = recipe.scan_key(film)
    assert key == recipe.with_setting("link.use=ward").scan_key(film)
    assert key != recipe.with_setting("embed.least=5").scan_key(film)
    assert key != recipe.scan_key(replace(film, digest="another"))
    monkeypatch.setattr("castlist.recipe.SCAN", 99)
    assert key != recipe.scan_key(film)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("look.per_second=-1", "look.per_second must not be negative"),
        ("look.per_second=0", "more than 0"),
        ("look.per_second=nan", "must be a finite number"),
        ("track.max_gap=inf", "must be a finite number"),
        ("look.side=-640", "must not be negative"),
        ("track.use=os:getcwd", "is no class"),
        ("track.use=os:path", "is no class"),
    ],
)
def test_numbers_and_objects_that_make_no_sense_are_refused(setting, words):
    with pytest.raises(RecipeError, match=words):
        Recipe().with_setting(setting)
