"""Output for several films: one progress display while they are processed, then one table row for each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from castlist.cli.output import STAGES, table_width, visible, warn
from castlist.clock_times import clock_time

if TYPE_CHECKING:
    from castlist.library import Outcome
    from castlist.library.work import FilmWatch

__all__ = ["SkippedFolders", "films_progress", "print_outcomes"]

Each = Callable[["Outcome"], None]
NAMED = 10  # folders that cannot be read which are named; of more, their number is printed
SCAN = 0.97  # share of a film's time that its scan takes; for the estimate of the time left


class SkippedFolders:
    """Prints which folders cannot be read, on stderr, and at the end how many more there are."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, sentence: str) -> None:
        self._count += 1
        if self._count <= NAMED:
            warn(sentence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._count > NAMED:
            warn(f"{self._count - NAMED} more folders cannot be read, so films in them are left out")


@contextmanager
def films_progress(total: int, quiet: bool = False) -> Iterator[tuple[FilmWatch, Each]]:
    """A watch and a receiver of outcomes that draw on stderr; they print plain lines if it is no terminal."""
    from castlist.library.work import quiet as silent

    if quiet:
        yield silent, lambda outcome: None
    elif sys.stderr.isatty():
        with _bars(total) as bars:
            yield bars
    else:
        yield _plain(total)


@contextmanager
def _bars(total: int) -> Iterator[tuple[FilmWatch, Each]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<32}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        whole = bars.add_task("Films", total=total, count=f"0/{total}")
        rows: dict[str, TaskID] = {}
        share: dict[str, float] = {}
        over = 0

        def count() -> str:
            speed = bars.tasks[whole].speed
            return f"{over}/{total}" + (f"  {3600 * speed:.1f}/h" if speed else "")

        def watch(film: str, stage: str, done: int, all_: int) -> None:
            if film not in rows:
                rows[film] = bars.add_task(escape(_short(film)), total=None, count="")
            bars.update(rows[film], completed=done, total=all_ or None, count=STAGES.get(stage, stage))
            share[film] = SCAN * min(1.0, done / all_) if stage == "scan" and all_ else share.get(film, 0)
            bars.update(whole, completed=over + sum(share.values()), count=count())

        def each(outcome: Outcome) -> None:
            nonlocal over
            over += 1
            share.pop(outcome.film, None)
            if outcome.film in rows:
                bars.remove_task(rows.pop(outcome.film))
            bars.update(whole, completed=over + sum(share.values()), count=count())

        yield watch, each


def _plain(total: int) -> tuple[FilmWatch, Each]:
    """Print only a line when a film begins and when it ends: for logs."""
    begun: set[str] = set()
    over = 0

    def watch(film: str, stage: str, done: int, all_: int) -> None:
        if film not in begun:
            begun.add(film)
            click.echo(f"{_shown(film)}: started" + (f" ({all_} frames)" if all_ else ""), err=True)

    def each(outcome: Outcome) -> None:
        nonlocal over
        over += 1
        click.echo(f"{over}/{total} {_shown(outcome.film)}: {outcome.state.word}", err=True)

    return watch, each


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print a table on stdout, one row for each film, then the sums."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, width=table_width())
    table = Table(box=None, pad_edge=False)
    for name in ("Film", "State", "People", "Length", "Took", ""):
        table.add_column(name, justify="right" if name in ("People", "Length", "Took") else "left")
    for outcome in outcomes:
        people = str(outcome.people) if outcome.ok else ""
        length = clock_time(outcome.duration) if outcome.ok else ""
        table.add_row(
            escape(_shown(outcome.film)), outcome.state.word, people, length,
            clock_time(outcome.took), escape(_shown(outcome.sentence)),
        )  # fmt: skip
    console.print(table)
    console.print(_sums(outcomes))


def _sums(outcomes: Sequence[Outcome]) -> str:
    from castlist.library.work import FilmState

    states = [outcome.state for outcome in outcomes]
    parts = [f"{states.count(state)} {state.word}" for state in FilmState if state in states]
    hours = sum(outcome.duration for outcome in outcomes)
    return (
        f"{len(outcomes)} film{'s' * (len(outcomes) != 1)}: {', '.join(parts)}; {clock_time(hours)} of film"
    )


def _short(film: str) -> str:
    name = _shown(Path(film).name)
    return name if len(name) <= 32 else name[:15] + "…" + name[-16:]


def _shown(text: str) -> str:
    """Text without characters that control a terminal."""
    return visible(text)
