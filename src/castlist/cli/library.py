"""castlist library: many films, one id for each person across all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from castlist.cli.choices import OneOf, unknown
from castlist.cli.options import OUTPUT_FOLDER, listen_options
from castlist.cli.output import clock_time, table_width, visible
from castlist.cli.proposed import answer_options, of_one_person
from castlist.io import plain_json
from castlist.shell_words import shell_path

if TYPE_CHECKING:
    from castlist.library import Added, Library
    from castlist.library.check import Problem
    from castlist.library.proposed import NameProposed

EXAMPLES = """
\b
Examples:
  castlist library add season e01.mp4 e02.mp4     films without a cast are searched first
  castlist library people season
  castlist library review season                  answer its questions in the browser
  castlist library questions season               list the questions
  castlist library links season                   list links that may be wrong
  castlist library name season 7K3QZX "Anna Lindqvist"
  castlist search season --photo anna.jpg
LIB is a folder. Write a person as an id, the last letters of the id, or a name.
"""


MEANT = {  # words of other programs, and of castlist itself
    "rename": ("name",), "join": ("merge",), "delete": ("remove", "forget"), "erase": ("forget",),
    "find": ("add",), "films": ("list",), "info": ("list",), "log": ("history",), "answer": ("decide",),
    "propose": ("proposals",),
}  # fmt: skip
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])


class Order(click.Group):
    """A group that lists its verbs in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(unknown("command", args[0], self.commands, MEANT), ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Order, epilog=EXAMPLES)
def command() -> None:
    """Manage many films in a library: who appears in which film, with one permanent id for each person."""


def as_json(call: F) -> F:
    """A verb that can print JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(call)


def library(
    call: Callable[Concatenate[Library, P], int | None],
) -> Callable[..., int]:
    """A verb on LIB; what it returns is the exit status."""

    @click.argument("lib", type=click.Path())  # no Path: that of "" is the folder at hand
    @wraps(call)
    def verb(lib: str, *args: P.args, **options: P.kwargs) -> int:
        from castlist.library import Library

        return call(Library(lib), *args, **options) or 0

    return verb


def decided(call: F) -> F:
    """A verb by which somebody decides."""
    return click.option(
        "--author", default="", help="Name of the person who decides; stored in the library's log."
    )(call)


@command.command()
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
    from castlist.cli.films import films_progress
    from castlist.library import executor, films_of
    from castlist.library.films import workspaces_in

    paths = [film for film in films if not workspaces_in(Path(film))]
    with films_progress(len(films_of(paths)) if paths else 0, quiet or not paths) as (watch, each):
        added = lib.add(*films, executor=executor(on, jobs), watch=watch, each=each)
    return _print_added(added, lib, as_json)


@command.command()
@library
@as_json
def update(lib: Library, as_json: bool) -> int:
    """Read the films of LIB again whose cast or decisions changed since they were added."""
    return _print_added(lib.update(), lib, as_json)


def _changes(added: Sequence[Added]) -> str:
    """What new films changed about the people of earlier ones, in words; "" for nothing."""
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
            (shown(a.film), a.state, *(str(n) if a.changed else "" for n in
             (a.linked, a.new, a.asked)), shown(a.sentence)) for a in added
        ]  # fmt: skip
        table(("Film", "State", "Linked", "New", "Questions", ""), rows, right=("Linked", "New", "Questions"))
        if changes := _changes(added):
            click.echo(f"In films added before: {changes}")
        if any(a.asked for a in added):
            click.echo(f"Questions: castlist library questions {typed(lib)}")
    return 0 if all(a.ok for a in added) else 2


@command.command("list")
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
    rows = [(shown(f.name), str(f.people), clock_time(f.seconds), shown(str(f.workspace))) for f in films]
    table(("Film", "People", "Length", "Workspace"), rows, right=("People", "Length"))


@command.command()
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
            shown(p.name),
            str(len(p.films)),
            clock_time(p.screen_time),
            _listed([f.name for f in p.films]),
        )
        for p in found
    ]
    table(("Id", "Name", "Films", "On screen", "In"), rows, right=("Films", "On screen"))


@command.command()
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
    click.echo(f"{found.id}  {shown(found.name)}: {clock_time(found.screen_time)} in {count}")
    rows = [(shown(a.film.name), clock_time(a.start), clock_time(a.stop)) for a in found.appearances]
    table(("Film", "From", "To"), rows, right=("From", "To"))


@command.command()
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
        (q.id, f"{shown(q.b_name)} in {shown(q.b_film)} at {clock_time(q.b_time)}",
         f"{shown(q.a_name)} in {shown(q.a_film)} at {clock_time(q.a_time)}", percent(q.probability),
         shown(q.why))
        for q in found
    ]  # fmt: skip
    table(("Question", "Is", "the same person as", "Probability", ""), rows, right=("Probability",))
    click.echo(f"Answer: castlist library decide {typed(lib)} same|different|unsure QUESTION")


@command.command()
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


@command.command()
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
        (shown(f"{films[pair.members[0].digest]}:{pair.members[0].key}"), shown(pair.name),
         shown(f"{films[pair.member.digest]}:{pair.member.key}"), shown(pair.other_name),
         "" if pair.probability is None else percent(pair.probability))
        for pair in found
    ]  # fmt: skip
    table(("Here", "is", "and here", "is", "The same?"), rows, right=("The same?",))
    click.echo(f"Answer: castlist library judge {typed(lib)} [--same HERE THERE] [--different HERE THERE]")


@command.command()
@library
@click.option("--same", nargs=2, multiple=True, metavar="HERE THERE", help="Both are the same person.")
@click.option("--different", nargs=2, multiple=True, metavar="HERE THERE", help="They are different people.")
@decided
def judge(
    lib: Library, same: tuple[tuple[str, str], ...], different: tuple[tuple[str, str], ...], author: str
) -> None:
    """Say of which pairs of LIB, as FILM:KEY, both are the same person, all as one decision."""
    lib.judge(same, different, author=author)
    click.echo(f"The same: {len(same)}, different: {len(different)}")


@command.command()
@library
@click.option("--limit", type=click.IntRange(1), default=24, show_default=True)
@as_json
def links(lib: Library, limit: int, as_json: bool) -> None:
    """List links between films of LIB that nobody confirmed, the least alike faces first."""
    found = lib.links(limit)
    if as_json:
        click.echo(plain_json.text({"links": [link.document() for link in found]}))
        return
    if not found:
        click.echo("No links to confirm.")
        return
    films = {film.digest: film.name for film in lib.films}
    rows = [
        (shown(f"{films[link.member.digest]}:{link.member.key}"), shown(link.name), f"{link.likeness:.2f}",
         ", ".join(shown(films[m.digest]) for m in link.others))
        for link in found
    ]  # fmt: skip
    table(("Link", "Is", "Likeness", "as in"), rows, right=("Likeness",))
    click.echo(f"Confirm: castlist library confirm {typed(lib)} LINK ... [--wrong LINK]")


@command.command()
@library
@click.argument("link", nargs=-1)
@click.option("--wrong", multiple=True, metavar="LINK", help="It is somebody else there: a new person.")
@decided
def confirm(lib: Library, link: Sequence[str], wrong: tuple[str, ...], author: str) -> None:
    """Say that links between films of LIB are right, as FILM:KEY, and others wrong, all as one decision."""
    lib.confirm(link, wrong, author=author)
    click.echo(f"Right: {len(link)}, wrong: {len(wrong)}")


@command.command()
@library
@as_json
def recurring(lib: Library, as_json: bool) -> None:
    """List the people of several films of LIB whom nobody compared yet: is anybody there twice?"""
    found = lib.recurring()
    if as_json:
        click.echo(plain_json.text({"people": [person.document() for person in found]}))
        return
    if not found:
        click.echo("Nobody to compare.")
        return
    films = {film.digest: film.name for film in lib.films}
    rows = [
        (person.id, shown(person.name), str(person.films), "yes" if person.asked else "",
         ", ".join(shown(films[m.digest]) for m in person.members))
        for person in found
    ]  # fmt: skip
    table(("Id", "Name", "Films", "To compare", "for example in"), rows, right=("Films",))
    click.echo(f"Compare: castlist library compare {typed(lib)} ID ... [--same ID OTHER]")


@command.command()
@library
@click.argument("person", nargs=-1, required=True)
@click.option("--same", nargs=2, multiple=True, metavar="PERSON OTHER", help="These two are the same person.")
@decided
def compare(lib: Library, person: Sequence[str], same: tuple[tuple[str, str], ...], author: str) -> None:
    """Say that people of LIB were looked at side by side, and who of them is the same, as one decision."""
    lib.compare(person, same, author=author)
    click.echo(f"Compared: {len(person)}, the same: {len(same)}")


@command.command()
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


@command.command()
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
        click.echo(f"{shown(first.called)} is {shown(first.name)}", err=as_json)
    for name in reject:
        for each in _proposed(lib, name):
            click.echo(f"{shown(each.film.name)}: {shown(lib.reject(each.id))}", err=as_json)
    if (accept or reject) and not as_json:
        return
    found = lib.proposals()
    if as_json:
        click.echo(plain_json.text({"proposals": [p.document() for p in found]}))
        return
    for p in found:
        why = f"; {p.offer['why']}" if p.offer["why"] else ""
        share = f"{p.offer['agree']:.0%} of its {p.offer['by']}{why}"
        click.echo(shown(f"{p.film.name}: {p.called} is {p.name}? (from {p.offer['from']}) {share}"))
    if not found:
        click.echo("There is no open proposal of a name in this library.")


def _proposed(lib: Library, name: str) -> list[NameProposed]:
    """The proposals of a name; raises InputError where they are not of one person."""
    return of_one_person(
        lib.proposals(), name, name_of=lambda p: p.name, person_of=lambda p: p.called,
        elsewhere="in castlist library review",
    )  # fmt: skip


@command.command()
@library
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@as_json
def history(lib: Library, limit: int, as_json: bool) -> None:
    """List what was decided about LIB, the latest first."""
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
            shown(d.author),
            shown(d.sentence),
            "undone" * d.undone,
        )
        for d in found
    ]
    table(("Decision", "When (UTC)", "Who", "What", ""), rows, right=("Decision",))
    click.echo(f"Undo: castlist library undo {typed(lib)} DECISION")


@command.command()
@library
@click.argument("decision", type=click.IntRange(1), required=False)
@decided
def undo(lib: Library, decision: int | None, author: str) -> None:
    """Undo a DECISION about LIB, given by its number; by default the latest one."""
    click.echo(f"undone: {shown(lib.undo(decision, author=author).sentence)}")


@command.command()
@library
@click.argument("person")
@click.argument("name")
@decided
def name(lib: Library, person: str, name: str, author: str) -> None:
    """Name a PERSON of LIB, in the library and in the films in which nobody named that person."""
    found = lib.name(person, name, author=author)
    click.echo(f"{found} is {shown(name)}")
    called = lib.person(found).name.casefold()
    for other in lib.people:
        if other.id != found and other.named and other.name.casefold() == called:
            click.echo(
                f"{other.id} is called {shown(other.name)}, too; if they are one person: "
                f"castlist library merge {typed(lib)} {other.id[-6:]} {found[-6:]}",
                err=True,
            )


@command.command()
@library
@click.argument("a")
@click.argument("b")
@decided
def merge(lib: Library, a: str, b: str, author: str) -> None:
    """Merge people A and B of LIB: they are the same person. Both ids stay valid."""
    before, together = [lib.person(a), lib.person(b)], lib.together(a, b)
    stays = lib.merge(a, b, author=author)
    kept = lib.person(stays)
    click.echo(f"one person now: {stays}" + (f", {shown(kept.name)}" if kept.named else ""))
    for gone in before:
        if gone.named and gone.name != kept.name:
            click.echo(f"the name {shown(gone.name)} is not used for this person any more", err=True)
    if together:
        click.echo(
            "The two are seen in the same frames. If they are not one person: castlist library undo "
            f"{typed(lib)}",
            err=True,
        )


@command.command()
@library
@click.argument("person")
@click.argument("films", nargs=-1, required=True, metavar="FILM...")
@decided
def split(lib: Library, person: str, films: Sequence[str], author: str) -> None:
    """Split PERSON of LIB: in these FILMs it is somebody else, who gets a new id."""
    click.echo(f"a person of their own now: {lib.split(person, films, author=author)}")


@command.command()
@library
@click.argument("film")
@decided
def remove(lib: Library, film: str, author: str) -> None:
    """Remove a FILM from LIB; its workspace stays as it is. `undo` adds it again."""
    lib.remove(film, author=author)
    click.echo(f"{shown(film)} was removed from the library; its workspace was not changed")


@command.command()
@library
@click.argument("person")
@click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")
@decided
def forget(lib: Library, person: str, yes: bool, author: str) -> int:
    """Erase a PERSON from LIB and from the workspaces of its films: vectors, pictures, names and times.

    This cannot be undone. Only the id stays, so that it is never used again. The reports of the films are
    updated. Files that were exported before are not changed: delete them yourself.
    """
    if not lib.is_erased(person):
        found = lib.person(person)
        films = ", ".join(shown(f.name) for f in found.films)
        if not yes:
            click.confirm(f"Erase {shown(found.name)} ({found.id}) from {films}?", abort=True, err=True)
        person = found.id
    failed = lib.forget(person, author=author)
    for sentence in failed:
        click.echo(shown(sentence), err=True)
    click.echo(
        "not erased everywhere: correct the errors above and run the same command again"
        if failed
        else f"{shown(person)} is erased"
    )
    return 2 if failed else 0


@command.command()
@library
@click.argument("folder", type=OUTPUT_FOLDER)
def export(lib: Library, folder: Path) -> None:
    """Write LIB as Parquet files into FOLDER, one for each view (castlist[arrow])."""
    for file in lib.to_parquet(folder):
        click.echo(shown(str(file)))


@command.command()
@library
def index(lib: Library) -> int:
    """Make an index of every track of LIB for castlist search --tracks (castlist[faiss])."""
    made = lib.index()
    for sentence in made.failed:
        click.echo(shown(sentence), err=True)
    search = (
        f"a search finds {100 * made.recall:.1f} % of the ten most similar tracks"
        if made.twice
        else "a search finds all of them"
    )
    click.echo(f"{made.tracks} tracks; {search}")
    return 2 if made.failed else 0


@command.command()
@library
@as_json
def check(lib: Library, as_json: bool) -> int:
    """Check LIB and list its problems; the exit status is 2 if there are any."""
    return _print_problems(lib.check(), as_json)


@command.command()
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
        click.echo(f"{shown(problem.film)}: {shown(problem.what)}" if problem.film else shown(problem.what))
    return 2 if found else 0


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, width=table_width())
    table = Table(box=None, pad_edge=False)
    for column in head:
        table.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def percent(probability: float) -> str:
    """A probability that is never shown as certain."""
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def _listed(names: Sequence[str], most: int = 4) -> str:
    more = len(names) - most
    return ", ".join(map(shown, names[:most])) + (f" and {more} more" if more > 0 else "")


def typed(lib: Library) -> str:
    """The library's folder as a word of a command line."""
    return shell_path(shown(str(lib.path)))


def shown(text: str) -> str:
    """Text that cannot steer the terminal."""
    return visible(text)
