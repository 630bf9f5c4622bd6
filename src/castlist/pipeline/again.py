"""Whether a cast that was found before may be replaced by one that is found anew."""

from __future__ import annotations

from castlist._version import __version__
from castlist.errors import InputError, RecipeError
from castlist.recipe import CHOICES, Recipe
from castlist.store import Workspace

__all__ = ["refuse_other_recipe"]


def refuse_other_recipe(keep: Workspace, recipe: Recipe) -> None:
    """Refuse to replace a cast that was found with another recipe, whose result may be wanted.

    The same recipe may run again, and so may the default recipe after an upgrade, which may have changed it.

    Raises:
        InputError: the workspace holds such a cast; the message names the steps that differ.
    """
    before = next((run for run in reversed(keep.runs()) if run.finished), None)
    if before is None or before.recipe == recipe.toml():
        return
    upgraded = before.version != __version__
    try:
        theirs = Recipe.stored(before.recipe)
        steps = [step for step in CHOICES if getattr(theirs, step) != getattr(recipe, step)]
    except RecipeError:  # of a castlist with other steps, or with a class of somebody's own
        steps = [] if upgraded else ["a step of your own"]
    if steps and not (upgraded and recipe == Recipe()):
        raise InputError(
            f"{keep.path}: holds a cast that was found with another recipe (other: {', '.join(steps)}); "
            "give --replace (replace=True) to find it anew in its place, or --out (workspace=...) for "
            "another folder"
        )
