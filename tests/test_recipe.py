"""Recipes: TOML in, TOML out, and clear messages for unknown names."""

import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from castlist.errors import RecipeError
from castlist.recipe import CHOICES, FORMER, FORMER_OPTIONS, Recipe
from castlist.types import Video


class Mine:
    """A user's own step."""

    def __call__(self, *rows):
        return rows


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
        ("[trakc]\nmax_gap = 8", "no step 'trakc'; it has split, sampling, detect"),
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


@pytest.mark.parametrize("setting", [None, 3, b"track.max_gap=1", ["track.max_gap=1"]])
def test_a_setting_is_text(setting):
    with pytest.raises(RecipeError, match=r"a setting is text, such as 'track.max_gap=1', not "):
        Recipe().with_setting(setting)


def test_whole_numbers_do_for_fractions_and_text_needs_no_quotes():
    assert Recipe().with_setting("track.max_gap=1").track.max_gap == 1.0
    assert type(Recipe().with_setting("refine.use=none").refine).__name__ == "Unrefined"
    assert Recipe().with_setting("sampling.other_sides=[320]").sampling.other_sides == (320,)


def test_an_object_of_ones_own_is_a_step():
    recipe = Recipe().with_setting(f"track.use={__name__}:Mine")
    assert isinstance(recipe.track, Mine)
    assert f'use = "{__name__}:Mine"' in recipe.toml()


def test_a_missing_recipe_is_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        Recipe.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("number", "least", "most"), [(6, 6, 6), ("6", 6, 6), ("4-8", 4, 8), (" 1-1 ", 1, 1)]
)
def test_a_number_of_people_or_a_range_of_them(number, least, most):
    recipe = Recipe().with_people(number)
    assert (recipe.cut.least, recipe.cut.most) == (least, most)
    assert Recipe.parse(recipe.toml()) == recipe


@pytest.mark.parametrize(
    "number", ["0", "-3", "8-4", "six", "4-", "4-8-9", "1e3", "٤", "", "9" * 40, "\x1b[31m"]
)
def test_no_number_of_people_is_refused_in_a_sentence(number):
    with pytest.raises(RecipeError, match="number of people as 6, or as 4-8") as told:
        Recipe().with_people(number)
    assert "\x1b" not in str(told.value)


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
        ("sampling.per_second=-1", "sampling.per_second must not be negative"),
        ("sampling.per_second=0", "more than 0"),
        ("sampling.per_second=nan", "must be a finite number"),
        ("track.max_gap=inf", "must be a finite number"),
        ("sampling.side=-640", "must not be negative"),
        ("track.use=os:getcwd", "is no class"),
        ("track.use=os:path", "is no class"),
    ],
)
def test_numbers_and_objects_that_make_no_sense_are_refused(setting, words):
    with pytest.raises(RecipeError, match=words):
        Recipe().with_setting(setting)


NESTED = "[" * 3000 + "]" * 3000


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("split.ratio=" + "9" * 400, "far too large"),
        ("split.ratio=" + "9" * 5000, "takes a value like"),
        ("sampling.per_second=1e999", "finite"),
        ("refine.candidates=" + NESTED, "nested too deeply"),
        ("sampling.other_sides=[9223372036854775808]", "far too large"),
        ("cut.use=.relative:Y", "package.module:Name"),
        ("cut.use=:Y", "package.module:Name"),
        ("cut.use=module:", "package.module:Name"),
        ("cut.use=collections:Counter", "cannot be called"),
        ("cut.use=a\0b:C", "cannot import"),
        ("split.use=collections:OrderedDict", "has no 'signal'"),
        ("cut.use=" + "x" * 5000, "unknown cut"),
        ("link.model=\udcff", "has no option"),
    ],
)
def test_absurd_settings_are_one_short_sentence(setting, words):
    with pytest.raises(RecipeError, match=words) as caught:
        Recipe().with_setting(setting)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("body", ["(", "1/0", "raise SystemExit(3)", "class C:\n def __init__(self): 1/0"])
def test_a_module_that_fails_is_one_sentence(tmp_path, monkeypatch, body):
    (tmp_path / "failing_module.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "failing_module", raising=False)
    with pytest.raises(RecipeError, match=r"cut: cannot import|cut '.*' cannot be made"):
        Recipe().with_setting("cut.use=failing_module:C")


def test_a_recipe_that_a_workspace_keeps_imports_nothing(tmp_path, monkeypatch):
    (tmp_path / "strange_module.py").write_text("open('pwned', 'w')\nclass C: pass")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    text = Recipe().toml().replace('use = "probability"', 'use = "strange_module:C"')
    with pytest.raises(RecipeError, match="not a step of castlist"):
        Recipe.stored(text)
    assert not (tmp_path / "pwned").exists()
    assert "strange_module" not in sys.modules
    assert Recipe.stored(Recipe().toml()) == Recipe()


@pytest.mark.parametrize(
    "deep", ["a = " + NESTED, "[" + ".".join("a" * 5000) + "]", "[track]\nmax_gap = " + NESTED]
)
def test_a_deep_recipe_is_one_sentence(deep):
    with pytest.raises(RecipeError):
        Recipe.parse(deep)


def test_only_plain_files_of_a_reasonable_size_are_recipes(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * (2 << 20))
    (tmp_path / "bytes").write_bytes(b"\xff")
    for path in (
        tmp_path / "pipe",
        tmp_path / "large",
        tmp_path / "bytes",
        tmp_path,
        "/dev/zero",
        "a\0b",
        "",
    ):
        with pytest.raises(RecipeError) as raised:
            Recipe.read(path)
        assert str(raised.value).count("the recipe '") == 1


@pytest.mark.parametrize(("former", "name"), FORMER.items())
def test_a_step_answers_to_its_former_name(former: str, name: str) -> None:
    table = Recipe().toml().replace(f"[{name}]", f"[{former}]").replace('"adaptive"', '"look"')
    assert f"[{former}]" in table
    assert Recipe.parse(table) == Recipe()
    assert f"[{name}]" in Recipe.parse(table).toml()


@pytest.mark.parametrize(("step", "former", "name"), [(*old, new) for old, new in FORMER_OPTIONS.items()])
def test_an_option_is_read_under_its_former_name(step: str, former: str, name: str) -> None:
    recipe = Recipe().with_setting(f"{step}.{name}=0.5")
    stored = recipe.toml().replace(f"\n{name} = ", f"\n{former} = ")  # as former workspaces have it
    assert f"\n{former} = 0.5" in stored
    assert f"\n{name} = " not in stored
    assert Recipe.stored(stored) == Recipe.parse(stored) == recipe
    assert Recipe().with_setting(f"{step}.{former}=0.5").toml() == recipe.toml()
    with pytest.raises(RecipeError, match=rf"{step}\.{name} is given twice"):
        Recipe().with_step(step, {former: 0.5, name: 0.5})
    with pytest.raises(RecipeError, match="has no option"):
        Recipe().with_step("cut", {former: 0.5})


@pytest.mark.parametrize(("step", "former", "name"), [(*old, new) for old, new in FORMER_OPTIONS.items()])
def test_a_step_made_in_python_takes_the_former_name_of_an_option(step: str, former: str, name: str) -> None:
    kind = type(getattr(Recipe(), step))
    with pytest.warns(DeprecationWarning, match=rf"{former}=.*{name}=.*0\.4"):
        made = kind(**{former: 0.5})
    assert made == kind(**{name: 0.5})
    with pytest.warns(DeprecationWarning, match=rf"{former} is now .*{name}"):
        assert getattr(made, former) == 0.5


def test_an_option_that_was_taken_out_is_read_where_it_did_nothing_and_explained_where_it_did() -> None:
    assert Recipe.stored("[sampling]\nparts = false\nside = 320") == Recipe().with_setting(
        "sampling.side=320"
    )
    for read in (Recipe.parse, Recipe.stored, lambda _: Recipe().with_setting("sampling.parts=true")):
        with pytest.raises(RecipeError, match=r"sampling\.parts was removed") as caught:
            read("[look]\nparts = true")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("digits", [16, 17, 23, 400, 1232])
def test_the_digits_of_a_number_that_is_too_large_are_counted(digits):
    with pytest.raises(RecipeError, match=rf"far too large: it has {digits} digits"):
        Recipe().with_setting("split.ratio=" + "9" * digits)


def test_of_a_huge_number_the_digits_are_estimated():
    with pytest.raises(RecipeError, match=r"far too large: it has about 3,000 digits"):
        Recipe().with_setting("split.ratio=" + "9" * 3000)
