"""Whether a cast that was found before may be replaced by one that is found anew."""

from __future__ import annotations

from castlist.errors import InputError, RecipeError
from castlist.recipe import CHOICES, Recipe
from castlist.store import Workspace

__all__ = ["kind_of", "refuse_other_recipe"]

DEFAULT, OWN = "default", "own"  # what a run notes of its recipe, whose defaults may change with an upgrade


def kind_of(recipe: Recipe) -> str:
    """Whether a recipe is castlist's default, or somebody's own."""
    return DEFAULT if recipe == Recipe() else OWN


def refuse_other_recipe(workspace: Workspace, recipe: Recipe) -> None:
    """Refuse to replace a cast that was found with another recipe, whose result may be wanted.

    The same recipe may run again, and so may the default one, also where an upgrade has changed it.

    Raises:
        InputError: the workspace holds such a cast; the message names the steps that differ.
    """
    before = next((run for run in reversed(workspace.runs()) if run.finished), None)
    if before is None or before.recipe == recipe.toml():
        return
    if kind_of(recipe) == DEFAULT and before.machine.get("recipe", DEFAULT) == DEFAULT:
        return
    try:
        theirs = Recipe.stored(before.recipe)
        steps = [step for step in CHOICES if getattr(theirs, step) != getattr(recipe, step)]
    except RecipeError:  # of a castlist with other steps, or with a class of somebody's own
        steps = ["a step that is not castlist's"]
    if steps:
        raise InputError(
            f"{workspace.path}: holds a cast that was found with another recipe (other: {', '.join(steps)}); "
            "give --replace (replace=True) to find it anew in its place, or --out (workspace=...) for "
            "another folder"
        )
