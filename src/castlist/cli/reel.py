"""castlist reel: a film of one person's appearances."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import click

from castlist.cli.options import WORKSPACE, split_names

_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)s?", re.ASCII)


@click.command(
    epilog="""\b
Examples:
  castlist reel film.castlist Anna -o anna.mp4
  castlist reel film.castlist Anna --together Bob -o both.mp4
  castlist reel film.castlist Anna --max 60s -o anna.mp4 --list anna.edl
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.argument("person")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The film to write.")
@click.option(
    "--together", multiple=True, metavar="NAME,...", help="Only where these people appear with PERSON."
)
@click.option(
    "--max", "longest", metavar="60s", help="The longest parts, so long together at most (60s, 1:30)."
)
@click.option(
    "--list", "cuts", type=click.Path(path_type=Path), help="Write the list of cuts, as .csv, .otio or .edl."
)
@click.option("--mute", is_flag=True, help="Leave the sound out.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    workspace: Path, person: str, output: Path, together: tuple[str, ...], longest: str | None,
    cuts: Path | None, mute: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write a film of all parts of WORKSPACE's film in which PERSON appears.

    Cuts are exact to the frame, and made at the border of a shot where that is less than half a second away.
    """
    from castlist.cli.output import clock_time, progress, visible
    from castlist.io.exports.cuts import LISTS
    from castlist.reel import reel
    from castlist.store import Workspace
    from castlist.store.files import write

    form = None if cuts is None else cuts.suffix.lower()
    if form is not None and form not in (".csv", *LISTS):
        raise click.UsageError(f"{cuts}: the list of cuts is written as .csv, {' or '.join(LISTS)}")
    with Workspace.open(workspace, write=False) as opened:
        cast = opened.cast()
    known = [p.name for p in cast.everybody]
    if form in LISTS:
        "".join(LISTS[form](cast, output.name, ()))  # whatever keeps it from being written is said before
    with progress(quiet) as watch:
        made = reel(
            workspace, output, person, together=split_names(together, known), longest=seconds(longest),
            mute=mute, watch=watch,
        )  # fmt: skip
    if cuts:
        parts = [(piece.start, piece.end) for piece in made.pieces]
        text = "".join(LISTS[form](cast, output.name, parts)) if form in LISTS else made.csv()
        write(cuts, text.encode("utf-8", "backslashreplace"))
    count = f"{len(made.pieces)} parts" if len(made.pieces) > 1 else "1 part"
    told = f"{output}: {' and '.join(made.people)}, {clock_time(made.duration)} in {count}"
    click.echo(visible(told))


def seconds(text: str | None) -> Fraction | None:
    """A length written as 60, 60s, 1:30 or 1:02:03.5; raises click.UsageError."""
    if text is None:
        return None
    match = _TIME.fullmatch(text.strip())
    if not match or not (length := _length(*match.groups())):
        raise click.UsageError(f"{text!r} is no length; write it as 60s or 1:30")
    return length


def _length(hours: str | None, minutes: str | None, rest: str) -> Fraction:
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + Fraction(rest)
