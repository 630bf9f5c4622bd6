"""castlist library: list, make and undo decisions, and erase people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from castlist.cli.library.options import as_json, decided, library, typed
from castlist.cli.output import table, visible
from castlist.io import plain_json

if TYPE_CHECKING:
    from castlist.library import Library

__all__ = ["forget", "history", "merge", "name", "remove", "split", "undo"]


@click.command()
@library
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@as_json
def history(lib: Library, limit: int, as_json: bool) -> None:
    """List the decisions about LIB, the latest first."""
    found = lib.history(limit)
    if as_json:
        click.echo(plain_json.text({"decisions": [d.document() for d in found]}))
        return
    if not found:
        click.echo("There are no decisions yet.")
        return
    rows = [
        (
            str(d.number),
            d.time[:19].replace("T", " "),
            visible(d.author),
            visible(d.sentence),
            "undone" * d.undone,
        )
        for d in found
    ]
    table(("Decision", "When (UTC)", "Who", "What", ""), rows, right=("Decision",))
    click.echo(f"Undo: castlist library undo {typed(lib)} DECISION")


@click.command()
@library
@click.argument("decision", type=click.IntRange(1), required=False)
@decided
def undo(lib: Library, decision: int | None, author: str) -> None:
    """Undo a DECISION about LIB, given by its number; by default the latest one."""
    click.echo(f"undone: {visible(lib.undo(decision, author=author).sentence)}")


@click.command()
@library
@click.argument("person")
@click.argument("name")
@decided
def name(lib: Library, person: str, name: str, author: str) -> None:
    """Name a PERSON of LIB, in the library and in the films in which no user named that person."""
    found = lib.name(person, name, author=author)
    click.echo(f"{found} is {visible(name)}")
    called = lib.person(found).name.casefold()
    for other in lib.people:
        if other.id != found and other.named and other.name.casefold() == called:
            click.echo(
                f"{other.id} is called {visible(other.name)}, too; if they are one person: "
                f"castlist library merge {typed(lib)} {other.id[-6:]} {found[-6:]}",
                err=True,
            )


@click.command()
@library
@click.argument("a")
@click.argument("b")
@decided
def merge(lib: Library, a: str, b: str, author: str) -> None:
    """Merge people A and B of LIB: they are the same person. Both ids stay valid."""
    before, together = [lib.person(a), lib.person(b)], lib.together(a, b)
    stays = lib.merge(a, b, author=author)
    kept = lib.person(stays)
    click.echo(f"one person now: {stays}" + (f", {visible(kept.name)}" if kept.named else ""))
    for gone in before:
        if gone.named and gone.name != kept.name:
            click.echo(f"the name {visible(gone.name)} is not used for this person any more", err=True)
    if together:
        click.echo(
            "The two are seen in the same frames. If they are not one person: castlist library undo "
            f"{typed(lib)}",
            err=True,
        )


@click.command()
@library
@click.argument("person")
@click.argument("films", nargs=-1, required=True, metavar="FILM...")
@decided
def split(lib: Library, person: str, films: Sequence[str], author: str) -> None:
    """Split PERSON of LIB: in these FILMs it is another person, who gets a new id."""
    click.echo(f"a person of their own now: {lib.split(person, films, author=author)}")


@click.command()
@library
@click.argument("film")
@decided
def remove(lib: Library, film: str, author: str) -> None:
    """Remove a FILM from LIB; its workspace stays as it is. `undo` adds it again."""
    lib.remove(film, author=author)
    click.echo(f"{visible(film)} was removed from the library; its workspace was not changed")


@click.command()
@library
@click.argument("person")
@click.option(
    "--deleted",
    multiple=True,
    metavar="FILM",
    help="The workspace of this film was deleted: nothing is left to erase there. Repeatable.",
)
@click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")
@decided
def forget(lib: Library, person: str, deleted: tuple[str, ...], yes: bool, author: str) -> int:
    """Erase a PERSON from LIB and from the workspaces of its films: vectors, pictures, names and times.

    This cannot be undone. Films that were removed from LIB are included. If the workspace of a film cannot
    be reached, the person is erased there by `castlist library update` when it is back, or when the film is
    added from its new place. Only the id stays, so that it is never used again. The reports of the films are
    updated. Files that were exported before are not changed: delete them yourself.
    """
    plan = lib.erasure(person, deleted=deleted)
    if not yes and not lib.is_erased(plan.person):
        for sentence in plan.away:
            click.echo(f"not from {visible(sentence)}", err=True)
        films = ", ".join(map(visible, plan.films)) or "the library"
        click.confirm(f"Erase {visible(plan.name)} ({plan.person}) from {films}?", abort=True, err=True)
    failed = lib.forget(plan.person, deleted=deleted, author=author)
    for sentence in failed:
        click.echo(visible(sentence), err=True)
    if failed:
        click.echo("not erased everywhere: correct the errors above and run the same command again")
        return 2
    away = lib.erasure(plan.person).away
    for sentence in away:
        click.echo(f"not erased from {visible(sentence)}", err=True)
    click.echo(f"{plan.person} is erased{', but not from the films above' if away else ''}")
    return 2 if away else 0
