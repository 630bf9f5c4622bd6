"""Terminal output: progress while a command runs, and tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.clock_times import clock_time
from castlist.shell_words import shell_path

if TYPE_CHECKING:
    from rich.text import Text

    from castlist.cast import Cast, Person
    from castlist.progress import Watch
    from castlist.suggest import Outlook

__all__ = [
    "print_cast",
    "print_people",
    "progress",
    "sentence",
    "table",
    "table_width",
    "visible",
    "warn",
]

STAGES = {
    "draw": "Drawing the film",
    "scan": "Scanning the film",
    "people": "Grouping faces into people",
    "report": "Writing the report",
    "stills": "Taking pictures of the film",
    "dense": "Searching every frame",
    "render": "Writing the film",
    "prove": "Checking the new film",
    "render again": "Writing the film again",
    "prove again": "Checking the film again",
}
SHOWN = 40  # people in the table of a cast
LONGEST = 600  # characters of an error
_LONG = re.compile(r"\S{200,}")
# Zero-width joiners, within words of Persian and many other languages, and within emoji; they do not control
# a terminal.
JOINERS = "\u200c\u200d"
LATE = Fraction(1, 20)  # seconds; clock_time shows the time of an earlier first picture as 0:00.0
PARTS = 3  # appearances in a row of the table


@contextmanager
def progress(quiet: bool = False) -> Iterator[Watch]:
    """A watch that draws one line for each stage on stderr; plain, short lines if it is no terminal."""
    from castlist.progress import silent

    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bars() as watch:
            yield watch
    else:
        yield _plain()


@contextmanager
def _bars() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage), total=total or None, rate="")
            task = TaskID(tasks[stage])
            speed = bars.tasks[task].speed
            rate = f"{speed:.0f}/s" if speed and total > 50 else ""
            bars.update(task, completed=done, total=total or None, rate=rate)

        yield watch


def _plain() -> Watch:
    """Print only a line when a stage begins: for logs."""
    begun: set[str] = set()

    def watch(stage: str, done: int, total: int) -> None:
        if stage not in begun:
            begun.add(stage)
            frames = f" ({total} frames)" if stage == "scan" and total else ""
            click.echo(f"{STAGES.get(stage, stage)}{frames}", err=True)

    return watch


def print_cast(cast: Cast, path: Path, note: str = "", outlook: Outlook | None = None) -> None:
    """Print the cast as a table, then where the report is and what the user can do next.

    Args:
        note: a sentence about earlier results that were used.
        outlook: which people are unsure, and the expected effort of a review.
    """
    from castlist.cli.links import file_uri, linked

    print_people(cast, outlook)
    folder = shell_path(visible(str(path)))
    if note:
        click.echo(note)
    report = path / "report.html"
    click.echo(f"Report: {linked(visible(str(report)), file_uri(report))}")
    if len(cast):
        click.echo(f"Next:   castlist review {folder}                  {_to_review(cast, outlook)}")
        click.echo(f"        castlist export {folder} -o cast.csv      for tables, markers, timelines")


def _to_review(cast: Cast, outlook: Outlook | None) -> str:
    """The sentence about what a review is for, and its expected effort."""
    if outlook is None or not outlook.clicks:
        return "to name and correct the people"
    unsure = len(_unsure(cast, outlook))
    note = f": {unsure} {'person is' if unsure == 1 else 'people are'} unsure" if unsure else ""
    return f"to name and correct the people, about {outlook.clicks} click{'s' * (outlook.clicks > 1)}{note}"


def _unsure(cast: Cast, outlook: Outlook | None) -> dict[int, str]:
    """Why people of the cast are unsure, by the person's number."""
    called = {p.id: visible(p.name, 60) for p in cast.everybody}
    known = {p.id for p in cast.people}
    doubts = outlook.doubts if outlook is not None else ()
    return {d.person: d.sentence(called.get(d.other, "another person")) for d in doubts if d.person in known}


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print a table: names of columns, cells by rows, and the columns of numbers, which are aligned right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, width=table_width())
    drawn = Table(box=None, pad_edge=False)
    for column in head:
        drawn.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        drawn.add_row(*map(escape, row))
    console.print(drawn)


def table_width() -> int | None:
    """Width of a table on stdout: None for that of the terminal; without a terminal, what the rows need."""
    return None if sys.stdout.isatty() else 10_000


def print_people(cast: Cast, outlook: Outlook | None = None) -> None:
    """Print the cast as a table, which of its people are unsure, and what else was found."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from castlist.cli.links import moment_uri

    console = Console(highlight=False, width=table_width())
    if not len(cast):
        console.print(_why_empty(cast))
    else:
        table, unsure = Table(box=None, pad_edge=False), _unsure(cast, outlook)
        for name, side in (("Person", "left"), ("On screen", "right"), ("Share", "right"), ("Seen", "left")):
            table.add_column(name, justify=side, no_wrap=name != "Seen")  # type: ignore[arg-type]
        if unsure:
            table.add_column("Unsure")
        for person in cast.people[:SHOWN]:
            share = f"{100 * cast.share(person):.0f} %"
            appearances = _appearances(person, lambda seconds: moment_uri(cast.video.path, seconds))
            doubt = [escape(unsure.get(person.id, ""))] if unsure else []
            name = escape(visible(person.name, 60))
            table.add_row(name, clock_time(person.duration), share, appearances, *doubt)
        console.print(table)
        if len(cast) > SHOWN:
            console.print(f"and {len(cast) - SHOWN} more people")
    for line in _footnotes(cast):
        console.print(visible(line, 400), markup=False)


def _appearances(person: Person, uri: Callable[[Fraction], str]) -> Text:
    """A person's first appearances; in a terminal with links, each opens the film there."""
    from rich.style import Style
    from rich.text import Text

    parts = Text()
    for number, stay in enumerate(person.appearances[:PARTS]):
        link = uri(stay.start)
        parts.append(", " if number else "")
        parts.append(f"{clock_time(stay.start)}–{clock_time(stay.stop)}", Style(link=link) if link else None)
    more = len(person.appearances) - PARTS
    return parts.append(f" and {more} more" if more > 0 else "")


def visible(text: str, most: int = 4000) -> str:
    """Text on one line without characters that control a terminal, cut to a length."""
    shown = (c if c.isprintable() or c in JOINERS else "\N{REPLACEMENT CHARACTER}" for c in text[: most + 1])
    plain = "".join(shown)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def sentence(text: str) -> str:
    """An error as one short line: long paths and names are shortened in the middle."""
    return visible(_LONG.sub(lambda found: f"{found[0][:80]}…{found[0][-80:]}", text), LONGEST)


def warn(text: str) -> None:
    """Print on stderr a sentence that is no error: the command did what the user asked."""
    click.echo(sentence(text), err=True)


def _why_empty(cast: Cast) -> str:
    """Why the table is empty."""
    if not len(cast.clock):
        return "Nobody: the film has no frames."
    if not len(cast.tracks):
        return "Nobody: no face was seen for long enough to be followed."
    if cast.background:
        return "Nobody is seen long enough and clearly enough to belong to the cast."
    return "Nobody: faces were followed, but all of them were set aside."


def _footnotes(cast: Cast) -> list[str]:
    """What the table omits: background people, tracks set aside, damage."""
    from castlist.report.formatting import lost, make_positive, turn_it

    notes = []
    if cast.background:
        notes.append(f"{len(cast.background)} more in the background, seen briefly or too blurred to tell")
    aside = [track for track, person in enumerate(cast.person.tolist()) if person < 0]
    if aside:
        reasons = sorted({cast.reason[t] for t in aside if cast.reason[t]})
        notes.append(f"{len(aside)} track{'s' * (len(aside) > 1)} set aside: {'; '.join(reasons)}")
    if len(cast.clock) and (begin := cast.clock.time(0)) >= LATE:
        end = clock_time(cast.clock.time(len(cast.clock)))
        notes.append(
            f"The pictures of this file run from {clock_time(begin)} to {end}; "
            "all times count from the start of the file"
        )
    notes += lost(cast)
    if cast.turned:
        notes.append(turn_it(cast.turned))
    if cast.negative:
        notes.append(make_positive())
    return notes
