"""Options that verbs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from castlist.recipe import Recipe

__all__ = [
    "film_options",
    "films_options",
    "machine_options",
    "made_recipe",
    "recipe_options",
    "split_names",
    "workspace_of",
]

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


def workspace_of(path: Path) -> Path:
    """The workspace that a path means: itself, or the one beside it where it is a film."""
    from castlist.store import Workspace

    return Workspace.beside(path) if path.is_file() else path


def split_names(given: tuple[str, ...], known: Iterable[str]) -> list[str]:
    """Names from options in which several may stand with commas between; a name may hold a comma itself."""
    whole = {name.casefold() for name in known}
    names: list[str] = []
    for text in given:
        names += [text] if text.casefold() in whole else [n.strip() for n in text.split(",") if n.strip()]
    return names


def made_recipe(path: str | None, settings: tuple[str, ...]) -> Recipe:
    """The recipe that these options describe."""
    from castlist.recipe import Recipe

    recipe = Recipe.read(path) if path else Recipe()
    for setting in settings:
        recipe = recipe.with_setting(setting)
    return recipe
