"""What an earlier run found: its recipe and scan once more, and whether its cast may be replaced."""

from __future__ import annotations

from pathlib import Path

from castlist.errors import InputError, RecipeError, WorkspaceError
from castlist.recipe import CHOICES, Recipe
from castlist.store import Run, Workspace
from castlist.types import Scan, Video

__all__ = ["kind_of", "other_steps", "refuse_steps", "scan_of"]

DEFAULT, OWN = "default", "own"  # what a run notes of its recipe, whose defaults may change with an upgrade


def kind_of(recipe: Recipe) -> str:
    """Whether a recipe is castlist's default, or somebody's own."""
    return DEFAULT if recipe == Recipe() else OWN


def scan_of(
    workspace: Workspace, video: Video, run: Run, recipe: Recipe | None = None
) -> tuple[Recipe, Scan]:
    """The recipe of a run (or the one given in its place) and the scan that it went by.

    Raises:
        WorkspaceError: the recipe cannot be used again, or the scan is gone.
    """
    try:
        recipe = recipe or Recipe.stored(run.recipe)
    except RecipeError as error:
        raise WorkspaceError(
            f"{workspace.path}: the recipe of its cast cannot be used any more ({error}); "
            "run castlist find again"
        ) from None
    scan = workspace.scan(recipe.scan_key(video))
    if scan is None:
        raise WorkspaceError(f"{workspace.path}: the scan of its last run is gone; run castlist find again")
    return recipe, scan


def refuse_steps(path: Path, steps: list[str]) -> None:
    """Refuse to replace a cast that was found with another recipe, whose result may be wanted.

    Args:
        path: the folder of the workspace.
        steps: the steps in which the recipe of its cast differs, by `other_steps`.

    Raises:
        InputError: there are such steps; the message names them.
    """
    if steps:
        raise InputError(
            f"{path}: holds a cast that was found with other options (different steps: {', '.join(steps)}); "
            "add --replace (in Python the argument replace) to replace it, or write elsewhere"
        )


def other_steps(workspace: Workspace, recipe: Recipe) -> list[str]:
    """The steps in which the recipe of the workspace's cast differs; none where there is no cast.

    The default recipe differs from no default, also where an upgrade has changed it.
    """
    before = next((run for run in reversed(workspace.runs()) if run.finished), None)
    if before is None or before.recipe == recipe.toml():
        return []
    if kind_of(recipe) == DEFAULT and before.machine.get("recipe", DEFAULT) == DEFAULT:
        return []
    try:
        earlier = Recipe.stored(before.recipe)
    except RecipeError:  # of a castlist with other steps, or with a class of somebody's own
        return ["a step that is not castlist's"]
    return [step for step in CHOICES if getattr(earlier, step) != getattr(recipe, step)]
