"""castlist features: write the face vectors of a film's workspace to a feature file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.options import FEATURES, GIVEN, first_frame_option, truth_option
from castlist.cli.output import visible

if TYPE_CHECKING:
    from castlist.research.features import FeatureSet

__all__ = ["command", "print_left_out"]

EXAMPLES = """
\b
Examples:
  castlist features film.castlist -o film.npz
  castlist features film.castlist --truth film.truth.csv -o film.npz
  castlist bench run --data film.npz --methods base,tsiam,castlist
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=GIVEN)
@truth_option()
@first_frame_option
@click.option("-o", "--out", required=True, type=FEATURES, help="The file to write, .npz or .mat.")
def command(workspace: Path, truth: Path | None, first_frame: str | None, out: Path) -> None:
    """Write the faces of WORKSPACE with their vectors, tracks, frames, boxes, quality, clothes and labels.

    The vectors are those of the face model, before any refinement. Every track that castlist clusters is
    written. With --truth, a track gets the label that most of its faces have.
    """
    from castlist.research.features import write
    from castlist.research.from_film import features_of
    from castlist.research.score import truth_note

    if out.suffix not in (".npz", ".mat"):
        raise click.UsageError(
            f"{out.name}: features can be written as .npz or .mat; give the file one of these suffixes"
        )
    start = None if first_frame is None else int(first_frame)
    note = "" if truth is None else truth_note(workspace, truth, first_frame=start)
    if note:
        click.echo(note, err=True)
    table = features_of(workspace, truth, first_frame=start)
    write(table, out)
    print_left_out(table, out)
    labelled = "" if table.label is None else f", {int((table.label != '').sum()):,} tracks labelled"
    click.echo(
        f"{out}: {len(table):,} tracks, {len(table.embeddings):,} faces, {table.dim} dimensions{labelled}"
    )


def print_left_out(table: FeatureSet, out: Path) -> None:
    """Print on stderr which columns the file format cannot store."""
    from castlist.research.features import left_out

    missing = left_out(table, out)
    if missing:
        click.echo(
            f"{visible(out.name)} has no place for {', nor for '.join(map(visible, missing))}; an .npz keeps "
            "everything",
            err=True,
        )
