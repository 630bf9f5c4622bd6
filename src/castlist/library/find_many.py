"""The casts of many films: `find_all`. A film that fails has an outcome, and the others go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as with_fields
from pathlib import Path
from types import MappingProxyType

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.library.executors import Executor, Here
from castlist.library.films import WHOLE, Shard, films_of, places_of
from castlist.library.work import FilmWatch, Outcome, Task, quiet
from castlist.recipe import Recipe
from castlist.types import Machine

__all__ = ["find_all", "tasks_of"]


def find_all(
    films: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    recipe: Recipe = Recipe(),
    machine: Machine = Machine(),
    executor: Executor | None = None,
    shard: Shard = WHOLE,
    watch: FilmWatch = quiet,
    each: Callable[[Outcome], None] = lambda outcome: None,
    replace: bool = False,
    anew: bool = False,
    homes: Mapping[str, Path] = MappingProxyType({}),
) -> list[Outcome]:
    """Find the cast of every film; casts found before cost no time.

    Args:
        films: paths of films and of folders with films, or one such path.
        out: folder for the workspaces; beside each film by default.
        executor: runs the work; this process by default.
        shard: the part of the films to do, for many machines with one disk.
        watch: called with progress.
        each: called with every outcome as soon as it is known.
        replace: replace casts that were found with another recipe.
        anew: also group the faces again in films that are done.
        homes: workspaces, by path of the film, that do not lie beside their films.

    Returns:
        One outcome for each film, in the order of the films.

    Raises:
        InputError: no film was given, or a folder has no film.
    """
    tasks = tasks_of(films, out=out, recipe=recipe, machine=machine, shard=shard)
    tasks = [
        with_fields(task, replace=replace, anew=anew, workspace=str(homes.get(task.film, task.workspace)))
        for task in tasks
    ]
    found: dict[str, Outcome] = {}
    for outcome in (executor or Here()).run(tasks, watch):
        found[outcome.workspace] = outcome
        each(outcome)
    return [found[task.workspace] for task in tasks]


@typed_arguments
def tasks_of(
    films: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    recipe: Recipe = Recipe(),
    machine: Machine = Machine(),
    shard: Shard = WHOLE,
) -> list[Task]:
    """A task for each film, each with its own workspace."""
    chosen = films_of(films)
    if not chosen:
        raise InputError("no film was given; name films, or a folder with films")
    if out is not None:
        _folder(Path(out))
    workspaces = dict(zip(chosen, places_of(chosen, None if out is None else Path(out)), strict=True))
    toml = recipe.toml()
    return [
        Task(str(film), str(workspaces[film]), toml, machine.device, machine.threads)
        for film in shard.of(chosen)
    ]


def _folder(out: Path) -> None:
    """Make the folder for the workspaces of many films.

    Raises:
        InputError: it is a file or a workspace.
    """
    if (out / "cast.db").exists() or (out.exists() and not out.is_dir()):
        raise InputError(
            f"{out}: is not a folder, and the results of several films need one; name another with --out"
        )
    out.mkdir(parents=True, exist_ok=True)
