"""castlist library: the films of a library, and the people in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.library.options import as_json, library, typed
from castlist.cli.output import table, visible
from castlist.clock_times import clock_time
from castlist.io import plain_json

if TYPE_CHECKING:
    from castlist.library import Added, Library

__all__ = ["add", "list_films", "people", "show", "update"]


@click.command()
@library
@click.argument("films", nargs=-1, required=True, metavar="FILM...")
@click.option(
    "--jobs", type=click.IntRange(0, 4096), default=0, help="Films at the same time, while casts are found."
)
@click.option(
    "--on",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Where casts are found: on this machine or on a Ray cluster.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, only the result.")
@as_json
def add(lib: Library, films: Sequence[str], jobs: int, on: str, quiet: bool, as_json: bool) -> int:
    """Add films, workspaces, or folders of either to LIB; a film without a cast is searched first.

    A film that was added before is read again if its cast or its decisions changed. If a film fails, the
    others are still added; the table shows the error, and the exit status is 2.
    """
    from castlist.cli.films import SkippedFolders, films_progress
    from castlist.library import executor, films_of
    from castlist.library.films import workspaces_in

    paths = [film for film in films if not workspaces_in(Path(film))]
    with SkippedFolders() as skipped:
        total = len(films_of(paths, skipped=skipped)) if paths else 0
    with films_progress(total, quiet or not paths) as (watch, each):
        added = lib.add(*films, executor=executor(on, jobs), watch=watch, each=each)
    return _print_added(added, lib, as_json)


@click.command()
@library
@as_json
def update(lib: Library, as_json: bool) -> int:
    """Read the films of LIB again whose cast or decisions changed since they were added."""
    return _print_added(lib.update(), lib, as_json)


def _changes(added: Sequence[Added]) -> str:
    """The changes of new films to people of earlier films, in words; "" for none."""
    from castlist.report.formatting import count

    merged, moved = sum(a.merged for a in added), sum(a.moved for a in added)
    parts = [f"{count(merged, 'person', 'people')} joined with another"] if merged else []
    parts += [f"{count(moved, 'link')} corrected"] if moved else []
    return ", ".join(parts)


def _print_added(added: Sequence[Added], lib: Library, as_json: bool) -> int:
    from dataclasses import asdict

    if as_json:
        click.echo(plain_json.text({"films": [asdict(a) for a in added]}))
    else:
        rows = [
            (visible(a.film), a.state, *(str(n) if a.changed else "" for n in
             (a.linked, a.new, a.asked)), visible(a.sentence)) for a in added
        ]  # fmt: skip
        table(("Film", "State", "Linked", "New", "Questions", ""), rows, right=("Linked", "New", "Questions"))
        if changes := _changes(added):
            click.echo(f"In films added before: {changes}")
        if any(a.asked for a in added):
            click.echo(f"Questions: castlist library questions {typed(lib)}")
    return 0 if all(a.ok for a in added) else 2


@click.command("list")
@library
@as_json
def list_films(lib: Library, as_json: bool) -> None:
    """List the films of LIB."""
    films = lib.films
    if as_json:
        found = [
            {
                "name": f.name,
                "path": f.path,
                "workspace": str(f.workspace),
                "digest": f.digest,
                "seconds": f.seconds,
                "model": f.model,
                "added": f.added,
                "people": f.people,
            }
            for f in films
        ]
        click.echo(plain_json.text({"films": found}))
        return
    rows = [(visible(f.name), str(f.people), clock_time(f.seconds), visible(str(f.workspace))) for f in films]
    table(("Film", "People", "Length", "Workspace"), rows, right=("People", "Length"))


@click.command()
@library
@as_json
def people(lib: Library, as_json: bool) -> None:
    """List the people of LIB, those with most films first."""
    found = lib.people
    if as_json:
        click.echo(plain_json.text({"people": [p.document() for p in found]}))
        return
    rows = [
        (
            p.id,
            visible(p.name),
            str(len(p.films)),
            clock_time(p.screen_time),
            _listed([f.name for f in p.films]),
        )
        for p in found
    ]
    table(("Id", "Name", "Films", "On screen", "In"), rows, right=("Films", "On screen"))


@click.command()
@library
@click.argument("person")
@as_json
def show(lib: Library, person: str, as_json: bool) -> None:
    """Show one PERSON of LIB: films and appearances."""
    found = lib.person(person)
    if as_json:
        click.echo(plain_json.text(found.document()))
        return
    count = f"{len(found.films)} film{'s' * (len(found.films) != 1)}"
    click.echo(f"{found.id}  {visible(found.name)}: {clock_time(found.screen_time)} in {count}")
    rows = [(visible(a.film.name), clock_time(a.start), clock_time(a.stop)) for a in found.appearances]
    table(("Film", "From", "To"), rows, right=("From", "To"))


def _listed(names: Sequence[str], most: int = 4) -> str:
    more = len(names) - most
    return ", ".join(map(visible, names[:most])) + (f" and {more} more" if more > 0 else "")
