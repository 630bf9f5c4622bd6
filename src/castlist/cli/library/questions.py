"""castlist library: list questions and possible errors, and answer them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from castlist.cli.choices import OneOf
from castlist.cli.library.options import as_json, decided, library, percent, typed
from castlist.cli.options import listen_options
from castlist.cli.output import table, visible
from castlist.cli.proposed import answer_options, of_one_person
from castlist.clock_times import clock_time
from castlist.io import plain_json

if TYPE_CHECKING:
    from castlist.library import Library
    from castlist.library.proposed import NameProposed

__all__ = [
    "compare",
    "confirm",
    "decide",
    "judge",
    "links",
    "pairs",
    "proposals",
    "questions",
    "recurring",
    "review",
]


@click.command()
@library
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@as_json
def questions(lib: Library, limit: int, as_json: bool) -> None:
    """List the open questions about LIB, grouped by person, the most useful first."""
    found = lib.questions(limit)
    if as_json:
        click.echo(plain_json.text({"questions": [q.document() for q in found]}))
        return
    if not found:
        click.echo("No questions.")
        return
    rows = [
        (q.id, f"{visible(q.b_name)} in {visible(q.b_film)} at {clock_time(q.b_time)}",
         f"{visible(q.a_name)} in {visible(q.a_film)} at {clock_time(q.a_time)}", percent(q.probability),
         visible(q.why))
        for q in found
    ]  # fmt: skip
    table(("Question", "Is", "the same person as", "Probability", ""), rows, right=("Probability",))
    click.echo(f"Answer: castlist library decide {typed(lib)} same|different|unsure QUESTION")


@click.command()
@library
@click.argument("reply", type=OneOf("answer", ["same", "different", "unsure"]))
@click.argument("question", nargs=-1, required=True)
@click.option(
    "--others",
    type=click.Choice(["different", "unsure"]),
    help="Answer the other open questions about the same person, too, all as one decision.",
)
@decided
def decide(lib: Library, reply: str, question: Sequence[str], others: str | None, author: str) -> None:
    """Answer questions of LIB by their ids."""
    if others is not None:
        sheet = next((s for s in lib.sheets(None) if {q.id for q in s.questions} >= set(question)), None)
        if sheet is None:
            raise click.UsageError("with --others, name open questions about one person")
        replies = {q.id: reply if q.id in question else others for q in sheet.questions}
        lib.answer_sheet(sheet.person, replies, author=author)
    else:
        replies = dict.fromkeys(question, reply)
        for name in replies:
            lib.answer(name, reply, author=author)
    for name, answer in replies.items():
        click.echo(f"{name}: {answer}")


@click.command()
@library
@click.option("--limit", type=click.IntRange(1), default=24, show_default=True)
@as_json
def pairs(lib: Library, limit: int, as_json: bool) -> None:
    """List pairs of people of LIB who may be one: open questions, and people of one film."""
    found = lib.pairs(limit)
    if as_json:
        click.echo(plain_json.text({"pairs": [pair.document() for pair in found]}))
        return
    if not found:
        click.echo("No pairs to look at.")
        return
    films = {film.digest: film.name for film in lib.films}
    rows = [
        (visible(f"{films[pair.members[0].digest]}:{pair.members[0].key}"), visible(pair.name),
         visible(f"{films[pair.member.digest]}:{pair.member.key}"), visible(pair.other_name),
         "" if pair.probability is None else percent(pair.probability))
        for pair in found
    ]  # fmt: skip
    table(("Here", "is", "and here", "is", "The same?"), rows, right=("The same?",))
    click.echo(f"Answer: castlist library judge {typed(lib)} [--same HERE THERE] [--different HERE THERE]")


@click.command()
@library
@click.option("--same", nargs=2, multiple=True, metavar="HERE THERE", help="Both are the same person.")
@click.option("--different", nargs=2, multiple=True, metavar="HERE THERE", help="They are different people.")
@decided
def judge(
    lib: Library, same: tuple[tuple[str, str], ...], different: tuple[tuple[str, str], ...], author: str
) -> None:
    """Answer whether the people of pairs of LIB, as FILM:KEY, are the same person, all as one decision."""
    lib.judge(same, different, author=author)
    click.echo(f"The same: {len(same)}, different: {len(different)}")


@click.command()
@library
@click.option("--limit", type=click.IntRange(1), default=24, show_default=True)
@as_json
def links(lib: Library, limit: int, as_json: bool) -> None:
    """List links between films of LIB that no user confirmed, the least similar faces first."""
    found = lib.links(limit)
    if as_json:
        click.echo(plain_json.text({"links": [link.document() for link in found]}))
        return
    if not found:
        click.echo("No links to confirm.")
        return
    films = {film.digest: film.name for film in lib.films}
    rows = [
        (visible(f"{films[link.member.digest]}:{link.member.key}"), visible(link.name),
         f"{link.likeness:.2f}", ", ".join(visible(films[m.digest]) for m in link.others))
        for link in found
    ]  # fmt: skip
    table(("Link", "Is", "Likeness", "as in"), rows, right=("Likeness",))
    click.echo(f"Confirm: castlist library confirm {typed(lib)} LINK ... [--wrong LINK]")


@click.command()
@library
@click.argument("link", nargs=-1)
@click.option("--wrong", multiple=True, metavar="LINK", help="It is another person there, who gets a new id.")
@decided
def confirm(lib: Library, link: Sequence[str], wrong: tuple[str, ...], author: str) -> None:
    """Confirm links between films of LIB, as FILM:KEY, and mark others as wrong, all as one decision."""
    lib.confirm(link, wrong, author=author)
    click.echo(f"Right: {len(link)}, wrong: {len(wrong)}")


@click.command()
@library
@as_json
def recurring(lib: Library, as_json: bool) -> None:
    """List the people of several films of LIB that no user compared yet: is a person there twice?"""
    found = lib.recurring()
    if as_json:
        click.echo(plain_json.text({"people": [person.document() for person in found]}))
        return
    if not found:
        click.echo("No people to compare.")
        return
    films = {film.digest: film.name for film in lib.films}
    rows = [
        (person.id, visible(person.name), str(person.films), "yes" if person.asked else "",
         ", ".join(visible(films[m.digest]) for m in person.members))
        for person in found
    ]  # fmt: skip
    table(("Id", "Name", "Films", "To compare", "for example in"), rows, right=("Films",))
    click.echo(f"Compare: castlist library compare {typed(lib)} ID ... [--same ID OTHER]")


@click.command()
@library
@click.argument("person", nargs=-1, required=True)
@click.option("--same", nargs=2, multiple=True, metavar="PERSON OTHER", help="These two are the same person.")
@decided
def compare(lib: Library, person: Sequence[str], same: tuple[tuple[str, str], ...], author: str) -> None:
    """Record that a user compared people of LIB, and which of them are the same, as one decision."""
    if not same and len({lib.person(each).id for each in person}) < 2:
        raise click.UsageError("name two or more people: all that you compared side by side")
    lib.compare(person, same, author=author)
    click.echo(f"Compared: {len(person)}, the same: {len(same)}")


@click.command()
@library
@listen_options
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.")
def review(lib: Library, port: int, host: str, browser: bool) -> None:
    """Answer the questions of LIB in the browser, name people, and correct wrong links between films.

    Only this machine can open the page, unless --host names an address. The printed link works once; then a
    new one is printed. Every decision is saved before the page shows it. Ctrl-C ends the review.
    """
    from castlist.cli.review import announced
    from castlist.library.review import serve

    serve(lib, port=port, host=host, **announced(host, browser))


@click.command()
@library
@answer_options
@as_json
@decided
def proposals(
    lib: Library, accept: tuple[str, ...], reject: tuple[str, ...], as_json: bool, author: str
) -> None:
    """List the names that files propose for people of LIB (see castlist propose), or answer some."""
    for name in accept:
        (first, *_) = _proposed(lib, name)
        lib.accept(first.id, author=author)
        click.echo(f"{visible(first.called)} is {visible(first.name)}", err=as_json)
    for name in reject:
        for each in _proposed(lib, name):
            click.echo(f"{visible(each.film.name)}: {visible(lib.reject(each.id))}", err=as_json)
    if (accept or reject) and not as_json:
        return
    found = lib.proposals()
    if as_json:
        click.echo(plain_json.text({"proposals": [p.document() for p in found]}))
        return
    for p in found:
        why = f"; {p.offer['why']}" if p.offer["why"] else ""
        share = f"{p.offer['agree']:.0%} of its {p.offer['by']}{why}"
        click.echo(visible(f"{p.film.name}: {p.called} is {p.name}? (from {p.offer['from']}) {share}"))
    if not found:
        click.echo("There is no open proposal of a name in this library.")


def _proposed(lib: Library, name: str) -> list[NameProposed]:
    """The proposals of a name; raises InputError if they are of several people."""
    return of_one_person(
        lib.proposals(), name, name_of=lambda p: p.name, person_of=lambda p: p.called,
        elsewhere="in castlist library review",
    )  # fmt: skip
