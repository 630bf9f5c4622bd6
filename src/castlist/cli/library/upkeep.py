"""castlist library: check, rebuild and export a library, and make its index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.library.options import as_json, library
from castlist.cli.options import OUTPUT_FOLDER
from castlist.cli.output import visible
from castlist.io import plain_json

if TYPE_CHECKING:
    from castlist.library import Library
    from castlist.library.check import Problem

__all__ = ["check", "export", "index", "rebuild"]


@click.command()
@library
@click.argument("folder", type=OUTPUT_FOLDER)
def export(lib: Library, folder: Path) -> None:
    """Write LIB as Parquet files into FOLDER, one for each view (castlist[arrow])."""
    for file in lib.to_parquet(folder):
        click.echo(visible(str(file)))


@click.command()
@library
def index(lib: Library) -> int:
    """Make an index of every track of LIB for castlist search --tracks (castlist[faiss])."""
    made = lib.index()
    for sentence in made.failed:
        click.echo(visible(sentence), err=True)
    search = (
        f"a search finds {100 * made.recall:.1f} % of the ten most similar tracks"
        if made.twice
        else "a search finds all of them"
    )
    click.echo(f"{made.tracks} tracks; {search}")
    return 2 if made.failed else 0


@click.command()
@library
@as_json
def check(lib: Library, as_json: bool) -> int:
    """Check LIB and list its problems; the exit status is 2 if there are any."""
    return _print_problems(lib.check(), as_json)


@click.command()
@library
@as_json
def rebuild(lib: Library, as_json: bool) -> int:
    """Make the catalogue of LIB again from its log and the workspaces of its films."""
    found = lib.rebuild()
    if not as_json:
        click.echo(f"rebuilt: {len(lib.films)} films, {len(lib.people)} people")
    return _print_problems(found, as_json)


def _print_problems(found: Sequence[Problem], as_json: bool) -> int:
    if as_json:
        rows = [{"film": p.film, "what": p.what} for p in found]
        click.echo(plain_json.text({"problems": rows}))
    elif not found:
        click.echo("No problems.")
    for problem in () if as_json else found:
        click.echo(
            f"{visible(problem.film)}: {visible(problem.what)}" if problem.film else visible(problem.what)
        )
    return 2 if found else 0
