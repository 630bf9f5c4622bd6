"""castlist find: the cast of a film."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from castlist.cli.options import film_options, machine_options, made_recipe, recipe_options
from castlist.types import Machine


@click.command(
    epilog="""\b
Examples:
  castlist find film.mp4                    results go to film.castlist/ beside the film
  castlist find film.mp4 --out /tmp/cast    or elsewhere
  castlist find film.mp4 --json > cast.json
  castlist find film.mp4 --set look.per_second=12
  castlist find -- -odd-name.mp4            a name that begins with a dash
Run it again after an interruption and it goes on where it was.
""",
)
@film_options
@recipe_options
@machine_options
@click.option("--json", "as_json", is_flag=True, help="Print the cast as JSON, and nothing else on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the cast.")
def command(
    film: str, out: str | None, recipe: str | None, settings: tuple[str, ...], device: str, threads: int,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Find the cast of FILM: who appears, when, and for how long."""
    from castlist.cli.output import print_cast, progress
    from castlist.pipeline import find
    from castlist.store import Workspace

    steps = made_recipe(recipe, settings)
    machine = Machine(device=device, threads=min(threads, os.cpu_count() or threads))
    with progress(quiet) as watch:
        cast = find(film, workspace=out, recipe=steps, machine=machine, watch=watch)
    place = Path(out) if out else Workspace.beside(cast.video.path)
    if as_json:
        from castlist.io.cast_json import document

        click.echo(json.dumps(document(cast), ensure_ascii=False, indent=1))
    else:
        print_cast(cast, place)
