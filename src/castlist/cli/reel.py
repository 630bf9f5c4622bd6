"""castlist reel: a film of one person's appearances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.options import OUTPUT, WORKSPACE, split_names

if TYPE_CHECKING:
    from castlist.cast import Cast, Person

_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)s?", re.ASCII)


@click.command(
    epilog="""\b
Examples:
  castlist reel film.castlist Anna -o anna.mp4
  castlist reel film.castlist Anna --together Bob -o both.mp4
  castlist reel film.castlist Anna --max 60s -o anna.mp4 --list anna.edl
  castlist reel season Anna -o anna.mp4 --film "e0*"       in a library: films whose names begin with e0
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.argument("person")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The film to write.")
@click.option(
    "--together",
    multiple=True,
    metavar="NAME,...",
    help="Only parts in which these people are seen with PERSON.",
)
@click.option(
    "--max",
    "longest",
    metavar="60s",
    help="Length of the reel at most (60s, 1:30); the longest parts are taken.",
)
@click.option(
    "--list",
    "cuts",
    type=OUTPUT,
    help="Also write a list of the cuts: .csv, .otio or .edl.",
)
@click.option(
    "--film",
    "films",
    multiple=True,
    metavar="NAME",
    help="In a library: only these films; * stands for any letters.",
)
@click.option("--mute", is_flag=True, help="Leave the sound out.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    workspace: Path, person: str, output: Path, together: tuple[str, ...], longest: str | None,
    cuts: Path | None, films: tuple[str, ...], mute: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write a film of all parts in which PERSON appears.

    WORKSPACE is a film.castlist or a library. In a library, the reel has the parts of all films one after
    another, and PERSON is a name, an id, or the last letters of an id. Cuts are exact to the frame; a cut is
    moved to the border of the shot if that is less than half a second away.
    """
    from castlist.cli.output import progress, visible
    from castlist.clock_times import clock_time
    from castlist.io.exports.cuts import LISTS
    from castlist.reel import Piece, reel_of
    from castlist.store.files import write

    form = None if cuts is None else cuts.suffix.lower()
    if form is not None and form not in LISTS:
        raise click.UsageError(
            f"{cuts}: a list of cuts can be written as .csv, .otio or .edl; give the file one of these "
            "suffixes"
        )
    limit = seconds(longest)
    parts, names = _asked(workspace, person, together, films)
    if form is not None:  # report every reason that keeps the list from being written before the reel is made
        begin = Piece(0, 1, Fraction(0), Fraction(0))
        "".join(LISTS[form](output.name, [(cast, begin) for cast, _ in parts]))
    with progress(quiet) as watch:
        made = reel_of(parts, output, names, longest=limit, mute=mute, watch=watch)
    if cuts:
        shown = [(made.casts[piece.film], piece) for piece in made.pieces]
        text = "".join(LISTS[cuts.suffix.lower()](output.name, shown))
        write(cuts, text.encode("utf-8", "backslashreplace"))
    count = f"{len(made.pieces)} parts" if len(made.pieces) > 1 else "1 part"
    count += f" of {len(made.films)} films" if len(made.films) > 1 else ""
    click.echo(visible(f"{output}: {' and '.join(made.people)}, {clock_time(made.duration)} in {count}"))
    if len(made.rates) > 1:
        rates = " and ".join(f"{float(rate):.6g}" for rate in made.rates)
        click.echo(
            f"The films have {rates} frames a second, and each part of the reel keeps the rate of its "
            "film; for an editing "
            "program, use the list of cuts (--list cuts.otio) with the films themselves."
        )


def _asked(
    path: Path, person: str, together: tuple[str, ...], films: tuple[str, ...]
) -> tuple[list[tuple[Cast, Sequence[Person | Sequence[Person]]]], tuple[str, ...]]:
    """The films with the people who are to appear in each, of a library or of one film; and their names."""
    from castlist.library import Library
    from castlist.library.reels import found_in
    from castlist.library.storage import is_library
    from castlist.store import Workspace

    if is_library(path):
        library = Library(path)
        names = split_names(together, [p.name for p in library.people])
        parts, called = found_in(library, person, together=names, films=films)
        return list(parts), called
    if films:
        raise click.UsageError(
            f"--film chooses films of a library, but {path.name} is the workspace of one film; leave "
            "--film out"
        )
    with Workspace.open(path, write=False) as opened:
        cast = opened.cast()
    people = cast.named([person, *split_names(together, [p.name for p in cast.everybody])])
    return [(cast, people)], tuple(p.name for p in people)


def seconds(text: str | None) -> Fraction | None:
    """A length of time written as 60, 60s, 1:30 or 1:02:03.5; raises click.UsageError."""
    if text is None:
        return None
    match = _TIME.fullmatch(text.strip())
    if not match or not (length := _length(*match.groups())):
        raise click.UsageError(f"{text!r} is not a length of time; write it as 60s or 1:30")
    return length


def _length(hours: str | None, minutes: str | None, rest: str) -> Fraction:
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + Fraction(rest)
