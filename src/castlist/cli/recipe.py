"""castlist recipe: every step with its options."""

from __future__ import annotations

import click

from castlist.cli.options import made_recipe, recipe_options


@click.command(
    epilog="""\b
Examples:
  castlist recipe > mine.toml                 change it, then: castlist find film.mp4 --recipe mine.toml
  castlist recipe --set refine.use=ssiam      the recipe with another refinement
""",
)
@recipe_options
def command(recipe: str | None, settings: tuple[str, ...], people: str | None) -> None:
    """Print the recipe as TOML: every step, every option and its value."""
    click.echo(made_recipe(recipe, settings, people).toml(), nl=False)
