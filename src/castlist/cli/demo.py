"""castlist demo: draw a film and find its cast, to try castlist without a film."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from castlist.errors import InputError


def _films(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the drawn films."""
    from castlist.drawn import FILMS

    return [CompletionItem(name) for name in FILMS if name.startswith(incomplete)]


@click.command(
    epilog="""\b
Examples:
  castlist demo                       draw castlist-demo.mp4 here and find its cast
  castlist demo --film crowd -o /tmp  another of the drawn films, elsewhere
  castlist demo --list                list the drawn films
""",
)
@click.option(
    "--film",
    default="demo",
    show_default=True,
    help="Which film to draw; --list prints them.",
    shell_complete=_films,
)
@click.option("--list", "listing", is_flag=True, help="List the drawn films.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder for the film; by default the present one.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the film grain.")
@click.option("--json", "as_json", is_flag=True, help="Print the cast as JSON, and nothing else on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, only the cast.")
def command(film: str, listing: bool, out: Path, seed: int, as_json: bool, quiet: bool) -> None:
    """Draw a film, write its ground truth, and find its cast with the real models."""
    from castlist.cli.output import print_cast, progress, visible
    from castlist.drawn import FILMS, render
    from castlist.io import plain_json
    from castlist.io.exports.cast_json import document
    from castlist.outputs import check_output, check_output_folder
    from castlist.pipeline import find
    from castlist.pipeline.outlook import outlook
    from castlist.store import Workspace

    if listing:
        for name, made in FILMS.items():
            click.echo(f"{name:<16}{(made.__doc__ or '').strip().splitlines()[0]}")
        return
    if film not in FILMS:
        raise InputError(f"there is no drawn film {film!r}; choose from {', '.join(FILMS)}")
    check_output_folder(out)
    if not out.is_dir():
        raise InputError(f"{out} is not a folder; make it first, or name another with --out")
    path = out / f"castlist-{film}.mp4"
    check_output(path.with_suffix(".truth.csv"))
    # a link: overwriting it would overwrite a file of another name
    if path.is_symlink() or (path.exists() and path.stat().st_nlink > 1):
        check_output(path)
    with progress(quiet) as watch:
        truth = render(FILMS[film](), path, seed=seed, watch=lambda done, total: watch("draw", done, total))
        truth.write_csv(path.with_suffix(".truth.csv"))
        cast = find(path, watch=watch)
    if as_json:
        click.echo(plain_json.text(document(cast)))
        return
    click.echo(
        f"Film:   {visible(str(path))} (who is really seen, and when: {path.with_suffix('.truth.csv').name})"
    )
    with Workspace.open(Workspace.beside(path), write=False) as opened:
        print_cast(cast, Workspace.beside(path), outlook=outlook(opened))
