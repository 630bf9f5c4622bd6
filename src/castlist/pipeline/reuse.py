"""Reuses earlier results: the cast, the recipe and the scan of a workspace, and when they may be replaced."""

from __future__ import annotations

import os
from pathlib import Path

from castlist._version import __version__
from castlist.cast import Cast
from castlist.decode.files import digest_of
from castlist.errors import CastlistError, InputError, RecipeError, WorkspaceError
from castlist.pipeline.identify import Found, identify
from castlist.pipeline.pictures import missing_pictures
from castlist.progress import Watch, silent
from castlist.recipe import CHOICES, Recipe
from castlist.store import Run, Workspace
from castlist.types import Machine, Scan, Video

__all__ = ["found_before", "identify_again", "kind_of", "other_steps", "refuse_steps", "scan_of"]

DEFAULT, OWN = "default", "own"  # kinds of recipe that a run stores: an upgrade may change the default recipe


def kind_of(recipe: Recipe) -> str:
    """DEFAULT for the default recipe of castlist, else OWN."""
    return DEFAULT if recipe == Recipe() else OWN


def scan_of(
    workspace: Workspace, video: Video, run: Run, recipe: Recipe | None = None
) -> tuple[Recipe, Scan]:
    """The recipe of a run (or the given recipe instead), and the scan of that recipe.

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


def identify_again(
    workspace: Workspace,
    recipe: Recipe | None = None,
    *,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> tuple[Found, Scan]:
    """The result of the last finished run, computed again from its scan; and the scan.

    Args:
        workspace: open; nothing is written.
        recipe: that of the run, needed where it names a user's own class; by default the stored recipe.

    Raises:
        WorkspaceError: no run was finished, its recipe cannot be used again, or its scan is gone.
    """
    video, runs = workspace.video(), [run for run in workspace.runs() if run.finished]
    if video is None or not runs:
        raise WorkspaceError(f"{workspace.path}: no cast has been found yet; run castlist find first")
    recipe, scan = scan_of(workspace, video, runs[-1], recipe)
    return identify(video, scan, recipe, machine=machine, watch=watch), scan


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

    Default recipes never differ, even where an upgrade has changed the default.
    """
    before = next((run for run in reversed(workspace.runs()) if run.finished), None)
    if before is None or before.recipe == recipe.toml():
        return []
    if kind_of(recipe) == DEFAULT and before.machine.get("recipe", DEFAULT) == DEFAULT:
        return []
    try:
        earlier = Recipe.stored(before.recipe)
    except RecipeError:  # of a version of castlist with other steps, or with a user's own class
        return ["a step that is not castlist's"]
    return [step for step in CHOICES if getattr(earlier, step) != getattr(recipe, step)]


def found_before(film: Path, path: Path, recipe: Recipe) -> Cast | None:
    """The stored cast of a film, if this version of castlist found it with this recipe; else None.

    It only reads, so that it works beside a run or an open review page. It is None, too, where a run must
    repair the workspace: the film is not at the stored path any more, the report or a picture is missing, or
    the stored cast lacks decisions.

    Args:
        film: path of the film.
        path: the folder of the workspace.
        recipe: the recipe of the new run.
    """
    if not (path / "cast.db").is_file():
        return None
    try:
        with Workspace.open(path, write=False) as opened:
            video, runs = opened.video(), opened.runs()
            if video is None or not runs or not runs[-1].finished or runs[-1].version != __version__:
                return None
            if not _same_recipe(runs[-1].recipe, recipe) or not _up_to_date(opened, video, runs[-1], recipe):
                return None
            return opened.cast() if _is_film(film, video) else None
    except CastlistError:
        return None  # the run reports the error, or upgrades the workspace


def _is_film(film: Path, video: Video) -> bool:
    """Whether a file is the film of a workspace, at the stored path, or a copy of that film."""
    if digest_of(film) != video.digest:
        return False
    if os.path.abspath(video.path) == os.path.abspath(film):
        return True
    return film.name == video.path.name and digest_of(video.path) == video.digest


def _same_recipe(stored: str, recipe: Recipe) -> bool:
    """Whether the stored recipe of a run is this one, even with former names of options.

    Raises:
        RecipeError: the stored recipe has a user's own class, whose code may have changed since.
    """
    return Recipe.stored(stored) == recipe


def _up_to_date(workspace: Workspace, video: Video, run: Run, recipe: Recipe) -> bool:
    """Whether all results of a run exist, and include the latest decision."""
    key = recipe.scan_key(video)
    if not workspace.is_complete(key) or workspace.cast_run() != (run.id, workspace.decisions.last()):
        return False
    scan = workspace.scan(key)
    base = workspace.machine()
    if scan is None or base is None or missing_pictures(workspace, scan):
        return False
    if len(base.sureness) != len(base.tracks):  # of a version of castlist without this column
        return False
    return (workspace.path / "report.html").is_file()
