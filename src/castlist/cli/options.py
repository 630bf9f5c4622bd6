"""Options that verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from castlist.recipe import Recipe

__all__ = ["film_options", "films_options", "machine_options", "made_recipe", "recipe_options"]

F = TypeVar("F", bound=Callable[..., Any])


def film_options(command: F) -> F:
    """FILM and where its results go."""
    command = click.argument("film")(command)
    return click.option(
        "-o", "--out", metavar="FOLDER", help="Workspace for the results; FILM with .castlist by default."
    )(command)


def films_options(command: F) -> F:
    """FILMS, and where their results go."""
    command = click.argument("films", nargs=-1, required=True, metavar="FILM...")(command)
    return click.option(
        "-o", "--out", metavar="FOLDER",
        help="Workspace for the results, of several films the folder for them; beside each FILM by default.",
    )(command)  # fmt: skip


def recipe_options(command: F) -> F:
    """A recipe, and single options of it."""
    command = click.option("--recipe", metavar="TOML", help="A recipe; see castlist recipe.")(command)
    return click.option(
        "--set", "settings", multiple=True, metavar="STEP.OPTION=VALUE", help="Change one option; repeatable."
    )(command)


def machine_options(command: F) -> F:
    """Where the work is done; never changes the result."""
    command = click.option(
        "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True,
        help="Where networks run.",
    )(command)  # fmt: skip
    return click.option(
        "--threads", type=click.IntRange(0), default=0, show_default=True, help="0: one for each core."
    )(command)


def made_recipe(path: str | None, settings: tuple[str, ...]) -> Recipe:
    """The recipe that these options describe."""
    from castlist.recipe import Recipe

    recipe = Recipe.read(path) if path else Recipe()
    for setting in settings:
        recipe = recipe.with_setting(setting)
    return recipe
